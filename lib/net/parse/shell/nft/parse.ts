import { integer, reading, Refused } from "../arguments.ts";
import { joined, type ShellWord } from "../placed.ts";
import type { Hook } from "../../../model/packet-filter.ts";
import type { NftBase, NftChange, NftCommand, NftFamily } from "./command.ts";
import { readRule } from "./rule.ts";
import { readElements, readSet } from "./sets.ts";
import { Tokens } from "./tokens.ts";

/**
 * Read an `nft` command (1.0.6): what stands on its line, or with `-f` what `input` or a file that the script wrote
 * holds. All of its changes are carried out, or none.
 */
export function parseNft(
  words: readonly ShellWord[],
  input: ShellWord | null = null,
  read: (file: string) => ShellWord | null = () => null,
): NftCommand {
  return reading(() => readCall(words, input, read));
}

const FLAGS = "hvVcnsNSpuyjaeotTi";
const LONG = new Set(
  "help version check interactive numeric stateless reversedns service guid numeric-priority numeric-protocol numeric-time json handle echo optimize terse debug".split(
    " ",
  ),
);

function readCall(
  words: readonly ShellWord[],
  input: ShellWord | null,
  read: (file: string) => ShellWord | null,
): NftCommand {
  let file: ShellWord | null = null;
  let checks = false;
  let at = 1;
  for (; at < words.length && /^-./.test(words[at]!.text); at++) {
    const word = words[at]!;
    const name = /^--([a-z-]+)/.exec(word.text)?.[1];
    if (name === "file" || word.text === "-f") file = words[++at] ?? missing(word);
    else if (/^-f./.test(word.text)) file = { ...word, text: word.text.slice(2) };
    else if (["includepath", "define", "debug"].includes(name ?? "") || /^-[IDd]/.test(word.text)) {
      if (!/^-[IDd].|=/.test(word.text)) at++;
    } else if (name !== undefined && !LONG.has(name))
      throw new Refused(`nft: unrecognized option '${word.text}'`, word);
    else if (name === undefined) checkFlags(word);
    if (name === "check" || /^-[a-z]*c/.test(word.text)) checks = true;
    if (/^-[hvVi]$|^--(help|version|interactive)$/.test(word.text)) return { kind: "inert" };
  }
  const rest = words.slice(at);
  if (file) return readFile(file, words[0]!, input, read, checks);
  if (rest.length === 0) throw new Refused("nft: no command specified", words[0]!);
  const text = spaced(rest);
  return readText(new Tokens(text, false), checks);
}

function missing(word: ShellWord): never {
  throw new Refused(`nft: option requires an argument -- 'f'`, word);
}

function checkFlags(word: ShellWord): void {
  const bad = Array.from(word.text.slice(1)).find((c) => !FLAGS.includes(c));
  if (bad) throw new Refused(`nft: invalid option -- '${bad}'`, word);
}

// nft puts its arguments together with blanks between.
function spaced(words: readonly ShellWord[]): ShellWord {
  const [first, last] = [words[0]!.span, words.at(-1)!.span];
  const span = { file: first.file, from: first.from, to: Math.max(first.to, last.to) };
  return joined(
    span,
    words.flatMap((word, index) => (index === 0 ? [word] : [" ", word])),
  );
}

function readFile(
  file: ShellWord,
  program: ShellWord,
  input: ShellWord | null,
  read: (file: string) => ShellWord | null,
  checks: boolean,
): NftCommand {
  const text = file.text === "-" || file.text === "/dev/stdin" ? input : read(file.text);
  if (text) return readText(new Tokens(text, true), checks);
  if (file.text === "-") return { kind: "inert" };
  return { kind: "unsimulated", what: `${program.text} -f ${file.text}`, dev: null };
}

function readText(it: Tokens, checks: boolean): NftCommand {
  const changes: NftChange[] = [];
  let unsimulated: string | null = null;
  for (it.separators(); !it.done; it.separators()) {
    unsimulated ??= readStatement(it, changes);
    if (!it.ended || it.is("}")) it.unexpected(it.peek(), "end of file or newline or semicolon");
  }
  if (unsimulated !== null) return { kind: "unsimulated", what: unsimulated, dev: null };
  return checks || changes.length === 0 ? { kind: "inert" } : { kind: "change", changes };
}

