import type { Box, Cable, Lane, Picture, PortPicture } from "#lib/net/model/picture.ts";

/** A drawing, in units of one pixel at its natural size: every box, port and cable with its place. */
export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly DrawnBox[];
  readonly cables: readonly DrawnCable[];
};

export type Point = { readonly x: number; readonly y: number };
export type Area = Point & { readonly width: number; readonly height: number };

export type DrawnBox = Area & {
  readonly box: Box;
  readonly lanes: readonly DrawnLane[];
  readonly ports: readonly DrawnPort[];
  readonly inside: readonly DrawnBox[];
  /** Where a packet turns inside the box: walks run along this height. */
  readonly band: number;
};

/** A lane without ports is a chip beside the router's name. */
export type DrawnLane = Area & { readonly lane: Lane; readonly ports: readonly DrawnPort[] };

/** `side` is the edge of the box that the port sits on. */
export type DrawnPort = Point & {
  readonly port: PortPicture;
  readonly side: Side;
  readonly cabled: boolean;
};

type Side = "top" | "bottom" | "left" | "right";

/** Corners of the sleeve, from port to port, always at right angles. */
export type DrawnCable = { readonly cable: Cable; readonly points: readonly Point[] };

const MARGIN = 14;
const COLUMN = 140;
const GAP = 16;
const STREET = 76;
const TITLE = 32;
const PAD = 12;
const ROUTE = 15;
const ROUTES_SHOWN = 4;
const BAND = 34;
const LANE_NAME = 26;
const ADDRESS = 15;
const CHIP_HEIGHT = 20;
/** What a chip says after the lane's name, and its padding. */
const CHIP_EXTRA = 66;
/** For the numbers of a walk beside the name. */
const SIDE_ROOM = 44;
/** Between a cable's middle and what is written beside it; and the width of one letter there. */
export const LABEL_GAP = 15;
const MONO = 6.3;
const BETWEEN_ROOTS = 104;
/** Between a level cable's end and what is written there, and between what is written at both. */
export const LEVEL_GAP = 8;
const INNER = { width: 96, height: 44 };

/**
 * Place a picture: rows by distance from the routers, every box centred over what hangs below it. The same picture
 * always gives the same drawing, and a lane without ports moves nothing that was there before.
 */
export function layoutOf(picture: Picture): Drawing {
  const trees = treesOf(picture);
  const placed: Placed[] = [];
  const between = betweenRoots(picture, trees);
  let right = MARGIN;
  for (const tree of trees) {
    placeTree(tree, right, placed);
    right += widthOf(tree) + between;
  }
  const rows = rowsOf(placed);
  const boxes = placed.map((it) => drawBox(it, rows[it.tree.row]!, picture));
  const cables = picture.cables.flatMap((cable) => drawCable(cable, boxes));
  return {
    width: Math.max(0, ...boxes.map(rightEdge)) + MARGIN,
    height: Math.max(0, ...boxes.map((box) => box.y + box.height)) + MARGIN,
    boxes,
    cables,
  };
}

/** Boxes of the top row stand as far apart as what is written at both ends of a cable between them needs. */
function betweenRoots(picture: Picture, trees: readonly Tree[]): number {
  const roots = new Map(trees.map(({ box }) => [box.name, box]));
  const labelAt = (end: { box: string; port: string }) => {
    const box = roots.get(end.box);
    const port = box?.ports.find((it) => it.name === end.port);
    return box && port ? Math.max(...widestTexts(box, port)) * MONO : 0;
  };
  const level = picture.cables.filter(({ a, b }) => roots.has(a.box) && roots.has(b.box));
  const needed = level.map(({ a, b }) => labelAt(a) + labelAt(b) + 3 * LEVEL_GAP);
  return Math.max(BETWEEN_ROOTS, ...needed);
}

/** How long what is written at a port gets: a port that goes down or up moves nothing. */
function widestTexts(box: Box, port: PortPicture): number[] {
  const addresses = box.kind === "router" ? port.addresses : [];
  return [portName({ ...port, up: false }), ...addresses].map((it) => it.length);
}

