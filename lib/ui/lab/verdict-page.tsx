import type { Route } from "next";
import Link from "next/link";
import type { ObjectiveReport } from "#lib/grading/report.ts";
import { Mark, STATE_WORDS } from "#lib/ui/chrome/mark.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { WalkList } from "#lib/ui/lesson/walk-list.tsx";
import { type PastSubmission, pointsText } from "./bench.ts";
import { walkTitle, witnessText } from "./objective-words.ts";
import css from "./verdict-page.module.css";

const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

/** One submission as it was judged: every objective with its reason, and the text that was judged. */
export function VerdictPage({
  title,
  labHref,
  submission,
}: {
  title: string;
  labHref: Route;
  submission: PastSubmission;
}) {
  const { report, attempt, at, failure, files } = submission;
  return (
    <main id="content" className={css.page}>
      <p className={css.when}>
        Submission {attempt}, <time dateTime={at.toISOString()}>{TIME.format(at)}</time>
      </p>
      <h1>{title}</h1>
      <p className={css.score}>{report ? pointsText(report.score) : "There is no verdict yet."}</p>
      {failure && <p className={css.failure}>{failure}</p>}
      {report && (
        <ol className={css.objectives}>
          {report.objectives.map((it) => (
            <Objective key={it.id} it={it} />
          ))}
        </ol>
      )}
      <p className={css.acts}>
        <Link className={`${chrome.primary} ${chrome.big}`} href={labHref}>
          Back to the lab
        </Link>
      </p>
      <section className={css.files}>
        <h2>What was submitted</h2>
        {Object.keys(files).length === 0 && <p>The lab as it began; nothing had been changed.</p>}
        {Object.entries(files).map(([path, text]) => (
          <details key={path} open>
            <summary>{path}</summary>
            <Lines text={text} marked={decidingLines(report?.objectives ?? [], path)} />
          </details>
        ))}
        {report && report.diagnostics.length > 0 && (
          <>
            <h2>What the devices said</h2>
            <ul className={css.said}>
              {report.diagnostics.map((it) => (
                <li key={`${it.file}:${it.line}:${it.column} ${it.message}`}>
                  <code>
                    {it.file} line {it.line}
                  </code>
                  {it.message}
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
    </main>
  );
}

function Objective({ it }: { it: ObjectiveReport }) {
  return (
    <li>
      <Mark state={it.state} />
      <div>
        <h2>
          <span className={chrome.sr}>{STATE_WORDS[it.state]}: </span>
          {it.title}
        </h2>
        <p>{it.hidden ? `${STATE_WORDS[it.state]}.` : it.text}</p>
        {it.because.length > 0 && (
          <p className={css.lines}>
            {it.because.slice(0, 3).map((line) => (
              <code key={`${line.file}:${line.line}:${line.column}`}>
                {line.file} line {line.line}
              </code>
            ))}
          </p>
        )}
        {it.state === "fails" && it.walk && (
          <details className={css.walk}>
            <summary>{walkTitle(it)}</summary>
            <p>{witnessText(it)}</p>
            <WalkList walk={it.walk} picture={null} failed />
          </details>
        )}
      </div>
      <span className={`${css.points} ${chrome.num}`}>
        {it.points === 0 ? "control" : `${it.earned} of ${it.points}`}
      </span>
    </li>
  );
}

function decidingLines(objectives: readonly ObjectiveReport[], path: string): ReadonlySet<number> {
  const failing = objectives.filter((it) => it.state === "fails");
  return new Set(
    failing
      .flatMap((it) => it.because.slice(0, 1))
      .flatMap((it) => (it.file === path ? it.line : [])),
  );
}

function Lines({ text, marked }: { text: string; marked: ReadonlySet<number> }) {
  return (
    <pre tabIndex={0}>
      {text.split("\n").map((line, at) => (
        <span key={at} data-deciding={marked.has(at + 1) || undefined}>
          <span aria-hidden="true">{at + 1}</span>
          {`${line}\n`}
        </span>
      ))}
    </pre>
  );
}