// What the statement asks for is added to `changes`; the answer is what it is when it is not simulated.
function readStatement(it: Tokens, changes: NftChange[]): string | null {
  const token = it.name();
  switch (token.text) {
    case "add":
    case "create":
      return readAdd(it, changes, token.text === "create", it.at - 1);
    case "table":
    case "chain":
    case "rule":
    case "set":
    case "map":
    case "element":
      it.at--;
      return readAdd(it, changes, false, it.at);
    case "insert":
      return readInsert(it, changes);
    case "replace":
      return readReplace(it, changes);
    case "delete":
      return readDelete(it, changes);
    case "flush":
      return readFlush(it, changes);
    case "rename":
      return readRename(it, changes);
    case "list":
    case "reset":
    case "get":
    case "describe":
    case "monitor":
    case "export":
      while (!it.done && it.peek().kind !== "newline" && !it.is(";")) it.at++;
      return null;
    case "include":
    case "import":
      while (!it.ended) it.at++;
      return `nft ${token.text}`;
    case "undefine":
      it.name();
      return null;
  }
  // Alone, a name begins a rule, and the table and chain it is for are missing.
  if (it.ended) return it.unexpected(it.peek(), "string");
  it.next();
  return it.unexpected(it.peek(), "string");
}

const FAMILIES: readonly NftFamily[] = ["ip", "inet", "ip6", "bridge", "arp", "netdev"];

function readFamily(it: Tokens): NftFamily {
  const family = FAMILIES.find((one) => it.is(one));
  if (!family) return "ip";
  it.next();
  return family;
}

type Place = { readonly family: NftFamily; readonly table: string };

function readTable(it: Tokens): Place {
  const family = readFamily(it);
  const token = it.peek();
  if (token.kind !== "word" && token.kind !== "string") it.unexpected(token, "string");
  return { family, table: it.name().text };
}

// What is for packets that are not simulated is read, and left.
function keep(changes: NftChange[], change: NftChange): void {
  if (change.family !== "ip6") changes.push(change);
}

const OTHER_OBJECTS = new Set([
  "counter", "quota", "limit", "ct", "flowtable", "secmark", "synproxy", "tunnel", "counters", "quotas",
]); // prettier-ignore

function readAdd(it: Tokens, changes: NftChange[], create: boolean, first: number): string | null {
  if (it.ended) return it.unexpected(it.peek(), "string");
  const object = it.name();
  switch (object.text) {
    case "table":
      return addTable(it, changes, create, first);
    case "chain": {
      const place = readTable(it);
      return addChain(it, changes, place, it.name().text, create, first);
    }
    case "rule": {
      const place = readTable(it);
      const chain = it.name().text;
      const where = readPlace(it);
      const rule = readRule(it, place.family);
      keep(changes, { kind: "rule-add", ...place, chain, rule, place: where, at: it.since(first) });
      return null;
    }
    case "set":
    case "map": {
      const place = readTable(it);
      return addSet(it, changes, place, object.text === "map", create, first);
    }
    case "element": {
      const place = readTable(it);
      const name = it.name().text;
      const elements = readElements(it);
      keep(changes, { kind: "element-add", ...place, name, elements, at: it.since(first) });
      return null;
    }
  }
  if (OTHER_OBJECTS.has(object.text)) {
    skipBlock(it);
    return object.text.startsWith("counter") ? null : `nft add ${object.text}`;
  }
  if (FAMILIES.includes(object.text as NftFamily) || !it.ended) {
    // `add TABLE CHAIN rule` is an old spelling of `add rule`.
    it.at--;
    const place = readTable(it);
    const chain = it.peek();
    if (chain.kind !== "word") it.unexpected(chain, "string");
    it.next();
    const rule = readRule(it, place.family);
    keep(changes, {
      kind: "rule-add",
      ...place,
      chain: chain.text,
      rule,
      place: null,
      at: it.since(first),
    });
    return null;
  }
  return it.unexpected(it.peek(), "string");
}

function skipBlock(it: Tokens): void {
  while (!it.ended && !it.is("{")) it.next();
  if (!it.is("{")) return;
  let depth = 0;
  do {
    if (it.is("{")) depth++;
    if (it.is("}")) depth--;
    it.next();
  } while (depth > 0);
}

function readPlace(it: Tokens): { by: "handle" | "index"; number: number } | null {
  const key = it.peek().text;
  if (key !== "handle" && key !== "position" && key !== "index") return null;
  it.next();
  const number = readNumber(it);
  return { by: key === "index" ? "index" : "handle", number };
}

function readNumber(it: Tokens): number {
  const token = it.peek();
  const number = integer(token.text);
  if (token.kind !== "word" || number === null) return it.unexpected(token, "number");
  it.next();
  return number;
}

// ---- tables

