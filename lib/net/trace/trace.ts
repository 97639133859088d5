import type { Fate } from "../model/fate.ts";
import {
  CT,
  IPV4,
  LABELLED,
  type Change,
  type Field,
  type Guard,
  type LookupRow,
  type Network,
  type Place,
  type PlaceId,
  type ResolveRow,
} from "../model/network.ts";
import type { Span } from "../source/span.ts";
import { Connections, isFirst, mapped, translated, type Tracked } from "./connections.ts";
import type { Packet } from "./packet.ts";
import { sizedAt } from "./size.ts";

/** One packet's way: every place it was at, what was decided there, and how it ended. */
export type Trace = {
  readonly stops: readonly Stop[];
  readonly fate: Fate;
  readonly last: Packet;
  /** The connection that it belonged to on the device where it ended. */
  readonly tracked?: Tracked | undefined;
};

/** `packet` is as it came to the place. */
export type Stop = {
  readonly place: Place;
  readonly packet: Packet;
  readonly decision: Decision;
};

export type Decision =
  | { readonly kind: "looked-up"; readonly row: LookupRow; readonly paths: number }
  | { readonly kind: "resolved"; readonly row: ResolveRow }
  | { readonly kind: "passed"; readonly because: readonly Span[] };

/** No packet and its copies visit more places than this: hops to live would have run out long before. */
const LONGEST = 20_000;

export type Choose = (paths: readonly PlaceId[], at: Place) => PlaceId | null;

export type How = {
  /** Which of several equal paths or copies to follow; `null` leaves it to the trace. */
  readonly choose?: Choose | undefined;
  /** Switches may have forgotten where anyone is: `choose` then says whether a frame goes one way or all. */
  readonly forgets?: boolean;
  /** What the devices remember of earlier packets of the same conversation. */
  readonly connections?: Connections;
};

/**
 * Send `packet` from `start`. Of several equal paths it takes the first; of the copies that a bridge or a group makes,
 * the walk is that of the copy which gets furthest.
 */
export function trace(network: Network, start: PlaceId, packet: Packet, how: How = {}): Trace {
  return new Walker(network, how).follow(start, packet, [], new Set());
}

class Walker {
  private visited = 0;
  private readonly network: Network;
  private readonly choose: Choose;
  private readonly connections: Connections;
  private readonly forgets: boolean;
  private readonly tracked = new Map<string, Tracked>();

  constructor(network: Network, { choose, connections, forgets }: How) {
    this.forgets = forgets ?? false;
    this.network = network;
    this.choose = choose ?? (() => null);
    this.connections = connections ?? new Connections();
  }

