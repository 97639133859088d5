"use client";

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LabInstance } from "#lib/content/lab.ts";
import type { DiagnosticReport } from "#lib/grading/report.ts";
import type { Files, TextRange } from "#lib/net/source/span.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { CodeEditor, type Cursor, type LineNote, type Reveal } from "./code-editor.tsx";
import { type TreeRow, treeOf } from "./file-tree.ts";
import css from "./files.module.css";
import { languageOf } from "./languages.ts";
import { type MonacoApi, loadMonaco } from "./monaco.ts";
import { PlainEditor } from "./plain-editor.tsx";
import { zipOf } from "./zip.ts";

/** The learner's files and the lab's: a tree, tabs, the editor, and what the devices say about the text. */
export function FilesPane({
  instance,
  files,
  stamp,
  diagnostics,
  deciding,
  note,
  reveal,
  undo,
  onUndo,
  onDismissUndo,
  onEdit,
  onReset,
  onSubmit,
  onShow,
}: {
  instance: LabInstance;
  /** The files that are the learner's. */
  files: Files;
  stamp: number;
  diagnostics: readonly DiagnosticReport[];
  deciding: readonly TextRange[];
  note: LineNote | null;
  reveal: Reveal | null;
  undo: { readonly what: string } | null;
  onUndo: () => void;
  onDismissUndo: () => void;
  onEdit: (path: string, text: string) => void;
  onReset: (path: string) => void;
  onSubmit: () => void;
  onShow: (range: TextRange) => void;
}) {
  const all = { ...instance.files, ...files };
  const first = Object.keys(files)[0] ?? Object.keys(all)[0] ?? "";
  const [tabs, setTabs] = useState<readonly string[]>([first]);
  const [current, setCurrent] = useState(first);
  const [shown, setShown] = useState<Reveal | null>(null);
  const [cursor, setCursor] = useState<Cursor>({ line: 1, column: 1 });
  const [tabLeaves, setTabLeaves] = useState(false);
  const open = (path: string) => {
    setCurrent(path);
    setTabs((before) => (before.includes(path) ? before : [...before, path]));
  };
  // A wish to see a line opens its file.
  if (reveal !== shown) {
    setShown(reveal);
    if (reveal && reveal.range.file in all) open(reveal.range.file);
  }
  const close = (path: string) => {
    const left = tabs.filter((it) => it !== path);
    setTabs(left);
    if (path === current) setCurrent(left[left.length - 1] ?? first);
  };
  const readOnly = !(current in files);
  const text = all[current] ?? "";
  const language = languageOf(current);
  return (
    <>
      <Tree
        rows={treeOf(Object.keys(all), instance.topology)}
        current={current}
        own={files}
        diagnostics={diagnostics}
        deciding={deciding}
        onOpen={open}
      />
      <div className={css.tabs}>
        <ul aria-label="Open files">
          {tabs.map((path) => (
            <Tab
              key={path}
              path={path}
              name={nameIn(path, tabs)}
              isCurrent={path === current}
              onOpen={open}
              onClose={tabs.length > 1 ? close : null}
            />
          ))}
        </ul>
        <FileTools
          path={current}
          canReset={!readOnly && instance.files[current] !== files[current]}
          onReset={onReset}
          onDownload={() => download(all)}
        />
      </div>
      {undo && <UndoStrip what={undo.what} onUndo={onUndo} onDismiss={onDismissUndo} />}
      <TextArea
        files={all}
        stamp={stamp}
        path={current}
        text={text}
        readOnly={readOnly}
        diagnostics={diagnostics}
        deciding={deciding}
        note={note}
        reveal={reveal}
        onEdit={onEdit}
        onSubmit={onSubmit}
        onCursor={setCursor}
        onTabLeaves={setTabLeaves}
      />
      <Problems diagnostics={diagnostics} onShow={onShow} />
      <p className={css.foot}>
        <a
          href={language.known}
          target="_blank"
          title="All that can be said here, and what comes of it"
        >
          {language.name}
        </a>
        {readOnly && <span>Read-only</span>}
        <span className={`${css.cursor} ${chrome.num}`}>
          Line {cursor.line}, col. {cursor.column}
        </span>
        <TabHelp leaves={tabLeaves} />
      </p>
    </>
  );
}

/* ── The tree ── */

