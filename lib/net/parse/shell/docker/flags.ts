import { Refused, Unsimulated } from "../arguments.ts";
import { partOf, type ShellWord } from "../placed.ts";

/** What flags a command knows: those that take a value, those that do not, and those that are not simulated. */
export type FlagTable = {
  readonly values: string;
  readonly switches: string;
  readonly unsimulated?: string;
  /** One-letter flags, each with the long one that it stands for. */
  readonly short: Readonly<Record<string, string>>;
};

/** The flags of a command in their order, and the words that are none. */
export type FlagsRead = {
  readonly flags: readonly { readonly name: string; readonly value: ShellWord }[];
  readonly rest: readonly ShellWord[];
};

/** Read flags as Docker's programs do; with `stops`, the first word that is none ends them. */
export function readFlags(
  words: readonly ShellWord[],
  table: FlagTable,
  stops: boolean,
): FlagsRead {
  const takes = new Set(`${table.values} ${table.unsimulated ?? ""}`.split(/\s+/));
  const switches = new Set(table.switches.split(/\s+/));
  const beyond = new Set((table.unsimulated ?? "").split(/\s+/).filter(Boolean));
  const flags: { name: string; value: ShellWord }[] = [];
  const rest: ShellWord[] = [];
  const keep = (name: string, value: ShellWord) => {
    if (beyond.has(name)) throw new Unsimulated(`--${name}`);
    flags.push({ name, value });
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (text === "--") {
      rest.push(...words.slice(at + 1));
      break;
    }
    if (!text.startsWith("-") || text === "-") {
      rest.push(...(stops ? words.slice(at) : [word]));
      if (stops) break;
      continue;
    }
    if (text.startsWith("--")) {
      const equals = text.indexOf("=");
      const name = equals === -1 ? text.slice(2) : text.slice(2, equals);
      if (!takes.has(name) && !switches.has(name))
        throw new Refused(`unknown flag: --${name}`, word);
      if (equals !== -1) keep(name, partOf(word, equals + 1, text.length));
      else if (switches.has(name)) keep(name, { ...word, text: "true" });
      else keep(name, next(word, `flag needs an argument: --${name}`));
      continue;
    }
    for (let letter = 1; letter < text.length; letter++) {
      const name = table.short[text[letter]!];
      if (name === undefined)
        throw new Refused(`unknown shorthand flag: '${text[letter]}' in ${text}`, word);
      if (switches.has(name)) {
        keep(name, { ...word, text: "true" });
        continue;
      }
      const from = text[letter + 1] === "=" ? letter + 2 : letter + 1;
      keep(
        name,
        from < text.length
          ? partOf(word, from, text.length)
          : next(word, `flag needs an argument: '${text[letter]}' in ${text}`),
      );
      break;
    }
    function next(flag: ShellWord, said: string): ShellWord {
      const value = words[++at];
      if (!value) throw new Refused(said, flag);
      return value;
    }
  }
  return { flags, rest };
}
