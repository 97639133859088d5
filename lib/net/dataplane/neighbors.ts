import type { Device, Iface, IfaceAddress } from "../model/device.ts";
import { macNumber, type Range, type ResolveRow } from "../model/network.ts";
import { contains, networkOf, type Ip } from "../model/prefix.ts";
import type { PortRef } from "../model/topology.ts";
import type { Entry, Fib } from "./fib.ts";
import { sweep } from "./sweep.ts";

/** What the tables need to know of a device that may answer an ARP request. */
export type Answerer = {
  readonly device: Device;
  readonly iface: Iface;
  readonly fib: Fib;
};

/**
 * Who answers on the far end of a cable when `sender` asks, for every address: rows whose `dst` is the address asked
 * for (RFC 826; rules N1 to N4 of SPEC.md). The far end must hear the question and its answer must come back, which
 * on one cable between live ports is the same.
 */
export function answersFrom(far: Answerer, sender: Ip): ResolveRow[] {
  if (!heeds(far, sender)) return [];
  const port: PortRef = { node: far.device.name, port: far.iface.name };
  const dmac = macNumber(far.iface.mac);
  const own = ownAddresses(far).map(({ low, high, because }): ResolveRow => ({
    guard: { dst: [[low, high]] },
    dmac,
    answeredBy: port,
    proxy: false,
    because: because ? [because] : [],
  }));
  const proxied = far.iface.proxyArp && far.device.forwards.on ? proxies(far, port, dmac) : [];
  return [...own, ...proxied];
}

// N2, N3: some heed only senders of their own networks; none heeds a sender that has their own address.
function heeds({ device, iface, fib }: Answerer, sender: Ip): boolean {
  if (device.ifaces.some((one) => one.addresses.some((address) => address.ip === sender)))
    return !device.habits.refusesMartians && !iface.addresses.some(({ ip }) => ip === sender);
  if (device.habits.arpOnlyFromOwnNetworks)
    return iface.addresses.some(({ ip, length }) => contains(networkOf(ip, length), sender));
  if (iface.sourceCheck === "none") return true;
  return acceptedSources(fib, iface).some(([low, high]) => sender >= low && sender <= high);
}

function ownAddresses({
  device,
  iface,
}: Answerer): { low: Ip; high: Ip; because: IfaceAddress["because"] }[] {
  const ifaces = device.habits.weakHost
    ? device.ifaces.filter((one) => one.table === iface.table && !isLoopback(one))
    : [iface];
  const addresses = ifaces.flatMap((one) => one.addresses);
  return [
    ...addresses.map(({ ip, because }) => ({ low: ip, high: ip, because })),
    ...device.owns.map((prefix) => ({
      low: prefix.first,
      high: (prefix.first + 2 ** (32 - prefix.length) - 1) as Ip,
      because: null,
    })),
  ];
}

// A loopback network is never answered for on a cable (RFC 1122 §3.2.1.3).
function isLoopback(iface: Iface): boolean {
  return !iface.isPort && iface.addresses.some(({ length }) => length === 8);
}

// N4, RFC 1027: a proxy answers for what its table sends out by another interface.
function proxies({ iface, fib }: Answerer, answeredBy: PortRef, dmac: number): ResolveRow[] {
  return sweep(fib.entries).flatMap(({ low, high, item }): ResolveRow[] => {
    if (item.action.kind !== "send" || item.action.ways.some((way) => way.iface === iface.name))
      return [];
    return [
      { guard: { dst: [[low, high]] }, dmac, answeredBy, proxy: true, because: item.because },
    ];
  });
}

/**
 * The sources that a reverse path check lets in by `iface` (RFC 3704): those whose way back leaves by it when the
 * check is strict, those with any way back when it is loose.
 */
export function acceptedSources(fib: Fib, iface: Iface): Range[] {
  const leavesBy = (entry: Entry) =>
    entry.action.kind === "send" &&
    (iface.sourceCheck === "loose" || entry.action.ways.some((way) => way.iface === iface.name));
  return merge(
    sweep(fib.entries).flatMap(({ low, high, item }): Range[] =>
      leavesBy(item) ? [[low, high]] : [],
    ),
  );
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [low, high] of ranges) {
    const last = merged.at(-1);
    if (last && last[1] + 1 === low) last[1] = high;
    else merged.push([low, high]);
  }
  return merged;
}
