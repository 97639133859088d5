import type { Fate } from "../model/fate.ts";
import type {
  Field,
  Guard,
  LookupRow,
  Network,
  Place,
  PlaceId,
  ResolveRow,
} from "../model/network.ts";
import type { Span } from "../source/span.ts";
import type { Packet } from "./packet.ts";

/** One packet's way: every place it was at, what was decided there, and how it ended. */
export type Trace = { readonly stops: readonly Stop[]; readonly fate: Fate; readonly last: Packet };

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

/** No packet visits more places than this: it would have run out of hops long before. */
const LONGEST = 4096;

/** Send `packet` from `start`. Of several equal paths `choose` takes one; the first, unless it is told otherwise. */
export function trace(
  network: Network,
  start: PlaceId,
  packet: Packet,
  choose: (paths: readonly PlaceId[], at: Place) => PlaceId = (paths) => paths[0]!,
): Trace {
  const stops: Stop[] = [];
  let at = start;
  let now = packet;
  for (;;) {
    const place = network.places.get(at);
    if (!place) throw new Error(`No place "${at}" in this network`);
    const { step } = place;
    // TTL ends every loop of routers; a loop that costs no hop would go on for ever.
    if (stops.length >= LONGEST) return end({ kind: "loop", through: circle(at) });
    switch (step.kind) {
      case "drop":
        pass(place, []);
        return end(step.why);
      case "deliver":
        pass(place, []);
        return end({ kind: "delivered", device: place.device });
      case "filter": {
        const rule = step.rules.find((one) => fits(one.guard, now));
        pass(place, rule?.because ?? []);
        at = rule?.then ?? step.otherwise;
        break;
      }
      case "lookup": {
        const row = rowFor(step.rows, now.dst);
        if (!row) {
          pass(place, []);
          at = step.miss;
          break;
        }
        stops.push({
          place,
          packet: now,
          decision: { kind: "looked-up", row, paths: row.next.length },
        });
        at = row.next.length === 1 ? row.next[0]! : choose(row.next, place);
        break;
      }
      case "resolve": {
        const row = step.rows.find((one) => fits(one.guard, now));
        if (!row) {
          pass(place, []);
          at = step.miss;
          break;
        }
        stops.push({ place, packet: now, decision: { kind: "resolved", row } });
        now = { ...now, dmac: row.dmac, smac: step.smac };
        at = step.next;
        break;
      }
      case "rewrite":
        pass(place, []);
        if (step.change.kind === "hop") {
          at = now.ttl > 1 ? step.next : step.expired;
          now = { ...now, ttl: now.ttl - 1 };
        } else {
          now = { ...now, [step.change.field]: step.change.value };
          at = step.next;
        }
        break;
      case "flood":
        pass(place, []);
        // One far end on a cable; copies beyond the first are followed by asking for another choice.
        at = step.to.length === 1 ? step.to[0]! : choose(step.to, place);
        break;
    }
  }

  function pass(place: Place, because: readonly Span[]): void {
    stops.push({ place, packet: now, decision: { kind: "passed", because } });
  }

  function end(fate: Fate): Trace {
    return { stops, fate, last: now };
  }

  function circle(id: PlaceId): string[] {
    const from = stops.findIndex((stop) => stop.place.id === id);
    return [...new Set(stops.slice(Math.max(0, from)).map((stop) => stop.place.device))];
  }
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
