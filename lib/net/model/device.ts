import type { Span } from "../source/span.ts";
import type { FlowSwitch } from "./flow-switch.ts";
import type { FilterRule, FilterTable } from "./packet-filter.ts";
import type { Guard, Range } from "./network.ts";
import type { Ip, Prefix } from "./prefix.ts";
import type {
  Blocked,
  Bundling,
  SpanningPort,
  SpanningTree,
  Stopped,
  Trunking,
} from "./switching.ts";
import type { NodeKind } from "./topology.ts";

/**
 * A device once its configuration has been carried out, in words that hold for any vendor. What systems do
 * differently is a value here; whatever computes with devices never asks which system one runs.
 */
export type Device = {
  /** As endpoints name it: a node, or what runs in one, `h1/red`. */
  readonly name: string;
  /** The node of the lab that it is, or runs in. */
  readonly node: string;
  readonly kind: NodeKind;
  readonly tables: readonly Table[];
  readonly ifaces: readonly Iface[];
  readonly routes: readonly WrittenRoute[];
  /** Which table decides, the first rule that fits; `null` where each packet has the one table of its interface. */
  readonly rules: readonly RoutingRule[] | null;
  /** Whether packets for others are passed on, and the line that says so. */
  /** Packet filters, whoever wrote them. */
  readonly filters: readonly FilterTable[];
  /** Whether packets that cross a bridge pass the filters of IPv4, too. */
  readonly filtersBridged: boolean;
  /** Switches in it whose flow tables decide; none when absent. */
  readonly switches?: readonly FlowSwitch[];
  /** What becomes of packets with labels, where they are taken at all. */
  readonly labels?: readonly LabelRoute[];
  readonly forwards: { readonly on: boolean; readonly because: Span | null };
  readonly habits: Habits;
  /** Who listens here; ICMP echo is always answered. */
  readonly listens: readonly Listener[];
  /** Connections that it takes and makes anew, to someone else. */
  readonly relays?: readonly Relay[];
  /** Names that it can ask for, and what they stand for. */
  readonly names?: NameTable;
  /** Other names of the same place, of those who share it. */
  readonly alsoCalled?: readonly string[];
  /** Whether who listens is heard in VRFs, too, and not only outside of them. */
  readonly heardInVrfs: { readonly tcp: boolean; readonly udp: boolean };
  /** Prefixes it answers for beside its addresses, on every port: the world outside. */
  readonly owns: readonly Prefix[];
  /** Addresses that it hands out to those who ask for one. */
  readonly handsOut?: {
    readonly pools: readonly {
      readonly network: Prefix;
      /** One address, for whoever has this MAC address. */
      readonly only: { readonly ip: Ip; readonly mac: string } | null;
      readonly router: Ip | null;
      readonly because: Span;
    }[];
    readonly excluded: readonly Range[];
  };
  /** Addresses of which each that asks takes one, and how many there are: the rules say who asks. */
  readonly scarce?: readonly {
    readonly asks: readonly FilterRule[];
    readonly size: number;
    readonly because: Span;
  }[];
  /** What the text says that this model does not carry; it may change anything on the device, or on one interface. */
  readonly taints: readonly Taint[];
  /** Machines that could run in it, and do not. */
  readonly idle?: readonly string[];
};

/** A routing table with the interfaces bound to it: the whole of a host, or one VRF. */
export type Table = {
  /** `null` is the table that is there without being asked for. */
  readonly name: string | null;
  readonly distinguisher: string | null;
  readonly because: Span | null;
};

/** Packets with `label` get the labels `swap` instead, and go to the gateway, or with none left to the interface itself. */
export type LabelRoute = {
  readonly label: number;
  readonly swap: readonly number[];
  readonly gateway: Ip | null;
  readonly iface: string;
  readonly because: Span | null;
};

/** A step in choosing the table that a packet is looked up in; a table without an answer leads on to the next rule. */
export type RoutingRule = {
  /** Fields that the packet must have, or with `not` must not have. */
  readonly guard: Guard;
  readonly not: boolean;
  /** The interface that it must have come in by; `own` is the device itself. */
  readonly from: string | null;
  readonly action:
    | { readonly kind: "own-addresses" }
    /** The table of the VRF that the packet is in; nothing for packets in none. */
    | { readonly kind: "vrf" }
    | { readonly kind: "lookup"; readonly table: string | null }
    | { readonly kind: "refuse"; readonly how: Refusing };
  readonly because: Span | null;
};

