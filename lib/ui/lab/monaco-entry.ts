// What goes into the editor's own bundle: an editor for device configurations, no more. It is built by
// lib/cli/bundle-monaco.mjs, apart from the pages, because it is large and changes only with its version.
//
// The browser loads it with
//   const base = `/monaco/${monacoVersion}`; // from ./monaco-version.ts
//   const { monaco } = await import(/* turbopackIgnore: true */ `${base}/monaco.js`);
// beside a stylesheet `${base}/monaco.css` and
//   self.MonacoEnvironment = {
//     getWorker: () => new Worker(`${base}/editor.worker.js`, { type: "module" }),
//   };
import * as monaco from "monaco-editor/editor";

import "monaco-editor/features/codeEditor/register";
import "monaco-editor/features/diffEditor/register";
import "monaco-editor/features/codicon/register";

import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codeAction/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/gotoLine/register";
import "monaco-editor/features/gotoSymbol/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/placeholderText/register";
import "monaco-editor/features/quickCommand/register";
import "monaco-editor/features/readOnlyMessage/register";
import "monaco-editor/features/snippet/register";
// The suggest feature registers only inline completions; the widget is its controller.
import "monaco-editor/editor/contrib/suggest/browser/suggestController";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/wordHighlighter/register";
import "monaco-editor/features/wordOperations/register";

export { monaco };
