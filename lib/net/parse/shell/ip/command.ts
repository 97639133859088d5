import type { Range } from "../../../model/network.ts";
import type { Ip, Prefix } from "../../../model/prefix.ts";
import type { RefusedCommand, UnsimulatedCommand } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { TableName } from "./words.ts";

/** What one `ip` command asks for. */
export type IpCommand =
  | AddressCommand
  | LinkCommand
  | RouteCommand
  | RuleCommand
  | NeighborCommand
  | NamespaceCommand
  /** Shows something, or concerns only IPv6; nothing that is simulated changes. */
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

export type AddressCommand =
  | {
      readonly kind: "address-add";
      readonly ip: Ip;
      readonly length: number;
      readonly dev: string;
      /** `replace` and `change` do not mind that it is there. */
      readonly replace: boolean;
      /** `noprefixroute`: without the route to its network. */
      readonly prefixRoute: boolean;
    }
  | {
      readonly kind: "address-delete";
      readonly ip: Ip;
      readonly length: number | null;
      readonly dev: string;
    }
  | {
      readonly kind: "address-flush";
      /** `null`: of every link. */
      readonly dev: string | null;
      readonly to: Prefix | null;
    };

export type LinkCommand =
  | {
      readonly kind: "link-add";
      /** `null`: the kernel finds a name, such as veth0. */
      readonly name: string | null;
      /** What it stands on (`link eth0`). */
      readonly parent: string | null;
      /** `netns NAME`: where it is made. */
      readonly namespace: string | null;
      readonly type: LinkType;
      /** `address`, `mtu`, `master`, `up`: in the order in which they were said. */
      readonly changes: readonly LinkChange[];
    }
  | { readonly kind: "link-set"; readonly dev: string; readonly changes: readonly LinkChange[] }
  | { readonly kind: "link-delete"; readonly dev: string };

export type LinkType =
  | { readonly kind: "dummy" | "ifb" }
  | { readonly kind: "bridge"; readonly settings: BridgeSettings }
  | {
      readonly kind: "veth";
      readonly peer: {
        readonly name: string | null;
        readonly namespace: string | null;
        readonly changes: readonly LinkChange[];
      };
    }
  | { readonly kind: "vlan"; readonly id: number; readonly protocol: "802.1q" | "802.1ad" }
  | VxlanType
  | { readonly kind: "macvlan" | "macvtap"; readonly mode: MacvlanMode }
  | { readonly kind: "ipvlan" | "ipvtap"; readonly mode: "l2" | "l3" | "l3s" }
  | { readonly kind: "vrf"; readonly table: number }
  | { readonly kind: "tun" | "tap" }
  | { readonly kind: "bond"; readonly mode: string };

export type MacvlanMode = "private" | "vepa" | "bridge" | "passthru" | "source";

export type VxlanType = {
  readonly kind: "vxlan";
  readonly id: number;
  /** 8472 unless said: the kernel's own, not the one of the standard. */
  readonly port: number;
  readonly remote: Ip | null;
  readonly group: Ip | null;
  readonly local: Ip | null;
  readonly dev: string | null;
  readonly learning: boolean;
  readonly ttl: number | null;
};

/** Of a bridge; only what was said. */
export type BridgeSettings = {
  readonly vlanAware?: boolean;
  readonly defaultPvid?: number;
  readonly stp?: boolean;
  readonly ageing?: number;
  readonly priority?: number;
  /** `nf_call_iptables`. */
  readonly filtersBridged?: boolean;
};

/** Of a port of a bridge; only what was said. */
export type BridgePortChange = {
  readonly hairpin?: boolean;
  readonly isolated?: boolean;
  readonly learning?: boolean;
  readonly flood?: boolean;
  readonly broadcastFlood?: boolean;
  readonly multicastFlood?: boolean;
  /** `locked on`: frames from sources that are not in its table are dropped. */
  readonly locked?: boolean;
  readonly cost?: number;
  readonly priority?: number;
  /** 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking. */
  readonly state?: number;
  readonly guard?: boolean;
  readonly rootBlock?: boolean;
  readonly neighborSuppression?: boolean;
};