function Tree({
  rows,
  current,
  own,
  diagnostics,
  deciding,
  onOpen,
}: {
  rows: readonly TreeRow[];
  current: string;
  own: Files;
  diagnostics: readonly DiagnosticReport[];
  deciding: readonly TextRange[];
  onOpen: (path: string) => void;
}) {
  return (
    <nav className={css.tree} aria-label="Files, as the network is built">
      {groupsOf(rows).map((group) => (
        <ul key={group[0]!.name}>
          {group.map((row) =>
            row.kind === "place" ? (
              <li key={`${row.depth} ${row.name}`} className={`${css.place} ${css[row.layer]}`}>
                <Beds depth={row.depth} layer={row.layer} />
                <Icon name={row.icon} />
                {row.name}
              </li>
            ) : (
              <li key={row.path} className={row.layer === "container" ? css.container : undefined}>
                <button
                  type="button"
                  className={css.file}
                  aria-current={row.path === current}
                  onClick={() => onOpen(row.path)}
                >
                  <Beds depth={row.depth} layer={row.layer} />
                  <span className={css.fileName}>
                    <span className={chrome.sr}>{placesOf(row.path)} </span>
                    {row.name}
                  </span>
                  <FileSign
                    isOwn={row.path in own}
                    line={deciding.find((it) => it.file === row.path)?.line}
                    errors={errorsIn(row.path, diagnostics)}
                  />
                </button>
              </li>
            ),
          )}
        </ul>
      ))}
    </nav>
  );
}

function FileSign({
  isOwn,
  line,
  errors,
}: {
  isOwn: boolean;
  line: number | undefined;
  errors: number;
}) {
  if (line !== undefined) return <span className={css.atLine}>line {line}</span>;
  if (errors > 0) return <span className={css.errors}>{counted(errors, "error")}</span>;
  if (isOwn) return null;
  return (
    <span className={css.locked}>
      <Icon name="lock" />
      <span className={chrome.sr}>read-only</span>
    </span>
  );
}

/** The boxes around a row, as bars in their hues. */
function Beds({ depth, layer }: { depth: number; layer: string }) {
  return Array.from({ length: depth }, (_, at) => (
    <i
      key={at}
      className={`${css.bed} ${at === 0 && layer === "physical" ? css.bedPhysical : css.bedHost}`}
    />
  ));
}

function groupsOf(rows: readonly TreeRow[]): TreeRow[][] {
  const groups: TreeRow[][] = [];
  for (const row of rows) {
    if (row.depth === 0 || groups.length === 0) groups.push([row]);
    else groups[groups.length - 1]!.push(row);
  }
  return groups;
}

function placesOf(path: string): string {
  return path.split("/").slice(0, -1).join(" ");
}

function errorsIn(path: string, diagnostics: readonly DiagnosticReport[]): number {
  return diagnostics.filter((it) => it.file === path && it.severity === "error").length;
}

/* ── Tabs and what can be done with a file ── */

