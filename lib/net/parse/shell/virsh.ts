import { macIn } from "../libvirt/element.ts";
import {
  reading,
  Refused,
  Unsimulated,
  type RefusedCommand,
  type UnsimulatedCommand,
} from "./arguments.ts";
import type { ShellWord } from "./placed.ts";
import type { ShellCommand } from "./program.ts";
import type { SimpleCommand } from "./run.ts";

/** What one `virsh` command asks for. */
export type VirshCommand =
  /** Read a definition: to keep (`define`), or to start it once (`create`). */
  | {
      readonly kind: "define";
      readonly what: VirshObject;
      readonly once: boolean;
      readonly file: ShellWord;
      /** Its text, when the script itself wrote it. */
      readonly text: ShellWord | null;
    }
  | {
      readonly kind: "start" | "destroy" | "undefine";
      readonly what: VirshObject;
      readonly name: string;
    }
  | { readonly kind: "shutdown"; readonly name: string }
  | {
      readonly kind: "autostart";
      readonly what: VirshObject;
      readonly name: string;
      readonly on: boolean;
    }
  | {
      readonly kind: "attach-interface";
      readonly domain: string;
      readonly type: string;
      readonly source: string;
      readonly mac: string | null;
      readonly target: string | null;
      readonly scope: VirshScope;
    }
  | {
      readonly kind: "detach-interface";
      readonly domain: string;
      readonly type: string;
      readonly mac: string | null;
      readonly scope: VirshScope;
    }
  | {
      readonly kind: "set-link";
      readonly domain: string;
      /** Its MAC address, or the name of its end on the host. */
      readonly nic: string;
      readonly isLinked: boolean;
      readonly scope: VirshScope;
    }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

export type VirshObject = "network" | "domain";

/** The running machine, its definition, or both. */
export type VirshScope = { readonly live: boolean | null; readonly config: boolean };

type Entry = {
  readonly name: string;
  /** `network!` must be there, `mac` takes a value, `--live` takes none. */
  readonly options: string;
  readonly help: string;
  readonly state: ShellCommand["state"];
};

// libvirt 9's own table, those of its commands that concern networks and running machines. A word without `--` goes
// to the first option that takes a value and has none.
const TABLE: readonly Entry[] = [
  { name: "net-define", options: "file! --validate", help: "Read a network's XML and keep it", state: "simulated" },
  { name: "net-create", options: "file! --validate", help: "Read a network's XML and start it, until it is destroyed", state: "simulated" },
  { name: "net-start", options: "network!", help: "Start a network: make its bridge, its rules, its servers", state: "simulated" },
  { name: "net-destroy", options: "network!", help: "Stop a network", state: "simulated" },
  { name: "net-undefine", options: "network!", help: "Forget a network", state: "simulated" },
  { name: "net-autostart", options: "network! --disable", help: "Whether a network starts by itself", state: "simulated" },
  { name: "define", options: "file! --validate", help: "Read a domain's XML and keep it", state: "simulated" },
  { name: "create", options: "file! --console --paused --autodestroy pass-fds --validate --reset-nvram", help: "Read a domain's XML and start it, until it is destroyed", state: "simulated" },
  { name: "start", options: "domain! --console --paused --autodestroy --bypass-cache --force-boot pass-fds --reset-nvram", help: "Start a virtual machine", state: "simulated" },
  { name: "shutdown", options: "domain! mode", help: "Ask a virtual machine to stop", state: "simulated" },
  { name: "destroy", options: "domain! --graceful --remove-logs", help: "Stop a virtual machine", state: "simulated" },
  { name: "undefine", options: "domain! --managed-save storage --remove-all-storage --delete-storage-volume-snapshots --wipe-storage --snapshots-metadata --checkpoints-metadata --nvram --keep-nvram --tpm --keep-tpm", help: "Forget a virtual machine", state: "simulated" },
  { name: "autostart", options: "domain! --disable", help: "Whether a virtual machine starts by itself", state: "simulated" },
  { name: "attach-interface", options: "domain! type! source! target mac script model alias inbound outbound --persistent --config --live --current --print-xml --managed source-mode", help: "Plug a network card in", state: "simulated" },
  { name: "detach-interface", options: "domain! type! mac --persistent --config --live --current --print-xml", help: "Pull a network card out", state: "simulated" },
  { name: "domif-setlink", options: "domain! interface! state! --config --print-xml", help: "Pull a card's cable, or put it in", state: "simulated" },
  { name: "reboot", options: "domain! mode", help: "Start a virtual machine again", state: "unsimulated" },
  { name: "suspend", options: "domain!", help: "Hold a virtual machine", state: "unsimulated" },
  { name: "net-update", options: "network! command! section! xml! parent-index --config --live --current", help: "Change a part of a network", state: "unsimulated" },
  { name: "attach-device", options: "domain! file! --persistent --config --live --current", help: "Plug a device in", state: "unsimulated" },
  { name: "net-list", options: "--inactive --all --persistent --transient --autostart --no-autostart --uuid --name --table", help: "List networks", state: "inert" },
  { name: "net-dumpxml", options: "network! --inactive xpath --wrap", help: "Show a network's XML", state: "inert" },
  { name: "net-info", options: "network!", help: "Show a network", state: "inert" },
  { name: "net-dhcp-leases", options: "network! mac", help: "List leases", state: "inert" },
  { name: "list", options: "--inactive --all --transient --persistent --with-snapshot --without-snapshot --state-running --state-paused --state-shutoff --state-other --autostart --no-autostart --uuid --name --id --table --managed-save --title", help: "List virtual machines", state: "inert" },
  { name: "dumpxml", options: "domain! --inactive --security-info --update-cpu --migratable xpath --wrap", help: "Show a virtual machine's XML", state: "inert" },
  { name: "domiflist", options: "domain! --inactive", help: "List a virtual machine's cards", state: "inert" },
]; // prettier-ignore

