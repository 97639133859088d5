import type { Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { IpCommand } from "./command.ts";
import { readBridge, readBridgePort, readType } from "./link-types.ts";
import { freshWords, readLinkWords, type LinkWords } from "./link-words.ts";
import { unsimulated, verbOf } from "./words.ts";

const VERBS = [
  "add", "set", "change", "replace", "delete", "afstats", "show", "lst", "list", "xstats", "property", "help",
] as const; // prettier-ignore

/** `ip link …` */
export function readLink(it: Arguments): IpCommand {
  const verb = verbOf(it, "link", VERBS, "show");
  switch (verb) {
    case "add":
    case "replace":
      return readAdd(it);
    case "set":
    case "change":
      return readSet(it);
    case "delete":
      return readDelete(it);
    case "property":
      return unsimulated("ip link property");
    default:
      return { kind: "inert" };
  }
}

function readAdd(it: Arguments): IpCommand {
  const asked = freshWords();
  readLinkWords(it, asked, true);
  if (!asked.type) return it.refuse('Not enough information: "type" argument is required');
  const type = readType(asked.type, it, asked);
  const { name, parent, namespace, changes } = asked;
  if (name !== null && name.length > 15) it.refuse("Error: Attribute failed policy validation.");
  if (asked.beyond !== null) return unsimulated(`ip link add … ${asked.beyond}`, name);
  return { kind: "link-add", name, parent, namespace, type, changes };
}

function readSet(it: Arguments): IpCommand {
  const asked = freshWords();
  readLinkWords(it, asked, false);
  if (asked.type) readSlave(asked.type, it, asked);
  const dev = asked.name;
  if (dev === null && asked.group) return unsimulated("ip link set group …");
  if (dev === null) return it.refuse('Not enough information: "dev" argument is required.');
  if (asked.beyond !== null) return unsimulated(`ip link set … ${asked.beyond}`, dev);
  return { kind: "link-set", dev, changes: asked.changes };
}

function readSlave(type: ShellWord, it: Arguments, asked: LinkWords): void {
  if (type.text === "bridge") asked.changes.push({ kind: "bridge", settings: readBridge(it) });
  else if (type.text === "bridge_slave")
    asked.changes.push({ kind: "bridge-port", settings: readBridgePort(it) });
  else {
    it.rest();
    asked.beyond ??= `type ${type.text}`;
  }
}

function readDelete(it: Arguments): IpCommand {
  const asked = freshWords();
  readLinkWords(it, asked, false);
  it.rest();
  if (asked.name === null && asked.group) return unsimulated("ip link delete group …");
  if (asked.name === null) return it.refuse('Not enough information: "dev" argument is required.');
  return { kind: "link-delete", dev: asked.name };
}
