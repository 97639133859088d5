import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import type { Document, Node } from "yaml";
import type { z } from "zod";
import { ContentError } from "./content-error.ts";
import type { Problem } from "./content-error.ts";
import { problemAt } from "./fill.ts";
import type { Filled } from "./fill.ts";
import { wordsOf } from "./zod-words.ts";

/** Keys and numbers that lead from the top of a YAML text to one of its values. */
export type Path = readonly PropertyKey[];

/** A YAML text that was read: its plain value, and where in the author's file each part of it stands. */
export type YamlText = {
  readonly value: unknown;
  /** A problem with the value at `path`, or with its key. A path that leads nowhere points as far as it leads. */
  readonly problem: (path: Path, message: string, part?: "key" | "value") => Problem;
};

/** YAML as it stands in a file, when nothing was filled in. `start` is where it begins in the whole file. */
export function plain(text: string, start = 0): Filled {
  return { text, originOf: (offset) => start + offset };
}

/**
 * Read YAML 1.2 without custom tags. `filled` is what is read, `source` the author's whole file for
 * positions. Throws `ContentError` for what is no YAML.
 */
export function readYaml(file: string, source: string, filled: Filled): YamlText {
  const at = (offset: number, message: string): Problem =>
    problemAt(file, source, filled.originOf(offset), message);
  const document = parseDocument(filled.text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    schema: "core",
    version: "1.2",
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ContentError(faults.map((fault) => at(fault.pos[0], yamlWords(fault.message))));
  }
  const loose = looseAliases(document).map(({ offset, name }) => at(offset, noAnchor(name)));
  if (loose.length > 0) throw new ContentError(loose);
  return {
    value: plainValue(document, (message) => at(0, message)),
    problem: (path, message, part = "value") => at(offsetOf(document, path, part), message),
  };
}

/** Check what was read against `schema`; throws `ContentError` with every problem in its place. */
export function checkYaml<Schema extends z.ZodType>(
  yaml: YamlText,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(yaml.value, { reportInput: true });
  if (result.success) return result.data;
  throw new ContentError(
    result.error.issues
      .flatMap((issue) => wordsOf(issue))
      .map(({ path, message, part }) => yaml.problem(path, message, part)),
  );
}

/** Whether an offset of a YAML text lies in a comment. */
export function commentsIn(text: string): (offset: number) => boolean {
  const comments: { from: number; to: number }[] = [];
  let offset = 0;
  let before = "";
  for (const token of new Lexer().lex(text)) {
    // The lexer marks the start of a document and of a plain scalar by control characters that are not in the text.
    const isMark = token === "\x02" || token === "\x18" || token === "\x1f";
    const end = offset + (isMark ? 0 : token.length);
    if (token.startsWith("#") && before !== "\x1f") comments.push({ from: offset, to: end });
    offset = end;
    before = token;
  }
  return (at) => comments.some(({ from, to }) => from <= at && at < to);
}

const MOST_ALIASES = 50;

function plainValue(document: Document, problem: (message: string) => Problem): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ContentError([problem(`This YAML cannot be read: ${error.message}.`)]);
  }
}

/** Aliases such as *site that stand for nothing. */
function looseAliases(document: Document): readonly { name: string; offset: number }[] {
  const found: { name: string; offset: number }[] = [];
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document)) return;
      found.push({ name: node.source, offset: node.range?.[0] ?? 0 });
    },
  });
  return found;
}

function noAnchor(name: string): string {
  return `*${name} stands for nothing: there is no &${name} before it. Text with a star goes into quotes.`;
}

function yamlWords(message: string): string {
  const sentence = message.replace(/\s+/g, " ").trim();
  return `This is not YAML as expected: ${sentence}${/[.!?]$/.test(sentence) ? "" : "."}`;
}

function offsetOf(document: Document, path: Path, part: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  path.forEach((step, index) => {
    const found = childOf(resolve(node, document), step);
    if (!found) return void (node = null);
    const wantsKey = part === "key" && index === path.length - 1;
    offset = (wantsKey ? startOf(found.key) : startOf(found.value)) ?? startOf(found.key) ?? offset;
    node = found.value;
  });
  return offset;
}

function resolve(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function childOf(node: unknown, step: PropertyKey): { key: unknown; value: unknown } | null {
  if (isSeq(node)) return { key: null, value: node.items[Number(step)] };
  if (!isMap(node)) return null;
  const pair = node.items.find(
    (it) => isPair(it) && String(isNode(it.key) ? it.key.toJSON() : it.key) === String(step),
  );
  return pair ? { key: pair.key, value: pair.value } : null;
}

function startOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}
