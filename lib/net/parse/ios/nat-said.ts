import type { DynamicNat, NatPool, StaticNat } from "../../model/ios-nat.ts";
import type { Span } from "../../source/span.ts";

/** What lines say of address translation. */
export type NatSaid =
  | { readonly kind: "nat-side"; readonly side: "inside" | "outside" }
  | {
      readonly kind: "nat-pool";
      readonly pool: Omit<NatPool, "because" | "length"> & { readonly length: number | null };
      readonly at: Span;
    }
  | { readonly kind: "nat-static"; readonly entry: Omit<StaticNat, "because">; readonly at: Span }
  | { readonly kind: "nat-dynamic"; readonly entry: Omit<DynamicNat, "because"> };