// They show, wait, or concern nothing that a packet meets.
const INERT = new Set(
  (
    "domifaddr domif-getlink domifstat domblklist domblkstat domblkinfo dominfo domstate domstats domid domname domuuid " +
    "domhostname domtime domdisplay dommemstat domcontrol domjobinfo dommac net-name net-uuid net-event net-port-list " +
    "net-port-dumpxml nodeinfo nodecpumap nodecpustats nodememstats nodedev-list nodedev-dumpxml nodedev-info version " +
    "uri hostname sysinfo capabilities domcapabilities freecell freepages help echo cd pwd quit exit connect console event " +
    "desc metadata vcpuinfo vcpucount vcpupin emulatorpin setvcpus setmem setmaxmem schedinfo memtune cpu-stats " +
    "pool-list pool-define pool-define-as pool-create pool-create-as pool-build pool-start pool-autostart pool-refresh " +
    "pool-info pool-dumpxml pool-destroy pool-undefine pool-delete vol-list vol-create vol-create-as vol-clone vol-info " +
    "vol-dumpxml vol-delete vol-path vol-resize vol-upload vol-download attach-disk detach-disk change-media blockresize " +
    "snapshot-list snapshot-info snapshot-dumpxml snapshot-create snapshot-create-as snapshot-delete screenshot send-key " +
    "iface-list iface-dumpxml iface-name iface-mac nwfilter-list nwfilter-dumpxml secret-list ttyconsole vncdisplay guestinfo"
  ).split(" "),
);

const UNSIMULATED = new Set(
  (
    "reset resume managedsave save restore migrate edit net-edit domxml-from-native domrename dompmsuspend dompmwakeup " +
    "detach-device detach-device-alias update-device domiftune net-port-create net-port-delete net-desc net-metadata " +
    "iface-define iface-undefine iface-start iface-destroy iface-begin iface-commit iface-rollback iface-bridge iface-unbridge " +
    "nwfilter-define nwfilter-undefine nwfilter-edit nwfilter-binding-create nwfilter-binding-delete snapshot-revert " +
    "qemu-monitor-command qemu-attach qemu-agent-command inject-nmi crash set-user-password nodedev-create nodedev-destroy " +
    "nodedev-detach nodedev-reattach nodedev-define nodedev-undefine nodedev-start define-secret lxc-enter-namespace"
  ).split(" "),
);

