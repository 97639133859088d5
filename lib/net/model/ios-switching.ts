import type { Span } from "../source/span.ts";
import type { Range } from "./network.ts";

/** What an IOS device was told about layer 2 as a whole. */
export type IosSwitching = {
  /** A switch's ports switch until they are told to route, and it routes nothing until told; a router's ports route. */
  readonly isSwitch: boolean;
  /** The VLANs that are there; frames of others are not carried. */
  readonly vlans: Map<number, Span | null>;
  /** Whether VLANs are told to, and learnt from, the switches of a domain. */
  vtp: { spreads: boolean; domain: string | null; because: Span | null };
  readonly tree: {
    readonly off: Map<number, Span>;
    readonly priorities: Map<number, number>;
    long: boolean;
    /** Access ports are taken to lead to hosts. */
    edges: boolean;
    /** Ports that lead to hosts are guarded. */
    guards: boolean;
  };
  gateway: { readonly ip: number; readonly because: Span } | null;
};

export type IosPortMode = "access" | "trunk" | "auto" | "desirable";
export type IosGroupMode = "on" | "active" | "passive" | "desirable" | "auto";

type Said<T> = { readonly value: T; readonly because: Span | null };

/** How a port switches. Ports that route keep it for when they switch again. */
export type IosSwitchport = {
  routes: Said<boolean>;
  mode: Said<IosPortMode>;
  access: Said<number>;
  voice: Said<number | null>;
  native: Said<number>;
  allowed: Said<readonly Range[]>;
  negotiates: boolean;
  isolated: boolean;
  floods: boolean;
};

/** What an interface was told about layer 2. */
export type IosLayer2 = {
  /** `null` on what is no port that could switch. */
  switchport: IosSwitchport | null;
  /** A subinterface of the port named. */
  readonly parent: string | null;
  /** The tag of a subinterface; a native one takes what has none. */
  tag: { readonly vlan: number; readonly native: boolean; readonly because: Span } | null;
  group: { readonly number: number; readonly mode: IosGroupMode; readonly because: Span } | null;
  /** In megabits; `null` as negotiated. */
  speed: number | null;
  readonly tree: {
    cost: number | null;
    priority: number | null;
    readonly costs: Map<number, number>;
    readonly priorities: Map<number, number>;
    edge: "access" | "trunk" | "never" | null;
    guard: boolean | null;
    filter: boolean;
  };
};

/** Layer 2 of an interface that nobody has spoken of. */
export function freshLayer2(switches: boolean, parent: string | null = null): IosLayer2 {
  return {
    switchport: switches ? freshSwitchport() : null,
    parent,
    tag: null,
    group: null,
    speed: null,
    tree: {
      cost: null,
      priority: null,
      costs: new Map(),
      priorities: new Map(),
      edge: null,
      guard: null,
      filter: false,
    },
  };
}

function freshSwitchport(): IosSwitchport {
  return {
    routes: { value: false, because: null },
    mode: { value: "auto", because: null },
    access: { value: 1, because: null },
    voice: { value: null, because: null },
    native: { value: 1, because: null },
    allowed: { value: [[1, 4094]], because: null },
    negotiates: true,
    isolated: false,
    floods: true,
  };
}

/** Layer 2 of a device fresh from the factory. */
export function freshSwitching(isSwitch: boolean): IosSwitching {
  return {
    isSwitch,
    vlans: new Map(isSwitch ? [[1, null]] : []),
    vtp: { spreads: true, domain: null, because: null },
    tree: { off: new Map(), priorities: new Map(), long: false, edges: false, guards: false },
    gateway: null,
  };
}
