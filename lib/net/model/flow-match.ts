import { ARP, CT, IPV4, LARGEST, type Field, type Guard, type Range } from "./network.ts";
import { CT_BITS, bitsOf, type Flow, type FlowMatch, type FlowTerm } from "./openflow.ts";
import { common, merged } from "./ranges.ts";

/*
 * What a flow looks at, as guards on packets. ARP has its operation and its addresses where IP has its protocol and its
 * own (as OpenFlow 1.0 had them, §3.4), so one guard serves both.
 */

/** A match taken apart; `null` in its place fits nothing. */
export type FlowGuard = {
  readonly guard: Guard;
  /** What is known of a frame by the way it came: registers, a tunnel's number, the zone of its connection. */
  readonly known: readonly FlowTerm[];
  /** What it asks beside that which no packet here can tell. */
  readonly unsure: readonly string[];
};

/** More ranges than this are not looked at; a mask with so many holes is nobody's. */
const MOST_HOLES = 12;

/** What a match looks at. */
export function flowGuard({ terms, unsimulated }: FlowMatch): FlowGuard | null {
  const known = terms.filter(({ field }) => isKnown(field));
  const unsure = [...unsimulated];
  let guard: Guard = {};
  for (const term of terms) {
    if (isKnown(term.field)) continue;
    const asked = askedOf(term);
    if (typeof asked === "string") {
      unsure.push(asked);
      continue;
    }
    const [field, ranges] = asked;
    const joined = both(guard, { [field]: ranges });
    if (!joined) return null;
    guard = joined;
  }
  return { guard, known, unsure };
}

/** Whether a guard lets questions for neighbours through. */
export function fitsArp({ ethertype }: Guard): boolean {
  return !ethertype || ethertype.some(([low, high]) => low <= ARP && ARP <= high);
}

/** Packets that fit both guards; `null` when there are none. */
export function both(a: Guard, b: Guard): Guard | null {
  const joined: { [F in Field]?: readonly Range[] } = { ...a };
  for (const field of Object.keys(b) as Field[]) {
    const mine = a[field];
    const ranges = mine ? common(mine, b[field]!) : b[field]!;
    if (ranges.length === 0) return null;
    joined[field] = ranges;
  }
  return joined;
}

function isKnown(field: FlowTerm["field"]): boolean {
  return (
    field === "tunnel" || field === "metadata" || field === "ct-zone" || field.startsWith("reg")
  );
}

// The packet's field and its values, or what nobody can tell.
function askedOf(term: FlowTerm): readonly [Field, readonly Range[]] | string {
  const { field, value, mask } = term;
  switch (field) {
    case "eth-src":
    case "arp-sha":
      return ranged("smac", term);
    case "eth-dst":
      return ranged("dmac", term);
    case "ethertype":
      return ranged("ethertype", term);
    case "proto":
    case "arp-op":
      return value > LARGEST.proto ? ["proto", []] : ranged("proto", term);
    case "ip-src":
    case "arp-spa":
      return ranged("src", term);
    case "ip-dst":
    case "arp-tpa":
      return ranged("dst", term);
    case "src-port":
    case "icmp-code":
      return ranged("sport", term);
    case "dst-port":
    case "icmp-type":
      return ranged("dport", term);
    case "mark":
      return ranged("mark", term);
    case "dscp":
      return ranged("dscp", term);
    case "vlan":
      return tagged(value, mask ?? 0xffff);
    case "tcp-flags":
      return enumerated("flags", LARGEST.flags, (flags) => (flags & (mask ?? 0xfff)) === value);
    case "ct-state":
      return tracked(value, mask ?? 0xff);
    case "fragment":
      // Whole packets only are sent here.
      return value === 0 ? ["ethertype", [[0, LARGEST.ethertype]]] : ["ethertype", []];
    default:
      return field;
  }
}

