import type { MatchField } from "../../../model/packet-filter.ts";
import { single, type ParsedMatch } from "../rule.ts";
import type { NftFamily } from "./command.ts";
import type { Tokens } from "./tokens.ts";
import type { DataType } from "./values.ts";

/** What the left side of a match looks at. */
export type Selector = {
  readonly type: DataType;
  /** What must hold for the field to be there: `tcp dport` is one of TCP. */
  readonly implied: readonly ParsedMatch[];
} & (
  | { readonly kind: "field"; readonly field: MatchField }
  | { readonly kind: "iface"; readonly direction: "in" | "out"; readonly port: boolean }
  | { readonly kind: "ct"; readonly what: "state" | "status" | "mark" | "direction" }
  | { readonly kind: "tcp-flags" }
  | { readonly kind: "arp-address"; readonly which: "sender" | "target" }
  | { readonly kind: "address-type"; readonly which: "src" | "dst" }
  | { readonly kind: "unsimulated"; readonly what: string }
);

const IPV4 = 0x800;
const IPV6 = 0x86dd;

/** Read a selector such as `ip saddr` or `iifname`; `null` when none begins here. */
export function readSelector(it: Tokens, family: NftFamily): Selector | null {
  const token = it.peek();
  if (token.text === "@" && PAYLOADS.includes(it.peek(1).text)) return payload(it);
  if (token.kind !== "word") return null;
  switch (token.text) {
    case "meta":
      it.next();
      return meta(it, it.name().text, family);
    case "iif":
    case "oif":
    case "iifname":
    case "oifname":
    case "mark":
    case "iiftype":
    case "oiftype":
    case "skuid":
    case "skgid":
    case "nftrace":
    case "iifgroup":
    case "oifgroup":
    case "cgroup":
      return meta(it, it.next().text, family);
    case "ip":
      it.next();
      return ip(it, family);
    case "ip6":
    case "icmpv6":
      if (family === "ip") it.refuse("conflicting protocols specified: ip vs. ip6", token);
      return sixes(it, token.text);
    case "tcp":
    case "udp":
    case "sctp":
    case "dccp":
    case "udplite":
    case "th":
      it.next();
      return transport(it, token.text, family);
    case "icmp":
      it.next();
      return icmp(it, family);
    case "ether":
      it.next();
      return ether(it);
    case "vlan":
      it.next();
      return vlan(it);
    case "arp":
      it.next();
      return arp(it);
    case "ct":
      it.next();
      return ct(it);
    case "fib":
      it.next();
      return fib(it);
    case "jhash":
    case "symhash":
    case "numgen":
      return drawn(it, token.text);
    case "rt":
    case "socket":
    case "osf":
    case "hash":
    case "exthdr":
    case "ah":
    case "esp":
    case "comp":
    case "igmp":
      return beyond(it, token.text);
  }
  return null;
}

function known(field: MatchField, type: DataType, implied: readonly ParsedMatch[] = []): Selector {
  return { kind: "field", field, type, implied };
}

function unknown(
  what: string,
  type: DataType = "integer",
  implied: readonly ParsedMatch[] = [],
): Selector {
  return { kind: "unsimulated", what, type, implied };
}

// What is not simulated is read no further than its name.
function beyond(it: Tokens, name: string): Selector {
  it.next();
  const word = it.ended ? "" : ` ${it.next().text}`;
  return unknown(`nft ${name}${word}`);
}

// A number that is counted, drawn or hashed: up to the number that it stays below, and where it begins.
function drawn(it: Tokens, name: string): Selector {
  while (!it.ended && !it.is("mod")) it.next();
  it.need("mod");
  it.name();
  while (it.take("seed") || it.take("offset")) it.name();
  return unknown(`nft ${name}`);
}

const PAYLOADS: readonly string[] = ["ll", "nh", "th", "ih"];

// `@nh,72,8`: bits of a header by their place.
function payload(it: Tokens): Selector {
  it.need("@");
  const { text } = it.name();
  for (let part = 0; part < 2; part++) {
    it.need(",");
    it.name();
  }
  return unknown(`nft @${text}`);
}

function meta(it: Tokens, key: string, family: NftFamily): Selector {
  const port = family === "bridge";
  switch (key) {
    case "iif":
    case "iifname":
      return { kind: "iface", direction: "in", port, type: "ifname", implied: [] };
    case "oif":
    case "oifname":
      return { kind: "iface", direction: "out", port, type: "ifname", implied: [] };
    case "ibrname":
    case "ibriport":
      return { kind: "iface", direction: "in", port: false, type: "ifname", implied: [] };
    case "obrname":
      return { kind: "iface", direction: "out", port: false, type: "ifname", implied: [] };
    case "mark":
      return known("mark", "mark");
    case "l4proto":
      return known("proto", "inet_proto");
    case "protocol":
      return known("ethertype", "ether_type");
    case "nfproto":
      return known("ethertype", "ether_type");
    case "length":
      return known("length", "integer");
  }
  const others =
    "pkttype priority cpu iiftype oiftype skuid skgid nftrace rtclassid iifgroup oifgroup cgroup random ipsec iifkind oifkind time day hour secmark ibrpvid ibrvproto sdif sdifname broute";
  if (!others.split(" ").includes(key)) it.unexpected(it.peek(-1));
  return unknown(`nft meta ${key}`);
}

// An IPv4 field, outside of tables that see only IPv4.
function isIpv4(family: NftFamily): readonly ParsedMatch[] {
  return family === "ip" ? [] : [single("ethertype", IPV4)];
}