export const OWN = "own";

export type Iface = {
  readonly name: string;
  /** As a drawing has room for it. */
  readonly short: string;
  /** Whether frames come in by it; a loopback takes none. */
  readonly isPort: boolean;
  readonly layer: IfaceLayer;
  /** The bridge of the same device that it is a port of; its frames go there and not to the stack. */
  readonly bridge: {
    readonly name: string;
    readonly port: BridgePort;
    readonly because: Span | null;
    readonly trunking?: Trunking;
    readonly spanning?: SpanningPort;
  } | null;
  /** The bundle that it wants to be part of; its frames go there while it is. */
  readonly bundling?: Bundling;
  /** Why it is not enabled although nobody took it down. */
  readonly stopped?: Stopped;
  readonly mac: string;
  /** The networks of its addresses are the device's own as a whole: the loopback of a host. */
  readonly ownsNetworks: boolean;
  readonly table: string | null;
  readonly enabled: boolean;
  /** The line that took it down, or the one that should have brought it up is missing. */
  readonly disabledBecause: Span | null;
  readonly addresses: readonly IfaceAddress[];
  /** What it answers for and takes in beside its addresses: those of others whom it stands for. */
  readonly aliases?: readonly {
    readonly prefix: Prefix;
    /** In whose name it answers, where not in that of its own MAC address. */
    readonly mac?: string;
    readonly because: Span | null;
  }[];
  /** MAC addresses beside its own whose frames it takes. */
  readonly alsoMacs?: readonly string[];
  /** Gateways that it would stand for, together with others on the same stretch of layer 2. */
  readonly gatewayGroups?: readonly GatewayGroup[];
  /** It asks for an address, by this line. */
  readonly asksForAddress?: Span;
  readonly proxyArp: boolean;
  /** Packets with labels are taken in by it. */
  readonly takesLabels?: boolean;
  /** It answers only for its own addresses, although its device would for all of its (arp_ignore 1). */
  readonly answersForItselfOnly: boolean;
  /** Reverse path check of what comes in: none, by this interface (strict), or by any (loose). */
  readonly sourceCheck: "none" | "strict" | "loose";
  /** Routes by it do not count while it has no link, although they stay. */
  readonly ignoredWhenDead?: boolean;
  /** The line by which every frame that should leave by it is lost. */
  readonly losesAll?: Span | null;
  /** Neighbours that someone wrote down: nobody is asked for those. */
  readonly neighbors?: readonly {
    readonly ip: Ip;
    readonly mac: string;
    readonly because: Span;
  }[];
  /** The largest packet that it carries (1500 when absent), and the line that says so. */
  readonly mtu?: number;
  readonly mtuBecause?: Span | null;
  /** The line that speaks of this interface at all, and the one that binds it to its table. */
  readonly because: Span | null;
  readonly tableBecause: Span | null;
  /** What happened to addresses that are not here: taken away or refused, the latest last. */
  readonly losses: readonly Loss[];
};

/** One router's part in a gateway that several stand for. */
export type GatewayGroup = {
  /** The same for all that are in the group and heed each other. */
  readonly key: string;
  /** The gateway's addresses; none where they are learnt from the others. */
  readonly ips: readonly { readonly ip: Ip; readonly because: Span }[];
  readonly mac: string;
  readonly priority: number;
  /** Takes over from whoever has a lower priority. */
  readonly preempts: boolean;
  /** Interfaces whose loss takes so much from the priority; `null`: then it takes no part. */
  readonly watches: readonly { readonly iface: string; readonly by: number | null }[];
  readonly because: Span;
};