function Tab({
  path,
  name,
  isCurrent,
  onOpen,
  onClose,
}: {
  path: string;
  name: string;
  isCurrent: boolean;
  onOpen: (path: string) => void;
  onClose: ((path: string) => void) | null;
}) {
  return (
    <li className={css.tab} data-current={isCurrent || undefined}>
      <button type="button" aria-current={isCurrent} onClick={() => onOpen(path)}>
        {name}
      </button>
      {onClose && (
        <button
          type="button"
          className={css.close}
          aria-label={`Close ${path}`}
          onClick={() => onClose(path)}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

/** A file's own name, with its place where another open file is called the same. */
function nameIn(path: string, tabs: readonly string[]): string {
  const own = path.split("/").pop()!;
  const alike = tabs.filter((it) => it.split("/").pop() === own);
  return alike.length > 1 ? path : own;
}

function FileTools({
  path,
  canReset,
  onReset,
  onDownload,
}: {
  path: string;
  canReset: boolean;
  onReset: (path: string) => void;
  onDownload: () => void;
}) {
  return (
    <div className={css.tools}>
      <button
        type="button"
        className={chrome.quiet}
        disabled={!canReset}
        onClick={() => onReset(path)}
        title="Put the file back as the lab began; can be undone"
      >
        Reset
      </button>
      <button
        type="button"
        className={chrome.iconButton}
        aria-label="Download all files as a zip"
        onClick={onDownload}
      >
        <Icon name="download" />
      </button>
    </div>
  );
}

function download(files: Files): void {
  const url = URL.createObjectURL(new Blob([zipOf(files)], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "lab-files.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function UndoStrip({
  what,
  onUndo,
  onDismiss,
}: {
  what: string;
  onUndo: () => void;
  onDismiss: () => void;
}) {
  return (
    <p className={css.undo} role="status">
      <span>{what}</span>
      <button type="button" className={chrome.button} onClick={onUndo}>
        <Icon name="undo" />
        Undo
      </button>
      <button type="button" className={chrome.iconButton} aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </p>
  );
}

/* ── The text itself ── */

function TextArea(props: {
  files: Files;
  stamp: number;
  path: string;
  text: string;
  readOnly: boolean;
  diagnostics: readonly DiagnosticReport[];
  deciding: readonly TextRange[];
  note: LineNote | null;
  reveal: Reveal | null;
  onEdit: (path: string, text: string) => void;
  onSubmit: () => void;
  onCursor: (cursor: Cursor) => void;
  onTabLeaves: (leaves: boolean) => void;
}) {
  const narrow = useSyncExternalStore(onWidthChange, isNarrow, () => true);
  const editor = useMonaco(!narrow);
  const caret = useRef<number | null>(null);
  return (
    <div className={css.editor}>
      {editor.kind === "ready" ? (
        <CodeEditor {...props} monaco={editor.monaco} caret={caret} />
      ) : (
        <PlainEditor
          {...props}
          onCaret={(at) => {
            caret.current = at;
          }}
        />
      )}
      {editor.kind === "failed" && (
        <p className={css.plainNote}>
          The full editor did not load. This plain one saves and grades just the same.
        </p>
      )}
    </div>
  );
}

type EditorState =
  { readonly kind: "plain" | "failed" } | { readonly kind: "ready"; readonly monaco: MonacoApi };

function useMonaco(wanted: boolean): EditorState {
  const [state, setState] = useState<EditorState>({ kind: "plain" });
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    loadMonaco().then(
      (monaco) => gone || setState({ kind: "ready", monaco }),
      (error: unknown) => {
        console.warn("The editor could not be loaded.", error);
        if (!gone) setState({ kind: "failed" });
      },
    );
    return () => {
      gone = true;
    };
  }, [wanted]);
  return wanted ? state : { kind: "plain" };
}

const NARROW = "(max-width: 800px)";

function isNarrow(): boolean {
  return matchMedia(NARROW).matches;
}

function onWidthChange(listener: () => void): () => void {
  const query = matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/* ── Under the text ── */

const MOST_PROBLEMS = 100;

function Problems({
  diagnostics,
  onShow,
}: {
  diagnostics: readonly DiagnosticReport[];
  onShow: (range: TextRange) => void;
}) {
  const errors = diagnostics.filter((it) => it.severity === "error").length;
  const rest = diagnostics.length - errors;
  if (diagnostics.length === 0) return <p className={css.noProblems}>No errors</p>;
  const parts = [errors > 0 && counted(errors, "error"), rest > 0 && counted(rest, "remark")];
  return (
    <details className={css.problems} open>
      <summary>{parts.filter(Boolean).join(", ")}</summary>
      <ul>
        {diagnostics.slice(0, MOST_PROBLEMS).map((it) => (
          <li key={`${it.file}:${it.line}:${it.column} ${it.message}`} data-severity={it.severity}>
            <button type="button" onClick={() => onShow(it)}>
              <span className={css.where}>
                {it.file} {it.line}
              </span>
              <span>
                <span className={chrome.sr}>{it.severity}: </span>
                {it.message}
              </span>
            </button>
          </li>
        ))}
        {diagnostics.length > MOST_PROBLEMS && (
          <li>and {diagnostics.length - MOST_PROBLEMS} more</li>
        )}
      </ul>
    </details>
  );
}

function TabHelp({ leaves }: { leaves: boolean }) {
  const key = useSyncExternalStore(
    () => () => {},
    () => (/mac/i.test(navigator.platform) ? "Ctrl Shift M" : "Ctrl M"),
    () => "Ctrl M",
  );
  return (
    <span className={css.tabHelp} role="status">
      <kbd className={chrome.kbd}>{key}</kbd>{" "}
      {leaves ? "lets Tab indent again" : "lets Tab leave the editor"}
    </span>
  );
}

function counted(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
