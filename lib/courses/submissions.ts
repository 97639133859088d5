import { and, asc, count, desc, eq, max, ne, sql } from "drizzle-orm";
import { drawLab } from "#lib/content/draw.ts";
import type { Lab, LabInstance } from "#lib/content/lab.ts";
import type { Outcome } from "#lib/grading/pool.ts";
import type { Report } from "#lib/grading/report.ts";
import type { Files } from "#lib/net/source/span.ts";
import { ENGINE } from "#lib/net/version.ts";
import type { Db } from "#db/open.ts";
import { score, submission, type SubmissionState } from "#db/schema.ts";
import { currentDraft, takeAnswer } from "./drafts.ts";
import { versionOf } from "./lab-versions.ts";
import type { Learner } from "./learner.ts";
import { forLearner } from "./verdict.ts";

/** How answers are graded, and what time it then is. */
export type Grading = {
  readonly grade: (instance: LabInstance, files: Files) => Promise<Outcome>;
  readonly clock: () => Date;
  /** Told why an answer could not be graded, for whoever looks after the server. */
  readonly onFailure?: (submissionId: string, detail: string) => void;
};

/** A submission as its learner may see it. */
export type Submission = {
  readonly id: string;
  readonly labId: string;
  readonly labHash: string;
  readonly seed: number;
  readonly attempt: number;
  readonly at: Date;
  readonly state: SubmissionState;
  readonly files: Files;
  /** Without what is hidden; `null` until it is graded. */
  readonly report: Report | null;
  /** Why there is no verdict, when grading failed. */
  readonly failure: string | null;
  /** How many answers are graded before this one, while it waits. */
  readonly ahead: number;
};

export type Submitted =
  | {
      readonly kind: "submitted";
      readonly submission: Submission;
      readonly refused: readonly string[];
    }
  | { readonly kind: "too-large"; readonly why: string }
  | { readonly kind: "too-many"; readonly why: string }
  | { readonly kind: "not-opened" };

export type Best = { readonly earned: number; readonly max: number; readonly at: Date };

export type HandedIn = {
  readonly viewer: Learner;
  readonly labId: string;
  readonly files: Files;
  /** Made by whoever asks, once for each time they mean to hand in. */
  readonly idempotencyKey: string;
  /** What the submission will be called, if it is new. */
  readonly id: string;
  readonly now: Date;
};

type Row = typeof submission.$inferSelect;

/** More than anybody hands in while one answer is graded, except by mistake or for mischief. */
const MOST_QUEUED = 5;

/**
 * Hand in an answer: it is recorded first and graded then, so nothing that happens in between loses it. The same key
 * again is the same submission, graded if it was not yet: whoever got no reply may simply ask again. Where `patience`
 * ends first, the submission comes back still queued, and grading goes on.
 */
export async function submitAnswer(
  db: Db,
  it: HandedIn,
  grading: Grading,
  patience?: Promise<unknown>,
): Promise<Submitted> {
  const recorded = await recordSubmission(db, it);
  if (recorded.kind !== "recorded") return recorded;
  const { id, refused } = recorded;
  const submission = await awaitSubmission(db, { viewer: it.viewer, id }, grading, patience);
  if (!submission) throw new Error(`Submission ${id} is gone, just after it was recorded.`);
  return { kind: "submitted", submission, refused };
}

/** Record an answer as queued, or find the one recorded under its key; one that could not be graded waits anew. */
export async function recordSubmission(
  db: Db,
  it: HandedIn,
): Promise<
  | { readonly kind: "recorded"; readonly id: string; readonly refused: readonly string[] }
  | Exclude<Submitted, { kind: "submitted" }>
> {
  const work = await currentDraft(db, it);
  if (!work) return { kind: "not-opened" };
  const { draft, instance, drawn } = work;
  const answer = takeAnswer(instance, it.files);
  if ("tooLarge" in answer) return { kind: "too-large", why: answer.tooLarge };
  const { files, refused } = answer;

  return db.transaction(async (tx) => {
    const known = await rowUnderKey(tx, it.viewer, it.idempotencyKey);
    if (known) {
      if (known.state === "failed") await queueAgain(tx, known.id);
      return { kind: "recorded", id: known.id, refused };
    }
    if ((await countQueued(tx, it.viewer)) >= MOST_QUEUED) return tooMany;
    const attempt = (await lastAttempt(tx, it.viewer, it.labId)) + 1;
    const { id, idempotencyKey, now: at } = it;
    const { labId, labHash, seed } = draft;
    const userId = it.viewer.id;
    const state = "queued" as const;
    await tx.insert(submission).values({
      id,
      userId,
      labId,
      labHash,
      seed,
      drawn,
      engine: ENGINE,
      attempt,
      files,
      state,
      idempotencyKey,
      at,
    });
    return { kind: "recorded", id, refused };
  });
}

async function queueAgain(tx: Db, id: string): Promise<void> {
  await tx
    .update(submission)
    .set({ state: "queued", failure: null })
    .where(and(eq(submission.id, id), eq(submission.state, "failed")));
}

const tooMany = {
  kind: "too-many",
  why: `${MOST_QUEUED} of your answers are still waiting to be graded. Wait for them, then submit again.`,
} as const;

// What is being graded by this process, in order. Pages, actions and start-up code are bundled apart and share it.
const shared = globalThis as { strataGrading?: Map<string, Promise<void>> };
const beingGraded = (shared.strataGrading ??= new Map());

/** Grade a submission that has no verdict yet; one that is being graded already is waited for. */
async function gradeSubmission(db: Db, id: string, grading: Grading): Promise<void> {
  const begun = beingGraded.get(id);
  if (begun) return begun;
  const work = gradeNow(db, id, grading).finally(() => beingGraded.delete(id));
  beingGraded.set(id, work);
  return work;
}

