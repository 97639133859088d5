import type { ShellWord } from "./placed.ts";
import type { ShellCommand } from "./program.ts";

/** What a client that asks for an address is told to do. */
export type DhcpCommand =
  | { readonly kind: "ask"; readonly link: ShellWord }
  | { readonly kind: "unsimulated"; readonly what: string };

export const dhcpCommands: readonly ShellCommand[] = [
  { words: "dhclient LINK", help: "Ask for an address", state: "simulated" },
  { words: "udhcpc -i LINK", help: "Ask for an address", state: "simulated" },
  { words: "dhclient -r LINK", help: "Give the address back", state: "unsimulated" },
];

// Flags that say how it asks and change nothing of what it is answered.
const QUIET = {
  dhclient: /^-(v|d|1|4|q|nw|w|i)$/,
  udhcpc: /^-([fnqbRvS]+|-quit|-now|-foreground)$/,
} as const;

/** Read `dhclient LINK` or `udhcpc -i LINK`. */
export function parseDhcp(
  program: "dhclient" | "udhcpc",
  words: readonly ShellWord[],
): DhcpCommand {
  const links: ShellWord[] = [];
  for (const word of words.slice(1)) {
    const isLink = !word.text.startsWith("-");
    if (isLink) links.push(word);
    else if (program === "udhcpc" && (word.text === "-i" || word.text === "--interface")) continue;
    else if (!QUIET[program].test(word.text))
      return { kind: "unsimulated", what: `${program} ${word.text}` };
  }
  const [link] = links;
  return link && links.length === 1
    ? { kind: "ask", link }
    : { kind: "unsimulated", what: `${program} for ${links.length === 0 ? "every" : "more than one"} link` }; // prettier-ignore
}
