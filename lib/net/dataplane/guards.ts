import type { Device } from "../model/device.ts";
import {
  PACKET_FIELD,
  unsimulatedIn,
  type FilterRule,
  type FilterTable,
  type Match,
  type MatchField,
  type NamedSet,
} from "../model/packet-filter.ts";
import {
  CT,
  ICMP,
  LARGEST,
  TCP,
  UDP,
  type Field,
  type Guard,
  type Range,
} from "../model/network.ts";
import { lastOf, networkOf } from "../model/prefix.ts";
import { common, difference, maskedRanges, merged } from "../model/ranges.ts";

/** Where a packet is when a hook is called: the interfaces it came in and goes out by, as far as there are any. */
export type Passage = {
  readonly in: string | null;
  readonly out: string | null;
  readonly bridged: boolean;
  /** The ports of the bridge that it crosses. */
  readonly portIn: string | null;
  readonly portOut: string | null;
};

const ALWAYS: readonly Guard[] = [{}];
const NEVER: readonly Guard[] = [];

/**
 * What a rule looks at, as guards: it fits when one of them does. A rule that asks what is not simulated has none; what
 * comes by it is left open already (P4).
 */
export function guardsOf(
  rule: FilterRule,
  passage: Passage,
  device: Device,
  table: FilterTable,
): readonly Guard[] {
  if (isOpen(rule)) return NEVER;
  // Where a packet is, is asked first: most rules are about elsewhere.
  for (const match of rule.matches)
    if (match.kind === "iface" && choicesOf(match, passage, device, table) === NEVER) return NEVER;
  return rule.matches.reduce(
    (guards, match) => product(guards, choicesOf(match, passage, device, table)),
    ALWAYS,
  );
}

const open = new WeakMap<FilterRule, boolean>();

function isOpen(rule: FilterRule): boolean {
  const known = open.get(rule) ?? unsimulatedIn(rule).length > 0;
  open.set(rule, known);
  return known;
}

function product(some: readonly Guard[], others: readonly Guard[]): Guard[] {
  return some.flatMap((guard) => others.flatMap((other) => both(guard, other) ?? []));
}

function choicesOf(
  match: Match,
  passage: Passage,
  device: Device,
  table: FilterTable,
): readonly Guard[] {
  switch (match.kind) {
    case "field":
      return fieldGuards(match);
    case "iface": {
      const name = passage[SEEN[match.direction][match.port ? "port" : "iface"]];
      const fits = name !== null && match.names.some((pattern) => nameFits(pattern, name));
      return fits !== match.not ? ALWAYS : NEVER;
    }
    case "ct-state":
      return ranged(
        "ct",
        match.states.map((state) => only(CT[state])),
        match.not,
      );
    case "tcp-flags": {
      const values = Array.from({ length: 64 }, (_, value) => value).filter(
        (value) => (value & match.mask) === match.value,
      );
      return product(ranged("flags", values.map(only), match.not), [{ proto: [only(TCP)] }]);
    }
    case "address-type": {
      const ranges = match.types.flatMap((type) => addressRanges(type, device));
      return ranged(match.which, ranges, match.not);
    }
    case "bridged":
      return passage.bridged !== match.not ? ALWAYS : NEVER;
    case "named-set": {
      const set = table.sets.get(match.set);
      return set ? setGuards(set, match.fields, match.not) : NEVER;
    }
    case "arp-address":
    case "ct-status":
    case "ct-mark":
    case "ct-direction":
    case "unsimulated":
      return NEVER;
  }
}

const SEEN = {
  in: { iface: "in", port: "portIn" },
  out: { iface: "out", port: "portOut" },
} as const;

function nameFits(pattern: string, name: string): boolean {
  return /[+*]$/.test(pattern) ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function fieldGuards(match: Match & { kind: "field" }): readonly Guard[] {
  const field = PACKET_FIELD[match.field];
  if (!field) return NEVER;
  const ranges =
    match.mask === undefined ? match.ranges : maskedRanges(match.ranges[0]![0], match.mask);
  return product(ranged(field, ranges, match.not), impliedBy(match.field));
}

// Ports are those of TCP and UDP, types those of ICMP.
function impliedBy(field: MatchField): readonly Guard[] {
  if (field === "icmp-type" || field === "icmp-code") return [{ proto: [only(ICMP)] }];
  return field === "sport" || field === "dport" ? [{ proto: [only(TCP), only(UDP)] }] : ALWAYS;
}

function setGuards(set: NamedSet, fields: readonly MatchField[], not: boolean): readonly Guard[] {
  const guard = (field: MatchField, ranges: readonly Range[], turned: boolean) =>
    fieldGuards({ kind: "field", field, not: turned, ranges });
  if (fields.length === 1)
    return guard(
      fields[0]!,
      set.elements.map(({ ranges }) => ranges[0]!),
      not,
    );
  return set.elements.flatMap(({ ranges }) =>
    fields.reduce((all, field, at) => product(all, guard(field, [ranges[at]!], false)), ALWAYS),
  );
}

function only(value: number): Range {
  return [value, value];
}

function ranged(field: Field, ranges: readonly Range[], not: boolean): readonly Guard[] {
  const apart = merged(ranges);
  const wanted = not ? difference([[0, LARGEST[field]]], apart) : apart;
  return wanted.length > 0 ? [{ [field]: wanted }] : NEVER;
}

function addressRanges(
  type: "local" | "unicast" | "broadcast" | "multicast",
  { ifaces }: Device,
): Range[] {
  const all = ifaces.flatMap((iface) => iface.addresses.map((one) => ({ iface, ...one })));
  const own = all.map(({ iface, ip, length }): Range => {
    const net = networkOf(ip, length);
    return iface.ownsNetworks ? [net.first, lastOf(net)] : only(ip);
  });
  const broadcast = all
    .filter(({ iface, length }) => !iface.ownsNetworks && length < 31)
    .map(({ ip, length }) => only(lastOf(networkOf(ip, length))));
  const everyone = only(LARGEST.dst);
  const multicast: Range = [0xe0000000, 0xefffffff];
  switch (type) {
    case "local":
      return own;
    case "multicast":
      return [multicast];
    case "broadcast":
      return [...broadcast, everyone];
    case "unicast":
      return difference([[0, LARGEST.dst]], merged([...own, ...broadcast, multicast, everyone]));
  }
}

/** Packets that fit both guards; `null` when there are none. */
function both(a: Guard, b: Guard): Guard | null {
  const joined: { [F in Field]?: readonly Range[] } = { ...a };
  for (const field of Object.keys(b) as Field[]) {
    const mine = a[field];
    const ranges = mine ? common(mine, b[field]!) : b[field]!;
    if (ranges.length === 0) return null;
    joined[field] = ranges;
  }
  return joined;
}
