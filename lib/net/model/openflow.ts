import type { Span } from "../source/span.ts";
import type { Range } from "./network.ts";
import type { Ip } from "./prefix.ts";

/*
 * Flows as an OpenFlow switch holds them: tables of guarded lists of actions, tried by priority.
 */

/** A port by its number, its name, or the switch's own (`LOCAL`). */
export type FlowPort = number | { readonly name: string } | "LOCAL";

/**
 * What a term looks at. `vlan` is the tag as a number of 16 bits: 0x1000 says that there is one, 0xe000 holds the
 * priority, 0x0fff the VLAN; without a tag it is 0.
 */
export type FlowField =
  | "eth-src"
  | "eth-dst"
  | "ethertype"
  | "vlan"
  | "proto"
  | "ip-src"
  | "ip-dst"
  | "dscp"
  | "ecn"
  | "ttl"
  | "fragment"
  | "src-port"
  | "dst-port"
  | "tcp-flags"
  | "icmp-type"
  | "icmp-code"
  | "arp-op"
  | "arp-spa"
  | "arp-tpa"
  | "arp-sha"
  | "arp-tha"
  | "ct-state"
  | "ct-zone"
  | "ct-mark"
  | "tunnel"
  | "metadata"
  | "mark"
  | `reg${number}`;

/** How many bits a field has. */
export function bitsOf(field: FlowField): number {
  switch (field) {
    case "eth-src":
    case "eth-dst":
    case "arp-sha":
    case "arp-tha":
      return 48;
    case "tunnel":
    case "metadata":
      return 64;
    case "ethertype":
    case "vlan":
    case "src-port":
    case "dst-port":
    case "arp-op":
    case "ct-zone":
      return 16;
    case "tcp-flags":
      return 12;
    case "proto":
    case "ttl":
    case "icmp-type":
    case "icmp-code":
      return 8;
    case "dscp":
      return 6;
    case "ecn":
    case "fragment":
      return 2;
    default:
      return 32;
  }
}

/** Fits when the field has `value` under `mask`; all bits count when there is none. Values have at most 53 bits. */
export type FlowTerm = {
  readonly field: FlowField;
  readonly value: number;
  readonly mask: number | null;
};

/** Bits of `ct-state`. */
export const CT_BITS = {
  new: 0x01,
  established: 0x02,
  related: 0x04,
  reply: 0x08,
  invalid: 0x10,
  tracked: 0x20,
  snat: 0x40,
  dnat: 0x80,
} as const;

/** All terms must fit; a term is there only if what it looks at exists (`tp_dst` only of TCP and the like). */
export type FlowMatch = {
  readonly inPort: FlowPort | null;
  readonly terms: readonly FlowTerm[];
  /** Words known to the switch that are not simulated. */
  readonly unsimulated: readonly string[];
};

export type FlowAction =
  /** Never back to the port that it came from, unless by `in-port`. */
  | { readonly kind: "output"; readonly port: FlowPort }
  | { readonly kind: "in-port" }
  /** As a switch that learns, with the VLANs of its ports. */
  | { readonly kind: "normal" }
  /** To every port; `flood` leaves out those that are set so. */
  | { readonly kind: "flood" }
  | { readonly kind: "all" }
  /** To a controller, which does not answer here. */
  | { readonly kind: "controller" }
  | {
      readonly kind: "set";
      readonly field: FlowField;
      readonly value: number;
      /** The bits that are written, when not all. */
      readonly mask: number | null;
      /** Whether the switch wants the match to say that the field is there. */
      readonly strict: boolean;
    }
  /** Adds the tag if there is none. */
  | { readonly kind: "set-vlan"; readonly vid: number }
  | { readonly kind: "set-vlan-priority"; readonly priority: number }
  | { readonly kind: "push-vlan"; readonly ethertype: number }
  | { readonly kind: "pop-vlan" }
  | { readonly kind: "move"; readonly from: FlowBits; readonly to: FlowBits }
  | { readonly kind: "dec-ttl" }
  /** On into a table (this one when `null`), as if it had come in by `port`; then the actions after it follow. */
  | {
      readonly kind: "resubmit";
      readonly port: FlowPort | "IN_PORT" | null;
      readonly table: number | null;
    }
  /** The last of a list. */
  | { readonly kind: "goto"; readonly table: number }
  | FlowTracking
  /** The rest of the list is done on a copy. */
  | { readonly kind: "clone"; readonly actions: readonly FlowAction[] }
  | { readonly kind: "exit" }
  | { readonly kind: "unsimulated"; readonly what: string };

export type FlowBits = { readonly field: FlowField; readonly from: number; readonly bits: number };

/** `ct(…)`: through the connection table of a zone; with a table, on there with its state known. */
export type FlowTracking = {
  readonly kind: "track";
  readonly commit: boolean;
  readonly force: boolean;
  readonly table: number | null;
  readonly zone: number | FlowBits;
  readonly nat: {
    /** `restore`: only what the connection had before. */
    readonly which: "src" | "dst" | "restore";
    readonly addresses: readonly [low: Ip, high: Ip] | null;
    readonly ports: Range | null;
  } | null;
  /** `exec(set_field:…->ct_mark)` */
  readonly mark: { readonly value: number; readonly mask: number } | null;
};

/** No actions: the packet is dropped. */
export type Flow = {
  readonly table: number;
  readonly priority: number;
  readonly match: FlowMatch;
  readonly actions: readonly FlowAction[];
  readonly cookie: string | null;
  readonly because: Span;
};
