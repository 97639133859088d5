import {
  integerIn,
  macOf,
  reading,
  Refused,
  Unsimulated,
  type RefusedCommand,
  type UnsimulatedCommand,
} from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { ShellCommand } from "../program.ts";

/** What one `ovs-vsctl` command asks for: all of its changes, or none when one is refused. */
export type VsctlCommand =
  | {
      readonly kind: "change";
      readonly changes: readonly VsctlChange[];
      /** What else is asked for in the same breath and is not simulated. */
      readonly beyond: readonly string[];
    }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** `at` is where it stands: its command and the words after that. */
export type VsctlChange = { readonly at: ShellWord } & (
  | {
      readonly kind: "add-bridge";
      readonly bridge: string;
      readonly mayExist: boolean;
      /** A fake bridge: the ports of one VLAN of its parent. */
      readonly parent: { readonly bridge: string; readonly vlan: number } | null;
    }
  | { readonly kind: "delete-bridge"; readonly bridge: string; readonly ifExists: boolean }
  | {
      readonly kind: "add-port";
      readonly bridge: string;
      readonly port: string;
      readonly mayExist: boolean;
      readonly settings: OvsPortSettings;
    }
  | {
      readonly kind: "add-bond";
      readonly bridge: string;
      readonly port: string;
      readonly interfaces: readonly string[];
      readonly mayExist: boolean;
      readonly settings: OvsPortSettings;
    }
  | {
      readonly kind: "delete-port";
      /** `null`: whichever it is on. */
      readonly bridge: string | null;
      readonly port: string;
      readonly ifExists: boolean;
    }
  | { readonly kind: "set-bridge"; readonly bridge: string; readonly settings: OvsBridgeSettings }
  | { readonly kind: "set-port"; readonly port: string; readonly settings: OvsPortSettings }
  | {
      readonly kind: "set-interface";
      readonly interface: string;
      readonly settings: OvsInterfaceSettings;
    }
  /** Succeeds when there is such a bridge. */
  | { readonly kind: "bridge-exists"; readonly bridge: string }
);

/** Only what was said. `null` is the setting cleared. */
export type OvsBridgeSettings = {
  readonly failMode?: "standalone" | "secure" | null;
  readonly stp?: boolean;
  readonly rstp?: boolean;
  readonly mac?: string;
};

export type OvsPortSettings = {
  readonly tag?: number | null;
  readonly trunks?: readonly number[];
  /** Add to the trunks, or take from them. */
  readonly addTrunks?: readonly number[];
  readonly removeTrunks?: readonly number[];
  readonly vlanMode?: VlanMode | null;
  readonly bondMode?: string | null;
};

export type VlanMode = "access" | "dot1q-tunnel" | "native-tagged" | "native-untagged" | "trunk";

export type OvsInterfaceSettings = {
  /** `""` and `system` are the kernel's link of that name. */
  readonly type?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly ofport?: number | null;
  readonly mac?: string;
  readonly mtu?: number;
};

/** What `ovs-vsctl` can be asked here. */
export const vsctlCommands: readonly ShellCommand[] = [
  { words: "ovs-vsctl add-br BRIDGE", help: "Make a switch", state: "simulated" },
  { words: "ovs-vsctl del-br BRIDGE", help: "Remove a switch", state: "simulated" },
  {
    words: "ovs-vsctl add-port BRIDGE PORT [tag=VLAN] [trunks=VLANS] [vlan_mode=MODE]",
    help: "Add a port to a switch",
    state: "simulated",
  },
  {
    words: "ovs-vsctl add-bond BRIDGE PORT LINK LINK",
    help: "Add links as one port",
    state: "simulated",
  },
  { words: "ovs-vsctl del-port [BRIDGE] PORT", help: "Remove a port", state: "simulated" },
  { words: "ovs-vsctl set port PORT tag=VLAN", help: "The VLANs of a port", state: "simulated" },
  {
    words: "ovs-vsctl set interface PORT type=internal|patch|vxlan|gre options:NAME=VALUE",
    help: "What kind of port, and its options",
    state: "simulated",
  },
  {
    words: "ovs-vsctl set bridge BRIDGE fail_mode=secure|standalone",
    help: "What a switch does that has no flows and no controller",
    state: "simulated",
  },
  {
    words: "ovs-vsctl set-fail-mode BRIDGE secure|standalone",
    help: "The same",
    state: "simulated",
  },
  { words: "ovs-vsctl clear port PORT tag", help: "Clear a setting", state: "simulated" },
  { words: "ovs-vsctl show", help: "List switches and ports", state: "inert" },
  {
    words: "ovs-vsctl set-controller BRIDGE TARGET",
    help: "Who may add flows",
    state: "unsimulated",
  },
  {
    words: "ovs-vsctl create mirror name=NAME",
    help: "Mirrors, queues and the like",
    state: "unsimulated",
  },
];