/** What `virsh` can be asked here. */
export const virshCommands: readonly ShellCommand[] = TABLE.map(
  ({ name, options, help, state }) => ({
    words: `virsh ${name}${options
      .split(" ")
      .filter((one) => one.endsWith("!"))
      .map((one) => ` ${holeOf(one.slice(0, -1))}`)
      .join("")}`,
    help,
    state,
  }),
);

function holeOf(option: string): string {
  return (
    { file: "FILE", network: "NAME", domain: "NAME", type: "bridge", source: "BRIDGE", interface: "MAC", state: "down" }[
      option
    ] ?? option.toUpperCase()
  ); // prettier-ignore
}

/** Read a `virsh` command of libvirt 9. */
export function parseVirsh({ words, input, read }: SimpleCommand): VirshCommand {
  return reading(() => readAll(words, input, read));
}

function readAll(
  words: readonly ShellWord[],
  input: ShellWord | null,
  read: SimpleCommand["read"],
): VirshCommand {
  const [name, ...rest] = afterGlobals(words.slice(1));
  if (!name) {
    if (input) throw new Unsimulated("virsh with commands on its input");
    return { kind: "inert" };
  }
  if (rest.length === 0 && /[\s;]/.test(name.text))
    throw new Unsimulated("virsh with several commands in one word");
  const entry = TABLE.find((one) => one.name === name.text);
  if (!entry) {
    if (INERT.has(name.text)) return { kind: "inert" };
    if (UNSIMULATED.has(name.text)) throw new Unsimulated(`virsh ${name.text}`);
    throw new Refused(`error: unknown command: '${name.text}'`, name);
  }
  const options = optionsOf(entry, name, rest);
  if (entry.state === "inert" || options.has("print-xml")) return { kind: "inert" };
  if (entry.state === "unsimulated") throw new Unsimulated(`virsh ${name.text}`);
  return commandOf(entry.name, options, input, read);
}

// `-c URI` and the like stand before the command.
function afterGlobals(words: readonly ShellWord[]): readonly ShellWord[] {
  let at = 0;
  for (; at < words.length && words[at]!.text.startsWith("-"); at++) {
    const word = words[at]!;
    const [option = "", value] = word.text.split(/=(.*)/s);
    if (/^(-V|-v|-h|--version.*|--help)$/.test(option)) return [];
    if (/^(-q|--quiet|-r|--readonly|-t|--timing|--no-pkttyagent)$/.test(option)) continue;
    if (/^(-c|--connect|-d|--debug|-e|--escape|-k|-K|-l|--log|--keepalive-.*)$/.test(option)) {
      const uri = value ?? words[++at]?.text ?? "";
      if (/^(-c|--connect)$/.test(option) && !/^qemu:\/\/\/system$/.test(uri))
        throw new Unsimulated(`virsh --connect ${uri}`);
    } else throw new Refused(`error: unsupported option '${word.text}'. See --help.`, word);
  }
  return words.slice(at);
}

type Options = ReadonlyMap<string, ShellWord>;

// As vshCommandParse fills a command's options.
function optionsOf(entry: Entry, name: ShellWord, words: readonly ShellWord[]): Options {
  const specs = entry.options.split(" ").filter(Boolean);
  const flags = new Set(specs.filter((one) => one.startsWith("--")).map((one) => one.slice(2)));
  const takers = specs.filter((one) => !one.startsWith("--")).map((one) => one.replace("!", ""));
  const found = new Map<string, ShellWord>();
  let onlyData = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, option, value] = (!onlyData && /^--([\w-]+)(?:=(.*))?$/s.exec(word.text)) || [];
    if (!onlyData && word.text === "--") onlyData = true;
    else if (option === undefined) {
      const free = takers.find((one) => !found.has(one));
      if (free === undefined) throw new Refused(`error: unexpected data '${word.text}'`, word);
      found.set(free, word);
    } else if (flags.has(option)) {
      if (value !== undefined)
        throw new Refused(`error: invalid '=' after option --${option}`, word);
      found.set(option, word);
    } else if (!takers.includes(option)) {
      throw new Refused(`error: command '${entry.name}' doesn't support option --${option}`, word);
    } else if (found.has(option)) {
      throw new Refused(`error: option --${option} already seen`, word);
    } else
      found.set(
        option,
        value !== undefined ? { ...word, text: value } : next(option, words, ++at, word),
      );
  }
  const missing = specs.find((one) => one.endsWith("!") && !found.has(one.slice(0, -1)));
  if (missing)
    throw new Refused(
      `error: command '${entry.name}' requires <${missing.slice(0, -1)}> option`,
      words.at(-1) ?? name,
    );
  return found;
}