function ranged(field: Field, { field: asked, value, mask }: FlowTerm): [Field, Range[]] | string {
  if (mask === null) return [field, [[value, value]]];
  const bits = Array.from({ length: bitsOf(asked) }, (_, bit) => bit);
  const open = bits.filter((bit) => Math.floor(mask / 2 ** bit) % 2 === 0);
  const low = open.filter((bit, at) => bit === at).length;
  const holes = open.slice(low);
  if (holes.length > MOST_HOLES) return `${asked} under a mask`;
  const ranges = Array.from({ length: 2 ** holes.length }, (_, choice): Range => {
    const high = holes.reduce((sum, bit, at) => sum + ((choice >>> at) & 1) * 2 ** bit, 0);
    return [value + high, value + high + 2 ** low - 1];
  });
  return [field, merged(ranges)];
}

function enumerated(
  field: Field,
  most: number,
  fits: (value: number) => boolean,
): [Field, Range[]] {
  const values = Array.from({ length: most + 1 }, (_, value) => value).filter(fits);
  return [field, merged(values.map((value): Range => [value, value]))];
}

const PRESENT = 0x1000;
const PRIORITY = 0xe000;

// The tag as 16 bits; its priority is no field, but a frame without a tag has none.
function tagged(value: number, mask: number): [Field, Range[]] | string {
  const asksPriority = (mask & PRIORITY) !== 0;
  const withoutTag = (mask & PRESENT) !== 0 && (value & PRESENT) === 0;
  if (asksPriority && !withoutTag) return "the priority of a VLAN tag";
  if (withoutTag && value !== 0) return ["tag", []];
  return enumerated("tag", LARGEST.tag, (tag) => {
    const bits = tag === 0 ? 0 : PRESENT | (tag - 1);
    return (bits & mask & ~PRIORITY) === (value & ~PRIORITY);
  });
}

// What tracking says of a packet, as the bits that a flow asks for.
const STATES: readonly (readonly [ct: number, bits: number])[] = [
  [CT.untracked, 0],
  [CT.new, CT_BITS.tracked | CT_BITS.new],
  [CT.established, CT_BITS.tracked | CT_BITS.established],
  [CT.related, CT_BITS.tracked | CT_BITS.related],
  [CT.invalid, CT_BITS.tracked | CT_BITS.invalid],
];
const TOLD =
  CT_BITS.tracked | CT_BITS.new | CT_BITS.established | CT_BITS.related | CT_BITS.invalid;

function tracked(value: number, mask: number): [Field, Range[]] | string {
  if ((mask & ~TOLD) !== 0) return "the direction of a connection";
  const fits = STATES.filter(([, bits]) => (bits & mask) === value);
  return ["ct", merged(fits.map(([ct]): Range => [ct, ct]))];
}

/** Two flows that fit the same packets at the same priority, and do different things with them. */
export type Overlap = { readonly first: Flow; readonly second: Flow; readonly guard: Guard };

/** No more pairs are compared; what was not is said to overlap with everything. */
const MOST_PAIRS = 200_000;

/** All such pairs, and whether every pair was looked at. */
export function overlapsOf(flows: readonly Flow[]): { pairs: readonly Overlap[]; all: boolean } {
  const groups = Map.groupBy(flows, ({ table, priority }) => `${table} ${priority}`);
  const pairs: Overlap[] = [];
  let compared = 0;
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const items = group.flatMap((flow): Item[] => {
      const it = flowGuard(flow.match);
      return it ? [{ flow, it, actions: JSON.stringify(flow.actions) }] : [];
    });
    const key = narrowest(items);
    const sorted = items
      .map((item) => ({ ...item, ...extent(item, key) }))
      .sort((a, b) => a.low - b.low);
    for (const [at, a] of sorted.entries())
      for (let next = at + 1; next < sorted.length && sorted[next]!.low <= a.high; next++) {
        if (++compared > MOST_PAIRS) return { pairs, all: false };
        const b = sorted[next]!;
        const guard = a.actions === b.actions ? null : common2(a, b);
        if (guard) pairs.push({ first: a.flow, second: b.flow, guard });
      }
  }
  return { pairs, all: true };
}

