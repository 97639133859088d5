import type { Device, Habits } from "../../model/device.ts";
import type { IosState } from "../../model/ios.ts";
import type { NodeSpec } from "../../model/topology.ts";
import { IosPorts } from "./ports.ts";

/** How IOS behaves where systems differ. */
const habits: Habits = {
  withdrawsOnCarrierLoss: true,
  weakHost: false,
  arpOnlyFromOwnNetworks: true,
  refusesMartians: false,
  routesStand: false,
  noRouteError: "host-unreachable",
  ttl: 255,
};

/** The device that a carried-out IOS configuration makes. `macs` gives the MAC address of each port. */
export function deviceFromIos(
  node: NodeSpec,
  state: IosState,
  macs: ReadonlyMap<string, string>,
): Device {
  const vrfs = [...state.vrfs.values()];
  const ports = new IosPorts(node.name, state, macs);
  return {
    name: node.name,
    node: node.name,
    kind: node.kind,
    tables: [
      { name: null, distinguisher: null, because: null },
      ...vrfs.map(({ name, rd, because }) => ({ name, distinguisher: rd, because })),
    ],
    ifaces: [
      ...ports.bridges(),
      ...[...state.ifaces.values()]
        .filter((iface) => iface.name !== "Null0")
        .map((iface) => ({
          name: iface.name,
          short: iface.short,
          ...ports.lower(iface),
          ownsNetworks: false,
          table: iface.vrf,
          disabledBecause: iface.downBecause,
          addresses: iface.addresses.all(),
          answersForItselfOnly: false,
          proxyArp: iface.proxyArp,
          sourceCheck: "none" as const,
          because: iface.because,
          tableBecause: iface.vrfBecause,
          losses: iface.losses,
        })),
    ],
    routes: state.routing.on ? state.routes.all() : ports.hostRoutes(),
    rules: null,
    filters: [],
    filtersBridged: false,
    forwards: state.routing,
    habits,
    listens: [],
    heardInVrfs: { tcp: true, udp: true },
    owns: [],
    taints: state.taints,
  };
}
