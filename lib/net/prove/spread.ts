import {
  CT,
  ICMP,
  IPV4,
  type Change,
  type Field,
  type Guard,
  type Network,
  type Place,
  type PlaceId,
} from "../model/network.ts";
import { isAskedFor } from "./asked.ts";
import {
  ALL,
  NONE,
  OTHERS,
  type Arena,
  type PacketFields,
  type PacketSet,
  type SetField,
  type SetGuard,
} from "./sets.ts";
import { ADDRESSED, Tracking } from "./tracking.ts";
import { mapped, translated, type Changed, type Moved } from "./translation.ts";

/** Every place that packets come to, and which packets: the least fixpoint of the network's steps. */
export type Spread = {
  readonly at: ReadonlyMap<PlaceId, PacketSet>;
  readonly arrivals: readonly Arrival[];
  /** From each place the next ones that some packet went to, also those where it was nothing new. */
  readonly next: ReadonlyMap<PlaceId, ReadonlySet<PlaceId>>;
};

/** New packets at a place, and what made them so at the place of `parent`. */
export type Arrival = Pick<Changed, "before" | "changed" | "moved"> & {
  readonly place: PlaceId;
  readonly fresh: PacketSet;
  readonly parent: number | null;
};

const TAGS: readonly Field[] = ["tag", "inner"];
/** Looked up anew at every place that tracks. */
const TRACKED: readonly SetField[] = ["ct", ...OTHERS];

export type SpreadHow = {
  /** Places where it ends although they lead on. */
  readonly until?: ReadonlySet<PlaceId>;
  /** Switches may have forgotten where anyone is, as an attacker can make them. */
  readonly forgets?: boolean;
  /** Programs ask others for those who ask them; what they are answered is not followed back. */
  readonly relays?: boolean;
  /** Of what these places flood, only the copy to the place named is followed. */
  readonly copies?: ReadonlyMap<PlaceId, PlaceId>;
  /** What the devices remember; when absent, whatever the packets themselves may have opened. */
  readonly tracking?: Tracking;
};

/** What a system notes about a packet. */
const NOTED: readonly SetField[] = ["mark", ...TRACKED];
/** Packets as they are sent: what systems note about them, they note themselves. */
export const UNNOTED: SetGuard = Object.fromEntries(NOTED.map((field) => [field, [[0, 0]]]));

const CLASSED: ReadonlySet<SetField> = new Set([...ADDRESSED, "dscp"]);

/** Packets with the addresses of `packets` as they leave a stack: in no frame yet, of the class that all begin with. */
export function asSent(arena: Arena, packets: PacketSet, flags: number): PacketSet {
  const fresh = arena.where({
    ...UNNOTED,
    ethertype: [[IPV4, IPV4]],
    tag: [[0, 0]],
    inner: [[0, 0]],
    flags: [[flags, flags]],
  });
  // An echo's answer is of the echo's class (icmp_reply); all others begin anew.
  const echoes = arena.where({ proto: [[ICMP, ICMP]] });
  const anew = arena.assign(arena.subtract(packets, echoes), "dscp", 0);
  const all = arena.union(anew, arena.intersect(packets, echoes));
  return arena.intersect(arena.only(all, CLASSED), fresh);
}
const NOWHERE: ReadonlySet<PlaceId> = new Set();

