import fc from "fast-check";
import { expect, test } from "vitest";
import { FIELDS, LARGEST, type Field, type Guard, type Range } from "../model/network.ts";
import { ALL, Arena, NONE, TooComplex, type PacketFields, type PacketSet } from "./sets.ts";

/*
 * The laws of sets (P1 of SPEC.md), and a second opinion: the same sets as binary decision diagrams over bits, which
 * share nothing with the intervals of the arena but what they are asked.
 */

// Few values that often meet, at the edges of every field, so that intervals nest, touch and repeat.
const interesting = (field: Field): number[] => {
  const most = LARGEST[field];
  const half = Math.floor(most / 2);
  return [...new Set([0, 1, 2, 3, half, half + 1, most - 1, most].filter((it) => it <= most))];
};

const valueOf = (field: Field) =>
  fc.oneof(fc.constantFrom(...interesting(field)), fc.nat({ max: LARGEST[field] }));

const rangesOf = (field: Field): fc.Arbitrary<Range[]> =>
  fc.uniqueArray(valueOf(field), { maxLength: 6 }).map((ends) => {
    const sorted = ends.toSorted((a, b) => a - b);
    const ranges: Range[] = [];
    for (let at = 0; at + 1 < sorted.length; at += 2) ranges.push([sorted[at]!, sorted[at + 1]!]);
    return ranges.length > 0 ? ranges : [[sorted[0] ?? 0, sorted[0] ?? LARGEST[field]]];
  });

const guard: fc.Arbitrary<Guard> = fc.record(
  Object.fromEntries(FIELDS.map((field) => [field, rangesOf(field)])) as Record<
    Field,
    fc.Arbitrary<Range[]>
  >,
  { requiredKeys: [] },
);

type Expr =
  | { readonly op: "where"; readonly guard: Guard }
  | { readonly op: "union" | "intersect" | "subtract"; readonly a: Expr; readonly b: Expr }
  | { readonly op: "forget"; readonly a: Expr; readonly field: Field }
  | { readonly op: "assign"; readonly a: Expr; readonly field: Field; readonly value: number };

const field = fc.constantFrom(...FIELDS);
const { expr } = fc.letrec<{ expr: Expr; leaf: Expr; node: Expr }>((tie) => ({
  leaf: fc.record({ op: fc.constant("where" as const), guard }),
  node: fc.oneof(
    fc.record({
      op: fc.constantFrom("union" as const, "intersect" as const, "subtract" as const),
      a: tie("expr"),
      b: tie("expr"),
    }),
    fc.record({ op: fc.constant("forget" as const), a: tie("expr"), field }),
    field.chain((one) =>
      fc.record({
        op: fc.constant("assign" as const),
        a: tie("expr"),
        field: fc.constant(one),
        value: valueOf(one),
      }),
    ),
  ),
  expr: fc.oneof({ maxDepth: 4, depthIdentifier: "expr" }, tie("leaf"), tie("node")),
}));

function evaluate(arena: Arena, it: Expr): PacketSet {
  switch (it.op) {
    case "where":
      return arena.where(it.guard);
    case "union":
    case "intersect":
    case "subtract":
      return arena[it.op](evaluate(arena, it.a), evaluate(arena, it.b));
    case "forget":
      return arena.forget(evaluate(arena, it.a), it.field);
    case "assign":
      return arena.assign(evaluate(arena, it.a), it.field, it.value);
  }
}

const packet = fc.record(
  Object.fromEntries(FIELDS.map((one) => [one, valueOf(one)])) as Record<
    Field,
    fc.Arbitrary<number>
  >,
) as fc.Arbitrary<PacketFields>;

// Whether a packet is in the set, straight from the meaning of the words.
function isIn(it: Expr, one: PacketFields): boolean {
  switch (it.op) {
    case "where":
      return (Object.entries(it.guard) as [Field, readonly Range[]][]).every(([name, ranges]) =>
        ranges.some(([low, high]) => one[name] >= low && one[name] <= high),
      );
    case "union":
      return isIn(it.a, one) || isIn(it.b, one);
    case "intersect":
      return isIn(it.a, one) && isIn(it.b, one);
    case "subtract":
      return isIn(it.a, one) && !isIn(it.b, one);
    case "forget":
    case "assign":
      throw new Error("Membership of a changed packet is asked of the diagrams only");
  }
}

