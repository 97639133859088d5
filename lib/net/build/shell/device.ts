import type { Device, Habits, Iface, WrittenRoute } from "../../model/device.ts";
import type { LinuxRoute } from "../../model/linux-routes.ts";
import type { LinuxLink, LinuxState } from "../../model/linux.ts";
import type { NodeSpec } from "../../model/topology.ts";

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

/** The device that a Linux system is after its commands. */
export function deviceFromLinux(node: NodeSpec, state: LinuxState): Device {
  return {
    name: node.name,
    kind: node.kind,
    tables: [{ name: null, distinguisher: null, because: null }],
    ifaces: [...state.links.values()].map((link) => ifaceOf(link, state)),
    routes: state.routes.all().flatMap(routesOf),
    forwards: state.forwards,
    habits,
    listens: [],
    owns: [],
    taints: state.taints,
  };
}

function ifaceOf(link: LinuxLink, state: LinuxState): Iface {
  // ip-sysctl.rst: the larger of conf/all and conf/<link> is used, so 2 (loose) wins over 1 (strict).
  const check = Math.max(state.rpFilterAll, link.rpFilter);
  return {
    name: link.name,
    short: link.name,
    isPort: link.isPort,
    mac: link.mac,
    ownsNetworks: link.name === "lo",
    table: null,
    enabled: link.up,
    disabledBecause: link.up ? null : link.changed,
    addresses: link.addresses.all(),
    proxyArp: state.proxyArpAll || link.proxyArp,
    sourceCheck: check >= 2 ? "loose" : check === 1 ? "strict" : "none",
    because: link.changed ?? link.addresses.first()?.because ?? null,
    tableBecause: null,
    losses: link.losses,
  };
}

function routesOf(route: LinuxRoute): WrittenRoute[] {
  const { to, metric, source, because, type } = route;
  const common = {
    table: null,
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
      {
        ...common,
        iface: null,
        gateway: null,
        action: type === "blackhole" ? "discard" : type,
      },
    ];
  const live = route.hops.filter((hop) => !hop.isDead);
  return live.map(({ link, gateway, isOwn }) => ({
    ...common,
    iface: link,
    gateway: isOwn ? null : gateway,
    action: "forward",
  }));
}
