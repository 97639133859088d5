import type {
  BridgePort,
  Device,
  Habits,
  Iface,
  IfaceLayer,
  RoutingRule,
  WrittenMac,
  WrittenRoute,
} from "../../model/device.ts";
import type { GuestPort, LinuxLink } from "../../model/linux/link.ts";
import { mtuOf } from "../../model/linux/mtu.ts";
import type { Namespace } from "../../model/linux/namespace.ts";
import type { LinuxRoute } from "../../model/linux/routes.ts";
import type { LinuxNode } from "../../model/linux/node.ts";
import { DEFAULT, LOCAL, MAIN, type LinuxRule } from "../../model/linux/rules.ts";
import type { Guard } from "../../model/network.ts";
import { lastOf, type Prefix } from "../../model/prefix.ts";
import { maskedRanges, merged } from "../../model/ranges.ts";
import type { LinkSpec, NodeKind, PortRef } from "../../model/topology.ts";
import { BARE, switchesOf, type Switching } from "./switches.ts";

/** How Linux behaves where systems differ (kernel 6.1, its defaults). */
const habits: Habits = {
  withdrawsOnCarrierLoss: false,
  weakHost: true,
  arpOnlyFromOwnNetworks: false,
  refusesMartians: true,
  routesStand: true,
  noRouteError: "net-unreachable",
  ttl: 64,
};

/** A Linux system by name, `hv1/web`, and the node of the lab that it is or runs on. */
export type System = { readonly name: string; readonly node: string; readonly kind: NodeKind };

/** The devices that a Linux system is, one for each namespace, the cables between them that are veth pairs, and its ports. */
export function devicesFromLinux(
  node: System,
  linux: LinuxNode,
): { devices: Device[]; cables: LinkSpec[]; ports: Map<string, PortRef> } {
  const devices = [...linux.namespaces.values()].map((namespace) => deviceOf(node, namespace));
  const cables = pairsOf(node, linux);
  if (linux.switches.size === 0) return { devices, cables, ports: portsOf(node, linux) };
  const switching = switchesOf(node.name, linux);
  return {
    devices: devices.map((device) => switched(device, node, switching)),
    cables: [...cables, ...switching.patches],
    ports: portsOf(node, linux),
  };
}

// With its virtual switches: links that are their ports belong to them, whatever else was said of them.
function switched(device: Device, node: System, it: Switching): Device {
  const macs = new Map(
    [...it.macs].map(([link, mac]) => [`${deviceName(node, link.namespace)}:${link.name}`, mac]),
  );
  const isHome = device.name === node.name;
  const ifaces = device.ifaces.map((iface) => {
    const port = isHome ? it.ports.get(iface.name) : undefined;
    const mac = macs.get(`${device.name}:${iface.name}`) ?? iface.mac;
    if (!port) return { ...iface, mac };
    return { ...iface, bridge: { name: port.bridge, port: BARE, because: port.because } };
  });
  if (!isHome) return { ...device, ifaces };
  return { ...device, ifaces: [...ifaces, ...it.ifaces], switches: it.switches };
}

// Where each port of the machine is now: it may have been renamed, and moved into a namespace.
function portsOf(node: System, linux: LinuxNode): Map<string, PortRef> {
  return new Map(
    [...linux.links()].flatMap((link) =>
      link.kind.kind === "port" ? [[link.kind.port, endOf(node, link)] as const] : [],
    ),
  );
}

/** Under this address a VXLAN keeps where floods are sent. */
const NO_MAC = "00:00:00:00:00:00";

function deviceName(node: System, namespace: string): string {
  return namespace === "" ? node.name : `${node.name}/${namespace}`;
}

function pairsOf(node: System, linux: LinuxNode): LinkSpec[] {
  const seen = new Set<LinuxLink>();
  return [...linux.links()].flatMap((link): LinkSpec[] => {
    const peer = link.kind.kind === "veth" ? link.kind.peer : null;
    if (!peer || seen.has(peer)) return [];
    seen.add(link);
    return [{ a: endOf(node, link), b: endOf(node, peer) }];
  });
}

/** Which links of the system are the other ends of its guests' cables. */
export function tapsOf(
  node: System,
  linux: LinuxNode,
): { readonly end: PortRef; readonly guest: GuestPort }[] {
  return [...linux.links()].flatMap((link) =>
    link.kind.kind === "tap" && link.kind.guest
      ? [{ end: endOf(node, link), guest: link.kind.guest }]
      : [],
  );
}