const plain = (it: Expr): boolean =>
  it.op === "where" || (it.op !== "forget" && it.op !== "assign" && plain(it.a) && plain(it.b));

// Equal sets are equal numbers, so a law is a list of pairs that are equal.
type Law = (
  arena: Arena,
  a: PacketSet,
  b: PacketSet,
  c: PacketSet,
) => (readonly [unknown, unknown])[];

const laws: readonly (readonly [string, Law])[] = [
  ["union and intersection commute", (arena, a, b) => [
    [arena.union(a, b), arena.union(b, a)],
    [arena.intersect(a, b), arena.intersect(b, a)],
  ]],
  ["they associate", (arena, a, b, c) => [
    [arena.union(arena.union(a, b), c), arena.union(a, arena.union(b, c))],
    [arena.intersect(arena.intersect(a, b), c), arena.intersect(a, arena.intersect(b, c))],
  ]],
  ["they distribute", (arena, a, b, c) => [
    [arena.intersect(a, arena.union(b, c)), arena.union(arena.intersect(a, b), arena.intersect(a, c))],
    [arena.union(a, arena.intersect(b, c)), arena.intersect(arena.union(a, b), arena.union(a, c))],
  ]],
  ["De Morgan", (arena, a, b) => {
    const not = (set: PacketSet) => arena.complement(set);
    return [
      [not(arena.union(a, b)), arena.intersect(not(a), not(b))],
      [not(arena.intersect(a, b)), arena.union(not(a), not(b))],
      [not(not(a)), a],
    ];
  }],
  ["absorption, nothing and everything", (arena, a, b) => [
    [arena.union(a, arena.intersect(a, b)), a],
    [arena.intersect(a, arena.union(a, b)), a],
    [arena.union(a, NONE), a],
    [arena.intersect(a, ALL), a],
    [arena.intersect(a, arena.complement(a)), NONE],
    [arena.union(a, arena.complement(a)), ALL],
  ]],
  ["what is taken away is gone, and what is left was there", (arena, a, b) => {
    const left = arena.subtract(a, b);
    return [
      [arena.intersect(left, b), NONE],
      [arena.union(left, arena.intersect(a, b)), a],
      [arena.within(left, a), true],
      [arena.within(a, b), arena.union(a, b) === b],
    ];
  }],
  ["a forgotten field makes no difference, and forgetting twice is forgetting once", (arena, a, b) => [
    [arena.forget(arena.forget(a, "dst"), "src"), arena.forget(arena.forget(a, "src"), "dst")],
    ...FIELDS.flatMap((one) => {
      const forgotten = arena.forget(a, one);
      const both = arena.forget(arena.union(a, b), one);
      return [
        [arena.within(a, forgotten), true],
        [arena.forget(forgotten, one), forgotten],
        [both, arena.union(forgotten, arena.forget(b, one))],
      ] as const;
    }),
  ]],
  ["an assigned field has its value and no other", (arena, a) =>
    FIELDS.flatMap((one) => {
      const assigned = arena.assign(a, one, 2);
      return [
        [arena.valuesOf(assigned, one), a === NONE ? [] : [[2, 2]]],
        [arena.forget(assigned, one), arena.forget(a, one)],
        [arena.assign(assigned, one, 3), arena.assign(a, one, 3)],
      ] as const;
    })],
  ["a witness is a member, and only nothing has none", (arena, a) => {
    const found = arena.witness(a, { dst: [5, 0], proto: [6] });
    return [
      [found === null, a === NONE],
      [found !== null && arena.contains(a, found), a !== NONE],
    ];
  }],
  ["a wish is granted where it can be", (arena, a) => {
    const found = arena.witness(a);
    const wishes = found && Object.fromEntries(FIELDS.map((one) => [one, [found[one]]]));
    return [[wishes && arena.witness(a, wishes), found]];
  }],
]; // prettier-ignore

