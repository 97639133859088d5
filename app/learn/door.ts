import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { liveDb } from "#db/live.ts";
import type { Viewer } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import type { Lab } from "#lib/content/lab.ts";
import { loadLab } from "#lib/content/load.ts";
import { lessonId } from "#lib/content/place.ts";
import {
  openLab,
  saveDraft,
  startNewVersion,
  type OpenedLab,
  type Saved,
} from "#lib/courses/drafts.ts";
import {
  awaitSubmission,
  bestScores,
  submitAnswer,
  type Best,
  type Submission,
} from "#lib/courses/submissions.ts";
import type { Files } from "#lib/net/source/span.ts";
import { grading } from "#app/grading.ts";

/** A lab as addresses name it. */
export type LabRef = { readonly course: string; readonly lesson: string };

/** Why nothing was done, and a sentence for the learner. Nothing they typed is lost by it. */
export type Refusal = {
  readonly kind: "refused";
  readonly reason:
    "signed-out" | "not-opened" | "not-found" | "too-large" | "too-many" | "malformed";
  readonly message: string;
};

export type SaveAnswer =
  | {
      readonly kind: "saved";
      readonly revision: number;
      readonly savedAt: string;
      /** Files that are not the learner's to write, which were left out. */
      readonly refused: readonly string[];
    }
  | {
      readonly kind: "conflict";
      readonly revision: number;
      readonly savedAt: string;
      readonly files: Files;
      /** Which version of the lab these are on: another one than before when a new version was started elsewhere. */
      readonly labHash: string;
    }
  | Refusal;

export type SubmitAnswer =
  | {
      readonly kind: "submitted";
      /** Still queued when grading takes longer than a reply should: ask for it again by its id. */
      readonly submission: Submission;
      readonly refused: readonly string[];
      readonly best: Best | null;
    }
  | Refusal;

const ref = z
  .object({ course: z.string(), lesson: z.string() })
  .transform((it) => lessonId(it.course, it.lesson))
  .pipe(z.string());
const files = z.record(z.string().max(500), z.string());
const revision = z.int().min(0);
const key = z.string().min(8).max(100);

const savedBody = z.object({ files, baseRevision: revision });

/** How long a reply may keep a learner waiting before it says "still grading". */
const PATIENCE = 5_000;

/** The learner's work on a lab, begun now if there is none. */
export async function openFor(viewer: Viewer, lab: Lab): Promise<OpenedLab> {
  return openLab(liveDb(), { viewer, lab, ...freshDraw() });
}

/** Begin the lab as its author has it now. */
export async function startFor(
  viewer: Viewer | null,
  place: unknown,
): Promise<{ kind: "started" } | Refusal> {
  if (!viewer) return signedOut;
  const lab = await labAt(place);
  if (!lab) return notFound;
  await startNewVersion(liveDb(), { viewer, lab, ...freshDraw() });
  return { kind: "started" };
}

/** Keep what was typed. */
export async function saveFor(
  viewer: Viewer | null,
  place: unknown,
  sent: { files: unknown; baseRevision: unknown },
): Promise<SaveAnswer> {
  if (!viewer) return signedOut;
  const labId = ref.safeParse(place);
  if (!labId.success) return notFound;
  const body = savedBody.safeParse(sent);
  if (!body.success) return malformed;
  const now = new Date();
  return answerOf(await saveDraft(liveDb(), { viewer, labId: labId.data, ...body.data, now }));
}

/** Hand in an answer, and wait a moment for its verdict. */
export async function submitFor(
  viewer: Viewer | null,
  place: unknown,
  sent: { files: unknown; idempotencyKey: unknown },
): Promise<SubmitAnswer> {
  if (!viewer) return signedOut;
  const labId = ref.safeParse(place);
  if (!labId.success) return notFound;
  const body = z.object({ files, idempotencyKey: key }).safeParse(sent);
  if (!body.success) return malformed;
  const handedIn = { viewer, labId: labId.data, ...body.data, id: randomUUID(), now: new Date() };
  const result = await submitAnswer(liveDb(), handedIn, grading, patience());
  if (result.kind === "not-opened") return notOpened;
  if (result.kind === "submitted") return withBest(viewer, result.submission, result.refused);
  return { kind: "refused", reason: result.kind, message: result.why };
}

/** What became of a submission that was still waiting. */
export async function checkFor(viewer: Viewer | null, id: unknown): Promise<SubmitAnswer> {
  if (!viewer) return signedOut;
  const name = z.uuid().safeParse(id);
  if (!name.success) return notFound;
  const it = { viewer, id: name.data };
  const submission = await awaitSubmission(liveDb(), it, grading, patience());
  return submission ? withBest(viewer, submission, []) : notFound;
}

async function withBest(
  viewer: Viewer,
  submission: Submission,
  refused: readonly string[],
): Promise<SubmitAnswer> {
  const best = (await bestScores(liveDb(), viewer))[submission.labId] ?? null;
  return { kind: "submitted", submission, refused, best };
}

function patience(): Promise<unknown> {
  return sleep(PATIENCE, null, { ref: false });
}

async function labAt(place: unknown): Promise<Lab | null> {
  const it = z.object({ course: z.string(), lesson: z.string() }).safeParse(place);
  if (!it.success || !lessonId(it.data.course, it.data.lesson)) return null;
  return loadLab(env.CONTENT_DIR, it.data.course, it.data.lesson);
}

function freshDraw() {
  return { seed: randomInt(2 ** 31), now: new Date() };
}

function answerOf(saved: Saved): SaveAnswer {
  switch (saved.kind) {
    case "saved":
      return { ...saved, savedAt: saved.savedAt.toISOString() };
    case "conflict": {
      const { revision, files, labHash, savedAt } = saved.draft;
      return { kind: "conflict", revision, files, labHash, savedAt: savedAt.toISOString() };
    }
    case "too-large":
      return { kind: "refused", reason: "too-large", message: saved.why };
    case "not-opened":
      return notOpened;
  }
}

const signedOut: Refusal = {
  kind: "refused",
  reason: "signed-out",
  message:
    "You are signed out. Sign in in another tab, then try again here: what you typed is kept.",
};
const notFound: Refusal = {
  kind: "refused",
  reason: "not-found",
  message: "This lab is not there any more. What you typed is kept; ask whoever runs the course.",
};
const notOpened: Refusal = {
  kind: "refused",
  reason: "not-opened",
  message:
    "This lab was not opened with your account yet. Load the page again, then try once more.",
};
const malformed: Refusal = {
  kind: "refused",
  reason: "malformed",
  message:
    "The server did not understand what this page sent. Copy what you typed, then load the page again.",
};
