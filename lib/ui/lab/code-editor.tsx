"use client";

import { Editor } from "@monaco-editor/react";
import type { editor } from "monaco-editor";
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { DiagnosticReport } from "#lib/grading/report.ts";
import type { Files, TextRange } from "#lib/net/source/span.ts";
import { THEME_CHANGED, themeInForce } from "#lib/ui/chrome/theme-toggle.tsx";
import css from "./files.module.css";
import { languageOf } from "./languages.ts";
import type { MonacoApi } from "./monaco.ts";

/** A wish to be shown a line. A new object is a new wish, even for the same line. */
export type Reveal = { readonly range: TextRange };

export type Cursor = { readonly line: number; readonly column: number };

/** A sentence under the line that decided, and where it stands. */
export type LineNote = { readonly range: TextRange; readonly text: string };

/**
 * The editor. It owns the text while one types and reports each change; `files` reaches it only when `stamp` goes up,
 * so that a slow frame can never put old text over new.
 */
export function CodeEditor(props: {
  monaco: MonacoApi;
  files: Files;
  stamp: number;
  path: string;
  readOnly: boolean;
  diagnostics: readonly DiagnosticReport[];
  deciding: readonly TextRange[];
  note: LineNote | null;
  reveal: Reveal | null;
  caret: RefObject<number | null>;
  onEdit: (path: string, text: string) => void;
  onSubmit: () => void;
  onCursor: (cursor: Cursor) => void;
  onTabLeaves: (leaves: boolean) => void;
}) {
  const { monaco, files, stamp, path, diagnostics, deciding, note, reveal } = props;
  const [view, setView] = useState<editor.IStandaloneCodeEditor | null>(null);
  const theme = useSyncExternalStore(onThemeChange, themeInForce, () => "light" as const);
  // What the editor calls back is looked up when it calls, not when it was set up.
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useModels(monaco, files, stamp);
  useMarkers(monaco, files, diagnostics);
  useDeciding(view, path, deciding, note);
  useEffect(() => {
    if (view && reveal && reveal.range.file === path) show(view, reveal.range);
  }, [view, reveal, path]);

  return (
    <Editor
      path={uriOf(path)}
      defaultValue={files[path] ?? ""}
      language={languageOf(path).id}
      theme={`strata-${theme}`}
      keepCurrentModel
      loading={null}
      onChange={(text, event) => {
        const model = view?.getModel() ?? null;
        if (model && !event.isFlush) latest.current.onEdit(pathOf(model.uri.path), text ?? "");
      }}
      onMount={(mounted) => {
        setView(mounted);
        setUp(mounted, monaco, latest);
      }}
      options={{ ...OPTIONS, readOnly: props.readOnly, ariaLabel: path }}
    />
  );
}

const OPTIONS: editor.IStandaloneEditorConstructionOptions = {
  fontFamily: "var(--mono)",
  fontSize: 12,
  lineHeight: 20,
  fontLigatures: false,
  minimap: { enabled: false },
  folding: false,
  glyphMargin: false,
  lineNumbersMinChars: 4,
  lineDecorationsWidth: 10,
  overviewRulerLanes: 0,
  hideCursorInOverviewRuler: true,
  overviewRulerBorder: false,
  renderLineHighlight: "none",
  scrollBeyondLastLine: false,
  wordWrap: "on",
  renderFinalNewline: "on",
  wrappingIndent: "indent",
  scrollbar: { verticalScrollbarSize: 8, horizontalScrollbarSize: 8, useShadows: false },
  automaticLayout: true,
  padding: { top: 8, bottom: 8 },
  tabSize: 1,
  insertSpaces: true,
  detectIndentation: false,
  // What is typed is what the device gets; a line begins where the learner begins it.
  autoIndent: "none",
  quickSuggestions: false,
  wordBasedSuggestions: "off",
  bracketPairColorization: { enabled: false },
  guides: { indentation: false },
  occurrencesHighlight: "off",
  unicodeHighlight: { ambiguousCharacters: false },
  fixedOverflowWidgets: true,
  accessibilitySupport: "auto",
  readOnlyMessage: { value: "This file belongs to the lab and cannot be changed here." },
};

type Props = Parameters<typeof CodeEditor>[0];

function setUp(
  mounted: editor.IStandaloneCodeEditor,
  monaco: MonacoApi,
  latest: RefObject<Props>,
): void {
  // Otherwise the editor would start a new line.
  mounted.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => latest.current.onSubmit());
  const { tabFocusMode } = monaco.editor.EditorOption;
  // The editor's own command keeps its state to itself; this one can be shown.
  mounted.addCommand(tabKey(monaco), () =>
    mounted.updateOptions({ tabFocusMode: !mounted.getOption(tabFocusMode) }),
  );
  const tellTab = () => latest.current.onTabLeaves(mounted.getOption(tabFocusMode));
  mounted.onDidChangeConfiguration((event) => event.hasChanged(tabFocusMode) && tellTab());
  mounted.onDidChangeCursorPosition(({ position }) =>
    latest.current.onCursor({ line: position.lineNumber, column: position.column }),
  );
  tellTab();
  takeOver(mounted, latest.current.caret.current);
}

/** Ctrl M, but where that minimizes a window. */
function tabKey({ KeyMod, KeyCode }: MonacoApi): number {
  const isMac = /mac/i.test(navigator.platform);
  return (isMac ? KeyMod.WinCtrl | KeyMod.Shift : KeyMod.CtrlCmd) | KeyCode.KeyM;
}

