import type { Range } from "./network.ts";

/** The same values in ranges that are sorted and apart, as guards want them. */
export function merged(ranges: readonly Range[]): Range[] {
  const apart: [number, number][] = [];
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = apart.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else apart.push([low, high]);
  }
  return apart;
}

/** What is in `some` and not in `others`; both are sorted and apart, and so is the outcome. */
export function difference(some: readonly Range[], others: readonly Range[]): Range[] {
  const left: Range[] = [];
  let at = 0;
  for (const [low, high] of some) {
    let from = low;
    while (at < others.length && others[at]![1] < from) at++;
    for (let i = at; i < others.length && others[i]![0] <= high; i++) {
      const [first, last] = others[i]!;
      if (first > from) left.push([from, first - 1]);
      from = last + 1;
    }
    if (from <= high) left.push([from, high]);
  }
  return left;
}

/** What is in both; ranges come out in the order of `some`. */
export function common(some: readonly Range[], others: readonly Range[]): Range[] {
  return some.flatMap(([low, high]) =>
    others.flatMap(([from, to]): Range[] => {
      const [first, last] = [Math.max(low, from), Math.min(high, to)];
      return first <= last ? [[first, last]] : [];
    }),
  );
}

/** Values of 32 bits whose bits under `mask` are those of `value`; there are as many ranges as the mask's holes choose. */
export function maskedRanges(value: number, mask: number): Range[] {
  const holes = holesOf(mask);
  const open = mask === 0 ? 32 : 31 - Math.clz32(mask & -mask);
  return Array.from({ length: 2 ** holes.length }, (_, choice): Range => {
    const high = holes.reduce((sum, bit, at) => sum + ((choice >>> at) & 1) * 2 ** bit, 0);
    const first = ((value & mask) >>> 0) + high;
    return [first, first + 2 ** open - 1];
  });
}

/** The bits that a mask of 32 leaves open and that are not the lowest ones in a row: a choice of ranges each. */
export function holesOf(mask: number): number[] {
  const open = Array.from({ length: 32 }, (_, bit) => bit).filter(
    (bit) => ((mask >>> bit) & 1) === 0,
  );
  return open.filter((bit, at) => bit !== at);
}
