import { isDeepStrictEqual } from "node:util";
import { builtFrom, certain, questionOf, type ProbeAsked } from "#lib/net/cases/recorded.ts";
import { parseIp } from "#lib/net/model/prefix.ts";
import type { Built } from "#lib/net/network.ts";
import { decide } from "#lib/net/prove/decide.ts";
import { taintOfWalk } from "#lib/net/prove/taint.ts";
import { converse } from "#lib/net/trace/conversation.ts";
import { probe, type ProbeResult } from "#lib/net/trace/probe.ts";
import type { Asked, Measured } from "./kernels.ts";

/** One thing that the engine and the kernel say differently; `about` is the same when it is seen again. */
export type Disagreement = {
  readonly about: string;
  readonly ours: string;
  readonly theirs: string;
};

/** How the engine and a kernel compare on one network. */
export type Judgement = {
  readonly disagreements: readonly Disagreement[];
  /** Probes that were compared, those of them without an answer, and those that the engine leaves undecided. */
  readonly compared: number;
  readonly negative: number;
  readonly undecided: readonly string[];
  /** Claims put to `prove`, and those it left undecided. */
  readonly claims: number;
  readonly openClaims: number;
};

/** Compare what the engine says of a network with what a kernel did. */
export function judge(network: Asked, measured: Measured): Judgement {
  const built = builtFrom(network);
  const disagreements: Disagreement[] = [...refusals(built, measured)];
  const undecided: string[] = [];
  let [compared, negative, claims, openClaims] = [0, 0, 0, 0];
  network.probes.forEach((one, at) => {
    const saw = measured.saw[at]!;
    const device = built.network.devices.get(one.from);
    if (!device || saw.error === "local:ENOENT") {
      if (device || saw.error !== "local:ENOENT")
        disagreements.push({ about: `the place ${one.from}`, ours: device ? "is there" : "is not there", theirs: saw.error === "local:ENOENT" ? "is not there" : "is there" }); // prettier-ignore
      return;
    }
    const taint = taintOfWalk(built, converse(built, questionOf(one)));
    if (taint) {
      undecided.push(taint);
      return;
    }
    compared++;
    if (!saw.reachable) negative++;
    disagreements.push(...answers(built, one, saw));
    const proofs = proved(built, one, saw);
    claims += proofs.claims;
    openClaims += proofs.open;
    disagreements.push(...proofs.disagreements);
  });
  return { disagreements, compared, negative, undecided, claims, openClaims };
}

export function inWords({ from, to, proto, port, src }: ProbeAsked): string {
  return `${from}${src === undefined ? "" : ` as ${src}`} ${proto} ${to}${port === undefined ? "" : `:${port}`}`;
}

function answers(built: Built, one: ProbeAsked, saw: ProbeResult): Disagreement[] {
  const said = probe(built, questionOf(one), one.trace);
  const [ours, theirs] = [heard(certain(said)), heard(certain(saw))];
  if (isDeepStrictEqual(ours, theirs)) return [];
  return [{ about: inWords(one), ours: JSON.stringify(said), theirs: JSON.stringify(saw) }];
}

// A kernel counts its unreachables per neighbour and stays silent after a few, so these compare as silence.
function heard<T extends { readonly trace?: readonly string[] }>(it: T): T {
  if (!it.trace) return it;
  const hops = it.trace.map((one) => (one.includes("!") ? "*" : one));
  return { ...it, trace: hops };
}

// ---- refusals

// Newer kernels say these two in words of their own; the engine speaks like 6.1.
const OLDER: Readonly<Record<string, string>> = {
  "Error: ipv4: Address already assigned.": "RTNETLINK answers: File exists",
  "Error: ipv4: Address not found.": "RTNETLINK answers: Cannot assign requested address",
};

function* refusals(built: Built, { refused }: Measured): Iterable<Disagreement> {
  const ours = new Map<string, string[]>();
  for (const { span, severity, message } of built.diagnostics) {
    if (severity !== "error") continue;
    const node = span.file.split("/")[0]!;
    ours.set(node, [...(ours.get(node) ?? []), message]);
  }
  for (const node of new Set([...ours.keys(), ...Object.keys(refused)])) {
    const said = ours.get(node) ?? [];
    const words = (refused[node] ?? []).map((one) => OLDER[one] ?? one);
    if (
      said.length === words.length &&
      said.every((one, at) => alike(one).includes(alike(words[at]!)))
    )
      continue;
    yield { about: `what ${node} refuses`, ours: said.join(" | "), theirs: words.join(" | ") };
  }
}

// Distributions build iproute2 with one folder or the other; they are the same.
const alike = (words: string) => words.replace("/var/run/", "/run/");

// ---- proofs

type Proofs = {
  readonly claims: number;
  readonly open: number;
  readonly disagreements: readonly Disagreement[];
};

const NOTHING: Proofs = { claims: 0, open: 0, disagreements: [] };

// What was seen to arrive is not isolated; what was answered is reached, and what was not is not.
function proved(built: Built, one: ProbeAsked, saw: ProbeResult): Proofs {
  const at = saw.at ?? saw.delivered?.at ?? ownerOf(built, one.to);
  if (at === undefined || at === one.from || one.src !== undefined) return NOTHING;
  const sides = { from: [one.from], to: [at] };
  const { proto, port = null } = one;
  const reach = decide(built, { kind: "reach", ...sides, proto, port, address: parseIp(one.to) });
  const isolate = decide(built, { kind: "isolate", ...sides, threat: "host", both: false });
  const arrived = saw.reachable || saw.delivered !== undefined;
  const disagreements: Disagreement[] = [];
  const differs = (what: string, ours: string) =>
    disagreements.push({ about: `${what} ${inWords(one)}`, ours, theirs: JSON.stringify(saw) });
  if (reach.state === (saw.reachable ? "fails" : "holds")) differs("prove reach", reach.state);
  if (arrived && isolate.state === "holds") differs("prove isolate", isolate.state);
  if (reach.why.kind === "disagreement") differs("prove reach", "disagreement with trace");
  if (isolate.why.kind === "disagreement") differs("prove isolate", "disagreement with trace");
  const open = [reach, isolate].filter(({ state }) => state === "undecided").length;
  return { claims: 2, open, disagreements };
}

function ownerOf(built: Built, to: string): string | undefined {
  return [...built.network.devices.values()].find(({ ifaces }) =>
    ifaces.some(({ addresses }) => addresses.some(({ ip }) => ip === parseIp(to))),
  )?.name;
}
