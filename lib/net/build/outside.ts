import type { Device } from "../model/device.ts";
import { contains, networkOf, parseIp, samePrefix, type Ip, type Prefix } from "../model/prefix.ts";
import type { NodeSpec } from "../model/topology.ts";

/**
 * The world outside, as an author described it: it answers for what it owns, on every port, and finds its way back
 * only to what it knows.
 */
export function deviceFromOutside(node: NodeSpec, macs: ReadonlyMap<string, string>): Device {
  const { address, owns, knows } = node.outside ?? {
    address: { ip: parseIp("0.0.0.0")!, length: 32 },
    owns: [],
    knows: [],
  };
  const port = node.ports[0]?.name ?? "";
  const net = networkOf(address.ip, address.length);
  return {
    name: node.name,
    node: node.name,
    kind: node.kind,
    tables: [{ name: null, distinguisher: null, because: null }],
    ifaces: node.ports.map(({ name }) => ({
      name,
      short: name,
      isPort: true,
      layer: { kind: "cable" },
      bridge: null,
      mac: macs.get(name) ?? "",
      ownsNetworks: false,
      table: null,
      enabled: true,
      disabledBecause: null,
      addresses: name === port ? [{ ...address, secondary: false, because: null }] : [],
      answersForItselfOnly: false,
      proxyArp: false,
      sourceCheck: "none",
      because: null,
      tableBecause: null,
      losses: [],
    })),
    routes: [net, ...knows.filter((one) => !samePrefix(one, net))].map((to) => ({
      table: null,
      connected: to === net,
      to,
      iface: port,
      gateway:
        contains(net, to.first) && to.length >= net.length ? null : otherEnd(net, address.ip),
      gatewayTable: null,
      action: "forward",
      distance: 0,
      metric: 0,
      source: address.ip,
      because: null,
    })),
    rules: null,
    filters: [],
    filtersBridged: false,
    forwards: { on: false, because: null },
    habits: {
      withdrawsOnCarrierLoss: false,
      weakHost: true,
      arpOnlyFromOwnNetworks: false,
      refusesMartians: false,
      routesStand: true,
      noRouteError: "net-unreachable",
      ttl: 64,
    },
    listens: [],
    heardInVrfs: { tcp: true, udp: true },
    owns,
    taints: [],
  };
}

// The neighbour on a link of two addresses; elsewhere the outside asks for each address itself.
function otherEnd(net: Prefix, own: Ip): Ip | null {
  if (net.length === 31) return ((own ^ 1) >>> 0) as Ip;
  if (net.length !== 30) return null;
  return (net.first + (own === net.first + 1 ? 2 : 1)) as Ip;
}
