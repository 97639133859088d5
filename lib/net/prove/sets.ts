import { FIELDS, LARGEST, type Field, type Range } from "../model/network.ts";

/** A set of packets: the index of its node in the arena that made it. Equal sets have equal indices. */
export type PacketSet = number & { readonly set: unique symbol };

/**
 * What a system that tracks connections notes about a packet while it is in it, beside the fields of the packet: for
 * each half of an address 0 where it stays as it is, else 1 + another value. Of a packet that begins a connection that
 * is what it came with, of any other what its connection makes of it.
 */
export const OTHER = {
  src: "otherSrc",
  dst: "otherDst",
  sport: "otherSport",
  dport: "otherDport",
} as const;
export type Half = keyof typeof OTHER;
export const OTHERS = Object.values(OTHER);

/** What sets tell packets apart by. */
export type SetField = Field | (typeof OTHER)[Half];

/** Fits packets as a guard of the network does, and by what is noted about them. */
export type SetGuard = { readonly [F in SetField]?: readonly Range[] };

/** The least that tells one packet from another: a value for every field. What is not noted is 0. */
export type PacketFields = Readonly<Record<Field, number>> &
  Readonly<Partial<Record<SetField, number>>>;

const ORDER: readonly SetField[] = [...FIELDS, ...OTHERS];
const LAST: Readonly<Record<SetField, number>> = {
  ...LARGEST,
  otherSrc: LARGEST.src + 1,
  otherDst: LARGEST.dst + 1,
  otherSport: LARGEST.sport + 1,
  otherDport: LARGEST.dport + 1,
};

export const NONE = 0 as PacketSet;
export const ALL = 1 as PacketSet;

/** Thrown when an arena has more nodes than its budget: the question is too complex to decide here. */
export class TooComplex extends Error {}

type Node = {
  readonly level: number;
  /** The upper ends of the intervals, ascending; the last is the field's largest value. */
  readonly highs: readonly number[];
  readonly kids: readonly PacketSet[];
};

/**
 * Sets of packets as decision diagrams over fields. A node asks for one field and has an edge for each interval of
 * its values; fields come in the order of `FIELDS`, and a field that makes no difference has no node. Nodes are
 * shared and neighbouring intervals with the same outcome are one, so every set has exactly one diagram, and equality
 * is equality of numbers. `budget` is counted in nodes, and a hundred times that in intervals that are looked at, so
 * that the same question ends the same way everywhere.
 */
export class Arena {
  private readonly nodes: Node[] = [terminal, terminal];
  private readonly known = new Map<string, PacketSet>();
  private readonly results = new Map<string, PacketSet>();
  private readonly budget: number;
  private work = 0;

  constructor(budget = 400_000) {
    this.budget = budget;
  }

  get size(): number {
    return this.nodes.length;
  }

  /** The packets whose named fields lie in the given ranges. */
  where(guard: SetGuard): PacketSet {
    let set = ALL;
    for (let level = ORDER.length - 1; level >= 0; level--) {
      const ranges = guard[ORDER[level]!];
      if (ranges) set = this.chain(level, ranges, set);
    }
    return set;
  }

  union(a: PacketSet, b: PacketSet): PacketSet {
    if (a === b || b === NONE) return a;
    if (a === NONE) return b;
    if (a === ALL || b === ALL) return ALL;
    return a < b ? this.apply("|", a, b) : this.apply("|", b, a);
  }

  intersect(a: PacketSet, b: PacketSet): PacketSet {
    if (a === b || b === ALL) return a;
    if (a === ALL) return b;
    if (a === NONE || b === NONE) return NONE;
    return a < b ? this.apply("&", a, b) : this.apply("&", b, a);
  }

  /** What is in `a` and not in `b`. */
  subtract(a: PacketSet, b: PacketSet): PacketSet {
    if (a === NONE || a === b || b === ALL) return NONE;
    if (b === NONE) return a;
    return this.apply("-", a, b);
  }

  complement(a: PacketSet): PacketSet {
    return this.subtract(ALL, a);
  }

  /** Whether every packet of `a` is in `b`. */
  within(a: PacketSet, b: PacketSet): boolean {
    return this.subtract(a, b) === NONE;
  }

  /** The same packets with any value in `field`. */
  forget(set: PacketSet, field: SetField): PacketSet {
    const level = ORDER.indexOf(field);
    if (set <= 1 || this.node(set).level > level) return set;
    const key = `?${level},${set}`;
    const done = this.results.get(key);
    if (done !== undefined) return done;
    const { kids, highs, level: at } = this.node(set);
    const result =
      at === level
        ? kids.reduce((all, kid) => this.union(all, kid), NONE)
        : this.make(
            at,
            highs,
            kids.map((kid) => this.forget(kid, field)),
          );
    this.results.set(key, result);
    return result;
  }

