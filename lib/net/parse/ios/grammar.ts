import type { Word } from "../../source/text.ts";
import { readArgument, type Argument, type ArgumentType } from "./arguments.ts";

/*
 * The words of one command, as a router's help writes them:
 *
 *   ip route [vrf <vrf:word>] <net:ip> <mask:ip> { <next:ip> | <iface:iface> [<next:ip>] } [<distance:1-255>]
 *
 * Literal words may be shortened to any unique beginning. `[…]` may be absent, `{ a | b }` is one of several,
 * `<name:type>` is an argument. Matching walks all readings of all commands at once, word by word, so the first
 * word that no reading takes is where the device would put its caret, and what the readings still want is what
 * `?` would list.
 */
export type Pattern = readonly Part[];
type Part =
  | { readonly kind: "keyword"; readonly word: string }
  | { readonly kind: "argument"; readonly name: string; readonly type: ArgumentType }
  | { readonly kind: "choice"; readonly among: readonly Pattern[] };

/** A choice with an empty pattern among its alternatives is an optional part. */
export function compilePattern(syntax: string): Pattern {
  const tokens = syntax.match(/<[^>]+>|[[\]{}|]|[^\s[\]{}|<>]+/g) ?? [];
  let at = 0;
  const pattern = alternatives(null);
  if (at < tokens.length || pattern.length !== 1)
    throw new Error(`Bad command syntax near "${tokens.slice(at).join(" ")}": ${syntax}`);
  return pattern[0]!;

  function alternatives(close: string | null): Pattern[] {
    const all: Pattern[] = [];
    let parts: Part[] = [];
    for (; at < tokens.length && tokens[at] !== close; at++) {
      const token = tokens[at]!;
      if (token === "|") {
        all.push(parts);
        parts = [];
      } else if (token === "[") parts.push(group("]", [[]]));
      else if (token === "{") parts.push(group("}", []));
      else if (token.startsWith("<")) {
        const [name = "", type = ""] = token.slice(1, -1).split(":");
        parts.push({ kind: "argument", name, type: type as ArgumentType });
      } else parts.push({ kind: "keyword", word: token });
    }
    all.push(parts);
    return all;
  }

  function group(close: string, more: Pattern[]): Part {
    at++;
    const among = alternatives(close);
    if (tokens[at] !== close) throw new Error(`Missing ${close}: ${syntax}`);
    return { kind: "choice", among: [...among, ...more] };
  }
}

/** What the words gave each argument of the pattern, and where. */
export type Arguments = ReadonlyMap<string, Argument>;

export type Match<C> =
  | {
      readonly kind: "match";
      readonly command: C;
      readonly args: Arguments;
      readonly words: readonly string[];
      /** Those of the words that are the language's own. */
      readonly keywords: readonly string[];
    }
  /**
   * `reached` words were fine; `want` says what could have come instead, as `?` would, and `wantsWord` whether that
   * is nothing but words of the language.
   */
  | {
      readonly kind: "invalid";
      readonly reached: number;
      readonly want: () => readonly Wanted[];
      readonly wantsWord: boolean;
    }
  | {
      readonly kind: "incomplete";
      readonly reached: number;
      readonly want: () => readonly Wanted[];
    }
  | { readonly kind: "ambiguous"; readonly reached: number; readonly among: readonly string[] };

export type Wanted =
  | { readonly kind: "keyword"; readonly word: string }
  | { readonly kind: "argument"; readonly type: ArgumentType };

// What a reading took is a chain from its last word back, which readings that part later share.
type Reading<C> = {
  readonly command: C;
  readonly rest: Pattern;
  readonly taken: Taking | null;
};

type Taking = {
  readonly word: string;
  readonly name: string | null;
  readonly argument: Argument | null;
  readonly before: Taking | null;
};

/** The one command that `words` spell, or how far they got. */
export function matchCommand<C>(
  commands: readonly { readonly pattern: Pattern; readonly command: C }[],
  words: readonly Word[],
): Match<C> {
  let readings: Reading<C>[] = commands.map(({ pattern, command }) => ({
    command,
    rest: pattern,
    taken: null,
  }));
  for (let at = 0; at < words.length;) {
    const heads = readings.flatMap(headsOf);
    const step = takeWord(heads, words, at);
    if (step.kind !== "taken") return { ...step, reached: at };
    readings = step.readings;
    at += step.count;
  }
  const whole = readings.filter((reading) => canEnd(reading.rest));
  const [first] = whole;
  if (!first)
    return {
      kind: "incomplete",
      reached: words.length,
      want: () => wanted(readings.flatMap(headsOf)),
    };
  return { kind: "match", command: first.command, ...unrolled(first.taken) };
}

