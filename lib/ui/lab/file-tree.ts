import type { NodeKind } from "#lib/net/model/topology.ts";
import type { Topology } from "#lib/net/model/topology.ts";
import type { IconName } from "#lib/ui/chrome/icons.tsx";

/** One line of the tree: a device or folder, or a file in it. `depth` counts the boxes around it. */
export type TreeRow =
  | {
      readonly kind: "place";
      readonly name: string;
      readonly depth: number;
      readonly layer: Layer;
      readonly icon: IconName;
    }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly name: string;
      readonly depth: number;
      readonly layer: Layer;
    };

export type Layer = "physical" | "host" | "container";

/** Files as the network is built: devices in the lab's order, machines inside of them, each with its files. */
export function treeOf(paths: readonly string[], topology: Pick<Topology, "nodes">): TreeRow[] {
  const kinds = new Map(topology.nodes.map((node) => [node.name, node.kind]));
  const order = [...kinds.keys()];
  const rank = (path: string) => {
    const at = order.indexOf(path.split("/")[0]!);
    return at === -1 ? order.length : at;
  };
  const sorted = [...paths].sort((a, b) => rank(a) - rank(b) || compare(a, b));
  const rows: TreeRow[] = [];
  let open: string[] = [];
  for (const path of sorted) {
    const steps = path.split("/");
    const file = steps.pop()!;
    const shared = commonLength(open, steps);
    for (let depth = shared; depth < steps.length; depth++) {
      rows.push(placeRow(steps, depth, kinds));
    }
    open = steps;
    rows.push({
      kind: "file",
      path,
      name: file,
      depth: steps.length,
      layer: fileLayer(path, kinds),
    });
  }
  return rows;
}

function placeRow(
  steps: readonly string[],
  depth: number,
  kinds: ReadonlyMap<string, NodeKind>,
): TreeRow {
  const name = steps[depth]!;
  const layer = depth === 0 && steps[0] !== "vms" ? layerOfKind(kinds.get(name)) : "host";
  return { kind: "place", name, depth, layer, icon: iconOf(depth, steps, kinds.get(name)) };
}

function iconOf(depth: number, steps: readonly string[], kind: NodeKind | undefined): IconName {
  if (depth > 0) return steps[0] === "vms" ? "vm" : "file";
  if (kind === "router" || kind === "switch" || kind === "server" || kind === "host") return kind;
  return steps[0] === "vms" ? "vm" : "server";
}

function layerOfKind(kind: NodeKind | undefined): Layer {
  return kind === "server" || kind === undefined ? "host" : "physical";
}

function fileLayer(path: string, kinds: ReadonlyMap<string, NodeKind>): Layer {
  if (path.endsWith("compose.yaml")) return "container";
  return layerOfKind(kinds.get(path.split("/")[0]!));
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

/** Files before folders of the same place, otherwise by name. */
function compare(a: string, b: string): number {
  const [one, other] = [a.split("/"), b.split("/")];
  for (let at = 0; ; at++) {
    if (one[at] === other[at]) {
      if (one[at] === undefined) return 0;
      continue;
    }
    const leaf = Number(one.length > at + 1) - Number(other.length > at + 1);
    return leaf || ((one[at] ?? "") < (other[at] ?? "") ? -1 : 1);
  }
}
