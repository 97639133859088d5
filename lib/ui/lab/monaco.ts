import { loader } from "@monaco-editor/react";
import type * as Monaco from "monaco-editor";
import { iosGrammar, shellGrammar } from "./languages.ts";
import { monacoVersion } from "./monaco-version.ts";

export type MonacoApi = typeof Monaco;

const BASE = `/monaco/${monacoVersion}`;
let loading: Promise<MonacoApi> | null = null;

/** The editor, from this product's own files. A load that failed is tried again the next time. */
export function loadMonaco(): Promise<MonacoApi> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<MonacoApi> {
  Object.assign(self, {
    MonacoEnvironment: {
      getWorker: () => new Worker(`${BASE}/editor.worker.js`, { type: "module" }),
    },
  });
  const [{ monaco }] = await Promise.all([
    import(/* turbopackIgnore: true */ `${BASE}/monaco.js`) as Promise<{ monaco: MonacoApi }>,
    stylesheet(`${BASE}/monaco.css`),
  ]);
  loader.config({ monaco });
  await loader.init();
  teach(monaco);
  return monaco;
}

function stylesheet(href: string): Promise<void> {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error(`${href} could not be loaded`));
    };
    document.head.append(link);
  });
}

function teach(monaco: MonacoApi): void {
  if (monaco.languages.getLanguages().some((it) => it.id === "ios")) return;
  monaco.languages.register({ id: "ios", extensions: [".ios"] });
  monaco.languages.setMonarchTokensProvider("ios", iosGrammar);
  monaco.languages.setLanguageConfiguration("ios", { comments: { lineComment: "!" } });
  monaco.languages.register({ id: "net-shell", extensions: [".sh"] });
  monaco.languages.setMonarchTokensProvider("net-shell", shellGrammar);
  monaco.languages.setLanguageConfiguration("net-shell", { comments: { lineComment: "#" } });
  for (const theme of ["light", "dark"] as const) {
    monaco.editor.defineTheme(`strata-${theme}`, themeFrom(theme));
  }
}

/** The tokens of the page as the editor wants them: it cannot read CSS variables itself. */
function themeFrom(theme: "light" | "dark"): Monaco.editor.IStandaloneThemeData {
  const probe = document.createElement("span");
  probe.style.colorScheme = theme;
  document.body.append(probe);
  const hex = (token: string) => {
    probe.style.color = `var(--${token})`;
    return hexOf(getComputedStyle(probe).color);
  };
  const rule = (token: string, from: string) => ({ token, foreground: hex(from).slice(1) });
  const data: Monaco.editor.IStandaloneThemeData = {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: false,
    rules: [
      rule("", "ink"),
      rule("keyword", "ink"),
      rule("address", "ink"),
      rule("string", "ink-2"),
      rule("comment", "ink-3"),
      rule("interface", "physical-text"),
      rule("container", "container-text"),
      rule("vrf", "vrf-text"),
    ],
    colors: {
      "editor.background": hex("raised"),
      "editor.foreground": hex("ink"),
      "editorLineNumber.foreground": hex("ink-3"),
      "editorLineNumber.activeForeground": hex("ink"),
      "editorCursor.foreground": hex("ink"),
      "editor.selectionBackground": `${hex("control")}55`,
      "editor.inactiveSelectionBackground": `${hex("control")}33`,
      "editor.lineHighlightBackground": "#00000000",
      "editor.lineHighlightBorder": "#00000000",
      "editor.wordHighlightBackground": `${hex("control")}22`,
      "editor.findMatchBackground": hex("mark"),
      "editor.findMatchHighlightBackground": `${hex("mark")}99`,
      "editorIndentGuide.background1": "#00000000",
      "editorIndentGuide.activeBackground1": "#00000000",
      "editorError.foreground": hex("ink"),
      "editorWarning.foreground": hex("ink-2"),
      "editorInfo.foreground": hex("ink-3"),
      "editorMarkerNavigation.background": hex("page"),
      "editorMarkerNavigationError.background": hex("ink"),
      "editorMarkerNavigationWarning.background": hex("ink-2"),
      "editorMarkerNavigationInfo.background": hex("ink-3"),
      "editorWidget.background": hex("raised"),
      "editorWidget.foreground": hex("ink"),
      "editorWidget.border": hex("line-strong"),
      "editorHoverWidget.background": hex("raised"),
      "editorHoverWidget.border": hex("line-strong"),
      "input.background": hex("page"),
      "input.foreground": hex("ink"),
      "input.border": hex("control"),
      focusBorder: hex("ink"),
      "scrollbarSlider.background": `${hex("control")}44`,
      "scrollbarSlider.hoverBackground": `${hex("control")}77`,
      "scrollbarSlider.activeBackground": `${hex("control")}99`,
      "widget.shadow": "#00000022",
    },
  };
  probe.remove();
  return data;
}

/** `rgb(1, 2, 3)` as `#010203`. */
function hexOf(rgb: string): string {
  const parts = (rgb.match(/\d+(\.\d+)?/g) ?? []).slice(0, 3).map(Number);
  return `#${parts.map((it) => Math.round(it).toString(16).padStart(2, "0")).join("")}`;
}
