import type { Compiled } from "../dataplane/compile.ts";
import type { EndpointName } from "../model/objective.ts";
import { endpointsNamed, type Endpoint, type Missing } from "./endpoint.ts";
import { undecidedByTaint } from "./taint.ts";
import type { Verdict } from "./verdict.ts";

/** The endpoints that each list of names means; a verdict where one of them leads nowhere. */
export function partiesOf(
  compiled: Compiled,
  ...lists: readonly (readonly EndpointName[])[]
): { readonly parties: readonly Endpoint[][]; readonly missing: Verdict | null } {
  const found = lists.map((names) =>
    names.flatMap((name) => endpointsNamed(compiled.network, name)),
  );
  const missing = found.flat().find((one): one is Missing => one.kind === "missing");
  const parties = found as Endpoint[][];
  if (!missing) return { parties, missing: null };
  const open = undecidedByTaint(compiled, [missing.name]);
  return { parties, missing: open ?? { state: "fails", why: { kind: "missing", missing } } };
}
