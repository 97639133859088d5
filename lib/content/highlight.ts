// Code in a lesson, coloured as everything else is: hues belong to the network, the rest is ink.

import type { ElementContent } from "hast";
import { createHighlighterCore } from "shiki/core";
import type { HighlighterCore, ThemedToken, ThemeRegistration } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { IOS_GRAMMAR } from "./ios-grammar.ts";

/** Each colour of the theme stands for one of the page's own colours, which know light and dark. */
const INK = "#000000";
const COLOURS: Readonly<Record<string, string>> = {
  "#000001": "var(--ink-3)",
  "#000002": "var(--ink-2)",
  "#000003": "var(--vrf-text)",
  "#000004": "var(--physical-text)",
};

const THEME: ThemeRegistration = {
  name: "strata",
  type: "light",
  fg: INK,
  bg: "#ffffff",
  settings: [
    { settings: { foreground: INK } },
    { scope: ["comment", "punctuation.definition.comment"], settings: { foreground: "#000001" } },
    { scope: ["string"], settings: { foreground: "#000002" } },
    { scope: ["entity.name.vrf"], settings: { foreground: "#000003" } },
    { scope: ["entity.name.interface"], settings: { foreground: "#000004" } },
  ],
};

const ALIASES: Readonly<Record<string, string>> = {
  cisco: "ios",
  sh: "shellscript",
  bash: "shellscript",
  shell: "shellscript",
  yml: "yaml",
};

let highlighter: Promise<HighlighterCore> | undefined;

/** The lines of a fence as elements; a language that is not known is shown without colours. */
export async function highlight(
  code: string,
  language: string | null | undefined,
  marked: ReadonlySet<number>,
): Promise<ElementContent[]> {
  const core = await (highlighter ??= makeHighlighter());
  const wanted = language ? (ALIASES[language] ?? language) : "text";
  const lang = core.getLoadedLanguages().includes(wanted) ? wanted : "text";
  const { tokens } = core.codeToTokens(code, { lang, theme: "strata" });
  return tokens.flatMap((line, index) => [
    lineElement(line, marked.has(index + 1)),
    ...(index < tokens.length - 1 ? [{ type: "text", value: "\n" } as const] : []),
  ]);
}

function makeHighlighter(): Promise<HighlighterCore> {
  return createHighlighterCore({
    engine: createJavaScriptRegexEngine(),
    themes: [THEME],
    langs: [
      IOS_GRAMMAR,
      import("shiki/langs/shellscript.mjs"),
      import("shiki/langs/yaml.mjs"),
      import("shiki/langs/json.mjs"),
      import("shiki/langs/xml.mjs"),
    ],
  });
}

function lineElement(tokens: readonly ThemedToken[], isMarked: boolean): ElementContent {
  return {
    type: "element",
    tagName: isMarked ? "mark" : "span",
    properties: { className: ["line"] },
    children: tokens.map(tokenElement),
  };
}

function tokenElement(token: ThemedToken): ElementContent {
  const colour = COLOURS[token.color?.toLowerCase() ?? ""];
  const text = { type: "text", value: token.content } as const;
  if (!colour) return text;
  return {
    type: "element",
    tagName: "span",
    properties: { style: `color:${colour}` },
    children: [text],
  };
}
