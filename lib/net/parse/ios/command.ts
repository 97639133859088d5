import type { Span } from "../../source/span.ts";
import type { Arguments, Match } from "./grammar.ts";
import type { Mode, Said } from "./statement.ts";

/** One command: its words, its help, what it says. The parser, an editor's completion and a console read the same entry. */
export type Command = {
  readonly mode: Mode;
  readonly syntax: string;
  readonly help: string;
  readonly state: "simulated" | "inert" | "unsimulated";
  /** The syntax after `no`; the same as without when absent, and `null` where `no` is not taken. */
  readonly no?: string | null;
  /** The mode it opens. */
  readonly opens?: Mode;
  readonly say: (it: Reader) => Said;
};

type Matched = Extract<Match<unknown>, { kind: "match" }>;

/** Reads the arguments that a line gave a command. */
export class Reader {
  readonly args: Arguments;
  /** The command's own words, in full. */
  readonly words: readonly string[];
  readonly span: Span;
  readonly no: boolean;
  private readonly keywords: readonly string[];

  constructor(
    { args, words, keywords }: Pick<Matched, "args" | "words" | "keywords">,
    span: Span,
    no: boolean,
  ) {
    this.args = args;
    this.words = words;
    this.keywords = keywords;
    this.span = span;
    this.no = no;
  }

  has(name: string): boolean {
    return this.args.has(name);
  }

  /** Whether the line has the literal word `word`. */
  says(word: string): boolean {
    return this.keywords.includes(word);
  }

  text(name: string): string {
    return this.args.get(name)?.text ?? "";
  }

  number(name: string, otherwise: number): number {
    return this.args.get(name)?.value ?? otherwise;
  }

  at(name: string): Span {
    return this.args.get(name)?.span ?? this.span;
  }
}

/** A known command without effect on packets. */
export function inert(mode: Mode, syntax: string, help: string, opens?: Mode): Command {
  const say = (): Said => ({ kind: "inert" });
  return { mode, syntax, help, state: "inert", ...(opens && { opens }), say };
}

/** A known command that could matter to packets and is not simulated; it taints what it configures. */
export function unsimulated(mode: Mode, syntax: string, help: string, opens?: Mode): Command {
  const scope = mode === "interface" ? "interface" : "device";
  return {
    mode,
    syntax,
    help,
    state: "unsimulated",
    ...(opens && { opens }),
    say: ({ words }) => ({ kind: "taint", scope, what: words.join(" ") }),
  };
}
