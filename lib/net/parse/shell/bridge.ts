import type { Ip } from "../../model/prefix.ts";
import {
  Arguments,
  integerIn,
  macOf,
  reading,
  Refused,
  type RefusedCommand,
  type UnsimulatedCommand,
} from "./arguments.ts";
import type { BridgePortChange } from "./ip/command.ts";
import {
  address,
  begins,
  garbage,
  INCOMPLETE,
  Inert,
  U32,
  unsimulated,
  wrong,
} from "./ip/words.ts";
import type { ShellWord } from "./placed.ts";
import { beginning, type ShellCommand } from "./program.ts";

/** What one `bridge` command asks for. */
export type BridgeCommand =
  | {
      readonly kind: "vlan-add" | "vlan-delete";
      readonly dev: string;
      readonly first: number;
      readonly last: number;
      readonly pvid: boolean;
      readonly untagged: boolean;
      /** The bridge itself rather than a port of it. */
      readonly self: boolean;
    }
  | {
      readonly kind: "fdb-add";
      readonly how: "add" | "append" | "replace";
      readonly mac: string;
      readonly dev: string;
      /** Of a VXLAN: where frames to this address are sent. */
      readonly dst: Ip | null;
      readonly port: number | null;
      readonly vni: number | null;
      readonly vlan: number | null;
      /** What the entry is: `local` is for the bridge itself, and the state of what says no other. */
      readonly state: "local" | "static" | "sticky";
      /** In the device's own table (the default), or in that of the bridge it is a port of. */
      readonly self: boolean;
      readonly master: boolean;
    }
  | {
      readonly kind: "fdb-delete";
      readonly mac: string;
      readonly dev: string;
      readonly dst: Ip | null;
      readonly vlan: number | null;
      readonly self: boolean;
      readonly master: boolean;
    }
  | { readonly kind: "port-set"; readonly dev: string; readonly settings: BridgePortChange }
  | { readonly kind: "in-namespace"; readonly name: string; readonly command: BridgeCommand }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** What `bridge` can be asked here. */
export const bridgeCommands: readonly ShellCommand[] = [
  {
    words: "bridge vlan add dev PORT vid VLAN[-VLAN] [pvid] [untagged] [self]",
    help: "Let a port of a VLAN-aware bridge carry a VLAN",
    state: "simulated",
  },
  {
    words: "bridge vlan del dev PORT vid VLAN[-VLAN] [self]",
    help: "Take a VLAN from a port",
    state: "simulated",
  },
  { words: "bridge vlan show", help: "List the VLANs of ports", state: "inert" },
  { words: "bridge vlan set", help: "State of a VLAN on a port", state: "unsimulated" },
  {
    words: "bridge fdb add MAC dev LINK [dst ADDRESS] [vlan VLAN] [self|master]",
    help: "Where a MAC address is",
    state: "simulated",
  },
  {
    words: "bridge fdb append MAC dev LINK dst ADDRESS",
    help: "One more place for a MAC address, as for floods of a VXLAN",
    state: "simulated",
  },
  {
    words: "bridge fdb del MAC dev LINK [dst ADDRESS]",
    help: "Forget a MAC address",
    state: "simulated",
  },
  { words: "bridge fdb flush dev LINK", help: "Forget learned addresses", state: "inert" },
  { words: "bridge fdb show", help: "List MAC addresses", state: "inert" },
  {
    words: "bridge link set dev PORT [learning|flood|isolated|hairpin|locked on|off] [state STATE]",
    help: "How a port treats frames",
    state: "simulated",
  },
  { words: "bridge link show", help: "List ports", state: "inert" },
  { words: "bridge mdb", help: "Groups of multicast", state: "inert" },
];

/** Read a `bridge` command of iproute2 6.1. */
export function parseBridge(words: readonly ShellWord[]): BridgeCommand {
  const [program, ...rest] = words;
  if (!program) return { kind: "inert" };
  const it = new Arguments(program, rest, INCOMPLETE);
  return reading(() => inertOr(() => readOptions(it)));
}

function inertOr(read: () => BridgeCommand): BridgeCommand {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof Inert) return { kind: "inert" };
    throw problem;
  }
}

