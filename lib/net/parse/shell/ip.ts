import type { RouteVerb } from "../../model/linux-routes.ts";
import type { RouteAsked } from "../../model/linux.ts";
import { EVERYWHERE, networkOf, parseIp, type Ip, type Prefix } from "../../model/prefix.ts";
import type { Word } from "../../source/text.ts";
import { beginning, type ShellCommand } from "./program.ts";

/** What one `ip` command asks for. */
export type IpCommand =
  | {
      readonly kind: "address-add";
      readonly ip: Ip;
      readonly length: number;
      readonly dev: string;
      readonly replace: boolean;
    }
  | {
      readonly kind: "address-delete";
      readonly ip: Ip;
      readonly length: number | null;
      readonly dev: string;
    }
  | { readonly kind: "address-flush"; readonly dev: string }
  | { readonly kind: "link-set"; readonly dev: string; readonly changes: readonly LinkChange[] }
  | { readonly kind: "route-add"; readonly how: RouteVerb; readonly asked: RouteAsked }
  | {
      readonly kind: "route-delete";
      readonly to: Prefix;
      readonly type: RouteAsked["type"] | null;
      readonly link: string | null;
      readonly gateway: Ip | null;
      readonly metric: number | null;
    }
  | {
      readonly kind: "route-flush";
      readonly to: Prefix | null;
      /** Only to that prefix, to all within it (`root`), or to all that cover it (`match`). */
      readonly how: FlushHow;
      readonly link: string | null;
    }
  /** Shows something, or is about IPv6, which is part of no proof here: it changes nothing. */
  | { readonly kind: "show" }
  | { readonly kind: "unsimulated"; readonly what: string; readonly dev: string | null }
  | { readonly kind: "refused"; readonly said: string; readonly at: Word };

export type FlushHow = "exact" | "root" | "match";
export type LinkChange =
  | { readonly kind: "up"; readonly up: boolean }
  | { readonly kind: "address"; readonly mac: string }
  | { readonly kind: "mtu"; readonly mtu: number };

/** What `ip` can be asked here, for help and completion. */
export const ipCommands: readonly ShellCommand[] = [
  {
    words: "ip addr add ADDRESS/LENGTH dev LINK",
    help: "Give a link an address",
    state: "simulated",
  },
  {
    words: "ip addr del ADDRESS/LENGTH dev LINK",
    help: "Take an address away",
    state: "simulated",
  },
  {
    words: "ip addr flush dev LINK",
    help: "Take all addresses of a link away",
    state: "simulated",
  },
  { words: "ip addr show", help: "List addresses", state: "inert" },
  { words: "ip link set LINK up", help: "Bring a link up", state: "simulated" },
  { words: "ip link set LINK down", help: "Take a link down", state: "simulated" },
  { words: "ip link set LINK mtu BYTES", help: "Largest packet of a link", state: "simulated" },
  { words: "ip link set LINK name NAME", help: "Rename a link", state: "unsimulated" },
  { words: "ip link set LINK address MAC", help: "Another MAC address", state: "simulated" },
  { words: "ip link show", help: "List links", state: "inert" },
  { words: "ip link add", help: "Make a virtual link", state: "unsimulated" },
  { words: "ip link delete", help: "Remove a virtual link", state: "unsimulated" },
  { words: "ip route add PREFIX via GATEWAY dev LINK", help: "Add a route", state: "simulated" },
  {
    words: "ip route replace PREFIX via GATEWAY",
    help: "Add a route or change it",
    state: "simulated",
  },
  { words: "ip route del PREFIX", help: "Remove a route", state: "simulated" },
  { words: "ip route flush PREFIX", help: "Remove routes", state: "simulated" },
  { words: "ip route show", help: "List routes", state: "inert" },
  { words: "ip rule add", help: "Choose a table by rule", state: "unsimulated" },
  { words: "ip neigh add", help: "The neighbour table", state: "unsimulated" },
  { words: "ip netns add", help: "Network namespaces", state: "unsimulated" },
  { words: "ip vrf exec", help: "VRF devices", state: "unsimulated" },
  { words: "ip tunnel add", help: "Tunnels", state: "unsimulated" },
];

// In the order of iproute2's own table, which decides what a beginning means.
const OBJECTS = [
  "address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl",
  "link", "l2tp", "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token", "tcpmetrics",
  "tcp_metrics", "monitor", "xfrm", "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop",
  "mptcp", "ioam", "help", "stats",
] as const; // prettier-ignore