function unrolled(last: Taking | null): {
  args: Arguments;
  words: readonly string[];
  keywords: readonly string[];
} {
  const taken: Taking[] = [];
  for (let one = last; one; one = one.before) taken.push(one);
  taken.reverse();
  const args = new Map<string, Argument>();
  for (const { name, argument } of taken) if (name !== null) args.set(name, argument!);
  const keywords = taken.filter(({ name }) => name === null);
  return {
    args,
    words: taken.map(({ word }) => word),
    keywords: keywords.map(({ word }) => word),
  };
}

/** What may follow `words`: the device's `?`, and an editor's completion. */
export function expectedAfter<C>(
  commands: readonly { readonly pattern: Pattern; readonly command: C }[],
  words: readonly Word[],
): readonly Wanted[] {
  const never = { text: "\u0000", span: { file: "", from: 0, to: 0 } };
  const match = matchCommand(commands, [...words, never]);
  return match.kind === "invalid" && match.reached === words.length ? match.want() : [];
}

type Head<C> = {
  readonly reading: Reading<C>;
  readonly part: Exclude<Part, { kind: "choice" }>;
  readonly rest: Pattern;
};

// Every word or argument that a reading could take next.
function headsOf<C>(reading: Reading<C>): Head<C>[] {
  return open(reading.rest).map(({ part, rest }) => ({ reading, part, rest }));
}

type Opening = { readonly part: Exclude<Part, { kind: "choice" }>; readonly rest: Pattern };
const openings = new WeakMap<Pattern, readonly Opening[]>();

// Patterns and what is left of them are few, and are met again with every line.
function open(pattern: Pattern): readonly Opening[] {
  const known = openings.get(pattern);
  if (known) return known;
  const [part, ...rest] = pattern;
  const found = !part
    ? []
    : part.kind === "choice"
      ? part.among.flatMap((one) => open([...one, ...rest]))
      : [{ part, rest }];
  openings.set(pattern, found);
  return found;
}

/** What a line of this pattern may begin with: words, and digits where it may begin with a number or an address. */
export function beginnings(pattern: Pattern): string[] {
  return open(pattern).flatMap(({ part }) => {
    if (part.kind === "keyword") return [part.word];
    if (part.type !== "ip" && !/^\d/.test(part.type))
      throw new Error("A command must begin with a word or a number");
    return [..."0123456789"];
  });
}

function canEnd(pattern: Pattern): boolean {
  return pattern.every((part) => part.kind === "choice" && part.among.some((one) => canEnd(one)));
}

type Taken<C> =
  | { kind: "taken"; readings: Reading<C>[]; count: number }
  | { kind: "invalid"; want: () => Wanted[]; wantsWord: boolean }
  | { kind: "ambiguous"; among: string[] };

// A keyword wins over an argument, and a whole keyword over one that it only begins.
function takeWord<C>(heads: Head<C>[], words: readonly Word[], at: number): Taken<C> {
  const text = words[at]!.text.toLowerCase();
  const keywords = heads.flatMap((head) =>
    head.part.kind === "keyword" && head.part.word.toLowerCase().startsWith(text)
      ? [{ head, word: head.part.word }]
      : [],
  );
  const exact = keywords.filter(({ word }) => word.toLowerCase() === text);
  const chosen = exact.length > 0 ? exact : keywords;
  const names = [...new Set(chosen.map(({ word }) => word))];
  if (names.length > 1) return { kind: "ambiguous", among: names };
  if (chosen.length > 0) {
    const readings = chosen.map(({ head, word }) => ({
      command: head.reading.command,
      rest: head.rest,
      taken: { word, name: null, argument: null, before: head.reading.taken },
    }));
    return { kind: "taken", readings, count: 1 };
  }
  return takeArgument(heads, words, at);
}

function takeArgument<C>(heads: Head<C>[], words: readonly Word[], at: number): Taken<C> {
  const taken = heads.flatMap((head) => {
    if (head.part.kind !== "argument") return [];
    const argument = readArgument(head.part.type, words, at);
    if (!argument) return [];
    const { command, taken: before } = head.reading;
    const { name } = head.part;
    const reading: Reading<C> = {
      command,
      rest: head.rest,
      taken: { word: words[at]!.text, name, argument, before },
    };
    return [{ reading, count: argument.count }];
  });
  const count = Math.max(0, ...taken.map((one) => one.count));
  if (count === 0) {
    const wantsWord = heads.length > 0 && heads.every(({ part }) => part.kind === "keyword");
    return { kind: "invalid", want: () => wanted(heads), wantsWord };
  }
  return {
    kind: "taken",
    readings: taken.filter((one) => one.count === count).map((one) => one.reading),
    count,
  };
}

function wanted<C>(heads: readonly Head<C>[]): Wanted[] {
  const seen = new Map<string, Wanted>();
  for (const { part } of heads)
    if (part.kind === "keyword") seen.set(part.word, { kind: "keyword", word: part.word });
    else seen.set(`<${part.type}>`, { kind: "argument", type: part.type });
  return [...seen.values()];
}
