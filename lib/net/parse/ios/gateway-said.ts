import type { GatewayProtocol } from "../../model/ios-gateways.ts";
import type { Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type { IfaceName } from "./arguments.ts";

/** What lines say of gateways that several routers stand for, and of what they watch. */
export type GatewaySaid =
  | {
      readonly kind: "gateway";
      readonly protocol: GatewayProtocol;
      readonly number: number;
      readonly at: Span;
      readonly sets: GatewaySetting;
    }
  | { readonly kind: "gateway-version"; readonly version: 1 | 2 }
  | { readonly kind: "track-object"; readonly number: number; readonly iface: IfaceName | null };

export type GatewaySetting =
  /** Without an address it is learnt from another router. */
  | { readonly what: "ip"; readonly ip: Ip | null; readonly secondary: boolean }
  | { readonly what: "priority"; readonly value: number }
  | { readonly what: "preempt" }
  | { readonly what: "authentication"; readonly text: string }
  /** By `null` the router leaves the group altogether. */
  | {
      readonly what: "track";
      readonly watched: { readonly iface: string } | { readonly object: number };
      readonly by: number | null;
    };
