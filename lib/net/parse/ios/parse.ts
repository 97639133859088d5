import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import { linesOf, notText, spanOf, wordsOf, MAX_FILE, type Word } from "../../source/text.ts";
import { describeArgument } from "./arguments.ts";
import { Reader, type Command } from "./command.ts";
import { interfaceCommands } from "./commands/interface.ts";
import { routeCommands } from "./commands/route.ts";
import { systemCommands } from "./commands/system.ts";
import { vrfCommands } from "./commands/vrf.ts";
import { compilePattern, matchCommand, type Match, type Pattern, type Wanted } from "./grammar.ts";
import type { Mode, Statement } from "./statement.ts";

/** What an IOS configuration file says, line by line, and what is wrong with the lines it could not read. */
export type IosFile = {
  readonly statements: readonly Statement[];
  readonly diagnostics: readonly Diagnostic[];
};

/** Every command this IOS knows, in the order of its help. */
export const iosCommands: readonly Command[] = [
  ...systemCommands,
  ...vrfCommands,
  ...interfaceCommands,
  ...routeCommands,
];

/**
 * Read an IOS configuration as the device reads it at start-up: line by line, each in the mode that the lines
 * before it opened, a line that the mode does not know tried as a global one. Never fails; a bad line is skipped
 * and leaves the mode as it was, as on the device.
 */
export function parseIos(file: string, text: string): IosFile {
  const statements: Statement[] = [];
  const diagnostics: Diagnostic[] = [];
  let mode: Mode = "config";
  let banner: string | null = null;

  if (text.length > MAX_FILE)
    diagnostics.push(
      diagnostic("file-too-long", { file, from: MAX_FILE, to: text.length }, { limit: MAX_FILE }),
    );
  for (const line of linesOf(text.slice(0, MAX_FILE))) {
    if (banner !== null) {
      if (line.text.includes(banner)) banner = null;
      continue;
    }
    const words = wordsOf(file, line);
    const first = words[0];
    if (!first || first.text.startsWith("!")) continue;
    if (notText(line.text) !== -1) {
      diagnostics.push(diagnostic("not-text", spanOf(words), {}));
      continue;
    }
    const delimiter = bannerDelimiter(words);
    if (delimiter !== null) {
      if (!delimiter.closed) banner = delimiter.mark;
      continue;
    }
    const next = modeAfter(words, mode);
    if (next) mode = next;
    else readLine(words);
  }
  return { statements, diagnostics };

  function readLine(words: Word[]): void {
    const no = words.length > 1 && words[0]!.text.toLowerCase() === "no";
    const rest = no ? words.slice(1) : words;
    const span = spanOf(words);
    const { match, isGlobal } = matchIn(mode, rest, no);
    if (match.kind === "match") {
      const { command } = match;
      const said = command.say(new Reader(match.args, match.words, span, no));
      if (said.kind === "taint")
        diagnostics.push(diagnostic("unsimulated", span, { what: said.what }));
      statements.push({ span, no, ...said });
      if (isGlobal) mode = "config";
      if (command.opens && !no) mode = command.opens;
      return;
    }
    if (mode === "unsimulated") {
      statements.push({ span, no, kind: "taint", scope: "device", what: "unsimulated mode" });
      return;
    }
    complain(match, rest);
    if (isUnknown(match, rest))
      statements.push({
        span,
        no,
        kind: "taint",
        scope: mode === "interface" ? "interface" : "device",
        what: rest[0]!.text,
      });
  }

  function complain(match: Exclude<Match<Command>, { kind: "match" }>, words: Word[]): void {
    const at = words[match.reached];
    const said = words.map((word) => word.text).join(" ");
    if (match.kind === "incomplete")
      diagnostics.push(
        diagnostic("ios-incomplete", spanOf(words), { expected: listOf(match.want) }),
      );
    else if (match.kind === "ambiguous")
      diagnostics.push(
        diagnostic("ios-ambiguous", at!.span, {
          line: said,
          among: match.among.map((word) => `"${word}"`).join(" or "),
        }),
      );
    else if (isUnknown(match, words))
      diagnostics.push(
        diagnostic("ios-unknown-command", at!.span, {
          word: at!.text,
          like: closest(at!.text, match.want),
        }),
      );
    else
      diagnostics.push(
        diagnostic("ios-invalid-input", at?.span ?? spanOf(words), {
          word: at?.text ?? said,
          expected: listOf(match.want),
          stays: null,
        }),
      );
  }
}

