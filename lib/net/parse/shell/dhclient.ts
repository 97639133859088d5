import { reading, Refused, Unsimulated, type RefusedCommand, type UnsimulatedCommand } from "./arguments.ts"; // prettier-ignore
import type { ShellWord } from "./placed.ts";
import type { ShellCommand } from "./program.ts";

/** What a DHCP client is asked for: a lease on each of these links. */
export type DhclientCommand =
  | { readonly kind: "lease"; readonly links: readonly ShellWord[] }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** What the DHCP clients can be asked here. */
export const dhclientCommands: readonly ShellCommand[] = [
  { words: "dhclient LINK", help: "Ask for an address", state: "simulated" },
  { words: "udhcpc -i LINK", help: "The same", state: "simulated" },
  { words: "dhcpcd LINK", help: "The same", state: "simulated" },
  { words: "dhclient -r LINK", help: "Give an address back", state: "unsimulated" },
];

// Options that take a value, and those after which nothing is asked for.
const TAKING = /^-(cf|df|lf|pf|sf|p|s|g|e|timeout|H|C|V|F|x|t|T|A|O|b|f|h|I|l|m|S)$/;
const RELEASING = /^-(r|x|k|-release|-exit)$/;

/** Read a command of `dhclient`, `udhcpc` or `dhcpcd`. */
export function parseDhclient(words: readonly ShellWord[]): DhclientCommand {
  return reading(() => {
    const [program, ...rest] = words;
    const name = program!.text.replace(/^.*\//, "");
    const links: ShellWord[] = [];
    for (let at = 0; at < rest.length; at++) {
      const word = rest[at]!;
      if (word.text === "-6" || word.text === "--version" || word.text === "--help")
        return { kind: "inert" };
      // Whoever hands what was answered to another program leaves it open what that makes of it.
      if (word.text === (name === "udhcpc" ? "-s" : "-sf"))
        throw new Unsimulated(`${name} ${word.text}`);
      if (name !== "udhcpc" && RELEASING.test(word.text))
        throw new Unsimulated(`${name} ${word.text}`);
      if (name === "udhcpc" && (word.text === "-i" || word.text === "--interface")) {
        const link = rest[++at];
        if (!link) throw new Refused("udhcpc: option requires an argument -- 'i'", word);
        links.push(link);
      } else if (TAKING.test(word.text)) at++;
      else if (!word.text.startsWith("-") && name !== "udhcpc") links.push(word);
    }
    // Each asks on every link there is, but udhcpc, which asks on eth0.
    if (links.length === 0 && name === "udhcpc")
      return { kind: "lease", links: [{ ...program!, text: "eth0" }] };
    if (links.length === 0) throw new Unsimulated(`${name} without a link`);
    return { kind: "lease", links };
  });
}
