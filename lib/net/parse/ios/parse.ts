import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { linesOf, notText, spanOf, wordsOf, MAX_FILE, type Word } from "../../source/text.ts";
import { describeArgument } from "./arguments.ts";
import { Reader, type Command } from "./command.ts";
import { interfaceCommands } from "./commands/interface.ts";
import { routeCommands } from "./commands/route.ts";
import { switchingCommands } from "./commands/switching.ts";
import { systemCommands } from "./commands/system.ts";
import { vrfCommands } from "./commands/vrf.ts";
import {
  beginnings,
  compilePattern,
  expectedAfter,
  matchCommand,
  type Match,
  type Pattern,
  type Wanted,
} from "./grammar.ts";
import type { Mode, Statement } from "./statement.ts";

/** What an IOS configuration file says, line by line, and what is wrong with the lines it could not read. */
export type IosFile = {
  readonly statements: readonly Statement[];
  readonly diagnostics: readonly Diagnostic[];
};

const MOST_HINTS = 1_000;

/** Every command this IOS knows, in the order of its help. */
export const iosCommands: readonly Command[] = [
  ...systemCommands,
  ...vrfCommands,
  ...interfaceCommands,
  ...routeCommands,
  ...switchingCommands,
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
  let hints = 0;
  const failures = new Map<string, ReturnType<typeof matchIn>>();
  let banner: { readonly mark: string; readonly at: Span } | null = null;

  for (const line of linesOf(text.slice(0, MAX_FILE))) {
    if (banner !== null) {
      if (line.text.includes(banner.mark)) banner = null;
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
      if (!delimiter.closed) banner = { mark: delimiter.mark, at: spanOf(words) };
      continue;
    }
    const isIndented = first.span.from > line.from;
    const next = modeAfter(words, mode);
    if (next) mode = next;
    else if (mode === "unsimulated" && isIndented) taint(words, "device", "unsimulated mode");
    else if (mode !== "inert" || !isIndented) readLine(words);
  }
  if (banner) diagnostics.push(diagnostic("ios-open-banner", banner.at, { mark: banner.mark }));
  if (text.length > MAX_FILE) cutOff();
  return { statements, diagnostics };

  // What was not read may have said anything.
  function cutOff(): void {
    const span = { file, from: MAX_FILE, to: text.length };
    diagnostics.push(diagnostic("file-too-long", span, { limit: MAX_FILE }));
    const what = "the rest of a file that is too long";
    statements.push({ span, no: false, kind: "taint", scope: "device", what });
  }

  function taint(words: readonly Word[], scope: "device" | "interface", what: string): void {
    const each = scope === "interface";
    statements.push({ span: spanOf(words), no: false, each, kind: "taint", scope, what });
  }

  function readLine(words: Word[]): void {
    const no = words[0]!.text.toLowerCase() === "no";
    const rest = no ? words.slice(1) : words;
    const span = spanOf(words);
    if (rest.length === 0) {
      diagnostics.push(diagnostic("ios-incomplete", span, { expected: "a command" }));
      return;
    }
    const { match, isGlobal } = matched(rest, no);
    if (match.kind === "match") {
      const { command } = match;
      const said = command.say(new Reader(match.args, match.words, span, no));
      if (said.kind === "taint")
        diagnostics.push(diagnostic("unsimulated", span, { what: said.what }));
      statements.push({ span, no, ...(command.mode === "interface" && { each: true }), ...said });
      if (isGlobal) mode = "config";
      if (command.opens && !no) mode = command.opens;
      return;
    }
    if (mode === "unsimulated") return taint(words, "device", "unsimulated mode");
    if (mode === "inert") return;
    const elsewhere = match.kind === "invalid" ? modeThatTakes(mode, rest, no) : null;
    if (elsewhere) {
      const it = { word: said(match, rest), belongs: MODES[elsewhere], here: MODES[mode] };
      diagnostics.push(diagnostic("ios-wrong-mode", rest[match.reached]?.span ?? span, it));
      return;
    }
    complain(match, rest);
    if (isUnknown(match, rest))
      taint(words, mode === "interface" ? "interface" : "device", said(match, rest));
  }

  // A line that failed fails again in the same mode; pasted text repeats its mistakes.
  function matched(words: readonly Word[], no: boolean): ReturnType<typeof matchIn> {
    const key = `${mode} ${no} ${words.map((word) => word.text).join(" ")}`;
    const known = failures.get(key);
    if (known) return known;
    const found = matchIn(mode, words, no);
    if (found.match.kind !== "match") failures.set(key, found);
    return found;
  }

  // What helps with the first thousand mistakes of a file helps nobody with those after them.
  function hint<T>(of: () => T): T | null {
    return hints++ < MOST_HINTS ? of() : null;
  }

  function complain(match: Exclude<Match<Command>, { kind: "match" }>, words: Word[]): void {
    const at = words[match.reached];
    const line = words.map((word) => word.text).join(" ");
    if (match.kind === "incomplete")
      diagnostics.push(
        diagnostic("ios-incomplete", spanOf(words), {
          expected: hint(() => listOf(match.want())) ?? "more",
        }),
      );
    else if (match.kind === "ambiguous")
      diagnostics.push(
        diagnostic("ios-ambiguous", at!.span, {
          line,
          among: match.among.map((word) => `"${word}"`).join(" or "),
        }),
      );
    else if (isUnknown(match, words))
      diagnostics.push(
        diagnostic("ios-unknown-command", at!.span, {
          word: at!.text,
          like: hint(() => closest(at!.text, match.want())),
        }),
      );
    else
      diagnostics.push(
        diagnostic("ios-invalid-input", at?.span ?? spanOf(words), {
          word: at?.text ?? line,
          expected: hint(() => listOf(match.want())) ?? "",
          stays: null,
        }),
      );
  }
}

