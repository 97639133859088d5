import type { Iface, WrittenRoute } from "../model/device.ts";
import { formatPrefix, networkOf, type Ip, type Prefix } from "../model/prefix.ts";
import type { Way } from "./fib.ts";

/** A written route that is not in its table, and why. */
export type Absent = { readonly route: WrittenRoute; readonly why: string };

/** What a table lets in for one prefix: the routes of the best distance that lead somewhere, and by which ways. */
export type Installed = { readonly routes: readonly WrittenRoute[]; readonly ways: readonly Way[] };

export type ConnectedWay = {
  readonly table: string | null;
  readonly to: Prefix;
  readonly way: Way;
};

/** A next hop that takes more lookups than this is not used; real tables take two or three. */
const DEEPEST = 32;
/** No table here spreads packets over more ways than this. */
const MOST_WAYS = 32;
/** So often routes are taken out one after the other; what leads nowhere then goes at once. */
const MOST_ROUNDS = 32;

/**
 * Which of the written routes their tables let in (F4, F6, F7). A next hop is looked up among the connected networks
 * and the other routes that are let in, so this is the outcome that holds itself up: no route is there by means of
 * one that is not, and none by means of itself. The order of the routes makes no difference.
 */
export function resolveRoutes(
  routes: readonly WrittenRoute[],
  connected: readonly ConnectedWay[],
  usable: ReadonlyMap<string, Iface>,
): { installed: Installed[]; absent: Absent[] } {
  const absent: Absent[] = [];
  const groups = new Groups(connected);
  for (const route of routes) {
    const direct = directWays(route, usable);
    if (typeof direct === "string") absent.push({ route, why: direct });
    else groups.add(route, direct);
  }
  groups.aimAll();
  for (let round = 0; ; round++) {
    for (const route of groups.withoutNextHop()) absent.push({ route, why: NOWHERE });
    const leading = groups.settle();
    const lost = groups.active().filter((one) => !leading.has(one));
    if (lost.length === 0) break;
    const gone = round < MOST_ROUNDS ? culprits(lost) : lost.map(tooDeep);
    groups.remove(gone.map(({ candidate }) => candidate));
    for (const { candidate, why } of gone) absent.push({ route: candidate.route, why });
  }
  return { installed: groups.installed(), absent };
}

// What a route needs no lookup for: `null` where its next hop must be found, a text where it cannot be used at all.
function directWays(
  route: WrittenRoute,
  usable: ReadonlyMap<string, Iface>,
): readonly Way[] | null | string {
  if (route.distance >= 255) return "distance 255 is never used";
  if (route.action !== "forward") return [];
  if (route.iface === null) return null;
  const iface = usable.get(route.iface);
  if (!iface) return `${route.iface} is down`;
  if (iface.addresses.length === 0) return `${route.iface} has no address`;
  return [{ iface: iface.name, gateway: route.gateway, source: iface.addresses[0]!.ip }];
}

type Candidate = {
  readonly route: WrittenRoute;
  readonly group: Group;
  /** Its ways where no lookup is needed. */
  readonly direct: readonly Way[] | null;
  /** Where its next hop is found: a connected network, another group, or nowhere. */
  target: Way | Group | null;
};

type Group = {
  readonly key: string;
  readonly candidates: Set<Candidate>;
  /** Those whose next hop is found here. */
  readonly waiters: Set<Candidate>;
  ways: readonly Way[];
};

class Groups {
  private readonly connected: ReadonlyMap<string, Way>;
  private readonly byKey = new Map<string, Group>();
  /** Candidates whose next hop nothing covers. They will never do better: routes only go. */
  private homeless: Candidate[] = [];
  constructor(connected: readonly ConnectedWay[]) {
    this.connected = new Map(connected.map(({ table, to, way }) => [keyOf(table, to), way]));
  }

  add(route: WrittenRoute, direct: readonly Way[] | null): void {
    const key = keyOf(route.table, route.to);
    if (this.connected.has(key)) return; // The network is its own: no distance is less.
    const group = this.byKey.get(key) ?? {
      key,
      candidates: new Set(),
      waiters: new Set(),
      ways: [],
    };
    this.byKey.set(key, group);
    group.candidates.add({ route, group, direct, target: null });
  }

  /** Take candidates out together, and let those that waited for them look again. */
  remove(gone: readonly Candidate[]): void {
    for (const one of gone) {
      one.group.candidates.delete(one);
      if (one.target && "waiters" in one.target) one.target.waiters.delete(one);
    }
    for (const { group } of gone) {
      if (group.candidates.size > 0) continue;
      this.byKey.delete(group.key);
      const waiters = [...group.waiters];
      group.waiters.clear();
      for (const waiter of waiters) this.aim(waiter);
    }
  }

  aimAll(): void {
    for (const { candidates } of this.byKey.values())
      for (const one of candidates) if (one.direct === null) this.aim(one);
  }

  /** Take out every route, of whatever distance, whose next hop nothing covers. */
  *withoutNextHop(): Generator<WrittenRoute> {
    for (let one = this.homeless.pop(); one; one = this.homeless.pop()) {
      this.remove([one]);
      yield one.route;
    }
  }