/** Packets whose connections were looked up, and where they went from there. */
type Looked = { readonly index: number; readonly packets: PacketSet; readonly to: PlaceId };

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
  {
    until = NOWHERE,
    forgets = false,
    relays = false,
    copies,
    tracking = new Tracking(arena, "ever"),
  }: SpreadHow = {},
): Spread {
  const at = new Map<PlaceId, PacketSet>();
  const arrivals: Arrival[] = [];
  const next = new Map<PlaceId, Set<PlaceId>>();
  const looked = new Map<string, Looked[]>();
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
    changed: readonly SetField[],
    moved: readonly Moved[] = [],
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

  // Its source port, which is any, is left as it was asked with.
  function relay(
    { source, to, port, next: on }: Extract<Place["step"], { kind: "relay" }>,
    packets: PacketSet,
    parent: number,
  ): void {
    const values = { src: source, dst: to, dport: port, dscp: 0 } as const;
    const fields = Object.keys(values) as (keyof typeof values)[];
    const sent = fields.reduce(
      (set, field) => arena.assign(set, field, values[field]),
      NOTED.reduce((set, field) => arena.assign(set, field, 0), packets),
    );
    arrive(on, sent, parent, packets, [...fields, ...NOTED]);
  }

  function deviceAt(place: PlaceId): string {
    return network.places.get(place)!.device;
  }

  function noteStep(from: PlaceId, to: PlaceId): void {
    const known = next.get(from);
    if (known) known.add(to);
    else next.set(from, new Set([to]));
  }

  function leave({ id, device, step }: Place, packets: PacketSet, parent: number): void {
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
          return arrive(step.next, arena.popTag(packets), parent, packets, TAGS, [
            { from: "inner", to: "tag", more: 0 },
          ]);
        const room = arena.where({ inner: [[0, 0]] });
        pass(step.full, arena.subtract(packets, room));
        const fitting = arena.intersect(packets, room);
        const tagged = arena.pushTag(fitting, step.push + 1);
        return arrive(step.next, tagged, parent, fitting, TAGS, [
          { from: "tag", to: "inner", more: 0 },
        ]);
      }
      case "rewrite": {
        if (step.change.kind === "hop") return pass(step.next, packets);
        return arrive(step.next, set(packets, step.change), parent, packets, [step.change.field]);
      }
      case "track": {
        const exempt = arena.intersect(packets, arena.where({ ct: [[CT.exempt, CT.exempt]] }));
        const tracked = arena.subtract(packets, exempt);
        arrive(step.next, arena.assign(exempt, "ct", CT.untracked), parent, exempt, ["ct"]);
        const home = step.zone ?? device;
        arrive(step.next, tracking.track(home, tracked), parent, tracked, TRACKED);
        const before = looked.get(home) ?? [];
        looked.set(home, [...before, { index: parent, to: step.next, packets: tracked }]);
        return;
      }
      case "confirm": {
        pass(step.next, packets);
        const home = step.zone ?? device;
        const news = tracking.remember(home, packets);
        // What came before may come again, now that there is a connection for it.
        if (news !== NONE)
          for (const { index, to, packets: came } of looked.get(home) ?? [])
            arrive(to, tracking.meet(home, came, news), index, came, TRACKED);
        return;
      }
      case "translate": {
        const first = arena.intersect(packets, arena.where({ ct: [[CT.new, CT.new]] }));
        pass(step.first, first);
        const others = translated(arena, arena.subtract(packets, first), step.side);
        return change(step.next, others, parent);
      }
      case "label":
      case "relabel":
        throw new NotProved("labels");
      case "map":
        return change(step.next, mapped(arena, packets, step), parent);
      case "relay":
        if (!relays) throw new NotProved("a program that takes connections for others");
        return relay(step, packets, parent);
      case "flood": {
        const only = copies?.get(id);
        for (const to of only === undefined ? step.to : [only]) pass(to, packets);
        return;
      }
    }
  }

  function change(to: PlaceId, all: readonly Changed[], parent: number): void {
    for (const { before, now, changed, moved } of all)
      arrive(to, now, parent, before, changed, moved);
  }

  function set(packets: PacketSet, change: Extract<Change, { kind: "set" }>): PacketSet {
    const { field, value, mask } = change;
    if (mask === undefined) return arena.assign(packets, field, value);
    return arena.cuts(packets, field).reduce((all, [low, high]) => {
      const some = arena.intersect(packets, arena.where({ [field]: [[low, high]] }));
      if (some === NONE) return all;
      if (low !== high) throw new NotProved("a mark that is set in part and may be anything else");
      return arena.union(all, arena.assign(some, field, ((low & ~mask) | (value & mask)) >>> 0));
    }, NONE);
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

/** A packet's way through places that sets came to: the packet as it was at each, the first and the last included. */
export type Path = {
  readonly places: readonly PlaceId[];
  readonly packets: readonly PacketFields[];
};

/** How `packet`, which arrived at `place`, came there. `null` when no such packet arrived. */
export function wayTo(
  arena: Arena,
  { arrivals }: Spread,
  place: PlaceId,
  packet: PacketFields,
): Path | null {
  let index: number | null = arrivals.findIndex(
    (one) => one.place === place && arena.contains(one.fresh, packet),
  );
  if (index === -1) return null;
  const places: PlaceId[] = [];
  const packets: PacketFields[] = [];
  let now = packet;
  for (;;) {
    const arrival: Arrival = arrivals[index]!;
    places.unshift(arrival.place);
    packets.unshift(now);
    if (arrival.parent === null) return { places, packets };
    // What the step changed may have been anything that it takes; all else was the same.
    const { changed, moved } = arrival;
    const values = now as Readonly<Record<SetField, number>>;
    const kept = Object.entries(values).filter(([field]) => !changed.includes(field as SetField));
    for (const { from, to, more } of moved) kept.push([from, values[to] - more]);
    const same = Object.fromEntries(
      kept.map(([field, value]) => [field, [[value, value]]]),
    ) as SetGuard;
    const earlier = arena.witness(arena.intersect(arrival.before, arena.where(same)), prefer(now));
    if (!earlier) return null;
    now = earlier;
    index = arrival.parent;
  }
}

function prefer(packet: PacketFields): { readonly [F in SetField]?: readonly number[] } {
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