/** A port's name as a drawing has it. */
export function portName(port: PortPicture): string {
  return port.up ? port.short : `${port.short} down`;
}

/** How far a box reaches, with what is written at its ports. */
function rightEdge(box: DrawnBox): number {
  const labels = box.ports.map(({ port, x, side }) =>
    side === "bottom" && box.box.kind === "router"
      ? x + LABEL_GAP + Math.max(0, ...port.addresses.map((it) => it.length)) * MONO
      : 0,
  );
  return Math.max(box.x + box.width, ...labels);
}

/** The routes that a lane has room for, and how many it leaves out. */
export function shownRoutes(lane: Lane): { routes: Lane["routes"]; more: number } {
  if (lane.routes.length <= ROUTES_SHOWN) return { routes: lane.routes, more: 0 };
  return {
    routes: lane.routes.slice(0, ROUTES_SHOWN - 1),
    more: lane.routes.length - ROUTES_SHOWN + 1,
  };
}

/* ── Who hangs under whom ── */

/** A box, the row it stands in, and the boxes that are reached through its ports, in the order of those ports. */
type Tree = {
  readonly box: Box;
  readonly row: number;
  readonly below: Tree[];
  /** Ports with nothing of this tree below them, which still need a column. */
  readonly loose: readonly PortPicture[];
};

function treesOf(picture: Picture): Tree[] {
  const byName = new Map(picture.boxes.map((box) => [box.name, box]));
  const neighbours = neighboursOf(picture);
  const row = distances(picture, neighbours);
  const taken = new Set<string>();
  const grow = (box: Box): Tree => {
    taken.add(box.name);
    const below: Tree[] = [];
    const loose: PortPicture[] = [];
    for (const port of inLaneOrder(box)) {
      const there = (neighbours.get(box.name) ?? []).filter((it) => it.port === port.name);
      const deeper = there.filter((it) => row.get(it.to)! > row.get(box.name)!);
      const fresh = deeper.filter((it) => !taken.has(it.to));
      for (const { to } of fresh) below.push(grow(byName.get(to)!));
      if (there.length === 0) loose.push(port);
    }
    return { box, row: row.get(box.name)!, below, loose };
  };
  const trees: Tree[] = [];
  for (const box of picture.boxes)
    if (row.get(box.name) === 0 && !taken.has(box.name)) trees.push(grow(box));
  for (const box of picture.boxes) if (!taken.has(box.name)) trees.push(grow(box));
  return trees;
}

type Neighbour = { readonly port: string; readonly to: string };

function neighboursOf(picture: Picture): Map<string, Neighbour[]> {
  const known = new Set(picture.boxes.map((box) => box.name));
  const out = new Map<string, Neighbour[]>();
  for (const { a, b } of picture.cables) {
    if (!known.has(a.box) || !known.has(b.box)) continue;
    out.set(a.box, [...(out.get(a.box) ?? []), { port: a.port, to: b.box }]);
    out.set(b.box, [...(out.get(b.box) ?? []), { port: b.port, to: a.box }]);
  }
  return out;
}

/** Rows from the top: what joins networks first, and whatever nothing joins in a row of its own kind. */
function distances(picture: Picture, neighbours: Map<string, Neighbour[]>): Map<string, number> {
  const row = new Map<string, number>();
  const spread = (starts: readonly string[]) => {
    const queue = starts.filter((name) => !row.has(name));
    for (const name of queue) row.set(name, 0);
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      for (const { to } of neighbours.get(name) ?? []) {
        if (row.has(to)) continue;
        row.set(to, row.get(name)! + 1);
        queue.push(to);
      }
    }
  };
  for (const kind of ["router", "switch"] as const) {
    const starts = picture.boxes.filter((box) => box.kind === kind && !row.has(box.name));
    if (kind === "router" || starts.length > 0) spread(starts.map((box) => box.name));
  }
  // Hosts that are cabled to each other stand side by side.
  for (const box of picture.boxes) if (!row.has(box.name)) row.set(box.name, 0);
  return row;
}