function readOptions(it: Arguments): BridgeCommand {
  let namespace: string | null = null;
  while (it.peek()?.text.startsWith("-")) {
    const word = it.next();
    const option = word.text.replace(/^--?/, "");
    if (/^b(atch)?$/.test(option)) return unsimulated("bridge -batch");
    if (option !== "" && "netns".startsWith(option)) {
      if (it.done) it.refuse('Cannot open network namespace "(null)": No such file or directory');
      namespace = it.next().text;
    } else if (
      option === "" ||
      !/^(V.*|h.*|s.*|d.*|o.*|j.*|p.*|t.*|c(o.*|om.*)?(=.*)?|force|family)$/.test(option)
    )
      throw new Refused(`Option "${word.text}" is unknown, try "bridge help".`, word);
  }
  if (namespace === null) return readObject(it);
  const command = reading(() => inertOr(() => readObject(it)));
  return { kind: "in-namespace", name: namespace, command };
}

function readObject(it: Arguments): BridgeCommand {
  const word = it.peek();
  if (!word) return { kind: "inert" };
  it.next();
  switch (beginning(word.text, ["link", "fdb", "mdb", "vlan", "vni", "monitor", "help"])) {
    case "vlan":
      return readVlan(it);
    case "fdb":
      return readFdb(it);
    case "link":
      return readLink(it);
    case "vni":
      return unsimulated("bridge vni");
    case null:
      throw new Refused(`Object "${word.text}" is unknown, try "bridge help".`, word);
    default:
      return { kind: "inert" };
  }
}

function verb(it: Arguments, object: string, verbs: readonly string[]): string {
  const word = it.peek();
  if (!word) return "show";
  it.next();
  const found = beginning(word.text, verbs);
  if (found) return found;
  throw new Refused(`Command "${word.text}" is unknown, try "bridge ${object} help".`, word);
}

function readVlan(it: Arguments): BridgeCommand {
  const name = verb(it, "vlan", [
    "add",
    "delete",
    "show",
    "lst",
    "list",
    "set",
    "global",
    "tunnelshow",
    "help",
  ]);
  if (name === "set" || name === "global") return unsimulated(`bridge vlan ${name}`);
  if (name !== "add" && name !== "delete") return { kind: "inert" };
  let dev: string | null = null;
  let range: readonly [number, number] | null = null;
  const said = { self: false, pvid: false, untagged: false };
  while (!it.done) {
    const word = it.next();
    if (word.text === "dev") dev = it.next().text;
    else if (word.text === "vid") range = vlanRange(it.next());
    else if (word.text === "self" || word.text === "pvid" || word.text === "untagged")
      said[word.text] = true;
    else if (word.text === "tunnel_info") return unsimulated("bridge vlan … tunnel_info", dev);
  }
  if (dev === null || !range) return it.refuse("Device and VLAN ID are required arguments.");
  const [first, last] = range;
  if (said.pvid && first !== last) it.refuse("pvid cannot be configured for a vlan range");
  return { kind: name === "add" ? "vlan-add" : "vlan-delete", dev, first, last, ...said };
}

function vlanRange(word: ShellWord): readonly [number, number] {
  const [low = "", high] = word.text.split("-");
  // As C's atoi: what is no number is 0.
  const first = Number(/^\d{1,9}/.exec(low)?.[0] ?? 0);
  const last = high === undefined ? first : Number(/^\d{1,9}/.exec(high)?.[0] ?? 0);
  if (first >= 4096) throw new Refused(`Invalid VLAN ID "${word.text}"`, word);
  if (high !== undefined && (last >= 4096 || last <= first))
    throw new Refused(`Invalid VLAN range "${word.text}"`, word);
  if (first === 0 || last > 4094) throw new Refused("Error: bridge: Vlan id is invalid.", word);
  return [first, last];
}

