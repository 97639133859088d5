import type { Walk, WalkHop } from "#lib/grading/report.ts";
import type { Drawing, DrawnBox, DrawnPort, Point } from "./layout.ts";

/** A walk laid over a drawing: out and back side by side, and where each hop's number stands. */
export type WalkLine = {
  readonly lines: readonly (readonly Point[])[];
  readonly stops: readonly Stop[];
};

export type Stop = Point & {
  /** From 1, on through the way back: the number that the list shows, too. */
  readonly number: number;
  readonly end: "delivered" | "dropped" | null;
};

/** One stop of a walk as a list counts it: out first, then back, numbered in one row. */
export type CountedHop = {
  readonly number: number;
  readonly way: "out" | "back";
  readonly hop: WalkHop;
  readonly before: WalkHop | null;
};

const SIDE = 6;
const JOG = 8;
/** How far along its run through a device a number stands, so that those of out and back keep apart. */
const APART = 0.36;

export function countedHops(walk: Walk): CountedHop[] {
  const out = walk.hops.map((hop, at) => ({
    way: "out" as const,
    hop,
    before: walk.hops[at - 1] ?? null,
  }));
  const hops = walk.back?.hops ?? [];
  const back = hops.map((hop, at) => ({ way: "back" as const, hop, before: hops[at - 1] ?? null }));
  return [...out, ...back].map((it, at) => ({ number: at + 1, ...it }));
}

/** Where `walk` runs in `drawing`; hops at devices that are not drawn are left out of the line but keep their number. */
export function walkLineOf(walk: Walk, drawing: Drawing): WalkLine {
  const aside = walk.back === null || walk.back.hops.length === 0 ? 0 : SIDE;
  const out = oneWay(walk.hops, walk.outcome, 0, aside, drawing);
  if (aside === 0) return { lines: out.line.length > 0 ? [out.line] : [], stops: out.stops };
  const back = oneWay(walk.back!.hops, walk.back!.outcome, walk.hops.length, aside, drawing);
  return {
    lines: [out.line, back.line].filter((line) => line.length > 0),
    stops: [...out.stops, ...back.stops],
  };
}

function oneWay(
  hops: readonly WalkHop[],
  outcome: string,
  before: number,
  aside: number,
  drawing: Drawing,
): { line: Point[]; stops: Stop[] } {
  const share = aside === 0 ? 0.5 : APART;
  const visits = hops.map((hop, at) => visitOf(hop, at === 0, drawing, share));
  const middle: Point[] = [];
  const anchors: { point: Point; along: number }[] = [];
  visits.forEach((visit, at) => {
    if (!visit) return;
    const previous = at > 0 ? visits[at - 1] : null;
    if (previous) middle.push(...bendsBetween(previous, visit, drawing));
    const from = middle.length;
    middle.push(...visit.points);
    anchors[at] = { point: visit.stop, along: Math.min(from + visit.stopAfter, middle.length - 1) };
  });
  const line = jogged(besides(middle, aside), aside);
  const stops = hops.flatMap((_, at) => {
    const anchor = anchors[at];
    if (!anchor) return [];
    const last = at === hops.length - 1;
    const end = last
      ? outcome === "delivered"
        ? ("delivered" as const)
        : ("dropped" as const)
      : null;
    const point =
      at === 0 && visits[0]!.points.length > 0
        ? (line[0] ?? anchor.point)
        : last
          ? (line[line.length - 1] ?? anchor.point)
          : asideOf(anchor.point, middle, anchor.along, aside);
    return [{ x: point.x, y: point.y, number: before + at + 1, end }];
  });
  return { line, stops };
}

/* ── One device ── */

type Visit = {
  readonly points: readonly Point[];
  readonly stop: Point;
  /** After which of `points` the stop lies. */
  readonly stopAfter: number;
  readonly in: DrawnPort | null;
  readonly out: DrawnPort | null;
};

function visitOf(hop: WalkHop, first: boolean, drawing: Drawing, share: number): Visit | null {
  const box = boxNamed(drawing.boxes, hop.at);
  if (!box) return null;
  const enters = first ? null : portNamed(box, hop.in);
  const leaves = portNamed(box, hop.out);
  if (enters && leaves) {
    const a = turnAt(enters, box);
    const b = turnAt(leaves, box);
    const stop = { x: a.x + (b.x - a.x) * share, y: box.band };
    return {
      points: [place(enters), a, b, place(leaves)],
      stop,
      stopAfter: 1,
      in: enters,
      out: leaves,
    };
  }
  const only = enters ?? leaves;
  // A packet that never leaves stands where it would have: the middle of such a box is its address.
  const near = only ?? box.ports.find(({ side }) => side === "left" || side === "right");
  const inner = near ? turnAt(near, box) : { x: box.x + box.width / 2, y: box.band };
  const points = enters ? [place(enters), inner] : leaves ? [inner, place(leaves)] : [inner];
  return { points, stop: inner, stopAfter: enters ? 1 : 0, in: enters, out: leaves };
}

