import type { Span } from "../source/span.ts";
import type { BridgePort, Taint } from "./device.ts";

/*
 * What switches agree on among themselves before they carry a frame: which ports are one, which are trunks, which are
 * blocked. Each is a value on the port or the bridge, and what comes of it is computed from all devices together.
 */

/** How a port comes to carry one VLAN or many, where both ends have a say. */
export type Trunking = {
  readonly wants: "access" | "trunk" | "auto" | "desirable";
  /** Whether it tells the other end what it wants. */
  readonly negotiates: boolean;
  /** Ends of two domains do not agree; `null` goes with any. */
  readonly domain: string | null;
  readonly access: BridgePort;
  readonly trunk: BridgePort;
};

/** A bridge that speaks spanning tree, one tree for each VLAN. */
export type SpanningTree = {
  /** Of equal priorities the lowest address becomes the root. */
  readonly mac: number;
  /** The priority in each VLAN that has a tree. */
  readonly priorities: ReadonlyMap<number, number>;
  /** Costs in 32 bits instead of 16. */
  readonly longCosts: boolean;
  /** What is not simulated here and may change every tree that this bridge is in. */
  readonly open: readonly Taint[];
};

/** What a port says and hears of spanning tree. */
export type SpanningPort = {
  /** Its place among the ports of its bridge. */
  readonly number: number;
  readonly priority: number;
  readonly priorities: ReadonlyMap<number, number>;
  /** In megabits. */
  readonly speed: number;
  /** `null`: as the speed says. */
  readonly cost: number | null;
  readonly costs: ReadonlyMap<number, number>;
  /** It neither speaks nor hears. */
  readonly filtered: boolean;
  /** It is disabled when it hears of another bridge, as an access port and as a trunk. */
  readonly guarded: { readonly access: boolean; readonly trunk: boolean };
  readonly because: Span | null;
};

/** Why a port does not carry a VLAN that it could. */
export type Blocked = {
  readonly why:
    | "spare-way"
    /** The other end takes untagged frames for another VLAN's. */
    | "native-differs"
    /** One end is a trunk, the other is not. */
    | "trunk-and-access";
  /** The root of the tree; for ends that differ, the other end. */
  readonly toward: string;
  readonly because: readonly Span[];
};

/** A port that wants to be one with others. */
export type Bundling = {
  readonly into: string;
  /** How its end asks the other; "none" asks nobody. */
  readonly protocol: "none" | "lacp" | "pagp";
  readonly begins: boolean;
  /** What sets it apart from the others, if anything does. */
  readonly misfit: boolean;
  /** Without a partner it carries frames alone. */
  readonly standsAlone: boolean;
  readonly because: Span;
};

/** Why an interface that is enabled carries nothing. */
export type Stopped = {
  readonly why:
    /** It belongs to a bundle that its other end does not make with it. */
    | "no-partner"
    | "misfit"
    | "no-member"
    /** It heard of another bridge where it must not. */
    | "guarded"
    /** An interface of a VLAN that is not there, or that no live port carries. */
    | "vlan-missing"
    | "vlan-nowhere";
  readonly because: readonly Span[];
};
