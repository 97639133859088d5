import type { Claim, Objective } from "#lib/net/model/objective.ts";

/**
 * The objectives that must hold before `objective` may earn anything: what it `needs`, or else every `reach` with an
 * end inside its `from` and every one with an end inside its `to`. A dead network would satisfy a claim that nothing
 * arrives, so such a claim must show that its ends live. What a learner cannot see never blocks what they can.
 */
export function controlsOf(objective: Objective, all: readonly Objective[]): Objective[] {
  if (objective.needs.length > 0)
    return all.filter((one) => objective.needs.includes(one.id) && one !== objective);
  const sides = sidesOf(objective);
  if (!sides) return [];
  return all.filter(
    (one) =>
      one !== objective &&
      (objective.hidden || !one.hidden) &&
      sides.some((side) => touches(one, side)),
  );
}

/** Whether a side of a claim that a dead network satisfies has no control: the author must give it one. */
export function lacksControl(objective: Objective, all: readonly Objective[]): boolean {
  const sides = sidesOf(objective);
  if (!sides || objective.needs.length > 0) return false;
  const controls = controlsOf(objective, all);
  return sides.some((side) => !controls.some((control) => touches(control, side)));
}

// The ends of a claim that a dead network would satisfy; `null` for one that it would not.
function sidesOf({ claim }: Objective): Sides | null {
  return sidesOfClaim(claim);
}

type Sides = readonly (readonly string[])[];

function sidesOfClaim(claim: Claim): Sides | null {
  if (claim.kind === "isolate") return [claim.from, claim.to];
  // Whom no allowed flow touches is isolated from all others.
  if (claim.kind === "only") {
    const used = new Set(claim.allow.flatMap(({ from, to }) => [from, to]));
    const idle = claim.among.filter((one) => !used.has(one));
    return idle.length > 0 ? idle.map((one) => [one]) : null;
  }
  if (claim.kind === "survives") {
    const sides = claim.claims.map((one) => sidesOfClaim(one.claim));
    return sides.every((one) => one !== null) ? sides.flat() : null;
  }
  if (claim.kind === "routes" && claim.lacks.length > 0 && claim.has.length === 0)
    return [[claim.at]];
  return null;
}

function touches({ claim }: Objective, side: readonly string[]): boolean {
  if (claim.kind !== "reach") return false;
  const nodes = new Set(side.map(nodeOf));
  return [...claim.from, ...claim.to].some((end) => nodes.has(nodeOf(end)));
}

function nodeOf(endpoint: string): string {
  return endpoint.split(/[@:]/)[0]!;
}
