import { isWritable } from "#lib/content/answer.ts";
import type { Hint, LabInstance } from "#lib/content/lab.ts";
import type { ObjectiveReport, Report } from "#lib/grading/report.ts";
import type { Files } from "#lib/net/source/span.ts";

/** Which lab: the ids of its course and lesson, as in the address of its page. */
export type LabRef = { readonly course: string; readonly lesson: string };

/** A submission as its learner sees it. `attempt` counts from 1. */
export type PastSubmission = {
  readonly id: string;
  readonly attempt: number;
  readonly at: Date;
  readonly state: "queued" | "graded" | "failed";
  readonly files: Files;
  readonly report: Report | null;
  /** Why there is no verdict, when grading failed. */
  readonly failure: string | null;
  /** How many answers are graded before this one, while it waits. */
  readonly ahead: number;
};

export type Points = { readonly earned: number; readonly max: number };

/** Files that the learner may type in: those of the start that allow it, and what the draft adds. */
export function editableFiles(instance: LabInstance, draft: Files): Files {
  const paths = [...Object.keys(instance.files), ...Object.keys(draft)];
  const own = paths.filter((path) => isWritable(instance, path));
  return Object.fromEntries(own.map((path) => [path, draft[path] ?? instance.files[path] ?? ""]));
}

/** Only what differs from the start: a draft is kept as small as the learner's work. */
export function changedFiles(instance: LabInstance, files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).filter(([path, text]) => instance.files[path] !== text),
  );
}

export type OpenHint = { readonly hint: Hint; readonly open: true };
export type ClosedHint = { readonly hint: Hint; readonly open: false; readonly triesLeft: number };

/** An objective's hints, with how many more submissions it takes to open those that are closed. */
export function hintsFor(
  objective: string,
  hints: readonly Hint[],
  submissions: readonly PastSubmission[],
): readonly (OpenHint | ClosedHint)[] {
  const tries = submissions.filter((it) => failedIn(objective, it.report)).length;
  return hints
    .filter((hint) => hint.for === objective)
    .toSorted((a, b) => a.after - b.after)
    .map((hint) =>
      tries >= hint.after
        ? { hint, open: true }
        : { hint, open: false, triesLeft: hint.after - tries },
    );
}

function failedIn(objective: string, report: Report | null): boolean {
  return report?.objectives.some((it) => it.id === objective && it.state === "fails") ?? false;
}

/** The objective whose walk and line are shown: the chosen one, else the first that fails. */
export function shownObjective(
  report: Report | null,
  chosen: string | null,
): ObjectiveReport | undefined {
  const objectives = report?.objectives ?? [];
  return objectives.find((it) => it.id === chosen) ?? objectives.find((it) => it.state === "fails");
}

/** Sentences for a listener about what changed between two reports; empty when no state did. */
export function flipsBetween(before: Report | null, after: Report): string[] {
  if (!before) return [];
  const was = new Map(before.objectives.map((it) => [it.id, it.state]));
  return after.objectives
    .filter((it) => was.has(it.id) && was.get(it.id) !== it.state)
    .map((it) => `${it.title}: ${FLIPPED[it.state]}.`);
}

const FLIPPED = {
  holds: "now holds",
  fails: "now fails",
  blocked: "is now blocked",
  undecided: "is now undecided",
} as const;

export function pointsText({ earned, max }: Points): string {
  return `${earned} of ${max} ${max === 1 ? "point" : "points"}`;
}

/** Why nothing was done, in a sentence for the learner. */
export type Refusal = {
  readonly kind: "refused";
  readonly reason: string;
  readonly message: string;
};

/** What became of handing in. A submission may still be queued: it is asked for again by its id. */
export type SubmitAnswer =
  | {
      readonly kind: "submitted";
      readonly submission: PastSubmission;
      /** Files that were not the learner's to change and were left out. */
      readonly refused: readonly string[];
      readonly best: Points | null;
    }
  | Refusal;
