import { type Guard, type Place, type PlaceId } from "../model/network.ts";

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
 * the frame. Used to let devices learn and ask for neighbours before any packet is sent.
 */
export function passingsOf(
  places: ReadonlyMap<PlaceId, Place>,
  start: PlaceId,
  frame: Frame,
): Passing[] {
  const seen = new Set<string>();
  const passings: Passing[] = [];
  meet({ place: start, frame });
  for (let at = 0; at < passings.length && at < MOST; at++) {
    const place = places.get(passings[at]!.place);
    if (place) stepOn(place, passings[at]!.frame).forEach(meet);
  }
  return passings;

  function meet(one: Passing): void {
    const { tag, inner, dmac, smac, dst, src } = one.frame;
    const print = `${one.place} ${tag} ${inner} ${dmac} ${smac} ${dst} ${src}`;
    if (seen.has(print)) return;
    seen.add(print);
    passings.push(one);
  }
}

function stepOn({ step }: Place, frame: Frame): Passing[] {
  switch (step.kind) {
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
      const row = step.rows.find((one) => one.dmac === frame.dmac);
      return [{ place: row?.next ?? step.miss, frame }];
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

// What a frame of layer 2 does not have fits no guard that asks for it.
function fits(guard: Guard, frame: Frame): boolean {
  const known: Partial<Record<string, number>> = frame;
  return Object.entries(guard).every(([field, ranges]) => {
    const value = known[field];
    return value !== undefined && ranges.some(([low, high]) => value >= low && value <= high);
  });
}