/** Ports with those of one lane together, otherwise as the device numbers them. */
export function inLaneOrder(box: Box): PortPicture[] {
  const first = (port: PortPicture, at: number) =>
    port.lane === null ? at : box.ports.findIndex((other) => other.lane === port.lane);
  return box.ports
    .map((port, at) => ({ port, at, group: first(port, at) }))
    .sort((a, b) => a.group - b.group || a.at - b.at)
    .map(({ port }) => port);
}

function boundLanes(box: Box): Lane[] {
  return box.lanes.filter((lane) => box.ports.some((port) => port.lane === lane.name));
}

function idleLanes(box: Box): Lane[] {
  return box.lanes.filter((lane) => !box.ports.some((port) => port.lane === lane.name));
}

/* ── How wide, how high ── */

type Placed = { readonly tree: Tree; readonly x: number; readonly width: number };

function innerWidth(box: Box): number {
  const inside = box.inside.reduce((sum, it) => sum + Math.max(INNER.width, innerWidth(it)) + 8, 0);
  return inside === 0 ? 0 : inside + 2 * PAD - 8;
}

function ownWidth(tree: Tree): number {
  const { box } = tree;
  const columns = boundLanes(box).length > 0 ? box.ports.length : 1;
  const wanted = columns * (COLUMN - GAP);
  const title = nameWidth(box) + chipsWidth(box);
  const aside = standsAlone(tree) ? SIDE_ROOM : 0;
  return Math.max(wanted, innerWidth(box), title) + aside;
}

function chipsWidth(box: Box): number {
  return idleLanes(box).reduce((sum, lane) => sum + chipWidth(lane) + 6, 0);
}

function chipWidth(lane: Lane): number {
  return lane.name.length * 7.8 + CHIP_EXTRA;
}

/** A host or the like in the top row: its cables leave by its sides, and walks end there. */
function standsAlone({ box, row }: Tree): boolean {
  return row === 0 && box.kind !== "router" && box.kind !== "switch";
}

function nameWidth(box: Box): number {
  return box.name.length * 7.5 + 70;
}

function belowWidth(tree: Tree): number {
  const parts = [...tree.below.map(widthOf), ...tree.loose.map(() => COLUMN - GAP)];
  if (tree.below.length === 0) return 0;
  return parts.reduce((sum, it) => sum + it, 0) + GAP * (parts.length - 1);
}

function widthOf(tree: Tree): number {
  return Math.max(ownWidth(tree), belowWidth(tree));
}

function placeTree(tree: Tree, x: number, placed: Placed[]): void {
  placed.push({ tree, x, width: widthOf(tree) });
  const spare = Math.max(0, ownWidth(tree) - belowWidth(tree));
  let left = x + (tree.below.length > 0 ? spare / 2 : 0);
  for (const child of tree.below) {
    placeTree(child, left, placed);
    left += widthOf(child) + GAP;
  }
}

type Row = { readonly y: number; readonly height: number };

function rowsOf(placed: readonly Placed[]): Row[] {
  const heights: number[] = [];
  for (const { tree } of placed) {
    heights[tree.row] = Math.max(heights[tree.row] ?? 0, heightOf(tree.box));
  }
  const rows: Row[] = [];
  let y = MARGIN;
  for (let at = 0; at < heights.length; at++) {
    rows.push({ y, height: heights[at] ?? 0 });
    y += (heights[at] ?? 0) + STREET;
  }
  return rows;
}

function heightOf(box: Box): number {
  if (boundLanes(box).length > 0) return TITLE + laneHeight(box) + 14;
  if (box.inside.length > 0) return TITLE + BAND + insideHeight(box) + PAD;
  if (box.kind === "router") return TITLE + BAND + PAD;
  return 40 + ADDRESS * Math.max(1, addressesOf(box).length);
}

/** What a box without ports to spare writes under its name. */
export function addressesOf(box: Box): string[] {
  return box.ports.flatMap((port) => port.addresses);
}

function insideHeight(box: Box): number {
  const nested = box.inside.map((it) => (it.inside.length > 0 ? insideHeight(it) + TITLE : 0));
  return Math.max(INNER.height, ...nested);
}