/** Read the words after `ip`, as iproute2 does: the first thing that is wrong refuses the whole command. */
export function parseIpCommand(words: readonly Word[]): IpCommand {
  const it = new Words(words);
  try {
    return readObject(it);
  } catch (problem) {
    if (problem instanceof Garbage) return { kind: "refused", said: problem.said, at: problem.at };
    throw problem;
  }
}

// Thrown inside this file only: where iproute2 calls exit().
class Garbage {
  readonly said: string;
  readonly at: Word;
  constructor(said: string, at: Word) {
    this.said = said;
    this.at = at;
  }
}

class Words {
  at = 0;
  private readonly words: readonly Word[];
  constructor(words: readonly Word[]) {
    this.words = words;
  }
  peek(): Word | undefined {
    return this.words[this.at];
  }
  /** The next word, which must be there. */
  next(): Word {
    const word = this.words[this.at];
    if (!word) throw new Garbage('Command line is not complete. Try option "help"', this.last());
    this.at++;
    return word;
  }
  rest(): readonly Word[] {
    return this.words.slice(this.at);
  }
  last(): Word {
    return this.words[Math.min(this.at, this.words.length) - 1] ?? this.words[0]!;
  }
  get done(): boolean {
    return this.at >= this.words.length;
  }
}

function readObject(it: Words): IpCommand {
  while (it.peek()?.text.startsWith("-")) {
    const option = it.next();
    if (option.text === "-6") return { kind: "show" };
    if (["-f", "-family", "-n", "-netns", "-b", "-batch"].includes(option.text))
      return { kind: "unsimulated", what: `ip ${option.text}`, dev: null };
  }
  if (it.done) return { kind: "show" };
  const word = it.next();
  const object = beginning(word.text, OBJECTS);
  switch (object) {
    case "address":
      return readAddress(it);
    case "link":
      return readLink(it);
    case "route":
      return readRoute(it);
    case "monitor":
    case "help":
    case "stats":
    case "netconf":
      return { kind: "show" };
    case null:
      throw new Garbage(`Object "${word.text}" is unknown, try "ip help".`, word);
    default: {
      const verb = it.peek()?.text ?? "show";
      if (beginning(verb, ["show", "list", "lst"])) return { kind: "show" };
      return { kind: "unsimulated", what: `ip ${object}`, dev: null };
    }
  }
}

function readAddress(it: Words): IpCommand {
  const verb = readVerb(it, "address", [
    "add",
    "change",
    "chg",
    "replace",
    "delete",
    "show",
    "list",
    "lst",
    "flush",
    "save",
    "showdump",
    "restore",
  ]);
  if (verb === "show" || verb === "list" || verb === "lst") return { kind: "show" };
  if (verb === "save" || verb === "showdump" || verb === "restore")
    return { kind: "unsimulated", what: `ip address ${verb}`, dev: null };
  if (it.rest().some((word) => /^[0-9a-f]*:[0-9a-f:.]+(\/\d+)?$/i.test(word.text)))
    return { kind: "show" };
  let local: { ip: Ip; length: number | null } | null = null;
  let dev: string | null = null;
  while (!it.done) {
    const word = it.next();
    const key = word.text === "peer" || word.text === "remote" ? "peer" : word.text;
    if (key === "dev") dev = it.next().text;
    else if (key === "peer") return { kind: "unsimulated", what: "ip address … peer", dev };
    else if (["broadcast", "brd", "label", "proto", "valid_lft", "preferred_lft"].includes(key))
      it.next();
    else if (key === "scope" && it.peek()?.text === "global") it.next();
    else if (key === "scope" || key === "metric")
      return { kind: "unsimulated", what: `ip address … ${key}`, dev };
    else if (["noprefixroute", "nodad", "home", "mngtmpaddr", "anycast"].includes(key)) {
      if (key === "noprefixroute") return { kind: "unsimulated", what: "noprefixroute", dev };
    } else if (verb === "flush") {
      dev ??= word.text;
    } else {
      if (key === "local") local = readLocal(it.next());
      else if (local)
        throw new Garbage(
          `Error: either "local" is duplicate, or "${word.text}" is a garbage.`,
          word,
        );
      else local = readLocal(word);
    }
  }
  if (dev === null)
    throw new Garbage('Not enough information: "dev" argument is required.', it.last());
  if (verb === "flush") return { kind: "address-flush", dev };
  if (!local) throw new Garbage("RTNETLINK answers: Operation not supported", it.last());
  if (verb === "delete") return { kind: "address-delete", ...local, dev };
  return {
    kind: "address-add",
    ip: local.ip,
    length: local.length ?? 32,
    dev,
    replace: verb !== "add",
  };
}

