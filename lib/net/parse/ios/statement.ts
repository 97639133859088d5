import type { Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type { IfaceName } from "./arguments.ts";
import type { SwitchingSaid } from "./switching.ts";

/** What one line of an IOS file says. `no` is the same statement with `no` before it. */
export type Statement = {
  readonly span: Span;
  readonly no: boolean;
  /** It is about an interface: after `interface range` about each of several. */
  readonly each?: boolean;
} & Said;

export type Said =
  | { readonly kind: "hostname"; readonly name: string }
  | { readonly kind: "interface"; readonly iface: IfaceName; readonly at: Span }
  | { readonly kind: "vrf"; readonly name: string; readonly spelling: VrfSpelling }
  | { readonly kind: "rd"; readonly rd: string }
  | { readonly kind: "address-family"; readonly family: "ipv4" | "ipv6" }
  | { readonly kind: "forwarding"; readonly vrf: string; readonly at: Span | null }
  | {
      readonly kind: "address";
      readonly address: Masked | null;
      readonly secondary: boolean;
    }
  | { readonly kind: "shutdown" }
  | { readonly kind: "proxy-arp" }
  | { readonly kind: "ip-routing" }
  | StaticRouteSaid
  | SwitchingSaid
  /** Known and without effect on packets. */
  | { readonly kind: "inert" }
  /** Known, could matter, not simulated; or not known at all. */
  | { readonly kind: "taint"; readonly scope: "device" | "interface"; readonly what: string };

export type VrfSpelling = "ip vrf" | "vrf definition";
export type Masked = {
  readonly ip: Ip;
  readonly mask: Ip;
  readonly ipAt: Span;
  readonly maskAt: Span;
};

export type StaticRouteSaid = {
  readonly kind: "static-route";
  readonly vrf: { readonly name: string; readonly at: Span } | null;
  readonly to: Masked;
  readonly iface: { readonly name: IfaceName; readonly at: Span } | null;
  readonly next: { readonly ip: Ip; readonly at: Span } | null;
  /** Look the next hop up in the global table instead of the VRF's. */
  readonly global: boolean;
  readonly distance: number;
};

/**
 * The lines that one mode takes. `config` is global configuration. The indented lines under something that is not
 * simulated, or without effect, are the same.
 */
export type Mode = "config" | "interface" | "vlan" | "vrf" | "vrf-family" | "unsimulated" | "inert";
