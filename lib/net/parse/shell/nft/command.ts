import type { Hook, NamedSet } from "../../../model/packet-filter.ts";
import type { RefusedCommand, UnsimulatedCommand } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { ParsedRule } from "../rule.ts";

export type NftFamily = "ip" | "inet" | "ip6" | "bridge" | "arp" | "netdev";

/** What one `nft` command asks for: all of its changes, or none when one of them is refused. */
export type NftCommand =
  | { readonly kind: "change"; readonly changes: readonly NftChange[] }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** `at` is the text that says it: what the table remembers, and what is shown when the kernel refuses. */
export type NftChange = { readonly at: ShellWord } & (
  | { readonly kind: "flush-ruleset"; readonly family: NftFamily | null }
  | ({ readonly family: NftFamily; readonly table: string } & (
      | {
          readonly kind: "table";
          /** `create` refuses what is there already; `add` does not mind. */
          readonly what: "add" | "create" | "delete" | "flush";
        }
      | {
          readonly kind: "chain-add";
          readonly create: boolean;
          readonly chain: string;
          readonly base: NftBase | null;
          /** `null`: as it is, and at first accept. */
          readonly policy: "accept" | "drop" | null;
        }
      | { readonly kind: "chain-delete" | "chain-flush"; readonly chain: string }
      | { readonly kind: "chain-rename"; readonly chain: string; readonly to: string }
      | {
          readonly kind: "rule-add" | "rule-insert";
          readonly chain: string;
          readonly rule: NftRule;
          /** After (add) or before (insert) the rule with this handle, or index from 0. */
          readonly place: { readonly by: "handle" | "index"; readonly number: number } | null;
        }
      | {
          readonly kind: "rule-replace";
          readonly chain: string;
          readonly handle: number;
          readonly rule: NftRule;
        }
      | { readonly kind: "rule-delete"; readonly chain: string; readonly handle: number }
      | {
          readonly kind: "set-add";
          readonly create: boolean;
          readonly name: string;
          readonly map: boolean;
          readonly set: NamedSet;
          /** `flags interval`: without, it refuses networks and ranges. */
          readonly interval: boolean;
          /** Of a set whose type is not simulated: what it is. */
          readonly unsimulated: string | null;
        }
      | { readonly kind: "set-delete" | "set-flush"; readonly name: string }
      | {
          readonly kind: "element-add" | "element-delete";
          readonly name: string;
          /** What stands between the braces: the set says how it is to be read (`readElements`). */
          readonly elements: NftElements;
        }
    ))
);

/** Elements as written; `elementsOf` reads them for a set's keys. */
export type NftElements = readonly NftElement[];

export type NftElement = {
  /** One value for each field of the key, such as `10.0.0.0/8` or `80-90`. */
  readonly key: readonly string[];
  /** What a map gives: a verdict's words or a value. */
  readonly value: readonly string[] | null;
  readonly at: ShellWord;
};

export type NftBase = {
  readonly type: "filter" | "nat" | "route";
  readonly hook: Hook;
  readonly priority: number;
};

/** One rule with one handle; the kernel's walk is that of its parts, one after another. */
export type NftRule = { readonly parts: readonly ParsedRule[] };
