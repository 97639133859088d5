import type { Span } from "../source/span.ts";
import type { Ip, Prefix } from "./prefix.ts";
import type { NodeKind } from "./topology.ts";

/**
 * A device once its configuration has been carried out, in words that hold for any vendor. What systems do
 * differently is a value here; whatever computes with devices never asks which system one runs.
 */
export type Device = {
  readonly name: string;
  readonly kind: NodeKind;
  readonly tables: readonly Table[];
  readonly ifaces: readonly Iface[];
  readonly routes: readonly WrittenRoute[];
  /** Whether packets for others are passed on, and the line that says so. */
  readonly forwards: { readonly on: boolean; readonly because: Span | null };
  readonly habits: Habits;
  /** Who listens here; ICMP echo is always answered. */
  readonly listens: readonly Listener[];
  /** Prefixes it answers for beside its addresses, on every port: the world outside. */
  readonly owns: readonly Prefix[];
  /** What the text says that this model does not carry; it may change anything on the device, or on one interface. */
  readonly taints: readonly Taint[];
};

/** A routing table with the interfaces bound to it: the whole of a host, or one VRF. */
export type Table = {
  /** `null` is the table that is there without being asked for. */
  readonly name: string | null;
  readonly distinguisher: string | null;
  readonly because: Span | null;
};

export type Iface = {
  readonly name: string;
  /** As a drawing has room for it. */
  readonly short: string;
  /** A port that a cable may be in; without, an interface of the device's own making, such as a loopback. */
  readonly isPort: boolean;
  readonly mac: string;
  /** The networks of its addresses are the device's own as a whole: the loopback of a host. */
  readonly ownsNetworks: boolean;
  readonly table: string | null;
  readonly enabled: boolean;
  /** The line that took it down, or the one that should have brought it up is missing. */
  readonly disabledBecause: Span | null;
  readonly addresses: readonly IfaceAddress[];
  readonly proxyArp: boolean;
  /** Reverse path check of what comes in: none, by this interface (strict), or by any (loose). */
  readonly sourceCheck: "none" | "strict" | "loose";
  /** The line that speaks of this interface at all, and the one that binds it to its table. */
  readonly because: Span | null;
  readonly tableBecause: Span | null;
  /** What happened to addresses that are not here: taken away or refused, the latest last. */
  readonly losses: readonly Loss[];
};

export type IfaceAddress = {
  readonly ip: Ip;
  readonly length: number;
  readonly secondary: boolean;
  readonly because: Span | null;
};

export type Loss = {
  readonly what: string;
  readonly why: "vrf-binding" | "overlap" | "refused" | "deleted";
  readonly because: Span;
};

/**
 * A route that someone wrote, or that the system made of an address (`connected`). A gateway is looked up in
 * `gatewayTable` when no interface is named.
 */
export type WrittenRoute = {
  readonly table: string | null;
  readonly connected: boolean;
  readonly to: Prefix;
  readonly iface: string | null;
  readonly gateway: Ip | null;
  readonly gatewayTable: string | null;
  readonly action: "forward" | Refusing;
  readonly distance: number;
  readonly metric: number;
  readonly source: Ip | null;
  readonly because: Span | null;
};

/** How a route turns packets away: silently, with an error to the sender, or as if it were not there. */
export type Refusing = "discard" | "unreachable" | "prohibit" | "throw";

export type Listener = { readonly proto: "tcp" | "udp"; readonly port: number };

export type Taint = {
  /** An interface, or `null` for the device. */
  readonly iface: string | null;
  readonly what: string;
  readonly because: Span;
};

/** How a system behaves where systems differ. */
export type Habits = {
  /** An interface without carrier loses its routes; otherwise they stay, and are used. */
  readonly withdrawsOnCarrierLoss: boolean;
  /** An address answers on whichever interface it is asked for, even while its own is down (RFC 1122 §3.3.4.2, weak). */
  readonly weakHost: boolean;
  /** An ARP request is heeded only when its sender lies in a network of the interface. */
  readonly arpOnlyFromOwnNetworks: boolean;
  /** A packet whose source is one of the device's own addresses, or can be no source, is dropped. */
  readonly refusesMartians: boolean;
  /**
   * Whether the system itself saw to its routes as they were written, connected ones included, so that they stand
   * as they are; otherwise connected routes follow from addresses, and a written one counts while it resolves.
   */
  readonly routesStand: boolean;
  /** What a router says of a packet it has no route for. */
  readonly noRouteError: "net-unreachable" | "host-unreachable";
  /** The time to live that its own packets start with. */
  readonly ttl: number;
};
