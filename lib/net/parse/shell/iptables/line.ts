import type { Match } from "../../../model/packet-filter.ts";
import { maskOf, parseIp, type Ip } from "../../../model/prefix.ts";
import { integerIn, Refused } from "../arguments.ts";
import { protocolNumber } from "../ip/words.ts";
import type { ShellWord } from "../placed.ts";
import { maskedAddress, single, type ParsedAction, type ParsedRule } from "../rule.ts";
import type { IptablesChange, IptablesTable } from "./command.ts";
import { refuse, type Draft, type Option, type Options } from "./draft.ts";
import { MATCHES, NEEDS, UNSIMULATED_MATCHES } from "./matches.ts";
import { TARGETS } from "./targets.ts";

const TABLES: readonly IptablesTable[] = ["filter", "nat", "mangle", "raw", "security"];

const BUILT_IN: Readonly<Record<IptablesTable, readonly string[]>> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  raw: ["PREROUTING", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
};

// Long options of the program itself, with the letter that means the same.
const LONG: Readonly<Record<string, string>> = {
  append: "A", check: "C", delete: "D", insert: "I", replace: "R", "list-rules": "S", list: "L", flush: "F",
  zero: "Z", "new-chain": "N", "delete-chain": "X", "rename-chain": "E", policy: "P", source: "s", destination: "d",
  src: "s", dst: "d", protocol: "p", "in-interface": "i", jump: "j", table: "t", match: "m", numeric: "n",
  "out-interface": "o", verbose: "v", wait: "w", "wait-interval": "W", exact: "x", fragments: "f", version: "V",
  help: "h", "line-numbers": "0", modprobe: "M", "set-counters": "c", goto: "g", ipv4: "4", ipv6: "6",
}; // prettier-ignore

const COMMANDS = "ACDIRSLFZNXEP";
const WITH_VALUE = "sdpijgtmoMWA" + "CDIRNEP";

class Line {
  at = 1;
  readonly words: readonly ShellWord[];
  readonly draft: Draft;
  command: { letter: string; at: ShellWord; args: ShellWord[] } | null = null;
  /** Of the sources and destinations, as they were said. */
  source: { word: ShellWord; not: boolean } | null = null;
  destination: { word: ShellWord; not: boolean } | null = null;
  goto = false;
  shows = false;
  ipv6 = false;

  constructor(words: readonly ShellWord[], version: string, table: IptablesTable | null) {
    this.words = words;
    this.draft = {
      version,
      table: table ?? "filter",
      chain: "",
      sources: [null],
      destinations: [null],
      protocol: null,
      matches: [],
      interfaces: [],
      loaded: new Set(),
      said: new Set(),
      target: null,
      targetAt: null,
      action: null,
      limited: false,
    };
  }

  refuse(said: string, at: ShellWord): never {
    return refuse(this.draft, said, at);
  }

  value(option: ShellWord): ShellWord {
    const word = this.words[this.at];
    if (!word) return this.refuse(`option "${option.text}" requires an argument`, option);
    this.at++;
    return word;
  }

  optional(): ShellWord | null {
    const word = this.words[this.at];
    if (!word || word.text.startsWith("-") || word.text === "!") return null;
    this.at++;
    return word;
  }
}

/** One command, or one line of a restore, whose table is given. Throws as the program exits. */
export function readCommand(
  words: readonly ShellWord[],
  version: string,
  table: IptablesTable | null,
): IptablesChange | { readonly kind: "inert" } {
  const line = new Line(words, version, table);
  let not = false;
  while (line.at < words.length) {
    const word = words[line.at++]!;
    if (word.text === "!") {
      if (not) line.refuse("Multiple `!' flags not allowed", word);
      not = true;
      continue;
    }
    if (word.text.startsWith("--") && word.text.length > 2) readLong(line, word, not);
    else if (/^-./.test(word.text)) readShort(line, word, not);
    else throw new Refused(`Bad argument \`${word.text}'`, word);
    not = false;
  }
  return finish(line);
}

function readShort(line: Line, word: ShellWord, not: boolean): void {
  for (let index = 1; index < word.text.length; index++) {
    const letter = word.text[index]!;
    const rest = word.text.slice(index + 1);
    if (!Object.values(LONG).includes(letter) || letter === "0")
      line.refuse(`unknown option "${word.text}"`, word);
    if (WITH_VALUE.includes(letter) && rest !== "") {
      // `-ptcp`: the rest of the word is the value.
      const value = { ...word, text: rest };
      readLetter(line, letter, { ...word, text: `-${letter}` }, not, value);
      return;
    }
    readLetter(line, letter, word, not, null);
  }
}

