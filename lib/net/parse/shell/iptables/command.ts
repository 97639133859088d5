import type { RefusedCommand, UnsimulatedCommand } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { ParsedRule } from "../rule.ts";

export type IptablesTable = "filter" | "nat" | "mangle" | "raw" | "security";

/** What one `iptables` command asks for. A list of addresses (`-s A,B`) makes a rule for each. */
export type IptablesCommand =
  | IptablesChange
  | IptablesRestore
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

export type IptablesChange = {
  readonly table: IptablesTable;
} & (
  | { readonly kind: "append"; readonly chain: string; readonly rules: readonly ParsedRule[] }
  | {
      readonly kind: "insert";
      readonly chain: string;
      /** From 1. */
      readonly position: number;
      readonly rules: readonly ParsedRule[];
    }
  | {
      readonly kind: "replace";
      readonly chain: string;
      readonly position: number;
      readonly rules: readonly ParsedRule[];
    }
  | { readonly kind: "delete"; readonly chain: string; readonly rules: readonly ParsedRule[] }
  | { readonly kind: "delete-at"; readonly chain: string; readonly position: number }
  /** Succeeds when the rule is there. */
  | { readonly kind: "check"; readonly chain: string; readonly rules: readonly ParsedRule[] }
  | { readonly kind: "new-chain"; readonly chain: string }
  /** `null`: every chain that is not built in. */
  | { readonly kind: "delete-chain"; readonly chain: string | null }
  | { readonly kind: "rename-chain"; readonly chain: string; readonly to: string }
  /** `null`: every chain. */
  | { readonly kind: "flush"; readonly chain: string | null }
  | { readonly kind: "policy"; readonly chain: string; readonly policy: "accept" | "drop" }
);

/** Each table is replaced at once, or (without `flush`) added to. */
export type IptablesRestore = {
  readonly kind: "restore";
  readonly flush: boolean;
  readonly tables: readonly {
    readonly table: IptablesTable;
    readonly chains: readonly {
      readonly name: string;
      readonly policy: "accept" | "drop" | null;
    }[];
    /** With the line that says each. */
    readonly commands: readonly { readonly command: IptablesChange; readonly at: ShellWord }[];
  }[];
};
