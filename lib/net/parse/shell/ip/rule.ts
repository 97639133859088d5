import type { Range } from "../../../model/network.ts";
import { networkOf, type Prefix } from "../../../model/prefix.ts";
import type { Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { beginning } from "../program.ts";
import type { IpCommand, RuleAction, RuleSelector } from "./command.ts";
import {
  begins,
  looseAddress,
  numberIn,
  portRange,
  protocolNumber,
  tableNumber,
  U32,
  unsimulated,
  verbOf,
  wrong,
} from "./words.ts";
import { Refused } from "../arguments.ts";

const VERBS = ["list", "lst", "show", "save", "restore", "add", "delete", "flush", "help"] as const;

/** `ip rule …` */
export function readRule(it: Arguments): IpCommand {
  const verb = verbOf(it, "rule", VERBS, "list");
  switch (verb) {
    case "add":
    case "delete":
      return readChange(it, verb);
    case "flush":
      return readFlush(it);
    case "restore":
      return unsimulated("ip rule restore");
    default:
      return { kind: "inert" };
  }
}

type Asked = {
  -readonly [K in keyof RuleSelector]: RuleSelector[K];
} & { action: RuleAction | null; suppressLength: number | null; beyond: string | null };

function readChange(it: Arguments, verb: "add" | "delete"): IpCommand {
  if (it.done) it.refuse(`"ip rule ${verb === "add" ? "add" : "del"}" requires arguments.`);
  const asked: Asked = {
    not: false,
    pref: null,
    from: null,
    to: null,
    iif: null,
    oif: null,
    mark: null,
    proto: null,
    sport: null,
    dport: null,
    action: null,
    suppressLength: null,
    beyond: null,
  };
  while (!it.done) readOne(it.next(), it, asked);
  const { action, suppressLength, beyond, ...selector } = asked;
  if (beyond !== null) return unsimulated(`ip rule … ${beyond}`);
  if (verb === "delete") return { kind: "rule-delete", selector, action };
  const made = action ?? { kind: "lookup", table: 254, suppressLength: null };
  const full = made.kind === "lookup" ? { ...made, suppressLength } : made;
  return { kind: "rule-add", selector, action: full };
}

function readOne(word: ShellWord, it: Arguments, asked: Asked): void {
  if (begins(word, "not")) asked.not = true;
  else if (word.text === "from") asked.from = network(it.next());
  else if (word.text === "to") asked.to = network(it.next());
  else if (begins(word, "preference", "order", "priority"))
    asked.pref = numberIn(it.next(), U32, "preference value is invalid");
  else if (word.text === "fwmark") asked.mark = mark(it.next());
  else if (begins(word, "table") || word.text === "lookup") {
    const table = tableNumber(it.next(), "invalid table ID");
    asked.action = { kind: "lookup", table, suppressLength: null };
  } else if (word.text === "dev" || word.text === "iif")
    asked.iif = device(it.next(), '"iif"/"dev"');
  else if (word.text === "oif") asked.oif = device(it.next(), '"oif"');
  else if (word.text === "l3mdev") asked.action = { kind: "vrf" };
  else if (word.text === "ipproto") asked.proto = protocol(it.next());
  else if (word.text === "sport") asked.sport = ports(it.next(), "sport");
  else if (word.text === "dport") asked.dport = ports(it.next(), "dport");
  else if (begins(word, "suppress_prefixlength") || word.text === "sup_pl")
    asked.suppressLength = numberIn(it.next(), U32, "suppress_prefixlength value is invalid");
  else if (begins(word, "protocol")) it.next();
  else if (beginning(word.text, BEYOND)) {
    it.next();
    asked.beyond ??= beginning(word.text, BEYOND);
  } else readAction(word, it, asked);
}

// They narrow a rule in ways that are not simulated.
const BEYOND = [
  "tos",
  "dsfield",
  "realms",
  "tun_id",
  "suppress_ifgroup",
  "sup_group",
  "uidrange",
  "nat",
  "map-to",
];

const NEVER = new Set(["local", "broadcast", "brd", "anycast", "multicast", "xresolve", "throw"]);

function readAction(word: ShellWord, it: Arguments, asked: Asked): void {
  const value = word.text === "type" ? it.next() : word;
  switch (value.text) {
    case "unicast":
      return;
    case "blackhole":
    case "unreachable":
    case "prohibit":
      asked.action = { kind: value.text };
      return;
    case "nop":
      asked.action = { kind: "nop" };
      return;
  }
  if (begins(value, "goto")) {
    asked.action = { kind: "goto", pref: numberIn(it.next(), U32, "invalid target") };
    return;
  }
  if (NEVER.has(value.text)) throw new Refused("RTNETLINK answers: Invalid argument", value);
  wrong(value, "Failed to parse rule type");
}

// Host bits are taken as they are, and do not matter.
function network(word: ShellWord): Prefix | null {
  if (["all", "any", "default"].includes(word.text)) return null;
  const { ip, length } = looseAddress(word);
  return networkOf(ip, length ?? 32);
}

function mark(word: ShellWord): { value: number; mask: number } {
  const slash = word.text.indexOf("/");
  const [value, mask] =
    slash === -1 ? [word.text, null] : [word.text.slice(0, slash), word.text.slice(slash + 1)];
  const first = numberIn({ ...word, text: value }, U32, "fwmark value is invalid");
  if (mask === null) return { value: first, mask: U32 };
  return { value: first, mask: numberIn({ ...word, text: mask }, U32, "fwmask value is invalid") };
}

function device(word: ShellWord, key: string): string {
  if (word.text === "" || word.text.length > 15 || word.text.includes("/"))
    return wrong(word, `${key} not a valid ifname`);
  return word.text;
}

function protocol(word: ShellWord): number {
  return protocolNumber(word.text) ?? wrong(word, 'Invalid "ipproto" value');
}

function ports(word: ShellWord, key: string): Range {
  return portRange(word, key);
}

function readFlush(it: Arguments): IpCommand {
  if (it.done) return { kind: "rule-flush" };
  const word = it.next();
  if (
    begins(word, "preference", "order", "priority", "protocol", "table") ||
    word.text === "lookup"
  )
    return unsimulated(`ip rule flush … ${word.text}`);
  network(word.text === "from" || word.text === "to" ? it.next() : inet(word));
  return unsimulated("ip rule flush …");
}

function inet(word: ShellWord): ShellWord {
  if (/^[\d.]+(\/\d+)?$/.test(word.text)) return word;
  throw new Refused(`Error: inet prefix is expected rather than "${word.text}".`, word);
}
