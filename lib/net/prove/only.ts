import type { Compiled } from "../dataplane/compile.ts";
import { ICMP, TCP, ACK, type Range } from "../model/network.ts";
import type { Claim, Flow } from "../model/objective.ts";
import { NUMBER } from "../trace/conversation.ts";
import type { Endpoint } from "./endpoint.ts";
import { Sending } from "./isolate.ts";
import { partiesOf } from "./parties.ts";
import { decideReach } from "./reach.ts";
import { Arena, NONE, type PacketSet } from "./sets.ts";
import type { Verdict } from "./verdict.ts";

/** Whether the allowed flows work, and nothing else passes between the parties but the answers to those flows. */
export function decideOnly(compiled: Compiled, claim: Claim & { kind: "only" }): Verdict {
  const { parties, missing } = partiesOf(compiled, claim.among);
  if (missing) return missing;
  const [among = []] = parties;
  const works = claim.allow.map(({ from, to, proto, port }) =>
    decideReach(compiled, { kind: "reach", from: [from], to: [to], proto, port, address: null }),
  );
  const idle = works.find(({ state }) => state === "fails");
  if (idle) return idle;
  const rest = restricted(compiled, claim, among);
  if (rest.state === "fails") return rest;
  return works.find(({ state }) => state === "undecided") ?? rest;
}

function restricted(
  compiled: Compiled,
  claim: Claim & { kind: "only" },
  among: readonly Endpoint[],
): Verdict {
  const arena = new Arena();
  const flows = claim.allow.map((flow) => ({
    flow,
    from: namesOf(compiled, flow.from),
    to: namesOf(compiled, flow.to),
  }));
  let places = 0;
  let open: Verdict | null = null;
  for (const sender of among) {
    const sending = new Sending(compiled, arena, sender, "host");
    for (const target of among) {
      if (target === sender) continue;
      const allowed = flows.reduce<PacketSet>((all, { flow, from, to }) => {
        const asks = from.has(sender.name) && to.has(target.name);
        const answers = from.has(target.name) && to.has(sender.name);
        const some = asks ? questions(arena, flow) : answers ? answersIn(arena, flow) : NONE;
        return arena.union(all, some);
      }, NONE);
      const sent = sending.against([target], allowed);
      if (sent.verdict?.state === "fails") return sent.verdict;
      open ??= sent.verdict;
      places += sent.places;
    }
  }
  if (open) return open;
  const names = among.map(({ name }) => name);
  return {
    state: "holds",
    why: { kind: "only-allowed", among: names, flows: flows.length, places },
  };
}

function namesOf(compiled: Compiled, name: string): ReadonlySet<string> {
  const [found = []] = partiesOf(compiled, [name]).parties;
  return new Set(found.map((one) => one.name));
}

const ECHO = 8;

function questions(arena: Arena, { proto, port }: Flow): PacketSet {
  const number = NUMBER[proto];
  return arena.where({ proto: only(number), dport: only(number === ICMP ? ECHO : (port ?? 0)) });
}

// An answer comes from the port that was asked; of TCP it acknowledges something.
function answersIn(arena: Arena, { proto, port }: Flow): PacketSet {
  const number = NUMBER[proto];
  if (number === ICMP) return arena.where({ proto: only(ICMP), dport: only(0) });
  const flags = number === TCP ? { flags: ACKNOWLEDGING } : {};
  return arena.where({ proto: only(number), sport: only(port ?? 0), ...flags });
}

const ACKNOWLEDGING = Array.from({ length: 64 }, (_, flags) => flags)
  .filter((flags) => (flags & ACK) !== 0)
  .map((flags): Range => [flags, flags]);

function only(value: number): Range[] {
  return [[value, value]];
}
