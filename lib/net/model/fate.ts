import type { Span } from "../source/span.ts";
import type { Refusing } from "./device.ts";
import type { Ip, Prefix } from "./prefix.ts";

/** How a packet ends. Every drop carries what is needed to explain it, and nothing else. */
export type Fate = { readonly kind: "delivered"; readonly device: string } | Drop;

export type Drop =
  /** The table has no entry for the destination. */
  | {
      readonly kind: "no-route";
      readonly device: string;
      readonly table: string | null;
      readonly own: boolean;
    }
  /** A route says to throw it away, silently or with an error to the sender. */
  | {
      readonly kind: "discarded";
      readonly device: string;
      readonly prefix: Prefix;
      readonly how: Refusing;
      /** It is a rule that chooses tables which says so, and not a route. */
      readonly isRule?: true;
      readonly because: readonly Span[];
    }
  /** It is for another, and this device passes nothing on. */
  | { readonly kind: "not-forwarding"; readonly device: string; readonly because: readonly Span[] }
  /** Nobody answers for the next hop; `gateway` is `null` when the destination itself was asked for. */
  | {
      readonly kind: "no-neighbor";
      readonly device: string;
      readonly iface: string;
      readonly gateway: Ip | null;
      readonly because: readonly Span[];
    }
  /** The interface it should leave by is down, or its cable is not in a live port. */
  | { readonly kind: "no-carrier"; readonly device: string; readonly iface: string }
  /** Its hops have run out; `silent` where nobody is told. */
  | { readonly kind: "ttl-expired"; readonly device: string; readonly silent?: boolean }
  /** It is longer than what the interface carries, and may not be cut. */
  | {
      readonly kind: "too-big";
      readonly device: string;
      readonly iface: string;
      readonly mtu: number;
      readonly because: readonly Span[];
    }
  /** Its frame is longer than what the port takes; on a cable nobody cuts it, and nobody says so. */
  | {
      readonly kind: "frame-too-big";
      readonly device: string;
      readonly iface: string;
      readonly mtu: number;
      readonly because: readonly Span[];
    }
  /** The source can be no sender here: the device's own address, a loopback, a multicast. */
  | { readonly kind: "martian"; readonly device: string; readonly iface: string }
  /** Reverse path check: the way back to the source does not leave by the interface it came in by. */
  | {
      readonly kind: "source-check";
      readonly device: string;
      readonly iface: string;
      readonly strict: boolean;
    }
  /** The frame is addressed to another, tagged where no tag belongs, or not IPv4. */
  | { readonly kind: "not-for-it"; readonly device: string; readonly iface: string }
  /** Its VLAN is none that the port carries. */
  | { readonly kind: "vlan-not-allowed"; readonly device: string; readonly iface: string }
  /** Spanning tree keeps the port out of this VLAN. */
  | {
      readonly kind: "blocked";
      readonly device: string;
      readonly iface: string;
      readonly vlan: number;
    }
  /** The port takes frames from addresses that were written down for it only, and this is none. */
  | { readonly kind: "port-locked"; readonly device: string; readonly iface: string }
  /** A broadcast or multicast that is not passed on. */
  | { readonly kind: "not-passed-on"; readonly device: string }
  /** An answer that does not come from the address that was asked: nobody there knows what it is about. */
  | { readonly kind: "unasked"; readonly device: string }
  /** It arrived, and nobody listens on that port. */
  | { readonly kind: "refused"; readonly device: string }
  /** Its tunnel leads nowhere: no far end with the same number and port takes its packets. */
  | { readonly kind: "no-tunnel"; readonly device: string; readonly iface: string }
  /** It has a label that nothing is known of here, or a label where none are taken. */
  | {
      readonly kind: "no-label";
      readonly device: string;
      readonly iface: string;
      readonly takesLabels: boolean;
    }
  /** The queue of the interface loses whatever should leave by it. */
  | {
      readonly kind: "queue-loses";
      readonly device: string;
      readonly iface: string;
      readonly because: readonly Span[];
    }
  /** A bridge has no other port that it could leave by. */
  | { readonly kind: "nobody"; readonly device: string }
  /** A packet filter drops it: by a rule, or because no rule takes it. */
  | {
      readonly kind: "filtered";
      readonly device: string;
      readonly chain: string;
      readonly isPolicy: boolean;
      /** By a filter for what leaves the system. */
      readonly isLeaving?: true;
      readonly because: readonly Span[];
    }
  /** A packet filter turns it away with an error. */
  | {
      readonly kind: "rejected";
      readonly device: string;
      readonly chain: string;
      /** No rule takes it, and the chain turns away what is left. */
      readonly isPolicy?: boolean;
      readonly error: string;
      readonly isLeaving?: true;
      readonly because: readonly Span[];
    }
  /** It came by the same place again. */
  | { readonly kind: "loop"; readonly through: readonly string[] };
