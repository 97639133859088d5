import type { Ip } from "./prefix.ts";

/** What an interface hears that asks for an address. */
export type LeaseAnswer =
  | {
      readonly kind: "lease";
      readonly ip: Ip;
      readonly length: number;
      readonly router: Ip | null;
    }
  | { readonly kind: "nobody" }
  /** Who would answer, or what, depends on something that is not simulated. */
  | { readonly kind: "open"; readonly why: string };

/** By device and interface; `null` before anybody could answer. */
export type Leases = ReadonlyMap<string, LeaseAnswer> | null;

export function leaseKey(device: string, iface: string): string {
  return `${device}:${iface}`;
}