// The words of a line up to the one that was refused.
function said(match: Exclude<Match<Command>, { kind: "match" }>, words: readonly Word[]): string {
  return words
    .slice(0, match.reached + 1)
    .map((word) => word.text)
    .join(" ");
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

// A line can only be one of the commands that begin with its first letter: most need not be looked at.
type Index = {
  readonly byLetter: ReadonlyMap<string, readonly Compiled[]>;
  want: readonly Wanted[];
};
const indices = new Map<string, Index>();

function indexOf(mode: Mode, no: boolean): Index {
  const key = `${mode} ${no}`;
  const known = indices.get(key);
  if (known) return known;
  const all = commandsIn(mode, no);
  const byLetter = new Map<string, Compiled[]>();
  for (const one of all)
    for (const letter of new Set(beginnings(one.pattern).map((word) => word[0]!.toLowerCase())))
      byLetter.set(letter, [...(byLetter.get(letter) ?? []), one]);
  const index = { byLetter, want: expectedAfter(all, []) };
  indices.set(key, index);
  return index;
}

function matchMode(mode: Mode, words: readonly Word[], no: boolean): Match<Command> {
  const { byLetter, want } = indexOf(mode, no);
  const match = matchCommand(byLetter.get(words[0]!.text[0]!.toLowerCase()) ?? [], words);
  return match.kind === "invalid" && match.reached === 0
    ? { ...match, want: () => want, wantsWord: true }
    : match;
}

// The mode's own commands first, then those above it: what gets further is what was meant. A line that the mode
// itself would take with more words is not tried above: `ip vrf forwarding` makes no VRF of that name.
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
    match: matchMode(one, words, no),
    isGlobal: one === "config",
  }));
  const own = matches[0]!;
  if (own.match.kind === "incomplete") return own;
  const whole = matches.find(({ match }) => match.kind === "match");
  return whole ?? matches.reduce((best, one) => (reached(one) > reached(best) ? one : best));
}

const MODES: Readonly<Record<Mode, string>> = {
  config: "global configuration",
  interface: 'an interface ("interface …")',
  vlan: 'a VLAN ("vlan …")',
  vrf: 'a VRF ("ip vrf …" or "vrf definition …")',
  "vrf-family": 'an address family of a VRF ("address-family ipv4")',
  unsimulated: "a part that is not simulated",
  inert: "a part without effect",
};

// A line that is whole and right, but in another mode: refused here, and no unknown command.
function modeThatTakes(mode: Mode, words: readonly Word[], no: boolean): Mode | null {
  const others = (["interface", "vlan", "vrf-family", "vrf"] as const).filter(
    (one) => one !== mode,
  );
  return others.find((one) => matchMode(one, words, no).kind === "match") ?? null;
}

function reached({ match }: { match: Match<Command> }): number {
  return match.kind === "match" ? Infinity : match.reached;
}

// `exit` and its kin move between modes and say nothing of the network.
function modeAfter(words: readonly Word[], mode: Mode): Mode | null {
  const said = words.map((word) => word.text.toLowerCase());
  const [first = "", second = ""] = said;
  if (first === "do" && said.length > 1) return mode; // It shows something, from wherever it is said.
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
  return !!word && match.wantsWord && /^[a-z][a-z0-9-]+$/i.test(word.text);
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
  const said = text.toLowerCase();
  let best: { word: string; distance: number } | null = null;
  for (const one of want) {
    if (one.kind !== "keyword") continue;
    const most = Math.min(2, one.word.length / 3);
    if (Math.abs(one.word.length - said.length) > most) continue;
    const distance = editDistance(said, one.word);
    if (distance <= most && (!best || distance < best.distance))
      best = { word: one.word, distance };
  }
  return best?.word ?? null;
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
