import type { Span } from "../../source/span.ts";
import type { Ip } from "../prefix.ts";
import { firstMtu } from "./mtu.ts";
import { LinuxAddresses } from "./addresses.ts";

/** A link of a Linux system. It lives in one namespace at a time and keeps its identity when it moves. */
export type LinuxLink = {
  name: string;
  /** The namespace it is in, by name; the system's own is `""`. */
  namespace: string;
  readonly kind: LinkKind;
  mac: string;
  mtu: number;
  /** The line that set it. */
  mtuBecause: Span | null;
  up: boolean;
  /** The line that last set it up or down, and the one that made it. */
  changed: Span | null;
  readonly because: Span | null;
  /** The bridge, VRF or bond that it is a port of. */
  master: LinuxLink | null;
  masterBecause: Span | null;
  readonly addresses: LinuxAddresses;
  readonly losses: { what: string; why: "deleted" | "refused" | "moved"; because: Span }[];
  readonly settings: LinkSettings;
  /** As a port of a VLAN-aware bridge, and of such a bridge itself: what VLANs it carries. */
  readonly vlans: Map<number, VlanMembership>;
  readonly bridgePort: BridgePortSettings;
  /** Whether packets with labels are taken in (net.mpls.conf.<link>.input). */
  takesLabels: boolean;
  /** What `tc` hung at its ways out and in. */
  readonly queues: Record<"root" | "ingress", LinkQueue | null>;
  /** Neighbours that were written by hand. */
  readonly neighbors: Map<Ip, { readonly mac: string; readonly because: Span }>;
};

export type LinkKind =
  /** A port of the machine; what is at the other end of its cable stands in the lab. */
  | { readonly kind: "port"; readonly port: string }
  | { readonly kind: "loopback" }
  | { readonly kind: "dummy" }
  /** `peer` is `null` once the other end was deleted. */
  | { readonly kind: "veth"; peer: LinuxLink | null }
  | {
      readonly kind: "bridge";
      vlanAware: boolean;
      readonly defaultPvid: number;
      /** Addresses written into its table by hand. */
      readonly fixed: {
        readonly mac: string;
        readonly port: LinuxLink;
        readonly vlan: number | null;
        /** `local`: for the bridge itself. `sticky`: it stays, wherever the address is heard. */
        readonly how: "local" | "static" | "sticky";
        readonly because: Span;
      }[];
    }
  | { readonly kind: "vlan"; readonly parent: LinuxLink; readonly id: number }
  | { readonly kind: "macvlan"; readonly parent: LinuxLink; readonly mode: MacvlanMode }
  | { readonly kind: "ipvlan"; readonly parent: LinuxLink; mode: "l2" | "l3" | "l3s" }
  | { readonly kind: "vrf"; readonly table: number }
  | {
      readonly kind: "vxlan";
      readonly vni: number;
      readonly port: number;
      readonly remote: Ip | null;
      readonly local: Ip | null;
      readonly learning: boolean;
      /** The namespace that it was made in, where its packets set out and come in wherever it moves. */
      readonly home: string;
      readonly fdb: { readonly mac: string; readonly remote: Ip; readonly because: Span }[];
    }
  /** Frames go to the program that holds it open: `guest`, when that is a virtual machine's card. With `parent` they are
   * its own share of what that device carries (macvtap). */
  | { readonly kind: "tap"; guest: GuestPort | null; readonly parent?: LinuxLink }
  /** The stack's side of a port of a virtual switch. */
  | { readonly kind: "internal"; readonly switch: string; readonly port: string }
  /** Of a kind that is not simulated: it is there, so that what is said of it is not refused. */
  | { readonly kind: "stand-in"; readonly what: string };

/** A network card inside a virtual machine of this system. */
export type GuestPort = { readonly machine: string; readonly port: string };

export type MacvlanMode = "bridge" | "private" | "vepa" | "passthru";

export type VlanMembership = { readonly untagged: boolean; readonly because: Span | null };

/** Sysctls below `net.ipv4.conf.<link>`. */
export type LinkSettings = {
  rpFilter: number;
  arpIgnore: number;
  /** ignore_routes_with_linkdown */
  ignoreDead: number;
  proxyArp: number;
};

/** `loses`: how many of a hundred packets. */
export type LinkQueue = { readonly name: string; readonly loses: number; readonly because: Span };

export type BridgePortSettings = {
  pvid: number | null;
  isolated: boolean;
  hairpin: boolean;
  learning: boolean;
  flood: boolean;
  locked: boolean;
};

export function freshLink(
  name: string,
  namespace: string,
  kind: LinkKind,
  mac: string,
  because: Span | null,
): LinuxLink {
  return {
    name,
    namespace,
    kind,
    mac,
    mtu: firstMtu(kind, null),
    mtuBecause: null,
    up: false,
    changed: null,
    because,
    master: null,
    masterBecause: null,
    addresses: new LinuxAddresses(),
    losses: [],
    settings: { rpFilter: 0, arpIgnore: 0, ignoreDead: 0, proxyArp: 0 },
    vlans: new Map(),
    bridgePort: {
      pvid: null,
      isolated: false,
      hairpin: false,
      learning: true,
      flood: true,
      locked: false,
    },
    takesLabels: false,
    queues: { root: null, ingress: null },
    neighbors: new Map(),
  };
}
