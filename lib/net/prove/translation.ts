import { TCP, UDP, type Range, type Step } from "../model/network.ts";
import {
  NONE,
  OTHER,
  TooComplex,
  type Arena,
  type Half,
  type PacketSet,
  type SetField,
} from "./sets.ts";

/*
 * Addresses changed, for sets of packets (rule P9 of SPEC.md). What a packet came with is noted beside what it becomes,
 * so that its connection's other packets can be changed accordingly.
 */

/**
 * Some packets before and after a change: `changed` names the fields that are no longer what they were. What is in the
 * field `to` of `moved` now was in `from` before, by `more` smaller.
 */
export type Changed = {
  readonly before: PacketSet;
  readonly now: PacketSet;
  readonly changed: readonly SetField[];
  readonly moved: readonly Moved[];
};
export type Moved = { readonly from: SetField; readonly to: SetField; readonly more: number };

type Mapping = Extract<Step, { kind: "map" }>;

/** What a rule makes of the addresses of packets that begin a connection. */
export function mapped(arena: Arena, packets: PacketSet, step: Mapping): Changed[] {
  const { side, addresses, ports, netmap } = step;
  const addressed =
    addresses === null
      ? [unchanged(packets)]
      : netmap === null
        ? replaced(arena, packets, side, addresses)
        : slid(arena, packets, side, addresses[0], netmap);
  return ports === null
    ? addressed
    : addressed.flatMap((one) => ported(arena, one, portOf(side), ports));
}

/** What their connection makes of one side of packets that do not begin one, as it is noted beside them. */
export function translated(arena: Arena, packets: PacketSet, side: "src" | "dst"): Changed[] {
  return [side, portOf(side)].reduce(
    (all, half) => all.flatMap((one) => restored(arena, one, half)),
    [unchanged(packets)],
  );
}

function portOf(side: "src" | "dst"): "sport" | "dport" {
  return side === "src" ? "sport" : "dport";
}

function unchanged(packets: PacketSet): Changed {
  return { before: packets, now: packets, changed: [], moved: [] };
}

function restored(arena: Arena, one: Changed, half: Half): Changed[] {
  const other = OTHER[half];
  const same = arena.where({ [other]: ITSELF });
  const [kept, noted] = [arena.intersect(one.now, same), arena.subtract(one.now, same)];
  return some([
    { ...one, now: kept },
    {
      before: one.before,
      now: arena.shift(noted, other, half, -1, ITSELF),
      changed: [...one.changed, half, other],
      moved: [...one.moved, { from: other, to: half, more: -1 }],
    },
  ]);
}

const ITSELF: readonly Range[] = [[0, 0]];

function some(all: readonly Changed[]): Changed[] {
  return all.filter(({ now }) => now !== NONE);
}

function ported(arena: Arena, one: Changed, half: Half, ports: Range): Changed[] {
  const withPorts = arena.where({ proto: PORTED });
  const others = arena.subtract(one.now, withPorts);
  const changes = replaced(arena, arena.intersect(one.now, withPorts), half, ports);
  return some([
    { ...one, now: others },
    ...changes.map((it) => ({
      before: one.before,
      now: it.now,
      changed: [...one.changed, ...it.changed],
      moved: [...one.moved, ...it.moved],
    })),
  ]);
}

const PORTED: readonly Range[] = [
  [TCP, TCP],
  [UDP, UDP],
];

// What is within `to` already stays; all else may become any of it.
function replaced(arena: Arena, packets: PacketSet, half: Half, to: Range): Changed[] {
  const inside = arena.intersect(packets, arena.where({ [half]: [to] }));
  const outside = arena.subtract(packets, inside);
  const other = OTHER[half];
  return [
    ...some([unchanged(inside)]),
    ...byNote(arena, outside, half, {
      first: (packets) => ({
        now: arena.shift(packets, half, other, 1, [to]),
        moved: [{ from: half, to: other, more: 1 }],
      }),
      again: (packets) => ({ now: within(arena, packets, half, to), moved: [] }),
    }),
  ];
}

// Each address of a network becomes the one with the same host part in another network.
function slid(
  arena: Arena,
  packets: PacketSet,
  half: Half,
  first: number,
  length: number,
): Changed[] {
  const size = 2 ** (32 - length);
  const parts = arena.cuts(packets, half).flatMap((cut) => {
    const part = arena.intersect(packets, arena.where({ [half]: [cut] }));
    return part === NONE ? [] : blocksOf(cut, size).map((block) => ({ part, block }));
  });
  return parts.flatMap(({ part, block: [low, high] }) => {
    const more = first + (low % size) - low;
    const moved: Moved = { from: half, to: half, more };
    const to: Range = [low + more, high + more];
    return byNote(arena, arena.intersect(part, arena.where({ [half]: [[low, high]] })), half, {
      first: (some) => ({ now: arena.shift(some, half, OTHER[half], 1, [to]), moved: [moved] }),
      again: (some) => ({ now: within(arena, some, half, to), moved: [moved] }),
    });
  });
}

/** More networks than this are not mapped one by one. */
const MOST_BLOCKS = 1024;

// A range cut where networks of a size begin.
function blocksOf([low, high]: Range, size: number): Range[] {
  const start = low - (low % size);
  const blocks = Math.floor((high - start) / size) + 1;
  if (blocks > MOST_BLOCKS) throw new TooComplex();
  return Array.from({ length: blocks }, (_, at): Range => {
    const from = start + at * size;
    return [Math.max(low, from), Math.min(high, from + size - 1)];
  });
}

function within(arena: Arena, packets: PacketSet, half: Half, to: Range): PacketSet {
  return arena.intersect(arena.forget(packets, half), arena.where({ [half]: [to] }));
}

type Change = (packets: PacketSet) => Pick<Changed, "now" | "moved">;

// Of several changes the first notes what the packet came with: that is what answers are changed back to.
function byNote(
  arena: Arena,
  packets: PacketSet,
  half: Half,
  { first, again }: { readonly first: Change; readonly again: Change },
): Changed[] {
  const isFirst = arena.where({ [OTHER[half]]: ITSELF });
  const unnoted = arena.intersect(packets, isFirst);
  const noted = arena.subtract(packets, isFirst);
  return some([
    { before: unnoted, ...first(unnoted), changed: [half, OTHER[half]] },
    { before: noted, ...again(noted), changed: [half] },
  ]);
}
