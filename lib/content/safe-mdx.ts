// What a lesson may say. Everything that is not on a list here is refused, with its line and column.

import type { Expression, Program } from "estree";
import type { Code, Node, Root, RootContentMap } from "mdast";
import { visit } from "unist-util-visit";
import type { Files } from "#lib/net/source/span.ts";
import { LESSON_COMPONENTS } from "./lesson-components.ts";
import type { AttributeRule, ComponentRule } from "./lesson-components.ts";
import { nearest } from "./zod-words.ts";

/** Something an author has to put right in a lesson; lines and columns count from 1. */
export type LessonProblem = {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly message: string;
};

type Element = RootContentMap["mdxJsxFlowElement" | "mdxJsxTextElement"];
type Attribute = Element["attributes"][number];
type NamedAttribute = Extract<Attribute, { type: "mdxJsxAttribute" }>;
type Report = (node: Pick<Node, "position"> | undefined, message: string) => void;
type Examples = ReadonlyMap<string, Files>;

/** HTML elements a lesson may use, with their attributes. */
const HTML: Readonly<Record<string, readonly string[]>> = {
  abbr: ["title"],
  br: [],
  details: ["open"],
  kbd: [],
  sub: [],
  summary: [],
  sup: [],
};

/**
 * Check a lesson, and leave in the tree only what was checked: comments go, and every attribute becomes the
 * plain value it was found to be. A tree without problems therefore holds nothing left to evaluate.
 */
export function checkLesson(tree: Root): readonly LessonProblem[] {
  const problems: LessonProblem[] = [];
  // A number that a visitor returns is where to go on, so `push` must not be the value of this.
  const report: Report = (node, message) => void problems.push(problemOf(node, message));
  const examples = examplesIn(tree, report);
  visit(tree, (node, index, parent) => {
    switch (node.type) {
      case "mdxjsEsm":
        return report(node, "A lesson cannot import or export anything. Remove this line.");
      case "mdxFlowExpression":
      case "mdxTextExpression":
        if (isComment(node.value, node.data?.estree) && parent && index !== undefined) {
          parent.children.splice(index, 1);
          return index;
        }
        return report(
          node,
          `A lesson cannot compute: {${short(node.value)}} is no text. Write \\{ for a brace.`,
        );
      case "mdxJsxFlowElement":
      case "mdxJsxTextElement":
        return checkElement(node, examples, report);
      case "link":
      case "definition":
        if (isSafeLink(node.url)) return;
        return report(
          node,
          `A link cannot go to "${short(node.url)}". Use https://, mailto: or a path on this site.`,
        );
      case "image":
      case "imageReference":
        return report(node, "A lesson shows networks, not pictures of them. Use <Network />.");
      case "html":
        return report(node, "HTML is written as elements here, and only a few are known.");
      case "heading":
        if (node.depth > 1) return;
        return report(
          node,
          "The title stands in the lines above the text. Begin headings with ##.",
        );
      case "code":
        return checkFence(node, report);
    }
    return;
  });
  return problems;
}

