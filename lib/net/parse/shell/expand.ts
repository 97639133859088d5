import { compute } from "./arithmetic.ts";
import { placeIn, type Piece, type ShellWord } from "./placed.ts";
import { printed } from "./print.ts";
import type { Otherwise, Part, RawWord } from "./syntax.ts";

/** What a word's expansion needs to know, and the budget that keeps it finite. */
export type Surroundings = {
  readonly script: ShellWord;
  readonly variables: Map<string, string>;
  readonly status: boolean;
  /** Characters that expansions may still make. */
  readonly budget: { left: number };
};

/** Where an expansion goes beyond what is simulated. */
export class Unsupported {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  constructor(what: string, part: { from: number; to: number }) {
    this.what = what;
    this.from = part.from;
    this.to = part.to;
  }
}

// A brace expansion makes at most this many words.
const MAX_WORDS = 10_000;

// A stretch of expanded text; an unquoted one that came from a variable is split at blanks.
type Run = {
  readonly text: string;
  readonly quoted: boolean;
  readonly splits: boolean;
  readonly from: number;
  readonly to: number;
};

/** The words that come of one: none, one or many. Throws `Unsupported`. */
export function expand(word: RawWord, around: Surroundings): ShellWord[] {
  const [only, ...more] = word.parts;
  if (only?.kind === "text" && more.length === 0 && (only.quoted || !/[{*?]/.test(only.text)))
    return [finished([{ ...only, splits: false }], word, around)];
  return braces(word.parts).flatMap((parts) => {
    const fields = split(parts.flatMap((part) => runsOf(part, around)));
    return fields.map((runs) => finished(runs, word, around));
  });
}

/** The one text that comes of a word where the shell does not split: assignments and here-documents. */
export function expandText(word: RawWord, around: Surroundings): ShellWord {
  return finished(
    word.parts.flatMap((part) => runsOf(part, around)),
    word,
    around,
    false,
  );
}

function finished(
  runs: readonly Run[],
  word: RawWord,
  around: Surroundings,
  patterns = true,
): ShellWord {
  const span = placeIn(around.script, word.from, word.to);
  let text = "";
  const pieces: Piece[] = [];
  for (const run of runs) {
    if (patterns && !run.quoted && run.text.includes("*") && run.text.includes("/"))
      throw new Unsupported("A file pattern", run);
    if (run.text === "") continue;
    const place = placeIn(around.script, run.from, run.to);
    pieces.push({ at: text.length, from: place.from, to: place.to });
    text += run.text;
  }
  around.budget.left -= text.length;
  if (around.budget.left < 0) throw new Unsupported("Text this long", word);
  const [piece, ...more] = pieces;
  // The common word stands as it is written, and needs no map.
  const same = !piece || (more.length === 0 && piece.from === span.from && piece.to === span.to);
  return same ? { text, span } : { text, span, pieces };
}

function runsOf(part: Part, around: Surroundings): Run[] {
  switch (part.kind) {
    case "text":
      return [{ ...part, splits: false }];
    case "unsupported":
      throw new Unsupported(part.what, part);
    case "variable":
      return variable(part.name, part.otherwise, part, around);
    case "arithmetic": {
      const value = compute(part.text, (name) => around.variables.get(name) ?? "");
      if (value === null) throw new Unsupported("This arithmetic", part);
      return [made(String(value), part)];
    }
    case "output-of": {
      const words = part.words.flatMap((word) => expand(word, around)).map((word) => word.text);
      const output = printed(words);
      if (output === null) throw new Unsupported("A command substitution", part);
      return [made(output.replace(/\n+$/, ""), part)];
    }
  }
}

function made(text: string, part: Part): Run {
  return { text, quoted: true, splits: !part.quoted, from: part.from, to: part.to };
}

function variable(
  name: string,
  otherwise: Otherwise | null,
  part: Part,
  around: Surroundings,
): Run[] {
  const value = name === "?" ? (around.status ? "0" : "1") : around.variables.get(name);
  if (!otherwise) return [made(value ?? "", part)];
  const absent = value === undefined || (otherwise.ifEmpty && value === "");
  if (otherwise.sign === "+")
    return absent ? [made("", part)] : inner(otherwise.word, part, around);
  if (!absent) return [made(value, part)];
  const runs = inner(otherwise.word, part, around);
  if (otherwise.sign === "=") around.variables.set(name, runs.map((run) => run.text).join(""));
  return runs;
}

function inner(word: RawWord, part: Part, around: Surroundings): Run[] {
  return word.parts
    .flatMap((one) => runsOf(one, around))
    .map((run) => (run.quoted && !run.splits ? run : made(run.text, part)));
}

// Cut where an unquoted expansion has blanks.
function split(runs: readonly Run[]): Run[][] {
  if (!runs.some((run) => run.splits)) return runs.length > 0 ? [[...runs]] : [];
  const fields: Run[][] = [];
  let field: Run[] | null = null;
  for (const run of runs) {
    if (!run.splits) {
      (field ??= []).push(run);
      continue;
    }
    for (const [index, text] of run.text.split(/[ \t\n]+/).entries()) {
      if (index > 0 && field) {
        fields.push(field);
        field = null;
      }
      if (text !== "") (field ??= []).push({ ...run, text });
    }
  }
  if (field) fields.push(field);
  return fields;
}

// `{a,b}` and `{1..3}`, before anything else is expanded; `parts` comes back alone when there is nothing of the kind.
function braces(parts: readonly Part[]): (readonly Part[])[] {
  const found = braced(parts);
  if (!found) return [parts];
  const { before, choices, after } = found;
  const tails = braces(after);
  if (tails.length * choices.length > MAX_WORDS)
    throw new Unsupported("A brace expansion this long", parts[0]!);
  return choices
    .flatMap((choice) => braces(choice))
    .flatMap((middle) => tails.map((tail) => [...before, ...middle, ...tail]));
}

type Braced = {
  readonly before: readonly Part[];
  readonly choices: readonly (readonly Part[])[];
  readonly after: readonly Part[];
};

// Nested braces, and more than a few in one word, are beyond any script.
const MAX_BRACES = 200;

function braced(parts: readonly Part[]): Braced | null {
  const marks = marksOf(parts);
  if (marks.length > MAX_BRACES) return null;
  for (const [index, mark] of marks.entries()) {
    if (mark.c !== "{") continue;
    const inside = insideOf(marks, index);
    if (!inside) continue;
    const { commas, close } = inside;
    const cuts = [mark, ...commas, close];
    const choices =
      commas.length > 0
        ? cuts.slice(1).map((cut, at) => between(parts, cuts[at]!, cut))
        : sequence(between(parts, mark, close));
    if (!choices) continue;
    return { before: between(parts, null, mark), choices, after: between(parts, close, null) };
  }
  return null;
}

type Mark = { readonly part: number; readonly at: number; readonly c: string };

function marksOf(parts: readonly Part[]): Mark[] {
  return parts.flatMap((part, index) => {
    if (part.kind !== "text" || part.quoted || !/[{},]/.test(part.text)) return [];
    return [...part.text.matchAll(/[{},]/g)].map((match) => ({
      part: index,
      at: match.index,
      c: match[0],
    }));
  });
}

function insideOf(marks: readonly Mark[], from: number): { commas: Mark[]; close: Mark } | null {
  let depth = 0;
  const commas: Mark[] = [];
  for (const mark of marks.slice(from)) {
    if (mark.c === "{") depth++;
    else if (mark.c === "," && depth === 1) commas.push(mark);
    else if (mark.c === "}" && --depth === 0) return { commas, close: mark };
  }
  return null;
}

function between(parts: readonly Part[], after: Mark | null, before: Mark | null): Part[] {
  const first = after?.part ?? 0;
  const last = before?.part ?? parts.length - 1;
  return parts.slice(first, last + 1).flatMap((part, index): Part[] => {
    if (part.kind !== "text") return [part];
    const from = after && first + index === after.part ? after.at + 1 : 0;
    const to = before && first + index === before.part ? before.at : part.text.length;
    if (from === 0 && to === part.text.length) return [part];
    if (to <= from) return [];
    return [
      { ...part, text: part.text.slice(from, to), from: part.from + from, to: part.from + to },
    ];
  });
}

function sequence(inside: readonly Part[]): Part[][] | null {
  const [part, ...more] = inside;
  if (part?.kind !== "text" || more.length > 0) return null;
  const match = /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])(?:\.\.(-?\d{1,9}))?$/.exec(
    part.text,
  );
  if (!match) return null;
  const letters = /[a-zA-Z]/.test(match[1]!);
  if (letters !== /[a-zA-Z]/.test(match[2]!)) return null;
  const [first, last] = [match[1]!, match[2]!].map((text) =>
    letters ? text.charCodeAt(0) : Number(text),
  ) as [number, number];
  const step = Math.max(1, Math.abs(Number(match[3] ?? 1)));
  const count = Math.floor(Math.abs(last - first) / step) + 1;
  if (count > MAX_WORDS) throw new Unsupported("A brace expansion this long", part);
  const width = /^-?0\d|\.\.-?0\d/.test(part.text)
    ? Math.max(match[1]!.length, match[2]!.length)
    : 0;
  return Array.from({ length: count }, (_, index) => {
    const value = first + Math.sign(last - first) * step * index;
    const text = letters ? String.fromCharCode(value) : String(value).padStart(width, "0");
    return [{ ...part, text, quoted: false }];
  });
}
