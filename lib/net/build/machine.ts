import type { Device, Iface, Taint } from "../model/device.ts";
import type { IosState } from "../model/ios.ts";
import { leaseKey, type LeaseAnswer, type Leases } from "../model/lease.ts";
import type { LinkSpec, NodeSpec, PortRef, Topology } from "../model/topology.ts";
import { isComposeFile } from "../parse/compose/parse.ts";
import type { MachinePort } from "../model/linux/node.ts";
import { parseIos } from "../parse/ios/parse.ts";
import { diagnostic, type Diagnostic } from "../source/diagnostic.ts";
import type { Files, Span } from "../source/span.ts";
import { buildIos } from "./ios/build.ts";
import { deviceFromIos } from "./ios/device.ts";
import { withServices } from "./ios/services.ts";
import type { Card, RunningDomain } from "./libvirt/machine.ts";
import { devicesFromLinux, endOf, tapsOf, type System } from "./linux/devices.ts";
import { deviceFromOutside } from "./outside.ts";
import { buildLinux, type BuiltLinux, type LinuxMachine } from "./shell/build.ts";

/** What every machine of a lab is built from. */
export type World = {
  readonly files: Files;
  readonly vms: NonNullable<Topology["vms"]>;
  readonly nextMac: () => string;
  /** What was answered to those who asked for an address when the lab was built before. */
  readonly leases: Leases;
  /** How many more virtual machines there is room for, nested ones included. */
  readonly room: { left: number };
};

/** A world in which nothing has been built yet. */
export function freshWorld(it: Omit<World, "room">): World {
  return { ...it, room: { left: MOST_GUESTS } };
}

const MOST_GUESTS = 1000;

/** What one node of the lab comes to: itself, what runs in it, and the cables in between. */
export type BuiltNode = {
  readonly devices: readonly Device[];
  readonly cables: readonly LinkSpec[];
  /** Where the node's ports have gone, for those that have. */
  readonly ports: ReadonlyMap<string, PortRef>;
  readonly diagnostics: readonly Diagnostic[];
  /** The virtual machines that its files name, and those of them that run. */
  readonly vms: { readonly known: readonly string[]; readonly running: readonly string[] };
  /** What a device that shows itself was told. */
  readonly console?: IosState;
};

type NodeFiles = readonly { readonly path: string; readonly text: string }[];

const NO_VMS = { known: [], running: [] };
const ALONE = { cables: [], ports: new Map<string, PortRef>(), diagnostics: [], vms: NO_VMS };

/** Build one node of a lab with all that its files put inside it. */
export function buildNode(
  world: World,
  node: NodeSpec,
  macs: ReadonlyMap<string, string>,
): BuiltNode {
  if (node.kind === "outside") return { ...ALONE, devices: [deviceFromOutside(node, macs)] };
  const files = filesBelow(`${node.name}/`, world.files);
  if (node.os === "ios") return buildRouter(world, node, files, macs);
  const ports = node.ports.map(({ name }) => ({ name, mac: macs.get(name)! }));
  const system = { name: node.name, node: node.name, kind: node.kind };
  const built = buildMachine(world, system, { ports, runs: node.runs }, files, []);
  return { ...built, devices: built.devices.map((device) => tainted(device, drawnOnly(node))) };
}

function buildRouter(
  { leases }: World,
  node: NodeSpec,
  files: NodeFiles,
  macs: ReadonlyMap<string, string>,
): BuiltNode {
  const wrong = files.flatMap((file) => wrongLanguage(node.name, ".ios", [], file));
  const parsed = files
    .filter(({ path }) => path.endsWith(".ios"))
    .map(({ path, text }) => parseIos(path, text));
  const answerTo = (iface: string) => leases?.get(leaseKey(node.name, iface));
  const built = buildIos(node.name, node.ports, parsed, node.kind, answerTo);
  const device = withServices(deviceFromIos(node, built.state, macs), built.state);
  const diagnostics = [wrong, ...parsed.map((one) => one.diagnostics), built.diagnostics].flat();
  const devices = [tainted(device, drawnOnly(node))];
  return { ...ALONE, devices, diagnostics, console: built.state };
}

/** Machines run in machines, but nobody nests them deeper than this. */
const DEEPEST = 3;