type Compiled = { readonly pattern: Pattern; readonly command: Command };

const compiled: Readonly<Record<"plain" | "no", readonly Compiled[]>> = {
  plain: iosCommands.map((command) => ({ pattern: compilePattern(command.syntax), command })),
  no: iosCommands.flatMap((command) =>
    command.no === null ? [] : [{ pattern: compilePattern(command.no ?? command.syntax), command }],
  ),
};

/** The commands that a line in `mode` may be, with `no` before it or without. */
export function commandsIn(mode: Mode, no: boolean): readonly Compiled[] {
  return (no ? compiled.no : compiled.plain).filter((one) => one.command.mode === mode);
}

const byMode = new Map<string, readonly Compiled[]>();
function cached(mode: Mode, no: boolean): readonly Compiled[] {
  const key = `${mode} ${no}`;
  const known = byMode.get(key) ?? commandsIn(mode, no);
  byMode.set(key, known);
  return known;
}

// The mode's own commands first, then those above it: what gets further is what was meant.
function matchIn(
  mode: Mode,
  words: readonly Word[],
  no: boolean,
): { match: Match<Command>; isGlobal: boolean } {
  const tries: Mode[] =
    mode === "config"
      ? ["config"]
      : mode === "vrf-family"
        ? [mode, "vrf", "config"]
        : [mode, "config"];
  const matches = tries.map((one) => ({
    match: matchCommand(cached(one, no), words),
    isGlobal: one === "config",
  }));
  const whole = matches.find(({ match }) => match.kind === "match");
  return whole ?? matches.reduce((best, one) => (reached(one) > reached(best) ? one : best));
}

function reached({ match }: { match: Match<Command> }): number {
  return match.kind === "match" ? Infinity : match.reached;
}

// `exit` and its kin move between modes and say nothing of the network.
function modeAfter(words: readonly Word[], mode: Mode): Mode | null {
  const said = words.map((word) => word.text.toLowerCase());
  const [first = "", second = ""] = said;
  if (said.length === 1 && (first === "end" || first === "^z")) return "config";
  if (said.length === 1 && first.length > 2 && "enable".startsWith(first)) return "config";
  if (said.length <= 2 && first.length > 3 && "configure".startsWith(first))
    if (second === "" || "terminal".startsWith(second)) return "config";
  if (said.length === 1 && first.length > 2 && "exit".startsWith(first))
    return mode === "vrf-family" ? "vrf" : "config";
  if (said.length === 1 && mode === "vrf-family" && first.startsWith("exit-")) return "vrf";
  return null;
}

// `banner motd ^C … ^C`: the text between the marks is for people.
function bannerDelimiter(words: readonly Word[]): { mark: string; closed: boolean } | null {
  if (words[0]!.text.toLowerCase() !== "banner" || words.length < 3) return null;
  const rest = words
    .slice(2)
    .map((word) => word.text)
    .join(" ");
  const mark = rest.startsWith("^C") ? "^C" : rest.charAt(0);
  return { mark, closed: rest.indexOf(mark, mark.length) !== -1 };
}

// A word where a keyword belongs may be a command that this table lacks; a number or an address is just wrong.
function isUnknown(match: Match<Command>, words: readonly Word[]): boolean {
  if (match.kind !== "invalid") return false;
  const word = words[match.reached];
  return (
    !!word && match.want.length > 0 && /^[a-z-]{2,}$/i.test(word.text) && wantsOnlyWords(match.want)
  );
}

function wantsOnlyWords(want: readonly Wanted[]): boolean {
  return want.every((one) => one.kind === "keyword");
}

function listOf(want: readonly Wanted[]): string {
  const names = want.map((one) =>
    one.kind === "keyword" ? `"${one.word}"` : describeArgument(one.type),
  );
  if (names.length > 6)
    return `one of ${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
  return names.length > 1
    ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`
    : (names[0] ?? "");
}

// The keyword that differs from `text` in at most two letters, if one does.
function closest(text: string, want: readonly Wanted[]): string | null {
  const near = want
    .flatMap((one) => (one.kind === "keyword" ? [one.word] : []))
    .map((word) => ({ word, distance: editDistance(text.toLowerCase(), word) }))
    .filter(({ word, distance }) => distance <= Math.min(2, word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.word ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= Math.min(a.length, 40); i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length]!;
}
