import type { Field, Guard, Network, Place, PlaceId } from "../model/network.ts";
import { ALL, NONE, type Arena, type PacketFields, type PacketSet } from "./sets.ts";

/** Every place that packets come to, and which packets: the least fixpoint of the network's steps. */
export type Spread = {
  readonly at: ReadonlyMap<PlaceId, PacketSet>;
  readonly arrivals: readonly Arrival[];
  /** From each place the next ones that some packet went to, also those where it was nothing new. */
  readonly next: ReadonlyMap<PlaceId, ReadonlySet<PlaceId>>;
};

/** New packets at a place: `before` is what they were at the place of `parent`, and `changed` what they lost there. */
export type Arrival = {
  readonly place: PlaceId;
  readonly fresh: PacketSet;
  readonly parent: number | null;
  readonly before: PacketSet;
  readonly changed: Field | null;
};

/**
 * Send sets of packets from their places until nothing new arrives anywhere. Hops to live are not counted, so a
 * packet is followed at least as far as it can really go. `until` are places where it ends although they lead on.
 */
export function spread(
  network: Network,
  arena: Arena,
  sources: readonly { readonly place: PlaceId; readonly packets: PacketSet }[],
  until: ReadonlySet<PlaceId> = new Set(),
): Spread {
  const at = new Map<PlaceId, PacketSet>();
  const arrivals: Arrival[] = [];
  const next = new Map<PlaceId, Set<PlaceId>>();
  for (const { place, packets } of sources) arrive(place, packets, null, packets, null);
  for (let index = 0; index < arrivals.length; index++) {
    const { place, fresh } = arrivals[index]!;
    if (!until.has(place)) leave(network.places.get(place)!, fresh, index);
  }
  return { at, arrivals, next };

  function arrive(
    place: PlaceId,
    packets: PacketSet,
    parent: number | null,
    before: PacketSet,
    changed: Field | null,
  ): void {
    if (packets === NONE) return;
    if (parent !== null) noteStep(arrivals[parent]!.place, place);
    const known = at.get(place) ?? NONE;
    const fresh = arena.subtract(packets, known);
    if (fresh === NONE) return;
    at.set(place, arena.union(known, fresh));
    arrivals.push({ place, fresh, parent, before, changed });
  }

  function noteStep(from: PlaceId, to: PlaceId): void {
    const known = next.get(from);
    if (known) known.add(to);
    else next.set(from, new Set([to]));
  }

  function leave({ step }: Place, packets: PacketSet, parent: number): void {
    const pass = (to: PlaceId, some: PacketSet) => arrive(to, some, parent, some, null);
    switch (step.kind) {
      case "drop":
      case "deliver":
        return;
      case "filter": {
        let rest = packets;
        for (const rule of step.rules) {
          const fits = where(rule.guard);
          pass(rule.then, arena.intersect(rest, fits));
          rest = arena.subtract(rest, fits);
        }
        return pass(step.otherwise, rest);
      }
      case "lookup": {
        // Rows with the same way on are one set; a table may have thousands of rows and a handful of ways.
        const { ways, covered } = waysOut(step.rows);
        for (const way of ways) {
          const some = arena.intersect(packets, arena.where({ dst: way.covered }));
          for (const one of way.to) pass(one, some);
        }
        return pass(step.miss, arena.subtract(packets, arena.where({ dst: covered })));
      }
      case "resolve": {
        let rest = packets;
        for (const row of step.rows) {
          const fits = where(row.guard);
          const asked = arena.intersect(rest, fits);
          arrive(step.next, arena.assign(asked, "dmac", row.dmac), parent, asked, "dmac");
          rest = arena.subtract(rest, fits);
        }
        return pass(step.miss, rest);
      }
      case "rewrite": {
        if (step.change.kind === "hop") return pass(step.next, packets);
        const { field, value } = step.change;
        return arrive(step.next, arena.assign(packets, field, value), parent, packets, field);
      }
      case "flood":
        for (const to of step.to) pass(to, packets);
        return;
    }
  }

  function where(guard: Guard): PacketSet {
    return Object.keys(guard).length === 0 ? ALL : arena.where(guard);
  }
}

type Rows = Extract<Place["step"], { kind: "lookup" }>["rows"];
type Covered = [number, number][];
type WayOut = { to: readonly PlaceId[]; covered: Covered };
type WaysOut = { readonly ways: readonly WayOut[]; readonly covered: Covered };
const waysByRows = new WeakMap<Rows, WaysOut>();

function waysOut(rows: Rows): WaysOut {
  const known = waysByRows.get(rows);
  if (known) return known;
  const ways = new Map<string, WayOut>();
  const all: Covered = [];
  for (const { low, high, next } of rows) {
    const key = next.join("\n");
    const way = ways.get(key) ?? { to: next, covered: [] };
    ways.set(key, way);
    cover(way.covered, low, high);
    cover(all, low, high);
  }
  const out = { ways: [...ways.values()], covered: all };
  waysByRows.set(rows, out);
  return out;
}

function cover(covered: Covered, low: number, high: number): void {
  const last = covered.at(-1);
  if (last && last[1] + 1 === low) last[1] = high;
  else covered.push([low, high]);
}

/**
 * How `packet`, which arrived at `place`, came there: the places in order, and the packet as it was at the first.
 * `null` when no such packet arrived.
 */
export function wayTo(
  arena: Arena,
  { arrivals }: Spread,
  place: PlaceId,
  packet: PacketFields,
): { places: PlaceId[]; packet: PacketFields } | null {
  let index: number | null = arrivals.findIndex(
    (one) => one.place === place && arena.contains(one.fresh, packet),
  );
  if (index === -1) return null;
  const places: PlaceId[] = [];
  let now = packet;
  for (;;) {
    const arrival: Arrival = arrivals[index]!;
    places.unshift(arrival.place);
    if (arrival.parent === null) return { places, packet: now };
    // What the step changed may have been anything that it takes; all else was the same.
    const same = Object.fromEntries(
      Object.entries(now)
        .filter(([field]) => field !== arrival.changed)
        .map(([field, value]) => [field, [[value, value]]]),
    ) as Guard;
    const earlier = arena.witness(arena.intersect(arrival.before, arena.where(same)), prefer(now));
    if (!earlier) return null;
    now = earlier;
    index = arrival.parent;
  }
}

function prefer(packet: PacketFields): { readonly [F in Field]?: readonly number[] } {
  return Object.fromEntries(Object.entries(packet).map(([field, value]) => [field, [value]]));
}

/** Places that packets come to again and again, in the order of their way, with the way there; `null` for no circle. */
export function circleIn(
  { next }: Spread,
  start: PlaceId,
): { readonly wayThere: readonly PlaceId[]; readonly circle: readonly PlaceId[] } | null {
  const done = new Set<PlaceId>();
  const path: { readonly place: PlaceId; readonly rest: PlaceId[] }[] = [];
  const onPath = new Set<PlaceId>();
  enter(start);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const to = top.rest.pop();
    if (to === undefined) {
      path.pop();
      onPath.delete(top.place);
      done.add(top.place);
    } else if (onPath.has(to)) {
      const places = path.map(({ place }) => place);
      const from = places.indexOf(to);
      return { wayThere: places.slice(0, from), circle: places.slice(from) };
    } else if (!done.has(to)) enter(to);
  }
  return null;

  function enter(place: PlaceId): void {
    path.push({ place, rest: [...(next.get(place) ?? [])] });
    onPath.add(place);
  }
}
