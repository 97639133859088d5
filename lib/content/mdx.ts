// Lessons: MDX → Markdown tree → checked → HTML tree → React elements. No code is generated or run on the way.

import type { Element, Nodes as HastNodes, Root as Hast } from "hast";
import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import type { Components, CreateEvaluater } from "hast-util-to-jsx-runtime";
import type { Code, Nodes, Root } from "mdast";
import type { ReactElement } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import rehypeSlug from "rehype-slug";
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";
import remarkMdx from "remark-mdx";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified } from "unified";
import { visit } from "unist-util-visit";
import { highlight } from "./highlight.ts";
import type { LessonComponents } from "./lesson-components.ts";
import { checkLesson, parseFenceMeta } from "./safe-mdx.ts";
import type { LessonProblem } from "./safe-mdx.ts";
import { figuresIn } from "./figures.ts";
import type { Figure } from "./figures.ts";

export type Heading = { readonly id: string; readonly text: string; readonly depth: number };

export type Rendered =
  | { readonly ok: true; readonly element: ReactElement; readonly headings: readonly Heading[] }
  | { readonly ok: false; readonly problems: readonly LessonProblem[] };

/**
 * Render a lesson's text, front matter included, with the components a lesson may use. A text with mistakes
 * gives their lines and columns instead. Further components may replace Markdown's own elements, such as `a`.
 */
export async function renderLesson(
  source: string,
  components: LessonComponents & Components,
): Promise<Rendered> {
  const read = await readLesson(source);
  if (!read.ok) return read;
  const element = toJsxRuntime(read.tree, {
    Fragment,
    jsx,
    jsxs,
    components,
    createEvaluater: literalsOnly(components),
    ignoreInvalidStyle: true,
  }) as ReactElement;
  return { ok: true, element, headings: read.headings };
}

/** The figures of a lesson, for whoever checks that they can be computed; or what is wrong with its text. */
export async function readFigures(
  source: string,
): Promise<
  | { readonly ok: true; readonly figures: readonly Figure[] }
  | { readonly ok: false; readonly problems: readonly LessonProblem[] }
> {
  return readLesson(source);
}

type Read =
  | {
      readonly ok: true;
      readonly tree: Hast;
      readonly headings: readonly Heading[];
      readonly figures: readonly Figure[];
    }
  | { readonly ok: false; readonly problems: readonly LessonProblem[] };

const LONGEST_LESSON = 256 * 1024;
const DEEPEST = 100;
const TOO_DEEP =
  "This lesson is nested too deeply to be read: lists in quotes in lists, and so on.";
const MOST_KEPT = 64;
const MDX_NODES = ["mdxJsxFlowElement", "mdxJsxTextElement"] as const;

/** Trees of lessons by their text, so that an edited lesson is another one. */
const kept = new Map<string, Promise<Read>>();

function readLesson(source: string): Promise<Read> {
  const known = kept.get(source);
  if (known) return known;
  const oldest = kept.keys().next();
  if (kept.size >= MOST_KEPT && !oldest.done) kept.delete(oldest.value);
  const read = readText(source);
  kept.set(source, read);
  return read;
}

async function readText(source: string): Promise<Read> {
  if (source.length > LONGEST_LESSON) {
    return {
      ok: false,
      problems: [wholeText("This lesson is longer than 256 KB. Make two of it.")],
    };
  }
  const parsed = parse(source);
  if (!parsed.ok) return parsed;
  const problems = isTooDeep(parsed.tree) ? [wholeText(TOO_DEEP)] : checkLesson(parsed.tree);
  if (problems.length > 0) return { ok: false, problems };
  const figures = figuresIn(parsed.tree);
  unravel(parsed.tree);
  await highlightFences(parsed.tree);
  const tree = await unified()
    .use(remarkRehype, { passThrough: [...MDX_NODES] })
    .use(rehypeSlug)
    .run(parsed.tree);
  return { ok: true, tree, headings: headingsIn(tree), figures };
}

