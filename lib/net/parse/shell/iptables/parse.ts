import { reading } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { IptablesCommand } from "./command.ts";
import { readCommand } from "./line.ts";
import { parseRestore } from "./restore.ts";

/**
 * Read a command of the iptables family (1.8.9): `iptables`, `iptables-nft`, `iptables-legacy` and their `-restore`,
 * which reads `input` or a file that the script wrote. `ip6tables` concerns no packet here.
 */
export function parseIptables(
  words: readonly ShellWord[],
  input: ShellWord | null = null,
  read: (file: string) => ShellWord | null = () => null,
): IptablesCommand {
  const program = words[0]?.text.replace(/^.*\//, "") ?? "";
  if (program.startsWith("ip6tables") || program.endsWith("-save")) return { kind: "inert" };
  const version = versionOf(program);
  if (program.endsWith("-restore")) return parseRestore(words, version, input, read);
  return reading(() => readCommand(words, version, null));
}

function versionOf(program: string): string {
  const name = program.endsWith("-restore") ? "iptables-restore" : "iptables";
  return `${name} v1.8.9 (${program.includes("legacy") ? "legacy" : "nf_tables"})`;
}