async function gradeNow(db: Db, id: string, grading: Grading): Promise<void> {
  const row = await rowOf(db, id);
  if (row.state === "graded") return;
  const outcome = await outcomeOf(await versionOf(db, row), row, grading);
  if (outcome.kind === "graded") await recordVerdict(db, row, outcome.report, grading.clock());
  else {
    grading.onFailure?.(id, outcome.detail);
    await recordFailure(db, row, outcome.why);
  }
}

async function outcomeOf(lab: Lab, row: Row, grading: Grading): Promise<Outcome> {
  let instance: LabInstance;
  try {
    instance = drawLab(lab, row.seed, row.drawn);
  } catch (error) {
    const why =
      "The lab as it was when you began it cannot be read any more, which is our mistake, so there is no verdict. Your answer is kept.";
    return { kind: "failed", why, detail: String(error) };
  }
  return grading.grade(instance, row.files);
}

/** The verdict and what it means for the learner's best: both rows change or neither. */
async function recordVerdict(db: Db, row: Row, report: Report, gradedAt: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const changed = await tx
      .update(submission)
      .set({ state: "graded", report, failure: null, gradedAt })
      .where(and(eq(submission.id, row.id), ne(submission.state, "graded")))
      .returning({ id: submission.id });
    if (changed.length > 0) await keepBest(tx, row, report);
  });
}

async function keepBest(tx: Db, row: Row, report: Report): Promise<void> {
  const { userId, labId, labHash, id: submissionId, at } = row;
  const best = { labHash, ...report.score, submissionId, at };
  await tx
    .insert(score)
    .values({ userId, labId, ...best })
    .onConflictDoUpdate({
      target: [score.userId, score.labId],
      set: best,
      // By share: the points of a lab may change between its versions. `excluded` is the row that would be inserted.
      setWhere: sql`excluded.earned * ${score.max} > ${score.earned} * excluded.max`,
    });
}

async function recordFailure(db: Db, row: Row, failure: string): Promise<void> {
  await db
    .update(submission)
    .set({ state: "failed", failure })
    .where(and(eq(submission.id, row.id), ne(submission.state, "graded")));
}

/** Grade what a server that stopped left queued, oldest first; gives back how many there were. */
export async function gradeQueued(db: Db, grading: Grading): Promise<number> {
  const rows = await db
    .select({ id: submission.id })
    .from(submission)
    .where(eq(submission.state, "queued"))
    .orderBy(asc(submission.at));
  await Promise.all(rows.map(({ id }) => gradeSubmission(db, id, grading)));
  return rows.length;
}

/** One of the learner's own submissions; `undefined` for anybody else's. */
export async function findSubmission(
  db: Db,
  it: { viewer: Learner; id: string },
): Promise<Submission | undefined> {
  const [row] = await db
    .select()
    .from(submission)
    .where(and(eq(submission.id, it.id), eq(submission.userId, it.viewer.id)));
  return row && submissionOf(row);
}

/** Like `findSubmission`, but one that waits is graded first: whoever looks may be the first since a restart. */
export async function awaitSubmission(
  db: Db,
  it: { viewer: Learner; id: string },
  grading: Grading,
  patience?: Promise<unknown>,
): Promise<Submission | undefined> {
  const found = await findSubmission(db, it);
  if (found?.state !== "queued") return found;
  const work = gradeSubmission(db, it.id, grading);
  await (patience ? Promise.race([work, patience]) : work);
  return findSubmission(db, it);
}

/** The learner's submissions to a lab, newest first. */
export async function submissionsOf(
  db: Db,
  it: { viewer: Learner; labId: string },
): Promise<Submission[]> {
  const rows = await db
    .select()
    .from(submission)
    .where(and(eq(submission.userId, it.viewer.id), eq(submission.labId, it.labId)))
    .orderBy(desc(submission.attempt))
    .limit(200);
  return rows.map(submissionOf);
}

/** The best the learner has earned in each lab, by the lab's id. */
export async function bestScores(db: Db, viewer: Learner): Promise<Record<string, Best>> {
  const rows = await db.select().from(score).where(eq(score.userId, viewer.id));
  return Object.fromEntries(rows.map(({ labId, earned, max, at }) => [labId, { earned, max, at }]));
}

async function rowOf(db: Db, id: string): Promise<Row> {
  const [row] = await db.select().from(submission).where(eq(submission.id, id));
  if (!row) throw new Error(`There is no submission ${id}.`);
  return row;
}

async function rowUnderKey(db: Db, viewer: Learner, key: string): Promise<Row | undefined> {
  const [row] = await db
    .select()
    .from(submission)
    .where(and(eq(submission.userId, viewer.id), eq(submission.idempotencyKey, key)));
  return row;
}

async function countQueued(db: Db, viewer: Learner): Promise<number> {
  const [row] = await db
    .select({ n: count() })
    .from(submission)
    .where(and(eq(submission.userId, viewer.id), eq(submission.state, "queued")));
  return row?.n ?? 0;
}

async function lastAttempt(db: Db, viewer: Learner, labId: string): Promise<number> {
  const [row] = await db
    .select({ last: max(submission.attempt) })
    .from(submission)
    .where(and(eq(submission.userId, viewer.id), eq(submission.labId, labId)));
  return row?.last ?? 0;
}

function submissionOf(row: Row): Submission {
  const { id, labId, labHash, seed, attempt, at, state, files, failure } = row;
  const report = row.report && forLearner(row.report);
  return {
    id,
    labId,
    labHash,
    seed,
    attempt,
    at,
    state,
    files,
    report,
    failure,
    ahead: aheadOf(id),
  };
}

function aheadOf(id: string): number {
  return Math.max(0, [...beingGraded.keys()].indexOf(id));
}