/** Read an `ovs-vsctl` command of Open vSwitch 3.1. */
export function parseVsctl(words: readonly ShellWord[]): VsctlCommand {
  return reading(() => readAll(words));
}

function refuse(said: string, at: ShellWord): never {
  throw new Refused(`ovs-vsctl: ${said}`, at);
}

// Of the program, before the first command; with `true`, a value follows.
const GLOBAL: Readonly<Record<string, boolean>> = {
  "--no-wait": false, "--oneline": false, "--dry-run": false, "--no-syslog": false, "--retry": false, "-t": true,
  "--timeout": true, "--db": true, "-v": false, "--verbose": false, "--log-file": false, "--help": false, "-h": false,
  "--version": false, "-V": false, "--format": true, "-f": true, "--data": true, "-d": true, "--leader-only": false,
  "--no-headings": false, "--pretty": false,
}; // prettier-ignore

const OPTIONS = new Set([
  "--may-exist",
  "--if-exists",
  "--fake-iface",
  "--with-iface",
  "--id",
  "--all",
  "--columns",
  "--inactivity-probe",
]);

function readAll(words: readonly ShellWord[]): VsctlCommand {
  let at = 1;
  for (; at < words.length && words[at]!.text.startsWith("-"); at++) {
    const { text } = words[at]!;
    const name = text.split("=")[0]!;
    if (text === "--" || OPTIONS.has(name)) break;
    if (/^-v\w+/.test(text)) continue;
    if (!Object.hasOwn(GLOBAL, name)) refuse(`unrecognized option '${text}'`, words[at]!);
    if (["--help", "-h", "--version", "-V", "--dry-run"].includes(name)) return { kind: "inert" };
    if (GLOBAL[name] && !text.includes("=")) at++;
  }
  const read = groups(words.slice(at)).map((group) => reading(() => readOne(group)));
  const beyond: string[] = [];
  const changes: VsctlChange[] = [];
  for (const one of read) {
    if (one?.kind === "refused") return one;
    if (one?.kind === "unsimulated") beyond.push(one.what);
    else if (one) changes.push(one);
  }
  if (changes.length > 0) return { kind: "change", changes, beyond };
  return beyond.length === 0
    ? { kind: "inert" }
    : { kind: "unsimulated", what: beyond[0]!, dev: null };
}

// Commands stand between `--`.
function groups(words: readonly ShellWord[]): ShellWord[][] {
  const made: ShellWord[][] = [[]];
  for (const word of words)
    if (word.text === "--") made.push([]);
    else made.at(-1)!.push(word);
  return made.filter((group) => group.length > 0);
}

type Call = {
  readonly name: ShellWord;
  readonly args: readonly ShellWord[];
  readonly options: ReadonlySet<string>;
  readonly at: ShellWord;
};

