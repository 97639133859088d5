import type { Device, Iface, IfaceAddress } from "../model/device.ts";
import { macNumber, type Guard, type Range, type ResolveRow } from "../model/network.ts";
import { contains, isLoopback, lastOf, networkOf, type Ip, type Prefix } from "../model/prefix.ts";
import { difference, merged } from "../model/ranges.ts";
import type { Span } from "../source/span.ts";
import type { Entry } from "./fib.ts";
import { sweep, type Swept } from "./sweep.ts";

/** What the tables need to know of a device that may answer an ARP request. */
export type Answerer = {
  readonly device: Device;
  readonly iface: Iface;
  /** What its tables together say of every address, for packets that come in by the interface. */
  readonly runs: readonly Swept<Entry>[];
};

/**
 * What the far end of a cable answers for, and whom (RFC 826; rules N2 to N5 of SPEC.md). It must hear the question and
 * its answer must come back, which on one cable between live ports is the same.
 */
export class Answers {
  private readonly own: readonly Answer[];
  private readonly proxied: readonly Answer[];
  private readonly far: Answerer;
  private readonly dmac: number;
  private readonly heeded: readonly Range[];

  constructor(far: Answerer) {
    this.far = far;
    this.dmac = macNumber(far.iface.mac);
    this.own = sweep(ownAddresses(far)).map(({ low, high, item }) => ({
      low,
      high,
      because: item.because ? [item.because] : [],
      ...(item.mac !== undefined && { dmac: macNumber(item.mac) }),
    }));
    this.proxied = far.iface.proxyArp && far.device.forwards.on ? proxies(far) : [];
    this.heeded = heededSenders(far);
  }

  /** Whether a question from `sender` is heeded at all. */
  heeds(sender: Ip): boolean {
    const range = find(this.heeded, ([low]) => low, sender);
    return range !== null && sender <= range[1];
  }

  /** Rows for a next hop that is a gateway, of the packets that fit one of `guards`. */
  forGateway(gateway: Ip, guards: readonly Guard[]): ResolveRow[] {
    const own = covering(this.own, gateway);
    const answer = own ?? covering(this.proxied, gateway);
    return answer ? guards.map((guard) => this.row(answer, guard, answer !== own)) : [];
  }

  /** Rows for next hops that are the destinations themselves. */
  forNeighbors(guards: readonly Guard[]): ResolveRow[] {
    return guards.flatMap((guard) =>
      [
        ...this.own.map((answer) => ({ answer, proxy: false })),
        ...this.proxied.map((answer) => ({ answer, proxy: true })),
      ].flatMap(({ answer, proxy }): ResolveRow[] => {
        const dst = shared([answer.low, answer.high], guard.dst);
        return dst.length > 0 ? [this.row(answer, { ...guard, dst }, proxy)] : [];
      }),
    );
  }

  private row({ because, dmac }: Answer, guard: Guard, proxy: boolean): ResolveRow {
    const { device, iface } = this.far;
    const answeredBy = { node: device.name, port: iface.name };
    return { guard, dmac: dmac ?? this.dmac, answeredBy, proxy, because };
  }
}

/** Addresses that are answered for, and the lines that make it so. */
type Answer = {
  readonly low: number;
  readonly high: number;
  /** In whose name, where not in the interface's own. */
  readonly dmac?: number;
  readonly because: readonly Span[];
};

// N2, N3: some heed only senders of their own networks; none heeds a sender that has their own address.
function heededSenders({ device, iface, runs }: Answerer): Range[] {
  const { refusesMartians, arpOnlyFromOwnNetworks } = device.habits;
  const same = refusesMartians ? device.ifaces.filter((one) => one.table === iface.table) : [iface];
  const refused = merged(same.flatMap((one) => one.addresses.map(({ ip }): Range => [ip, ip])));
  const possible = arpOnlyFromOwnNetworks
    ? merged(iface.addresses.map((one) => rangeOf(networkOf(one.ip, one.length))))
    : iface.sourceCheck === "none"
      ? EVERYBODY
      : acceptedSources(runs, iface);
  return difference(possible, refused);
}

const EVERYBODY: readonly Range[] = [[0, 0xffffffff]];

type Owned = {
  readonly prefix: Prefix;
  readonly mac?: string;
  readonly because: IfaceAddress["because"];
};

function ownAddresses({ device, iface }: Answerer): Owned[] {
  const ifaces =
    device.habits.weakHost && !iface.answersForItselfOnly
      ? device.ifaces.filter((one) => one.table === iface.table)
      : [iface];
  return [
    ...ifaces.flatMap((one) => one.addresses.flatMap((address) => ownedBy(one, address))),
    ...(iface.aliases ?? []),
    ...device.owns
      .filter((prefix) => iface.addresses.some((address) => isWithin(prefix, address)))
      .map((prefix) => ({ prefix, because: null })),
  ];
}

// A loopback network is never answered for on a cable (RFC 1122 §3.2.1.3), whatever has it.
function ownedBy({ ownsNetworks }: Iface, { ip, length, because }: IfaceAddress): Owned[] {
  if (isLoopback(ip)) return [];
  return [{ prefix: networkOf(ip, ownsNetworks ? length : 32), because }];
}

// N5: the world outside stands on this cable only with what lies in the network of the cable.
function isWithin(prefix: Prefix, { ip, length }: IfaceAddress): boolean {
  return prefix.length >= length && contains(networkOf(ip, length), prefix.first);
}

// N4, RFC 1027: a proxy answers for what its table sends out by another interface, its own addresses there included.
function proxies({ device, iface, runs }: Answerer): Answer[] {
  const elsewhere = new Set(
    device.ifaces
      .filter((one) => one.isPort && one !== iface && one.table === iface.table && one.enabled)
      .flatMap((one) => one.addresses.map(({ ip }) => ip)),
  );
  return runs.flatMap(({ low, high, item }): Answer[] => {
    const leads =
      item.action.kind === "send"
        ? item.action.ways.every((way) => way.iface !== iface.name)
        : item.source === "own" && elsewhere.has(low);
    return leads ? [{ low, high, because: item.because }] : [];
  });
}

/**
 * The sources that a reverse path check lets in by `iface` (RFC 3704): those whose way back leaves by it when the
 * check is strict, those with any way back when it is loose.
 */
export function acceptedSources(runs: readonly Swept<Entry>[], iface: Iface): Range[] {
  const leavesBy = (entry: Entry) =>
    entry.action.kind === "send" &&
    (iface.sourceCheck === "loose" || entry.action.ways.some((way) => way.iface === iface.name));
  return merged(
    runs.flatMap(({ low, high, item }): Range[] => (leavesBy(item) ? [[low, high]] : [])),
  );
}

function rangeOf(prefix: Prefix): Range {
  return [prefix.first, lastOf(prefix)];
}

// What lies in the range and, where they are given, in one of the others.
function shared([low, high]: Range, others: readonly Range[] | undefined): Range[] {
  if (!others) return [[low, high]];
  return others.flatMap(([first, last]): Range[] =>
    first <= high && last >= low ? [[Math.max(low, first), Math.min(high, last)]] : [],
  );
}

function covering(answers: readonly Answer[], ip: Ip): Answer | null {
  const found = find(answers, ({ low }) => low, ip);
  return found && ip <= found.high ? found : null;
}

// The last of sorted items that begins at or before `value`.
function find<T>(items: readonly T[], startOf: (item: T) => number, value: number): T | null {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startOf(items[middle]!) <= value) low = middle + 1;
    else high = middle;
  }
  return items[low - 1] ?? null;
}
