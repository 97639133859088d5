import { describe, expect, test } from "vitest";
import type { Walk, WalkHop } from "#lib/grading/report.ts";
import type { Box, Picture } from "#lib/net/model/picture.ts";
import { type Area, type Drawing, type Point, inLaneOrder, layoutOf } from "./layout.ts";
import { besides, countedHops, walkLineOf } from "./walk-line.ts";

const GOLDEN = router(["CUSTOMER_A", "CUSTOMER_A", "CUSTOMER_B", "CUSTOMER_B"]);

describe("the drawing of a network", () => {
  test("a router stands over its hosts, and every cable runs straight down", () => {
    const drawing = layoutOf(GOLDEN);
    expect(drawing.cables).toHaveLength(4);
    for (const { points } of drawing.cables) {
      expect(points).toHaveLength(2);
      expect(points[0]!.x).toBe(points[1]!.x);
    }
    expect(overlapping(drawing)).toEqual([]);
  });

  test("each lane stands over the ports that are in it", () => {
    const edge = layoutOf(GOLDEN).boxes.find((it) => it.box.name === "edge")!;
    expect(edge.lanes.map((it) => [it.lane.name, it.ports.map((port) => port.port.short)])).toEqual(
      [
        ["CUSTOMER_A", ["Gi0/1", "Gi0/2"]],
        ["CUSTOMER_B", ["Gi0/3", "Gi0/4"]],
      ],
    );
    for (const lane of edge.lanes) {
      for (const port of lane.ports) {
        expect(port.x).toBeGreaterThan(lane.x);
        expect(port.x).toBeLessThan(lane.x + lane.width);
      }
    }
  });

  test("ports of one lane stand together however they are numbered", () => {
    const edge = router(["A", "B", "A", "B"]).boxes[0]!;
    expect(inLaneOrder(edge).map((port) => port.short)).toEqual([
      "Gi0/1",
      "Gi0/3",
      "Gi0/2",
      "Gi0/4",
    ]);
    expect(overlapping(layoutOf(router(["A", "B", "A", "B"])))).toEqual([]);
  });

  test("a lane that has no port yet moves nothing, and has room beside the name", () => {
    const before = layoutOf(router([null, null, null, null]));
    const after = layoutOf(withIdleLane(router([null, null, null, null])));
    expect(portPlaces(after, "edge")).toEqual(portPlaces(before, "edge"));
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    expect(overlapping(after)).toEqual([]);
  });

  test("two hosts on a cable stand side by side", () => {
    const drawing = layoutOf(twoHosts());
    const [left, right] = drawing.boxes;
    expect(left!.y).toBe(right!.y);
    expect(drawing.cables[0]!.points[0]!.y).toBe(drawing.cables[0]!.points[1]!.y);
    expect(overlapping(drawing)).toEqual([]);
  });

  test("two boxes on a cable leave room for the words at both its ends", () => {
    const gapOf = (picture: Picture) => {
      const [left, right] = layoutOf(picture).boxes;
      return right!.x - left!.x - left!.width;
    };
    const down = twoHosts();
    const ports = down.boxes.map((it) => ({
      ...it,
      ports: it.ports.map((port) => ({ ...port, up: false })),
    }));
    // "eth0 down" twice, at six pixels and more for a letter.
    expect(gapOf({ ...down, boxes: ports })).toBeGreaterThan(18 * 6);
    expect(gapOf({ ...down, boxes: ports })).toBe(gapOf(down));
  });

  test("rings and cables to nowhere are drawn as far as they can be", () => {
    const ring: Picture = {
      boxes: ["r1", "r2", "r3"].map((name) => box(name, "router", ["e0", "e1"])),
      cables: [
        cable("r1", "e0", "r2", "e0"),
        cable("r2", "e1", "r3", "e0"),
        cable("r3", "e1", "r1", "e1"),
        cable("r1", "e9", "gone", "e0"),
      ],
    };
    expect(layoutOf(ring).cables).toHaveLength(3);
    expect(overlapping(layoutOf(ring))).toEqual([]);
    expect(layoutOf({ boxes: [], cables: [] }).boxes).toEqual([]);
  });
});

