import { buildIos, canonical } from "./build/ios/build.ts";
import { deviceFromIos } from "./build/ios/device.ts";
import { deviceFromOutside } from "./build/outside.ts";
import { buildLinux } from "./build/shell/build.ts";
import { deviceFromLinux } from "./build/shell/device.ts";
import { compile, type Compiled } from "./dataplane/compile.ts";
import type { Device, Listener } from "./model/device.ts";
import { formatPrefix } from "./model/prefix.ts";
import type { NodeSpec, PortRef, Topology } from "./model/topology.ts";
import { parseIos } from "./parse/ios/parse.ts";
import { parseShell } from "./parse/shell/lex.ts";
import { diagnostic, type Diagnostic } from "./source/diagnostic.ts";
import type { Files, Span } from "./source/span.ts";

/** A network built from text, and everything there is to say about the text. */
export type Built = Compiled & { readonly diagnostics: readonly Diagnostic[] };

/**
 * Build the network that `files` configure on `topology`. Never fails on any text: what a device would refuse is a
 * diagnostic and changes nothing, what is not simulated taints its device. Same text, same network.
 */
export function buildNetwork(topology: Topology, files: Files, down: Down = NOTHING): Built {
  const ported = withFullNames(topology);
  const macs = macsOf(ported);
  const remarks: (readonly Diagnostic[])[] = [];
  const devices = new Map<string, Device>();
  for (const node of ported.nodes) {
    const built = buildNode(node, filesOf(node.name, files), macs.get(node.name)!);
    const device = { ...built.device, listens: listenersAt(node.name, ported) };
    devices.set(node.name, down.nodes.includes(node.name) ? lifeless(device) : device);
    remarks.push(built.diagnostics);
  }
  const strays = strayFiles(ported, files);
  const live = ported.links.filter((_, index) => !down.links.includes(index));
  const compiled = compile({ ...ported, links: live }, devices);
  return {
    ...compiled,
    diagnostics: [...remarks, strays, absentRoutes(compiled)].flat(),
  };
}

/** What is broken: whole nodes, and links by their index in the topology. */
export type Down = { readonly nodes: readonly string[]; readonly links: readonly number[] };

const NOTHING: Down = { nodes: [], links: [] };

function lifeless(device: Device): Device {
  const ifaces = device.ifaces.map((iface) => ({ ...iface, enabled: false, addresses: [] }));
  return { ...device, ifaces, routes: [], owns: [], forwards: { on: false, because: null } };
}

type NodeFiles = readonly { readonly path: string; readonly text: string }[];

function buildNode(
  node: NodeSpec,
  files: NodeFiles,
  macs: ReadonlyMap<string, string>,
): { device: Device; diagnostics: Diagnostic[] } {
  if (node.kind === "outside") return { device: deviceFromOutside(node, macs), diagnostics: [] };
  const taken = files.filter(({ path }) => path.endsWith(endingOf(node)));
  const wrong = files.flatMap((file) => wrongLanguage(node, file));
  if (node.os === "ios") {
    const parsed = taken.map(({ path, text }) => parseIos(path, text));
    const built = buildIos(node.name, node.ports, parsed);
    const device = deviceFromIos(node, built.state, macs);
    const diagnostics = [wrong, ...parsed.map((one) => one.diagnostics), built.diagnostics].flat();
    return { device: { ...device, taints: [...device.taints, ...unbuilt(node)] }, diagnostics };
  }
  const parsed = taken.map(({ path, text }) => parseShell(path, text));
  const ports = node.ports.map(({ name }) => ({ name, mac: macs.get(name)! }));
  const built = buildLinux(ports, parsed);
  const diagnostics = [wrong, ...parsed.map((one) => one.diagnostics), built.diagnostics].flat();
  const device = deviceFromLinux(node, built.state);
  return { device: { ...device, taints: [...device.taints, ...unbuilt(node)] }, diagnostics };
}

// A kind of device that is drawn but not simulated leaves everything that touches it undecided.
function unbuilt(node: NodeSpec): Device["taints"] {
  const because: Span = { file: "lab.yaml", from: 0, to: 0 };
  if (node.kind === "switch" || node.kind === "controller")
    return [{ iface: null, what: `a ${node.kind}`, because }];
  return node.runs.map((what) => ({ iface: null, what, because }));
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
};

function wrongLanguage(node: NodeSpec, { path, text }: NodeFiles[number]): Diagnostic[] {
  if (path.endsWith(endingOf(node))) return [];
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

function listenersAt(node: string, topology: Topology): Listener[] {
  return topology.services
    .filter((service) => service.at === node)
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

// A MAC nobody gave is 02:00:00:00:nn:01 and :02 for the ends of link nn, counted on for ports without a cable.
function macsOf(topology: Topology): Map<string, Map<string, string>> {
  const byEnd = new Map<string, string>();
  topology.links.forEach(({ a, b }, at) => {
    byEnd.set(`${a.node}:${a.port}`, macNumbered(at + 1, 1));
    byEnd.set(`${b.node}:${b.port}`, macNumbered(at + 1, 2));
  });
  let next = topology.links.length + 1;
  return new Map(
    topology.nodes.map((node) => [
      node.name,
      new Map(
        node.ports.map((port) => [
          port.name,
          port.mac ?? byEnd.get(`${node.name}:${port.name}`) ?? macNumbered(next++, 1),
        ]),
      ),
    ]),
  );
}

function macNumbered(link: number, end: 1 | 2): string {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `02:00:00:${hex(link >> 8)}:${hex(link & 255)}:${hex(end)}`;
}
