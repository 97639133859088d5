import type { Guard, Place, PlaceId, SwitchRow } from "../model/network.ts";

/** A frame as far as layer 2 looks at it. */
export type Frame = {
  readonly ethertype: number;
  readonly tag: number;
  readonly inner: number;
  readonly dmac: number;
  readonly smac: number;
  /** Of an ARP message: what it is, and the addresses that it is for and from, where filters for ARP look for them. */
  readonly proto?: number;
  readonly dst?: number;
  readonly src?: number;
};

/** A place that a frame came to, and as what. */
export type Passing = { readonly place: PlaceId; readonly frame: Frame };

/** No frame is copied more often than this: beyond, it circles. */
const MOST = 100_000;

/**
 * Everywhere that a frame and its copies go on layer 2, from `start` to the stacks, each place once for each form of
 * the frame. Used to let devices learn and ask for neighbours before any packet is sent. Where it `ends`, it goes no
 * further.
 */
export function passingsOf(
  places: ReadonlyMap<PlaceId, Place>,
  start: PlaceId,
  frame: Frame,
  ends: (passing: Passing) => boolean = () => false,
): Passing[] {
  const seen = new Set<string>();
  const passings: Passing[] = [];
  meet({ place: start, frame });
  for (let at = 0; at < passings.length && at < MOST; at++) {
    const place = places.get(passings[at]!.place);
    if (place && !ends(passings[at]!)) nextOf(place, passings[at]!.frame).forEach(meet);
  }
  return passings;

  function meet(one: Passing): void {
    const print = printOf(one);
    if (seen.has(print)) return;
    seen.add(print);
    passings.push(one);
  }
}

/** What tells a frame at a place from all others of the same sender: a place is met once as each. */
export function printOf({ place, frame }: Passing): string {
  const { tag, inner, dmac, smac, dst, src } = frame;
  return `${place} ${tag} ${inner} ${dmac} ${smac} ${dst} ${src}`;
}

/** Where a frame goes from a place on layer 2; nowhere once it has arrived. */
export function nextOf({ step, table }: Place, frame: Frame): Passing[] {
  switch (step.kind) {
    // Ports that are one lead to the same place.
    case "lookup":
      return table === undefined
        ? step.rows.flatMap(({ next }) => next.map((place) => ({ place, frame })))
        : [];
    case "flood":
      return step.to.map((place) => ({ place, frame }));
    case "filter": {
      const rule = step.rules.find((one) => fits(one.guard, frame));
      return [{ place: rule?.then ?? step.otherwise, frame }];
    }
    case "tag": {
      if (step.push === null)
        return [{ place: step.next, frame: { ...frame, tag: frame.inner, inner: 0 } }];
      if (frame.inner !== 0) return [{ place: step.full, frame }];
      return [{ place: step.next, frame: { ...frame, tag: step.push + 1, inner: frame.tag } }];
    }
    case "switch": {
      return [{ place: rowFor(step.rows, frame.dmac)?.next ?? step.miss, frame }];
    }
    case "rewrite": {
      const { change, next } = step;
      if (change.kind === "hop" || change.mask !== undefined) return [{ place: next, frame }];
      return [{ place: next, frame: { ...frame, [change.field]: change.value } }];
    }
    // The rest is above layer 2: the frame has arrived.
    default:
      return [];
  }
}

const byMac = new WeakMap<readonly SwitchRow[], ReadonlyMap<number, SwitchRow>>();

// The first row for an address; a switch may have learnt a thousand.
function rowFor(rows: readonly SwitchRow[], dmac: number): SwitchRow | undefined {
  const known = byMac.get(rows) ?? new Map(rows.toReversed().map((row) => [row.dmac, row]));
  byMac.set(rows, known);
  return known.get(dmac);
}

// What a frame of layer 2 does not have fits no guard that asks for it.
function fits(guard: Guard, frame: Frame): boolean {
  const known: Partial<Record<string, number>> = frame;
  return Object.entries(guard).every(([field, ranges]) => {
    const value = known[field];
    return value !== undefined && ranges.some(([low, high]) => value >= low && value <= high);
  });
}