function ip(it: Tokens, family: NftFamily): Selector {
  const key = it.name();
  const implied = isIpv4(family);
  switch (key.text) {
    case "saddr":
      return known("src", "ipv4_addr", implied);
    case "daddr":
      return known("dst", "ipv4_addr", implied);
    case "protocol":
      return known("proto", "inet_proto", implied);
    case "dscp":
      return known("dscp", "dscp", implied);
    case "ttl":
      return known("ttl", "integer", implied);
    case "length":
      return known("length", "integer", implied);
    case "version":
    case "id":
    case "frag-off":
    case "checksum":
    case "hdrlength":
    case "ecn":
      return unknown(`nft ip ${key.text}`, "integer", implied);
    case "option":
      return unknown(`nft ip option ${it.name().text}`, "integer", implied);
  }
  return it.unexpected(key);
}

// A packet of IPv6 is none that is simulated: the rule never fits one that is.
function sixes(it: Tokens, name: string): Selector {
  it.next();
  const key = it.name().text;
  const implied = [single("ethertype", IPV6)];
  return unknown(`nft ${name} ${key}`, "integer", implied);
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: 6,
  udp: 17,
  sctp: 132,
  dccp: 33,
  udplite: 136,
};

function transport(it: Tokens, name: string, family: NftFamily): Selector {
  const key = it.name();
  const number = PROTOCOLS[name];
  const network = family === "bridge" ? isIpv4(family) : [];
  const implied = number === undefined ? network : [...network, single("proto", number)];
  if (key.text === "sport" || key.text === "dport") return known(key.text, "inet_service", implied);
  if (name === "tcp" && key.text === "flags")
    return { kind: "tcp-flags", type: "tcp_flag", implied };
  if (name === "tcp" && key.text === "option") {
    const option = it.name().text;
    const part = it.ended ? "" : ` ${it.name().text}`;
    return unknown(`nft tcp option ${option}${part}`, "integer", implied);
  }
  const others =
    "sequence ackseq doff reserved window checksum urgptr length type vtag csumcov chunk";
  if (!others.split(" ").includes(key.text)) it.unexpected(key);
  return unknown(`nft ${name} ${key.text}`, "integer", implied);
}

function icmp(it: Tokens, family: NftFamily): Selector {
  const key = it.name();
  const implied = [...(family === "bridge" ? isIpv4(family) : []), single("proto", 1)];
  if (key.text === "type") return known("icmp-type", "icmp_type", implied);
  if (key.text === "code") return known("icmp-code", "integer", implied);
  if (!["checksum", "id", "sequence", "mtu", "gateway"].includes(key.text)) it.unexpected(key);
  return unknown(`nft icmp ${key.text}`, "integer", implied);
}

function ether(it: Tokens): Selector {
  const key = it.name();
  if (key.text === "saddr") return known("smac", "ether_addr");
  if (key.text === "daddr") return known("dmac", "ether_addr");
  if (key.text === "type") return known("ethertype", "ether_type");
  return it.unexpected(key);
}

function vlan(it: Tokens): Selector {
  const key = it.name();
  if (key.text === "id") return known("vlan", "integer");
  if (!["pcp", "cfi", "dei", "type"].includes(key.text)) it.unexpected(key);
  return unknown(`nft vlan ${key.text}`);
}

function arp(it: Tokens): Selector {
  const key = it.name();
  const implied = [single("ethertype", 0x806)];
  if (key.text === "operation") return known("arp-op", "arp_op", implied);
  if (key.text === "saddr" || key.text === "daddr") {
    const what = it.name();
    const which = key.text === "saddr" ? "sender" : "target";
    if (what.text === "ip") return { kind: "arp-address", which, type: "ipv4_addr", implied };
    if (what.text !== "ether") it.unexpected(what);
    return unknown(`nft arp ${key.text} ether`, "ether_addr", implied);
  }
  if (!["htype", "ptype", "hlen", "plen"].includes(key.text)) it.unexpected(key);
  return unknown(`nft arp ${key.text}`, "integer", implied);
}

function ct(it: Tokens): Selector {
  const key = it.name();
  switch (key.text) {
    case "state":
      return { kind: "ct", what: "state", type: "ct_state", implied: [] };
    case "status":
      return { kind: "ct", what: "status", type: "ct_status", implied: [] };
    case "mark":
      return { kind: "ct", what: "mark", type: "mark", implied: [] };
    case "direction":
      return { kind: "ct", what: "direction", type: "ct_dir", implied: [] };
    case "original":
    case "reply": {
      const what = it.name().text;
      const more = what === "ip" || what === "ip6" ? ` ${it.name().text}` : "";
      return unknown(`nft ct ${key.text} ${what}${more}`);
    }
  }
  const others =
    "helper expiration zone label event count bytes packets avgpkt id secmark timeout expectation l3proto proto-src proto-dst saddr daddr protocol";
  if (!others.split(" ").includes(key.text)) it.unexpected(key);
  return unknown(`nft ct ${key.text}`);
}

function fib(it: Tokens): Selector {
  const keys: string[] = [];
  do keys.push(it.name().text);
  while (it.take("."));
  const result = it.name();
  if (!["type", "oif", "oifname"].includes(result.text)) it.unexpected(result);
  const [key, ...more] = keys;
  if (result.text === "type" && more.length === 0 && (key === "daddr" || key === "saddr"))
    return {
      kind: "address-type",
      which: key === "daddr" ? "dst" : "src",
      type: "integer",
      implied: [],
    };
  return unknown(`nft fib ${keys.join(" . ")} ${result.text}`);
}
