import { networkOf, parseIp, type Ip, type Prefix } from "../../../model/prefix.ts";
import { integerIn, isIpv6, Refused, type Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { IpCommand } from "./command.ts";
import { begins, garbage, Inert, looseAddress, mac, unsimulated, verbOf, wrong } from "./words.ts";

const VERBS = [
  "add", "change", "chg", "replace", "delete", "get", "show", "list", "lst", "flush", "help",
] as const; // prettier-ignore

const STATES = [
  "permanent",
  "reachable",
  "noarp",
  "none",
  "stale",
  "incomplete",
  "delay",
  "probe",
  "failed",
];

/** `ip neigh …` */
export function readNeighbor(it: Arguments): IpCommand {
  const verb = verbOf(it, "neigh", VERBS, "show");
  switch (verb) {
    case "add":
    case "change":
    case "chg":
    case "replace":
      return readChange(it, verb === "chg" ? "change" : verb);
    case "delete":
      return readChange(it, "delete");
    case "flush":
      return readFlush(it);
    default:
      return { kind: "inert" };
  }
}

function readChange(it: Arguments, verb: "add" | "change" | "replace" | "delete"): IpCommand {
  let ip: Ip | null = null;
  let dev: string | null = null;
  let lladdr: string | null = null;
  let state = "permanent";
  let proxy = false;
  let beyond: string | null = null;
  while (!it.done) {
    const word = it.next();
    if (word.text === "lladdr") lladdr = it.peek()?.text === "null" ? null : mac(it.next());
    else if (word.text === "nud") state = nud(it.next());
    else if (begins(word, "proxy")) {
      if (ip !== null) garbage("to", word);
      ip = address(it.next());
      proxy = true;
    } else if (word.text === "dev") dev = it.next().text;
    else if (word.text === "router" || word.text === "use" || word.text === "managed") continue;
    else if (word.text === "extern_learn") continue;
    else if (word.text === "protocol") it.next();
    else {
      if (word.text !== "to" && ip !== null) garbage("to", word);
      ip = address(word.text === "to" ? it.next() : word);
    }
  }
  if (dev === null || ip === null)
    return it.refuse("Device and destination are required arguments.");
  if (["none", "incomplete", "failed"].includes(state)) beyond = `nud ${state}`;
  if (beyond !== null && verb !== "delete") return unsimulated(`ip neigh … ${beyond}`, dev);
  if (proxy) return { kind: "neighbor-proxy", ip, dev, add: verb !== "delete" };
  if (verb === "delete") return { kind: "neighbor-delete", ip, dev };
  if (lladdr === null) return it.refuse("Error: No link layer address given.");
  return { kind: "neighbor-add", how: verb, ip, dev, mac: lladdr, state };
}

function address(word: ShellWord): Ip {
  const ip = parseIp(word.text);
  if (ip !== null) return ip;
  if (isIpv6(word.text)) throw new Inert();
  throw new Refused(`Error: any valid address is expected rather than "${word.text}".`, word);
}

function nud(word: ShellWord): string {
  if (STATES.includes(word.text)) return word.text;
  const number = integerIn(word.text, 0, 255);
  if (number !== null) return number === 0x80 ? "permanent" : "stale";
  return wrong(word, "nud state is bad");
}

function readFlush(it: Arguments): IpCommand {
  if (it.done) it.refuse("Flush requires arguments.");
  let dev: string | null = null;
  let to: Prefix | null = null;
  while (!it.done) {
    const word = it.next();
    if (word.text === "dev") dev = it.next().text;
    else if (word.text === "nud") {
      const state = it.next();
      if (state.text !== "all" && !STATES.includes(state.text)) wrong(state, "nud state is bad");
      if (state.text !== "all" && state.text !== "permanent") return { kind: "inert" };
    } else if (word.text === "all" || word.text === "unused") continue;
    else if (word.text === "proxy") return unsimulated("ip neigh flush proxy", dev);
    else {
      const { ip, length } = looseAddress(word.text === "to" ? it.next() : word);
      to = networkOf(ip, length ?? 32);
    }
  }
  return { kind: "neighbor-flush", dev, to };
}
