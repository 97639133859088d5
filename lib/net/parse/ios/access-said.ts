import type {
  AccessEntry,
  AccessListType,
  NetworkMember,
  ServiceMember,
} from "../../model/ios-access-lists.ts";
import type { Span } from "../../source/span.ts";

/** A name and where it stands. */
export type Named = { readonly name: string; readonly at: Span };

/** An entry as a line says it: without the line. */
export type EntrySaid = Omit<AccessEntry, "because">;

/** What lines say of access lists and of the groups that their entries name. */
export type AccessSaid =
  /** Opens the list, or with `no` removes it. */
  | { readonly kind: "access-list"; readonly list: Named; readonly type: AccessListType }
  /** `list` is that of the mode when `null`; without an entry, the one with the number is meant. */
  | {
      readonly kind: "access-entry";
      readonly list: Named | null;
      readonly type: AccessListType;
      readonly sequence: { readonly number: number; readonly at: Span } | null;
      readonly entry: EntrySaid | null;
    }
  | {
      readonly kind: "access-resequence";
      readonly list: Named;
      readonly first: number;
      readonly step: number;
    }
  | { readonly kind: "access-group"; readonly list: Named; readonly direction: "in" | "out" }
  | { readonly kind: "access-class"; readonly list: Named }
  | { readonly kind: "unreachables" }
  | {
      readonly kind: "object-group";
      readonly type: "network" | "service";
      readonly group: Named;
    }
  | {
      readonly kind: "network-member";
      readonly member: NetworkMember | null;
      /** What is wrong with it: its mask, or a range that ends before it begins. */
      readonly wrong: { readonly text: string; readonly at: Span } | null;
      readonly at: Span;
    }
  | { readonly kind: "service-member"; readonly member: ServiceMember; readonly at: Span };
