import type { Field, Guard, Network, Place, PlaceId } from "../model/network.ts";
import { ALL, NONE, type Arena, type PacketFields, type PacketSet } from "./sets.ts";

/** Every place that packets come to, and which packets: the least fixpoint of the network's steps. */
export type Spread = {
  readonly at: ReadonlyMap<PlaceId, PacketSet>;
  readonly arrivals: readonly Arrival[];
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
  for (const { place, packets } of sources) arrive(place, packets, null, packets, null);
  for (let index = 0; index < arrivals.length; index++) {
    const { place, fresh } = arrivals[index]!;
    if (!until.has(place)) leave(network.places.get(place)!, fresh, index);
  }
  return { at, arrivals };

  function arrive(
    place: PlaceId,
    packets: PacketSet,
    parent: number | null,
    before: PacketSet,
    changed: Field | null,
  ): void {
    const known = at.get(place) ?? NONE;
    const fresh = arena.subtract(packets, known);
    if (fresh === NONE) return;
    at.set(place, arena.union(known, fresh));
    arrivals.push({ place, fresh, parent, before, changed });
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
        let rest = packets;
        for (const { to, covered } of waysOut(step.rows)) {
          const set = arena.where({ dst: covered });
          for (const one of to) pass(one, arena.intersect(packets, set));
          rest = arena.subtract(rest, set);
        }
        return pass(step.miss, rest);
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
type WayOut = { to: readonly PlaceId[]; covered: [number, number][] };
const waysByRows = new WeakMap<Rows, WayOut[]>();

function waysOut(rows: Rows): WayOut[] {
  const known = waysByRows.get(rows);
  if (known) return known;
  const ways = new Map<string, WayOut>();
  for (const { low, high, next } of rows) {
    const key = next.join("\n");
    const way = ways.get(key) ?? { to: next, covered: [] };
    ways.set(key, way);
    const last = way.covered.at(-1);
    if (last && last[1] + 1 === low) last[1] = high;
    else way.covered.push([low, high]);
  }
  const all = [...ways.values()];
  waysByRows.set(rows, all);
  return all;
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
