import type { Ip, Prefix } from "../../../model/prefix.ts";
import { integer, integerIn, Refused, type Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { IpCommand, RouteHop, RouteType, RouteVerb } from "./command.ts";
import {
  address,
  begins,
  garbage,
  Inert,
  inetAddress,
  numberIn,
  prefix,
  tableNumber,
  U32,
  unsimulated,
  verbOf,
  wrong,
  type TableName,
} from "./words.ts";

const VERBS = [
  "add", "change", "chg", "replace", "prepend", "append", "test", "delete", "get", "list", "show", "lst", "flush",
  "save", "showdump", "restore", "help",
] as const; // prettier-ignore

const MAIN = 254;
const USAGE = "Usage: ip route { list | flush } SELECTOR";
const TYPES = [
  "local", "nat", "broadcast", "brd", "anycast", "multicast", "prohibit", "unreachable", "blackhole", "xresolve",
  "unicast", "throw",
]; // prettier-ignore
const SIMULATED = new Set<string>(["unicast", "blackhole", "unreachable", "prohibit", "throw"]);
const SCOPES = ["global", "site", "link", "host", "nowhere", "universe"];
const PROTOCOLS = [
  "none", "redirect", "kernel", "boot", "static", "gated", "ra", "mrt", "zebra", "bird", "dnrouted", "xorp", "ntk",
  "dhcp", "keepalived", "babel", "bgp", "isis", "ospf", "rip", "eigrp",
]; // prettier-ignore

/** `ip route …`; with `-f mpls` the destinations are labels. */
export function readRoute(it: Arguments, family: "inet" | "mpls"): IpCommand {
  const verb = verbOf(it, "route", VERBS, "show");
  switch (verb) {
    case "add":
    case "change":
    case "chg":
    case "replace":
    case "prepend":
    case "append":
      return family === "mpls" ? readLabel(it, verbNamed(verb)) : readModify(it, verbNamed(verb));
    case "delete":
      return family === "mpls" ? readLabel(it, "delete") : readModify(it, "delete");
    case "flush":
      return readFlush(it);
    case "get":
      if (it.done) it.refuse("need at least a destination address");
      return { kind: "inert" };
    case "restore":
      return unsimulated("ip route restore");
    default:
      return { kind: "inert" };
  }
}

function verbNamed(verb: RouteVerb | "chg"): RouteVerb {
  return verb === "chg" ? "change" : verb;
}

type Hop = {
  link: string | null;
  gateway: Ip | null;
  onlink: boolean;
  weight: number;
  labels: readonly number[];
};

function freshHop(): Hop {
  return { link: null, gateway: null, onlink: false, weight: 1, labels: [] };
}

type Asked = {
  to: Prefix | null;
  type: string | null;
  table: TableName;
  metric: number | null;
  source: Ip | null;
  first: Hop;
  hops: RouteHop[];
  /** The first word that makes the route one that is not simulated. */
  beyond: string | null;
};

function readModify(it: Arguments, verb: RouteVerb | "delete"): IpCommand {
  const asked: Asked = {
    to: null,
    type: null,
    table: MAIN,
    metric: null,
    source: null,
    first: freshHop(),
    hops: [],
    beyond: null,
  };
  while (!it.done) {
    const word = it.next();
    if (word.text === "nexthop") {
      asked.hops = readHops(it, word);
      break;
    }
    if (!readHopWord(word, it, asked.first, asked) && !readInfo(word, it, asked))
      readDestination(word, it, asked);
  }
  if (asked.beyond !== null) return unsimulated(`ip route … ${asked.beyond}`, asked.first.link);
  return verb === "delete" ? deletion(it, asked) : addition(it, verb, asked);
}

function addition(it: Arguments, how: RouteVerb, asked: Asked): IpCommand {
  const { first, table, metric, source } = asked;
  const to = asked.to ?? it.refuse(USAGE);
  const type = routeType(asked.type ?? "unicast", first.link);
  const single = first.link !== null || first.gateway !== null || first.labels.length > 0;
  const hops = single ? [first] : asked.hops;
  if (type !== "unicast" && hops.length > 0)
    it.refuse("Error: Gateway, device and multipath can not be specified for this route type.");
  return { kind: "route-add", how, table, to, type, hops, metric: metric ?? 0, source };
}

function deletion(it: Arguments, asked: Asked): IpCommand {
  const { first, table, metric, source } = asked;
  const to = asked.to ?? it.refuse(USAGE);
  const type = asked.type === null ? null : routeType(asked.type, first.link);
  const hop = asked.hops[0] ?? first;
  const { link, gateway } = hop;
  return { kind: "route-delete", table, to, type, link, gateway, metric, source };
}

function routeType(name: string, dev: string | null): RouteType {
  return SIMULATED.has(name) ? (name as RouteType) : unsimulated(`ip route … ${name}`, dev);
}

// The words that one next hop may have.
function readHopWord(word: ShellWord, it: Arguments, hop: Hop, asked: Asked | null): boolean {
  switch (word.text) {
    case "via":
      hop.gateway = readGateway(it);
      return true;
    case "dev":
    case "oif":
      hop.link = it.next().text;
      return true;
    case "onlink":
      hop.onlink = true;
      return true;
    case "encap":
      hop.labels = readEncap(it, asked);
      return true;
    default:
      return false;
  }
}

function readGateway(it: Arguments): Ip {
  const word = it.next();
  if (word.text === "inet6") throw new Inert();
  return inetAddress(word.text === "inet" ? it.next() : word);
}

const ENCAPS = ["mpls", "ip", "ip6", "ila", "bpf", "seg6", "seg6local", "rpl", "ioam6", "xfrm"];

function readEncap(it: Arguments, asked: Asked | null): readonly number[] {
  const type = it.next();
  if (!ENCAPS.includes(type.text)) wrong(type, '"encap type" value is invalid');
  if (type.text !== "mpls") {
    if (asked) asked.beyond = `encap ${type.text}`;
    it.rest();
    return [];
  }
  const labels = labelsOf(it.next());
  if (it.take("ttl")) it.next();
  return labels;
}

/** `100/200` */
function labelsOf(word: ShellWord): readonly number[] {
  const labels = word.text.split("/").map((text) => integerIn(text, 0, 0xfffff));
  if (labels.length > 7 || !labels.every((label) => label !== null))
    return wrong(word, "mpls label is invalid");
  return labels;
}

// What may be said of the whole route.
function readInfo(word: ShellWord, it: Arguments, asked: Asked): boolean {
  if (word.text === "src") asked.source = address(it.next());
  else if (begins(word, "metric", "priority") || word.text === "preference")
    asked.metric = numberIn(it.next(), U32, '"metric" value is invalid');
  else if (begins(word, "table")) asked.table = tableNumber(it.next(), '"table" value is invalid');
  else if (word.text === "vrf") asked.table = { vrf: it.next().text };
  else if (word.text === "scope") scope(it.next());
  else if (begins(word, "protocol")) protocol(it.next());
  else if (word.text === "tos" || begins(word, "dsfield")) tos(it.next(), asked);
  else if (["mtu", "advmss", "hoplimit"].includes(word.text)) measure(word.text, it, asked);
  else if (["nhid", "as"].includes(word.text) || begins(word, "realms")) beyond(word, it, asked);
  else if (isInert(word)) it.next();
  else return false;
  return true;
}

// How TCP behaves, how long a route is kept: no packet goes elsewhere for it.
const INERT = [
  "expires", "rtt", "rttvar", "rto_min", "window", "cwnd", "initcwnd", "initrwnd", "ssthresh", "reordering",
  "features", "quickack", "congctl", "pref", "ttl-propagate", "fastopen_no_cookie",
]; // prettier-ignore
const WHOLE = new Set(["expires", "pref", "ttl-propagate"]);

function isInert(word: ShellWord): boolean {
  return INERT.some((one) => (WHOLE.has(one) ? one === word.text : begins(word, one)));
}

function beyond(word: ShellWord, it: Arguments, asked: Asked): void {
  it.next();
  asked.beyond ??= word.text;
}

function tos(word: ShellWord, asked: Asked): void {
  if (
    integerIn(word.text.replace(/^0x/i, ""), 0, 0xffffff) === null &&
    !/^0x[0-9a-f]+$/i.test(word.text)
  )
    wrong(word, '"tos" value is invalid');
  asked.beyond ??= "tos";
}

function measure(key: string, it: Arguments, asked: Asked): void {
  it.take("lock");
  const word = it.next();
  if (integer(word.text) === null)
    wrong(word, `"${key === "advmss" ? "mss" : key}" value is invalid`);
  if (key !== "advmss") asked.beyond ??= key;
}

function scope(word: ShellWord): void {
  if (!SCOPES.includes(word.text) && integerIn(word.text, 0, 255) === null)
    wrong(word, 'invalid "scope" value');
}

function protocol(word: ShellWord): void {
  if (!PROTOCOLS.includes(word.text) && integerIn(word.text, 0, 255) === null)
    wrong(word, '"protocol" value is invalid');
}

function readDestination(word: ShellWord, it: Arguments, asked: Asked): void {
  let value = word.text === "to" ? it.next() : word;
  if (TYPES.includes(value.text) && asked.type === null && !asked.to) {
    asked.type = value.text;
    value = it.next();
  }
  if (asked.to) garbage("to", value);
  asked.to = prefix(value);
}

// From the first `nexthop` on, nothing but next hops follows.
function readHops(it: Arguments, first: ShellWord): RouteHop[] {
  const hops: RouteHop[] = [];
  for (let mark: ShellWord | undefined = first; mark;) {
    if (it.done) it.refuse('Error: unexpected end of line after "nexthop"', mark);
    const hop = freshHop();
    mark = undefined;
    while (!it.done && !mark) {
      const word = it.next();
      if (word.text === "nexthop") mark = word;
      else if (word.text === "weight") hop.weight = weight(it.next());
      else if (word.text === "realms") it.next();
      else if (!readHopWord(word, it, hop, null))
        it.refuse(`Error: "nexthop" or end of line is expected instead of "${word.text}"`, word);
    }
    hops.push(hop);
  }
  return hops;
}

function weight(word: ShellWord): number {
  return integerIn(word.text, 1, 256) ?? wrong(word, '"weight" is invalid');
}

function readFlush(it: Arguments): IpCommand {
  if (it.done) it.refuse('"ip route flush" requires arguments.');
  let to: Prefix | null = null;
  let which: "root" | "match" | "exact" = "root";
  let table: TableName = MAIN;
  let link: string | null = null;
  let gateway: Ip | null = null;
  let type: RouteType | null = null;
  while (!it.done) {
    const word = it.next();
    if (begins(word, "table")) {
      const value = it.next();
      if (value.text === "cache") return { kind: "inert" };
      table = tableNumber(value, "table id value is invalid");
    } else if (word.text === "vrf") table = { vrf: it.next().text };
    else if (["dev", "oif", "iif"].includes(word.text)) link = it.next().text;
    else if (word.text === "via") gateway = readGateway(it);
    else if (word.text === "type") type = routeType(it.next().text, link);
    else if (begins(word, "protocol", "scope", "metric", "src", "from"))
      return unsimulated(`ip route flush … ${word.text}`, link);
    else if (word.text === "cache") return { kind: "inert" };
    else if (["root", "match", "exact", "to"].includes(word.text)) {
      which = word.text === "to" ? "exact" : (word.text as typeof which);
      if (word.text === "to" && ["root", "match", "exact"].includes(it.peek()?.text ?? ""))
        which = it.next().text as typeof which;
      to = prefix(it.next(), true);
    } else {
      if (to) garbage("to", word);
      // Alone, a network is exact; `all` and `default` alone are everything and just the default.
      which = "exact";
      if (word.text === "all" || word.text === "any") which = "root";
      to = prefix(word, true);
    }
  }
  return { kind: "route-flush", table, to, which, link, gateway, type };
}

function readLabel(it: Arguments, verb: RouteVerb | "delete"): IpCommand {
  let label: number | null = null;
  let swap: readonly number[] = [];
  const hop = freshHop();
  while (!it.done) {
    const word = it.next();
    if (word.text === "as") swap = readSwap(it);
    else if (word.text === "via") hop.gateway = mplsGateway(it);
    else if (word.text === "nexthop") return unsimulated("ip -f mpls route … nexthop");
    else if (readHopWord(word, it, hop, null)) continue;
    else if (begins(word, "protocol", "scope", "ttl-propagate", "metric", "table")) it.next();
    else {
      const value = word.text === "to" ? it.next() : word;
      if (label !== null) garbage("to", value);
      label = mplsLabel(value);
    }
  }
  if (label === null) return it.refuse(USAGE);
  if (verb === "delete") return { kind: "mpls-route-delete", label };
  const { gateway, link } = hop;
  return { kind: "mpls-route-add", how: verb, label, swap, gateway, link };
}

function readSwap(it: Arguments): readonly number[] {
  it.take("to");
  return labelsOf(it.next());
}

function mplsGateway(it: Arguments): Ip {
  const word = it.next();
  if (["inet", "inet6", "mpls", "link", "bridge"].includes(word.text)) {
    if (word.text !== "inet") return unsimulated(`ip -f mpls route … via ${word.text}`);
    return inetAddress(it.next());
  }
  return it.refuse(`Error: mpls address is expected rather than "${word.text}".`, word);
}

function mplsLabel(word: ShellWord): number {
  const label = integerIn(word.text, 0, 0xfffff);
  if (label !== null) return label;
  throw new Refused(`Error: mpls prefix is expected rather than "${word.text}".`, word);
}
