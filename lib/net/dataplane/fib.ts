import type { Device, Iface, Refusing, RoutingRule, WrittenRoute } from "../model/device.ts";
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
import { sweep, type Swept } from "./sweep.ts";

/** The name of the table that holds a device's own addresses, where rules say when it is looked at. */
export const OWN_ADDRESSES = "\u0000own";

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
  const own = ownEntries(device, usable).map((placed) =>
    // A VRF's own addresses are in its table; the others are in one that is looked at before all.
    device.rules && placed.table === null ? { ...placed, table: OWN_ADDRESSES } : placed,
  );
  const { installed, absent } = device.habits.routesStand
    ? { installed: standing(device), absent: [] }
    : resolved(device, usable);
  const tables = new Map<string | null, Map<string, Entry>>(
    device.tables.map(({ name }) => [name, new Map()]),
  );
  // What is the device's own wins over what was written for the same prefix.
  for (const { table, entry } of [...own, ...installed]) {
    const entries = tables.get(table) ?? new Map<string, Entry>();
    tables.set(table, entries);
    const key = formatPrefix(entry.prefix);
    if (!entries.has(key)) entries.set(key, entry);
  }
  const fibs = [...tables].map(([table, entries]) => ({ table, entries: [...entries.values()] }));
  return { fibs, absent };
}

/** Who looks something up: the VRF it is in, and the interface it came in by, or `OWN`. */
export type Context = { readonly vrf: string | null; readonly from: string };

/** The tables that decide for a context, in order, with the rules that name them; rules that fit only some packets included. */
export function tablesFor(
  device: Device,
  fibs: readonly Fib[],
  { vrf, from }: Context,
): { rule: RoutingRule | null; fib: Fib | null }[] {
  const named = (table: string | null) => fibs.find((fib) => fib.table === table) ?? null;
  if (!device.rules) return [{ rule: null, fib: named(vrf) }];
  return device.rules.flatMap((asked): { rule: RoutingRule; fib: Fib | null }[] => {
    const elsewhere = asked.from !== null && asked.from !== from;
    if (elsewhere && !asked.not) return [];
    // What came in elsewhere is just what `not` wants, whatever else is asked.
    const rule = elsewhere ? { ...asked, guard: {}, not: false } : asked;
    const { action } = rule;
    switch (action.kind) {
      case "own-addresses":
        return [{ rule, fib: named(OWN_ADDRESSES) }];
      case "vrf":
        return vrf === null ? [] : [{ rule, fib: named(vrf) }];
      case "lookup":
        return [{ rule, fib: named(action.table) }];
      case "refuse":
        return [{ rule, fib: null }];
    }
  });
}

/** One table that answers as the tables for a context do for packets that no rule singles out. */
export function effectiveFib(
  device: Device,
  fibs: readonly Fib[],
  context: Context,
): readonly Swept<Entry>[] {
  const known = effective.get(fibs) ?? new Map<string, readonly Swept<Entry>[]>();
  effective.set(fibs, known);
  // By which interface something came in matters only where a rule asks for it.
  const asks = device.rules?.some((rule) => rule.from !== null);
  const key = `${context.vrf ?? ""} ${asks ? context.from : ""}`;
  const runs = known.get(key) ?? runsFor(device, fibs, context);
  known.set(key, runs);
  return runs;
}

const effective = new WeakMap<readonly Fib[], Map<string, readonly Swept<Entry>[]>>();

function runsFor(device: Device, fibs: readonly Fib[], context: Context): Swept<Entry>[] {
  let runs: Swept<Entry>[] = [];
  for (const { rule, fib } of tablesFor(device, fibs, context)) {
    if (!fib || (rule && (rule.not || Object.keys(rule.guard).length > 0))) continue;
    runs = fillGaps(
      runs,
      sweep(fib.entries).filter(({ item }) => !isThrow(item)),
    );
  }
  return runs;
}

export function isThrow(entry: Entry): boolean {
  return entry.action.kind === "refuse" && entry.action.how === "throw";
}

// Where `first` has nothing, what `second` has.
function fillGaps<T>(first: readonly Swept<T>[], second: readonly Swept<T>[]): Swept<T>[] {
  if (first.length === 0) return [...second];
  const filled: Swept<T>[] = [...first];
  let at = 0;
  for (const { low, high, item } of second) {
    let from: number = low;
    while (at < first.length && first[at]!.high < from) at++;
    for (let next = at; from <= high; next++) {
      const taken = first[next];
      const to = taken && taken.low <= high ? taken.low - 1 : high;
      if (from <= to) filled.push({ low: from as Ip, high: to as Ip, item });
      if (!taken || taken.low > high) break;
      from = taken.high + 1;
    }
  }
  return filled.sort((a, b) => a.low - b.low);
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

/** The fields of a packet that a rule may ask about before the packet has a source. */
export type Asked = { readonly dst: Ip; readonly proto: number; readonly dport: number };

/** The entry that decides about a packet of the device's own: of the first table that has one, that with the longest prefix. */
export function decidingEntry(
  device: Device,
  fibs: readonly Fib[],
  context: Context,
  asked: Asked,
): Entry | null {
  for (const { rule, fib } of tablesFor(device, fibs, context)) {
    if (!fib || (rule && !fitsRule(rule, asked))) continue;
    const entry = lookup(fib, asked.dst);
    if (entry && !isThrow(entry)) return entry;
  }
  return null;
}

// What the packet does not have yet fits no rule that asks for it.
function fitsRule({ guard, not }: RoutingRule, asked: Asked): boolean {
  const known: Partial<Record<string, number>> = asked;
  const fits = Object.entries(guard).every(([field, ranges]) => {
    const value = known[field];
    return value !== undefined && ranges.some(([low, high]) => value >= low && value <= high);
  });
  return fits !== not;
}

/** The entry with the longest prefix that holds `ip`. */
export function lookup(fib: Fib, ip: Ip): Entry | null {
  let best: Entry | null = null;
  for (const entry of fib.entries)
    if (contains(entry.prefix, ip) && (!best || entry.prefix.length > best.prefix.length))
      best = entry;
  return best;
}