// A Linux machine, and those that run in it. `above` are the machines that it runs in itself.
function buildMachine(
  world: World,
  system: System,
  machine: LinuxMachine,
  files: NodeFiles,
  above: readonly string[],
): BuiltNode {
  const wrong = files.flatMap((file) => wrongLanguage(system.name, ".sh", machine.runs, file));
  const answerTo = (namespace: string, link: string) =>
    answerIn(world.leases, system.name, namespace, link);
  const built = buildLinux({ ...machine, answerTo }, files, world.nextMac);
  const own = devicesFromLinux(system, built.linux);
  const running = built.libvirt?.running() ?? [];
  const why = (one: RunningDomain) => whyNotBuilt(world, built.linux, one, above);
  const left = running.map((guest) => ({ guest, what: why(guest) }));
  const guests = left
    .filter(({ what }) => what === null)
    .map(({ guest }) => buildGuest(world, system, built, guest, above));
  const open = left.flatMap(({ guest, what }) =>
    what === null ? [] : [{ what, span: guest.because }],
  );
  const remarks = open.map(({ what, span }) => diagnostic("unsimulated", span, { what }));
  const taints = [...unbuilt(machine.runs), ...taintsOf(open)];
  const idle = built.libvirt?.idle() ?? [];
  return {
    devices: [
      ...own.devices.map((device) => ({
        ...tainted(device, taints),
        ...(idle.length && device.name === system.name && { idle }),
      })),
      ...guests.flatMap(({ devices }) => devices),
    ],
    cables: [...own.cables, ...guests.flatMap(({ cables }) => cables)],
    ports: own.ports,
    diagnostics: [
      wrong,
      unreadFiles(built, files),
      built.diagnostics,
      remarks,
      ...guests.map(({ diagnostics }) => diagnostics),
    ].flat(),
    vms: {
      known: [
        ...running.map(({ name }) => name),
        ...idle,
        ...guests.flatMap(({ vms }) => vms.known),
      ],
      running: [...running.map(({ name }) => name), ...guests.flatMap(({ vms }) => vms.running)],
    },
  };
}

// A link that was not heard of in the last pass is answered by nobody knows whom.
function answerIn(
  leases: Leases,
  machine: string,
  namespace: string,
  link: string,
): LeaseAnswer | undefined {
  const device = namespace === "" ? machine : `${machine}/${namespace}`;
  const unknown = { kind: "open", why: "a link that has another name later" } as const;
  return leases ? (leases.get(leaseKey(device, link)) ?? unknown) : undefined;
}

// Why a machine that runs is not built, which leaves its host open.
function whyNotBuilt(
  { room }: World,
  linux: BuiltLinux["linux"],
  { name }: RunningDomain,
  above: readonly string[],
): string | null {
  if (above.includes(name)) return `The VM ${name} inside of itself`;
  if (above.length >= DEEPEST) return `A VM nested more than ${DEEPEST} deep`;
  if (linux.namespaces.has(name)) return `A VM with the name of the namespace ${name}`;
  if (room.left <= 0) return `More than ${MOST_GUESTS} VMs`;
  room.left--;
  return null;
}

// A virtual machine is a Linux machine of its own, whose ports are its cards.
function buildGuest(
  world: World,
  host: System,
  { linux, libvirt }: BuiltLinux,
  guest: RunningDomain,
  above: readonly string[],
): BuiltNode {
  const { name, cards } = guest;
  const system = { name: `${host.name}/${name}`, node: host.node, kind: "host" } as const;
  const ports = cards.map((card) => ({ name: card.name, mac: card.nic.mac, mtu: toldMtu(card) }));
  const byName = new Map(cards.map((card) => [card.name, card]));
  const leaseFor = (port: string) => libvirt!.leaseFor(guest, byName.get(port)!);
  const machine = { ports, runs: world.vms[name]?.runs ?? [], leaseFor };
  const files = filesBelow(`vms/${name}/`, world.files);
  const built = buildMachine(world, system, machine, files, [...above, name]);
  const cables = tapsOf(host, linux)
    .filter((tap) => tap.guest.machine === name)
    .flatMap(({ end, guest: { port } }): LinkSpec[] => {
      const inside = built.ports.get(port);
      return byName.get(port)?.isLinked && inside ? [{ a: end, b: inside }] : [];
    });
  // Where each card is now: it may have a new name, and stand in a namespace of the guest.
  const cardAt = new Map(
    cards.flatMap((card) => {
      const at = built.ports.get(card.name);
      return at ? [[`${at.node}:${at.port}`, card] as const] : [];
    }),
  );
  const devices = built.devices.map((device) => {
    const own = device.name === system.name ? taintsOf(guest.unsimulated) : [];
    return plugged(device, own, (port) => cardAt.get(`${device.name}:${port}`), host, linux);
  });
  return { ...built, devices, cables: [...cables, ...built.cables] };
}

