import type { Match, MatchField, RuleAction } from "../../model/packet-filter.ts";
import type { Range } from "../../model/network.ts";
import { maskLength, parseIp, type Ip, type Prefix } from "../../model/prefix.ts";

/*
 * What the filter programs write: rules of matches and actions as the kernel's tables hold them, and the few things
 * more that these programs can say.
 */

/** A match, or one on the addresses inside an ARP packet. */
export type ParsedMatch =
  | Match
  | {
      readonly kind: "arp-address";
      readonly which: "sender" | "target";
      readonly not: boolean;
      readonly ranges: readonly Range[];
    };

/** An action, or the exchange of one network for another, host by host. */
export type ParsedAction =
  RuleAction | { readonly kind: "netmap"; readonly which: "src" | "dst"; readonly to: Prefix };

/** One rule: when all matches fit, its actions follow in order, and only the last may end the chain. */
export type ParsedRule = {
  readonly matches: readonly ParsedMatch[];
  readonly actions: readonly ParsedAction[];
};

/** Whether two rules say the same, as `-D` wants it. */
export function sameRule(a: ParsedRule, b: ParsedRule): boolean {
  return JSON.stringify([a.matches, a.actions]) === JSON.stringify([b.matches, b.actions]);
}

export function field(
  name: MatchField,
  ranges: readonly Range[],
  not = false,
  mask?: number,
): Match {
  return { kind: "field", field: name, not, ranges, ...(mask === undefined ? {} : { mask }) };
}

export function single(name: MatchField, value: number, not = false): Match {
  return field(name, [[value, value]], not);
}

/** Sorted and apart. */
export function normalized(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const made: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = made.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else made.push([low, high]);
  }
  return made;
}

/** Addresses that agree with `ip` under `mask`; everything is `null`. */
export function maskedAddress(which: "src" | "dst", ip: Ip, mask: Ip, not: boolean): Match | null {
  const length = maskLength(mask);
  const first = (ip & mask) >>> 0;
  if (length === 0 && !not) return null;
  if (length !== null) return field(which, [[first, first + 2 ** (32 - length) - 1]], not);
  return field(which, [[first, first]], not, mask);
}

const SERVICES: Readonly<Record<string, number>> = {
  "ftp-data": 20, ftp: 21, ssh: 22, telnet: 23, smtp: 25, time: 37, domain: 53, dns: 53, bootps: 67, bootpc: 68,
  tftp: 69, http: 80, www: 80, kerberos: 88, pop3: 110, sunrpc: 111, ntp: 123, "netbios-ns": 137,
  "netbios-dgm": 138, "netbios-ssn": 139, imap2: 143, imap: 143, snmp: 161, "snmp-trap": 162, snmptrap: 162, bgp: 179,
  ldap: 389, https: 443, "microsoft-ds": 445, submissions: 465, isakmp: 500, syslog: 514, rtsp: 554, submission: 587,
  ldaps: 636, domainserver: 53, imaps: 993, pop3s: 995, socks: 1080, openvpn: 1194, "ms-sql-s": 1433, l2tp: 1701,
  radius: 1812, nfs: 2049, mysql: 3306, "ms-wbt-server": 3389, sip: 5060, postgresql: 5432, mdns: 5353, x11: 6000,
  redis: 6379, "http-alt": 8080,
}; // prettier-ignore

/** A port by number or by its name in /etc/services; `null` for neither. */
export function portNumber(text: string): number | null {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65_535 ? Number(text) : null;
  const hex = /^0x([0-9a-f]{1,4})$/i.exec(text)?.[1];
  if (hex !== undefined) return parseInt(hex, 16);
  return Object.hasOwn(SERVICES, text) ? SERVICES[text]! : null;
}

const DSCP_CLASSES: Readonly<Record<string, number>> = {
  cs0: 0, cs1: 8, cs2: 16, cs3: 24, cs4: 32, cs5: 40, cs6: 48, cs7: 56, be: 0, le: 1, lephb: 1, va: 44,
  af11: 10, af12: 12, af13: 14, af21: 18, af22: 20, af23: 22, af31: 26, af32: 28, af33: 30, af41: 34, af42: 36,
  af43: 38, ef: 46,
}; // prettier-ignore

/** A DSCP by its class name. */
export function dscpClass(text: string): number | null {
  const name = text.toLowerCase();
  return Object.hasOwn(DSCP_CLASSES, name) ? DSCP_CLASSES[name]! : null;
}

/** An address or a range `LOW-HIGH`. */
export function addressRange(text: string): readonly [Ip, Ip] | null {
  const [low = "", high = low, ...more] = text.split("-");
  const [first, last] = [parseIp(low), parseIp(high)];
  return first === null || last === null || more.length > 0 ? null : [first, last];
}

export const TCP_FLAGS: Readonly<Record<string, number>> = {
  fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128,
}; // prettier-ignore
