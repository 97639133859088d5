import type { Compiled } from "../dataplane/compile.ts";
import type { Threat } from "../model/objective.ts";
import { trace, type Trace } from "../trace/trace.ts";
import { endpointsNamed, type Endpoint } from "./endpoint.ts";
import { Sending } from "./isolate.ts";
import { Arena, NONE, type PacketSet, type SetField } from "./sets.ts";
import { ADDRESSED } from "./tracking.ts";
import type { Undecided } from "./verdict.ts";

/** Which of two networks lets a packet arrive that the other does not. */
export type Side = "first" | "second";

/** A flow that two networks treat differently: a packet of it that arrives in one, and what becomes of it in the other. */
export type Difference = {
  readonly from: string;
  readonly to: string;
  readonly arrives: Side;
  readonly shown: Trace;
  /** `null` where its sender is not there at all. */
  readonly other: Trace | null;
};

/** Whether it is open what one of the networks does. */
export type Open = { readonly from: string; readonly to: string; readonly why: Undecided };

/**
 * Everything that one endpoint's own stack can send to another, in both networks: one packet for each pair and each
 * side that alone lets some arrive. None and nothing open: they treat all IPv4 packets of hosts alike.
 */
export function differencesOf(
  first: Compiled,
  second: Compiled,
): { readonly differences: readonly Difference[]; readonly open: readonly Open[] } {
  const differences: Difference[] = [];
  const open: Open[] = [];
  // Tables have whatever names an answer gives them; devices are the same in both.
  const names = [...new Set([...first.network.devices.keys(), ...second.network.devices.keys()])];
  for (const from of names) {
    const pairs = ARRIVALS.map((arrival) => {
      const arena = new Arena();
      return [new Asking(first, arena, from, arrival), new Asking(second, arena, from, arrival)];
    }) as [Asking, Asking][];
    for (const to of names) {
      if (to === from) continue;
      for (const arrives of ["first", "second"] as const)
        for (const [one, other] of pairs) {
          const [here, there] = arrives === "first" ? [one, other] : [other, one];
          const verdict = here.beyond(to, there.arrivedAt(to));
          if (verdict?.state === "undecided") open.push({ from, to, why: verdict.why });
          if (verdict?.state !== "fails" || verdict.why.kind !== "leak") continue;
          const { shown } = verdict.why;
          differences.push({ from, to, arrives, shown, other: there.sendsLike(shown) });
          break;
        }
    }
  }
  return { differences, open: firstOfEach(open) };
}

/** What a stack takes tells more than what its port sees; a difference in both is said once. */
const ARRIVALS: readonly Threat[] = ["host", "attacker"];

function firstOfEach(all: readonly Open[]): Open[] {
  const known = new Map(all.toReversed().map((one) => [`${one.from} ${one.to}`, one]));
  return [...known.values()].reverse();
}

/** One sender in one network. */
class Asking {
  private readonly compiled: Compiled;
  private readonly arena: Arena;
  private readonly sending: Sending | null;

  constructor(compiled: Compiled, arena: Arena, from: string, arrival: Threat) {
    this.compiled = compiled;
    this.arena = arena;
    const sender = this.endpoint(from);
    this.sending = sender && new Sending(compiled, arena, sender, "host", arrival);
  }

  // MAC addresses and what systems note may differ where nobody could tell.
  arrivedAt(to: string): PacketSet {
    const target = this.endpoint(to);
    if (!target || !this.sending) return NONE;
    return this.arena.only(this.sending.arrivedAt(target), TOLD);
  }

  beyond(to: string, allowed: PacketSet) {
    const target = this.endpoint(to);
    return target && this.sending ? this.sending.against([target], allowed).verdict : null;
  }

  // The same packet, sent from the same place.
  sendsLike({ stops }: Trace): Trace | null {
    const { place, packet } = stops[0]!;
    const { network } = this.compiled;
    return network.places.has(place.id) ? trace(network, place.id, packet) : null;
  }

  private endpoint(name: string): Endpoint | null {
    const [found] = endpointsNamed(this.compiled.network, name);
    return found && found.kind !== "missing" ? found : null;
  }
}

const TOLD: ReadonlySet<SetField> = new Set([...ADDRESSED, "flags"]);