// What <mtu> says, the card's driver is told, too (host_mtu of virtio).
function toldMtu({ plug }: Card): NonNullable<MachinePort["mtu"]> | null {
  if (plug.kind !== "tap" || !plug.link.mtuBecause) return null;
  return { size: plug.link.mtu, because: plug.link.mtuBecause };
}

// What a device's cards are plugged into, and what of that is not simulated.
function plugged(
  device: Device,
  own: readonly Taint[],
  cardIn: (port: string) => Card | undefined,
  host: System,
  linux: BuiltLinux["linux"],
): Device {
  const taints = device.ifaces.flatMap(({ name }) =>
    taintsOf(cardIn(name)?.unsimulated ?? [], name),
  );
  const ifaces = device.ifaces.map((iface) => {
    const card = cardIn(iface.name);
    return card ? onDevice(iface, card, host, linux) : iface;
  });
  return { ...tainted(device, [...own, ...taints]), ifaces };
}

// A share of one of the host's devices is no cable: the card stands on that device itself.
function onDevice(
  iface: Iface,
  { plug, isLinked }: Card,
  host: System,
  linux: BuiltLinux["linux"],
): Iface {
  if (plug.kind !== "direct" || !isLinked || !plug.link.up) return iface;
  const { parent } = plug;
  const isThere = linux.namespaces.get(parent.namespace)?.links.get(parent.name) === parent;
  if (!isThere) return iface;
  const { node: device, port } = endOf(host, parent);
  const mode = plug.mode === "passthrough" ? "passthru" : plug.mode;
  return { ...iface, layer: { kind: "shared", parent: { device, iface: port }, by: "mac", mode } };
}

function taintsOf(
  unsimulated: readonly { readonly what: string; readonly span: Span }[],
  iface: string | null = null,
): Taint[] {
  return unsimulated.map(({ what, span: because }) => ({ iface, what, because }));
}

function tainted(device: Device, taints: readonly Taint[]): Device {
  return { ...device, taints: [...device.taints, ...taints] };
}

const LAB: Span = { file: "lab.yaml", from: 0, to: 0 };

// A kind of device that is drawn but not simulated leaves everything that touches it undecided.
function drawnOnly({ kind, os }: NodeSpec): Taint[] {
  const isDrawn = kind === "controller" || (kind === "switch" && os === null);
  if (!isDrawn) return [];
  return [{ iface: null, what: `a ${kind}`, because: LAB }];
}

/** What may run on a machine and is simulated. */
const BUILT: ReadonlySet<string> = new Set(["docker", "libvirt", "ovs"]);

// What runs on a machine and is not simulated does so, too.
function unbuilt(runs: readonly string[]): Taint[] {
  return runs
    .filter((what) => !BUILT.has(what))
    .map((what) => ({ iface: null, what, because: LAB }));
}

// ---- files

// In the order of their names, so that the same files always make the same machine.
function filesBelow(folder: string, files: Files): NodeFiles {
  return Object.keys(files)
    .filter((path) => path.startsWith(folder))
    .sort()
    .map((path) => ({ path, text: files[path]! }));
}

const LANGUAGES: Readonly<Record<string, string>> = {
  ".ios": "Cisco IOS",
  ".sh": "a shell script",
  ".xml": "XML of libvirt",
  "compose.yaml": "a compose file",
  "compose.yml": "a compose file",
};

function wrongLanguage(
  machine: string,
  own: ".ios" | ".sh",
  runs: readonly string[],
  { path, text }: NodeFiles[number],
): Diagnostic[] {
  // Where Docker is not, its client says so.
  if (path.endsWith(own) || (own === ".sh" && isComposeFile(path))) return [];
  const span = { file: path, from: 0, to: text.length };
  const ending = Object.keys(LANGUAGES).find((one) => path.endsWith(one));
  if (!ending) return [diagnostic("unknown-file", span, { file: path })];
  if (own === ".sh" && ending === ".xml")
    return runs.includes("libvirt") ? [] : [diagnostic("libvirt-absent", span, { node: machine })];
  const where = `a ${own} file of ${machine}, which speaks ${LANGUAGES[own]}`;
  return [diagnostic("wrong-language", span, { language: LANGUAGES[ending]!, where })];
}

function unreadFiles({ libvirt }: BuiltLinux, files: NodeFiles): Diagnostic[] {
  const unread = new Set(libvirt?.unread().map(({ path }) => path));
  return files
    .filter(({ path }) => unread.has(path))
    .map(({ path, text }) =>
      diagnostic("unknown-file", { file: path, from: 0, to: text.length }, { file: path }),
    );
}
