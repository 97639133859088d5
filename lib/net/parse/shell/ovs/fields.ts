import { bitsOf, CT_BITS, type FlowField, type FlowTerm } from "../../../model/openflow.ts";
import { maskOf } from "../../../model/prefix.ts";
import { integer, integerIn, macNumber, macOf, Refused } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { TCP_FLAGS } from "../rule.ts";

const IPV4 = 0x800;

function exactly(field: FlowField, value: number): FlowTerm {
  return { field, value, mask: null };
}

function protocol(number: number, ethertype = IPV4): readonly FlowTerm[] {
  return [exactly("ethertype", ethertype), exactly("proto", number)];
}

/** Words that stand for terms: `tcp` is IPv4 with protocol 6. */
export const SHORTHANDS: Readonly<Record<string, readonly FlowTerm[]>> = {
  ip: [exactly("ethertype", IPV4)],
  ipv4: [exactly("ethertype", IPV4)],
  ipv6: [exactly("ethertype", 0x86dd)],
  arp: [exactly("ethertype", 0x806)],
  rarp: [exactly("ethertype", 0x8035)],
  icmp: protocol(1),
  tcp: protocol(6),
  udp: protocol(17),
  sctp: protocol(132),
  icmp6: protocol(58, 0x86dd),
  tcp6: protocol(6, 0x86dd),
  udp6: protocol(17, 0x86dd),
  sctp6: protocol(132, 0x86dd),
  mpls: [exactly("ethertype", 0x8847)],
  mplsm: [exactly("ethertype", 0x8848)],
};

/** A field by the names that Open vSwitch and OpenFlow have for it. */
export type FieldName =
  | FlowField
  | "dl_vlan"
  | "dl_vlan_pcp"
  | "vlan_vid"
  | "nw_tos"
  | "nw_src"
  | "nw_dst"
  | "tp_src"
  | "tp_dst"
  | "nw_proto";

const NAMES: Readonly<Record<string, FieldName>> = {
  dl_src: "eth-src", eth_src: "eth-src", NXM_OF_ETH_SRC: "eth-src", OXM_OF_ETH_SRC: "eth-src",
  dl_dst: "eth-dst", eth_dst: "eth-dst", NXM_OF_ETH_DST: "eth-dst", OXM_OF_ETH_DST: "eth-dst",
  dl_type: "ethertype", eth_type: "ethertype", NXM_OF_ETH_TYPE: "ethertype", OXM_OF_ETH_TYPE: "ethertype",
  dl_vlan: "dl_vlan", dl_vlan_pcp: "dl_vlan_pcp", vlan_pcp: "dl_vlan_pcp", OXM_OF_VLAN_PCP: "dl_vlan_pcp",
  vlan_vid: "vlan_vid", OXM_OF_VLAN_VID: "vlan_vid", vlan_tci: "vlan", NXM_OF_VLAN_TCI: "vlan",
  nw_proto: "nw_proto", ip_proto: "nw_proto", NXM_OF_IP_PROTO: "nw_proto", OXM_OF_IP_PROTO: "nw_proto",
  nw_src: "nw_src", ip_src: "nw_src", NXM_OF_IP_SRC: "nw_src", OXM_OF_IPV4_SRC: "nw_src", ipv4_src: "nw_src",
  nw_dst: "nw_dst", ip_dst: "nw_dst", NXM_OF_IP_DST: "nw_dst", OXM_OF_IPV4_DST: "nw_dst", ipv4_dst: "nw_dst",
  nw_tos: "nw_tos", NXM_OF_IP_TOS: "nw_tos", ip_dscp: "dscp", OXM_OF_IP_DSCP: "dscp",
  nw_ecn: "ecn", ip_ecn: "ecn", nw_ttl: "ttl", NXM_NX_IP_TTL: "ttl", ip_frag: "fragment", nw_frag: "fragment",
  tp_src: "tp_src", tp_dst: "tp_dst", tcp_src: "src-port", tcp_dst: "dst-port", udp_src: "src-port",
  udp_dst: "dst-port", sctp_src: "src-port", sctp_dst: "dst-port", NXM_OF_TCP_SRC: "src-port",
  NXM_OF_TCP_DST: "dst-port", NXM_OF_UDP_SRC: "src-port", NXM_OF_UDP_DST: "dst-port", OXM_OF_TCP_SRC: "src-port",
  OXM_OF_TCP_DST: "dst-port", OXM_OF_UDP_SRC: "src-port", OXM_OF_UDP_DST: "dst-port", tcp_flags: "tcp-flags",
  icmp_type: "icmp-type", icmp_code: "icmp-code", icmpv4_type: "icmp-type", icmpv4_code: "icmp-code",
  arp_op: "arp-op", NXM_OF_ARP_OP: "arp-op", OXM_OF_ARP_OP: "arp-op", arp_spa: "arp-spa", NXM_OF_ARP_SPA: "arp-spa",
  OXM_OF_ARP_SPA: "arp-spa", arp_tpa: "arp-tpa", NXM_OF_ARP_TPA: "arp-tpa", OXM_OF_ARP_TPA: "arp-tpa",
  arp_sha: "arp-sha", NXM_NX_ARP_SHA: "arp-sha", OXM_OF_ARP_SHA: "arp-sha", arp_tha: "arp-tha",
  NXM_NX_ARP_THA: "arp-tha", OXM_OF_ARP_THA: "arp-tha", ct_state: "ct-state", NXM_NX_CT_STATE: "ct-state",
  ct_zone: "ct-zone", NXM_NX_CT_ZONE: "ct-zone", ct_mark: "ct-mark", NXM_NX_CT_MARK: "ct-mark",
  tun_id: "tunnel", tunnel_id: "tunnel", NXM_NX_TUN_ID: "tunnel", metadata: "metadata", OXM_OF_METADATA: "metadata",
  pkt_mark: "mark", NXM_NX_PKT_MARK: "mark",
}; // prettier-ignore

