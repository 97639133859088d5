import type { ShellWord } from "./placed.ts";

/** What a program says when it does not do what it is asked, and the word at which it stopped. */
export type RefusedCommand = {
  readonly kind: "refused";
  readonly said: string;
  readonly at: ShellWord;
};

/** A real command that could matter and is not simulated; `dev` when only that link is concerned. */
export type UnsimulatedCommand = {
  readonly kind: "unsimulated";
  readonly what: string;
  readonly dev: string | null;
};

/** Thrown where the program would exit; `reading` turns it into data. */
export class Refused {
  readonly said: string;
  readonly at: ShellWord;
  constructor(said: string, at: ShellWord) {
    this.said = said;
    this.at = at;
  }
}

/** Thrown where a command turns out to be beyond what is simulated. */
export class Unsimulated {
  readonly what: string;
  readonly dev: string | null;
  constructor(what: string, dev: string | null = null) {
    this.what = what;
    this.dev = dev;
  }
}

/** What `read` answers, or why the program would not go on. */
export function reading<T>(read: () => T): T | RefusedCommand | UnsimulatedCommand {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof Refused) return { kind: "refused", said: problem.said, at: problem.at };
    if (problem instanceof Unsimulated)
      return { kind: "unsimulated", what: problem.what, dev: problem.dev };
    throw problem;
  }
}

/** The words after a program's name, read one by one. */
export class Arguments {
  at = 0;
  readonly words: readonly ShellWord[];
  private readonly program: ShellWord;
  /** What the program says when words are missing. */
  private readonly incomplete: string;

  constructor(program: ShellWord, words: readonly ShellWord[], incomplete: string) {
    this.program = program;
    this.words = words;
    this.incomplete = incomplete;
  }

  get done(): boolean {
    return this.at >= this.words.length;
  }

  peek(): ShellWord | undefined {
    return this.words[this.at];
  }

  /** The next word, which must be there. */
  next(): ShellWord {
    const word = this.words[this.at];
    if (!word) return this.refuse(this.incomplete);
    this.at++;
    return word;
  }

  /** Pass the next word if it is `text`. */
  take(text: string): boolean {
    if (this.peek()?.text !== text) return false;
    this.at++;
    return true;
  }

  rest(): readonly ShellWord[] {
    const rest = this.words.slice(this.at);
    this.at = this.words.length;
    return rest;
  }

  /** The word read last, or the program's name. */
  last(): ShellWord {
    return this.words[Math.min(this.at, this.words.length) - 1] ?? this.program;
  }

  refuse(said: string, at: ShellWord = this.last()): never {
    throw new Refused(said, at);
  }
}

/** Whole numbers as C's strtoul reads them with base 0: decimal, 0x hexadecimal, 0 octal. */
export function integer(text: string): number | null {
  if (/^0[xX][0-9a-fA-F]{1,12}$/.test(text)) return parseInt(text, 16);
  if (/^0[0-7]{1,12}$/.test(text)) return parseInt(text, 8);
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : null;
}

/** An integer from `low` to `high`, or `null`. */
export function integerIn(text: string, low: number, high: number): number | null {
  const value = integer(text);
  return value !== null && value >= low && value <= high ? value : null;
}

/** `02:0:0:0:0:1` as `02:00:00:00:00:01`; `null` for anything but six bytes. */
export function macOf(text: string): string | null {
  const bytes = text.split(":");
  if (bytes.length !== 6 || !bytes.every((byte) => /^[0-9a-f]{1,2}$/i.test(byte))) return null;
  return bytes.map((byte) => byte.padStart(2, "0").toLowerCase()).join(":");
}

/** A MAC address as a number of 48 bits. */
export function macNumber(mac: string): number {
  return parseInt(mac.replaceAll(":", ""), 16);
}

/** An address of IPv6, which is known and not simulated. */
export function isIpv6(text: string): boolean {
  return /^[0-9a-f]*:[0-9a-f:.]*(%\w+)?(\/\d{1,3})?$/i.test(text) && text.split(":").length > 2;
}
