import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type ParsedNode,
} from "yaml";
import type { Span } from "../source/span.ts";

/** A value of a YAML text, with where it stands; aliases and merge keys are followed already. */
export type YamlNode =
  | {
      readonly kind: "scalar";
      readonly value: YamlScalar;
      readonly text: string;
      readonly at: Span;
    }
  | { readonly kind: "list"; readonly items: readonly YamlNode[]; readonly at: Span }
  | { readonly kind: "map"; readonly entries: readonly YamlEntry[]; readonly at: Span };

export type YamlScalar = string | number | boolean | null;

/** `at` is where the key stands. */
export type YamlEntry = { readonly key: string; readonly at: Span; readonly value: YamlNode };

/** What is wrong with a text: `said` in the words that the readers of YAML have for it. */
export type YamlProblem = { readonly said: string; readonly at: Span };

/** Texts are not nested deeper than this, and hold no more values once aliases are followed. */
const DEEPEST = 60;
const WIDEST_INDENT = 200;
const MOST_VALUES = 200_000;
const MOST_PROBLEMS = 50;

/** Read one YAML document. Never fails: `root` is `null` when there is nothing, or when a problem leaves no value. */
export function parseYaml(
  file: string,
  text: string,
): { root: YamlNode | null; problems: YamlProblem[] } {
  const deep = tooDeepAt(text);
  if (deep !== -1)
    return {
      root: null,
      problems: [{ said: "yaml: exceeded max depth", at: { file, from: deep, to: deep + 1 } }],
    };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    // That a key comes twice is said below, in the words of compose's own reader, and in linear time.
    uniqueKeys: false,
    logLevel: "silent",
    version: "1.2",
  });
  const problems = document.errors
    .slice(0, MOST_PROBLEMS)
    .map(({ message, pos: [from, to] }): YamlProblem => {
      const start = Math.min(from, text.length);
      const at = { file, from: start, to: Math.min(Math.max(to, start), text.length) };
      return { said: `yaml: line ${lines.linePos(start).line}: ${lowered(message)}`, at };
    });
  if (problems.length > 0 || !document.contents) return { root: null, problems };
  return new Follower(file, text, document, lines).follow();
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

// The reader of YAML calls itself for every level, so a text that opens too many is not handed to it. Brackets inside
// strings count, too: nobody closes sixty of them too few.
function tooDeepAt(text: string): number {
  let open = 0;
  for (const match of text.matchAll(/[[{\]}]|^[ \t]*(?:[-?:](?:[ \t]+|$))*/gm)) {
    const [token] = match;
    if (token === "[" || token === "{") open++;
    else if (token === "]" || token === "}") open = Math.max(0, open - 1);
    else if (token.length > WIDEST_INDENT || token.split(/[-?:]/).length > DEEPEST)
      return match.index;
    if (open > DEEPEST) return match.index;
  }
  return -1;
}

class Follower {
  private readonly file: string;
  private readonly text: string;
  private readonly document: Document.Parsed;
  private readonly problems: YamlProblem[] = [];
  private readonly lines: LineCounter;
  private readonly anchored = new Map<string, YamlNode | null>();
  private values = 0;

  constructor(file: string, text: string, document: Document.Parsed, lines: LineCounter) {
    this.lines = lines;
    this.file = file;
    this.text = text;
    this.document = document;
  }

  follow(): { root: YamlNode | null; problems: YamlProblem[] } {
    const root = this.node(this.document.contents, 0);
    return { root: this.problems.length > 0 ? null : root, problems: this.problems };
  }

  private node(node: ParsedNode | null, depth: number): YamlNode {
    const at = this.span(node);
    if (++this.values > MOST_VALUES || depth > DEEPEST) {
      if (this.problems.length === 0)
        this.complain("yaml: document contains excessive aliasing", at);
      return { kind: "scalar", value: null, text: "", at };
    }
    if (isAlias(node)) return this.aliased(node.source, at);
    const anchor = node !== null && "anchor" in node ? node.anchor : undefined;
    if (node === null || anchor === undefined) return this.plain(node, at, depth);
    // What an anchor names is followed once, however many aliases there are, and never within itself.
    this.anchored.set(anchor, null);
    const made = this.plain(node, at, depth);
    this.anchored.set(anchor, made);
    return made;
  }

  private aliased(name: string, at: Span): YamlNode {
    const known = this.anchored.get(name);
    if (known) return known;
    const said = this.anchored.has(name)
      ? `yaml: anchor '${name}' value contains itself`
      : `yaml: unknown anchor '${name}' referenced`;
    this.complain(said, at);
    return { kind: "scalar", value: null, text: "", at };
  }

  private plain(node: ParsedNode | null, at: Span, depth: number): YamlNode {
    if (isSeq(node))
      return {
        kind: "list",
        items: node.items.map((item) => this.node(item as ParsedNode, depth + 1)),
        at,
      };
    if (isMap(node)) return { kind: "map", entries: this.entries(node, depth), at };
    if (!isScalar(node)) return { kind: "scalar", value: null, text: "", at };
    const { value } = node;
    const text = typeof node.source === "string" ? node.source : String(value ?? "");
    return { kind: "scalar", value: isPlain(value) ? value : String(value), text, at };
  }

  // What a merge key brings stands behind what the map says itself.
  private entries(map: { items: { key: unknown; value: unknown }[] }, depth: number): YamlEntry[] {
    const own: YamlEntry[] = [];
    const said = new Map<string, number>();
    const merged: YamlEntry[] = [];
    for (const { key, value } of map.items) {
      const node = this.node(value as ParsedNode | null, depth + 1);
      if (isScalar(key) && (key.value === "<<" || typeof key.value === "symbol")) {
        const sources = node.kind === "list" ? node.items : [node];
        for (const source of sources)
          for (const entry of source.kind === "map" ? source.entries : []) {
            if (++this.values > MOST_VALUES) break;
            merged.push(entry);
          }
        continue;
      }
      const name = isScalar(key) ? String(key.source ?? key.value) : "";
      const at = this.span(key as ParsedNode | null);
      const { line } = this.lines.linePos(at.from);
      const before = said.get(name);
      if (before !== undefined)
        this.complain(
          `yaml: line ${line}: mapping key "${name}" already defined at line ${before}`,
          at,
        );
      said.set(name, line);
      own.push({ key: name, at, value: node });
    }
    for (const entry of merged) {
      if (said.has(entry.key)) continue;
      said.set(entry.key, 0);
      own.push(entry);
    }
    return own;
  }

  private complain(said: string, at: Span): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ said, at });
  }

  private span(node: ParsedNode | null): Span {
    const [from = 0, to = 0] = node?.range ?? [];
    const end = Math.min(to, this.text.length);
    return { file: this.file, from: Math.min(from, end), to: end };
  }
}

function isPlain(value: unknown): value is YamlScalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