function readFdb(it: Arguments): BridgeCommand {
  const name = verb(it, "fdb", [
    "add",
    "append",
    "replace",
    "delete",
    "get",
    "show",
    "lst",
    "list",
    "flush",
    "help",
  ]);
  if (name !== "add" && name !== "append" && name !== "replace" && name !== "delete")
    return { kind: "inert" };
  let mac: ShellWord | null = null;
  let dev: string | null = null;
  let dst: Ip | null = null;
  const numbers: { port: number | null; vni: number | null; vlan: number | null } = {
    port: null,
    vni: null,
    vlan: null,
  };
  const said = { self: false, master: false };
  const states = { reachable: false, sticky: false };
  while (!it.done) {
    const word = it.next();
    if (word.text === "dev") dev = it.next().text;
    else if (word.text === "sticky") states.sticky = true;
    else if (begins(word, "temp", "static")) states.reachable = true;
    else if (begins(word, "dynamic")) states.reachable = true;
    else if (word.text === "dst") dst = address(it.next());
    else if (word.text === "port") numbers.port = numbered(it.next(), 65_535, "invalid port");
    else if (word.text === "vni") numbers.vni = numbered(it.next(), 0xffffff, "invalid VNI");
    else if (word.text === "src_vni" || word.text === "nhid")
      return unsimulated(`bridge fdb … ${word.text}`, dev);
    else if (begins(word, "vlan")) numbers.vlan = fdbVlan(it.next());
    else if (word.text === "via" || word.text === "activity_notify") it.next();
    else if (word.text === "self" || begins(word, "master"))
      said[word.text === "self" ? "self" : "master"] = true;
    else if (!begins(word, "local", "permanent", "router", "use", "extern_learn")) {
      const value = word.text === "to" ? it.next() : word;
      if (mac) garbage("to", value);
      mac = value;
    }
  }
  if (dev === null || !mac) return it.refuse("Device and address are required arguments.");
  const address48 = macOf(mac.text);
  if (address48 === null) throw new Refused(`Invalid mac address ${mac.text}`, mac);
  const self = said.self || !said.master;
  const common = { mac: address48, dev, dst, vlan: numbers.vlan, self, master: said.master };
  if (name === "delete") return { kind: "fdb-delete", ...common };
  const state = !states.reachable ? "local" : states.sticky ? "sticky" : "static";
  return { kind: "fdb-add", how: name, ...common, state, port: numbers.port, vni: numbers.vni };
}

function numbered(word: ShellWord, most: number, complaint: string): number {
  return integerIn(word.text, 0, most) ?? wrong(word, complaint);
}

function fdbVlan(word: ShellWord): number {
  const vlan = integerIn(word.text, 0, 4095);
  if (vlan === null) throw new Refused("Error: invalid vlan id.", word);
  return vlan;
}

const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"];
const SWITCHES: Readonly<Record<string, keyof BridgePortChange>> = {
  guard: "guard",
  hairpin: "hairpin",
  root_block: "rootBlock",
  learning: "learning",
  flood: "flood",
  bcast_flood: "broadcastFlood",
  mcast_flood: "multicastFlood",
  isolated: "isolated",
  locked: "locked",
  neigh_suppress: "neighborSuppression",
};
const MINOR = new Set(["fastleave", "learning_sync", "mcast_to_unicast", "mcast_router"]);
const BEYOND = new Set(["vlan_tunnel", "backup_port", "hwmode"]);

function readLink(it: Arguments): BridgeCommand {
  const name = verb(it, "link", ["set", "change", "show", "lst", "list", "help"]);
  if (name !== "set" && name !== "change") return { kind: "inert" };
  let dev: string | null = null;
  let beyond: string | null = null;
  const settings: Record<string, number | boolean> = {};
  while (!it.done) {
    const word = it.next();
    const key = Object.hasOwn(SWITCHES, word.text) ? SWITCHES[word.text]! : null;
    if (word.text === "dev") dev = it.next().text;
    else if (key) settings[key] = onOff(word.text, it.next());
    else if (word.text === "state") settings["state"] = state(it.next());
    else if (word.text === "cost" || word.text === "priority")
      settings[word.text] = integerIn(it.next().text, 0, U32) ?? 0;
    else if (MINOR.has(word.text)) it.next();
    else if (BEYOND.has(word.text)) {
      it.next();
      beyond ??= word.text;
    } else if (!["self", "master", "nobackup_port"].includes(word.text))
      throw new Refused(
        "Usage: bridge link set dev DEV [ cost COST ] [ priority PRIO ] [ state STATE ] …",
        word,
      );
  }
  if (dev === null) return it.refuse("Device is a required argument.");
  if (beyond !== null) return unsimulated(`bridge link set … ${beyond}`, dev);
  return { kind: "port-set", dev, settings: settings as BridgePortChange };
}

function onOff(key: string, word: ShellWord): boolean {
  if (word.text === "on" || word.text === "off") return word.text === "on";
  throw new Refused(
    `Error: argument of "${key}" must be one of "off", "on", not "${word.text}"`,
    word,
  );
}

function state(word: ShellWord): number {
  const named = STATES.indexOf(word.text.toLowerCase());
  const number = integerIn(word.text, 0, 4) ?? (named === -1 ? null : named);
  if (number === null) throw new Refused("Error: invalid STP port state", word);
  return number;
}
