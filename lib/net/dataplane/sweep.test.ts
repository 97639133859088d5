import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, formatIp, formatPrefix, networkOf, type Ip } from "../model/prefix.ts";
import { sweep } from "./sweep.ts";

// Few bits that differ, so that prefixes nest, touch and repeat.
const address = fc.nat(255).map((low) => ((0x0a000000 + low) >>> 0) as Ip);
const edge = fc.constantFrom(0 as Ip, 0xffffffff as Ip, 0x0a0000ff as Ip, 0x80000000 as Ip);
const prefix = fc
  .tuple(
    fc.oneof(address, edge),
    fc.oneof(
      fc.nat({ max: 8 }).map((it) => 24 + it),
      fc.nat(32),
    ),
  )
  .map(([ip, length]) => networkOf(ip, length));
const items = fc
  .array(prefix, { maxLength: 12 })
  .map((all) => all.map((it, order) => ({ prefix: it, order })));

test("F1 a run's prefix is the longest that covers it, of equal ones the first", () => {
  fc.assert(
    fc.property(items, fc.array(fc.oneof(address, edge), { minLength: 20 }), (all, addresses) => {
      const runs = sweep(all);
      for (const ip of [...addresses, ...runs.flatMap(({ low, high }) => [low, high])]) {
        const best = all
          .filter((it) => contains(it.prefix, ip))
          .toSorted((a, b) => b.prefix.length - a.prefix.length || a.order - b.order)[0];
        const run = runs.find(({ low, high }) => ip >= low && ip <= high);
        expect(run?.item).toBe(best);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("runs are sorted and apart", () => {
  fc.assert(
    fc.property(items, (all) => {
      const runs = sweep(all);
      const ends = runs.flatMap(({ low, high }) => [low, high]);
      expect(ends).toEqual(ends.toSorted((x, y) => x - y));
      expect(runs.every(({ low }, at) => at === 0 || low > runs[at - 1]!.high)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("an example to look at", () => {
  const runs = sweep([
    { prefix: networkOf(0x0a000000 as Ip, 8) },
    { prefix: networkOf(0x0a010000 as Ip, 16) },
    { prefix: networkOf(0x0a010200 as Ip, 24) },
  ]);
  expect(
    runs.map(
      ({ low, high, item }) => `${formatIp(low)} ${formatIp(high)} ${formatPrefix(item.prefix)}`,
    ),
  ).toEqual([
    "10.0.0.0 10.0.255.255 10.0.0.0/8",
    "10.1.0.0 10.1.1.255 10.1.0.0/16",
    "10.1.2.0 10.1.2.255 10.1.2.0/24",
    "10.1.3.0 10.1.255.255 10.1.0.0/16",
    "10.2.0.0 10.255.255.255 10.0.0.0/8",
  ]);
});