function readLong(line: Line, word: ShellWord, not: boolean): void {
  const equals = word.text.indexOf("=");
  const name = word.text.slice(2, equals === -1 ? undefined : equals);
  const given = equals === -1 ? null : { ...word, text: word.text.slice(equals + 1) };
  const letter = Object.hasOwn(LONG, name) ? LONG[name]! : null;
  if (letter) return readLetter(line, letter, word, not, given);
  const option = extension(line, name);
  if (option) return readOption(line, option, word, not, given);
  if (line.draft.loaded.has("?")) return passUnknown(line);
  const begun = Object.keys(LONG).filter((one) => one.startsWith(name));
  const meant = new Set(begun.map((one) => LONG[one]));
  if (meant.size === 1) return readLetter(line, LONG[begun[0]!]!, word, not, given);
  line.refuse(`unknown option "${word.text}"`, word);
}

// An option of a match or target that is known by name only: its values are passed over.
function passUnknown(line: Line): void {
  while (line.optional());
}

function readOption(
  line: Line,
  option: Option,
  word: ShellWord,
  not: boolean,
  given: ShellWord | null,
): void {
  const values: ShellWord[] = given ? [given] : [];
  // In the old spelling the `!` stood before the value.
  if (line.words[line.at]?.text === "!" && option.args > 0 && !given) {
    throw new Refused(
      `Bad argument \`${line.words[line.at + 1]?.text ?? "!"}'`,
      line.words[line.at]!,
    );
  }
  while (values.length < option.args) {
    const next = line.words[line.at];
    if (!next || (option.args === 2 && values.length === 1 && next.text.startsWith("-"))) {
      if (option.args === 2) line.refuse("--tcp-flags requires two args.", word);
      line.refuse(`option "${word.text}" requires an argument`, word);
    }
    values.push(next!);
    line.at++;
  }
  option.read(line.draft, values, not);
}

// The option of that name, or beginning, among the extensions loaded; a protocol's own is loaded when it is needed.
function extension(line: Line, name: string): Option | null {
  const { draft } = line;
  const loaded: Options[] = [];
  if (draft.target !== null && Object.hasOwn(TARGETS, draft.target))
    loaded.push(TARGETS[draft.target]!.options);
  for (const one of draft.loaded) if (Object.hasOwn(MATCHES, one)) loaded.push(MATCHES[one]!);
  const protocol = protocolName(draft);
  if (protocol && !draft.loaded.has(protocol)) {
    const found = named(MATCHES[protocol]!, name);
    if (found) {
      draft.loaded.add(protocol);
      return found;
    }
  }
  for (const options of loaded) {
    const found = named(options, name);
    if (found) return found;
  }
  return null;
}

function protocolName(draft: Draft): string | null {
  const name = { 1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite" }[
    draft.protocol?.number ?? -1
  ];
  return name ?? null;
}

function named(options: Options, name: string): Option | null {
  if (Object.hasOwn(options, name)) return options[name]!;
  const begun = Object.keys(options).filter((one) => one.startsWith(name));
  const found = new Set(begun.map((one) => options[one]));
  return found.size === 1 ? options[begun[0]!]! : null;
}

function readLetter(
  line: Line,
  letter: string,
  word: ShellWord,
  not: boolean,
  given: ShellWord | null,
): void {
  const { draft } = line;
  const value = () => given ?? line.value(word);
  if (COMMANDS.includes(letter)) return readVerb(line, letter, word, given);
  switch (letter) {
    case "s":
    case "d": {
      const side = letter === "s" ? "source" : "destination";
      if (line[side]) line.refuse(`multiple -${letter} flags not allowed`, word);
      line[side] = { word: dashless(line, value()), not };
      return;
    }
    case "p":
      return readProtocol(line, dashless(line, value()), not);
    case "i":
    case "o":
      return readInterface(line, letter, dashless(line, value()), not);
    case "j":
    case "g":
      if (draft.target !== null) line.refuse(`multiple -${letter} flags not allowed`, word);
      draft.targetAt = value();
      draft.target = draft.targetAt.text;
      line.goto = letter === "g";
      if (
        Object.hasOwn(TARGETS, draft.target) &&
        Object.keys(TARGETS[draft.target]!.options).length === 0
      )
        if (!TERMINAL.has(draft.target)) draft.loaded.add("?");
      return;
    case "m":
      return readMatch(line, value());
    case "t":
      return readTable(line, value());
    case "f":
      draft.matches.push({ kind: "unsimulated", what: "-f" });
      return;
    case "w":
      if (!given && /^\d+(\.\d+)?$/.test(line.words[line.at]?.text ?? "")) line.at++;
      return;
    case "c":
      value();
      if (/^\d+$/.test(line.words[line.at]?.text ?? "")) line.at++;
      return;
    case "W":
    case "M":
      value();
      return;
    case "h":
    case "V":
      line.shows = true;
      return;
    case "6":
      line.ipv6 = true;
      return;
  }
}

