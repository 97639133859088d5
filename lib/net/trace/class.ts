import { FIELDS, LARGEST, type Field, type Guard, type Range } from "../model/network.ts";
import { common, difference } from "../model/ranges.ts";
import type { Packet } from "./packet.ts";
import type { Stop, Trace } from "./trace.ts";

/**
 * The packets that walk as one packet did, as far as a range for each field can say: whatever has its fields in these,
 * and at least `ttl` hops to live, comes by the same places to the same end. A field that is not named may be anything.
 */
export type PacketClass = {
  readonly fields: Guard;
  /** Hops to live: at least the first; at most the second where the walk ends for want of them. */
  readonly ttl: Range;
  /** What was not lost for its length holds for what is shorter, and what was for what is longer. */
  readonly length: "shorter" | "longer";
};

/** More hops to live no packet has. */
const MOST_HOPS = 255;

/**
 * The class of a walk's packet as it set out: every guard passed on the way, in terms of the fields that nothing had set
 * before. Where a rule was passed over, the packet's class keeps out of it by one field. What devices remember of a
 * conversation belongs to the one conversation: fields that it decides stay as they are.
 */
export function classOf({ stops, fate }: Trace): PacketClass {
  const at = new Narrowing(stops[0]!.packet.ttl);
  stops.forEach((stop, index) => at.pass(stop, stops[index + 1]));
  const isTooLong = fate.kind === "too-big" || fate.kind === "frame-too-big";
  return { ...at.outcome(), length: isTooLong ? "longer" : "shorter" };
}

class Narrowing {
  private readonly fields: Partial<Record<Field, readonly Range[]>> = {};
  /** Fields that were set on the way: what they are tells nothing of what they were. */
  private readonly own = new Set<Field>();
  private readonly sent: number;
  private least = 1;
  private most = MOST_HOPS;
  /** Whether hops are still those of the packet that set out, and not of one that a program sent for it. */
  private counts = true;

  constructor(sent: number) {
    this.sent = sent;
  }

  outcome(): Pick<PacketClass, "fields" | "ttl"> {
    return { fields: this.fields, ttl: [this.least, this.most] };
  }

  pass({ place, packet }: Stop, after: Stop | undefined): void {
    const { step } = place;
    // What one system has noted about a packet is unknown to the next.
    if (after && after.place.device !== place.device) this.set("mark", "ct");
    switch (step.kind) {
      case "filter":
      case "resolve": {
        const all: readonly Guarded[] = step.kind === "filter" ? step.rules : step.rows;
        const { rows, row } = chosen(all, packet);
        for (const { guard } of rows) this.miss(guard, packet);
        if (row) for (const field of fieldsOf(row.guard)) this.keep(field, row.guard[field]!);
        if (step.kind === "resolve" && row) this.set("dmac", "smac");
        return;
      }
      case "lookup": {
        const row = step.rows.find(({ low, high }) => packet.dst >= low && packet.dst <= high);
        if (row) return this.keep("dst", [[row.low, row.high]]);
        const covered = step.rows.map(({ low, high }): Range => [low, high]);
        return this.keep("dst", difference([[0, LARGEST.dst]], covered));
      }
      case "switch": {
        const known = step.rows.map(({ dmac }): Range => [dmac, dmac]);
        const mine: Range = [packet.dmac, packet.dmac];
        if (step.rows.some(({ dmac }) => dmac === packet.dmac)) return this.keep("dmac", [mine]);
        const apart = known.toSorted(([a], [b]) => a - b);
        return this.keep("dmac", difference([[0, LARGEST.dmac]], apart));
      }
      case "tag":
        this.exactly(packet, "tag", "inner");
        return;
      case "rewrite":
        if (step.change.kind === "set") {
          if (step.change.mask !== undefined) this.exactly(packet, step.change.field);
          return this.set(step.change.field);
        }
        if (after && after.packet.ttl < packet.ttl)
          this.count(packet.ttl, after.place.id === step.expired);
        return;
      case "relabel":
        this.exactly(packet, "ethertype");
        return this.count(packet.labels?.[0]?.ttl ?? 0, after?.place.id === step.expired);
      case "label":
        return this.set("ethertype");
      case "track":
        this.exactly(packet, "ct", "proto", "src", "dst", "sport", "dport", "flags");
        return this.set("ct");
      case "map":
      case "translate":
        this.exactly(packet, "src", "dst", "sport", "dport");
        return;
      case "relay":
        this.set("src", "dst", "sport", "dport", "flags", "dscp", "mark", "ct");
        this.counts = false;
        return;
      case "confirm":
      case "flood":
      case "deliver":
      case "drop":
        return;
    }
  }

  // A hop is counted where `left` are left.
  private count(left: number, isLast: boolean): void {
    if (!this.counts) return;
    const counted = this.sent - left;
    if (isLast) this.most = Math.min(this.most, counted + 1);
    else this.least = Math.max(this.least, counted + 2);
  }

  // Keep out of a rule that was passed over, by a field that the packet is out of it with: one that is set anyway, or
  // else the one that leaves most.
  private miss(guard: Guard, packet: Packet): void {
    const out = fieldsOf(guard).filter((field) => !within(packet[field], guard[field]!));
    if (out.some((field) => this.own.has(field))) return;
    const left = out.map((field) => ({
      field,
      ranges: difference(this.allowed(field), guard[field]!),
    }));
    const best = left.toSorted((a, b) => share(b) - share(a))[0];
    if (best) this.fields[best.field] = best.ranges;
  }

  private allowed(field: Field): readonly Range[] {
    return this.fields[field] ?? [[0, LARGEST[field]]];
  }

  private keep(field: Field, ranges: readonly Range[]): void {
    if (this.own.has(field)) return;
    const left = common(this.allowed(field), ranges).toSorted(([a], [b]) => a - b);
    if (left.length > 0) this.fields[field] = left;
  }

  // From here on the outcome depends on the very value; what it is later does not tell what it was.
  private exactly(packet: Packet, ...fields: Field[]): void {
    for (const field of fields) {
      if (this.own.has(field)) continue;
      this.keep(field, [[packet[field], packet[field]]]);
      this.own.add(field);
    }
  }

  private set(...fields: Field[]): void {
    for (const field of fields) this.own.add(field);
  }
}

type Guarded = { readonly guard: Guard };

// The first that fits, and those before it, or all when none does.
function chosen(
  all: readonly Guarded[],
  packet: Packet,
): { rows: readonly Guarded[]; row: Guarded | undefined } {
  const at = all.findIndex(({ guard }) =>
    fieldsOf(guard).every((field) => within(packet[field], guard[field]!)),
  );
  return at === -1 ? { rows: all, row: undefined } : { rows: all.slice(0, at), row: all[at] };
}

function fieldsOf(guard: Guard): Field[] {
  return FIELDS.filter((field) => guard[field] !== undefined);
}

function within(value: number, ranges: readonly Range[]): boolean {
  return ranges.some(([low, high]) => value >= low && value <= high);
}

// How much of a field's values the ranges leave.
function share({ field, ranges }: { field: Field; ranges: readonly Range[] }): number {
  return ranges.reduce((sum, [low, high]) => sum + high - low + 1, 0) / (LARGEST[field] + 1);
}
