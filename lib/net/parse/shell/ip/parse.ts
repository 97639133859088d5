import { Arguments, reading, Refused } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { beginning } from "../program.ts";
import { readAddress } from "./address.ts";
import type { IpCommand } from "./command.ts";
import { readLink } from "./link.ts";
import { readNeighbor } from "./neighbor.ts";
import { readNamespace, readVrf } from "./netns.ts";
import { readRoute } from "./route.ts";
import { readRule } from "./rule.ts";
import { readTuntap } from "./tuntap.ts";
import { INCOMPLETE, Inert, unsimulated, wrong } from "./words.ts";

/** Read an `ip` command, as iproute2 6.1 does: the first thing that is wrong refuses the whole of it. */
export function parseIp(words: readonly ShellWord[]): IpCommand {
  const [program, ...rest] = words;
  if (!program) return { kind: "inert" };
  const it = new Arguments(program, rest, INCOMPLETE);
  return reading(() => inertOr(() => readOptions(it)));
}

// In the order of iproute2's own table, which decides what a beginning means.
const OBJECTS = [
  "address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl",
  "link", "l2tp", "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token", "tcpmetrics",
  "tcp_metrics", "monitor", "xfrm", "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop",
  "mptcp", "ioam", "help", "stats",
] as const; // prettier-ignore

function inertOr(read: () => IpCommand): IpCommand {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof Inert) return { kind: "inert" };
    throw problem;
  }
}

const FAMILIES = ["inet", "inet6", "mpls", "bridge", "link"];
const QUIET = [
  "human", "human-readable", "iec", "stats", "statistics", "details", "resolve", "oneline", "timestamp", "tshort",
  "json", "pretty", "brief", "Numeric", "echo", "color", "force",
]; // prettier-ignore

function readOptions(it: Arguments): IpCommand {
  let family = "inet";
  let all = false;
  let namespace: string | null = null;
  while (it.peek()?.text.startsWith("-")) {
    const word = it.next();
    const option = word.text.replace(/^--?/, "");
    if (word.text === "--") break;
    const begins = (...names: string[]) =>
      option !== "" && names.some((one) => one.startsWith(option));
    if (begins("loops") || option === "rc" || begins("rcvbuf")) it.next();
    else if (begins("family")) family = familyOf(it);
    else if (option === "4") family = "inet";
    else if (option === "6") family = "inet6";
    else if (["M", "B", "0"].includes(option))
      family = { M: "mpls", B: "bridge", "0": "link" }[option]!;
    else if (begins("batch")) return unsimulated(`ip ${word.text}`);
    else if (option === "V" || begins("Version", "help")) return { kind: "inert" };
    else if (begins("netns")) namespace = namespaceOf(it);
    else if (option === "a" || begins("all")) all = true;
    else if (!begins(...QUIET) && !/^(c(olor)?(=\w+)?|br|ts|h|s+|d|r|o|t|j|p|N|e)$/.test(option))
      throw new Refused(`Option "${word.text}" is unknown, try "ip -help".`, word);
  }
  if (namespace === null) return readObject(it, family, all);
  const command = reading(() => inertOr(() => readObject(it, family, all)));
  return { kind: "in-namespace", name: namespace, command };
}

function familyOf(it: Arguments): string {
  const word = it.next();
  if (word.text === "help") return "inet";
  return FAMILIES.includes(word.text) ? word.text : wrong(word, "invalid protocol family");
}

function namespaceOf(it: Arguments): string {
  if (it.done) it.refuse('Cannot open network namespace "(null)": No such file or directory');
  return it.next().text;
}

function readObject(it: Arguments, family: string, all: boolean): IpCommand {
  const word = it.peek();
  if (!word) return { kind: "inert" };
  it.next();
  const object = beginning(word.text, OBJECTS);
  // What only IPv6 has to do with is known, and concerns no packet here; links have no family.
  const other = family === "inet6" || family === "bridge" || family === "link";
  switch (object) {
    case "link":
      return readLink(it);
    case "address":
      return other ? { kind: "inert" } : readAddress(it);
    case "route":
      return other ? { kind: "inert" } : readRoute(it, family === "mpls" ? "mpls" : "inet");
    case "rule":
      return other ? { kind: "inert" } : readRule(it);
    case "neighbor":
    case "neighbour":
      return other ? { kind: "inert" } : readNeighbor(it);
    case "netns":
      return readNamespace(it, all);
    case "vrf":
      return readVrf(it);
    case "tuntap":
    case "tap":
      return readTuntap(it);
    case null:
      throw new Refused(`Object "${word.text}" is unknown, try "ip help".`, word);
    case "monitor":
    case "help":
    case "stats":
    case "netconf":
    case "addrlabel":
    case "token":
    case "ioam":
    case "maddress":
    case "tcpmetrics":
    case "tcp_metrics":
    case "ntable":
    case "ntbl":
      return { kind: "inert" };
    default: {
      const verb = it.peek()?.text ?? "show";
      if (beginning(verb, ["show", "list", "lst", "help"])) return { kind: "inert" };
      return unsimulated(`ip ${object}`);
    }
  }
}