/** A link by the names of its device and interface. */
export function endOf(node: System, link: LinuxLink): PortRef {
  return { node: deviceName(node, link.namespace), port: link.name };
}

function deviceOf(node: System, namespace: Namespace): Device {
  const name = deviceName(node, namespace.name);
  const vrfs = [...namespace.links.values()].filter((link) => link.kind.kind === "vrf");
  const tables = new Map(
    vrfs.map((link) => [link.kind.kind === "vrf" ? link.kind.table : 0, link.name]),
  );
  const named = (table: number) =>
    table === MAIN ? null : (tables.get(table) ?? `table ${table}`);
  return {
    name,
    node: node.node,
    kind: node.kind,
    tables: [
      { name: null, distinguisher: null, because: null },
      ...vrfs.map((link) => ({ name: link.name, distinguisher: null, because: link.because })),
    ],
    ifaces: [...namespace.links.values()].map((link) => ifaceOf(node, link, namespace)),
    routes: [...namespace.tables].flatMap(([id, table]) =>
      table.all().flatMap((route) => routesOf(route, named(id))),
    ),
    rules: isPlain(namespace.rules) ? null : namespace.rules.map((rule) => ruleOf(rule, named)),
    filters: namespace.filters,
    filtersBridged: namespace.filtersBridged.on,
    ...labelsOf(namespace),
    forwards: namespace.forwards,
    habits,
    listens: namespace.listens,
    relays: namespace.relays,
    names: namespace.names,
    alsoCalled: namespace.alsoCalled.map((one) => deviceName(node, one)),
    heardInVrfs: namespace.heardInVrfs,
    owns: [],
    taints: namespace.taints,
  };
}

// A label whose link is gone is known no more. Who has none and takes none knows nothing of them.
function labelsOf({ labels, links }: Namespace): Pick<Device, "labels"> {
  const routes = labels.all().filter(({ link }) => links.has(link));
  if (routes.length === 0 && ![...links.values()].some((link) => link.takesLabels)) return {};
  return { labels: routes.map(({ link, ...route }) => ({ ...route, iface: link })) };
}

// The rules that every namespace begins with choose nothing that one table could not.
function isPlain(rules: readonly LinuxRule[]): boolean {
  const tables = rules.map((rule) => (rule.action.kind === "lookup" ? rule.action.table : -1));
  return (
    tables.join() === [LOCAL, MAIN, DEFAULT].join() && rules.every((rule) => rule.because === null)
  );
}

function ruleOf(rule: LinuxRule, named: (table: number) => string | null): RoutingRule {
  const { action } = rule;
  return {
    guard: guardOf(rule),
    not: rule.not,
    from: rule.iif === "lo" ? "own" : rule.iif,
    action:
      action.kind === "vrf"
        ? { kind: "vrf" }
        : action.kind !== "lookup"
          ? { kind: "refuse", how: action.kind === "blackhole" ? "discard" : action.kind }
          : action.table === LOCAL
            ? { kind: "own-addresses" }
            : { kind: "lookup", table: named(action.table) },
    because: rule.because,
  };
}

function guardOf({ from, to, mark, proto, dport, sport }: LinuxRule): Guard {
  const range = (prefix: Prefix) => [[prefix.first, lastOf(prefix)] as const];
  return {
    ...(to && { dst: range(to) }),
    ...(from && { src: range(from) }),
    ...(mark && { mark: merged(maskedRanges(mark.value, mark.mask)) }),
    ...(proto !== null && { proto: [[proto, proto]] as const }),
    ...(sport && { sport: [sport] }),
    ...(dport && { dport: [dport] }),
  };
}