const TERMINAL = new Set(["ACCEPT", "DROP", "RETURN", "TRACE", "NOTRACK"]);

// `-s ! A` is no longer understood.
function dashless(line: Line, word: ShellWord): ShellWord {
  if (word.text !== "!") return word;
  const next = line.words[line.at] ?? word;
  throw new Refused(`Bad argument \`${next.text}'`, next);
}

function readVerb(line: Line, letter: string, word: ShellWord, given: ShellWord | null): void {
  if (line.command) line.refuse(`Cannot use -${letter} with -${line.command.letter}`, word);
  const args: ShellWord[] = given ? [given] : [];
  line.command = { letter, at: word, args };
  const needs = "ACDIRNE".includes(letter) || letter === "P" ? 1 : 0;
  if (needs > args.length) args.push(line.value(word));
  const second = "DIREPL".includes(letter) || (letter === "L" && args.length > 0);
  if (needs === 0 && args.length === 0) {
    const name = line.optional();
    if (name) args.push(name);
  }
  if (second && args.length > 0) {
    const name = line.words[line.at];
    const takes = "EP".includes(letter)
      ? line.optional()
      : name && /^\d/.test(name.text)
        ? line.optional()
        : null;
    if (takes) args.push(takes);
  }
  line.draft.chain = args[0]?.text ?? "";
}

function readProtocol(line: Line, word: ShellWord, not: boolean): void {
  const { draft } = line;
  if (draft.protocol) line.refuse("multiple -p flags not allowed", word);
  const number = word.text.toLowerCase() === "all" ? 0 : protocolNumber(word.text);
  if (number === null) line.refuse(`unknown protocol "${word.text.toLowerCase()}" specified`, word);
  if (number === 0 && not) line.refuse("rule would never match protocol", word);
  if (number !== 0) draft.protocol = { number: number!, not };
}

function readInterface(line: Line, letter: "i" | "o", word: ShellWord, not: boolean): void {
  if (word.text.length > 15)
    line.refuse(`interface name \`${word.text}' must be shorter than IFNAMSIZ (15)`, word);
  const direction = letter === "i" ? "in" : "out";
  if (line.draft.interfaces.some((one) => one.kind === "iface" && one.direction === direction))
    line.refuse(`multiple -${letter} flags not allowed`, word);
  // `+` alone is every interface.
  line.draft.interfaces.push({ kind: "iface", direction, port: false, not, names: [word.text] });
}

function readMatch(line: Line, word: ShellWord): void {
  const { text } = word;
  if (Object.hasOwn(MATCHES, text)) line.draft.loaded.add(text);
  else if (UNSIMULATED_MATCHES.has(text)) {
    line.draft.loaded.add("?");
    line.draft.matches.push({ kind: "unsimulated", what: `-m ${text}` });
  } else line.refuse(`Couldn't load match \`${text}':No such file or directory`, word);
}

function readTable(line: Line, word: ShellWord): void {
  const table = TABLES.find((one) => one === word.text);
  if (!table) line.refuse(`table '${word.text}' does not exist`, word);
  line.draft.table = table!;
}

// ---- what it all comes to

