import type { Drawn } from "./draft.ts";
import { judge } from "./judge.ts";
import type { Kernel } from "./kernels.ts";

/** The network with as few commands as still show a disagreement about the same thing. */
export async function shrunken(network: Drawn, about: string, kernel: Kernel): Promise<Drawn> {
  const differs = async (one: Drawn) => {
    try {
      return judge(one, await kernel.measure(one)).disagreements.some((it) => it.about === about);
    } catch {
      return false;
    }
  };
  let least = network;
  for (let size = Math.max(1, total(network) >> 2); size >= 1; size >>= 1) {
    for (;;) {
      const tries = without(least, size);
      const still = await Promise.all(tries.map(differs));
      const fewer = tries.filter((_, at) => still[at]);
      const next = await largestOf(least, fewer, differs);
      if (!next) break;
      least = next;
    }
  }
  return least;
}

// Several parts may be left out singly, and often all at once.
async function largestOf(
  from: Drawn,
  fewer: readonly Drawn[],
  differs: (it: Drawn) => Promise<boolean>,
): Promise<Drawn | null> {
  const [first] = fewer;
  if (!first) return null;
  if (fewer.length === 1) return first;
  const all = fewer.reduce((left, one) => inBoth(from, left, one));
  if (await differs(all)) return all;
  return first;
}

const total = ({ nodes }: Drawn) => Object.values(nodes).flat().length;

function without(network: Drawn, size: number): Drawn[] {
  return Object.entries(network.nodes).flatMap(([name, commands]) =>
    Array.from({ length: Math.ceil(commands.length / size) }, (_, at) => ({
      ...network,
      nodes: {
        ...network.nodes,
        [name]: commands.filter((_one, index) => Math.floor(index / size) !== at),
      },
    })),
  );
}

// What neither has left out, of commands told apart by their place in `from`.
function inBoth(from: Drawn, a: Drawn, b: Drawn): Drawn {
  const kept = (name: string) => {
    const [left, right] = [
      keptOf(from.nodes[name]!, a.nodes[name]!),
      keptOf(from.nodes[name]!, b.nodes[name]!),
    ];
    return from.nodes[name]!.filter((_, at) => left.has(at) && right.has(at));
  };
  return {
    ...from,
    nodes: Object.fromEntries(Object.keys(from.nodes).map((name) => [name, kept(name)])),
  };
}

function keptOf(all: readonly string[], some: readonly string[]): Set<number> {
  const kept = new Set<number>();
  let next = 0;
  all.forEach((line, at) => {
    if (some[next] !== line) return;
    kept.add(at);
    next++;
  });
  return kept;
}