function boxNamed(boxes: readonly DrawnBox[], name: string): DrawnBox | undefined {
  for (const box of boxes) {
    if (box.box.name === name) return box;
    const inner = boxNamed(box.inside, name);
    if (inner) return inner;
  }
  return undefined;
}

/** A subinterface leaves by its port. */
function portNamed(box: DrawnBox, name: string | null): DrawnPort | null {
  if (name === null) return null;
  const find = (wanted: string) =>
    box.ports.find((it) => it.port.name === wanted || it.port.short === wanted);
  return find(name) ?? find(name.replace(/\.\d+$/, "")) ?? null;
}

function place({ x, y }: DrawnPort): Point {
  return { x, y };
}

function turnAt(port: DrawnPort, box: DrawnBox): Point {
  if (port.side === "top" || port.side === "bottom") return { x: port.x, y: box.band };
  const inward = Math.min(30, box.width / 2);
  return { x: port.side === "left" ? port.x + inward : port.x - inward, y: port.y };
}

/** The corners of the cable between two stops, in the direction of travel. */
function bendsBetween(from: Visit, to: Visit, drawing: Drawing): readonly Point[] {
  if (!from.out || !to.in) return [];
  const start = place(from.out);
  const end = place(to.in);
  for (const { points } of drawing.cables) {
    if (same(points[0], start) && same(points[points.length - 1], end)) return points.slice(1, -1);
    if (same(points[0], end) && same(points[points.length - 1], start)) {
      return points.slice(1, -1).reverse();
    }
  }
  return [];
}

function same(a: Point | undefined, b: Point): boolean {
  return a !== undefined && a.x === b.x && a.y === b.y;
}

/* ── Running beside ── */

/** The line moved to the left hand of its own direction, so that out and back never cross. */
export function besides(line: readonly Point[], by: number): Point[] {
  const clean = straightened(line);
  if (by === 0 || clean.length < 2) return clean;
  const moved: Point[] = [];
  for (let at = 0; at < clean.length; at++) {
    const before = at > 0 ? leftOf(clean[at - 1]!, clean[at]!) : null;
    const after = at + 1 < clean.length ? leftOf(clean[at]!, clean[at + 1]!) : null;
    moved.push(...corner(clean[at]!, before, after, by));
  }
  return moved;
}

function corner(at: Point, before: Point | null, after: Point | null, by: number): Point[] {
  if (!before || !after) return [shifted(at, (before ?? after)!, by)];
  const turnsBack = before.x === -after.x && before.y === -after.y;
  if (turnsBack) return [shifted(at, before, by), shifted(at, after, by)];
  const both = {
    x: before.x === after.x ? before.x : before.x + after.x,
    y: before.y === after.y ? before.y : before.y + after.y,
  };
  return [shifted(at, both, by)];
}

function shifted(at: Point, direction: Point, by: number): Point {
  return { x: at.x + direction.x * by, y: at.y + direction.y * by };
}

/** The unit vector to the left of going from `a` to `b`, on a screen where y grows downwards. */
function leftOf(a: Point, b: Point): Point {
  const dx = Math.sign(b.x - a.x);
  const dy = Math.sign(b.y - a.y);
  // Adding 0 turns -0 into 0, which would otherwise spoil comparisons.
  return { x: dy + 0, y: -dx + 0 };
}

/** Without repeated points and without points in the middle of a straight run. */
function straightened(line: readonly Point[]): Point[] {
  const out: Point[] = [];
  for (const point of line) {
    if (same(out[out.length - 1], point)) continue;
    const [a, b] = [out[out.length - 2], out[out.length - 1]];
    if (a && b && onward(a, b, point)) out.pop();
    out.push(point);
  }
  return out;
}

function onward(a: Point, b: Point, c: Point): boolean {
  const level = a.y === b.y && b.y === c.y && Math.sign(b.x - a.x) === Math.sign(c.x - b.x);
  const upright = a.x === b.x && b.x === c.x && Math.sign(b.y - a.y) === Math.sign(c.y - b.y);
  return level || upright;
}

function asideOf(stop: Point, middle: readonly Point[], along: number, by: number): Point {
  const a = middle[along];
  const b = middle[along + 1];
  if (by === 0 || !a || !b || same(a, b)) return stop;
  return shifted(stop, leftOf(a, b), by);
}

/** Both ends step outwards, so that the numbers of out and back do not cover each other. */
function jogged(line: readonly Point[], aside: number): Point[] {
  if (aside === 0 || line.length < 2) return [...line];
  const start = shifted(line[0]!, leftOf(line[0]!, line[1]!), JOG);
  const end = shifted(
    line[line.length - 1]!,
    leftOf(line[line.length - 2]!, line[line.length - 1]!),
    JOG,
  );
  return [start, ...line, end];
}
