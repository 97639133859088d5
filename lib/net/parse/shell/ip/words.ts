import {
  EVERYWHERE,
  maskLength,
  networkOf,
  parseIp,
  type Ip,
  type Prefix,
} from "../../../model/prefix.ts";
import { Arguments, integer, integerIn, isIpv6, Refused, Unsimulated } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { beginning } from "../program.ts";

/*
 * How iproute2 reads its values, and how it complains about them.
 */

export const INCOMPLETE = 'Command line is not complete. Try option "help"';

/** A routing table by number, or that of a VRF by the VRF's name. */
export type TableName = number | { readonly vrf: string };

export function verbOf<V extends string>(
  it: Arguments,
  object: string,
  verbs: readonly V[],
  otherwise: V,
): V {
  const word = it.peek();
  if (!word) return otherwise;
  it.next();
  const verb = beginning(word.text, verbs);
  if (verb) return verb;
  throw new Refused(`Command "${word.text}" is unknown, try "ip ${object} help".`, word);
}

/** Whether `word` is a beginning of one of `full`, as iproute2's matches() asks. */
export function begins(word: ShellWord, ...full: readonly string[]): boolean {
  return word.text !== "" && full.some((one) => one.startsWith(word.text));
}

export function wrong(word: ShellWord, what: string): never {
  throw new Refused(`Error: argument "${word.text}" is wrong: ${what}`, word);
}

export function garbage(key: string, word: ShellWord): never {
  throw new Refused(`Error: either "${key}" is duplicate, or "${word.text}" is a garbage.`, word);
}

export function twice(key: string, word: ShellWord): never {
  throw new Refused(`Error: duplicate "${key}": "${word.text}" is the second value.`, word);
}

/** The name of a link that is to be made, or given. */
export function ifname(word: ShellWord, key: string): string {
  const { text } = word;
  // The name is cut to fit where it is only looked up; where it is made, it must fit.
  if (text === "" || text.length > 15 || /[/\s]/.test(text))
    return wrong(word, `"${key}" not a valid ifname`);
  return text;
}

export function onOff(key: string, word: ShellWord): boolean {
  if (word.text === "on" || word.text === "off") return word.text === "on";
  throw new Refused(`Error: argument of "${key}" must be "on" or "off", not "${word.text}"`, word);
}

/** A number from 0 to `most`, in any of C's spellings. */
export function numberIn(word: ShellWord, most: number, complaint: string): number {
  return integerIn(word.text, 0, most) ?? wrong(word, complaint);
}

export const U32 = 0xffffffff;

const TABLES: Readonly<Record<string, number>> = { all: 0, default: 253, main: 254, local: 255 };

export function tableNumber(word: ShellWord, complaint: string): number {
  if (Object.hasOwn(TABLES, word.text)) return TABLES[word.text]!;
  return numberIn(word, U32, complaint);
}

/** An IPv4 address; one of IPv6 makes the command one that is not simulated. */
export function address(word: ShellWord): Ip {
  const ip = loose(word.text);
  if (ip !== null) return ip;
  if (isIpv6(word.text)) throw new Inert();
  throw new Refused(`Error: any valid address is expected rather than "${word.text}".`, word);
}

/** An address where iproute2 already knows that it is one of IPv4. */
export function inetAddress(word: ShellWord): Ip {
  const ip = loose(word.text);
  if (ip !== null) return ip;
  throw new Refused(`Error: inet address is expected rather than "${word.text}".`, word);
}

/** Thrown where a command turns out to be about IPv6: it is known, and concerns no packet here. */
export class Inert {}

export function inertIfIpv6(word: ShellWord): void {
  if (isIpv6(word.text)) throw new Inert();
}

/** A network with its host bits; a length may be a mask, and missing bytes are zero: `10.9/16`. */
export function looseAddress(word: ShellWord): { ip: Ip; length: number | null } {
  const { text } = word;
  inertIfIpv6(word);
  const [name = "", bits, ...more] = text.split("/");
  const ip = loose(name);
  const length = bits === undefined ? null : lengthOf(bits);
  if (ip === null || more.length > 0 || (bits !== undefined && length === null))
    throw new Refused(`Error: any valid prefix is expected rather than "${text}".`, word);
  return { ip, length };
}

/** A network to route to, whose host bits must be zero unless `anyBits`. */
export function prefix(word: ShellWord, anyBits = false): Prefix {
  if (["default", "any", "all"].includes(word.text)) return EVERYWHERE;
  const { ip, length } = looseAddress(word);
  const net = networkOf(ip, length ?? 32);
  if (net.first !== ip && !anyBits)
    throw new Refused("Error: Invalid prefix for given prefix length.", word);
  return net;
}

function lengthOf(bits: string): number | null {
  const length = integerIn(bits, 0, 32);
  if (length !== null) return length;
  const mask = parseIp(bits);
  return mask === null ? null : maskLength(mask);
}

function loose(text: string): Ip | null {
  const parts = text.split(".");
  if (parts.length > 4) return null;
  if (!parts.every((part) => /^\d{1,10}$/.test(part))) return null;
  // Unlike elsewhere in C, a leading zero is no sign of octal here.
  const bytes = [...parts.map(Number), 0, 0, 0].slice(0, 4);
  return parseIp(bytes.join("."));
}

export function mac(word: ShellWord): string {
  const bytes = word.text.split(":");
  if (bytes.length === 1 && parseIp(word.text) !== null) return tooShort(word, 4);
  const bad = bytes.find((byte) => !/^[0-9a-f]{1,2}$/i.test(byte));
  if (bad !== undefined) throw new Refused(`"${bad}" is invalid lladdr.`, word);
  if (bytes.length !== 6) return tooShort(word, bytes.length);
  return bytes.map((byte) => byte.padStart(2, "0").toLowerCase()).join(":");
}

function tooShort(word: ShellWord, length: number): never {
  throw new Refused(`Invalid address length ${length} - must be 6 bytes`, word);
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1, igmp: 2, ipip: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47, esp: 50, ah: 51, "ipv6-icmp": 58, ospf: 89, sctp: 132,
}; // prettier-ignore

/** The number of a protocol over IP, by name or number. */
export function protocolNumber(text: string): number | null {
  const name = text.toLowerCase();
  return Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name]! : integerIn(text, 0, 255);
}

/** `100` or `100-200`. */
export function portRange(word: ShellWord, key: string): readonly [number, number] {
  const [low = "", high = low, ...more] = word.text.split("-");
  const [first, last] = [integer(low), integer(high)];
  if (first === null || last === null || more.length > 0 || Math.max(first, last) > 65_535)
    return wrong(word, `invalid ${key === "sport" ? "port" : key} range`);
  if (last < first || first === 0) throw new Refused(`Error: Invalid ${key} range.`, word);
  return [first, last];
}

export function unsimulated(what: string, dev: string | null = null): never {
  throw new Unsimulated(what, dev);
}