// How many words each command takes, and which change no packet's way.
const COMMANDS: Readonly<Record<string, readonly [least: number, most: number, how: "read" | "inert" | "beyond"]>> = {
  init: [0, 0, "inert"], show: [0, 0, "inert"], "emer-reset": [0, 0, "beyond"], "add-br": [1, 3, "read"],
  "del-br": [1, 1, "read"], "list-br": [0, 0, "inert"], "br-exists": [1, 1, "read"], "br-to-vlan": [1, 1, "inert"],
  "br-to-parent": [1, 1, "inert"], "br-set-external-id": [2, 3, "inert"], "br-get-external-id": [1, 2, "inert"],
  "list-ports": [1, 1, "inert"], "add-port": [2, 1000, "read"], "add-bond": [4, 1000, "read"],
  "del-port": [1, 2, "read"], "port-to-br": [1, 1, "inert"], "list-ifaces": [1, 1, "inert"],
  "iface-to-br": [1, 1, "inert"], "get-controller": [1, 1, "inert"], "del-controller": [1, 1, "inert"],
  "set-controller": [1, 1000, "beyond"], "get-fail-mode": [1, 1, "inert"], "del-fail-mode": [1, 1, "read"],
  "set-fail-mode": [2, 2, "read"], "get-manager": [0, 0, "inert"], "del-manager": [0, 0, "inert"],
  "set-manager": [1, 1000, "inert"], "get-ssl": [0, 0, "inert"], "del-ssl": [0, 0, "inert"],
  "set-ssl": [3, 3, "inert"], list: [1, 1000, "inert"], find: [1, 1000, "inert"], get: [2, 1000, "inert"],
  set: [3, 1000, "read"], add: [4, 1000, "read"], remove: [4, 1000, "read"], clear: [3, 1000, "read"],
  create: [2, 1000, "beyond"], destroy: [1, 1000, "inert"], "wait-until": [2, 1000, "inert"],
  comment: [0, 1000, "inert"], "list-zone-tp": [1, 1, "inert"],
}; // prettier-ignore

function readOne(group: readonly ShellWord[]): VsctlChange | null {
  const options = new Set<string>();
  let at = 0;
  for (; group[at]?.text.startsWith("--"); at++) {
    const option = group[at]!.text.split("=")[0]!;
    if (!OPTIONS.has(option)) refuse(`unrecognized option '${group[at]!.text}'`, group[at]!);
    options.add(option);
  }
  const [name, ...args] = group.slice(at);
  if (!name) return refuse("missing command name (use --help for help)", group[0]!);
  const known = Object.hasOwn(COMMANDS, name.text) ? COMMANDS[name.text]! : null;
  if (!known) return refuse(`unknown command '${name.text}'; use --help for help`, name);
  const [least, most, how] = known;
  if (args.length < least)
    refuse(`'${name.text}' command requires at least ${least} arguments`, name);
  if (args.length > most)
    refuse(`'${name.text}' command takes at most ${most} arguments`, args[most]!);
  if (how === "beyond") throw new Unsimulated(`ovs-vsctl ${name.text}`);
  if (how === "inert") return null;
  const last = (args.at(-1) ?? name).span;
  const span = { ...name.span, to: Math.max(name.span.to, last.to) };
  return readCall({ name, args, options, at: { text: name.text, span, pieces: [] } });
}

function readCall({ name, args, options, at }: Call): VsctlChange | null {
  const [first, second, third] = args;
  const mayExist = options.has("--may-exist");
  const ifExists = options.has("--if-exists");
  switch (name.text) {
    case "add-br": {
      if (second && !third) refuse("'add-br' command takes exactly 1 or 3 arguments", second);
      const parent = third ? { bridge: second!.text, vlan: vlan(third) } : null;
      return { kind: "add-bridge", bridge: first!.text, mayExist, parent, at };
    }
    case "del-br":
      return { kind: "delete-bridge", bridge: first!.text, ifExists, at };
    case "br-exists":
      return { kind: "bridge-exists", bridge: first!.text, at };
    case "add-port":
      return {
        kind: "add-port",
        bridge: first!.text,
        port: second!.text,
        mayExist,
        settings: portSettings(args.slice(2)),
        at,
      };
    case "add-bond": {
      const settings = args.findIndex((word) => word.text.includes("="));
      const end = settings === -1 ? args.length : settings;
      const interfaces = args.slice(2, end).map((word) => word.text);
      if (interfaces.length < 2) refuse("add-bond requires at least 2 interfaces", name);
      const said = portSettings(args.slice(end));
      return {
        kind: "add-bond",
        bridge: first!.text,
        port: second!.text,
        interfaces,
        mayExist,
        settings: said,
        at,
      };
    }
    case "del-port": {
      const [bridge, port] = second ? [first!.text, second.text] : [null, first!.text];
      return { kind: "delete-port", bridge, port, ifExists, at };
    }
    case "set-fail-mode": {
      const mode = second!.text;
      if (mode !== "standalone" && mode !== "secure")
        return refuse('fail-mode must be "standalone" or "secure"', second!);
      return { kind: "set-bridge", bridge: first!.text, settings: { failMode: mode }, at };
    }
    case "del-fail-mode":
      return { kind: "set-bridge", bridge: first!.text, settings: { failMode: null }, at };
    default:
      return changeOf(name.text as Verb, first!, second!, args.slice(2), at);
  }
}