  /** `before` is the walk so far; `segment` the places on this stretch of layer 2, to know a circle by. */
  follow(start: PlaceId, packet: Packet, before: readonly Stop[], segment: Set<string>): Trace {
    const stops = [...before];
    let at = start;
    let now = packet;
    const pass = (place: Place, because: readonly Span[] = []) =>
      stops.push({ place, packet: now, decision: { kind: "passed", because } });
    const end = (fate: Fate): Trace => {
      const tracked = this.tracked.get(stops.at(-1)?.place.device ?? "");
      return { stops, fate, last: now, tracked };
    };
    for (;;) {
      const place = this.network.places.get(at);
      if (!place) throw new Error(`No place "${at}" in this network`);
      const { step } = place;
      // What one system has noted about a packet is unknown to the next.
      if (stops.at(-1)?.place.device !== place.device && stops.length > 0)
        now = { ...now, mark: 0, ct: CT.untracked };
      if (now.size !== undefined) {
        const sized = sizedAt(this.network, place, now, stops.at(-1)?.place.step.kind === "label");
        if ("drop" in sized) {
          pass(place);
          return end(sized.drop);
        }
        now = sized.packet;
      }
      const print = `${at} ${now.tag} ${now.inner}`;
      if (++this.visited > LONGEST || segment.has(print))
        return end({ kind: "loop", through: circle(stops, at) });
      switch (step.kind) {
        case "drop":
          pass(place);
          return end(step.why);
        case "deliver":
          pass(place);
          return end({ kind: "delivered", device: place.device });
        case "filter": {
          const rule = step.rules.find((one) => fits(one.guard, now));
          pass(place, rule?.because);
          at = rule?.then ?? step.otherwise;
          break;
        }
        case "lookup": {
          const row = rowFor(step.rows, now.dst);
          if (!row) {
            pass(place);
            at = step.miss;
            break;
          }
          stops.push({
            place,
            packet: now,
            decision: { kind: "looked-up", row, paths: row.next.length },
          });
          at = (row.next.length > 1 ? this.choose(row.next, place) : null) ?? row.next[0]!;
          break;
        }
        case "resolve": {
          const row = step.rows.find((one) => fits(one.guard, now));
          if (!row) {
            pass(place);
            at = step.miss;
            break;
          }
          stops.push({ place, packet: now, decision: { kind: "resolved", row } });
          // Sets of packets go on here: where frames go round for ever, some still arrive.
          if (step.circles && !this.forgets) return end({ kind: "loop", through: step.circles });
          now = { ...now, dmac: row.dmac, smac: step.smac };
          at = step.next;
          segment = new Set();
          break;
        }
        case "tag":
          pass(place);
          if (step.push === null) {
            now = { ...now, tag: now.inner, inner: 0 };
            at = step.next;
          } else if (now.inner !== 0) at = step.full;
          else {
            now = { ...now, tag: step.push + 1, inner: now.tag };
            at = step.next;
          }
          break;
        case "label": {
          pass(place);
          const ttl = now.labels?.[0]?.ttl ?? now.ttl;
          const labels = [{ label: step.push, ttl }, ...(now.labels ?? [])];
          now = { ...now, ethertype: LABELLED, labels };
          at = step.next;
          break;
        }
        case "relabel": {
          const [outer, ...rest] = now.labels ?? [];
          const row = step.rows.find(({ label }) => label === outer?.label);
          pass(place, row?.because);
          if (!outer || !row) {
            at = step.miss;
            break;
          }
          const ttl = outer.ttl - 1;
          const labels = [...row.swap.map((label) => ({ label, ttl })), ...rest];
          if (outer.ttl <= 1) at = step.expired;
          else if (labels.length > 0) {
            now = { ...now, labels };
            at = row.next;
          } else {
            // What the last label counted down is what is left to the packet (RFC 3443).
            now = { ...now, ethertype: IPV4, labels: undefined, ttl };
            at = row.bare;
          }
          break;
        }
        case "switch": {
          segment.add(print);
          const row = step.rows.find((one) => one.dmac === now.dmac);
          pass(place, row?.because);
          at = row?.next ?? step.miss;
          if (row && this.forgets) at = this.choose([row.next, step.miss], place) ?? row.next;
          break;
        }
        case "rewrite":
          pass(place);
          if (step.change.kind === "hop") {
            if (step.change.bridges && now.dst !== cameFor(stops)) {
              at = step.next;
              break;
            }
            at = now.ttl > 1 ? step.next : step.expired;
            now = { ...now, ttl: now.ttl - 1 };
          } else {
            now = set(now, step.change);
            at = step.next;
          }
          break;
        case "track": {
          pass(place);
          const home = step.zone ?? place.device;
          const { tracked, packet: known } =
            now.ct === CT.exempt
              ? { tracked: null, packet: { ...now, ct: CT.untracked } }
              : this.connections.track(home, now);
          if (tracked) this.tracked.set(home, tracked);
          else this.tracked.delete(home);
          now = known;
          at = step.next;
          break;
        }
        case "confirm": {
          pass(place);
          const home = step.zone ?? place.device;
          const tracked = this.tracked.get(home);
          if (tracked && now.ct !== CT.untracked) this.connections.remember(home, tracked);
          at = step.next;
          break;
        }
        case "translate": {
          pass(place);
          const tracked = this.tracked.get(place.device);
          if (!tracked || now.ct === CT.untracked) at = step.next;
          else if (isFirst(tracked)) at = step.first;
          else {
            now = translated(now, tracked, step.side);
            at = step.next;
          }
          break;
        }
        case "map": {
          pass(place);
          const tracked = this.tracked.get(place.device);
          if (tracked) now = mapped(now, tracked, step);
          at = step.next;
          break;
        }
        case "relay": {
          pass(place);
          this.tracked.delete(place.device);
          const { ttl } = this.network.devices.get(place.device)!.habits;
          const { source: src, to: dst, port: dport } = step;
          const begun = { ttl, dscp: 0, smac: 0, mark: 0, ct: CT.untracked };
          now = { ...now, src, dst, dport, ...begun };
          at = step.next;
          break;
        }
        case "flood": {
          pass(place);
          const only = step.to.length > 1 ? this.choose(step.to, place) : (step.to[0] ?? null);
          if (only === null) return this.furthest(step.to, now, stops, segment);
          at = only;
          break;
        }
      }
    }
  }

  private furthest(
    copies: readonly PlaceId[],
    packet: Packet,
    stops: readonly Stop[],
    segment: ReadonlySet<string>,
  ): Trace {
    const ends = copies.map((to) => this.follow(to, packet, stops, new Set(segment)));
    const [first] = ends;
    if (!first)
      return { stops, fate: { kind: "nobody", device: stops.at(-1)!.place.device }, last: packet };
    const told = (one: Trace) => weight(one, stops.length);
    return ends.reduce((best, one) => (told(one) < told(best) ? one : best), first);
  }
}

// The destination that the packet had when it came up into the stack last.
function cameFor(stops: readonly Stop[]): number {
  return stops.findLast(({ place }) => place.id.endsWith(" stack"))?.packet.dst ?? -1;
}

function set(packet: Packet, { field, value, mask }: Extract<Change, { kind: "set" }>): Packet {
  if (mask === undefined) return { ...packet, [field]: value };
  return { ...packet, [field]: ((packet[field] & ~mask) | (value & mask)) >>> 0 };
}

// What arrives says most, then what may have fared otherwise.
function weight({ stops, fate }: Trace, from: number): number {
  if (fate.kind === "delivered") return 0;
  return stops.slice(from).some(({ place }) => place.doubt) ? 0.5 : rank(fate);
}

// Copies that nobody takes say least.
function rank(fate: Fate): number {
  if (fate.kind === "delivered") return 0;
  return [
    "not-for-it",
    "vlan-not-allowed",
    "blocked",
    "port-locked",
    "no-carrier",
    "no-tunnel",
    "nobody",
  ].includes(fate.kind)
    ? 2
    : 1;
}

function circle(stops: readonly Stop[], id: PlaceId): string[] {
  const from = stops.findIndex((stop) => stop.place.id === id);
  return [...new Set(stops.slice(Math.max(0, from)).map((stop) => stop.place.device))];
}

/** Whether every field that the guard names lies in one of its ranges. */
function fits(guard: Guard, packet: Packet): boolean {
  for (const field of Object.keys(guard) as Field[]) {
    const value = packet[field];
    if (!guard[field]!.some(([low, high]) => value >= low && value <= high)) return false;
  }
  return true;
}

// Rows are sorted and apart: the last that begins at or before the address is the only one that can cover it.
function rowFor(rows: readonly LookupRow[], dst: number): LookupRow | null {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.low <= dst) low = middle + 1;
    else high = middle;
  }
  const row = rows[low - 1];
  return row && dst <= row.high ? row : null;
}