test.each(laws)("P1 %s", (_name, law) => {
  fc.assert(
    fc.property(expr, expr, expr, (x, y, z) => {
      const arena = new Arena();
      const pairs = law(arena, evaluate(arena, x), evaluate(arena, y), evaluate(arena, z));
      expect(pairs.map(([is]) => is)).toEqual(pairs.map(([, should]) => should));
    }),
    { numRuns: 200 },
  );
});

test("P1 a packet is in a set when the words say so", () => {
  fc.assert(
    fc.property(
      expr.filter(plain),
      fc.array(packet, { minLength: 10, maxLength: 10 }),
      (it, packets) => {
        const arena = new Arena();
        const set = evaluate(arena, it);
        for (const one of packets) expect(arena.contains(set, one)).toBe(isIn(it, one));
      },
    ),
    { numRuns: 500 },
  );
});

test("P1 the values of a field are those that occur", () => {
  fc.assert(
    fc.property(expr, field, fc.array(fc.nat(), { maxLength: 5 }), (it, one, more) => {
      const arena = new Arena();
      const set = evaluate(arena, it);
      const ranges = arena.valuesOf(set, one);
      const values = [...interesting(one), ...more.map((value) => value % (LARGEST[one] + 1))];
      for (const value of values) {
        const some = arena.intersect(set, arena.where({ [one]: [[value, value]] }));
        expect(ranges.some(([low, high]) => value >= low && value <= high)).toBe(some !== NONE);
      }
    }),
    { numRuns: 250 },
  );
});

test("P1 sets of one size of text are not without end: a budget ends them, always at the same place", () => {
  const work = (arena: Arena) => {
    let set: PacketSet = NONE;
    for (let at = 0; at < 3_000; at++)
      set = arena.union(
        set,
        arena.where({
          dst: [[at * 7, at * 7 + 2]],
          src: [[at * 5, at * 5 + 1]],
          sport: [[at, at]],
        }),
      );
    return set;
  };
  const sizes = [1, 2].map(() => {
    const arena = new Arena(2_000);
    expect(() => work(arena)).toThrow(TooComplex);
    return arena.size;
  });
  expect(sizes[0]).toBe(sizes[1]);
  expect(() => work(new Arena())).not.toThrow();
});

// ---- the second opinion

type Bit = { readonly bit: number; readonly no: Bit | boolean; readonly yes: Bit | boolean };
type Bits = Bit | boolean;

const WIDTH: Readonly<Record<Field, number>> = { ethertype: 16, tag: 13, inner: 13, dmac: 48, dst: 32, src: 32, proto: 8, sport: 16, dport: 16, flags: 8, dscp: 6, smac: 48, mark: 32, ct: 3 }; // prettier-ignore
const FIRST = new Map<Field, number>();
{
  let at = 0;
  for (const one of FIELDS) {
    FIRST.set(one, at);
    at += WIDTH[one];
  }
}

class Bdd {
  private readonly made = new Map<string, Bit>();
  private readonly ids = new Map<Bit, number>();
  private readonly done = new Map<string, Bits>();

  private id(it: Bits): string {
    return typeof it === "boolean" ? String(it) : String(this.ids.get(it));
  }

  node(bit: number, no: Bits, yes: Bits): Bits {
    if (no === yes) return no;
    const key = `${bit} ${this.id(no)} ${this.id(yes)}`;
    const known = this.made.get(key);
    if (known) return known;
    const it = { bit, no, yes };
    this.made.set(key, it);
    this.ids.set(it, this.ids.size);
    return it;
  }

  apply(op: "|" | "&" | "-", a: Bits, b: Bits): Bits {
    if (typeof a === "boolean" && typeof b === "boolean")
      return op === "|" ? a || b : op === "&" ? a && b : a && !b;
    const key = `${op} ${this.id(a)} ${this.id(b)}`;
    const known = this.done.get(key);
    if (known !== undefined) return known;
    const bit = Math.min(
      typeof a === "boolean" ? Infinity : a.bit,
      typeof b === "boolean" ? Infinity : b.bit,
    );
    const [x, y] = [this.split(a, bit), this.split(b, bit)];
    const it = this.node(bit, this.apply(op, x.no, y.no), this.apply(op, x.yes, y.yes));
    this.done.set(key, it);
    return it;
  }

