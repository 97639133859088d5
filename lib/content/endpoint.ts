/** An endpoint's name taken apart: the steps from the outside in, then a VRF or a port of the last one. */
export type EndpointParts = {
  readonly steps: readonly string[];
  readonly vrf: string | null;
  readonly port: string | null;
};

/** Take an endpoint's name apart; `null` when it has none of the forms node, node@VRF, node:port, node/inner. */
export function parseEndpoint(text: string): EndpointParts | null {
  // A port's name may hold slashes, so it is cut off before the steps are.
  const [, place = "", sign, rest = ""] = /^([^:@]+)(?:([:@])(\S+))?$/.exec(text) ?? [];
  const steps = place.split("/");
  if (!steps.every((step) => /^(\*|[A-Za-z0-9][A-Za-z0-9_.-]*)$/.test(step))) return null;
  if (sign !== undefined && !/^[\w*./-]+$/.test(rest)) return null;
  return { steps, vrf: sign === "@" ? rest : null, port: sign === ":" ? rest : null };
}