function addTable(it: Tokens, changes: NftChange[], create: boolean, first: number): string | null {
  const place = readTable(it);
  const what = create ? "create" : "add";
  keep(changes, { kind: "table", what, ...place, at: it.since(first) });
  if (!it.is("{")) return null;
  it.next();
  let unsimulated: string | null = null;
  for (it.separators(); !it.is("}"); it.separators()) {
    unsimulated ??= readInTable(it, changes, place);
    if (it.peek().kind !== "newline" && !it.is(";"))
      it.unexpected(it.peek(), "newline or semicolon");
  }
  it.need("}");
  return unsimulated;
}

function readInTable(it: Tokens, changes: NftChange[], place: Place): string | null {
  const first = it.at;
  const token = it.name();
  switch (token.text) {
    case "chain":
      return addChain(it, changes, place, it.name().text, false, first);
    case "set":
    case "map":
      return addSet(it, changes, place, token.text === "map", false, first);
    case "flags":
      if (it.name().text === "dormant") return "nft: a dormant table";
      return null;
    case "comment":
      it.name();
      return null;
  }
  if (!OTHER_OBJECTS.has(token.text)) it.unexpected(token);
  skipBlock(it);
  return token.text === "counter" ? null : `nft ${token.text}`;
}

// ---- chains

function addChain(
  it: Tokens,
  changes: NftChange[],
  place: Place,
  chain: string,
  create: boolean,
  first: number,
): string | null {
  if (!it.is("{")) {
    keep(changes, {
      kind: "chain-add",
      create,
      ...place,
      chain,
      base: null,
      policy: null,
      at: it.since(first),
    });
    return null;
  }
  it.next();
  let base: NftBase | null = null;
  let policy: "accept" | "drop" | null = null;
  let unsimulated: string | null = null;
  const rules: NftChange[] = [];
  for (it.separators(); !it.is("}"); it.separators()) {
    const token = it.peek();
    const start = it.at;
    if (token.text === "type" && it.peek(2).text === "hook") {
      const found = readBase(it, place.family);
      if (typeof found === "string") unsimulated ??= found;
      else base = found;
    } else if (token.text === "policy") policy = readPolicy(it);
    else if (
      token.text === "comment" ||
      token.text === "device" ||
      token.text === "devices" ||
      token.text === "flags"
    )
      while (!it.ended) it.next();
    else {
      const rule = readRule(it, place.family);
      rules.push({ kind: "rule-add", ...place, chain, rule, place: null, at: it.since(start) });
    }
    if (!it.ended) it.unexpected();
  }
  const at = it.since(first);
  it.need("}");
  keep(changes, { kind: "chain-add", create, ...place, chain, base, policy, at });
  for (const rule of rules) keep(changes, rule);
  return place.family === "ip6" ? null : unsimulated;
}

const HOOKS: readonly Hook[] = ["prerouting", "input", "forward", "output", "postrouting"];

function readBase(it: Tokens, family: NftFamily): NftBase | string {
  const start = it.peek();
  it.need("type");
  const type = it.name();
  if (type.text !== "filter" && type.text !== "nat" && type.text !== "route")
    it.refuse("unknown chain type", type);
  it.need("hook");
  const hook = it.name();
  const known = HOOKS.find((one) => one === hook.text);
  if (!known && hook.text !== "ingress" && hook.text !== "egress")
    it.refuse("unknown chain hook", hook);
  while (it.is("device") || it.is("devices")) {
    it.next();
    if (it.take("=")) readElements(it);
    else it.name();
  }
  it.need("priority");
  const priority = readPriority(it, family, hook.text);
  if (!known) return `nft hook ${hook.text}`;
  if (type.text === "nat" && hook.text === "forward")
    it.refuse("Could not process rule: Operation not supported", start);
  return { type: type.text as NftBase["type"], hook: known, priority };
}

const PRIORITIES: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};
const BRIDGE: Readonly<Record<string, number>> = {
  dstnat: -300,
  filter: -200,
  out: 100,
  srcnat: 300,
};

function readPriority(it: Tokens, family: NftFamily, hook: string): number {
  const first = it.peek();
  const sign = it.take("-") ? -1 : 1;
  const token = it.name();
  const number = integer(token.text);
  if (number !== null) return sign * number;
  // `filter-5` comes as one word.
  const [name = "", less] = /^([a-z]+)-(\d+)$/.exec(token.text)?.slice(1) ?? [token.text];
  const names = family === "bridge" ? BRIDGE : PRIORITIES;
  const fits =
    Object.hasOwn(names, name) &&
    (name !== "dstnat" || hook === "prerouting") &&
    (name !== "srcnat" || hook === "postrouting");
  if (!fits) return it.refuse("invalid priority expression value in this context.", first);
  const base = names[name]! - Number(less ?? 0);
  if (it.take("+")) return base + readNumber(it);
  return it.take("-") ? base - readNumber(it) : base;
}

