import type { CtState, MatchField } from "../../../model/packet-filter.ts";
import type { Range } from "../../../model/network.ts";
import { lastOf, networkOf, parseIp } from "../../../model/prefix.ts";
import { integer, integerIn, macNumber, macOf } from "../arguments.ts";
import { protocolNumber } from "../ip/words.ts";
import { dscpClass, portNumber, TCP_FLAGS } from "../rule.ts";

/** nft's types of values that are simulated. */
export type DataType =
  | "ipv4_addr"
  | "ether_addr"
  | "inet_proto"
  | "inet_service"
  | "mark"
  | "ether_type"
  | "icmp_type"
  | "dscp"
  | "ifname"
  | "ct_state"
  | "ct_status"
  | "ct_dir"
  | "tcp_flag"
  | "arp_op"
  | "integer"
  | "verdict";

/** What is said of a value that does not fit its type. */
export function complaint(type: DataType, text: string): string {
  switch (type) {
    case "ipv4_addr": {
      const length = /^[\d.]+\/(\d+)$/.exec(text)?.[1];
      return length !== undefined && Number(length) > 32
        ? `Prefix length ${length} is invalid for type of 32 bits width`
        : "Could not resolve hostname: Name or service not known";
    }
    case "inet_service":
      return /^\d+$/.test(text)
        ? "Service out of range"
        : "Could not resolve service: Servname not supported for ai_socktype";
    case "inet_proto":
      return "Could not resolve protocol name";
    case "ct_state":
      return "Could not parse conntrack state";
    case "ct_status":
      return "Could not parse conntrack status";
    case "ct_dir":
      return "Could not parse conntrack direction";
    case "icmp_type":
      return "Could not parse ICMP type";
    case "tcp_flag":
      return "Could not parse TCP flag";
    case "dscp":
      return "Could not parse Differentiated Services Code Point";
    case "mark":
      return "Could not parse packet mark";
    case "ether_type":
      return "Could not parse Ethernet protocol";
    case "arp_op":
      return "Could not parse ARP operation";
    default:
      return `Could not parse ${type}`;
  }
}

/** What values a word stands for, as ranges of the type's numbers; `null` when it is none. */
export function rangeOf(type: DataType, text: string): Range | null {
  if (text === "*") return [0, 2 ** 48 - 1];
  const plain = type === "ipv4_addr" ? network(text) : null;
  if (plain) return plain;
  const value = valueOf(type, text);
  if (value !== null) return [value, value];
  // A range; names may hold a `-` themselves, so every place is tried.
  for (let at = text.indexOf("-"); at !== -1; at = text.indexOf("-", at + 1)) {
    const [low, high] = [valueOf(type, text.slice(0, at)), valueOf(type, text.slice(at + 1))];
    if (low !== null && high !== null && low <= high) return [low, high];
  }
  return null;
}

function network(text: string): Range | null {
  const [name = "", bits] = text.split("/");
  const ip = parseIp(name);
  const length = bits === undefined ? 32 : integerIn(bits, 0, 32);
  if (ip === null || length === null) return null;
  const net = networkOf(ip, length);
  return [net.first, lastOf(net)];
}

/** One value of a type; `null` when the text is none. */
export function valueOf(type: DataType, text: string): number | null {
  switch (type) {
    case "ipv4_addr":
      return parseIp(text);
    case "ether_addr": {
      const mac = macOf(text);
      return mac === null ? null : macNumber(mac);
    }
    case "inet_proto":
      return protocolNumber(text);
    case "inet_service":
      return portNumber(text);
    case "ether_type":
      return named(ETHER_TYPES, text) ?? integerIn(text, 0, 0xffff);
    case "icmp_type":
      return named(ICMP_TYPES, text) ?? integerIn(text, 0, 255);
    case "dscp":
      return dscpClass(text) ?? integerIn(text, 0, 63);
    case "arp_op":
      return named(ARP_OPS, text) ?? integerIn(text, 0, 0xffff);
    case "tcp_flag":
      return named(TCP_FLAGS, text) ?? integerIn(text, 0, 255);
    case "mark":
    case "integer":
      return integer(text);
    default:
      return null;
  }
}

function named(table: Readonly<Record<string, number>>, text: string): number | null {
  return Object.hasOwn(table, text) ? table[text]! : null;
}

const ETHER_TYPES: Readonly<Record<string, number>> = {
  ip: 0x800, ipv4: 0x800, arp: 0x806, ip6: 0x86dd, ipv6: 0x86dd, vlan: 0x8100, "8021q": 0x8100, "8021ad": 0x88a8,
}; // prettier-ignore

const ICMP_TYPES: Readonly<Record<string, number>> = {
  "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, redirect: 5, "echo-request": 8,
  "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
  "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16, "address-mask-request": 17,
  "address-mask-reply": 18,
}; // prettier-ignore

const ARP_OPS: Readonly<Record<string, number>> = {
  request: 1, reply: 2, rrequest: 3, rreply: 4, inrequest: 8, inreply: 9, nak: 10,
}; // prettier-ignore

/** The states of a connection by name. */
export const CT_STATES: readonly CtState[] = [
  "new",
  "established",
  "related",
  "invalid",
  "untracked",
];

// A set's fields are named by what its type usually is matched against; the rule that uses it says which.
const KEY_FIELDS: Readonly<Partial<Record<string, readonly [DataType, MatchField]>>> = {
  ipv4_addr: ["ipv4_addr", "src"],
  ether_addr: ["ether_addr", "smac"],
  inet_proto: ["inet_proto", "proto"],
  inet_service: ["inet_service", "dport"],
  mark: ["mark", "mark"],
  ether_type: ["ether_type", "ethertype"],
  icmp_type: ["icmp_type", "icmp-type"],
  dscp: ["dscp", "dscp"],
  vlan_id: ["integer", "vlan"],
};

/** The field that a type in a set's definition stands for, and how its values are read. */
export function keyOfType(name: string): readonly [DataType, MatchField] | null {
  return Object.hasOwn(KEY_FIELDS, name) ? KEY_FIELDS[name]! : null;
}

/** Types that nft knows, simulated or not. */
export const KNOWN_TYPES = new Set(
  "ipv4_addr ipv6_addr ether_addr inet_proto inet_service mark ether_type icmp_type icmpv6_type dscp vlan_id ifname iface_index ct_state ct_status ct_dir ct_label tcp_flag arp_op nf_proto verdict uid gid day hour time cgroupsv2 realm pkt_type iface_type icmp_code icmpx_code string integer boolean devgroup fib_addrtype classid".split(
    " ",
  ),
);

/** The type by which a field's values are read. */
export function typeOfField(field: MatchField): DataType {
  switch (field) {
    case "src":
    case "dst":
      return "ipv4_addr";
    case "smac":
    case "dmac":
      return "ether_addr";
    case "proto":
      return "inet_proto";
    case "sport":
    case "dport":
      return "inet_service";
    case "mark":
      return "mark";
    case "ethertype":
      return "ether_type";
    case "icmp-type":
      return "icmp_type";
    case "dscp":
      return "dscp";
    case "arp-op":
      return "arp_op";
    default:
      return "integer";
  }
}
