import { buildIos, canonical } from "./build/ios/build.ts";
import { deviceFromIos } from "./build/ios/device.ts";
import { deviceFromOutside } from "./build/outside.ts";
import { devicesFromLinux } from "./build/linux/devices.ts";
import { buildLinux } from "./build/shell/build.ts";
import { compile, type Compiled } from "./dataplane/compile.ts";
import type { TunnelEnd } from "./dataplane/layer2.ts";
import type { Device, Listener } from "./model/device.ts";
import { formatPrefix } from "./model/prefix.ts";
import type { LinkSpec, NodeSpec, PortRef, Topology } from "./model/topology.ts";
import { isComposeFile } from "./parse/compose/parse.ts";
import { parseIos } from "./parse/ios/parse.ts";
import { diagnostic, type Diagnostic } from "./source/diagnostic.ts";
import { tunnelsOf } from "./trace/tunnels.ts";
import type { Files, Span } from "./source/span.ts";

/** A network built from text, and everything there is to say about the text. */
export type Built = Compiled & { readonly diagnostics: readonly Diagnostic[] };

/**
 * Build the network that `files` configure on `topology`. Never fails on any text: what a device would refuse is a
 * diagnostic and changes nothing, what is not simulated taints its device. Same text, same network.
 */
export function buildNetwork(topology: Topology, files: Files, down: Down = NOTHING): Built {
  const ported = withFullNames(topology);
  const { macs, nextMac } = macsOf(ported);
  const remarks: (readonly Diagnostic[])[] = [];
  const devices = new Map<string, Device>();
  const inner: LinkSpec[] = [];
  const moved = new Map<string, PortRef>();
  for (const node of ported.nodes) {
    const built = buildNode(node, filesOf(node.name, files), macs.get(node.name)!, nextMac);
    for (const one of built.devices) {
      const device = { ...one, listens: [...one.listens, ...listenersAt(one, ported)] };
      devices.set(one.name, down.nodes.includes(node.name) ? lifeless(device) : device);
    }
    inner.push(...built.cables);
    for (const [port, now] of built.ports) moved.set(`${node.name}:${port}`, now);
    remarks.push(built.diagnostics);
  }
  const strays = strayFiles(ported, files);
  const now = (end: PortRef) => moved.get(`${end.node}:${end.port}`) ?? end;
  const live = ported.links
    .filter((_, index) => !down.links.includes(index))
    .map(({ a, b }) => ({ a: now(a), b: now(b) }));
  const compiled = settle({ ...ported, links: [...live, ...inner] }, devices);
  return {
    ...compiled,
    diagnostics: [...remarks, strays, absentRoutes(compiled)].flat(),
  };
}

/** Tunnels in tunnels are solved from the outside in; deeper than this nobody nests them. */
const DEEPEST_TUNNEL = 4;

// Which tunnels carry depends on the network below them, which may have tunnels itself.
function settle(topology: Topology, devices: ReadonlyMap<string, Device>): Compiled {
  let tunnels: readonly TunnelEnd[] = [];
  let compiled = compile(topology, devices, tunnels);
  for (let depth = 0; depth < DEEPEST_TUNNEL; depth++) {
    const next = tunnelsOf(compiled);
    if (JSON.stringify(next) === JSON.stringify(tunnels)) break;
    tunnels = next;
    compiled = compile(topology, devices, tunnels);
  }
  return compiled;
}

/** What is broken: whole nodes, and links by their index in the topology. */
export type Down = { readonly nodes: readonly string[]; readonly links: readonly number[] };

const NOTHING: Down = { nodes: [], links: [] };

function lifeless(device: Device): Device {
  const ifaces = device.ifaces.map((iface) => ({ ...iface, enabled: false, addresses: [] }));
  return { ...device, ifaces, routes: [], owns: [], forwards: { on: false, because: null } };
}

type NodeFiles = readonly { readonly path: string; readonly text: string }[];

/** What one node of the lab comes to: itself, what runs in it, and the cables in between. */
type BuiltNode = {
  readonly devices: readonly Device[];
  readonly cables: readonly LinkSpec[];
  /** Where the node's ports have gone, for those that have. */
  readonly ports: ReadonlyMap<string, PortRef>;
  readonly diagnostics: readonly Diagnostic[];
};

const ALONE = { cables: [], ports: new Map<string, PortRef>(), diagnostics: [] };

function buildNode(
  node: NodeSpec,
  files: NodeFiles,
  macs: ReadonlyMap<string, string>,
  nextMac: () => string,
): BuiltNode {
  if (node.kind === "outside") return { ...ALONE, devices: [deviceFromOutside(node, macs)] };
  const wrong = files.flatMap((file) => wrongLanguage(node, file));
  if (node.os === "ios") {
    const parsed = files
      .filter(({ path }) => path.endsWith(endingOf(node)))
      .map(({ path, text }) => parseIos(path, text));
    const built = buildIos(node.name, node.ports, parsed, node.kind);
    const device = deviceFromIos(node, built.state, macs);
    const diagnostics = [wrong, ...parsed.map((one) => one.diagnostics), built.diagnostics].flat();
    return { ...ALONE, devices: [tainted(device, node)], diagnostics };
  }
  const ports = node.ports.map(({ name }) => ({ name, mac: macs.get(name)! }));
  const { linux, diagnostics } = buildLinux({ ports, runs: node.runs }, files, nextMac);
  const { devices, cables, ports: moved } = devicesFromLinux(node, linux);
  return {
    devices: devices.map((device) => tainted(device, node)),
    cables,
    ports: moved,
    diagnostics: [wrong, diagnostics].flat(),
  };
}