function parse(
  source: string,
): { ok: true; tree: Root } | { ok: false; problems: LessonProblem[] } {
  const parser = unified()
    .use(remarkParse)
    .use(remarkFrontmatter, ["yaml"])
    .use(remarkMdx)
    .use(remarkGfm);
  try {
    return { ok: true, tree: parser.parse(source) };
  } catch (error) {
    if (isSyntaxError(error)) return { ok: false, problems: [syntaxProblem(error)] };
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, problems: [wholeText(TOO_DEEP)] };
  }
}

/** Everything after parsing calls itself for what is inside, so depth is bounded before. */
function isTooDeep(tree: Root): boolean {
  let level: readonly Nodes[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((node) => ("children" in node ? node.children : []));
  }
  return false;
}

type SyntaxFault = { readonly reason: string; readonly line?: number; readonly column?: number };

function isSyntaxError(error: unknown): error is SyntaxFault {
  return error instanceof Error && "reason" in error && typeof error.reason === "string";
}

/** The parser's own words, with a hint where they leave an author alone. */
function syntaxProblem(error: SyntaxFault): LessonProblem {
  // For a tag that is never closed the place stands only in the sentence: "(3:1-3:10)".
  const [, inLine, inColumn] = /\((\d+):(\d+)-\d+:\d+\)/.exec(error.reason) ?? [];
  const line = error.line ?? Number(inLine ?? 1);
  const column = error.column ?? Number(inColumn ?? 1);
  const message = `${error.reason.replace(/\.$/, "")}. For the sign itself write \\< or \\{.`;
  return { line, column, endLine: line, endColumn: column + 1, message };
}

/** A paragraph that holds only components is those components: a figure cannot stand in a `p`. */
function unravel(tree: Root): void {
  visit(tree, "paragraph", (node, index, parent) => {
    const solid = node.children.filter((it) => it.type !== "text" || it.value.trim() !== "");
    const isBlock = solid.every(
      (it) =>
        it.type === "mdxJsxTextElement" &&
        /^(Network|Walk|Quiz|Lead|Note|details)$/.test(it.name ?? ""),
    );
    if (!parent || index === undefined || solid.length === 0 || !isBlock) return;
    const flow = solid.map((it) => ({ ...it, type: "mdxJsxFlowElement" }));
    parent.children.splice(index, 1, ...(flow as typeof parent.children));
    return index;
  });
}

async function highlightFences(tree: Root): Promise<void> {
  const fences: Code[] = [];
  visit(tree, "code", (node) => void fences.push(node));
  for (const node of fences) {
    const meta = parseFenceMeta(node.meta);
    const hChildren = await highlight(node.value, node.lang, meta?.marked ?? new Set());
    const hProperties = meta?.file ? { "data-file": meta.file } : {};
    node.data = { ...node.data, hChildren, hProperties } as NonNullable<Code["data"]>;
  }
}

function headingsIn(tree: Hast): readonly Heading[] {
  const headings: Heading[] = [];
  visit(tree, "element", (node: Element) => {
    const depth = Number(/^h([2-6])$/.exec(node.tagName)?.[1]);
    const { id } = node.properties;
    if (depth && typeof id === "string") headings.push({ id, text: textOf(node), depth });
  });
  return headings;
}

function textOf(node: HastNodes): string {
  if (node.type === "text") return node.value;
  return "children" in node ? node.children.map(textOf).join("") : "";
}

/** The names of components and the values that `checkLesson` left: nothing else can be evaluated. */
function literalsOnly(components: Components): CreateEvaluater {
  return () => ({
    evaluateExpression(it) {
      if (it.type === "Identifier" && Object.hasOwn(components, it.name)) {
        return new Map<string, unknown>(Object.entries(components)).get(it.name);
      }
      if (it.type === "Literal") return it.value;
      throw new Error(`A lesson was rendered with an unchecked ${it.type}`);
    },
    evaluateProgram() {
      throw new Error("A lesson was rendered with an unchecked program");
    },
  });
}

function wholeText(message: string): LessonProblem {
  return { line: 1, column: 1, endLine: 1, endColumn: 1, message };
}
