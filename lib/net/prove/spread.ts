import type { Field, Guard, Network, Place, PlaceId } from "../model/network.ts";
import { isAskedFor } from "./asked.ts";
import { ALL, NONE, type Arena, type PacketFields, type PacketSet } from "./sets.ts";

/** Every place that packets come to, and which packets: the least fixpoint of the network's steps. */
export type Spread = {
  readonly at: ReadonlyMap<PlaceId, PacketSet>;
  readonly arrivals: readonly Arrival[];
  /** From each place the next ones that some packet went to, also those where it was nothing new. */
  readonly next: ReadonlyMap<PlaceId, ReadonlySet<PlaceId>>;
};

/**
 * New packets at a place: `before` is what they were at the place of `parent`, and `changed` what they lost there. What
 * is in the field `moved.to` now was in `moved.from` there.
 */
export type Arrival = {
  readonly place: PlaceId;
  readonly fresh: PacketSet;
  readonly parent: number | null;
  readonly before: PacketSet;
  readonly changed: readonly Field[];
  readonly moved?: Moved | undefined;
};

type Moved = { readonly from: Field; readonly to: Field };

const TAGS: readonly Field[] = ["tag", "inner"];

export type SpreadHow = {
  /** Places where it ends although they lead on. */
  readonly until?: ReadonlySet<PlaceId>;
  /** Switches may have forgotten where anyone is, as an attacker can make them. */
  readonly forgets?: boolean;
  /** Of what these places flood, only the copy to the place named is followed. */
  readonly copies?: ReadonlyMap<PlaceId, PlaceId>;
};

const NOTED: readonly Field[] = ["mark", "ct"];
const NOWHERE: ReadonlySet<PlaceId> = new Set();

/** Thrown for a step that sets of packets are not sent through yet; the message names it. */
export class NotProved extends Error {}

/**
 * Send sets of packets from their places until nothing new arrives anywhere. Hops to live are not counted, so a
 * packet is followed at least as far as it can really go.
 */
export function spread(
  network: Network,
  arena: Arena,
  sources: readonly { readonly place: PlaceId; readonly packets: PacketSet }[],
  { until = NOWHERE, forgets = false, copies }: SpreadHow = {},
): Spread {
  const at = new Map<PlaceId, PacketSet>();
  const arrivals: Arrival[] = [];
  const next = new Map<PlaceId, Set<PlaceId>>();
  // Who sent a frame would keep sets apart that nothing else does.
  const asksForSender = isAskedFor(network, "smac");
  for (const { place, packets } of sources) arrive(place, packets, null, packets, []);
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
    changed: readonly Field[],
    moved?: Moved,
  ): void {
    if (packets === NONE) return;
    const from = parent === null ? null : arrivals[parent]!.place;
    if (from !== null) noteStep(from, place);
    // What one system has noted about a packet is unknown to the next.
    const crosses = from !== null && deviceAt(from) !== deviceAt(place);
    const noted = crosses ? NOTED : [];
    const now = noted.reduce((set, field) => arena.assign(set, field, 0), packets);
    const known = at.get(place) ?? NONE;
    const fresh = arena.subtract(now, known);
    if (fresh === NONE) return;
    at.set(place, arena.union(known, fresh));
    arrivals.push({ place, fresh, parent, before, changed: [...changed, ...noted], moved });
  }

  function deviceAt(place: PlaceId): string {
    return network.places.get(place)!.device;
  }

  function noteStep(from: PlaceId, to: PlaceId): void {
    const known = next.get(from);
    if (known) known.add(to);
    else next.set(from, new Set([to]));
  }

  function leave({ id, step }: Place, packets: PacketSet, parent: number): void {
    const pass = (to: PlaceId, some: PacketSet) => arrive(to, some, parent, some, []);
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
          const sent = arena.assign(asked, "dmac", row.dmac);
          const from = asksForSender ? arena.assign(sent, "smac", step.smac) : sent;
          arrive(step.next, from, parent, asked, ["dmac", "smac"]);
          rest = arena.subtract(rest, fits);
        }
        return pass(step.miss, rest);
      }
      case "switch": {
        let rest = packets;
        for (const row of step.rows) {
          const fits = arena.where({ dmac: [[row.dmac, row.dmac]] });
          pass(row.next, arena.intersect(rest, fits));
          rest = arena.subtract(rest, fits);
        }
        // A switch that has been made to forget floods everything.
        return pass(step.miss, forgets ? packets : rest);
      }
      case "tag": {
        if (step.push === null)
          return arrive(step.next, arena.popTag(packets), parent, packets, TAGS, {
            from: "inner",
            to: "tag",
          });
        const room = arena.where({ inner: [[0, 0]] });
        pass(step.full, arena.subtract(packets, room));
        const fitting = arena.intersect(packets, room);
        const tagged = arena.pushTag(fitting, step.push + 1);
        return arrive(step.next, tagged, parent, fitting, TAGS, { from: "tag", to: "inner" });
      }
      case "rewrite": {
        if (step.change.kind === "hop") return pass(step.next, packets);
        const { field, value, mask } = step.change;
        if (mask !== undefined) throw new NotProved("marks set in part");
        return arrive(step.next, arena.assign(packets, field, value), parent, packets, [field]);
      }
      case "label":
      case "relabel":
        throw new NotProved("labels");
      case "track":
      case "confirm":
      case "translate":
      case "map":
        throw new NotProved("connection tracking");
      case "flood": {
        const only = copies?.get(id);
        for (const to of only === undefined ? step.to : [only]) pass(to, packets);
        return;
      }
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
    const { changed, moved } = arrival;
    const kept = Object.entries(now).filter(([field]) => !changed.includes(field as Field));
    if (moved) kept.push([moved.from, now[moved.to]]);
    const same = Object.fromEntries(
      kept.map(([field, value]) => [field, [[value, value]]]),
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