  private split(it: Bits, bit: number): { no: Bits; yes: Bits } {
    return typeof it === "boolean" || it.bit !== bit ? { no: it, yes: it } : it;
  }

  /** Values of `width` bits from `first` that are at most, or at least, `value`. */
  bound(first: number, width: number, value: number, most: boolean): Bits {
    let it: Bits = true;
    for (let at = width - 1; at >= 0; at--) {
      const isOne = Math.floor(value / 2 ** (width - 1 - at)) % 2 === 1;
      it = isOne ? this.node(first + at, most, it) : this.node(first + at, it, !most);
    }
    return it;
  }

  where(it: Guard): Bits {
    let all: Bits = true;
    for (const [name, ranges] of Object.entries(it) as [Field, readonly Range[]][]) {
      const [first, width] = [FIRST.get(name)!, WIDTH[name]];
      let any: Bits = false;
      for (const [low, high] of ranges) {
        const one = this.apply(
          "&",
          this.bound(first, width, low, false),
          this.bound(first, width, high, true),
        );
        any = this.apply("|", any, one);
      }
      all = this.apply("&", all, any);
    }
    return all;
  }

  forget(it: Bits, name: Field): Bits {
    const [first, width] = [FIRST.get(name)!, WIDTH[name]];
    const seen = new Map<Bits, Bits>();
    const walk = (one: Bits): Bits => {
      if (typeof one === "boolean" || one.bit >= first + width) return one;
      const known = seen.get(one);
      if (known !== undefined) return known;
      const [no, yes] = [walk(one.no), walk(one.yes)];
      const made = one.bit >= first ? this.apply("|", no, yes) : this.node(one.bit, no, yes);
      seen.set(one, made);
      return made;
    };
    return walk(it);
  }

  evaluate(it: Expr): Bits {
    switch (it.op) {
      case "where":
        return this.where(it.guard);
      case "union":
        return this.apply("|", this.evaluate(it.a), this.evaluate(it.b));
      case "intersect":
        return this.apply("&", this.evaluate(it.a), this.evaluate(it.b));
      case "subtract":
        return this.apply("-", this.evaluate(it.a), this.evaluate(it.b));
      case "forget":
        return this.forget(this.evaluate(it.a), it.field);
      case "assign":
        return this.apply(
          "&",
          this.forget(this.evaluate(it.a), it.field),
          this.where({ [it.field]: [[it.value, it.value]] }),
        );
    }
  }

  contains(it: Bits, one: PacketFields): boolean {
    let at = it;
    while (typeof at !== "boolean") {
      const { bit }: Bit = at;
      const name = FIELDS.findLast((candidate) => FIRST.get(candidate)! <= bit)!;
      const place = WIDTH[name] - 1 - (bit - FIRST.get(name)!);
      at = Math.floor(one[name] / 2 ** place) % 2 === 1 ? at.yes : at.no;
    }
    return at;
  }
}

// All but the packets without a tag number: 13 bits have room for more tags than there are.
const tagged: Guard = { tag: [[0, LARGEST.tag]], inner: [[0, LARGEST.inner]] };

test(
  "P1 a diagram over bits holds the same packets, and says which sets are equal",
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(expr, expr, fc.array(packet, { minLength: 8, maxLength: 8 }), (x, y, packets) => {
        const arena = new Arena();
        const bdd = new Bdd();
        const [a, b] = [evaluate(arena, x), evaluate(arena, y)];
        const there = bdd.where(tagged);
        const [p, q] = [x, y].map((it) => bdd.apply("&", bdd.evaluate(it), there));
        expect(a === b).toBe(p === q);
        expect(a === NONE).toBe(p === false);
        const witness = arena.witness(a);
        expect(witness !== null && bdd.contains(p!, witness)).toBe(a !== NONE);
        for (const one of packets) expect(arena.contains(a, one)).toBe(bdd.contains(p!, one));
      }),
      { numRuns: 200 },
    );
  },
);
