import type { Span } from "../source/span.ts";
import type { Device, Taint } from "./device.ts";
import type { Drop } from "./fate.ts";
import type { Ip, Prefix } from "./prefix.ts";
import type { PortRef, Topology } from "./topology.ts";

/*
 * The network as data: places where a packet can be, and one guarded step at each. `trace` sends one packet through
 * it and `prove` all packets; both read these steps and nothing else. A VRF, a namespace, the port a packet came in
 * by are *where* it is, so each has places of its own; MAC, tags, addresses, ports and protocol are *what* it is.
 */
export type Network = {
  readonly topology: Topology;
  readonly devices: ReadonlyMap<string, Device>;
  readonly places: ReadonlyMap<PlaceId, Place>;
  readonly cables: readonly Cable[];
};

export type Cable = { readonly a: PortRef; readonly b: PortRef; readonly up: boolean };

/** Unique in a network and stable between edits; says in words where it is. */
export type PlaceId = string;

export type Place = {
  readonly id: PlaceId;
  readonly device: string;
  /** The routing table it belongs to, by name; `null` is the device's first. `undefined`: it belongs to none. */
  readonly table: string | null | undefined;
  readonly iface: string | null;
  readonly step: Step;
  /** What comes here may fare otherwise, for a line that is not simulated. */
  readonly doubt?: Taint;
  /** What stands there, where that has a name of its own: `chain FORWARD of table filter`. */
  readonly what?: string;
  /** No packet longer than this comes by it: a tunnel whose way is narrow. */
  readonly fits?: number;
};

/** Everything a place can do with a packet. The list is closed: a config language uses these, and adds none. */
export type Step =
  /** The first rule whose guard fits decides. */
  | { readonly kind: "filter"; readonly rules: readonly Rule[]; readonly otherwise: PlaceId }
  /** The row that covers the destination decides; several next places are equal paths. */
  | { readonly kind: "lookup"; readonly rows: readonly LookupRow[]; readonly miss: PlaceId }
  /** Who answers for the next hop: the first row whose guard fits. The frame is addressed to the answerer. */
  | {
      readonly kind: "resolve";
      readonly gateway: Ip | null;
      readonly smac: number;
      readonly rows: readonly ResolveRow[];
      readonly next: PlaceId;
      readonly miss: PlaceId;
      /** The devices that the question goes round for ever, if it does: nothing gets through beside it. */
      readonly circles?: readonly string[];
    }
  /** Change what the packet is: one hop less to live, or new fields. */
  | {
      readonly kind: "rewrite";
      readonly change: Change;
      readonly next: PlaceId;
      readonly expired: PlaceId;
    }
  /** Put a VLAN tag on, or take the outer one off. More than two are not carried. */
  | {
      readonly kind: "tag";
      readonly push: number | null;
      readonly next: PlaceId;
      readonly full: PlaceId;
    }
  /** Put a label on (RFC 3032). */
  | { readonly kind: "label"; readonly push: number; readonly next: PlaceId }
  /** What becomes of the outer label: one hop less, and others in its place. */
  | {
      readonly kind: "relabel";
      readonly rows: readonly LabelRow[];
      readonly miss: PlaceId;
      readonly expired: PlaceId;
    }
  /** Where the frame's MAC address was learnt; an address nobody has goes the way of a miss. */
  | {
      readonly kind: "switch";
      /** The bridge and VLAN, and the port that the frame came in by: what it teaches. */
      readonly domain: string;
      readonly port: string;
      readonly learns: boolean;
      readonly rows: readonly SwitchRow[];
      readonly miss: PlaceId;
    }
  /**
   * Look the packet's connection up, or begin one that counts once the packet is through; among those of the device, or
   * of a zone of its own.
   */
  | { readonly kind: "track"; readonly next: PlaceId; readonly zone?: string }
  /** The connections that a packet began are remembered from here on. */
  | { readonly kind: "confirm"; readonly next: PlaceId; readonly zone?: string }
  /**
   * Change the addresses of a tracked packet as its connection's first one was changed; that first one is sent to
   * `first`, where the rules are.
   */
  | {
      readonly kind: "translate";
      readonly side: "src" | "dst";
      readonly first: PlaceId;
      readonly next: PlaceId;
    }
  /** What a rule says about the connection's addresses; `next` is behind all rules. */
  | {
      readonly kind: "map";
      readonly side: "src" | "dst";
      readonly addresses: Range | null;
      readonly netmap: number | null;
      readonly ports: Range | null;
      readonly next: PlaceId;
    }
  /** A copy to each: a cable has one far end, a bridge many. */
  | { readonly kind: "flood"; readonly to: readonly PlaceId[] }
  /** Taken by the device's own stack. */
  | { readonly kind: "deliver" }
  /**
   * Taken by a program that asks someone else in its own name, and answers with what it is told. What it sends is a
   * packet of the device's own, and may have any source port.
   */
  | {
      readonly kind: "relay";
      readonly source: Ip;
      readonly to: Ip;
      readonly port: number;
      readonly next: PlaceId;
      readonly because: readonly Span[];
    }
  | { readonly kind: "drop"; readonly why: Drop };