const BEYOND =
  /^(ipv6_.*|nd_.*|icmpv6_.*|mpls_.*|ct_label|ct_nw_.*|ct_tp_.*|ct_ipv6_.*|tun_.*|tunnel_.*|xreg\d|xxreg\d|conj_id|packet_type|actset_output|skb_priority|recirc_id|dp_hash|nsh_.*|eth|in_port_oxm|NXM_.*|OXM_.*)$/;

/** `null` for what is no field, `beyond` for one that is not simulated. */
export function fieldNamed(name: string): FieldName | "beyond" | null {
  if (Object.hasOwn(NAMES, name)) return NAMES[name]!;
  const register = /^(?:reg|NXM_NX_REG)(\d{1,2})$/.exec(name)?.[1];
  if (register !== undefined && Number(register) < 16) return `reg${Number(register)}`;
  return BEYOND.test(name) ? "beyond" : null;
}

/** The terms that `name=value` stands for; what was said before tells ARP's addresses from IP's. */
export function readField(
  field: FieldName,
  name: string,
  value: ShellWord,
  before: readonly FlowTerm[],
): FlowTerm[] {
  switch (field) {
    case "dl_vlan": {
      const vlan = numbered(name, value, 0xffff);
      // 0xffff is no tag at all; more bits than a VLAN has are left out.
      if (vlan === 0xffff) return [exactly("vlan", 0)];
      return [{ field: "vlan", value: 0x1000 | (vlan & 0xfff), mask: 0x1fff }];
    }
    case "dl_vlan_pcp":
      return [{ field: "vlan", value: 0x1000 | (numbered(name, value, 7) << 13), mask: 0xf000 }];
    case "vlan_vid": {
      const { number, mask } = masked(name, value, 0x1fff);
      if (mask === null)
        return number & 0x1000
          ? [{ field: "vlan", value: number, mask: 0x1fff }]
          : [exactly("vlan", 0)];
      return [{ field: "vlan", value: number & mask, mask }];
    }
    case "nw_tos":
      return [exactly("dscp", numbered(name, value, 255) >> 2)];
    case "nw_src":
    case "nw_dst":
      return [readAddress(addressField(field, before), value)];
    case "nw_proto":
      return [exactly(isArp(before) ? "arp-op" : "proto", numbered(name, value, 255))];
    case "tp_src":
    case "tp_dst":
      return [readPortField(field, name, value, before)];
    case "fragment":
      return [exactly("fragment", fragment(name, value))];
    case "tcp-flags":
    case "ct-state":
      return readFlags(field, name, value);
    case "eth-src":
    case "eth-dst":
    case "arp-sha":
    case "arp-tha":
      return [readMac(field, value)];
    case "arp-spa":
    case "arp-tpa":
    case "ip-src":
    case "ip-dst":
      return [readAddress(field, value)];
    default: {
      const { number, mask } = masked(longName(name), value, 2 ** Math.min(53, bitsOf(field)) - 1);
      const kept = mask === null ? number : Number(BigInt(number) & BigInt(mask));
      return [{ field, value: kept, mask }];
    }
  }
}

function isArp(before: readonly FlowTerm[]): boolean {
  return before.some(
    (term) => term.field === "ethertype" && (term.value === 0x806 || term.value === 0x8035),
  );
}

function addressField(field: "nw_src" | "nw_dst", before: readonly FlowTerm[]): FlowField {
  if (isArp(before)) return field === "nw_src" ? "arp-spa" : "arp-tpa";
  return field === "nw_src" ? "ip-src" : "ip-dst";
}

