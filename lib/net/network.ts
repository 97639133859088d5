import { canonical } from "./build/ios/build.ts";
import { buildNode, freshWorld, type BuiltNode } from "./build/machine.ts";
import { leasesOf } from "./dataplane/leases.ts";
import { withScarcity } from "./dataplane/scarcity.ts";
import { compile, type Compiled } from "./dataplane/compile.ts";
import type { TunnelEnd } from "./dataplane/layer2.ts";
import type { Device, Listener } from "./model/device.ts";
import type { Leases } from "./model/lease.ts";
import type { IosState } from "./model/ios.ts";
import { formatPrefix } from "./model/prefix.ts";
import type { LinkSpec, PortRef, Topology } from "./model/topology.ts";
import { diagnostic, type Diagnostic } from "./source/diagnostic.ts";
import { tunnelsOf } from "./trace/tunnels.ts";
import type { Files } from "./source/span.ts";

/** A network built from text, and everything there is to say about the text. */
export type Built = Compiled & {
  readonly diagnostics: readonly Diagnostic[];
  /** What the devices that show themselves were told, by node. */
  readonly consoles: ReadonlyMap<string, IosState>;
};

/**
 * Build the network that `files` configure on `topology`. Never fails on any text: what a device would refuse is a
 * diagnostic and changes nothing, what is not simulated taints its device. Same text, same network.
 */
export function buildNetwork(topology: Topology, files: Files, down: Down = NOTHING): Built {
  let leases: Leases = null;
  for (let pass = 0; ; pass++) {
    const built = buildOnce(topology, files, down, leases);
    const next: Leases = leasesOf(built.network);
    const isSettled = JSON.stringify([...(next ?? [])]) === JSON.stringify([...(leases ?? [])]);
    if (isSettled || pass > MOST_PASSES) return built;
    leases = pass < MOST_PASSES ? next : unsettled(next);
  }
}

/** Who is answered may depend on who was answered before; a lab that is not settled by then is left open. */
const MOST_PASSES = 3;

function unsettled(leases: Leases): Leases {
  const answer = { kind: "open", why: "answers that depend on each other" } as const;
  return new Map([...(leases ?? [])].map(([key]) => [key, answer]));
}

function buildOnce(topology: Topology, files: Files, down: Down, leases: Leases): Built {
  const ported = withFullNames(topology);
  const { macs, nextMac } = macsOf(ported);
  const remarks: (readonly Diagnostic[])[] = [];
  const devices = new Map<string, Device>();
  const inner: LinkSpec[] = [];
  const moved = new Map<string, PortRef>();
  const consoles = new Map<string, IosState>();
  const vms: BuiltNode["vms"][] = [];
  const world = freshWorld({ files, vms: ported.vms ?? {}, nextMac, leases });
  for (const node of ported.nodes) {
    const built = buildNode(world, node, macs.get(node.name)!);
    for (const one of built.devices) {
      const device = { ...one, listens: [...one.listens, ...listenersAt(one, ported)] };
      devices.set(one.name, down.nodes.includes(node.name) ? lifeless(device) : device);
    }
    inner.push(...built.cables);
    for (const [port, now] of built.ports) moved.set(`${node.name}:${port}`, now);
    remarks.push(built.diagnostics);
    if (built.console) consoles.set(node.name, built.console);
    vms.push(built.vms);
  }
  const strays = strayFiles(ported, files, vms);
  const now = (end: PortRef) => moved.get(`${end.node}:${end.port}`) ?? end;
  const live = ported.links
    .filter((_, index) => !down.links.includes(index))
    .map(({ a, b }) => ({ a: now(a), b: now(b) }));
  const compiled = settle({ ...ported, links: [...live, ...inner] }, withScarcity(devices));
  return {
    ...compiled,
    consoles,
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

function strayFiles(
  topology: Topology,
  files: Files,
  vms: readonly BuiltNode["vms"][],
): Diagnostic[] {
  const names = new Set(topology.nodes.map((node) => node.name));
  const running = new Set(vms.flatMap((one) => one.running));
  const known = new Set(vms.flatMap((one) => one.known));
  return Object.keys(files)
    .sort()
    .flatMap((file) => {
      const [top = "", vm = ""] = file.split("/");
      const span = { file, from: 0, to: files[file]!.length };
      if (names.has(top) || (top === "vms" && running.has(vm))) return [];
      return top === "vms" && known.has(vm)
        ? [diagnostic("vm-not-running", span, { vm })]
        : [diagnostic("unknown-file", span, { file })];
    });
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
    .filter(({ at }) => [name, ...alsoCalled].some((one) => one === at || one.endsWith(`/${at}`)))
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
