/*
 * Spanning tree (IEEE 802.1D-1998, clause 8) as it stands once it has settled: who is the root, and which ports are
 * blocked. Vectors are compared as there: root, cost, then the neighbour's identifiers.
 */

/** One bridge in one tree. Whose `id` is lowest becomes the root. */
export type TreeBridge = { readonly id: number; readonly ports: readonly TreePort[] };

export type TreePort = {
  /** Among the ports of its bridge, the priority first. */
  readonly id: number;
  readonly cost: number;
  /** The ports whose messages it hears, by bridge and port index. */
  readonly hears: readonly { readonly bridge: number; readonly port: number }[];
};

export type Role = "root" | "designated" | "blocked";

/** What becomes of each bridge: its root, by index, and the role of each of its ports. */
export type Settled = { readonly root: number; readonly roles: readonly Role[] };

type Known = { readonly root: number; readonly cost: number };

/** Let the bridges settle. Identifiers are all different; a port without ears leads. */
export function settleTrees(bridges: readonly TreeBridge[]): Settled[] {
  const known = distances(bridges);
  const byId = new Map(bridges.map(({ id }, at) => [id, at]));
  return bridges.map((bridge, at) => {
    const mine = known[at]!;
    const heard = bridge.ports.map((port) => best(bridges, known, port));
    const towards = heard.map((one, index): Vector | null => {
      if (!one || one[0] !== mine.root || bridges[at]!.id === mine.root) return null;
      const { cost, id } = bridge.ports[index]!;
      return [one[0], one[1] + cost, one[2], one[3], id];
    });
    const rootPort = least(towards);
    const roles = bridge.ports.map((port, index): Role => {
      if (index === rootPort) return "root";
      const other = heard[index];
      const own: Vector = [mine.root, mine.cost, bridge.id, port.id];
      return !other || compare(own, other) < 0 ? "designated" : "blocked";
    });
    return { root: byId.get(mine.root)!, roles };
  });
}

type Vector = readonly [root: number, cost: number, bridge: number, port: number, own?: number];

function compare(a: Vector, b: Vector): number {
  for (let at = 0; at < a.length; at++) {
    const apart = (a[at] ?? 0) - (b[at] ?? 0);
    if (apart !== 0) return apart;
  }
  return 0;
}

function least(vectors: readonly (Vector | null)[]): number {
  let best = -1;
  vectors.forEach((one, at) => {
    if (one && (best === -1 || compare(one, vectors[best]!) < 0)) best = at;
  });
  return best;
}

// The best message that a port hears.
function best(
  bridges: readonly TreeBridge[],
  known: readonly Known[],
  { hears }: TreePort,
): Vector | null {
  const heard = hears.map(({ bridge, port }): Vector => {
    const { root, cost } = known[bridge]!;
    const sender = bridges[bridge]!;
    return [root, cost, sender.id, sender.ports[port]!.id];
  });
  return heard[least(heard)] ?? null;
}

// The root of each bridge and how far it is: from the lowest identifier outwards, nearest first.
function distances(bridges: readonly TreeBridge[]): Known[] {
  const listeners = listenersOf(bridges);
  const known: (Known | undefined)[] = bridges.map(() => undefined);
  const inOrder = bridges.map(({ id }, at) => ({ id, at })).toSorted((a, b) => a.id - b.id);
  for (const { id, at } of inOrder) {
    if (known[at]) continue;
    const queue = new Nearest();
    queue.add(0, at);
    for (let next = queue.take(); next; next = queue.take()) {
      if (known[next.at]) continue;
      known[next.at] = { root: id, cost: next.cost };
      for (const { bridge, cost } of listeners[next.at]!)
        if (!known[bridge]) queue.add(next.cost + cost, bridge);
    }
  }
  return known.map((one) => one!);
}

function listenersOf(bridges: readonly TreeBridge[]): { bridge: number; cost: number }[][] {
  const listeners: { bridge: number; cost: number }[][] = bridges.map(() => []);
  bridges.forEach(({ ports }, bridge) => {
    for (const { hears, cost } of ports)
      for (const sender of hears)
        if (sender.bridge !== bridge) listeners[sender.bridge]!.push({ bridge, cost });
  });
  return listeners;
}

/** A heap of what is nearest. */
class Nearest {
  private readonly heap: { readonly cost: number; readonly at: number }[] = [];

  add(cost: number, at: number): void {
    const { heap } = this;
    let place = heap.push({ cost, at }) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (heap[above]!.cost <= cost) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = { cost, at };
  }

  take(): { readonly cost: number; readonly at: number } | null {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last) return null;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && heap[below + 1]!.cost < heap[below]!.cost) below++;
      if (heap[below]!.cost >= last.cost) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
    return first;
  }
}

/** IEEE 802.1D-1998 table 8-5, and how bundles are counted between its rows. */
const SHORT = [
  [20_000, 1],
  [10_000, 2],
  [2_000, 3],
  [1_000, 4],
  [600, 6],
  [500, 7],
  [400, 8],
  [300, 9],
  [200, 12],
  [100, 19],
  [45, 39],
  [16, 62],
  [10, 100],
] as const;

/** What a port of so many megabits costs. */
export function costOf(megabits: number, long: boolean): number {
  // IEEE 802.1D-2004 table 17-3: 20,000,000 for each megabit.
  if (long) return Math.max(1, Math.floor(20_000_000 / megabits));
  return SHORT.find(([speed]) => megabits >= speed)?.[1] ?? 250;
}
