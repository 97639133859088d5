"use client";

import { Icon } from "#lib/ui/chrome/icons.tsx";
import { Mark, STATE_WORDS } from "#lib/ui/chrome/mark.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { type LabRef, type PastSubmission, type Points, pointsText } from "./bench.ts";
import css from "./workbench.module.css";

/** What handing in came to so far. */
export type Handing =
  | { readonly kind: "idle" }
  | { readonly kind: "sending" }
  | { readonly kind: "waiting"; readonly submission: PastSubmission }
  | {
      readonly kind: "done";
      readonly submission: PastSubmission;
      readonly best: Points | null;
      readonly refused: readonly string[];
    }
  | { readonly kind: "refused"; readonly message: string };

/** The verdict on top of the objectives, until it is dismissed. */
export function VerdictCard({
  handing,
  place,
  onDismiss,
}: {
  handing: Handing;
  place: LabRef;
  onDismiss: () => void;
}) {
  return (
    <div role="status" aria-label="Verdict">
      {handing.kind === "sending" && <p className={css.verdict}>Grading…</p>}
      {handing.kind === "waiting" && (
        <p className={css.verdict}>Grading… {aheadText(handing.submission.ahead)}</p>
      )}
      {handing.kind === "refused" && (
        <div className={css.verdict}>
          <p>{handing.message}</p>
          <Dismiss onDismiss={onDismiss} />
        </div>
      )}
      {handing.kind === "done" && <Done {...handing} place={place} onDismiss={onDismiss} />}
    </div>
  );
}

function Done({
  submission,
  best,
  refused,
  place,
  onDismiss,
}: Extract<Handing, { kind: "done" }> & { place: LabRef; onDismiss: () => void }) {
  const { report, attempt, failure } = submission;
  const href = `/learn/${place.course}/${place.lesson}/lab/submissions/${submission.id}`;
  return (
    <div className={css.verdict}>
      <div>
        <h3>
          Submission {attempt}: {report ? pointsText(report.score) : "no verdict"}
        </h3>
        {failure && <p>{failure}</p>}
        {report && (
          <ul className={css.verdictMarks}>
            {report.objectives.map((it) => (
              <li key={it.id}>
                <Mark state={it.state} />
                <span className={chrome.sr}>
                  {STATE_WORDS[it.state]}: {it.title}
                </span>
              </li>
            ))}
          </ul>
        )}
        {report && <HiddenOutcome submission={submission} />}
        {refused.length > 0 && <p>Left out, because the lab owns them: {refused.join(", ")}.</p>}
        <p className={css.verdictFoot}>
          {best && <>Your best counts: {pointsText(best)}. </>}
          <a href={href}>The whole verdict</a>
        </p>
      </div>
      <Dismiss onDismiss={onDismiss} />
    </div>
  );
}

const HIDDEN_WORDS = {
  holds: "holds",
  fails: "does not hold",
  blocked: "is blocked until those it rests on hold",
  undecided: "is undecided",
} as const;

function HiddenOutcome({ submission }: { submission: PastSubmission }) {
  const hidden = submission.report?.objectives.filter((it) => it.hidden) ?? [];
  if (hidden.length === 0) return null;
  const holding = hidden.filter((it) => it.state === "holds").length;
  if (hidden.length === 1) {
    return <p>The hidden objective {HIDDEN_WORDS[hidden[0]!.state]}.</p>;
  }
  return (
    <p>
      {holding} of {hidden.length} hidden objectives hold.
    </p>
  );
}

function Dismiss({ onDismiss }: { onDismiss: () => void }) {
  return (
    <button
      type="button"
      className={chrome.iconButton}
      aria-label="Dismiss the verdict"
      onClick={onDismiss}
    >
      <Icon name="close" />
    </button>
  );
}

function aheadText(ahead: number): string {
  return ahead === 0 ? "yours is next." : `${ahead} ahead of you.`;
}
