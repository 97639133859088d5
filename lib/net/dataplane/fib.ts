import type { Device, Iface, Refusing, WrittenRoute } from "../model/device.ts";
import {
  contains,
  formatPrefix,
  lastOf,
  networkOf,
  parsePrefix,
  type Ip,
  type Prefix,
} from "../model/prefix.ts";
import type { Span } from "../source/span.ts";
import { resolveRoutes, type Absent } from "./recursion.ts";

/** What one routing table of a device decides by: for each prefix, what to do. No prefix has two entries. */
export type Fib = { readonly table: string | null; readonly entries: readonly Entry[] };

export type Entry = {
  readonly prefix: Prefix;
  readonly source: "own" | "broadcast" | "multicast" | "connected" | "written";
  readonly action: Action;
  readonly because: readonly Span[];
};

export type Action =
  | { readonly kind: "receive" }
  | { readonly kind: "send"; readonly ways: readonly Way[] }
  | { readonly kind: "refuse"; readonly how: Refusing };

/** One next hop; `gateway` is `null` when the destination is a neighbour itself. */
export type Way = {
  readonly iface: string;
  readonly gateway: Ip | null;
  readonly source: Ip | null;
};

/** Whether an interface works: it is enabled and, where it has a cable, there is a live port at the other end. */
export type Working = (device: string, iface: string) => boolean;

/** The tables of `device`. Rules F1 to F8 of SPEC.md. */
export function fibsOf(device: Device, working: Working): { fibs: Fib[]; absent: Absent[] } {
  const usable = device.ifaces.filter((iface) =>
    device.habits.withdrawsOnCarrierLoss ? working(device.name, iface.name) : iface.enabled,
  );
  const own = ownEntries(device, usable);
  const { installed, absent } = device.habits.routesStand
    ? { installed: standing(device), absent: [] }
    : resolved(device, usable);
  const tables = new Map(device.tables.map(({ name }) => [name, new Map<string, Entry>()]));
  // What is the device's own wins over what was written for the same prefix.
  for (const { table, entry } of [...own, ...installed]) {
    const key = formatPrefix(entry.prefix);
    const entries = tables.get(table);
    if (entries && !entries.has(key)) entries.set(key, entry);
  }
  const fibs = [...tables].map(([table, entries]) => ({ table, entries: [...entries.values()] }));
  return { fibs, absent };
}

type Placed = { readonly table: string | null; readonly entry: Entry };

const everyHost = parsePrefix("224.0.0.1/32")!;
const everyone = parsePrefix("255.255.255.255/32")!;

// F2, F3: the device's own addresses, and the broadcasts of the networks it is in.
function ownEntries(device: Device, usable: readonly Iface[]): Placed[] {
  const weak = device.habits.weakHost;
  const inUse = new Set(usable);
  const addresses = (weak ? device.ifaces : usable).flatMap((iface) =>
    iface.addresses.map((address) => ({ iface, address })),
  );
  const own = addresses.map(({ iface, address }): Placed => {
    const length = iface.ownsNetworks ? address.length : 32;
    return {
      table: iface.table,
      entry: {
        prefix: networkOf(address.ip, length),
        source: "own",
        action: { kind: "receive" },
        because: spans(address.because),
      },
    };
  });
  const broadcasts = addresses
    .filter(({ iface, address }) => inUse.has(iface) && iface.isPort && address.length < 31)
    .flatMap(({ iface, address }) => {
      const net = networkOf(address.ip, address.length);
      const ends = weak ? [lastOf(net)] : [net.first, lastOf(net)];
      return ends.map((ip): Placed => ({
        table: iface.table,
        entry: {
          prefix: networkOf(ip, 32),
          source: "broadcast",
          action: { kind: "receive" },
          because: spans(address.because),
        },
      }));
    });
  const always = device.tables.flatMap(({ name }): Placed[] => [
    { table: name, entry: receive(everyHost, "multicast") },
    { table: name, entry: receive(everyone, "broadcast") },
    ...device.owns.map((prefix) => ({ table: name, entry: receive(prefix, "own") })),
  ]);
  return [...own, ...broadcasts, ...always];
}

function receive(prefix: Prefix, source: Entry["source"]): Entry {
  return { prefix, source, action: { kind: "receive" }, because: [] };
}

// F5: routes that their system let in stand as they are; of one prefix the lowest metric, the first of equals.
function standing(device: Device): Placed[] {
  const best = new Map<string, WrittenRoute[]>();
  for (const route of device.routes) {
    const key = `${route.table ?? ""} ${formatPrefix(route.to)}`;
    const rivals = best.get(key);
    const first = rivals?.[0];
    if (!first || route.metric < first.metric) best.set(key, [route]);
    // The next hops of one route share its line; another route to the same prefix comes after it and is not used.
    else if (route.metric === first.metric && route.because === first.because) rivals!.push(route);
  }
  return [...best.values()].map((routes) => ({ table: routes[0]!.table, entry: entryOf(routes) }));
}

function entryOf(routes: readonly WrittenRoute[], ways?: readonly Way[]): Entry {
  const first = routes[0]!;
  return {
    prefix: first.to,
    source: first.connected ? "connected" : "written",
    action:
      first.action === "forward"
        ? {
            kind: "send",
            ways:
              ways ??
              routes.map((route) => ({
                iface: route.iface!,
                gateway: route.gateway,
                source: route.source,
              })),
          }
        : { kind: "refuse", how: first.action },
    because: routes.flatMap((route) => spans(route.because)),
  };
}

// F4, F6, F7: connected routes follow from addresses; a written one counts while its next hop resolves.
function resolved(
  device: Device,
  usable: readonly Iface[],
): { installed: Placed[]; absent: Absent[] } {
  const connected = usable.flatMap((iface) =>
    iface.addresses.map(({ ip, length, because }) => ({
      table: iface.table,
      to: networkOf(ip, length),
      way: { iface: iface.name, gateway: null, source: iface.addresses[0]!.ip },
      because: spans(because),
    })),
  );
  const names = new Map(usable.map((iface) => [iface.name, iface]));
  const { installed, absent } = resolveRoutes(device.routes, connected, names);
  return {
    installed: [
      ...connected.map(({ table, to, way, because }): Placed => {
        const action: Action = { kind: "send", ways: [way] };
        return { table, entry: { prefix: to, source: "connected", action, because } };
      }),
      ...installed.map(({ routes, ways }) => ({
        table: routes[0]!.table,
        entry: entryOf(routes, ways),
      })),
    ],
    absent,
  };
}

function spans(because: Span | null): readonly Span[] {
  return because ? [because] : [];
}

/** The entry that decides about `ip`: the one with the longest prefix. For tests and tables; forwarding uses rows. */
export function lookup(fib: Fib, ip: Ip): Entry | null {
  let best: Entry | null = null;
  for (const entry of fib.entries)
    if (contains(entry.prefix, ip) && (!best || entry.prefix.length > best.prefix.length))
      best = entry;
  return best;
}