function finish(line: Line): IptablesChange | { readonly kind: "inert" } {
  if (line.ipv6 || line.shows) return { kind: "inert" };
  const { command, draft } = line;
  if (!command) return line.refuse("no command specified", line.words[0]!);
  const { table } = draft;
  const [first, second] = command.args;
  const chain = first?.text ?? null;
  switch (command.letter) {
    case "A":
      return { kind: "append", table, chain: chain!, rules: rulesOf(line) };
    case "C":
      return { kind: "check", table, chain: chain!, rules: rulesOf(line) };
    case "I": {
      const position = second ? position1(line, second) : 1;
      return { kind: "insert", table, chain: chain!, position, rules: rulesOf(line) };
    }
    case "R": {
      if (!second) return line.refuse("-R requires a rule number", command.at);
      return {
        kind: "replace",
        table,
        chain: chain!,
        position: position1(line, second),
        rules: rulesOf(line),
      };
    }
    case "D":
      if (second)
        return { kind: "delete-at", table, chain: chain!, position: position1(line, second) };
      return { kind: "delete", table, chain: chain!, rules: rulesOf(line) };
    case "N":
      return { kind: "new-chain", table, chain: newName(line, first!) };
    case "X":
      return { kind: "delete-chain", table, chain };
    case "F":
      return { kind: "flush", table, chain };
    case "E":
      if (!second) return line.refuse("-E requires old-chain-name and new-chain-name", command.at);
      return { kind: "rename-chain", table, chain: chain!, to: newName(line, second) };
    case "P":
      if (!second) return line.refuse("-P requires a chain and a policy", command.at);
      return { kind: "policy", table, chain: chain!, policy: policyOf(line, first!, second) };
    default:
      return { kind: "inert" };
  }
}

function position1(line: Line, word: ShellWord): number {
  return (
    integerIn(word.text, 1, 1_000_000) ?? line.refuse(`Invalid rule number \`${word.text}'`, word)
  );
}

function newName(line: Line, word: ShellWord): string {
  const { text } = word;
  if (/^[-!]/.test(text)) line.refuse(`chain name not allowed to start with \`${text[0]}'`, word);
  if (text.length >= 29)
    line.refuse(`chain name \`${text}' too long (must be under 29 chars)`, word);
  if (Object.hasOwn(TARGETS, text)) line.refuse("chain name may not clash with target name", word);
  return text;
}

const NOT_A_FILTER = (word: string) =>
  `\nThe "nat" table is not intended for filtering, the use of ${word} is therefore inhibited.\n`;

function policyOf(line: Line, chain: ShellWord, word: ShellWord): "accept" | "drop" {
  if (!BUILT_IN[line.draft.table].includes(chain.text))
    throw new Refused("iptables: Bad built-in chain name.", chain);
  if (word.text !== "ACCEPT" && word.text !== "DROP")
    throw new Refused("iptables: Bad policy name. Run `dmesg' for more information.", word);
  if (line.draft.table === "nat" && word.text === "DROP")
    line.refuse(NOT_A_FILTER("DROP").trim(), word);
  return word.text === "ACCEPT" ? "accept" : "drop";
}

function rulesOf(line: Line): ParsedRule[] {
  const { draft } = line;
  const { command } = line;
  checkInterfaces(line);
  for (const [name, [number, said, option]] of Object.entries(NEEDS))
    if (draft.loaded.has(name) && (draft.protocol?.number !== number || draft.protocol.not))
      line.refuse(`${said} match requires '-p ${option}'`, command!.at);
  checkMatches(line);
  const action = actionOf(line);
  const sources = addresses(line, "src", line.source);
  const destinations = addresses(line, "dst", line.destination);
  const limited = draft.limited && action.kind !== "continue";
  const rest: ParsedRule["matches"] = [
    ...draft.interfaces.filter((one) => !isEvery(one)),
    ...(draft.protocol ? [single("proto", draft.protocol.number, draft.protocol.not)] : []),
    ...draft.matches,
    ...(limited ? [{ kind: "unsimulated", what: "-m limit" } as const] : []),
  ];
  return sources.flatMap((source) =>
    destinations.map((destination) => ({
      matches: [...(source ? [source] : []), ...(destination ? [destination] : []), ...rest],
      actions: [action],
    })),
  );
}

function isEvery(match: Match): boolean {
  return match.kind === "iface" && !match.not && match.names[0] === "+";
}

function checkInterfaces(line: Line): void {
  const { chain } = line.draft;
  const said = (direction: string) =>
    line.draft.interfaces.some((one) => one.kind === "iface" && one.direction === direction);
  if (said("in") && (chain === "OUTPUT" || chain === "POSTROUTING"))
    line.refuse(`Can't use -i with ${chain}`, line.command!.at);
  if (said("out") && (chain === "INPUT" || chain === "PREROUTING"))
    line.refuse(`Can't use -o with ${chain}`, line.command!.at);
}