describe("the line of a walk", () => {
  const out = [hop("a1", null, "eth0"), hop("edge", GI(1), GI(2)), hop("a2", "eth0", null)];
  const back = [hop("a2", null, "eth0"), hop("edge", GI(2), GI(1)), hop("a1", "eth0", null)];

  test("turns at right angles only, and has a number for every hop", () => {
    const line = walkLineOf(walk(out, back), layoutOf(GOLDEN));
    for (const points of line.lines) {
      for (let at = 1; at < points.length; at++) {
        const [a, b] = [points[at - 1]!, points[at]!];
        expect(a.x === b.x || a.y === b.y).toBe(true);
      }
    }
    expect(line.stops.map((stop) => stop.number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("out and back run side by side and never cross", () => {
    const [there, home] = walkLineOf(walk(out, back), layoutOf(GOLDEN)).lines;
    expect(crossings(there!, home!)).toBe(0);
  });

  test("a packet that is lost ends where it was lost", () => {
    const lost = walk([hop("a1", null, "eth0"), hop("edge", GI(1), null)], null, "no-route");
    const line = walkLineOf(lost, layoutOf(GOLDEN));
    const edge = layoutOf(GOLDEN).boxes.find((it) => it.box.name === "edge")!;
    expect(line.stops[1]).toMatchObject({ number: 2, end: "dropped" });
    expect(inside(line.stops[1]!, edge)).toBe(true);
  });

  test("a packet that never leaves a host stands by its cable, not on its address", () => {
    const drawing = layoutOf(twoHosts());
    const [stop] = walkLineOf(walk([hop("h1", null, null)], null, "no-link"), drawing).stops;
    const [h1] = drawing.boxes;
    expect(inside(stop!, h1!)).toBe(true);
    // The address begins 12 in and takes six pixels and more for a letter.
    expect(stop!.x - 9).toBeGreaterThan(h1!.x + 12 + "10.0.0.1/24".length * 6);
  });

  test("a stop that the drawing does not have keeps its number in the list", () => {
    const odd = walk(
      [hop("a1", null, "eth0"), hop("cloud", "x", "y"), hop("a2", "eth0", null)],
      null,
    );
    expect(walkLineOf(odd, layoutOf(GOLDEN)).stops.map((stop) => stop.number)).toEqual([1, 3]);
    expect(countedHops(odd).map((it) => it.hop.at)).toEqual(["a1", "cloud", "a2"]);
  });

  test("a line that turns on its heel comes back on the other side", () => {
    const line = [
      { x: 0, y: 50 },
      { x: 0, y: 0 },
      { x: 0, y: 50 },
    ];
    expect(besides(line, 6)).toEqual([
      { x: -6, y: 50 },
      { x: -6, y: 0 },
      { x: 6, y: 0 },
      { x: 6, y: 50 },
    ]);
  });
});

/* ── Networks to draw ── */

function GI(n: number) {
  return `GigabitEthernet0/${n}`;
}

function router(lanes: readonly (string | null)[]): Picture {
  const names = ["a1", "a2", "b1", "b2"];
  const edge: Box = {
    name: "edge",
    kind: "router",
    os: "ios",
    lanes: [...new Set(lanes)].flatMap((name) =>
      name === null ? [] : [{ name, rd: null, routes: [] }],
    ),
    ports: lanes.map((lane, at) => ({
      name: GI(at + 1),
      short: `Gi0/${at + 1}`,
      addresses: [],
      lane,
      up: true,
    })),
    inside: [],
  };
  return {
    boxes: [edge, ...names.map((name) => box(name, "host", ["eth0"]))],
    cables: names.map((name, at) => cable("edge", GI(at + 1), name, "eth0")),
  };
}

function withIdleLane(picture: Picture): Picture {
  const [edge, ...rest] = picture.boxes;
  const lanes = [{ name: "CUSTOMER_A", rd: "100:1", routes: [] }];
  return { ...picture, boxes: [{ ...edge!, lanes }, ...rest] };
}

function twoHosts(): Picture {
  return {
    boxes: [box("h1", "host", ["eth0"]), box("h2", "host", ["eth0"])],
    cables: [cable("h1", "eth0", "h2", "eth0")],
  };
}

function box(name: string, kind: Box["kind"], ports: readonly string[]): Box {
  const drawn = ports.map((port) => ({
    name: port,
    short: port,
    addresses: ["10.0.0.1/24"],
    lane: null,
    up: true,
  }));
  return { name, kind, os: "linux", lanes: [], ports: drawn, inside: [] };
}

function cable(a: string, aPort: string, b: string, bPort: string) {
  return { a: { box: a, port: aPort }, b: { box: b, port: bPort }, up: true };
}

function hop(at: string, enters: string | null, leaves: string | null): WalkHop {
  const header = { src: "10.0.0.1", dst: "10.0.0.2", ttl: 64, proto: "icmp", port: null };
  return { at, table: null, in: enters, out: leaves, text: "", header, because: [] };
}

function walk(hops: WalkHop[], back: WalkHop[] | null, outcome = "delivered"): Walk {
  return { outcome, text: "", hops, back: back && { outcome: "delivered", text: "", hops: back } };
}

/* ── Looking at a drawing ── */

function overlapping({ boxes }: Drawing): string[] {
  return boxes.flatMap((a, at) =>
    boxes.slice(at + 1).flatMap((b) => (apart(a, b) ? [] : [`${a.box.name} and ${b.box.name}`])),
  );
}

function apart(a: Area, b: Area): boolean {
  return (
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
  );
}

function inside(point: Point, area: Area): boolean {
  return (
    point.x > area.x &&
    point.x < area.x + area.width &&
    point.y > area.y &&
    point.y < area.y + area.height
  );
}

function portPlaces(drawing: Drawing, name: string): number[] {
  return drawing.boxes.find((it) => it.box.name === name)!.ports.map((port) => port.x);
}

function crossings(one: readonly Point[], other: readonly Point[]): number {
  let count = 0;
  for (let i = 1; i < one.length; i++) {
    for (let j = 1; j < other.length; j++) {
      if (cross(one[i - 1]!, one[i]!, other[j - 1]!, other[j]!)) count++;
    }
  }
  return count;
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const between = (v: number, p: number, q: number) => v >= Math.min(p, q) && v <= Math.max(p, q);
  if (a.x === b.x && c.y === d.y) return between(a.x, c.x, d.x) && between(c.y, a.y, b.y);
  if (a.y === b.y && c.x === d.x) return between(a.y, c.y, d.y) && between(c.x, a.x, b.x);
  return false;
}
