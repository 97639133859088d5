import type { Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";

/** What lines say of addresses that are handed out, and asked for. */
export type DhcpSaid =
  | { readonly kind: "dhcp-service" }
  | { readonly kind: "dhcp-pool"; readonly name: string }
  | { readonly kind: "dhcp-excluded"; readonly low: Ip; readonly high: Ip }
  /** In a pool; the mask's length is `null` when it has holes, or is not said. */
  | {
      readonly kind: "dhcp-network";
      readonly ip: Ip;
      readonly length: number | null;
      readonly at: Span;
    }
  | { readonly kind: "dhcp-host"; readonly ip: Ip; readonly length: number | null }
  | { readonly kind: "dhcp-mac"; readonly mac: string }
  | { readonly kind: "dhcp-router"; readonly ip: Ip | null }
  /** On an interface: its address is asked for. */
  | { readonly kind: "dhcp-client" };
