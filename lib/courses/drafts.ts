import { and, desc, eq } from "drizzle-orm";
import { isWritable, tooMuchOf } from "#lib/content/answer.ts";
import { drawLab, valuesOf } from "#lib/content/draw.ts";
import type { Lab, LabInstance } from "#lib/content/lab.ts";
import type { Files } from "#lib/net/source/span.ts";
import { ENGINE } from "#lib/net/version.ts";
import type { Db } from "#db/open.ts";
import { draft } from "#db/schema.ts";
import { keepVersion, versionOf } from "./lab-versions.ts";
import type { Learner } from "./learner.ts";

/** A learner's work on a lab. */
export type Draft = {
  readonly labId: string;
  readonly labHash: string;
  readonly seed: number;
  /** Only the files that are the learner's. */
  readonly files: Files;
  /** What the next save has to be based on. */
  readonly revision: number;
  readonly savedAt: Date;
};

export type OpenedLab = {
  readonly draft: Draft;
  /** The learner's lab, whole: hand `publicOf` it to a browser. */
  readonly instance: LabInstance;
  /** The author changed the lab since this draft was begun; the learner goes on until they start the new version. */
  readonly changed: boolean;
};

export type Saved =
  | {
      readonly kind: "saved";
      readonly revision: number;
      readonly savedAt: Date;
      readonly refused: readonly string[];
    }
  /** Somebody, perhaps the same person in another tab, saved in between: nothing was overwritten. */
  | { readonly kind: "conflict"; readonly draft: Draft }
  | { readonly kind: "too-large"; readonly why: string }
  | { readonly kind: "not-opened" };

type Row = typeof draft.$inferSelect;

/**
 * The learner's work on a lab, begun now if there is none. `seed` decides the values of a draft that is begun, and
 * is forgotten otherwise: the values stay the learner's for as long as the lab is the same.
 */
export async function openLab(
  db: Db,
  it: { viewer: Learner; lab: Lab; seed: number; now: Date },
): Promise<OpenedLab> {
  await keepVersion(db, it);
  const row = await db.transaction(async (tx) => {
    const last = await currentRow(tx, it.viewer, it.lab.id);
    const keeps = last && (last.labHash === it.lab.hash || !isUntouched(last));
    return keeps ? last : beginDraft(tx, { ...it, after: last });
  });
  return opened(db, row, it.lab.hash);
}

/** Begin the lab as its author has it now. The draft on the old version stays, and comes back should the lab do so. */
export async function startNewVersion(
  db: Db,
  it: { viewer: Learner; lab: Lab; seed: number; now: Date },
): Promise<OpenedLab> {
  await keepVersion(db, it);
  const row = await db.transaction(async (tx) => {
    const last = await currentRow(tx, it.viewer, it.lab.id);
    return last?.labHash === it.lab.hash ? last : beginDraft(tx, { ...it, after: last });
  });
  return opened(db, row, it.lab.hash);
}

/** Keep what the learner typed, if it is based on what is kept: else nothing changes, and they get the newer files. */
export async function saveDraft(
  db: Db,
  it: { viewer: Learner; labId: string; files: Files; baseRevision: number; now: Date },
): Promise<Saved> {
  const before = await currentRow(db, it.viewer, it.labId);
  if (!before) return { kind: "not-opened" };
  const answer = takeAnswer(await instanceOf(db, before), it.files);
  if ("tooLarge" in answer) return { kind: "too-large", why: answer.tooLarge };
  const after = await replaceFiles(db, before, { ...it, files: answer.files });
  if (after) return savedAs(after, answer.refused);

  const newer = (await currentRow(db, it.viewer, it.labId)) ?? before;
  // The same text again is no conflict: the answer to the first try was lost on its way.
  if (newer.labHash === before.labHash && sameFiles(newer.files, answer.files)) {
    return savedAs(newer, answer.refused);
  }
  return { kind: "conflict", draft: draftOf(newer) };
}