type Verb = "set" | "add" | "remove" | "clear";

const TABLES = [
  "Bridge", "Port", "Interface", "Open_vSwitch", "Controller", "Manager", "SSL", "QoS", "Queue", "Mirror", "NetFlow",
  "sFlow", "IPFIX", "Flow_Table", "Flow_Sample_Collector_Set", "AutoAttach", "Datapath", "CT_Zone", "CT_Timeout_Policy",
]; // prettier-ignore

function changeOf(
  verb: Verb,
  table: ShellWord,
  record: ShellWord,
  rest: readonly ShellWord[],
  at: ShellWord,
): VsctlChange | null {
  const wanted = table.text.toLowerCase().replaceAll("-", "_");
  const found = TABLES.filter((one) => one.toLowerCase().startsWith(wanted));
  const name = found.find((one) => one.toLowerCase() === wanted) ?? found[0];
  if (name === undefined || table.text === "")
    return refuse(`unknown table "${table.text}"`, table);
  const said = verb === "set" ? rest : columnsOf(verb, rest);
  switch (name) {
    case "Bridge":
      return {
        kind: "set-bridge",
        bridge: record.text,
        settings: settingsOf(said, BRIDGE, name, verb),
        at,
      };
    case "Port":
      return {
        kind: "set-port",
        port: record.text,
        settings: settingsOf(said, PORT, name, verb),
        at,
      };
    case "Interface":
      return {
        kind: "set-interface",
        interface: record.text,
        settings: settingsOf(said, INTERFACE, name, verb),
        at,
      };
    case "Open_vSwitch":
      return null;
    default:
      throw new Unsimulated(`ovs-vsctl ${verb} ${name}`);
  }
}

// `clear COLUMN …` and `add COLUMN VALUE …` as if they were `COLUMN=VALUE`.
function columnsOf(verb: Verb, rest: readonly ShellWord[]): ShellWord[] {
  if (verb === "clear") return rest.map((word) => ({ ...word, text: `${word.text}=[]` }));
  const [column, ...values] = rest;
  return values.map((word) => {
    const map = /^[\w-]+=/.test(word.text) ? ":" : "=";
    return { ...word, text: `${column!.text}${map}${word.text}` };
  });
}

function portSettings(words: readonly ShellWord[]): OvsPortSettings {
  return settingsOf<OvsPortSettings>(words, PORT, "Port", "set");
}

type Column = {
  /** Adds what the value says to the settings; `null` for what concerns no packet. */
  readonly read: ((made: Record<string, unknown>, value: Value, verb: Verb) => void) | null;
  readonly map?: boolean;
  /** Why it is not simulated. */
  readonly beyond?: string;
};

type Value = { readonly word: ShellWord; readonly key: string | null; readonly text: string };
type Columns = Readonly<Record<string, Column>>;

const INERT: Column = { read: null };
const INERT_MAP: Column = { read: null, map: true };

const BRIDGE: Columns = {
  fail_mode: {
    read: (made, value) =>
      void (made["failMode"] = isEmpty(value) ? null : oneOf(value, ["secure", "standalone"])),
  },
  stp_enable: { read: (made, value) => void (made["stp"] = truth(value)) },
  rstp_enable: { read: (made, value) => void (made["rstp"] = truth(value)) },
  other_config: {
    map: true,
    read: (made, value) => {
      if (value.key === "hwaddr") made["mac"] = mac(value);
      else if (value.key === "forward-bpdu")
        throw new Unsimulated("ovs-vsctl other_config:forward-bpdu");
    },
  },
  protocols: {
    read: (_, value) => {
      for (const text of listOf(value.text))
        oneOf({ ...value, text }, [
          "OpenFlow10",
          "OpenFlow11",
          "OpenFlow12",
          "OpenFlow13",
          "OpenFlow14",
          "OpenFlow15",
        ]);
    },
  },
  datapath_type: INERT,
  datapath_id: INERT,
  datapath_version: INERT,
  mcast_snooping_enable: INERT,
  external_ids: INERT_MAP,
  status: INERT_MAP,
  name: INERT,
  ports: { read: null, beyond: "ports" },
  mirrors: { read: null, beyond: "mirrors" },
  flood_vlans: { read: null, beyond: "flood_vlans" },
  controller: { read: null, beyond: "controller" },
  netflow: INERT,
  sflow: INERT,
  ipfix: INERT,
  flow_tables: INERT_MAP,
  auto_attach: INERT,
};

