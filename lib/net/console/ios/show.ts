import type { Compiled } from "../../dataplane/compile.ts";
import type { Entry } from "../../dataplane/fib.ts";
import type { Device, Iface } from "../../model/device.ts";
import type { IosState } from "../../model/ios.ts";
import {
  contains,
  formatIp,
  formatPrefix,
  networkOf,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import { formatEntry } from "./access-lists.ts";
import { runningConfig } from "./running-config.ts";

/** What a device is asked in show commands. */
export type Shown = {
  readonly compiled: Compiled;
  readonly device: Device;
  readonly state: IosState;
};

type Show = {
  readonly words: string;
  readonly help: string;
  readonly print: (it: Shown, args: readonly string[]) => string;
};

/** The show commands that are answered; a last word in capitals is an argument. */
export const iosShows: readonly Show[] = [
  {
    words: "show running-config",
    help: "What the device obeys",
    print: ({ state }) => runningConfig(state),
  },
  {
    words: "show ip route",
    help: "The routing table",
    print: (it) => routes(it, null),
  },
  {
    words: "show ip route vrf NAME",
    help: "The routing table of a VRF",
    print: (it, [name = ""]) => routes(it, name),
  },
  {
    words: "show ip interface brief",
    help: "Interfaces with their addresses",
    print: interfaces,
  },
  {
    words: "show access-lists",
    help: "Access lists with their entries",
    print: ({ state }) => [...state.accessLists.keys()].map((name) => list(state, name)).join(""),
  },
  {
    words: "show access-lists NAME",
    help: "One access list",
    print: ({ state }, [name = ""]) => list(state, name),
  },
  {
    words: "show standby brief",
    help: "Gateways of HSRP, and who stands for them",
    print: standby,
  },
];

/** What the device prints for a show command; `null` when the command is none of those that are known here. */
export function showIos(it: Shown, command: readonly string[]): string | null {
  for (const show of iosShows) {
    const args = argumentsOf(show.words.split(" "), command);
    if (args) return show.print(it, args);
  }
  return null;
}

// Words may be shortened, as on the device; where two commands would fit, the first does.
function argumentsOf(words: readonly string[], said: readonly string[]): string[] | null {
  if (words.length !== said.length) return null;
  const fits = words.every(
    (word, at) => isArgument(word) || word.startsWith(said[at]!.toLowerCase()),
  );
  return fits ? said.filter((_, at) => isArgument(words[at]!)) : null;
}

function isArgument(word: string): boolean {
  return word === word.toUpperCase();
}

// ---- show ip route

const LEGEND = `Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area
       * - candidate default
`;

function routes({ compiled, device }: Shown, table: string | null): string {
  const fib = compiled.fibs.get(device.name)?.find((one) => one.table === table);
  if (!fib) return `% IP routing table vrf ${table} does not exist\n`;
  const rows = fib.entries
    .filter((entry) => isShown(entry))
    .sort((a, b) => a.prefix.first - b.prefix.first || a.prefix.length - b.prefix.length);
  const last = rows.find(({ prefix }) => prefix.length === 0);
  const gateway = last?.action.kind === "send" ? last.action.ways[0]!.gateway : null;
  const resort =
    gateway === null
      ? "Gateway of last resort is not set"
      : `Gateway of last resort is ${formatIp(gateway)} to network 0.0.0.0`;
  const heading = table === null ? "" : `\nRouting Table: ${table}\n`;
  const lines = [
    ...Map.groupBy(rows, ({ prefix }) => formatPrefix(major(prefix))).values(),
  ].flatMap((group) => groupLines(device, table, group));
  return `${heading}${LEGEND}\n${resort}\n\n${lines.join("\n")}${lines.length > 0 ? "\n" : ""}`;
}

// Broadcasts, groups and what a device stands in for are no rows of a table.
function isShown({ source, isAlias }: Entry): boolean {
  return !isAlias && (source === "own" || source === "connected" || source === "written");
}

// The network that an address was in before there were masks; the table is grouped by it to this day.
function major({ first, length }: Prefix): Prefix {
  const classful = first < 0x80000000 ? 8 : first < 0xc0000000 ? 16 : 24;
  return length < classful ? { first, length } : networkOf(first, classful);
}

function groupLines(device: Device, table: string | null, group: readonly Entry[]): string[] {
  const net = major(group[0]!.prefix);
  const lengths = new Set(group.map(({ prefix }) => prefix.length));
  const isWhole = group.length === 1 && group[0]!.prefix.length === net.length;
  if (isWhole) return group.flatMap((entry) => rowLines(device, table, entry, false));
  const title =
    lengths.size > 1
      ? `${formatPrefix(net)} is variably subnetted, ${group.length} subnets, ${lengths.size} masks`
      : `${formatIp(net.first)}/${[...lengths][0]} is subnetted, ${group.length} subnets`;
  return [`      ${title}`, ...group.flatMap((entry) => rowLines(device, table, entry, true))];
}

function rowLines(device: Device, table: string | null, entry: Entry, isInner: boolean): string[] {
  const { prefix, source, action } = entry;
  const owner = source === "own" ? ownerOf(device, table, prefix.first) : null;
  // A network of one address is its own; it is shown as connected and not once more as local.
  const code = owner?.length === 32 || source === "connected" ? "C" : owner ? "L" : "S";
  const star = code === "S" && prefix.length === 0 ? "*" : " ";
  const begin = `${code}${star}   ${isInner ? "    " : " "}${formatPrefix(prefix)}`;
  if (owner) return [`${begin} is directly connected, ${owner.iface}`];
  if (action.kind !== "send") return [`${begin} is directly connected, Null0`];
  if (source === "connected") return [`${begin} is directly connected, ${action.ways[0]!.iface}`];
  const written = device.routes.find((one) => entry.because.some((line) => line === one.because));
  const metric = `[${written?.distance ?? 1}/0]`;
  return action.ways.map((way, at) => {
    const lead = at === 0 ? begin : " ".repeat(begin.length);
    return way.gateway === null
      ? `${lead} is directly connected, ${way.iface}`
      : `${lead} ${metric} via ${formatIp(way.gateway)}`;
  });
}

function ownerOf(device: Device, table: string | null, ip: Ip) {
  for (const iface of device.ifaces) {
    const address = iface.table === table && iface.addresses.find((one) => one.ip === ip);
    if (address) return { iface: iface.name, length: address.length };
  }
  return null;
}

// ---- show ip interface brief

function interfaces({ compiled, device, state }: Shown): string {
  const head = "Interface              IP-Address      OK? Method Status                Protocol";
  const rows = [...state.ifaces.values()]
    .filter(({ name }) => name !== "Null0")
    .map((iface) => {
      const [address] = iface.addresses.all();
      const isLive = iface.up && (!iface.isPort || hasLink(compiled, device, iface.name));
      const status = !iface.up ? "administratively down" : isLive ? "up" : "down";
      return [
        iface.name.padEnd(22),
        (address ? formatIp(address.ip) : "unassigned").padEnd(15),
        "YES",
        (address ? "NVRAM" : "unset").padEnd(6),
        status.padEnd(21),
        isLive ? "up" : "down",
      ].join(" ");
    });
  return `${[head, ...rows].join("\n")}\n`;
}

function hasLink({ network }: Compiled, { name }: Device, port: string): boolean {
  return network.cables.some(
    ({ a, b, up }) => up && [a, b].some((end) => end.node === name && end.port === port),
  );
}

// ---- show access-lists

function list(state: IosState, name: string): string {
  const found = state.accessLists.get(name);
  if (!found) return "";
  const title = `${found.type === "standard" ? "Standard" : "Extended"} IP access list ${name}`;
  const rows = found
    .inOrder()
    .map(([sequence, entry]) => `    ${sequence} ${formatEntry(entry, found.type)}`);
  return `${[title, ...rows].join("\n")}\n`;
}

// ---- show standby brief

function standby({ compiled, device, state }: Shown): string {
  const head = [
    "                     P indicates configured to preempt.",
    "                     |",
    "Interface   Grp  Pri P State   Active          Virtual IP",
  ];
  const rows = [...state.ifaces.values()].flatMap((iface) =>
    [...iface.services.gateways.values()]
      .filter((one) => one.protocol === "hsrp" && one.ips !== null)
      .map((one) => {
        const here = device.ifaces.find(({ name }) => name === iface.name);
        const ip = one.ips![0]?.ip ?? null;
        const isActive = here !== undefined && standsFor(here, ip);
        const active = isActive ? "local" : activeOf(compiled, ip);
        return [
          iface.short.padEnd(11),
          String(one.number).padEnd(4),
          String(one.priority).padEnd(3),
          one.preempts ? "P" : " ",
          (isActive ? "Active" : active === "unknown" ? "Init" : "Standby").padEnd(7),
          active.padEnd(15),
          ip === null ? "unknown" : formatIp(ip),
        ].join(" ");
      }),
  );
  return `${[...head, ...rows].join("\n")}\n`;
}

function standsFor({ aliases, alsoMacs }: Iface, ip: Ip | null): boolean {
  return (
    ip !== null &&
    alsoMacs !== undefined &&
    (aliases ?? []).some(({ prefix, mac }) => mac !== undefined && contains(prefix, ip))
  );
}

function activeOf({ network }: Compiled, ip: Ip | null): string {
  for (const { ifaces } of network.devices.values())
    for (const iface of ifaces)
      if (standsFor(iface, ip) && iface.addresses[0]) return formatIp(iface.addresses[0].ip);
  return "unknown";
}
