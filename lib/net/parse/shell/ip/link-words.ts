import { integer, integerIn, Refused, type Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { LinkChange } from "./command.ts";
import { begins, garbage, ifname, mac, onOff, twice, wrong } from "./words.ts";

/** What is said of a link before its type. */
export type LinkWords = {
  name: string | null;
  parent: string | null;
  namespace: string | null;
  changes: LinkChange[];
  /** The word after `type`. */
  type: ShellWord | null;
  group: boolean;
  /** The first word that is beyond what is simulated. */
  beyond: string | null;
};

export function freshWords(): LinkWords {
  return {
    name: null,
    parent: null,
    namespace: null,
    changes: [],
    type: null,
    group: false,
    beyond: null,
  };
}

/** Read up to the type, or to the end; a second type is refused, as in a veth's peer. */
export function readLinkWords(it: Arguments, asked: LinkWords, making: boolean): void {
  const said = new Set<string>();
  while (!it.done && !asked.type) {
    const word = it.next();
    const key = keyOf(word);
    if (key === "type") asked.type = it.next();
    else if (key === null || key === "dev") readName(word, it, asked);
    else {
      if (ONCE.has(key) && said.has(key)) twice(key, it.next());
      said.add(key);
      readKey(key, it, asked, making);
    }
  }
}

const ONCE = new Set(["mtu", "netns", "master", "index", "link", "group", "txqueuelen"]);

// In iproute2's order; those with `true` may be cut short.
const KEYS: readonly (readonly [key: string, short: boolean])[] = [
  ["up", false], ["down", false], ["name", false], ["index", false], ["link", true], ["address", true],
  ["broadcast", true], ["brd", false], ["txqueuelen", true], ["qlen", false], ["txqlen", true], ["mtu", false],
  ["xdpgeneric", false], ["xdpdrv", false], ["xdpoffload", false], ["xdp", false], ["netns", false],
  ["multicast", false], ["allmulticast", false], ["promisc", false], ["trailers", false], ["arp", false],
  ["carrier", false], ["vf", false], ["master", true], ["vrf", false], ["nomaster", true], ["dynamic", true],
  ["type", true], ["alias", true], ["group", false], ["mode", false], ["state", false], ["numtxqueues", true],
  ["numrxqueues", true], ["addrgenmode", true], ["link-netns", false], ["link-netnsid", true], ["protodown", false],
  ["protodown_reason", false], ["gso_max_size", false], ["gso_max_segs", false], ["gro_max_size", false],
  ["parentdev", false], ["dev", false],
]; // prettier-ignore

function keyOf(word: ShellWord): string | null {
  const found = KEYS.find(([key, short]) => (short ? begins(word, key) : word.text === key));
  return found?.[0] ?? null;
}

function readName(word: ShellWord, it: Arguments, asked: LinkWords): void {
  const value = word.text === "dev" ? it.next() : word;
  if (asked.name !== null && asked.name !== value.text) garbage("dev", value);
  if (value.text === "" || value.text.includes("/") || /\s/.test(value.text))
    wrong(value, '"dev" not a valid ifname');
  asked.name = value.text;
}

function readKey(key: string, it: Arguments, asked: LinkWords, making: boolean): void {
  const { changes } = asked;
  switch (key) {
    case "up":
    case "down":
      changes.push({ kind: "up", up: key === "up" });
      return;
    case "nomaster":
      changes.push({ kind: "master", master: null, vrf: false });
      return;
    case "name":
      if (making) asked.name = ifname(it.next(), "name");
      else changes.push({ kind: "name", name: ifname(it.next(), "name") });
      return;
    case "mtu":
      changes.push({ kind: "mtu", mtu: readMtu(it.next()) });
      return;
    case "address":
      changes.push({ kind: "address", mac: readAddress(it.next()) });
      return;
    case "master":
    case "vrf":
      changes.push({ kind: "master", master: it.next().text, vrf: key === "vrf" });
      return;
    case "link":
      asked.parent = it.next().text;
      return;
    case "netns":
      readNamespace(it.next(), asked, making);
      return;
    case "arp":
    case "promisc":
      changes.push({ kind: key, on: onOff(key, it.next()) });
      return;
    default:
      readMinor(key, it, asked);
  }
}

function readNamespace(word: ShellWord, asked: LinkWords, making: boolean): void {
  if (/^\d+$/.test(word.text)) asked.beyond ??= "netns PID";
  if (making) asked.namespace = word.text;
  else asked.changes.push({ kind: "namespace", namespace: word.text });
}

// What no packet here depends on, or what is not simulated.
function readMinor(key: string, it: Arguments, asked: LinkWords): void {
  const value = it.next();
  switch (key) {
    case "multicast":
    case "allmulticast":
    case "dynamic":
    case "trailers":
      onOff(key, value);
      return;
    case "txqueuelen":
    case "txqlen":
    case "qlen":
    case "numtxqueues":
    case "numrxqueues":
    case "index":
      if (integer(value.text) === null)
        wrong(value, `Invalid "${key === "qlen" || key === "txqlen" ? "txqueuelen" : key}" value`);
      return;
    case "group":
      if (value.text !== "default" && integer(value.text) === null)
        wrong(value, 'Invalid "group" value');
      asked.group = true;
      return;
    case "carrier":
    case "protodown":
      if (value.text !== "on" && value.text !== "off")
        it.refuse(
          `Error: argument of "${key}" must be one of "off", "on", not "${value.text}"`,
          value,
        );
      asked.beyond ??= key;
      return;
    case "vf":
    case "xdp":
    case "xdpgeneric":
    case "xdpdrv":
    case "xdpoffload":
    case "link-netns":
    case "link-netnsid":
      it.rest();
      asked.beyond ??= key;
      return;
    case "state":
      asked.beyond ??= key;
      return;
  }
}

function readMtu(word: ShellWord): number {
  const mtu = integerIn(word.text, 0, 0xffffffff) ?? wrong(word, 'Invalid "mtu" value');
  if (mtu < 68) throw new Refused("Error: mtu less than device minimum.", word);
  return mtu;
}

// All zeros, and a group address, are none that a link can have.
function readAddress(word: ShellWord): string {
  const address = mac(word);
  const group = parseInt(address.slice(0, 2), 16) % 2 === 1;
  if (group || address === "00:00:00:00:00:00")
    throw new Refused("RTNETLINK answers: Cannot assign requested address", word);
  return address;
}
