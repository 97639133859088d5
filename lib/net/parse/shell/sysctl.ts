import { type RefusedCommand, type UnsimulatedCommand } from "./arguments.ts";
import { partOf, type ShellWord } from "./placed.ts";
import { inert, simulated, unsimulated, type ShellCommand } from "./program.ts";

/** One kernel setting: `net.ipv4.conf.eth0.rp_filter` is the path net, ipv4, conf, eth0, rp_filter. */
export type SysctlSetting = {
  readonly path: readonly string[];
  readonly value: string;
  /** As it was written, for what the program says of it. */
  readonly name: string;
  readonly at: ShellWord;
};

/** What one `sysctl` command asks for: it goes on after a setting that it refuses. */
export type SysctlCommand =
  | { readonly kind: "set"; readonly settings: readonly (SysctlSetting | RefusedCommand)[] }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** What `sysctl` can be asked here. */
export const sysctlCommands: readonly ShellCommand[] = [
  simulated("sysctl [-w] KEY=VALUE …", "Set kernel parameters"),
  simulated("sysctl -p FILE", "Set those that a file written before names"),
  unsimulated("sysctl --system", "Set those of all system files"),
  inert("sysctl KEY", "Show a parameter"),
  simulated("echo VALUE > /proc/sys/PATH", "Set a kernel parameter"),
];

const LONG = new Set(
  "all write quiet ignore values names binary pattern deprecated system load dry-run help version".split(
    " ",
  ),
);

/** Read a `sysctl` command of procps 4; `read` knows the files that the script wrote. */
export function parseSysctl(
  words: readonly ShellWord[],
  read: (file: string) => ShellWord | null = () => null,
): SysctlCommand {
  let writes = false;
  let loads = false;
  const names: ShellWord[] = [];
  for (let at = 1; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (text === "--system") return { kind: "unsimulated", what: "sysctl --system", dev: null };
    if (text.startsWith("--")) {
      const name = text.slice(2).split("=")[0]!;
      if (!LONG.has(name))
        return { kind: "refused", said: `sysctl: unrecognized option '${text}'`, at: word };
      if (name === "write") writes = true;
      if (name === "load") loads = true;
    } else if (/^-./.test(text)) {
      const bad = Array.from(text.slice(1)).find((c) => !"abdeNnoprqwxAXfhV".includes(c));
      if (bad) return { kind: "refused", said: `sysctl: invalid option -- '${bad}'`, at: word };
      if (text.includes("w")) writes = true;
      if (text.includes("p") || text.includes("f")) loads = true;
      if (text.includes("r")) at++;
    } else names.push(word);
  }
  if (loads) return loaded(names, words[0]!, read);
  if (writes && names.length === 0)
    return { kind: "refused", said: "sysctl: no variables specified", at: words.at(-1)! };
  const said = names.flatMap((word) => setting(word, writes));
  // Of words that are no settings it complains once.
  const first = said.find((one) => "kind" in one);
  const settings = said.filter((one) => ("kind" in one ? one === first : one.name !== ""));
  return settings.length === 0 ? { kind: "inert" } : { kind: "set", settings };
}

function setting(word: ShellWord, writes: boolean): (SysctlSetting | RefusedCommand)[] {
  const equals = word.text.indexOf("=");
  if (equals === -1) {
    const said = "sysctl: command line(0): invalid syntax, continuing...";
    return writes ? [{ kind: "refused", said, at: word }] : [];
  }
  const name = word.text.slice(0, equals).trim();
  return [{ path: pathOf(name), value: word.text.slice(equals + 1).trim(), name, at: word }];
}

// The separator that comes first is the one; the other is part of a name, as in net/ipv4/conf/eth0.5.
function pathOf(name: string): string[] {
  const first = /[./]/.exec(name)?.[0] ?? ".";
  return name.split(first).map((part) => (first === "." ? part.replaceAll("/", ".") : part));
}

function loaded(
  files: readonly ShellWord[],
  program: ShellWord,
  read: (file: string) => ShellWord | null,
): SysctlCommand {
  const settings: (SysctlSetting | RefusedCommand)[] = [];
  for (const name of files.length > 0 ? files : [{ ...program, text: "/etc/sysctl.conf" }]) {
    const file = read(name.text);
    if (!file) return { kind: "unsimulated", what: `sysctl -p ${name.text}`, dev: null };
    for (const line of file.text.matchAll(/[^\n]+/g)) {
      if (/^\s*([#;]|$)/.test(line[0])) continue;
      const at = partOf(file, line.index, line.index + line[0].length);
      settings.push(...setting({ ...at, text: line[0].trim().replace(/^-/, "") }, true));
    }
  }
  return { kind: "set", settings };
}

/** The setting that writing `text` to a file below /proc/sys is; `null` for other files. */
export function sysctlOfFile(file: ShellWord, text: string): SysctlSetting | null {
  const below = /^\/+proc\/+sys\/+(.+)$/.exec(file.text)?.[1];
  if (below === undefined) return null;
  const path = below.split(/\/+/);
  return { path, value: text.trim(), name: path.join("."), at: file };
}