function laneHeight(box: Box): number {
  const routes = Math.max(
    ...box.lanes.map((lane) => Math.min(lane.routes.length, ROUTES_SHOWN)),
    0,
  );
  return LANE_NAME + routes * ROUTE + BAND;
}

/* ── Boxes with what is in them ── */

function drawBox({ tree, x, width }: Placed, row: Row, picture: Picture): DrawnBox {
  const { box } = tree;
  const height = heightOf(box);
  const area = { x, y: row.y, width, height };
  const columns = columnsOf(tree, x);
  const ports = box.ports.map((port) => drawPort(port, box, area, tree, columns, picture));
  const lanes = drawLanes(box, area, ports);
  const band = standsAlone(tree) ? area.y + height / 2 : bandOf(box, area);
  return { ...area, box, ports, lanes, band, inside: drawInside(box, area) };
}

function bandOf(box: Box, area: Area): number {
  if (boundLanes(box).length > 0) return area.y + TITLE + laneHeight(box) - BAND / 2;
  if (box.kind === "router" || box.inside.length > 0) return area.y + TITLE + BAND / 2;
  return area.y + 20;
}

/** The middle of the column under each port that something hangs from. */
function columnsOf(tree: Tree, x: number): Map<string, number> {
  const columns = new Map<string, number>();
  const spare = Math.max(0, ownWidth(tree) - belowWidth(tree));
  let left = x + (tree.below.length > 0 ? spare / 2 : 0);
  for (const child of tree.below) {
    const width = widthOf(child);
    columns.set(child.box.name, left + width / 2);
    left += width + GAP;
  }
  for (const port of tree.below.length > 0 ? tree.loose : []) {
    columns.set(`:${port.name}`, left + (COLUMN - GAP) / 2);
    left += COLUMN;
  }
  return columns;
}

function drawPort(
  port: PortPicture,
  box: Box,
  area: Area,
  tree: Tree,
  columns: Map<string, number>,
  picture: Picture,
): DrawnPort {
  const far = farEnds(picture, box.name, port.name);
  const child = tree.below.find((it) => far.some((end) => end.box === it.box.name));
  const cabled = far.length > 0;
  if (child) {
    const sharing = portsTowards(picture, box, child.box.name);
    const offset = (sharing.indexOf(port.name) - (sharing.length - 1) / 2) * 44;
    const x = columns.get(child.box.name)! + offset;
    return { port, x, y: area.y + area.height, side: "bottom", cabled };
  }
  if (columns.has(`:${port.name}`)) {
    return {
      port,
      x: columns.get(`:${port.name}`)!,
      y: area.y + area.height,
      side: "bottom",
      cabled,
    };
  }
  return { port, cabled, ...edgePlace(port, box, area, tree, picture, far) };
}

/** Ports that lead up stand on top, those to a neighbour of the same row at the side that faces it. */
function edgePlace(
  port: PortPicture,
  box: Box,
  area: Area,
  tree: Tree,
  picture: Picture,
  far: readonly { box: string }[],
): { x: number; y: number; side: Side } {
  if (tree.row === 0 && far.length > 0) {
    const here = picture.boxes.findIndex((it) => it.name === box.name);
    const there = picture.boxes.findIndex((it) => it.name === far[0]!.box);
    const side = there > here ? "right" : "left";
    return {
      x: side === "right" ? area.x + area.width : area.x,
      y: standsAlone(tree) ? area.y + area.height / 2 : bandOf(box, area),
      side,
    };
  }
  const side: Side = tree.row === 0 ? "bottom" : "top";
  const alike = box.ports.filter(
    (it) =>
      !tree.below.some((child) =>
        farEnds(picture, box.name, it.name).some((end) => end.box === child.box.name),
      ),
  );
  const at = alike.indexOf(port);
  const { width } = area;
  const towardsOne = alike.length > 1 && sameNeighbour(picture, box, alike);
  const step = towardsOne ? 44 : width / Math.max(1, alike.length);
  const x = area.x + width / 2 + (at - (alike.length - 1) / 2) * step;
  return { x, y: side === "top" ? area.y : area.y + area.height, side };
}