  /** The same packets with any value in every field but these. */
  only(set: PacketSet, fields: ReadonlySet<SetField>): PacketSet {
    return ORDER.reduce((now, field) => (fields.has(field) ? now : this.forget(now, field)), set);
  }

  /** The packets as they are after `field` was set to `value`. */
  assign(set: PacketSet, field: SetField, value: number): PacketSet {
    return this.intersect(this.forget(set, field), this.where({ [field]: [[value, value]] }));
  }

  /** The packets with one more tag on: what was the outer one is the inner now. The inner one must be free. */
  pushTag(set: PacketSet, tag: number): PacketSet {
    return this.move(set, "tag", (moved, range) =>
      this.assign(this.narrow(this.forget(moved, "inner"), "inner", range), "tag", tag),
    );
  }

  /** The packets with the outer tag off. */
  popTag(set: PacketSet): PacketSet {
    return this.move(set, "inner", (moved, range) =>
      this.assign(this.narrow(this.forget(moved, "tag"), "tag", range), "inner", 0),
    );
  }

  /** The packets with the values of two fields exchanged; the same value is by `more` greater in `b` than in `a`. */
  exchange(set: PacketSet, a: SetField, b: SetField, more = 0): PacketSet {
    const key = `x${a},${b},${more},${set}`;
    const done = this.results.get(key);
    if (done !== undefined) return done;
    const result = this.move(set, a, (some, [low, high]) =>
      this.move(some, b, (rest, [from, to]) => {
        const inA = this.narrow(rest, a, [Math.max(0, from - more), to - more]);
        return this.narrow(inA, b, [low + more, high + more]);
      }),
    );
    this.results.set(key, result);
    return result;
  }

  /** The packets with what was in `from` now in `to`, by `more` greater, and `values` in `from` instead. */
  shift(
    set: PacketSet,
    from: SetField,
    to: SetField,
    more: number,
    values: readonly Range[],
  ): PacketSet {
    const moved = this.move(set, from, (some, [low, high]) =>
      this.narrow(this.forget(some, to), to, [Math.max(0, low + more), high + more]),
    );
    return this.intersect(moved, this.where({ [from]: values }));
  }

  // Treat the packets apart for each range of `field` within which nothing else depends on it.
  private move(
    set: PacketSet,
    field: SetField,
    treat: (some: PacketSet, range: Range) => PacketSet,
  ): PacketSet {
    return this.cuts(set, field).reduce((all, range) => {
      const some = this.forget(this.narrow(set, field, range), field);
      return some === NONE ? all : this.union(all, treat(some, range));
    }, NONE);
  }

  private narrow(set: PacketSet, field: SetField, range: Range): PacketSet {
    return this.intersect(set, this.where({ [field]: [range] }));
  }

  /** The ranges between all the borders that the set draws in `field`. */
  cuts(set: PacketSet, field: SetField): Range[] {
    const level = ORDER.indexOf(field);
    const borders = new Set<number>([LAST[field]]);
    const seen = new Set<PacketSet>();
    const look = (at: PacketSet): void => {
      if (at <= 1 || seen.has(at) || this.node(at).level > level) return;
      seen.add(at);
      if (this.node(at).level === level) this.node(at).highs.forEach((high) => borders.add(high));
      else this.node(at).kids.forEach(look);
    };
    look(set);
    const highs = [...borders].sort((a, b) => a - b);
    return highs.map((high, index): Range => [index === 0 ? 0 : highs[index - 1]! + 1, high]);
  }

  contains(set: PacketSet, packet: PacketFields): boolean {
    let at = set;
    while (at > 1) {
      const { level, highs, kids } = this.node(at);
      at = kids[indexOf(highs, packet[ORDER[level]!] ?? 0)]!;
    }
    return at === ALL;
  }

  /** One packet of the set: in each field the first of the preferred values that is possible, else the smallest. `null` for none. */
  witness(
    set: PacketSet,
    prefer: { readonly [F in SetField]?: readonly number[] } = {},
  ): PacketFields | null {
    if (set === NONE) return null;
    const packet = {} as Record<SetField, number>;
    let at = set;
    ORDER.forEach((field, level) => {
      const wishes = prefer[field] ?? [];
      if (at === ALL || this.node(at).level > level) {
        packet[field] = wishes[0] ?? 0;
        return;
      }
      const { highs, kids } = this.node(at);
      // Every diagram but NONE holds a packet, so any edge that is not NONE will do.
      const wish = wishes.find((value) => kids[indexOf(highs, value)] !== NONE);
      const index =
        wish === undefined ? kids.findIndex((kid) => kid !== NONE) : indexOf(highs, wish);
      packet[field] = wish ?? (index === 0 ? 0 : highs[index - 1]! + 1);
      at = kids[index]!;
    });
    return packet;
  }

