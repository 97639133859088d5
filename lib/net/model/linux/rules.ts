import type { Span } from "../../source/span.ts";
import type { Prefix } from "../prefix.ts";

export const MAIN = 254;
export const DEFAULT = 253;
export const LOCAL = 255;

/** What `ip rule` keeps: the first that fits says where to look. */
export type LinuxRule = {
  readonly pref: number;
  readonly not: boolean;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  readonly proto: number | null;
  readonly dport: readonly [number, number] | null;
  readonly sport: readonly [number, number] | null;
  readonly action:
    | { readonly kind: "lookup"; readonly table: number }
    /** Look in the table of the VRF that the packet is in. */
    | { readonly kind: "vrf" }
    | { readonly kind: "blackhole" | "unreachable" | "prohibit" };
  readonly because: Span | null;
};

/** The rules that every namespace begins with. */
export function firstRules(): LinuxRule[] {
  return [
    { ...everything(0), action: { kind: "lookup", table: LOCAL } },
    { ...everything(32_766), action: { kind: "lookup", table: MAIN } },
    { ...everything(32_767), action: { kind: "lookup", table: DEFAULT } },
  ];
}

/** A rule that fits every packet, for the caller to narrow. */
export function everything(pref: number): Omit<LinuxRule, "action"> {
  return {
    pref,
    not: false,
    from: null,
    to: null,
    iif: null,
    oif: null,
    mark: null,
    proto: null,
    dport: null,
    sport: null,
    because: null,
  };
}
