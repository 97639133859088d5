import type { Device, Iface } from "../model/device.ts";
import { LARGEST, type Guard, type Range } from "../model/network.ts";
import { contains, isLoopback, networkOf, type Ip } from "../model/prefix.ts";
import { difference, merged } from "../model/ranges.ts";
import { sweep } from "./sweep.ts";

/**
 * N1: which packets' next hop is asked for by someone who is heeded, as guards that no packet fits twice. A packet of a
 * weak host's own is asked for in the name of its source. Any other in the name of the first address of the interface
 * that lies with the next hop, else of the first there is.
 */
export function heededPackets(
  device: Device,
  iface: Iface,
  gateway: Ip | null,
  isOwn: boolean,
  heeds: (sender: Ip) => boolean,
): Guard[] {
  const spoken = spokenFor(device, iface, gateway, heeds);
  if (!isOwn || !device.habits.weakHost) return spoken;
  const sources = merged(ownAddresses(device, iface.table).map((ip): Range => [ip, ip]));
  const heeded = merged(
    ownAddresses(device, iface.table).flatMap((ip): Range[] => (heeds(ip) ? [[ip, ip]] : [])),
  );
  const others = difference([[0, LARGEST.src]], sources);
  return [
    ...(heeded.length > 0 ? [{ src: heeded }] : []),
    ...spoken.map((guard) => ({ ...guard, src: others })),
  ];
}

// What the interface asks for in its own name: one address speaks for a gateway, several may for the neighbours.
function spokenFor(
  device: Device,
  iface: Iface,
  gateway: Ip | null,
  heeds: (sender: Ip) => boolean,
): Guard[] {
  const { addresses } = iface;
  const fallback = addresses[0]?.ip ?? borrowed(device, iface);
  if (gateway !== null) {
    const near = addresses.find((one) => contains(networkOf(one.ip, one.length), gateway));
    return heeds(near?.ip ?? fallback) ? [{}] : [];
  }
  const nets = sweep(
    addresses.map(({ ip, length }) => ({ ip, prefix: networkOf(ip, length) })),
    "first",
  );
  const rest = difference(
    [[0, LARGEST.dst]],
    nets.map(({ low, high }): Range => [low, high]),
  );
  const dst = merged([
    ...nets.flatMap(({ low, high, item }): Range[] => (heeds(item.ip) ? [[low, high]] : [])),
    ...(heeds(fallback) ? rest : []),
  ]);
  return dst.length > 0 ? [{ dst }] : [];
}

// A weak host without an address on the interface borrows one; others ask in nobody's name.
function borrowed(device: Device, iface: Iface): Ip {
  return (device.habits.weakHost ? ownAddresses(device, iface.table)[0] : null) ?? (0 as Ip);
}

function ownAddresses(device: Device, table: string | null): Ip[] {
  return device.ifaces
    .filter((one) => one.table === table)
    .flatMap((one) => one.addresses.map(({ ip }) => ip))
    .filter((ip) => !isLoopback(ip));
}