const MODES: readonly VlanMode[] = [
  "access",
  "dot1q-tunnel",
  "native-tagged",
  "native-untagged",
  "trunk",
];

const PORT: Columns = {
  tag: {
    read: (made, value, verb) =>
      void (made["tag"] = isEmpty(value) || verb === "remove" ? null : vlanOf(value, value.text)),
  },
  trunks: {
    read: (made, value, verb) => {
      const trunks = isEmpty(value)
        ? []
        : listOf(value.text).flatMap((text) => vlansOf(value, text));
      const key = verb === "add" ? "addTrunks" : verb === "remove" ? "removeTrunks" : "trunks";
      made[key] = [
        ...(((verb === "set" ? [] : made[key]) as number[] | undefined) ?? []),
        ...trunks,
      ];
    },
  },
  vlan_mode: {
    read: (made, value, verb) =>
      void (made["vlanMode"] = isEmpty(value) || verb === "remove" ? null : oneOf(value, MODES)),
  },
  bond_mode: {
    read: (made, value) =>
      void (made["bondMode"] = isEmpty(value)
        ? null
        : oneOf(value, ["active-backup", "balance-slb", "balance-tcp"])),
  },
  lacp: { read: (_, value) => void (isEmpty(value) || oneOf(value, ["active", "off", "passive"])) },
  bond_updelay: INERT,
  bond_downdelay: INERT,
  bond_active_slave: INERT,
  bond_fake_iface: INERT,
  cvlans: { read: null, beyond: "cvlans" },
  qos: { read: null, beyond: "qos" },
  interfaces: { read: null, beyond: "interfaces" },
  protected: {
    read: (_, value) => {
      if (truth(value)) throw new Unsimulated("ovs-vsctl protected");
    },
  },
  other_config: { read: null, map: true },
  external_ids: INERT_MAP,
  statistics: INERT_MAP,
  rstp_status: INERT_MAP,
  rstp_statistics: INERT_MAP,
  status: INERT_MAP,
  mac: INERT,
  name: INERT,
  fake_bridge: INERT,
};

const INTERFACE: Columns = {
  type: { read: (made, value) => void (made["type"] = unquoted(value.text)) },
  options: {
    map: true,
    read: (made, value, verb) => {
      const options = made["options"] as Record<string, string> | undefined;
      if (value.key === null || verb === "remove")
        throw new Unsimulated("ovs-vsctl: options as a whole");
      made["options"] = { ...options, [value.key]: unquoted(value.text) };
    },
  },
  ofport_request: {
    read: (made, value) => void (made["ofport"] = isEmpty(value) ? null : number(value, 1, 65_279)),
  },
  ofport: INERT,
  mac: { read: (made, value) => void (isEmpty(value) || (made["mac"] = mac(value))) },
  mtu_request: {
    read: (made, value) => void (isEmpty(value) || (made["mtu"] = number(value, 68, 0xffff_ffff))),
  },
  mtu: INERT,
  name: INERT,
  admin_state: INERT,
  link_state: INERT,
  mac_in_use: INERT,
  ingress_policing_rate: { read: null, beyond: "ingress_policing_rate" },
  ingress_policing_burst: INERT,
  other_config: INERT_MAP,
  external_ids: INERT_MAP,
  bfd: INERT_MAP,
  lldp: INERT_MAP,
  status: INERT_MAP,
  statistics: INERT_MAP,
  cfm_mpid: INERT,
};

