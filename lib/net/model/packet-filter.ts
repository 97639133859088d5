import type { Span } from "../source/span.ts";
import type { Field, Range } from "./network.ts";
import type { Ip, Prefix } from "./prefix.ts";
import { holesOf } from "./ranges.ts";

/*
 * Packet filters as a kernel holds them, whichever program wrote them: iptables, nft and ebtables all make tables of
 * chains, hooked into a packet's way by priority. One network namespace has one set of tables.
 */

export type FilterTable = {
  readonly name: string;
  /** `ip` sees IPv4 packets (nft's `inet` is that, too, where only IPv4 is simulated), `bridge` frames. */
  readonly family: "ip" | "bridge";
  /** Programs see only their own tables: `iptables -F` leaves nft's alone. */
  readonly owner: "iptables" | "nft" | "ebtables";
  readonly chains: Map<string, Chain>;
  /** Named sets and maps of nft, by name. */
  readonly sets: Map<string, NamedSet>;
};

/** The tables and chains that iptables finds there without making them, with the priorities of their hooks. */
export const BUILT_IN: Readonly<Record<string, readonly (readonly [chain: string, hook: Hook, priority: number])[]>> = {
  raw: [["PREROUTING", "prerouting", -300], ["OUTPUT", "output", -300]],
  mangle: [
    ["PREROUTING", "prerouting", -150], ["INPUT", "input", -150], ["FORWARD", "forward", -150],
    ["OUTPUT", "output", -150], ["POSTROUTING", "postrouting", -150],
  ],
  nat: [
    ["PREROUTING", "prerouting", -100], ["INPUT", "input", 100], ["OUTPUT", "output", -100],
    ["POSTROUTING", "postrouting", 100],
  ],
  filter: [["INPUT", "input", 0], ["FORWARD", "forward", 0], ["OUTPUT", "output", 0]],
  security: [["INPUT", "input", 50], ["FORWARD", "forward", 50], ["OUTPUT", "output", 50]],
}; // prettier-ignore

export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

export type Chain = {
  readonly name: string;
  /** `null` for a chain that is only jumped to. */
  base: {
    readonly hook: Hook;
    readonly priority: number;
    readonly type: "filter" | "nat" | "route";
    policy: "accept" | "drop";
    policyBecause: Span | null;
  } | null;
  rules: FilterRule[];
};

export type FilterRule = {
  readonly matches: readonly Match[];
  /** In their order; only the last may end the chain. */
  readonly actions: readonly RuleAction[];
  readonly because: Span;
  /** By which nft knows it. */
  readonly handle?: number;
};

/** Values of an nft set or map: ranges of the key's fields in their order, and for a map what each key gives. */
export type NamedSet = {
  readonly keys: readonly MatchField[];
  readonly elements: { readonly ranges: readonly Range[]; readonly value: RuleAction | null }[];
};

/** What a field match looks at; ports are those of TCP and UDP alike, and imply one of them. */
export type MatchField =
  | "src"
  | "dst"
  | "proto"
  | "sport"
  | "dport"
  | "icmp-type"
  | "icmp-code"
  | "mark"
  | "dscp"
  | "ttl"
  | "length"
  | "ethertype"
  | "smac"
  | "dmac"
  | "vlan"
  | "arp-op";

export type CtState = "new" | "established" | "related" | "invalid" | "untracked";

export type Match =
  | {
      readonly kind: "field";
      readonly field: MatchField;
      readonly not: boolean;
      readonly ranges: readonly Range[];
      /** `mark and 0xff == 1`: the bits that are looked at, when not all. */
      readonly mask?: number;
    }
  /** A name may end in `+` (iptables) or `*` (nft): any rest. `port` looks at the bridge port instead (physdev). */
  | {
      readonly kind: "iface";
      readonly direction: "in" | "out";
      readonly port: boolean;
      readonly not: boolean;
      readonly names: readonly string[];
    }
  | { readonly kind: "ct-state"; readonly not: boolean; readonly states: readonly CtState[] }
  | { readonly kind: "ct-status"; readonly not: boolean; readonly status: "dnat" | "snat" }
  | {
      readonly kind: "ct-mark";
      readonly not: boolean;
      readonly value: number;
      readonly mask: number;
    }
  | { readonly kind: "ct-direction"; readonly direction: "original" | "reply" }
  /** The flags under `mask` must be exactly `value` (SYN 2, ACK 16, RST 4, FIN 1, PSH 8, URG 32). */
  | {
      readonly kind: "tcp-flags";
      readonly not: boolean;
      readonly mask: number;
      readonly value: number;
    }
  | {
      readonly kind: "address-type";
      readonly which: "src" | "dst";
      readonly not: boolean;
      readonly types: readonly ("local" | "unicast" | "broadcast" | "multicast")[];
    }
  /** Bridged frames only, or routed ones only (physdev-is-bridged). */
  | { readonly kind: "bridged"; readonly not: boolean }
  | {
      readonly kind: "named-set";
      readonly set: string;
      readonly fields: readonly MatchField[];
      readonly not: boolean;
    }
  /** The addresses inside an ARP packet. */
  | {
      readonly kind: "arp-address";
      readonly which: "sender" | "target";
      readonly not: boolean;
      readonly ranges: readonly Range[];
    }
  /** Known to the program, not simulated; the rule taints its namespace. */
  | { readonly kind: "unsimulated"; readonly what: string };