function readPortField(
  field: "tp_src" | "tp_dst",
  name: string,
  value: ShellWord,
  before: readonly FlowTerm[],
): FlowTerm {
  const isIcmp = before.some(
    (term) => term.field === "proto" && (term.value === 1 || term.value === 58),
  );
  if (isIcmp) {
    const type = field === "tp_src";
    return exactly(type ? "icmp-type" : "icmp-code", numbered(name, value, 255));
  }
  const long = name.startsWith("tp_") ? `tcp${name.slice(2)}` : name;
  const { number, mask } = masked(long, value, 0xffff);
  return {
    field: field === "tp_src" ? "src-port" : "dst-port",
    value: mask === null ? number : number & mask,
    mask,
  };
}

// As the program names a field in what it says.
function longName(name: string): string {
  return name === "dl_type" ? "eth_type" : name;
}

function bad(name: string, text: string, at: ShellWord): never {
  throw new Refused(`ovs-ofctl: ${text}: bad syntax for ${name} value`, at);
}

function numbered(name: string, value: ShellWord, most: number): number {
  return integerIn(value.text, 0, most) ?? bad(name, value.text, value);
}

function masked(
  name: string,
  value: ShellWord,
  most: number,
): { number: number; mask: number | null } {
  const [text = "", bits] = value.text.split("/");
  const number = integerIn(text, 0, most) ?? bad(name, value.text, value);
  const mask =
    bits === undefined ? null : (integerIn(bits, 0, most) ?? bad(name, value.text, value));
  return { number, mask: mask === most ? null : mask };
}

function readMac(field: FlowField, value: ShellWord): FlowTerm {
  const [text = "", bits] = value.text.split("/");
  const [mac, mask] = [macOf(text), bits === undefined ? null : macOf(bits)];
  if (mac === null || (bits !== undefined && mask === null))
    throw new Refused(`ovs-ofctl: ${value.text}: invalid Ethernet address`, value);
  if (mask === null) return exactly(field, macNumber(mac));
  const under = macNumber(mask);
  return { field, value: Number(BigInt(macNumber(mac)) & BigInt(under)), mask: under };
}

/** An IPv4 address as the program reads it: a byte that is too large loses its upper bits. */
export function looseIp(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,6}$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 256 + (Number(part) & 255), 0);
}

function readAddress(field: FlowField, value: ShellWord): FlowTerm {
  const [text = "", bits] = value.text.split("/");
  const ip = looseIp(text);
  const length = bits === undefined ? 32 : integerIn(bits, 0, 32);
  const mask = length === null ? looseIp(bits!) : maskOf(length);
  if (ip === null || mask === null)
    throw new Refused(`ovs-ofctl: ${value.text}: invalid IP address`, value);
  return { field, value: (ip & mask) >>> 0, mask: mask === 0xffffffff ? null : mask };
}

function fragment(name: string, value: ShellWord): number {
  const kinds: Readonly<Record<string, number>> = {
    no: 0,
    yes: 1,
    first: 1,
    later: 3,
    not_later: 0,
  };
  return Object.hasOwn(kinds, value.text) ? kinds[value.text]! : bad(name, value.text, value);
}

const CT_FLAGS: Readonly<Record<string, number>> = {
  new: CT_BITS.new,
  est: CT_BITS.established,
  rel: CT_BITS.related,
  rpl: CT_BITS.reply,
  inv: CT_BITS.invalid,
  trk: CT_BITS.tracked,
  snat: CT_BITS.snat,
  dnat: CT_BITS.dnat,
};

// `+trk-new`, `0x21/0x21`, or exactly these: `trk|est`.
function readFlags(field: "tcp-flags" | "ct-state", name: string, value: ShellWord): FlowTerm[] {
  const flags = field === "ct-state" ? CT_FLAGS : TCP_FLAGS;
  const all = field === "ct-state" ? 0xff : 0xfff;
  if (/^[\dx]/i.test(value.text)) {
    const { number, mask } = masked(name, value, 0xffff);
    return [{ field, value: number, mask }];
  }
  const unknown = (text: string) => {
    throw new Refused(`ovs-ofctl: ${text}: unknown ${name} flag(s)`, value);
  };
  let [set, under] = [0, 0];
  if (/^[+-]/.test(value.text)) {
    for (const [, sign, flag = ""] of value.text.matchAll(/([+-])([^+-]*)/g)) {
      const bit = Object.hasOwn(flags, flag) ? flags[flag]! : (unknown(flag), 0);
      under |= bit;
      if (sign === "+") set |= bit;
    }
    return [{ field, value: set, mask: under }];
  }
  for (const flag of value.text.split("|"))
    set |= Object.hasOwn(flags, flag) ? flags[flag]! : (unknown(flag), 0);
  return [{ field, value: set, mask: all }];
}

/** The value of a field as `set_field` and `load` write it; `null` when it is none. */
export function valueOfField(field: FlowField, text: string): number | null {
  const mac = macOf(text);
  if (mac !== null) return bitsOf(field) === 48 ? macNumber(mac) : null;
  if (text.includes(".")) return looseIp(text);
  const number = integer(text);
  return number !== null && number < 2 ** Math.min(53, bitsOf(field)) ? number : null;
}