function settingsOf<S>(
  words: readonly ShellWord[],
  columns: Columns,
  table: string,
  verb: Verb,
): S {
  const made: Record<string, unknown> = {};
  for (const word of words) {
    const match = /^([A-Za-z_][\w-]*)(?::("[^"]*"|[^=]+))?(=|:=|\+=|-=)([^]+)$/.exec(word.text);
    const name = /^[A-Za-z_][\w-]*/.exec(word.text)?.[0] ?? word.text;
    const column = columnOf(columns, table, name, word);
    if (!match) refuse(`${word.text}: argument does not end in "=" followed by a value.`, word);
    const key = match![2] === undefined ? null : unquoted(match![2]);
    if (key !== null && !column.map)
      refuse(`cannot specify key to set for non-map column ${name}`, word);
    if (column.beyond) throw new Unsimulated(`ovs-vsctl ${column.beyond}`);
    for (const value of pairsOf(column, { word, key, text: match![4]! }))
      column.read?.(made, value, verb);
  }
  return made as S;
}

// A map may be given whole: `options={remote_ip=1.1.1.1, key=5}`.
function pairsOf(column: Column, value: Value): readonly Value[] {
  if (!column.map || value.key !== null) return [value];
  return listOf(value.text).flatMap((pair) => {
    const equals = pair.indexOf("=");
    if (equals === -1) return [];
    return [
      {
        word: value.word,
        key: unquoted(pair.slice(0, equals).trim()),
        text: pair.slice(equals + 1).trim(),
      },
    ];
  });
}

// Hyphens and underscores are one, and a beginning will do.
function columnOf(columns: Columns, table: string, name: string, at: ShellWord): Column {
  const wanted = name.toLowerCase().replaceAll("-", "_");
  const found = Object.keys(columns).filter((one) => one.startsWith(wanted));
  const exact = found.find((one) => one === wanted) ?? (found.length === 1 ? found[0] : undefined);
  if (exact !== undefined) return columns[exact]!;
  if (found.length > 1)
    return refuse(`${table} contains more than one column whose name matches "${name}"`, at);
  return refuse(`${table} does not contain a column whose name matches "${name}"`, at);
}

function isEmpty(value: Value): boolean {
  return ["[]", "{}", '""'].includes(value.text);
}

function unquoted(text: string): string {
  return text.replace(/^"([^]*)"$/, "$1");
}

function listOf(text: string): string[] {
  return text
    .replace(/^[[{]([^]*)[\]}]$/, "$1")
    .split(/[,\s]+/)
    .filter((part) => part !== "");
}

function oneOf<V extends string>(value: Value, allowed: readonly V[]): V {
  const text = unquoted(value.text);
  const found = allowed.find((one) => one === text);
  if (found) return found;
  return refuse(
    `constraint violation: ${text} is not one of the allowed values ([${[...allowed].sort().join(", ")}])`,
    value.word,
  );
}

function truth(value: Value): boolean {
  if (value.text === "true" || value.text === "false") return value.text === "true";
  return refuse(`"${value.text}" is not a valid boolean (use "true" or "false")`, value.word);
}

function number(value: Value, low: number, high: number): number {
  const text = unquoted(value.text);
  if (!/^-?\d{1,12}$/.test(text))
    return refuse(`"${text}" is not a valid integer or range`, value.word);
  const found = Number(text);
  if (found >= low && found <= high) return found;
  return refuse(
    `constraint violation: ${text} is not in the valid range ${low} to ${high} (inclusive)`,
    value.word,
  );
}

function vlanOf(value: Value, text: string): number {
  return number({ ...value, text }, 0, 4095);
}

function vlansOf(value: Value, text: string): number[] {
  const [low = "", high] = text.split("-");
  const first = vlanOf(value, low);
  if (high === undefined) return [first];
  const last = vlanOf(value, high);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function mac(value: Value): string {
  const found = macOf(unquoted(value.text).replace(/\\:/g, ":"));
  return found ?? refuse(`constraint violation: ${value.text} is not a MAC address`, value.word);
}

function vlan(word: ShellWord): number {
  const id = integerIn(word.text, 0, 4095);
  return id ?? refuse(`${word.text}: vlan must be between 0 and 4095`, word);
}
