import type { Claim } from "./model/objective.ts";
import type { Topology } from "./model/topology.ts";
import { buildNetwork, type Down } from "./network.ts";
import { decide } from "./prove/decide.ts";
import type { Verdict } from "./prove/verdict.ts";
import type { Files } from "./source/span.ts";

/** Whether claims still hold while something is down: carrier lost at both ends of a link, or a whole node dead. */
export function decideSurvives(
  topology: Topology,
  files: Files,
  { claims, down, together }: Claim & { readonly kind: "survives" },
): Verdict {
  const failures = together ? [down] : down.map((name) => [name]);
  for (const names of failures) {
    const built = buildNetwork(topology, files, downOf(topology, names));
    for (const { title, claim } of claims) {
      const verdict = decide(built, claim);
      if (verdict.state === "undecided") return verdict;
      if (verdict.state === "fails")
        return {
          state: "fails",
          why: { kind: "broken-by", down: names, title, why: verdict.why, compiled: built },
        };
    }
  }
  return {
    state: "holds",
    why: { kind: "survived", tried: failures.map((one) => one.join(" and ")) },
  };
}

// A port stands for its cable.
function downOf({ links }: Topology, names: readonly string[]): Down {
  const ports = new Set(names.filter((name) => name.includes(":")));
  return {
    nodes: names.filter((name) => !name.includes(":")),
    links: links.flatMap(({ a, b }, index) =>
      [a, b].some(({ node, port }) => ports.has(`${node}:${port}`)) ? [index] : [],
    ),
  };
}