export type Change =
  /** `bridges`: a frame whose destination was translated crosses the bridge it came in by, and counts no hop. */
  | { readonly kind: "hop"; readonly bridges?: boolean }
  | {
      readonly kind: "set";
      readonly field: Field;
      readonly value: number;
      /** The bits that are set; all, when absent. */
      readonly mask?: number;
    };

/** The fields of a packet that a guard can look at. */
export const FIELDS = [
  "ethertype",
  "tag",
  "inner",
  "dmac",
  "dst",
  "src",
  "proto",
  "sport",
  "dport",
  "flags",
  "dscp",
  "smac",
  "mark",
  "ct",
] as const;
export type Field = (typeof FIELDS)[number];

/** The largest value of each field; the smallest is 0. `tag` is 0 without a tag, else 1 + the VLAN id; `inner`
 * is the tag below it. ICMP carries its type as `dport`, its code as `sport`. */
export const LARGEST: Readonly<Record<Field, number>> = {
  ethertype: 0xffff,
  tag: 4096,
  inner: 4096,
  dmac: 2 ** 48 - 1,
  dst: 2 ** 32 - 1,
  src: 2 ** 32 - 1,
  proto: 255,
  sport: 0xffff,
  dport: 0xffff,
  flags: 63,
  dscp: 63,
  smac: 2 ** 48 - 1,
  mark: 2 ** 32 - 1,
  ct: 5,
};

/**
 * What connection tracking says of a packet, as the values of the field `ct`; `exempt` before it is looked at, where a
 * rule wants it left untracked.
 */
export const CT = {
  untracked: 0,
  new: 1,
  established: 2,
  related: 3,
  invalid: 4,
  exempt: 5,
} as const;
export const SYN = 2;
export const ACK = 16;

export const IPV4 = 0x0800;
export const ARP = 0x0806;
export const LABELLED = 0x8847;
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
/** Questions of ICMP and their answers, by type (RFC 792, 950): what comes in answer to what. */
export const ECHOES: readonly (readonly [question: number, answer: number])[] = [
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
];
export const BROADCAST_MAC = 2 ** 48 - 1;
/** The MAC addresses of IPv4 multicast (RFC 1112 §6.4), as a range. */
export const MULTICAST_MACS: Range = [0x01005e000000, 0x01005e7fffff];

/** Both ends belong to it. */
export type Range = readonly [low: number, high: number];

/** Fits a packet when each named field lies in one of its ranges. Ranges are sorted and apart. */
export type Guard = { readonly [F in Field]?: readonly Range[] };

export type Rule = {
  readonly guard: Guard;
  readonly then: PlaceId;
  readonly because: readonly Span[];
};

/** Rows are sorted by address, apart, and each says which prefix it is a part of. */
export type LookupRow = {
  readonly low: Ip;
  readonly high: Ip;
  readonly prefix: Prefix;
  readonly source: "own" | "broadcast" | "multicast" | "connected" | "written";
  readonly next: readonly PlaceId[];
  readonly because: readonly Span[];
};

/** `swap` are the labels that take the place of `label`, the outer one first; `bare` is where it goes without any. */
export type LabelRow = {
  readonly label: number;
  readonly swap: readonly number[];
  readonly next: PlaceId;
  readonly bare: PlaceId;
  readonly because: readonly Span[];
};

export type SwitchRow = {
  readonly dmac: number;
  readonly next: PlaceId;
  readonly because: readonly Span[];
};

export type ResolveRow = {
  readonly guard: Guard;
  readonly dmac: number;
  readonly answeredBy: PortRef;
  /** Another answers for the next hop: a proxy, with the route that makes it do so. */
  readonly proxy: boolean;
  readonly because: readonly Span[];
};

/** The names of the places a device always has, and those of its ports. */
export const placeAt = {
  /** A frame comes out of the cable into the port. */
  arrive: (device: string, iface: string) => `${device}:${iface} in`,
  /** A frame comes into a port that is none but would be a trunk, if the other end wanted it. */
  asTrunk: (device: string, iface: string) => `${device}:${iface} in, as a trunk`,
  /** A frame for the device's own stack. */
  stack: (device: string, iface: string) => `${device}:${iface} stack`,
  /** A frame leaves the port for the cable. */
  leave: (device: string, iface: string) => `${device}:${iface} out`,
  /** A packet from a neighbour is looked up. */
  forward: (device: string, table: string | null) => `${device}${at(table)} forward`,
  /** A packet of the device's own that must leave by this interface (SO_BINDTODEVICE) is looked up. */
  bound: (device: string, iface: string) => `${device}:${iface} send`,
  /** A packet of the device's own is looked up. */
  send: (device: string, table: string | null) => `${device}${at(table)} send`,
  /** The same for one whose source the lookup is yet to choose; only where rules ask for sources (O1). */
  unnamed: (device: string, table: string | null) => `${device}${at(table)} send, unnamed`,
  /** A packet was accepted by the device's stack. */
  accept: (device: string, table: string | null) => `${device}${at(table)} accept`,
  /** A packet found its listener. */
  deliver: (device: string, table: string | null) => `${device}${at(table)} deliver`,
} as const;

function at(table: string | null): string {
  return table === null ? "" : `@${table}`;
}

export function macNumber(mac: string): number {
  return Number.parseInt(mac.replaceAll(":", ""), 16);
}