  /** The values of `field` that occur in the set, as ranges. */
  valuesOf(set: PacketSet, field: SetField): Range[] {
    const only = this.only(set, new Set([field]));
    if (only === NONE) return [];
    if (only === ALL) return [[0, LAST[field]]];
    const { highs, kids } = this.node(only);
    return highs.flatMap((high, at): Range[] =>
      kids[at] === NONE ? [] : [[at === 0 ? 0 : highs[at - 1]! + 1, high]],
    );
  }

  private node(set: PacketSet): Node {
    return this.nodes[set]!;
  }

  // A node that leads to `inside` on the ranges, which are sorted and apart, and to NONE elsewhere.
  private chain(level: number, ranges: readonly Range[], inside: PacketSet): PacketSet {
    const largest = LAST[ORDER[level]!];
    this.spend(ranges.length);
    const highs: number[] = [];
    const kids: PacketSet[] = [];
    let next = 0;
    for (const [low, high] of ranges) {
      if (low > next) {
        highs.push(low - 1);
        kids.push(NONE);
      }
      highs.push(high);
      kids.push(inside);
      next = high + 1;
    }
    if (next <= largest) {
      highs.push(largest);
      kids.push(NONE);
    }
    return this.make(level, highs, kids);
  }

  private apply(op: "|" | "&" | "-", a: PacketSet, b: PacketSet): PacketSet {
    const key = `${op}${a},${b}`;
    const done = this.results.get(key);
    if (done !== undefined) return done;
    const level = Math.min(this.levelOf(a), this.levelOf(b));
    const left = this.edges(a, level);
    const right = this.edges(b, level);
    this.spend(left.highs.length + right.highs.length);
    const highs: number[] = [];
    const kids: PacketSet[] = [];
    for (let i = 0, j = 0; i < left.highs.length && j < right.highs.length;) {
      const [x, y] = [left.highs[i]!, right.highs[j]!];
      highs.push(Math.min(x, y));
      kids.push(this.combine(op, left.kids[i]!, right.kids[j]!));
      if (x <= y) i++;
      if (y <= x) j++;
    }
    const result = this.make(level, highs, kids);
    this.results.set(key, result);
    return result;
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > 100 * this.budget) throw new TooComplex();
  }

  private combine(op: "|" | "&" | "-", a: PacketSet, b: PacketSet): PacketSet {
    if (op === "|") return this.union(a, b);
    return op === "&" ? this.intersect(a, b) : this.subtract(a, b);
  }

  private levelOf(set: PacketSet): number {
    return set <= 1 ? ORDER.length : this.node(set).level;
  }

  // A set that does not ask for the field of `level` goes the same way for all its values.
  private edges(
    set: PacketSet,
    level: number,
  ): { highs: readonly number[]; kids: readonly PacketSet[] } {
    if (this.levelOf(set) === level) return this.node(set);
    return { highs: [LAST[ORDER[level]!]], kids: [set] };
  }

  private make(level: number, highs: readonly number[], kids: readonly PacketSet[]): PacketSet {
    const joinedHighs: number[] = [];
    const joinedKids: PacketSet[] = [];
    for (let at = 0; at < kids.length; at++) {
      if (at > 0 && joinedKids.at(-1) === kids[at])
        joinedHighs[joinedHighs.length - 1] = highs[at]!;
      else {
        joinedHighs.push(highs[at]!);
        joinedKids.push(kids[at]!);
      }
    }
    if (joinedKids.length === 1) return joinedKids[0]!;
    const key = `${level}:${joinedHighs.join()}:${joinedKids.join()}`;
    const same = this.known.get(key);
    if (same !== undefined) return same;
    if (this.nodes.length >= this.budget) throw new TooComplex();
    const made = this.nodes.length as PacketSet;
    this.nodes.push({ level, highs: joinedHighs, kids: joinedKids });
    this.known.set(key, made);
    return made;
  }
}

const terminal: Node = { level: ORDER.length, highs: [], kids: [] };

// The interval that holds `value`: the first whose upper end is not below it.
function indexOf(highs: readonly number[], value: number): number {
  let low = 0;
  let high = highs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (highs[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
