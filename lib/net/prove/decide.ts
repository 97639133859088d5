import type { Compiled } from "../dataplane/compile.ts";
import type { Claim } from "../model/objective.ts";
import { formatPrefix, samePrefix } from "../model/prefix.ts";
import { endpointsNamed, tableOf } from "./endpoint.ts";
import { decideIsolate } from "./isolate.ts";
import { decideMaps } from "./maps.ts";
import { decideOnly } from "./only.ts";
import { decidePath } from "./path.ts";
import { decideReach } from "./reach.ts";
import { TooComplex } from "./sets.ts";
import { NotProved } from "./spread.ts";
import { taintOf, undecidedByTaint } from "./taint.ts";
import type { Verdict } from "./verdict.ts";

/** Decide a claim about a network: for every packet there is, or with one packet that shows it is not so. */
export function decide(compiled: Compiled, claim: Claim): Verdict {
  try {
    switch (claim.kind) {
      case "reach":
        return decideReach(compiled, claim);
      case "isolate":
        return decideIsolate(compiled, claim);
      case "routes":
        return decideRoutes(compiled, claim);
      case "only":
        return decideOnly(compiled, claim);
      case "path":
        return decidePath(compiled, claim);
      case "maps":
        return decideMaps(compiled, claim);
      case "survives":
        return { state: "undecided", why: { kind: "not-decided-here", form: "survives" } };
      case "undecidable":
        return { state: "undecided", why: { kind: "not-decided-here", form: claim.form } };
    }
  } catch (problem) {
    if (problem instanceof TooComplex) return { state: "undecided", why: { kind: "too-complex" } };
    if (problem instanceof NotProved)
      return { state: "undecided", why: { kind: "not-proved", what: problem.message } };
    throw problem;
  }
}

// ---- routes: what a table has and lacks

function decideRoutes(compiled: Compiled, claim: Claim & { kind: "routes" }): Verdict {
  const [at] = endpointsNamed(compiled.network, claim.at);
  if (!at || at.kind === "missing")
    return (
      (at && undecidedByTaint(compiled, [at.name])) ?? {
        state: "fails",
        why: {
          kind: "missing",
          missing: at ?? { kind: "missing", name: claim.at, what: "nothing has that name" },
        },
      }
    );
  const tainted = taintOf(compiled, [at.device.name]);
  if (tainted) return tainted;
  const fib = compiled.fibs.get(at.device.name)!.find((one) => one.table === tableOf(at));
  const entries = (fib?.entries ?? []).filter(
    (one) => one.source === "connected" || one.source === "written",
  );
  const lacks = claim.has
    .filter(
      ({ prefix, via }) =>
        !entries.some(
          (entry) =>
            samePrefix(entry.prefix, prefix) &&
            (via === null ||
              (entry.action.kind === "send" &&
                entry.action.ways.some((way) => way.gateway === via))),
        ),
    )
    .map(({ prefix }) => formatPrefix(prefix));
  const has = claim.lacks
    .filter((prefix) => entries.some((entry) => samePrefix(entry.prefix, prefix)))
    .map(formatPrefix);
  if (lacks.length + has.length === 0) return { state: "holds", why: { kind: "table-as-claimed" } };
  return { state: "fails", why: { kind: "table-differs", at: at.name, lacks, has } };
}