export type LinkChange =
  | { readonly kind: "up"; readonly up: boolean }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "address"; readonly mac: string }
  | { readonly kind: "mtu"; readonly mtu: number }
  | {
      readonly kind: "master";
      /** `null` for `nomaster`. */
      readonly master: string | null;
      /** `vrf NAME`: the master must be a VRF. */
      readonly vrf: boolean;
    }
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "arp"; readonly on: boolean }
  | { readonly kind: "promisc"; readonly on: boolean }
  | { readonly kind: "bridge"; readonly settings: BridgeSettings }
  | { readonly kind: "bridge-port"; readonly settings: BridgePortChange };

export type RouteVerb = "add" | "replace" | "change" | "append" | "prepend";

export type RouteType = "unicast" | "blackhole" | "unreachable" | "prohibit" | "throw";

export type RouteHop = {
  readonly link: string | null;
  readonly gateway: Ip | null;
  readonly onlink: boolean;
  readonly weight: number;
  /** `encap mpls 100/200`: the labels to push, the outermost first. */
  readonly labels: readonly number[];
};

export type RouteCommand =
  | {
      readonly kind: "route-add";
      readonly how: RouteVerb;
      readonly table: TableName;
      readonly to: Prefix;
      readonly type: RouteType;
      readonly hops: readonly RouteHop[];
      readonly metric: number;
      readonly source: Ip | null;
    }
  /** `null` is what was not said, and fits every route. */
  | {
      readonly kind: "route-delete";
      readonly table: TableName;
      readonly to: Prefix;
      readonly type: RouteType | null;
      readonly link: string | null;
      readonly gateway: Ip | null;
      readonly metric: number | null;
      readonly source: Ip | null;
    }
  | {
      readonly kind: "route-flush";
      /** 0: all tables. */
      readonly table: TableName;
      readonly to: Prefix | null;
      /** `root`: `to` and what lies in it; `match`: what it lies in; `exact`: just that. */
      readonly which: "root" | "match" | "exact";
      readonly link: string | null;
      readonly gateway: Ip | null;
      readonly type: RouteType | null;
    }
  | {
      readonly kind: "mpls-route-add";
      readonly how: RouteVerb;
      readonly label: number;
      /** `as 200/300`: the labels that take its place; none: the label is taken off. */
      readonly swap: readonly number[];
      readonly gateway: Ip | null;
      readonly link: string | null;
    }
  | { readonly kind: "mpls-route-delete"; readonly label: number };

export type RuleSelector = {
  readonly not: boolean;
  /** `null` is what was not said. */
  readonly pref: number | null;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  readonly proto: number | null;
  readonly sport: Range | null;
  readonly dport: Range | null;
};

export type RuleAction =
  | { readonly kind: "lookup"; readonly table: TableName; readonly suppressLength: number | null }
  /** `l3mdev`: the table of the VRF that the packet is in. */
  | { readonly kind: "vrf" }
  | { readonly kind: "goto"; readonly pref: number }
  | { readonly kind: "blackhole" | "unreachable" | "prohibit" | "nop" };

export type RuleCommand =
  | { readonly kind: "rule-add"; readonly selector: RuleSelector; readonly action: RuleAction }
  | {
      readonly kind: "rule-delete";
      readonly selector: RuleSelector;
      readonly action: RuleAction | null;
    }
  /** All but the one with preference 0. */
  | { readonly kind: "rule-flush" };

export type NeighborCommand =
  | {
      readonly kind: "neighbor-add";
      readonly how: "add" | "replace" | "change";
      readonly ip: Ip;
      readonly dev: string;
      readonly mac: string;
      readonly state: string;
    }
  /** `ip neigh add proxy ADDRESS`: answer ARP requests for it. */
  | {
      readonly kind: "neighbor-proxy";
      readonly ip: Ip;
      readonly dev: string;
      readonly add: boolean;
    }
  | { readonly kind: "neighbor-delete"; readonly ip: Ip; readonly dev: string }
  | { readonly kind: "neighbor-flush"; readonly dev: string | null; readonly to: Prefix | null };

export type NamespaceCommand =
  | { readonly kind: "namespace-add"; readonly name: string }
  | { readonly kind: "namespace-delete"; readonly name: string }
  /** `ip netns exec NAME …`, or every namespace (`-all`). */
  | {
      readonly kind: "namespace-exec";
      readonly name: string | null;
      readonly words: readonly ShellWord[];
    }
  /** `ip -n NAME …`: the rest is carried out there. */
  | { readonly kind: "in-namespace"; readonly name: string; readonly command: IpCommand }
  | { readonly kind: "vrf-exec"; readonly vrf: string; readonly words: readonly ShellWord[] };
