import type { Match } from "../../../model/packet-filter.ts";
import { Refused } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { ParsedAction, ParsedMatch } from "../rule.ts";
import type { IptablesTable } from "./command.ts";

/** A rule while it is read. */
export type Draft = {
  readonly version: string;
  table: IptablesTable;
  chain: string;
  sources: readonly (Match | null)[];
  destinations: readonly (Match | null)[];
  protocol: { readonly number: number; readonly not: boolean } | null;
  readonly matches: ParsedMatch[];
  /** The interfaces, which come after the addresses. */
  readonly interfaces: Match[];
  readonly loaded: Set<string>;
  readonly said: Set<string>;
  target: string | null;
  targetAt: ShellWord | null;
  /** What the target's options made of it. */
  action: ParsedAction | null;
  limited: boolean;
};

/** Refuse in the program's words, with its version before them. */
export function refuse(draft: { version: string }, said: string, at: ShellWord): never {
  throw new Refused(`${draft.version}: ${said}`, at);
}

/** One option of a match or a target. */
export type Option = {
  readonly args: 0 | 1 | 2;
  readonly read: (draft: Draft, values: readonly ShellWord[], not: boolean) => void;
};

export type Options = Readonly<Record<string, Option>>;
