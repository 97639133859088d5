import { eq } from "drizzle-orm";
import { beforeEach, expect, test, vi } from "vitest";
import type { Outcome } from "#lib/grading/pool.ts";
import { open, type Db } from "#db/open.ts";
import { submission } from "#db/schema.ts";
import { openLab, saveDraft } from "./drafts.ts";
import type { Learner } from "./learner.ts";
import {
  awaitSubmission,
  bestScores,
  findSubmission,
  gradeQueued,
  recordSubmission,
  submissionsOf,
  submitAnswer,
  type Grading,
  type HandedIn,
} from "./submissions.ts";
import { addLearner, outcome, testLab } from "./test-lab.ts";

const LAB = testLab();
const ALL = outcome("holds", "holds");
const VISIBLE = outcome("holds", "fails");
const NOTHING = outcome("fails", "fails");
const LATE: Outcome = { kind: "failed", why: "Submit it again in a moment.", detail: "too slow" };

let db: Db;
let ada: Learner;
let ids = 0;

beforeEach(async () => {
  db = open(":memory:").db;
  ada = await addLearner(db, "ada");
  await openLab(db, { viewer: ada, lab: LAB, seed: 5, now: new Date(0) });
});

const handedIn = (key: string, it: Partial<HandedIn> = {}): HandedIn => ({
  viewer: ada,
  labId: LAB.id,
  files: { "h1/host.sh": `# ${key}` },
  idempotencyKey: key,
  id: `submission-${ids++}`,
  now: new Date(Date.UTC(2026, 10, 22, 10, ids)),
  ...it,
});

const graded = (it: Outcome): Grading => ({ grade: async () => it, clock: () => new Date(1) });

async function submit(key: string, it: Outcome) {
  const result = await submitAnswer(db, handedIn(key), graded(it));
  if (result.kind !== "submitted") throw new Error(`not submitted: ${result.kind}`);
  return result.submission;
}

test("an answer gets a verdict, which is stored whole", async () => {
  const it = await submit("a", VISIBLE);
  expect(it).toMatchObject({ state: "graded", attempt: 1, labHash: LAB.hash, seed: 5 });
  expect(it.report?.score).toEqual({ earned: 1, max: 4 });
  const [row] = await db.select().from(submission);
  expect(row).toMatchObject({
    report: VISIBLE.kind === "graded" && VISIBLE.report,
    gradedAt: new Date(1),
  });
});

test("a learner sees of a hidden objective only whether it holds", async () => {
  await submit("a", VISIBLE);
  const [seen] = await submissionsOf(db, { viewer: ada, labId: LAB.id });
  expect(seen?.report?.objectives[0]).toMatchObject({ id: "near", text: "What happened to near." });
  expect(seen?.report?.objectives[1]).toEqual({
    id: "hidden-1",
    title: "Hidden objective",
    hidden: true,
    state: "fails",
    points: 3,
    earned: 0,
    text: "",
    because: [],
  });
  expect(JSON.stringify(seen)).not.toMatch(/"id":"back"|(of|to) back/);
});

test("the same key is the same submission, graded once", async () => {
  const grade = vi.fn<Grading["grade"]>(async () => ALL);
  const grading = { ...graded(ALL), grade };
  const results = await Promise.all(
    Array.from({ length: 10 }, () => submitAnswer(db, handedIn("same"), grading)),
  );
  const seen = new Set(results.map((it) => it.kind === "submitted" && it.submission.id));
  expect(seen.size).toBe(1);
  expect(grade).toHaveBeenCalledTimes(1);
  expect(await submissionsOf(db, { viewer: ada, labId: LAB.id })).toHaveLength(1);
});

test("two learners may happen on the same key", async () => {
  const eve = await addLearner(db, "eve");
  await openLab(db, { viewer: eve, lab: LAB, seed: 6, now: new Date(0) });
  await submit("key", ALL);
  const hers = await submitAnswer(db, handedIn("key", { viewer: eve }), graded(NOTHING));
  expect(hers).toMatchObject({
    submission: { attempt: 1, seed: 6, report: { score: { earned: 0 } } },
  });
});

test("the best score stays, whatever comes later", async () => {
  await submit("a", VISIBLE);
  expect((await bestScores(db, ada))[LAB.id]).toMatchObject({ earned: 1, max: 4 });
  const best = await submit("b", ALL);
  await submit("c", NOTHING);
  expect((await bestScores(db, ada))[LAB.id]).toEqual({ earned: 4, max: 4, at: best.at });
});

test("attempts are counted, newest first", async () => {
  await submit("a", NOTHING);
  await submit("b", VISIBLE);
  await submit("c", NOTHING);
  const all = await submissionsOf(db, { viewer: ada, labId: LAB.id });
  expect(all.map((it) => it.attempt)).toEqual([3, 2, 1]);
});

test("what could not be graded has no verdict and no score, and the same key tries again", async () => {
  const onFailure = vi.fn<NonNullable<Grading["onFailure"]>>();
  const failed = await submitAnswer(db, handedIn("a"), { ...graded(LATE), onFailure });
  expect(failed).toMatchObject({
    submission: { state: "failed", report: null, failure: "Submit it again in a moment." },
  });
  expect(onFailure).toHaveBeenCalledWith(expect.any(String), "too slow");
  expect(await bestScores(db, ada)).toEqual({});
  expect(await submit("a", ALL)).toMatchObject({ state: "graded", attempt: 1, failure: null });
});