// A match that was loaded and then not asked for anything.
function checkMatches(line: Line): void {
  const { draft } = line;
  const { at } = line.command!;
  const has = (kind: string) => draft.matches.some((match) => match.kind === kind);
  const states = has("ct-state") || has("ct-status") || has("ct-direction") || has("unsimulated");
  if (draft.loaded.has("state") && !states)
    line.refuse('state: option "--state" must be specified', at);
  if (draft.loaded.has("conntrack") && !states)
    line.refuse("conntrack: At least one option is required", at);
  if (draft.loaded.has("multiport") && !draft.said.has("multiport"))
    line.refuse("multiport expection an option", at);
}

function actionOf(line: Line): ParsedAction {
  const { draft } = line;
  const { target, targetAt } = draft;
  if (target === null) return { kind: "continue" };
  const known = Object.hasOwn(TARGETS, target) && !line.goto ? TARGETS[target]! : null;
  if (!known) return { kind: line.goto ? "goto" : "jump", chain: target };
  const action = draft.action ?? known.plain;
  if (!action) return line.refuse(known.missing ?? `${target}: an option is required`, targetAt!);
  if (draft.table === "nat" && action.kind === "drop")
    return line.refuse(NOT_A_FILTER(target).trim(), targetAt!);
  if (!fitsTable(draft, action)) {
    const verb = { A: "APPEND", I: "INSERT", R: "REPLACE" }[line.command!.letter] ?? "APPEND";
    if (draft.version.includes("legacy"))
      throw new Refused("iptables: Invalid argument. Run `dmesg' for more information.", targetAt!);
    line.refuse(` RULE_${verb} failed (Invalid argument): rule in chain ${draft.chain}`, targetAt!);
  }
  return action;
}

const NAT_CHAINS: Readonly<Record<string, readonly string[]>> = {
  dnat: ["PREROUTING", "OUTPUT"],
  redirect: ["PREROUTING", "OUTPUT"],
  snat: ["POSTROUTING", "INPUT"],
  masquerade: ["POSTROUTING"],
  netmap: ["PREROUTING", "OUTPUT", "POSTROUTING", "INPUT"],
};

// What the kernel checks: translation only in nat and where it makes sense, and so on.
function fitsTable(draft: Draft, action: ParsedAction): boolean {
  const builtIn = BUILT_IN[draft.table].includes(draft.chain);
  const hooks = Object.hasOwn(NAT_CHAINS, action.kind) ? NAT_CHAINS[action.kind]! : null;
  if (hooks) return draft.table === "nat" && (!builtIn || hooks.includes(draft.chain));
  if (action.kind === "no-track") return draft.table === "raw";
  if (action.kind === "dscp") return draft.table === "mangle";
  if (action.kind !== "reject") return true;
  if (action.with === "tcp-reset" && (draft.protocol?.number !== 6 || draft.protocol.not))
    return false;
  return draft.table === "filter";
}

// ---- addresses

function addresses(
  line: Line,
  which: "src" | "dst",
  said: { word: ShellWord; not: boolean } | null,
): readonly (Match | null)[] {
  if (!said) return [null];
  const parts = said.word.text.split(",").filter((part) => part !== "");
  if (said.not && parts.length > 1)
    line.refuse("! not allowed with multiple source or destination IP addresses", said.word);
  return parts.map((part) => {
    const [name = "", bits] = part.split("/");
    const ip = shortAddress(name);
    if (ip === null) line.refuse(`host/network \`${name}' not found`, said.word);
    const mask = bits === undefined ? maskOf(32) : maskNamed(bits);
    if (mask === null) line.refuse(`invalid mask \`${bits}' specified`, said.word);
    return maskedAddress(which, ip!, mask!, said.not);
  });
}

// `10/8` is 10.0.0.0/8.
function shortAddress(text: string): Ip | null {
  const parts = text.split(".");
  return parts.length > 4 ? null : parseIp([...parts, "0", "0", "0"].slice(0, 4).join("."));
}

function maskNamed(bits: string): Ip | null {
  const length = integerIn(bits, 0, 32);
  return length === null ? parseIp(bits) : maskOf(length);
}

/** Every table by name. */
export function tableNamed(text: string): IptablesTable | null {
  return TABLES.find((one) => one === text) ?? null;
}