/** Go on where the plain editor was being typed in. */
function takeOver(mounted: editor.IStandaloneCodeEditor, caret: number | null): void {
  const model = mounted.getModel();
  if (caret === null || !model) return;
  mounted.setPosition(model.getPositionAt(caret));
  mounted.focus();
}

/** One model per file, from the first moment: problems in a file that is not open count, too. */
function useModels(monaco: MonacoApi, files: Files, stamp: number): void {
  const seen = useRef(stamp);
  useEffect(() => {
    // `files` changes with every key; only a new stamp says that somebody else changed them.
    const typed = seen.current === stamp;
    seen.current = stamp;
    for (const [path, text] of Object.entries(files)) {
      const model = modelOf(monaco, path) ?? createModel(monaco, path, text);
      if (!typed && model.getValue() !== text) replaceText(model, text);
    }
  }, [monaco, stamp, files]);
  useEffect(
    () => () => {
      for (const model of monaco.editor.getModels()) {
        if (model.uri.authority === AUTHORITY) model.dispose();
      }
    },
    [monaco],
  );
}

function createModel(monaco: MonacoApi, path: string, text: string): editor.ITextModel {
  return monaco.editor.createModel(text, languageOf(path).id, monaco.Uri.parse(uriOf(path)));
}

/** As one edit that Ctrl+Z takes back. */
function replaceText(model: editor.ITextModel, text: string): void {
  model.pushStackElement();
  model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
  model.pushStackElement();
}

function useMarkers(
  monaco: MonacoApi,
  files: Files,
  diagnostics: readonly DiagnosticReport[],
): void {
  const paths = Object.keys(files).join("\n");
  useEffect(() => {
    for (const path of paths.split("\n")) {
      const model = modelOf(monaco, path);
      if (!model) continue;
      const own = diagnostics.filter((it) => it.file === path);
      monaco.editor.setModelMarkers(
        model,
        "lab",
        own.map((it) => markerOf(monaco, it)),
      );
    }
  }, [monaco, paths, diagnostics]);
}

function markerOf(monaco: MonacoApi, it: DiagnosticReport): editor.IMarkerData {
  const { Error, Warning, Info } = monaco.MarkerSeverity;
  return {
    severity: { error: Error, warning: Warning, info: Info }[it.severity],
    message: it.message,
    startLineNumber: it.line,
    startColumn: it.column,
    endLineNumber: it.endLine,
    endColumn: Math.max(it.endColumn, it.line === it.endLine ? it.column + 1 : 1),
  };
}

function useDeciding(
  view: editor.IStandaloneCodeEditor | null,
  path: string,
  deciding: readonly TextRange[],
  note: LineNote | null,
): void {
  const lines = deciding.filter((it) => it.file === path).map((it) => it.line);
  const key = lines.join(",");
  useEffect(() => {
    if (!view) return;
    const marked = view.createDecorationsCollection(
      key === "" ? [] : key.split(",").map((line) => decidingLine(Number(line))),
    );
    return () => marked.clear();
  }, [view, path, key]);
  const noteLine = note?.range.file === path ? note.range.line : null;
  const noteText = note?.text ?? "";
  useEffect(() => {
    if (!view || noteLine === null) return;
    const node = document.createElement("div");
    node.className = css.note ?? "";
    node.textContent = noteText;
    const zone = { afterLineNumber: noteLine, heightInPx: heightOf(node, view), domNode: node };
    let id = "";
    view.changeViewZones((zones) => (id = zones.addZone(zone)));
    return () => view.changeViewZones((zones) => zones.removeZone(id));
  }, [view, path, noteLine, noteText]);
}

function decidingLine(line: number): editor.IModelDeltaDecoration {
  return {
    range: { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 },
    options: {
      isWholeLine: true,
      className: css.deciding ?? null,
      lineNumberClassName: css.decidingNumber ?? null,
      marginClassName: css.decidingMargin ?? null,
    },
  };
}

/** As high as the sentence will be at the editor's width. */
function heightOf(node: HTMLElement, view: editor.IStandaloneCodeEditor): number {
  const copy = node.cloneNode(true) as HTMLElement;
  copy.style.cssText = `position:absolute;visibility:hidden;width:${view.getLayoutInfo().contentWidth}px`;
  document.body.append(copy);
  const height = copy.offsetHeight;
  copy.remove();
  return height + 6;
}

function show(view: editor.IStandaloneCodeEditor, range: TextRange): void {
  view.revealLineInCenterIfOutsideViewport(range.line);
  view.setPosition({ lineNumber: range.line, column: range.column });
  view.focus();
}

const AUTHORITY = "lab";

function uriOf(path: string): string {
  return `strata://${AUTHORITY}/${encodeURI(path)}`;
}

function pathOf(uriPath: string): string {
  return uriPath.replace(/^\//, "");
}

function modelOf(monaco: MonacoApi, path: string): editor.ITextModel | null {
  return monaco.editor.getModel(monaco.Uri.parse(uriOf(path)));
}

function onThemeChange(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  addEventListener(THEME_CHANGED, listener);
  return () => {
    system.removeEventListener("change", listener);
    removeEventListener(THEME_CHANGED, listener);
  };
}