  private aim(candidate: Candidate): void {
    const { gatewayTable, gateway } = candidate.route;
    candidate.target = this.find(gatewayTable, gateway!);
    if (!candidate.target) this.homeless.push(candidate);
    else if ("waiters" in candidate.target) candidate.target.waiters.add(candidate);
  }

  /** The candidates of the best distance of each prefix. */
  active(): Candidate[] {
    return [...this.byKey.values()].flatMap(bestOf);
  }

  /** Find every active candidate's next hop, and the ways that follow; the candidates that lead somewhere. */
  settle(): Set<Candidate> {
    const active = this.active();
    for (const group of this.byKey.values()) group.ways = [];
    const leading = new Set(active.filter((one) => one.direct !== null));
    for (const one of leading) one.group.ways = joined(one.group.ways, one.direct!);
    const waiting = active.filter((one) => one.direct === null);
    for (let depth = 0; depth < DEEPEST; depth++) {
      // All look before any moves, so that the order of the routes makes no difference.
      const steps = waiting.flatMap((one) => stepOf(one, leading));
      if (steps.length === 0) break;
      for (const { candidate, ways } of steps) {
        candidate.group.ways = joined(candidate.group.ways, ways);
        leading.add(candidate);
      }
    }
    return leading;
  }

  installed(): Installed[] {
    return [...this.byKey.values()].map((group) => ({
      routes: bestOf(group).map(({ route }) => route),
      ways: group.ways,
    }));
  }

  private find(table: string | null, ip: Ip): Way | Group | null {
    for (let length = 32; length >= 0; length--) {
      const key = keyOf(table, networkOf(ip, length));
      const found = this.connected.get(key) ?? this.byKey.get(key);
      if (found) return found;
    }
    return null;
  }
}

function bestOf({ candidates }: Group): Candidate[] {
  let best = Infinity;
  for (const { route } of candidates) best = Math.min(best, route.distance);
  return [...candidates].filter(({ route }) => route.distance === best);
}

type Advance = { readonly candidate: Candidate; readonly ways: readonly Way[] };

// The ways of where the next hop is found, if they bring anything new.
function stepOf(candidate: Candidate, leading: ReadonlySet<Candidate>): Advance[] {
  const { target, group, route } = candidate;
  if (!target || target === group) return [];
  const found = "iface" in target ? [target] : target.ways;
  const ways = found.map((way) => ({ ...way, gateway: way.gateway ?? route.gateway }));
  const isNew = ways.length > 0 && !leading.has(candidate);
  return isNew || joined(group.ways, ways) !== group.ways ? [{ candidate, ways }] : [];
}

function joined(ways: readonly Way[], more: readonly Way[]): readonly Way[] {
  if (ways.length >= MOST_WAYS) return ways;
  const fresh = more.filter(
    (one) => !ways.some(({ iface, gateway }) => iface === one.iface && gateway === one.gateway),
  );
  return fresh.length > 0 ? [...ways, ...fresh] : ways;
}

const NOWHERE = "nothing in the table leads to its next hop";

type Culprit = { readonly candidate: Candidate; readonly why: string };

function tooDeep(candidate: Candidate): Culprit {
  return { candidate, why: "its next hop takes too many lookups to find" };
}

// Of the routes that lead nowhere those that are the reason; the others may do better once these are gone.
function culprits(lost: readonly Candidate[]): Culprit[] {
  const thrownAway = lost.filter(
    ({ target }) =>
      target && "waiters" in target && bestOf(target).some((one) => one.direct?.length === 0),
  );
  if (thrownAway.length > 0)
    return thrownAway.map((candidate) => ({
      candidate,
      why: "its next hop is in a network that is thrown away",
    }));
  const inCircle = circle(lost);
  return inCircle.length > 0
    ? inCircle.map((candidate) => ({
        candidate,
        why: "its next hop is found only through the route itself",
      }))
    : lost.map(tooDeep);
}

// What is left of routes that wait for each other, when those that nobody waits for are put aside again and again.
function circle(lost: readonly Candidate[]): Candidate[] {
  const waiters = new Map<Group, number>();
  const targetOf = ({ target }: Candidate) => (target && "waiters" in target ? target : null);
  for (const one of lost) {
    const target = targetOf(one);
    if (target) waiters.set(target, (waiters.get(target) ?? 0) + 1);
  }
  const byGroup = Map.groupBy(lost, ({ group }) => group);
  const free = [...byGroup.keys()].filter((group) => !waiters.get(group));
  for (const group of free) {
    for (const one of byGroup.get(group) ?? []) {
      const target = targetOf(one);
      const left = target ? waiters.get(target)! - 1 : -1;
      if (target) waiters.set(target, left);
      if (target && left === 0 && byGroup.has(target)) free.push(target);
    }
    byGroup.delete(group);
  }
  return [...byGroup.values()].flat();
}

function keyOf(table: string | null, prefix: Prefix): string {
  return `${table ?? ""} ${formatPrefix(prefix)}`;
}