export type Rewrite = {
  readonly addresses: readonly [low: Ip, high: Ip] | null;
  readonly ports: Range | null;
};

export type RuleAction =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  /** `with` is an ICMP error's name such as `port-unreachable`, or `tcp-reset`. */
  | { readonly kind: "reject"; readonly with: string }
  | { readonly kind: "return" }
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "goto"; readonly chain: string }
  /** Counters, logs and notes: the next rule follows. */
  | { readonly kind: "continue" }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | {
      readonly kind: "ct-mark";
      readonly what: "set" | "save" | "restore";
      readonly value: number;
      readonly mask: number;
    }
  | { readonly kind: "dscp"; readonly value: number }
  | { readonly kind: "dnat"; readonly to: Rewrite }
  | { readonly kind: "snat"; readonly to: Rewrite }
  | { readonly kind: "masquerade"; readonly ports: Range | null }
  | { readonly kind: "redirect"; readonly ports: Range | null }
  /** One network for another, host by host. */
  | { readonly kind: "netmap"; readonly which: "src" | "dst"; readonly to: Prefix }
  | { readonly kind: "no-track" }
  /** An nft map or verdict map: the first element whose key fits says what to do; none, and the next rule follows. */
  | {
      readonly kind: "verdict-map";
      readonly fields: readonly MatchField[];
      readonly map: string | NamedSet;
    }
  | { readonly kind: "unsimulated"; readonly what: string };

/** Which field of a packet, as `network.ts` has them, a match looks at; those that are not here are not simulated. */
export const PACKET_FIELD: Readonly<Partial<Record<MatchField, Field>>> = {
  src: "src",
  dst: "dst",
  proto: "proto",
  sport: "sport",
  dport: "dport",
  mark: "mark",
  ethertype: "ethertype",
  dmac: "dmac",
  "icmp-type": "dport",
};

/** No set of pairs holds more, and no mask has more ranges: each is a guard of its own. */
export const MOST_GUARDS = 4096;

/** What a rule asks or does that is not simulated, in its own words; nobody can say whether a packet fits such a rule. */
export function unsimulatedIn({
  matches,
  actions,
}: Pick<FilterRule, "matches" | "actions">): string[] {
  const tuples = matches.filter((one) => one.kind === "named-set" && one.fields.length > 1);
  return [
    ...matches.flatMap((match) => unsimulatedMatch(match) ?? []),
    ...actions.flatMap((action) => unsimulatedAction(action) ?? []),
    ...(tuples.length > 1 ? ["two sets of several fields in one rule"] : []),
  ];
}

function unsimulatedMatch(match: Match): string | null {
  switch (match.kind) {
    case "field":
      return unsimulatedField(match);
    case "named-set":
      if (match.fields.length > 1 && match.not) return "a set of several fields, turned around";
      return match.fields.find((field) => !PACKET_FIELD[field]) ?? null;
    case "unsimulated":
      return match.what;
    case "ct-status":
    case "ct-mark":
    case "ct-direction":
    case "arp-address":
      return match.kind.replace("-", " ");
    case "iface":
    case "ct-state":
    case "tcp-flags":
    case "address-type":
    case "bridged":
      return null;
  }
}

function unsimulatedField({ field, ranges, mask }: Match & { kind: "field" }): string | null {
  if (!PACKET_FIELD[field]) return field;
  if (mask === undefined) return null;
  if (field === "dmac") return "a MAC address under a mask";
  const single = ranges.length === 1 && ranges[0]![0] === ranges[0]![1];
  return single && holesOf(mask).length <= Math.log2(MOST_GUARDS) ? null : `${field} under a mask`;
}

function unsimulatedAction(action: RuleAction): string | null {
  if (action.kind === "unsimulated") return action.what;
  if (action.kind === "ct-mark") return "ct mark";
  if (action.kind !== "verdict-map") return null;
  return action.fields.find((field) => !PACKET_FIELD[field]) ?? null;
}