/** Whether a link may lead there: to the web, to mail, or to a place on this site. */
export function isSafeLink(url: string): boolean {
  // Browsers skip some control characters and read \ as /, so a link with either is not what it seems.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(url)) return false;
  if (/^https?:\/\/[^/]/i.test(url) || /^mailto:[^/]/i.test(url)) return URL.canParse(url);
  if (/^[^/?#]*:/.test(url)) return false;
  const here = "https://lesson.invalid";
  return URL.canParse(url, `${here}/a/b`) && new URL(url, `${here}/a/b`).origin === here;
}

/** What a fence says behind its language: `file=edge/startup.ios name=two-tables mark=3,7-8`. */
export type FenceMeta = {
  readonly file: string | null;
  readonly name: string | null;
  readonly marked: ReadonlySet<number>;
};

/** Read what stands behind a fence's language; `null` when a word of it is none of file, name and mark. */
export function parseFenceMeta(meta: string | null | undefined): FenceMeta | null {
  const words = (meta ?? "").split(/\s+/).filter((word) => word !== "");
  const values = new Map(words.map((word) => word.split("=", 2) as [string, string | undefined]));
  if ([...values].some(([key, value]) => !["file", "name", "mark"].includes(key) || !value)) {
    return null;
  }
  const marked = parseLines(values.get("mark") ?? "");
  const file = values.get("file") ?? null;
  return marked && { file, name: values.get("name") ?? null, marked };
}

/** The files of each example of a lesson, gathered from its fences. */
function examplesIn(tree: Root, report: Report): Examples {
  const examples = new Map<string, Record<string, string>>();
  visit(tree, "code", (node: Code) => {
    const meta = parseFenceMeta(node.meta);
    if (!meta?.name) return;
    if (!meta.file) {
      return report(
        node,
        `The example "${meta.name}" needs its file, as in file=edge/startup.ios.`,
      );
    }
    const files = examples.get(meta.name) ?? {};
    if (Object.hasOwn(files, meta.file)) {
      return report(node, `The example "${meta.name}" has the file ${meta.file} twice.`);
    }
    examples.set(meta.name, { ...files, [meta.file]: `${node.value}\n` });
  });
  return examples;
}

function checkFence(node: Code, report: Report): void {
  if (parseFenceMeta(node.meta)) return;
  report(
    node,
    `"${short(node.meta ?? "")}" says nothing here. Behind the language may stand file=, name= and mark=3,5-7.`,
  );
}

function parseLines(text: string): ReadonlySet<number> | null {
  const lines = new Set<number>();
  for (const part of text.split(",").filter((it) => it !== "")) {
    const [, from = "", to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    if (!from) return null;
    for (let line = Number(from); line <= Number(to); line++) lines.add(line);
  }
  return lines;
}

function checkElement(node: Element, examples: Examples, report: Report): void {
  const { name } = node;
  if (name === null) {
    if (node.attributes.length > 0) report(node, "A fragment <> has no attributes.");
    return;
  }
  if (Object.hasOwn(HTML, name)) return checkHtml(node, HTML[name] ?? [], report);
  const rule = ruleOf(name);
  if (!rule) return report(node, unknownElement(name));
  if (rule.holds === "nothing" && node.children.length > 0) {
    report(node, `<${name}> holds no text. Close it at once: <${name} />.`);
  }
  if (rule.holds === "inline" && node.children.some((child) => isBlock(child))) {
    report(node, `<${name}> holds words, not paragraphs. Write it within a line.`);
  }
  const values = valuesOfAttributes(node, rule, report);
  if (name === "Quiz") checkQuiz(node, values, report);
  node.attributes = [...values].map(([key, value]) => literalAttribute(key, value));
  if ("in" in rule.attributes) giveFiles(node, values.get("in"), examples, report);
}

function ruleOf(name: string): ComponentRule | null {
  const rules: Readonly<Record<string, ComponentRule>> = LESSON_COMPONENTS;
  return Object.hasOwn(rules, name) ? (rules[name] ?? null) : null;
}

function isBlock(node: Node): boolean {
  return ["list", "heading", "code", "blockquote", "table", "mdxJsxFlowElement"].includes(
    node.type,
  );
}

function unknownElement(name: string): string {
  const meant = nearest(name, Object.keys(LESSON_COMPONENTS));
  if (meant) return `A lesson has no <${name}>. Did you mean <${meant}>?`;
  return `A lesson has no <${name}>. It has ${Object.keys(LESSON_COMPONENTS).join(", ")}. Write \\< for the sign.`;
}

function checkHtml(node: Element, known: readonly string[], report: Report): void {
  for (const it of node.attributes) {
    if (it.type === "mdxJsxExpressionAttribute") report(it, SPREAD);
    else if (!known.includes(it.name))
      report(it, `<${node.name}> has no attribute "${it.name}" here.`);
    else if (it.value !== null && typeof it.value === "object") {
      report(it, `"${it.name}" should be text in quotes.`);
    }
  }
}

const SPREAD = "Attributes are written one by one: {...} is not known here.";

/** The attributes that are right, by name. Every other one is reported. */
function valuesOfAttributes(
  node: Element,
  rule: ComponentRule,
  report: Report,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const it of node.attributes) {
    if (it.type === "mdxJsxExpressionAttribute") report(it, SPREAD);
    else if (values.has(it.name)) report(it, `"${it.name}" stands here twice.`);
    else readAttribute(node, it, rule, values, report);
  }
  for (const [key, { required }] of Object.entries(rule.attributes)) {
    if (required && !node.attributes.some((it) => isNamed(it, key))) {
      report(node, `<${node.name}> needs the attribute "${key}".`);
    }
  }
  return values;
}

function isNamed(it: Attribute, name: string): boolean {
  return it.type === "mdxJsxAttribute" && it.name === name;
}

function readAttribute(
  node: Element,
  it: NamedAttribute,
  rule: ComponentRule,
  values: Map<string, unknown>,
  report: Report,
): void {
  const wanted = Object.hasOwn(rule.attributes, it.name) ? rule.attributes[it.name] : undefined;
  if (!wanted) {
    const known = Object.keys(rule.attributes).join(", ") || "none";
    return report(it, `<${node.name}> has no attribute "${it.name}". It has ${known}.`);
  }
  const read = valueOf(it);
  if (!read) {
    return report(it, `"${it.name}" should be a plain value: text, a number or a list of texts.`);
  }
  const wrong = mismatch(read.value, wanted);
  if (wrong) return report(it, `"${it.name}" should be ${wrong}.`);
  values.set(it.name, read.value);
}

/** What a value should have been, or `null` when it is. */
function mismatch(value: unknown, rule: AttributeRule): string | null {
  switch (rule.kind) {
    case "text":
    case "example":
      return typeof value === "string" && value.trim() !== "" ? null : "text in quotes";
    case "word":
      return rule.among.some((it) => it === value) ? null : rule.among.join(" or ");
    case "number": {
      const fits =
        Number.isInteger(value) && rule.min <= Number(value) && Number(value) <= rule.max;
      return fits
        ? null
        : `a whole number from ${rule.min} to ${rule.max} in braces, as in {${rule.min}}`;
    }
    case "texts": {
      const texts =
        Array.isArray(value) && value.every((it) => typeof it === "string" && it !== "");
      return texts && value.length >= rule.min
        ? null
        : `a list of ${rule.min} or more texts, {["one", "two"]}`;
    }
  }
}

function checkQuiz(node: Element, values: ReadonlyMap<string, unknown>, report: Report): void {
  const options = values.get("options");
  const answer = values.get("answer");
  if (!Array.isArray(options) || typeof answer !== "number" || answer <= options.length) return;
  const at = node.attributes.find((it) => isNamed(it, "answer"));
  report(at ?? node, `There are ${options.length} options, and the answer is number ${answer}.`);
}

/** A component that shows a network is given the files of the example it names, never a file of an answer. */
function giveFiles(node: Element, name: unknown, examples: Examples, report: Report): void {
  const at = node.attributes.find((it) => isNamed(it, "in"));
  const isStart = name === undefined || name === "start";
  const files = isStart ? {} : examples.get(String(name));
  if (!files) {
    const known = ["start", ...examples.keys()].join(", ");
    return report(
      node,
      `This lesson has no example "${String(name)}". It has ${known}. A fence is one when it says name=${String(name)} file=….`,
    );
  }
  node.attributes = node.attributes.filter((it) => it !== at);
  node.attributes.push(literalAttribute("files", files));
}

/** An attribute whose value is already what it will be: there is nothing to evaluate but a literal. */
function literalAttribute(name: string, value: unknown): NamedAttribute {
  const expression = { type: "Literal", value } as unknown as Expression;
  const estree = {
    type: "Program",
    sourceType: "module",
    body: [{ type: "ExpressionStatement", expression }],
  } as unknown as Program;
  return {
    type: "mdxJsxAttribute",
    name,
    value: { type: "mdxJsxAttributeValueExpression", value: "", data: { estree } },
  };
}

function valueOf(it: NamedAttribute): { value: unknown } | null {
  if (it.value === null || it.value === undefined) return { value: true };
  if (typeof it.value === "string") return { value: it.value };
  const [statement, ...rest] = it.value.data?.estree?.body ?? [];
  if (statement?.type !== "ExpressionStatement" || rest.length > 0) return null;
  return plainValue(statement.expression);
}

/** The value of an expression that is only a value: text, a number, true or false, or a list of such. */
function plainValue(it: Expression): { value: unknown } | null {
  switch (it.type) {
    case "Literal":
      return ["string", "number", "boolean"].includes(typeof it.value) ? { value: it.value } : null;
    case "TemplateLiteral":
      return it.expressions.length === 0 ? { value: it.quasis[0]?.value.cooked ?? "" } : null;
    case "ArrayExpression": {
      const items = it.elements.map((item) =>
        item === null || item.type === "SpreadElement" ? null : plainValue(item),
      );
      return items.every((item) => item !== null)
        ? { value: items.map((item) => item.value) }
        : null;
    }
    default:
      return null;
  }
}

function isComment(value: string, estree: Program | null | undefined): boolean {
  return (estree ? estree.body.length === 0 : true) && /^\s*(\/\*[^]*\*\/\s*)*$/.test(value);
}

function problemOf(node: Pick<Node, "position"> | undefined, message: string): LessonProblem {
  const { start, end } = node?.position ?? {};
  const line = start?.line ?? 1;
  const column = start?.column ?? 1;
  return {
    line,
    column,
    endLine: end?.line ?? line,
    endColumn: end?.column ?? column,
    message,
  };
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
