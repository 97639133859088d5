"use client";

import { type ReactNode, useEffect, useRef } from "react";
import type { LabInstance } from "#lib/content/lab.ts";
import type { Files } from "#lib/net/source/span.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { type LabRef, type PastSubmission, editableFiles, pointsText } from "./bench.ts";
import css from "./dialogs.module.css";
import { linesBetween } from "./lines-between.ts";

/** A dialog of the browser's own: it holds the focus and gives it back. Without `onClose` it asks for an answer. */
function Dialog({
  title,
  wide = false,
  onClose,
  children,
}: {
  title: string;
  wide?: boolean;
  onClose: (() => void) | null;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className={`${css.dialog} ${wide ? css.wide : ""}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header className={css.head}>
        <h2>{title}</h2>
        {onClose && (
          <button type="button" className={chrome.iconButton} aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}

/** Two versions of one draft, both shown, one chosen. */
export function ConflictDialog({
  mine,
  theirs,
  onResolve,
}: {
  mine: Files;
  theirs: Files;
  onResolve: (which: "mine" | "theirs") => void;
}) {
  const paths = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  const differing = paths.filter((path) => mine[path] !== theirs[path]);
  return (
    <Dialog title="Two versions of your text" wide onClose={null}>
      <p className={css.body}>
        It was changed elsewhere, in another tab or on another device, after this one was loaded.
        Nothing was overwritten. Which one do you go on with?
      </p>
      <div className={css.versions}>
        {differing.map((path) => (
          <section key={path} className={css.pair} aria-label={path}>
            <h3>{path}</h3>
            <Version title="Here" text={mine[path]} other={theirs[path]} />
            <Version title="Saved elsewhere" text={theirs[path]} other={mine[path]} />
          </section>
        ))}
      </div>
      <footer className={css.foot}>
        <button type="button" className={chrome.primary} onClick={() => onResolve("mine")}>
          Keep the one here
        </button>
        <button type="button" className={chrome.button} onClick={() => onResolve("theirs")}>
          Take the one saved elsewhere
        </button>
        <span>Taking the other one can be undone right afterwards.</span>
      </footer>
    </Dialog>
  );
}

function Version({
  title,
  text,
  other,
}: {
  title: string;
  text: string | undefined;
  other: string | undefined;
}) {
  const listing = useRef<HTMLPreElement>(null);
  useEffect(() => {
    // Not before the dialog is open.
    const frame = requestAnimationFrame(() =>
      listing.current?.querySelector("mark")?.scrollIntoView({ block: "nearest" }),
    );
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div className={css.version}>
      <h4>{title}</h4>
      <pre ref={listing} tabIndex={0}>
        {text === undefined
          ? "This file is not there."
          : linesBetween(text, other ?? "").map((line, at) =>
              line.differs ? (
                <mark key={at}>
                  {line.text}
                  {"\n"}
                </mark>
              ) : (
                `${line.text}\n`
              ),
            )}
      </pre>
    </div>
  );
}

/** Every submission, newest first: its verdict, and a way back to its text. */
export function HistoryDialog({
  place,
  instance,
  submissions,
  onRestore,
  onClose,
}: {
  place: LabRef;
  instance: LabInstance;
  submissions: readonly PastSubmission[];
  onRestore: (files: Files, what: string) => void;
  onClose: () => void;
}) {
  return (
    <Dialog title="Your submissions" onClose={onClose}>
      {submissions.length === 0 && (
        <p className={css.body}>None yet. Submit as often as you like; the best score counts.</p>
      )}
      <ol className={css.history}>
        {submissions.map((it) => (
          <li key={it.id}>
            <span className={`${css.attempt} ${chrome.num}`}>{it.attempt}</span>
            <span>
              <strong>{verdictText(it)}</strong>
              <time dateTime={it.at.toISOString()}>{it.at.toLocaleString()}</time>
            </span>
            <a
              className={chrome.quiet}
              href={`/learn/${place.course}/${place.lesson}/lab/submissions/${it.id}`}
            >
              Verdict<span className={chrome.sr}> of submission {it.attempt}</span>
            </a>
            <button
              type="button"
              className={chrome.button}
              onClick={() =>
                onRestore(
                  editableFiles(instance, it.files),
                  `Brought back the text of submission ${it.attempt}.`,
                )
              }
            >
              Restore<span className={chrome.sr}> the text of submission {it.attempt}</span>
            </button>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

export function verdictText(it: PastSubmission): string {
  if (it.report) return pointsText(it.report.score);
  return it.state === "failed" ? "Not graded" : "Grading";
}

/** Starting the author's newer version leaves the old text behind: asked once. */
export function NewVersionDialog({
  onStart,
  onClose,
  busy,
}: {
  onStart: () => void;
  onClose: () => void;
  busy: boolean;
}) {
  return (
    <Dialog title="Start the new version" onClose={onClose}>
      <p className={css.body}>
        The new version begins from its own start, with its own addresses. Your text on the version
        you are on stays stored with it, as do your submissions and your best score, but you go on
        with the new one. Copy or download what you want to reuse first.
      </p>
      <footer className={css.foot}>
        <button type="button" className={chrome.primary} disabled={busy} onClick={onStart}>
          Start the new version
        </button>
        <button type="button" className={chrome.button} onClick={onClose}>
          Stay on mine
        </button>
      </footer>
    </Dialog>
  );
}
