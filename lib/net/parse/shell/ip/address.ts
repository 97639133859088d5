import type { Ip } from "../../../model/prefix.ts";
import { networkOf } from "../../../model/prefix.ts";
import type { Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { IpCommand } from "./command.ts";
import { begins, garbage, inetAddress, looseAddress, unsimulated, verbOf, wrong } from "./words.ts";
import { integerIn } from "../arguments.ts";

const VERBS = [
  "add", "change", "chg", "replace", "delete", "show", "list", "lst", "flush", "save", "showdump", "restore", "help",
] as const; // prettier-ignore

const SCOPES = ["global", "site", "link", "host", "nowhere"];

/** `ip address …` */
export function readAddress(it: Arguments): IpCommand {
  const verb = verbOf(it, "address", VERBS, "show");
  switch (verb) {
    case "add":
    case "change":
    case "chg":
    case "replace":
    case "delete":
      return change(it, verb);
    case "flush":
      return flush(it);
    case "restore":
      return unsimulated("ip address restore");
    default:
      return { kind: "inert" };
  }
}

function change(it: Arguments, verb: "add" | "change" | "chg" | "replace" | "delete"): IpCommand {
  let local: { ip: Ip; length: number | null } | null = null;
  let dev: string | null = null;
  let peer = false;
  let prefixRoute = true;
  let beyond: string | null = null;
  const lifetimes = { valid: Infinity, preferred: Infinity };
  while (!it.done) {
    const word = it.next();
    if (word.text === "dev") dev = it.next().text;
    else if (word.text === "peer" || word.text === "remote") {
      looseAddress(it.next());
      peer = true;
    } else if (begins(word, "broadcast", "brd")) broadcast(it.next());
    else if (word.text === "scope") beyond ??= scope(it.next());
    else if (word.text === "label" || word.text === "anycast") it.next();
    else if (begins(word, "metric", "priority", "preference")) beyond ??= metric(it.next());
    else if (begins(word, "valid_lft")) lifetimes.valid = lifetime(it.next(), "valid_lft");
    else if (begins(word, "preferred_lft"))
      lifetimes.preferred = lifetime(it.next(), "preferred_lft");
    else if (word.text === "noprefixroute") prefixRoute = false;
    else if (["home", "nodad", "mngtmpaddr", "autojoin"].includes(word.text)) continue;
    else {
      const value = word.text === "local" ? it.next() : word;
      if (local) garbage("local", value);
      local = looseAddress(value);
    }
  }
  if (dev === null) it.refuse('Not enough information: "dev" argument is required.');
  if (lifetimes.preferred > lifetimes.valid && lifetimes.valid !== Infinity)
    it.refuse("preferred_lft is greater than valid_lft");
  if (!local) return it.refuse("RTNETLINK answers: Operation not supported");
  if (peer) beyond ??= "peer";
  if (beyond !== null && verb !== "delete") return unsimulated(`ip address … ${beyond}`, dev);
  if (verb === "delete") return { kind: "address-delete", ...local, dev };
  const length = local.length ?? 32;
  return { kind: "address-add", ip: local.ip, length, dev, replace: verb !== "add", prefixRoute };
}

function broadcast(word: ShellWord): void {
  if (word.text !== "+" && word.text !== "-") inetAddress(word);
}

// An address of a narrower scope is not used as a source everywhere.
function scope(word: ShellWord): string | null {
  if (!SCOPES.includes(word.text) && integerIn(word.text, 0, 255) === null)
    wrong(word, "invalid scope value.");
  return word.text === "global" || word.text === "0" ? null : "scope";
}

// The metric is that of the route to the address's network.
function metric(word: ShellWord): string | null {
  const value = integerIn(word.text, 0, 0xffffffff) ?? wrong(word, '"metric" value is invalid');
  return value === 0 ? null : "metric";
}

function lifetime(word: ShellWord, key: string): number {
  if (word.text === "forever") return Infinity;
  const value = integerIn(word.text.replace(/sec$/, ""), 0, 0xffffffff);
  return value ?? wrong(word, `${key} value`);
}

function flush(it: Arguments): IpCommand {
  if (it.done) it.refuse("Flush requires arguments.");
  let dev: string | null = null;
  let to = null;
  let narrowed: string | null = null;
  while (!it.done) {
    const word = it.next();
    if (word.text === "to") {
      const { ip, length } = looseAddress(it.next());
      to = networkOf(ip, length ?? 32);
    } else if (word.text === "scope" || word.text === "label" || word.text === "proto") {
      const value = it.next();
      // Everything that is not in the namespace's own scope is global here.
      if (word.text !== "scope" || value.text !== "global") narrowed = word.text;
    } else if (word.text === "up" || word.text === "all") continue;
    else if (["permanent", "dynamic", "secondary", "primary", "tentative"].includes(word.text))
      narrowed = word.text;
    else if (word.text === "dev" || dev === null)
      dev = (word.text === "dev" ? it.next() : word).text;
    else garbage("dev", word);
  }
  if (narrowed !== null) return unsimulated(`ip address flush … ${narrowed}`, dev);
  return { kind: "address-flush", dev, to };
}
