import { iosCommands } from "./parse/ios/parse.ts";
import type { Mode } from "./parse/ios/statement.ts";
import { programsByName, shellCommands } from "./parse/shell/programs.ts";

/** Whether a statement does here what it does on a device; has no effect on packets; or is known and leaves things open. */
export type KnownState = "simulated" | "inert" | "unsimulated";

/** Something that a language can say: its words, what it is for, and what comes of it here. */
export type KnownStatement = {
  readonly words: string;
  readonly help: string;
  readonly state: KnownState;
};

/** Statements that belong together: those of one program, or of one mode. */
export type KnownPart = { readonly title: string; readonly statements: readonly KnownStatement[] };

/** A config language, and all of it that is known. */
export type Language = {
  /** Its word in addresses and file names. */
  readonly id: string;
  readonly title: string;
  /** Which files speak it. */
  readonly files: string;
  readonly parts: readonly KnownPart[];
};

const MODES: Readonly<Partial<Record<Mode, string>>> = {
  config: "Global configuration",
  interface: "In an interface",
  vrf: "In a VRF",
  "vrf-family": "In an address family of a VRF",
  inert: "In sections without effect on packets",
  unsimulated: "In sections that are not simulated",
};

/** The languages that can be read, each a row: what pages about them show comes from the tables that read them. */
export const languages: readonly Language[] = [
  { id: "ios", title: "Cisco IOS", files: "`NODE/startup.ios`", parts: iosParts() },
  {
    id: "shell",
    title: "Linux commands",
    files: "`NODE/host.sh`",
    parts: [
      ...byFirst(shellCommands, ({ words }) => words.split(" ")[0]!),
      { title: "Other programs", statements: programsByName },
    ],
  },
];

function iosParts(): KnownPart[] {
  return byFirst(iosCommands, ({ mode }) => MODES[mode] ?? `In ${mode}`).map((part) => ({
    ...part,
    statements: part.statements.map(({ syntax, help, state }) => ({
      words: plainWords(syntax),
      help,
      state,
    })),
  }));
}

// `[vrf <vrf:word>] <it:line>` as a reader writes it: `[vrf VRF] …`.
function plainWords(syntax: string): string {
  return syntax
    .replace(/<\w+:line>/g, "…")
    .replace(/<(\w+):\d+-\d+>/g, (_, name: string) => name.toUpperCase())
    .replace(/<(\w+)(?::\w+)?>/g, (_, name: string) => name.toUpperCase());
}

// In the order in which a part is first spoken of.
function byFirst<T>(
  list: readonly T[],
  titleOf: (it: T) => string,
): { readonly title: string; readonly statements: readonly T[] }[] {
  const parts = new Map<string, T[]>();
  for (const one of list) {
    const title = titleOf(one);
    parts.set(title, [...(parts.get(title) ?? []), one]);
  }
  return [...parts].map(([title, statements]) => ({ title, statements }));
}
