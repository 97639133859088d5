/*
 * Names that IOS gives to numbers in access lists and translations (IOS Security Command Reference, "access-list (IP
 * extended)", "permit (IP)"). A name may be shortened to any beginning that no other name of its table has.
 */

type Names = Readonly<Record<string, number>>;

/** IP protocols by number; `ip` means any and is no number. */
export const PROTOCOLS: Names = {
  ahp: 51, eigrp: 88, esp: 50, gre: 47, icmp: 1, igmp: 2, ipinip: 4, nos: 94, ospf: 89, pcp: 108, pim: 103, sctp: 132,
  tcp: 6, udp: 17,
}; // prettier-ignore

export const TCP_PORTS: Names = {
  bgp: 179, chargen: 19, cmd: 514, daytime: 13, discard: 9, domain: 53, drip: 3949, echo: 7, exec: 512, finger: 79,
  ftp: 21, "ftp-data": 20, gopher: 70, hostname: 101, ident: 113, irc: 194, klogin: 543, kshell: 544, login: 513,
  lpd: 515, msrpc: 135, nntp: 119, "onep-plain": 15001, "onep-tls": 15002, "pim-auto-rp": 496, pop2: 109, pop3: 110,
  smtp: 25, sunrpc: 111, tacacs: 49, talk: 517, telnet: 23, time: 37, uucp: 540, whois: 43, www: 80,
}; // prettier-ignore

export const UDP_PORTS: Names = {
  biff: 512, bootpc: 68, bootps: 67, discard: 9, dnsix: 195, domain: 53, echo: 7, isakmp: 500, "mobile-ip": 434,
  nameserver: 42, "netbios-dgm": 138, "netbios-ns": 137, "netbios-ss": 139, "non500-isakmp": 4500, ntp: 123,
  "pim-auto-rp": 496, rip: 520, ripv6: 521, snmp: 161, snmptrap: 162, sunrpc: 111, syslog: 514, tacacs: 49, talk: 517,
  tftp: 69, time: 37, who: 513, xdmcp: 177,
}; // prettier-ignore

export type IcmpMessage = { readonly type: number; readonly code: number | null };

const whole = (type: number): IcmpMessage => ({ type, code: null });
const coded = (type: number, code: number): IcmpMessage => ({ type, code });

/** ICMP messages; a name without a code means the type with any. */
export const ICMP_MESSAGES: Readonly<Record<string, IcmpMessage>> = {
  "administratively-prohibited": coded(3, 13), "alternate-address": whole(6), "conversion-error": whole(31),
  "dod-host-prohibited": coded(3, 10), "dod-net-prohibited": coded(3, 9), echo: whole(8), "echo-reply": whole(0),
  "general-parameter-problem": coded(12, 0), "host-isolated": coded(3, 8), "host-precedence-unreachable": coded(3, 14),
  "host-redirect": coded(5, 1), "host-tos-redirect": coded(5, 3), "host-tos-unreachable": coded(3, 12),
  "host-unknown": coded(3, 7), "host-unreachable": coded(3, 1), "information-reply": whole(16),
  "information-request": whole(15), "mask-reply": whole(18), "mask-request": whole(17), "mobile-redirect": whole(32),
  "net-redirect": coded(5, 0), "net-tos-redirect": coded(5, 2), "net-tos-unreachable": coded(3, 11),
  "net-unreachable": coded(3, 0), "network-unknown": coded(3, 6), "no-room-for-option": coded(12, 2),
  "option-missing": coded(12, 1), "packet-too-big": coded(3, 4), "parameter-problem": whole(12),
  "port-unreachable": coded(3, 3), "precedence-unreachable": coded(3, 15), "protocol-unreachable": coded(3, 2),
  "reassembly-timeout": coded(11, 1), redirect: whole(5), "router-advertisement": whole(9),
  "router-solicitation": whole(10), "source-quench": whole(4), "source-route-failed": coded(3, 5),
  "time-exceeded": whole(11), "timestamp-reply": whole(14), "timestamp-request": whole(13), traceroute: whole(30),
  "ttl-exceeded": coded(11, 0), unreachable: whole(3),
}; // prettier-ignore

/** The entry of `table` that `text` names or alone begins; `null` when there is none, or more than one. */
export function named<T>(table: Readonly<Record<string, T>>, text: string): T | null {
  const low = text.toLowerCase();
  if (Object.hasOwn(table, low)) return table[low]!;
  const fits = Object.keys(table).filter((name) => name.startsWith(low));
  return fits.length === 1 ? table[fits[0]!]! : null;
}

/** A name of `table`, or a number from 0 to `most`. */
export function numberOrName(table: Names, text: string, most: number): number | null {
  if (!/^\d{1,6}$/.test(text)) return named(table, text);
  const value = Number(text);
  return value <= most ? value : null;
}

/** The name that `table` has for a number, else the number. */
export function nameOf(table: Names, value: number): string {
  return Object.keys(table).find((name) => table[name] === value) ?? String(value);
}