function tainted(device: Device, node: NodeSpec): Device {
  return { ...device, taints: [...device.taints, ...unbuilt(node)] };
}

/** What may run on a node and is simulated. */
const BUILT: ReadonlySet<string> = new Set(["docker", "ovs"]);

// A kind of device that is drawn but not simulated leaves everything that touches it undecided.
function unbuilt(node: NodeSpec): Device["taints"] {
  const because: Span = { file: "lab.yaml", from: 0, to: 0 };
  if ((node.kind === "switch" && node.os === null) || node.kind === "controller")
    return [{ iface: null, what: `a ${node.kind}`, because }];
  return node.runs
    .filter((what) => !BUILT.has(what))
    .map((what) => ({ iface: null, what, because }));
}

function endingOf(node: NodeSpec): string {
  return node.os === "ios" ? ".ios" : ".sh";
}

// In the order of their names, so that the same files always make the same device.
function filesOf(node: string, files: Files): NodeFiles {
  return Object.keys(files)
    .filter((path) => path.startsWith(`${node}/`))
    .sort()
    .map((path) => ({ path, text: files[path]! }));
}

const LANGUAGES: Readonly<Record<string, string>> = {
  ".ios": "Cisco IOS",
  ".sh": "a shell script",
  "compose.yaml": "a compose file",
  "compose.yml": "a compose file",
};

function wrongLanguage(node: NodeSpec, { path, text }: NodeFiles[number]): Diagnostic[] {
  if (path.endsWith(endingOf(node))) return [];
  if (node.os === "linux" && isComposeFile(path)) return [];
  const span = { file: path, from: 0, to: text.length };
  const ending = Object.keys(LANGUAGES).find((one) => path.endsWith(one));
  if (!ending) return [diagnostic("unknown-file", span, { file: path })];
  const where = `a ${endingOf(node)} file of ${node.name}, which speaks ${LANGUAGES[endingOf(node)]}`;
  return [diagnostic("wrong-language", span, { language: LANGUAGES[ending]!, where })];
}

function strayFiles(topology: Topology, files: Files): Diagnostic[] {
  const names = new Set(topology.nodes.map((node) => node.name));
  return Object.keys(files)
    .sort()
    .filter((path) => !names.has(path.split("/")[0]!))
    .map((file) =>
      diagnostic("unknown-file", { file, from: 0, to: files[file]!.length }, { file }),
    );
}

function absentRoutes({ absent }: Compiled): Diagnostic[] {
  return [...absent.values()]
    .flat()
    .flatMap(({ route, why }) =>
      route.because
        ? [diagnostic("ios-route-absent", route.because, { to: formatPrefix(route.to), why })]
        : [],
    );
}

function listenersAt({ name, alsoCalled = [] }: Device, topology: Topology): Listener[] {
  return topology.services
    .filter((service) => service.at === name || alsoCalled.includes(service.at))
    .map(({ proto, port }) => ({ proto, port }));
}

// Devices know their interfaces by full names, so cables must, too.
function withFullNames(topology: Topology): Topology {
  const speaksIos = new Set(
    topology.nodes.filter((one) => one.os === "ios").map((one) => one.name),
  );
  const full = (node: string, port: string) => (speaksIos.has(node) ? canonical(port) : port);
  const named = ({ node, port }: PortRef) => ({ node, port: full(node, port) });
  return {
    ...topology,
    nodes: topology.nodes.map((node) => ({
      ...node,
      ports: node.ports.map((port) => ({ ...port, name: full(node.name, port.name) })),
    })),
    links: topology.links.map(({ a, b }) => ({ a: named(a), b: named(b) })),
  };
}

// A MAC nobody gave is 02:00:00:00:nn:01 and :02 for the ends of link nn, counted on for all others.
function macsOf(topology: Topology): {
  macs: Map<string, Map<string, string>>;
  nextMac: () => string;
} {
  const byEnd = new Map<string, string>();
  topology.links.forEach(({ a, b }, at) => {
    byEnd.set(`${a.node}:${a.port}`, macNumbered(at + 1, 1));
    byEnd.set(`${b.node}:${b.port}`, macNumbered(at + 1, 2));
  });
  let next = topology.links.length + 1;
  const nextMac = () => macNumbered(next++, 1);
  const macs = new Map(
    topology.nodes.map((node) => [
      node.name,
      new Map(
        node.ports.map((port) => [
          port.name,
          port.mac ?? byEnd.get(`${node.name}:${port.name}`) ?? nextMac(),
        ]),
      ),
    ]),
  );
  return { macs, nextMac };
}

function macNumbered(link: number, end: 1 | 2): string {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `02:00:00:${hex(link >> 8)}:${hex(link & 255)}:${hex(end)}`;
}