function readLocal(word: Word): { ip: Ip; length: number | null } {
  const prefix = looseAddress(word.text);
  if (prefix) return prefix;
  throw new Garbage(`Error: any valid prefix is expected rather than "${word.text}".`, word);
}

function readLink(it: Words): IpCommand {
  const verb = readVerb(it, "link", [
    "add",
    "set",
    "change",
    "replace",
    "delete",
    "afstats",
    "show",
    "list",
    "lst",
    "property",
    "help",
  ]);
  if (["afstats", "show", "list", "lst", "help"].includes(verb)) return { kind: "show" };
  if (verb !== "set" && verb !== "change")
    return { kind: "unsimulated", what: `ip link ${verb}`, dev: null };
  let dev: string | null = null;
  const changes: LinkChange[] = [];
  while (!it.done) {
    const word = it.next();
    switch (word.text) {
      case "up":
      case "down":
        changes.push({ kind: "up", up: word.text === "up" });
        break;
      case "dev":
        dev = it.next().text;
        break;
      case "mtu":
        changes.push({ kind: "mtu", mtu: readMtu(it.next()) });
        break;
      case "address":
      case "addr":
        changes.push({ kind: "address", mac: readMac(it.next()) });
        break;
      case "txqueuelen":
      case "qlen":
      case "alias":
      case "group":
        it.next();
        break;
      case "multicast":
      case "allmulticast":
      case "promisc":
      case "dynamic":
      case "carrier":
        if (word.text === "carrier")
          return { kind: "unsimulated", what: "ip link set … carrier", dev };
        it.next();
        break;
      case "name":
      case "master":
      case "nomaster":
      case "netns":
      case "type":
      case "arp":
      case "vf":
      case "xdp":
      case "protodown":
        return { kind: "unsimulated", what: `ip link set … ${word.text}`, dev };
      default:
        if (dev !== null)
          throw new Garbage(
            `Error: either "dev" is duplicate, or "${word.text}" is a garbage.`,
            word,
          );
        dev = word.text;
    }
  }
  if (dev === null)
    throw new Garbage('Not enough information: "dev" argument is required.', it.last());
  return { kind: "link-set", dev, changes };
}

function readMtu(word: Word): number {
  if (!/^\d{1,9}$/.test(word.text))
    throw new Garbage(`Error: argument "${word.text}" is wrong: Invalid "mtu" value`, word);
  if (Number(word.text) < 68) throw new Garbage("Error: mtu less than device minimum.", word);
  return Number(word.text);
}

function readMac(word: Word): string {
  const bytes = word.text.split(":");
  const bad = bytes.find((byte) => !/^[0-9a-f]{1,2}$/i.test(byte));
  if (bad !== undefined) throw new Garbage(`"${bad}" is invalid lladdr.`, word);
  if (bytes.length !== 6)
    throw new Garbage(`Invalid address length ${bytes.length} - must be 6 bytes`, word);
  if (parseInt(bytes[0]!, 16) % 2 === 1)
    throw new Garbage("RTNETLINK answers: Cannot assign requested address", word);
  return bytes.map((byte) => byte.padStart(2, "0").toLowerCase()).join(":");
}

const ROUTE_TYPES = ["unicast", "blackhole", "unreachable", "prohibit", "throw"] as const;