function sameNeighbour(picture: Picture, box: Box, ports: readonly PortPicture[]): boolean {
  const names = ports.flatMap((port) =>
    farEnds(picture, box.name, port.name).map((end) => end.box),
  );
  return new Set(names).size === 1 && names.length === ports.length;
}

function farEnds(picture: Picture, box: string, port: string): { box: string; port: string }[] {
  return picture.cables.flatMap(({ a, b }) => {
    if (a.box === box && a.port === port) return [b];
    return b.box === box && b.port === port ? [a] : [];
  });
}

function portsTowards(picture: Picture, box: Box, child: string): string[] {
  return box.ports
    .filter((port) => farEnds(picture, box.name, port.name).some((end) => end.box === child))
    .map((port) => port.name);
}

function drawLanes(box: Box, area: Area, ports: readonly DrawnPort[]): DrawnLane[] {
  const y = area.y + TITLE;
  const height = laneHeight(box);
  const inOrder = [...ports].sort((a, b) => a.x - b.x);
  const between = (left: DrawnPort | undefined, right: DrawnPort | undefined) => {
    if (left && right) return (left.x + right.x) / 2;
    return left ? area.x + area.width - PAD / 2 : area.x + PAD / 2;
  };
  const bound = boundLanes(box).map((lane) => {
    const own = inOrder.filter((it) => it.port.lane === lane.name);
    const [first, last] = [inOrder.indexOf(own[0]!), inOrder.indexOf(own[own.length - 1]!)];
    const left = between(inOrder[first - 1], inOrder[first]) + 6;
    const right = between(inOrder[last], inOrder[last + 1]) - 6;
    return { lane, ports: own, x: left, y, width: right - left, height };
  });
  return [...bound, ...chipsOf(box, area)];
}

function chipsOf(box: Box, area: Area): DrawnLane[] {
  let x = area.x + area.width - chipsWidth(box);
  return idleLanes(box).map((lane) => {
    const drawn = {
      lane,
      ports: [],
      x,
      y: area.y + 6,
      width: chipWidth(lane),
      height: CHIP_HEIGHT,
    };
    x += chipWidth(lane) + 6;
    return drawn;
  });
}

function drawInside(box: Box, area: Area): DrawnBox[] {
  if (box.inside.length === 0) return [];
  const width = (area.width - 2 * PAD - 8 * (box.inside.length - 1)) / box.inside.length;
  const y = area.y + (box.kind === "server" ? TITLE + BAND : TITLE);
  const height = area.y + area.height - PAD - y;
  return box.inside.map((it, at) => {
    const own = { x: area.x + PAD + at * (width + 8), y, width, height };
    const middle = own.x + width / 2;
    const ports = it.ports.map((port, n) => ({
      port,
      x: middle + (n - (it.ports.length - 1) / 2) * 24,
      y,
      side: "top" as const,
      cabled: false,
    }));
    return { ...own, box: it, ports, lanes: [], band: y + 24, inside: drawInside(it, own) };
  });
}

/* ── Cables ── */

function drawCable(cable: Cable, boxes: readonly DrawnBox[]): DrawnCable[] {
  const a = portAt(boxes, cable.a);
  const b = portAt(boxes, cable.b);
  return a && b ? [{ cable, points: routed(a, b) }] : [];
}

function portAt(
  boxes: readonly DrawnBox[],
  end: { box: string; port: string },
): DrawnPort | undefined {
  const box = boxes.find((it) => it.box.name === end.box);
  return box?.ports.find((it) => it.port.name === end.port);
}

function routed(a: DrawnPort, b: DrawnPort): Point[] {
  const from = { x: a.x, y: a.y };
  const to = { x: b.x, y: b.y };
  const upright = a.side === "top" || a.side === "bottom";
  if (upright ? a.x === b.x : a.y === b.y) return [from, to];
  if (upright) {
    const middle = (a.y + b.y) / 2;
    return [from, { x: a.x, y: middle }, { x: b.x, y: middle }, to];
  }
  const middle = (a.x + b.x) / 2;
  return [from, { x: middle, y: a.y }, { x: middle, y: b.y }, to];
}