function readPolicy(it: Tokens): "accept" | "drop" {
  it.need("policy");
  const token = it.peek();
  if (token.text !== "accept" && token.text !== "drop")
    return it.unexpected(token, "accept or drop or '$'");
  it.next();
  return token.text;
}

// ---- sets

function addSet(
  it: Tokens,
  changes: NftChange[],
  place: Place,
  map: boolean,
  create: boolean,
  first: number,
): string | null {
  const from = it.at;
  const name = it.name().text;
  if (!it.is("{")) return it.unexpected(it.peek(), "'{'");
  const { set, interval, unsimulated } = readSet(it, map, { from });
  keep(changes, {
    kind: "set-add",
    create,
    ...place,
    name,
    map,
    set,
    interval,
    unsimulated,
    at: it.since(first),
  });
  return null;
}

// ---- the other verbs

function readInsert(it: Tokens, changes: NftChange[]): null {
  const first = it.at - 1;
  it.need("rule");
  const place = readTable(it);
  const chain = it.name().text;
  const where = readPlace(it);
  const rule = readRule(it, place.family);
  keep(changes, { kind: "rule-insert", ...place, chain, rule, place: where, at: it.since(first) });
  return null;
}

function readReplace(it: Tokens, changes: NftChange[]): null {
  const first = it.at - 1;
  it.need("rule");
  const place = readTable(it);
  const chain = it.name().text;
  if (!it.take("handle")) it.unexpected(it.peek(), "handle");
  const handle = readNumber(it);
  const rule = readRule(it, place.family);
  keep(changes, { kind: "rule-replace", ...place, chain, handle, rule, at: it.since(first) });
  return null;
}

function readDelete(it: Tokens, changes: NftChange[]): string | null {
  const first = it.at - 1;
  const object = it.name();
  const byHandle = () => {
    if (!it.is("handle")) return null;
    it.next();
    readNumber(it);
    return `nft delete ${object.text} handle`;
  };
  switch (object.text) {
    case "table": {
      readFamily(it);
      const handle = byHandle();
      if (handle !== null) return handle;
      // Read again: the family belongs to the table.
      it.at = first + 2;
      keep(changes, { kind: "table", what: "delete", ...readTable(it), at: it.since(first) });
      return null;
    }
    case "rule": {
      const place = readTable(it);
      const chain = it.name().text;
      if (!it.take("handle")) it.unexpected(it.peek(), "handle");
      const handle = readNumber(it);
      keep(changes, { kind: "rule-delete", ...place, chain, handle, at: it.since(first) });
      return null;
    }
    case "chain":
    case "set":
    case "map": {
      const place = readTable(it);
      const handle = byHandle();
      if (handle !== null) return handle;
      const name = it.name().text;
      if (object.text !== "chain")
        keep(changes, { kind: "set-delete", ...place, name, at: it.since(first) });
      else keep(changes, { kind: "chain-delete", ...place, chain: name, at: it.since(first) });
      return null;
    }
    case "element": {
      const place = readTable(it);
      const name = it.name().text;
      const elements = readElements(it);
      keep(changes, { kind: "element-delete", ...place, name, elements, at: it.since(first) });
      return null;
    }
  }
  if (!OTHER_OBJECTS.has(object.text)) it.unexpected(object);
  skipBlock(it);
  return object.text.startsWith("counter") ? null : `nft delete ${object.text}`;
}

function readFlush(it: Tokens, changes: NftChange[]): null {
  const first = it.at - 1;
  const object = it.name();
  switch (object.text) {
    case "ruleset": {
      const family = FAMILIES.find((one) => it.is(one)) ?? null;
      if (family) it.next();
      keep(changes, { kind: "flush-ruleset", family, at: it.since(first) });
      return null;
    }
    case "table":
      keep(changes, { kind: "table", what: "flush", ...readTable(it), at: it.since(first) });
      return null;
    case "chain": {
      const place = readTable(it);
      const chain = it.name().text;
      keep(changes, { kind: "chain-flush", ...place, chain, at: it.since(first) });
      return null;
    }
    case "set":
    case "map":
    case "meter": {
      const place = readTable(it);
      const name = it.name().text;
      keep(changes, { kind: "set-flush", ...place, name, at: it.since(first) });
      return null;
    }
  }
  return it.unexpected(object);
}

function readRename(it: Tokens, changes: NftChange[]): null {
  const first = it.at - 1;
  it.need("chain");
  const place = readTable(it);
  const chain = it.name().text;
  const to = it.name().text;
  keep(changes, { kind: "chain-rename", ...place, chain, to, at: it.since(first) });
  return null;
}
