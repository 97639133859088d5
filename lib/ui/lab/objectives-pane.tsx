"use client";

import type { ReactNode } from "react";
import type { Hint, LabInstance } from "#lib/content/lab.ts";
import type { ObjectiveReport, Report } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import type { TextRange } from "#lib/net/source/span.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import { Mark, STATE_WORDS } from "#lib/ui/chrome/mark.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { type PastSubmission, type Points, hintsFor } from "./bench.ts";
import type { LiveView } from "./live-grader.ts";
import { walkTitle, witnessText } from "./objective-words.ts";
import css from "./objectives.module.css";
import { WalkSteps } from "./walk-steps.tsx";

/** What has to hold, what does now, and for the one that is looked at: why, by which packet, on which line. */
export function ObjectivesPane({
  instance,
  live,
  shown,
  at,
  submissions,
  picture,
  verdict,
  onChoose,
  onStep,
  onShow,
}: {
  instance: LabInstance;
  live: LiveView;
  shown: ObjectiveReport | undefined;
  at: number;
  submissions: readonly PastSubmission[];
  picture: Picture | null;
  verdict: ReactNode;
  onChoose: (id: string) => void;
  onStep: (number: number) => void;
  onShow: (range: TextRange) => void;
}) {
  const { report } = live;
  return (
    <>
      <div className={css.head}>
        <h2>Objectives</h2>
        {live.state === "computing" && <span className={css.computing}>computing</span>}
        <Score points={pointsOf(report, instance)} />
      </div>
      <div className={css.scroll}>
        {verdict}
        {live.state === "stopped" && (
          <p className={css.stopped} role="status">
            This took too long in the browser and was stopped. What you typed is kept; change a line
            to try again, or submit, and the server grades it.
          </p>
        )}
        <ol className={css.objectives} aria-label="Objectives">
          {instance.objectives.map(({ id, title, points }) => {
            const it = report?.objectives.find((objective) => objective.id === id);
            return (
              <ObjectiveRow
                key={id}
                title={title}
                points={points}
                report={it}
                isOpen={shown?.id === id}
                onChoose={() => onChoose(id)}
                onShow={onShow}
              />
            );
          })}
          <HiddenRows hidden={instance.hidden} />
        </ol>
        {shown && (
          <Hints hints={hintsFor(shown.id, instance.hints, submissions)} state={shown.state} />
        )}
        {shown?.walk && (
          <WalkSteps
            walk={shown.walk}
            title={shown.state === "fails" ? walkTitle(shown) : "The walk"}
            about={witnessText(shown)}
            isFault={shown.state === "fails"}
            picture={picture}
            at={at}
            onStep={onStep}
            onShow={onShow}
          />
        )}
      </div>
    </>
  );
}

function pointsOf(report: Report | null, instance: LabInstance): Points {
  const max = instance.objectives.reduce((sum, it) => sum + it.points, 0) + instance.hidden.points;
  const earned = report?.objectives.reduce((sum, it) => sum + it.earned, 0) ?? 0;
  return { earned, max };
}

function Score({ points }: { points: Points }) {
  return (
    <span className={`${css.score} ${chrome.num}`}>
      <b>{points.earned}</b> of {points.max} points so far
    </span>
  );
}

function ObjectiveRow({
  title,
  points,
  report,
  isOpen,
  onChoose,
  onShow,
}: {
  title: string;
  points: number;
  report: ObjectiveReport | undefined;
  isOpen: boolean;
  onChoose: () => void;
  onShow: (range: TextRange) => void;
}) {
  const fails = report?.state === "fails";
  return (
    <li
      className={`${css.objective} ${isOpen ? css.open : ""}`}
      data-state={report?.state}
      data-open={isOpen || undefined}
    >
      <button
        type="button"
        className={css.row}
        aria-expanded={report ? isOpen : undefined}
        onClick={onChoose}
      >
        <Mark state={report?.state ?? "open"} />
        <span className={css.title}>
          {report && <span className={chrome.sr}>{STATE_WORDS[report.state]}: </span>}
          {title}
        </span>
        <span className={`${css.points} ${chrome.num}`}>
          {points === 0 ? "control" : fails ? `0 of ${points}` : points}
        </span>
        {report && <span className={css.why}>{report.text}</span>}
      </button>
      {report && isOpen && <Because lines={report.because} onShow={onShow} />}
    </li>
  );
}

function Because({
  lines,
  onShow,
}: {
  lines: readonly TextRange[];
  onShow: (range: TextRange) => void;
}) {
  if (lines.length === 0) return null;
  return (
    <p className={css.because}>
      {lines.slice(0, 3).map((it) => (
        <button
          key={`${it.file}:${it.line}:${it.column}`}
          type="button"
          className={css.line}
          onClick={() => onShow(it)}
        >
          {it.file} line {it.line}
        </button>
      ))}
    </p>
  );
}

function HiddenRows({ hidden }: { hidden: LabInstance["hidden"] }) {
  return Array.from({ length: hidden.count }, (_, at) => (
    <li key={at} className={css.objective}>
      <div className={`${css.row} ${css.hidden}`}>
        <Mark state="hidden" />
        <span className={css.title}>Hidden objective</span>
        <span className={`${css.points} ${chrome.num}`}>
          {hidden.count === 1 ? hidden.points : ""}
        </span>
        <span className={css.why}>Checked on submit</span>
      </div>
    </li>
  ));
}

/* ── Hints ── */

function Hints({
  hints,
  state,
}: {
  hints: ReturnType<typeof hintsFor>;
  state: ObjectiveReport["state"];
}) {
  const open = hints.flatMap((it) => (it.open ? [it.hint] : []));
  const closed = hints.find((it) => !it.open);
  if (state !== "fails" || hints.length === 0) return null;
  return (
    <div className={css.hints}>
      {open.map((hint: Hint) => (
        <p key={hint.text}>
          <Icon name="hint" />
          <span>
            <span className={chrome.sr}>Hint: </span>
            {hint.text}
          </span>
        </p>
      ))}
      {closed && !closed.open && (
        <p className={css.closedHint}>
          <Icon name="hint" />
          <span>
            {open.length === 0 ? "A hint" : "Another hint"} opens after{" "}
            {closed.triesLeft === 1
              ? "one more submission"
              : `${closed.triesLeft} more submissions`}{" "}
            in which this fails
          </span>
        </p>
      )}
    </div>
  );
}
