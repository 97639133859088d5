import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** A call that cannot be carried out: what is wrong with it and what to try. Ends with exit status 2. */
export class BadCall extends Error {}

export const YES = 0;
export const NO = 1;
export const WRONG = 2;
export const UNDECIDED = 3;

/** What a command answers: an object for `--json`, the same in words, and the exit status. */
export type Answer = { readonly json: unknown; readonly text: string; readonly status: number };

export type Command = {
  readonly usage: string;
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<Answer>;
};

/** The positional arguments and options of a call; throws `BadCall` in plain words. */
export function readCall<O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  positionals: number,
  options: O,
) {
  const read = parse(args, options);
  if (read.positionals.length !== positionals) {
    const [count, wanted] = [read.positionals.length, positionals];
    throw new BadCall(
      count < wanted
        ? `It needs ${wanted === 1 ? "the folder of a lab" : `${wanted} arguments`}, and has ${count || "none"}.`
        : `"${read.positionals[wanted]}" is one argument too many.`,
    );
  }
  return read;
}

function parse<O extends ParseArgsOptionsConfig>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (problem) {
    throw new BadCall((problem as Error).message.split(". ")[0]! + ".");
  }
}

/** A whole number from an option's text. */
export function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw new BadCall(`--${name} wants a whole number, not "${text}".`);
  return Number(text);
}

/** One of a few words from an option's text. */
export function oneOf<W extends string>(
  name: string,
  text: string | undefined,
  words: readonly W[],
  otherwise: W,
): W {
  if (text === undefined) return otherwise;
  const word = words.find((one) => one === text);
  if (!word) throw new BadCall(`--${name} is ${words.join(" or ")}, not "${text}".`);
  return word;
}
