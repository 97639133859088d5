import type { Field, Network } from "../model/network.ts";

const known = new WeakMap<Network, Map<Field, boolean>>();

/** Whether any guard of the network looks at `field`: where none does, sets need not tell packets apart by it. */
export function isAskedFor(network: Network, field: Field): boolean {
  const asked = known.get(network) ?? new Map<Field, boolean>();
  known.set(network, asked);
  const answer = asked.get(field) ?? lookFor(network, field);
  asked.set(field, answer);
  return answer;
}

function lookFor({ places }: Network, field: Field): boolean {
  for (const { step } of places.values())
    if (step.kind === "filter" && step.rules.some(({ guard }) => guard[field] !== undefined))
      return true;
  return false;
}