function readRoute(it: Words): IpCommand {
  const verb = readVerb(it, "route", [
    "add",
    "change",
    "chg",
    "replace",
    "prepend",
    "append",
    "test",
    "delete",
    "get",
    "list",
    "show",
    "lst",
    "flush",
    "save",
    "showdump",
    "restore",
  ]);
  if (["get", "list", "show", "lst", "test", "save", "showdump"].includes(verb))
    return { kind: "show" };
  if (verb === "restore") return { kind: "unsimulated", what: "ip route restore", dev: null };
  if (it.rest().some((word) => word.text.includes(":"))) return { kind: "show" };
  const words = it.at;
  let to: Prefix | null = null;
  let type: RouteAsked["type"] | null = null;
  let metric: number | null = null;
  let source: Ip | null = null;
  const hops: { link: string | null; gateway: Ip | null; onlink: boolean }[] = [];
  let first = { link: null as string | null, gateway: null as Ip | null, onlink: false };
  let flush: FlushHow = "exact";
  while (!it.done) {
    const word = it.next();
    const keyed = readHopWord(word, it, first);
    if (keyed) continue;
    switch (word.text) {
      case "src":
        source = readIp(it.next());
        break;
      case "metric":
      case "preference":
      case "priority":
        metric = Number(readNumber(it.next()));
        break;
      case "table": {
        const table = it.next().text;
        if (table === "main" || table === "254") break;
        return { kind: "unsimulated", what: `ip route … table ${table}`, dev: null };
      }
      case "proto":
      case "protocol":
      case "scope":
      case "weight":
        it.next();
        break;
      case "nexthop":
        hops.push(first);
        first = { link: null, gateway: null, onlink: false };
        break;
      case "tos":
      case "dsfield":
      case "mtu":
      case "advmss":
      case "nhid":
      case "encap":
      case "realm":
        return { kind: "unsimulated", what: `ip route … ${word.text}`, dev: null };
      case "exact":
      case "root":
      case "match":
        flush = word.text;
        break;
      case "local":
      case "broadcast":
      case "multicast":
      case "nat":
        return { kind: "unsimulated", what: `ip route … ${word.text}`, dev: null };
      case "to":
        break;
      default: {
        const kind = ROUTE_TYPES.find((one) => one === word.text);
        if (kind && !to) type = kind;
        else if (to)
          throw new Garbage(
            `Error: either "to" is duplicate, or "${word.text}" is a garbage.`,
            word,
          );
        else to = readPrefix(word, verb);
      }
    }
  }
  const named = [...hops, first].filter((hop) => hop.link !== null || hop.gateway !== null);
  if (verb === "flush" && words === it.at)
    throw new Garbage('"ip route flush" requires arguments.', it.last());
  if (verb === "flush") return { kind: "route-flush", to, how: flush, link: first.link };
  if (!to) throw new Garbage("Usage: ip route { list | flush } SELECTOR", it.last());
  if (verb === "delete")
    return { kind: "route-delete", to, type, link: first.link, gateway: first.gateway, metric };
  const how = verb === "chg" ? "change" : (verb as RouteVerb);
  return {
    kind: "route-add",
    how,
    asked: { to, type: type ?? "unicast", hops: named, metric: metric ?? 0, source },
  };
}

function readHopWord(
  word: Word,
  it: Words,
  hop: { link: string | null; gateway: Ip | null; onlink: boolean },
): boolean {
  if (word.text === "via") {
    const next = it.next();
    hop.gateway = readIp(next.text === "inet" ? it.next() : next);
  } else if (word.text === "dev" || word.text === "oif") hop.link = it.next().text;
  else if (word.text === "onlink" || word.text === "pervasive")
    hop.onlink ||= word.text === "onlink";
  else return false;
  return true;
}

function readVerb<V extends string>(it: Words, object: string, verbs: readonly V[]): V {
  const word = it.peek();
  if (!word) return "show" as V;
  it.next();
  const verb = beginning(word.text, verbs);
  if (verb) return verb;
  throw new Garbage(`Command "${word.text}" is unknown, try "ip ${object} help".`, word);
}

function readPrefix(word: Word, verb: string): Prefix {
  if (["default", "any", "all"].includes(word.text)) return EVERYWHERE;
  const it = looseAddress(word.text);
  if (!it)
    throw new Garbage(`Error: any valid prefix is expected rather than "${word.text}".`, word);
  const prefix = networkOf(it.ip, it.length ?? 32);
  if (prefix.first !== it.ip && verb !== "flush")
    throw new Garbage("Error: Invalid prefix for given prefix length.", word);
  return prefix;
}

function readIp(word: Word): Ip {
  const it = looseAddress(word.text);
  if (it?.length === null) return it.ip;
  throw new Garbage(`Error: any valid address is expected rather than "${word.text}".`, word);
}

function readNumber(word: Word): number {
  if (!/^\d{1,10}$/.test(word.text))
    throw new Garbage(`Error: argument "${word.text}" is wrong: "metric" value is invalid`, word);
  return Number(word.text);
}

// iproute2 fills a short address up with zeros: `10.9/16` is 10.9.0.0/16.
function looseAddress(text: string): { ip: Ip; length: number | null } | null {
  const [address = "", bits, ...more] = text.split("/");
  const parts = address.split(".");
  if (more.length > 0 || parts.length > 4) return null;
  const ip = parseIp([...parts, ...Array<string>(4 - parts.length).fill("0")].join("."));
  if (ip === null) return null;
  if (bits === undefined) return { ip, length: null };
  if (/^\d{1,2}$/.test(bits) && Number(bits) <= 32) return { ip, length: Number(bits) };
  return null;
}