test("a server that stopped while grading goes on with it at its next start", async () => {
  for (const key of ["a", "b", "c"]) await recordSubmission(db, handedIn(key));
  expect((await submissionsOf(db, { viewer: ada, labId: LAB.id })).map((it) => it.state)).toEqual([
    "queued",
    "queued",
    "queued",
  ]);
  expect(await gradeQueued(db, graded(ALL))).toBe(3);
  expect((await bestScores(db, ada))[LAB.id]).toMatchObject({ earned: 4 });
  expect(await gradeQueued(db, graded(NOTHING))).toBe(0);
});

test("or when somebody looks", async () => {
  const it = handedIn("a");
  await recordSubmission(db, it);
  expect(await awaitSubmission(db, it, graded(ALL))).toMatchObject({ state: "graded" });
  expect(await awaitSubmission(db, it, graded(NOTHING))).toMatchObject({
    report: { score: { earned: 4 } },
  });
});

test("how many are ahead is what is graded before", async () => {
  const letGo: (() => void)[] = [];
  const slow: Grading = {
    ...graded(ALL),
    grade: () => new Promise((resolve) => letGo.push(() => resolve(ALL))),
  };
  const works = [];
  for (const key of ["a", "b", "c"]) {
    works.push(submitAnswer(db, handedIn(key), slow));
    await vi.waitFor(() => expect(letGo).toHaveLength(works.length));
  }
  const waiting = await submissionsOf(db, { viewer: ada, labId: LAB.id });
  expect(waiting.map((it) => it.ahead)).toEqual([2, 1, 0]);
  letGo.forEach((go) => go());
  await Promise.all(works);
});

test("whoever does not want to wait gets a queued submission, and grading goes on", async () => {
  const verdict = Promise.withResolvers<Outcome>();
  const slow: Grading = { ...graded(ALL), grade: () => verdict.promise };
  const it = handedIn("a");
  const impatient = await submitAnswer(db, it, slow, Promise.resolve());
  expect(impatient).toMatchObject({ submission: { state: "queued", report: null } });
  const waiting = awaitSubmission(db, it, graded(NOTHING));
  verdict.resolve(ALL);
  expect(await waiting).toMatchObject({ state: "graded", report: { score: { earned: 4 } } });
});

test("five answers may wait, a sixth is refused until one is graded", async () => {
  for (const key of ["a", "b", "c", "d", "e"]) await recordSubmission(db, handedIn(key));
  expect(await submitAnswer(db, handedIn("f"), graded(ALL))).toMatchObject({ kind: "too-many" });
  await gradeQueued(db, graded(ALL));
  expect(await submitAnswer(db, handedIn("f"), graded(ALL))).toMatchObject({ kind: "submitted" });
});

test("only the learner's own files are handed in", async () => {
  const grade = vi.fn<Grading["grade"]>(async () => ALL);
  const files = { "h1/host.sh": "mine", "h2/host.sh": "not mine" };
  const result = await submitAnswer(db, handedIn("a", { files }), { ...graded(ALL), grade });
  expect(result).toMatchObject({ refused: ["h2/host.sh"] });
  expect(grade).toHaveBeenCalledWith(expect.anything(), { "h1/host.sh": "mine" });
});

test("an answer is graded with the lab it was begun on, though its author has changed it", async () => {
  await saveDraft(db, {
    viewer: ada,
    labId: LAB.id,
    files: { "h1/host.sh": "typed" },
    baseRevision: 0,
    now: new Date(1),
  });
  await openLab(db, {
    viewer: ada,
    lab: testLab("version-2"),
    seed: 9,
    now: new Date(2),
  });
  const grade = vi.fn<Grading["grade"]>(async () => ALL);
  await submitAnswer(db, handedIn("a"), { ...graded(ALL), grade });
  expect(grade).toHaveBeenCalledWith(
    expect.objectContaining({ hash: "version-1", seed: 5 }),
    expect.anything(),
  );
});

test("nobody sees another's submission, or hands in to a lab they never opened", async () => {
  const eve = await addLearner(db, "eve");
  const { id } = await submit("a", ALL);
  expect(await findSubmission(db, { viewer: eve, id })).toBeUndefined();
  expect(await awaitSubmission(db, { viewer: eve, id }, graded(ALL))).toBeUndefined();
  expect(await submissionsOf(db, { viewer: eve, labId: LAB.id })).toEqual([]);
  expect(await submitAnswer(db, handedIn("b", { viewer: eve }), graded(ALL))).toEqual({
    kind: "not-opened",
  });
});

test("three hundred answers at once are all graded, and every attempt has its number", async () => {
  const learners = await Promise.all(Array.from({ length: 60 }, (_, n) => addLearner(db, `l${n}`)));
  await Promise.all(
    learners.map((viewer) => openLab(db, { viewer, lab: LAB, seed: 1, now: new Date(0) })),
  );
  const works = learners.flatMap((viewer) =>
    ["a", "b", "c", "d", "e"].map((key) =>
      submitAnswer(db, handedIn(key, { viewer }), graded(ALL)),
    ),
  );
  const kinds = new Set((await Promise.all(works)).map((it) => it.kind));
  expect(kinds).toEqual(new Set(["submitted"]));
  const attempts = await db
    .select({ attempt: submission.attempt })
    .from(submission)
    .where(eq(submission.userId, "l7"));
  expect(attempts.map((it) => it.attempt).sort()).toEqual([1, 2, 3, 4, 5]);
}, 30_000);
