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

/** A written route that is not in its table, and why. */
export type Absent = { readonly route: WrittenRoute; readonly why: string };

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
  const fibs = device.tables.map(({ name }) => {
    const entries = new Map<string, Entry>();
    // What is the device's own wins over what was written for the same prefix.
    for (const { table, entry } of [...own, ...installed]) {
      const key = formatPrefix(entry.prefix);
      if (table === name && !entries.has(key)) entries.set(key, entry);
    }
    return { table: name, entries: [...entries.values()] };
  });
  return { fibs, absent };
}

type Placed = { readonly table: string | null; readonly entry: Entry };

const everyHost = parsePrefix("224.0.0.1/32")!;
const everyone = parsePrefix("255.255.255.255/32")!;

// F2, F3: the device's own addresses, and the broadcasts of the networks it is in.
function ownEntries(device: Device, usable: readonly Iface[]): Placed[] {
  const weak = device.habits.weakHost;
  const addresses = (weak ? device.ifaces : usable).flatMap((iface) =>
    iface.addresses.map((address) => ({ iface, address })),
  );
  const own = addresses.map(({ iface, address }): Placed => {
    // A loopback network is its device's as a whole.
    const length = !iface.isPort && address.length === 8 ? 8 : 32;
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
    .filter(({ iface, address }) => usable.includes(iface) && iface.isPort && address.length < 31)
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
  const connected: Placed[] = usable.flatMap((iface) =>
    iface.addresses.map((address) => ({
      table: iface.table,
      entry: {
        prefix: networkOf(address.ip, address.length),
        source: "connected" as const,
        action: {
          kind: "send" as const,
          ways: [{ iface: iface.name, gateway: null, source: iface.addresses[0]!.ip }],
        },
        because: spans(address.because),
      },
    })),
  );
  const names = new Map(usable.map((iface) => [iface.name, iface]));
  // Each round resolves against the tables of the round before; the first is the connected networks alone. A route
  // never holds itself up, because nothing is there that was not held up by the round before.
  let installed = connected;
  let absent: Absent[] = [];
  for (let round = 0; round <= device.routes.length; round++) {
    const next = install(device, connected, installed, names);
    const settled = fingerprint(next.installed) === fingerprint(installed);
    ({ installed, absent } = next);
    if (settled) break;
  }
  return { installed, absent };
}

function install(
  device: Device,
  connected: readonly Placed[],
  before: readonly Placed[],
  usable: ReadonlyMap<string, Iface>,
): { installed: Placed[]; absent: Absent[] } {
  const absent: Absent[] = [];
  const find = longestMatcher(before);
  const rivals = new Map<string, { route: WrittenRoute; ways: readonly Way[] }[]>();
  for (const route of device.routes) {
    if (route.distance >= 255) {
      absent.push({ route, why: "distance 255 is never used" });
      continue;
    }
    const ways = waysOf(route, find, usable);
    if (typeof ways === "string") {
      absent.push({ route, why: ways });
      continue;
    }
    const key = `${route.table ?? ""} ${formatPrefix(route.to)}`;
    rivals.set(key, [...(rivals.get(key) ?? []), { route, ways }]);
  }
  const taken = new Set(
    connected.map(({ table, entry }) => `${table ?? ""} ${formatPrefix(entry.prefix)}`),
  );
  const written = [...rivals].flatMap(([key, all]): Placed[] => {
    if (taken.has(key)) return [];
    const distance = Math.min(...all.map(({ route }) => route.distance));
    const best = all.filter(({ route }) => route.distance === distance);
    const { table } = best[0]!.route;
    const routes = best.map(({ route }) => route);
    return [
      {
        table,
        entry: entryOf(
          routes,
          best.flatMap(({ ways }) => ways),
        ),
      },
    ];
  });
  return { installed: [...connected, ...written], absent };
}

// The ways a written route goes by, or why it goes by none.
function waysOf(
  route: WrittenRoute,
  find: (table: string | null, ip: Ip) => Entry | null,
  usable: ReadonlyMap<string, Iface>,
): readonly Way[] | string {
  if (route.action !== "forward") return [];
  if (route.iface !== null) {
    const iface = usable.get(route.iface);
    if (!iface) return `${route.iface} is down`;
    if (iface.addresses.length === 0 && route.gateway === null)
      return `${route.iface} has no address`;
    return [{ iface: iface.name, gateway: route.gateway, source: iface.addresses[0]?.ip ?? null }];
  }
  const via = find(route.gatewayTable, route.gateway!);
  if (!via) return "nothing in the table leads to its next hop";
  if (via.action.kind !== "send") return "its next hop is not reachable";
  if (
    via.prefix.first === route.to.first &&
    via.prefix.length === route.to.length &&
    via.source === "written"
  )
    return "its next hop is found only through the route itself";
  return via.action.ways.map((way) => ({ ...way, gateway: way.gateway ?? route.gateway }));
}

// F1 over the entries of all tables: the longest prefix that holds the address.
function longestMatcher(placed: readonly Placed[]): (table: string | null, ip: Ip) => Entry | null {
  const byKey = new Map(
    placed.map(({ table, entry }) => [`${table ?? ""} ${formatPrefix(entry.prefix)}`, entry]),
  );
  return (table, ip) => {
    for (let length = 32; length >= 0; length--) {
      const found = byKey.get(`${table ?? ""} ${formatPrefix(networkOf(ip, length))}`);
      if (found) return found;
    }
    return null;
  };
}

function fingerprint(placed: readonly Placed[]): string {
  return JSON.stringify(
    placed.map(({ table, entry }) => [table, formatPrefix(entry.prefix), entry.action]),
  );
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