type Item = { readonly flow: Flow; readonly it: FlowGuard; readonly actions: string };

// What tells most of the flows apart: a field, or the port that they ask for.
function narrowest(items: readonly Item[]): Field | "port" {
  const keys: (Field | "port")[] = ["port", "dst", "src", "dmac", "smac", "dport", "tag"];
  const widths = keys.map((key) => new Set(items.map((item) => extent(item, key).low)).size);
  return keys[widths.indexOf(Math.max(...widths))]!;
}

function extent({ flow, it }: Item, key: Field | "port"): { low: number; high: number } {
  if (key === "port") {
    const { inPort } = flow.match;
    return typeof inPort === "number" ? { low: inPort, high: inPort } : { low: 0, high: Infinity };
  }
  const ranges = it.guard[key];
  if (!ranges) return { low: 0, high: Infinity };
  return { low: ranges[0]?.[0] ?? 0, high: ranges.at(-1)?.[1] ?? 0 };
}

function common2(a: Item, b: Item): Guard | null {
  const [mine, other] = [a.flow.match.inPort, b.flow.match.inPort];
  if (mine !== null && other !== null && mine !== other) return null;
  const apart = a.it.known.some((one) =>
    b.it.known.some(
      (two) =>
        one.field === two.field &&
        one.mask === null &&
        two.mask === null &&
        one.value !== two.value,
    ),
  );
  return apart ? null : both(a.it.guard, b.it.guard);
}

/** What of a flow is not simulated, in its own words. */
export function unsimulatedInFlow({ match, actions }: Flow): string[] {
  return [...(flowGuard(match)?.unsure ?? []), ...unsimulatedActions(actions)];
}

function unsimulatedActions(actions: Flow["actions"]): string[] {
  return actions.flatMap((action): string[] => {
    switch (action.kind) {
      case "unsimulated":
        return [action.what];
      case "clone":
        return unsimulatedActions(action.actions);
      case "push-vlan":
        return action.ethertype === 0x8100 ? [] : ["push_vlan with another type than 0x8100"];
      case "move":
        return isKnown(action.from.field) && isKnown(action.to.field) ? [] : ["move of a field"];
      case "set":
        return settable(action.field) && (action.mask === null || isKnown(action.field))
          ? []
          : [`set_field of ${action.field}`];
      case "track":
        return [
          ...(typeof action.zone === "number" ? [] : ["ct with a zone from a field"]),
          ...(action.nat ? ["ct with nat"] : []),
          ...(action.force ? ["ct with force"] : []),
          ...(action.mark ? ["ct with exec"] : []),
        ];
      default:
        return [];
    }
  });
}

/** The packet's field that an action may write; `null` for those that it may not. */
export function settable(field: FlowTerm["field"]): Field | "known" | null {
  if (isKnown(field)) return "known";
  switch (field) {
    case "eth-src":
    case "arp-sha":
      return "smac";
    case "eth-dst":
      return "dmac";
    case "ip-src":
    case "arp-spa":
      return "src";
    case "ip-dst":
    case "arp-tpa":
      return "dst";
    case "arp-op":
      return "proto";
    case "src-port":
      return "sport";
    case "dst-port":
      return "dport";
    case "dscp":
      return "dscp";
    case "mark":
      return "mark";
    default:
      return null;
  }
}

/** Packets that have the field at all, as guards. */
export function having(field: FlowTerm["field"]): readonly Guard[] {
  const ip: Guard = { ethertype: [[IPV4, IPV4]] };
  if (field === "ip-src" || field === "ip-dst" || field === "dscp") return [ip];
  if (field.startsWith("arp")) return [{ ethertype: [[ARP, ARP]] }];
  if (field === "src-port" || field === "dst-port")
    return [{ ...ip, proto: [[6, 6], [17, 17], [132, 132]] }]; // prettier-ignore
  return [{}];
}