/** The files of an answer that are the learner's, and the names of those that are not. */
export function takeAnswer(
  instance: LabInstance,
  answer: Files,
): { files: Files; refused: readonly string[] } | { tooLarge: string } {
  const tooLarge = tooMuchOf(answer);
  if (tooLarge !== null) return { tooLarge };
  const isTheirs = (name: string) => isWritable(instance, name);
  return {
    files: Object.fromEntries(Object.entries(answer).filter(([name]) => isTheirs(name))),
    refused: Object.keys(answer)
      .filter((name) => !isTheirs(name))
      .sort(),
  };
}

/** The draft a learner is working on, with the lab it is on, or `undefined` when they never opened it. */
export async function currentDraft(
  db: Db,
  it: { viewer: Learner; labId: string },
): Promise<
  { draft: Draft; instance: LabInstance; drawn: Readonly<Record<string, string>> } | undefined
> {
  const row = await currentRow(db, it.viewer, it.labId);
  if (!row) return undefined;
  return { draft: draftOf(row), instance: await instanceOf(db, row), drawn: row.drawn };
}

/** The labs a learner has opened, the one worked on last first. */
export async function recentDrafts(
  db: Db,
  viewer: Learner,
): Promise<{ labId: string; savedAt: Date }[]> {
  const rows = await db
    .select({ labId: draft.labId, savedAt: draft.updatedAt })
    .from(draft)
    .where(eq(draft.userId, viewer.id))
    .orderBy(desc(draft.updatedAt));
  const seen = new Set<string>();
  return rows.filter(({ labId }) => !seen.has(labId) && seen.add(labId));
}

async function currentRow(db: Db, viewer: Learner, labId: string): Promise<Row | undefined> {
  const [row] = await db
    .select()
    .from(draft)
    .where(and(eq(draft.userId, viewer.id), eq(draft.labId, labId)))
    .orderBy(desc(draft.revision))
    .limit(1);
  return row;
}

async function beginDraft(
  tx: Db,
  it: {
    viewer: Learner;
    lab: Lab;
    seed: number;
    now: Date;
    after: Row | undefined;
  },
): Promise<Row> {
  // Beyond the draft before it, so that a tab still open on that one can tell.
  const revision = (it.after?.revision ?? -1) + 1;
  const [row] = await tx
    .insert(draft)
    .values({
      userId: it.viewer.id,
      labId: it.lab.id,
      labHash: it.lab.hash,
      seed: it.seed,
      drawn: valuesOf(it.lab, it.seed),
      engine: ENGINE,
      files: {},
      revision,
      startedAt: it.now,
      updatedAt: it.now,
    })
    // An author who takes a change back gives learners their draft back.
    .onConflictDoUpdate({
      target: [draft.userId, draft.labId, draft.labHash],
      set: { revision, updatedAt: it.now },
    })
    .returning();
  return row!;
}

async function replaceFiles(
  db: Db,
  before: Row,
  it: { files: Files; baseRevision: number; now: Date },
): Promise<Row | undefined> {
  if (it.baseRevision !== before.revision) return undefined;
  const [after] = await db
    .update(draft)
    .set({ files: it.files, revision: before.revision + 1, updatedAt: it.now })
    .where(
      and(
        eq(draft.userId, before.userId),
        eq(draft.labId, before.labId),
        eq(draft.labHash, before.labHash),
        eq(draft.revision, before.revision),
      ),
    )
    .returning();
  return after;
}

async function opened(db: Db, row: Row, newestHash: string): Promise<OpenedLab> {
  const instance = await instanceOf(db, row);
  return { draft: draftOf(row), instance, changed: row.labHash !== newestHash };
}

async function instanceOf(db: Db, row: Row): Promise<LabInstance> {
  return drawLab(await versionOf(db, row), row.seed, row.drawn);
}

function isUntouched(row: Row): boolean {
  return Object.keys(row.files).length === 0;
}

function sameFiles(a: Files, b: Files): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

function savedAs(row: Row, refused: readonly string[]): Saved {
  return { kind: "saved", revision: row.revision, savedAt: row.updatedAt, refused };
}

function draftOf(row: Row): Draft {
  const { labId, labHash, seed, files, revision, updatedAt: savedAt } = row;
  return { labId, labHash, seed, files, revision, savedAt };
}