function ifaceOf(node: System, link: LinuxLink, namespace: Namespace): Iface {
  const { master, settings } = link;
  // ip-sysctl.rst: the larger of conf/all and conf/<link> is used, so 2 (loose) wins over 1 (strict).
  const check = Math.max(namespace.all.rpFilter, settings.rpFilter);
  const layer = layerOf(node, link);
  const { mtu, because: mtuBecause } = mtuOf(link, namespace.links.values());
  return {
    name: link.name,
    neighbors: [...link.neighbors].map(([ip, one]) => ({ ip, ...one })),
    ignoredWhenDead: Math.max(namespace.all.ignoreDead, settings.ignoreDead) > 0,
    losesAll: link.queues.root?.loses === 100 ? link.queues.root.because : null,
    mtu,
    mtuBecause,
    short: link.name,
    isPort: layer.kind !== "nothing" && layer.kind !== "vrf",
    layer,
    bridge:
      master?.kind.kind === "bridge"
        ? {
            name: master.name,
            port: portOf(link, writtenIn(master)),
            because: link.masterBecause,
          }
        : null,
    mac: link.mac,
    ownsNetworks: link.kind.kind === "loopback",
    table: link.kind.kind === "vrf" ? link.name : master?.kind.kind === "vrf" ? master.name : null,
    enabled: link.up,
    disabledBecause: link.up ? null : link.changed,
    addresses: link.addresses.all(),
    ...(namespace.asks.has(link) && { asksForAddress: namespace.asks.get(link)! }),
    answersForItselfOnly: Math.max(namespace.all.arpIgnore, settings.arpIgnore) > 0,
    proxyArp: Math.max(namespace.all.proxyArp, settings.proxyArp) > 0,
    takesLabels: link.takesLabels,
    sourceCheck: check >= 2 ? "loose" : check === 1 ? "strict" : "none",
    because: link.changed ?? link.addresses.first()?.because ?? link.because,
    tableBecause: link.masterBecause,
    losses: link.losses.map((loss) => ({
      ...loss,
      why: loss.why === "moved" ? "deleted" : loss.why,
    })),
  };
}

function layerOf(node: System, link: LinuxLink): IfaceLayer {
  const { kind } = link;
  const parentOf = (parent: LinuxLink) => ({
    device: deviceName(node, parent.namespace),
    iface: parent.name,
  });
  switch (kind.kind) {
    case "port":
    case "veth":
      return { kind: "cable" };
    case "bridge":
      return {
        kind: "bridge",
        vlanAware: kind.vlanAware,
        own: portOf(link, []),
        written: writtenIn(link),
      };
    case "vlan":
      return { kind: "tagged", parent: parentOf(kind.parent), vlan: kind.id };
    case "macvlan":
      return { kind: "shared", parent: parentOf(kind.parent), by: "mac", mode: kind.mode };
    case "ipvlan":
      return {
        kind: "shared",
        parent: parentOf(kind.parent),
        by: "address",
        mode: "bridge",
        ...(kind.mode !== "l2" && { routed: { filtered: kind.mode === "l3s" } }),
      };
    case "vrf":
      return { kind: "vrf" };
    case "vxlan": {
      const { vni, port, local, learning, fdb, remote } = kind;
      const entries = fdb.map((one) => ({ ...one, mac: one.mac === NO_MAC ? null : one.mac }));
      const first = remote === null ? [] : [{ mac: null, remote, because: link.because }];
      return {
        kind: "tunnel",
        home: deviceName(node, kind.home),
        vni,
        port,
        local,
        learning,
        remotes: [...first, ...entries],
      };
    }
    case "internal":
      return { kind: "switched", home: node.name, switch: kind.switch, port: kind.port };
    case "loopback":
    case "dummy":
    case "stand-in":
      return { kind: "nothing" };
    case "tap":
      return { kind: kind.guest ? "cable" : "nothing" };
  }
}

// B9: `permanent` entries are the bridge's own; the others are addresses at the port (br_fdb_add).
function writtenIn({ kind }: LinuxLink): WrittenMac[] {
  if (kind.kind !== "bridge") return [];
  return kind.fixed.map(({ mac, port, vlan, how, because }) => ({
    mac,
    port: how === "local" ? null : port.name,
    vlan: kind.vlanAware ? vlan : null,
    stays: how !== "static",
    because,
  }));
}

function portOf(
  { name, vlans, bridgePort }: LinuxLink,
  written: readonly WrittenMac[],
): BridgePort {
  const { locked, ...port } = bridgePort;
  if (!locked) return { vlans, ...port };
  return { vlans, ...port, admits: written.filter((one) => one.port === name) };
}

function routesOf(route: LinuxRoute, table: string | null): WrittenRoute[] {
  const { to, metric, source, because, type } = route;
  const common = {
    table,
    connected: route.proto === "kernel",
    to,
    gatewayTable: null,
    distance: 0,
    metric,
    source,
    because,
  };
  if (type !== "unicast")
    return [
      { ...common, iface: null, gateway: null, action: type === "blackhole" ? "discard" : type },
    ];
  const live = route.hops.filter((hop) => !hop.isDead);
  return live.map(({ link, gateway, isOwn, labels }) => ({
    ...common,
    ...(labels.length > 0 && { labels }),
    iface: link,
    gateway: isOwn ? null : gateway,
    action: "forward",
  }));
}
