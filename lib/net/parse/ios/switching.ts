import type { IosGroupMode, IosPortMode } from "../../model/ios-switching.ts";
import type { Range } from "../../model/network.ts";
import type { Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type { IfaceName } from "./arguments.ts";

/** What a line says about layer 2: VLANs, switch ports, subinterfaces, bundles, spanning tree. */
export type SwitchingSaid = { readonly kind: "switching"; readonly it: Switching };

export type Switching =
  // of the device
  | { readonly what: "vlan"; readonly vlans: readonly Range[]; readonly at: Span }
  | { readonly what: "vtp-mode"; readonly spreads: boolean }
  | { readonly what: "vtp-domain"; readonly domain: string }
  | { readonly what: "tree-mode"; readonly mode: "pvst" | "rapid-pvst" }
  | { readonly what: "tree-vlan"; readonly vlans: readonly Range[] }
  | {
      readonly what: "tree-priority";
      readonly vlans: readonly Range[];
      readonly priority: number;
      readonly at: Span;
    }
  | { readonly what: "tree-long" }
  | { readonly what: "tree-edges" }
  | { readonly what: "tree-guards" }
  | { readonly what: "default-gateway"; readonly ip: Ip | null }
  | { readonly what: "range"; readonly names: readonly IfaceName[]; readonly at: Span }
  // of an interface
  | { readonly what: "encapsulation"; readonly vlan: number; readonly native: boolean }
  | { readonly what: "switchport" }
  | { readonly what: "mode"; readonly mode: IosPortMode }
  | { readonly what: "access-vlan"; readonly vlan: number }
  | { readonly what: "voice-vlan"; readonly vlan: number }
  | { readonly what: "native-vlan"; readonly vlan: number }
  | {
      readonly what: "allowed-vlans";
      readonly how: "set" | "add" | "remove" | "except";
      readonly vlans: readonly Range[];
    }
  | { readonly what: "nonegotiate" }
  | { readonly what: "protected" }
  | { readonly what: "block-unicast" }
  | { readonly what: "group"; readonly number: number; readonly mode: IosGroupMode }
  | { readonly what: "speed"; readonly megabits: number | null }
  | {
      readonly what: "tree-cost";
      readonly vlans: readonly Range[] | null;
      readonly cost: number | null;
    }
  | {
      readonly what: "tree-port-priority";
      readonly vlans: readonly Range[] | null;
      readonly priority: number | null;
      readonly at: Span;
    }
  | { readonly what: "tree-edge"; readonly on: "access" | "trunk" | "never" }
  | { readonly what: "tree-guard"; readonly on: boolean }
  | { readonly what: "tree-filter"; readonly on: boolean };

/** Every VLAN that a frame can name. */
export const ALL_VLANS: Range = [1, 4094];

/** The VLANs that `10,20-29` names; `null` when it is no such list. */
export function parseVlans(text: string): readonly Range[] | null {
  const ranges: Range[] = [];
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const [low, high] = [Number(first), Number(last)];
    if (first === "" || low < ALL_VLANS[0] || high > ALL_VLANS[1] || low > high) return null;
    ranges.push([low, high]);
  }
  return ranges;
}
