import { lastOf, type Ip, type Prefix } from "../model/prefix.ts";

export type Swept<T> = { readonly low: Ip; readonly high: Ip; readonly item: T };

/**
 * Cut the addresses into runs that have the same longest prefix: sorted, apart, one pass over the sorted prefixes.
 * Of equal prefixes the first decides. Addresses under no prefix are in no run. `first` lets the first decide of
 * nested ones, too, instead of the longest.
 */
export function sweep<T extends { readonly prefix: Prefix }>(
  items: readonly T[],
  decides: "longest" | "first" = "longest",
): Swept<T>[] {
  const sorted = items
    .map((item, order) => ({ item, order, low: item.prefix.first, high: lastOf(item.prefix) }))
    .sort(
      (a, b) => a.low - b.low || a.item.prefix.length - b.item.prefix.length || a.order - b.order,
    );
  const runs: Swept<T>[] = [];
  const open: { item: T; order: number; high: number; length: number }[] = [];
  let from = 0;
  for (const { item, order, low, high } of sorted) {
    const { length } = item.prefix;
    closeBefore(low);
    const top = open.at(-1);
    if (top && top.length === length) continue; // The same prefix again.
    if (top) emit(top.item, from, low - 1);
    const outerStays = decides === "first" && top && top.order < order;
    open.push({ ...(outerStays ? top : { item, order }), high, length });
    from = low;
  }
  closeBefore(Infinity);
  return runs;

  function closeBefore(low: number): void {
    for (let top = open.at(-1); top && top.high < low; top = open.at(-1)) {
      emit(top.item, from, top.high);
      from = top.high + 1;
      open.pop();
    }
  }

  function emit(item: T, low: number, high: number): void {
    if (low <= high) runs.push({ low: low as Ip, high: high as Ip, item });
  }
}
