import { composeKeys } from "./parse/compose/keys.ts";
import { iosCommands } from "./parse/ios/parse.ts";
import type { Mode } from "./parse/ios/statement.ts";
import { domainElements, networkElements, type LibvirtElement } from "./parse/libvirt/known.ts";
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
  /** What comes of anything else. */
  readonly others: string;
  readonly parts: readonly KnownPart[];
};

const MODES: Readonly<Record<Mode, string>> = {
  config: "Global configuration",
  interface: "In an interface",
  vrf: "In a VRF",
  "vrf-family": "In an address family of a VRF",
  vlan: "In a VLAN",
  "standard-list": "In a standard access list",
  "extended-list": "In an extended access list",
  "network-group": "In an object group of networks",
  "service-group": "In an object group of services",
  "dhcp-pool": "In a DHCP pool",
  line: "In a line",
  inert: "In sections without effect on packets",
  unsimulated: "In sections that are not simulated",
};

const PLACES: Readonly<Record<string, string>> = {
  "": "The file",
  services: "A service",
  "services.networks": "A service in a network",
  "services.ports": "A published port",
  networks: "A network",
  "networks.ipam": "The addresses of a network",
  "networks.ipam.config": "A subnet of a network",
};

const REFUSED = "an error at its line, in the words the device would use";

/** The languages that can be read, each a row: what pages about them show comes from the tables that read them. */
export const languages: readonly Language[] = [
  {
    id: "ios",
    title: "Cisco IOS",
    files: "`NODE/startup.ios`",
    others: REFUSED,
    parts: iosParts(),
  },
  {
    id: "shell",
    title: "Linux commands",
    files: "`NODE/host.sh`",
    others: REFUSED,
    parts: [
      ...byFirst(shellCommands, ({ words }) => words.split(" ")[0]!),
      { title: "Other programs", statements: programsByName },
    ],
  },
  {
    id: "compose",
    title: "Docker Compose",
    files: "`NODE/compose.yaml`",
    others: `${REFUSED}, and nothing of the file is started`,
    parts: byFirst(composeKeys, ({ under }) => PLACES[under] ?? under).map((part) => ({
      ...part,
      statements: part.statements.map(({ key, help, state }) => ({ words: key, help, state })),
    })),
  },
  {
    id: "libvirt",
    title: "libvirt XML",
    files: "`NODE/networks/*.xml` and `NODE/domains/*.xml`",
    others: "read over, as libvirt does, with a warning at its line",
    parts: [
      { title: "Networks", statements: networkElements.map(elementAsStatement) },
      { title: "Virtual machines", statements: domainElements.map(elementAsStatement) },
    ],
  },
];

function iosParts(): KnownPart[] {
  return byFirst(iosCommands, ({ mode }) => MODES[mode]).map((part) => ({
    ...part,
    statements: part.statements.map(({ syntax, help, state }) => ({
      words: plainWords(syntax),
      help,
      state,
    })),
  }));
}

// An element by where it stands, with the attributes that it may have.
function elementAsStatement({ path, attributes, help, state }: LibvirtElement): KnownStatement {
  const names = attributes.split(" ").filter(Boolean);
  return { words: [path, ...names.map((name) => `[${name}]`)].join(" "), help, state };
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