function next(option: string, words: readonly ShellWord[], at: number, word: ShellWord): ShellWord {
  const value = words[at];
  if (!value) throw new Refused(`error: expected syntax: --${option} <string>`, word);
  return value;
}

function commandOf(
  name: string,
  options: Options,
  input: ShellWord | null,
  read: SimpleCommand["read"],
): VirshCommand {
  const text = (option: string) => options.get(option)?.text ?? null;
  const what = name.startsWith("net-") ? "network" : "domain";
  const object = text("network") ?? text("domain") ?? "";
  switch (name.replace("net-", "")) {
    case "define":
    case "create": {
      if (options.has("paused")) throw new Unsimulated("virsh create --paused");
      const file = options.get("file")!;
      const written = /^\/dev\/(stdin|fd\/0)$|^\/proc\/self\/fd\/0$/.test(file.text)
        ? input
        : read(file.text);
      return { kind: "define", what, once: name.endsWith("create"), file, text: written };
    }
    case "start":
      if (options.has("paused")) throw new Unsimulated("virsh start --paused");
      return { kind: "start", what, name: object };
    case "destroy":
      return { kind: "destroy", what, name: object };
    case "undefine":
      return { kind: "undefine", what, name: object };
    case "autostart":
      return { kind: "autostart", what, name: object, on: !options.has("disable") };
    case "shutdown":
      return { kind: "shutdown", name: object };
    case "attach-interface":
      return attached(options, object);
    case "detach-interface":
      return {
        kind: "detach-interface",
        domain: object,
        type: text("type")!,
        mac: macSaid(options),
        scope: scopeOf(options),
      };
    default: {
      const state = options.get("state")!;
      if (state.text !== "up" && state.text !== "down")
        throw new Refused(`error: invalid link state '${state.text}'`, state);
      const scope = { live: options.has("config") ? false : null, config: options.has("config") };
      const nic = text("interface")!;
      return { kind: "set-link", domain: object, nic, isLinked: state.text === "up", scope };
    }
  }
}

function attached(options: Options, domain: string): VirshCommand {
  const type = options.get("type")!;
  if (!["network", "bridge", "direct", "hostdev"].includes(type.text))
    throw new Refused(`error: No support for ${type.text} in command 'attach-interface'`, type);
  for (const beyond of ["inbound", "outbound", "script"])
    if (options.has(beyond)) throw new Unsimulated(`virsh attach-interface --${beyond}`);
  if (type.text === "hostdev") throw new Unsimulated("virsh attach-interface … hostdev");
  const mac = macSaid(options);
  return {
    kind: "attach-interface",
    domain,
    type: type.text,
    source: options.get("source")!.text,
    mac,
    target: options.get("target")?.text ?? null,
    scope: scopeOf(options),
  };
}

function macSaid(options: Options): string | null {
  const said = options.get("mac");
  if (!said) return null;
  const mac = macIn(said.text);
  if (mac === null)
    throw new Refused(`error: XML error: unable to parse mac address '${said.text}'`, said);
  return mac;
}

// Without a word for it, a machine that runs is changed, or else its definition.
function scopeOf(options: Options): VirshScope {
  const both = options.has("persistent");
  const config = options.has("config") || both;
  return { live: options.has("live") || both ? true : config ? false : null, config };
}