/** What is below an interface, where its frames go. */
export type IfaceLayer =
  /** A cable, also one that software made, such as a veth pair. */
  | { readonly kind: "cable" }
  /** Nothing: frames that leave by it are gone. */
  | { readonly kind: "nothing" }
  /** A bridge of this device, whose own port it is. */
  | {
      readonly kind: "bridge";
      readonly vlanAware: boolean;
      readonly own: BridgePort;
      /** The VLANs that are there, with the lines that made them, where VLANs must be made. */
      readonly vlans?: ReadonlyMap<number, Span | null>;
      readonly spanning?: SpanningTree;
      readonly written?: readonly WrittenMac[];
    }
  /** Another interface, where its frames carry a VLAN tag. */
  | {
      readonly kind: "tagged";
      readonly parent: IfaceRef;
      readonly vlan: number;
      /** It takes the frames without a tag, too, and puts none on. */
      readonly untagged?: boolean;
    }
  /** Several ports of this device that are one; those that are, once the other ends have agreed. */
  | { readonly kind: "bundle"; readonly members: readonly string[] }
  /** A tunnel through the network of `home`: to each remote, what is sent there; `null` for all that is not known. */
  | {
      readonly kind: "tunnel";
      readonly home: string;
      readonly vni: number;
      readonly port: number;
      readonly local: Ip | null;
      readonly learning: boolean;
      /** Packets of any other far end are not taken; from everybody when absent. */
      readonly only?: Ip;
      readonly remotes: readonly {
        readonly mac: string | null;
        readonly remote: Ip;
        readonly because: Span | null;
      }[];
    }
  /** A port of a switch with flow tables, which is that of `home`; the stack is on this side. */
  | {
      readonly kind: "switched";
      readonly home: string;
      readonly switch: string;
      readonly port: string;
    }
  /** A VRF of this device, where what leaves by it is looked up. */
  | { readonly kind: "vrf" }
  /** Another interface, shared with others: each has a MAC address of its own, or all have one and each its addresses. */
  | {
      readonly kind: "shared";
      readonly parent: IfaceRef;
      readonly by: "mac" | "address";
      readonly mode: "bridge" | "private" | "vepa" | "passthru";
      /**
       * It asks for no neighbours: what leaves by it the owner of the parent routes as its own. `filtered`: what comes
       * in for it passes that one's filters, and not its own.
       */
      readonly routed?: { readonly filtered: boolean };
    };

export type IfaceRef = { readonly device: string; readonly iface: string };

/** What a port of a bridge carries: for each VLAN whether untagged, and the VLAN of what comes untagged. */
export type BridgePort = {
  readonly vlans: ReadonlyMap<
    number,
    { readonly untagged: boolean; readonly because: Span | null }
  >;
  readonly pvid: number | null;
  readonly isolated: boolean;
  readonly hairpin: boolean;
  readonly learning: boolean;
  readonly flood: boolean;
  /** VLANs that it would carry, if spanning tree let it. */
  readonly blocked?: ReadonlyMap<number, Blocked>;
  /** The line that says which VLANs it may carry. */
  readonly allowedBecause?: Span | null;
  /** Only frames from these addresses are taken; from any, when absent. */
  readonly admits?: readonly WrittenMac[];
};

/** What someone wrote into a bridge's table: an address, and the port where it is; `null` is the bridge itself. */
export type WrittenMac = {
  readonly mac: string;
  readonly port: string | null;
  readonly vlan: number | null;
  /** Nothing that is learnt moves it. */
  readonly stays: boolean;
  readonly because: Span;
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
  /** What is put on packets that go this way, the outer label first. */
  readonly labels?: readonly number[];
  readonly because: Span | null;
};

/** How a route turns packets away: silently, with an error to the sender, or as if it were not there. */
export type Refusing = "discard" | "unreachable" | "prohibit" | "throw";

/** `address`: it listens on that one only. */
export type Listener = {
  readonly proto: "tcp" | "udp";
  readonly port: number;
  readonly address?: Ip;
};

/** Whoever comes to the port, at the address if there is one, is answered by a new connection to `to`. */
export type Relay = {
  readonly proto: "tcp" | "udp";
  readonly address: Ip | null;
  readonly port: number;
  readonly to: Ip;
  readonly toPort: number;
  readonly because: Span;
};

export type NameTable = ReadonlyMap<string, readonly Ip[]>;

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
