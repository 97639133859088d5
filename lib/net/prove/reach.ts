import type { Compiled } from "../dataplane/compile.ts";
import { ACK, ICMP, placeAt, SYN, TCP, UDP, type PlaceId, type Range } from "../model/network.ts";
import type { Claim, Proto } from "../model/objective.ts";
import type { Ip } from "../model/prefix.ts";
import {
  acceptedAt,
  converse,
  EPHEMERAL,
  questionPacket,
  startOf,
  type Conversation,
  type Question,
} from "../trace/conversation.ts";
import { addressesOf, isAt, tableOf, type Endpoint } from "./endpoint.ts";
import { partiesOf } from "./parties.ts";
import { Arena, NONE, type PacketFields, type PacketSet, type SetField } from "./sets.ts";
import { asSent, circleIn, spread, wayTo, type Spread } from "./spread.ts";
import { taintOf, taintOfPlaces } from "./taint.ts";
import { ADDRESSED, Tracking } from "./tracking.ts";
import type { Verdict } from "./verdict.ts";

/** Whether someone answers, on every equal path, from every source port. */
export function decideReach(compiled: Compiled, claim: Claim & { kind: "reach" }): Verdict {
  const { parties, missing } = partiesOf(compiled, claim.from, claim.to);
  if (missing) return missing;
  const [from = [], to = []] = parties;
  let shown: Conversation | null = null;
  let pairs = 0;
  for (const sender of from)
    for (const target of to) {
      const verdict = reachOne(compiled, claim, sender, target);
      if (verdict.state !== "holds") return verdict;
      if (verdict.why.kind === "answered") shown ??= verdict.why.shown;
      pairs++;
    }
  if (!shown)
    return {
      state: "undecided",
      why: { kind: "not-decided-here", form: "reach with nobody in it" },
    };
  return { state: "holds", why: { kind: "answered", pairs, shown } };
}

// One address of the target is enough; when none answers, the first shows why.
function reachOne(
  compiled: Compiled,
  claim: Claim & { kind: "reach" },
  sender: Endpoint,
  target: Endpoint,
): Verdict {
  const addresses = claim.address === null ? addressesOf(target) : [claim.address];
  if (addresses.length === 0)
    return (
      taintOf(compiled, [target.device.name]) ?? {
        state: "fails",
        why: { kind: "no-address", from: sender.name, to: target.name, at: target.device.name },
      }
    );
  let first: Verdict | null = null;
  for (const to of addresses) {
    const verdict = reachAddress(compiled, claim, sender, target, to);
    if (verdict.state === "holds") return verdict;
    if (!first || (first.state === "fails" && verdict.state === "undecided")) first = verdict;
  }
  return first!;
}

function reachAddress(
  compiled: Compiled,
  claim: Claim & { kind: "reach" },
  sender: Endpoint,
  target: Endpoint,
  to: Ip,
): Verdict {
  const { proto, port } = claim;
  const question = questionFrom(sender, to, proto, port);
  const shown = converse(compiled, question);
  const fails: Verdict = {
    state: "fails",
    why: { kind: "unanswered", from: sender.name, to: target.name, shown },
  };
  const way = [...shown.forward.stops, ...(shown.back?.stops ?? [])].map((stop) => stop.place);
  const undecided = taintOfPlaces(compiled, way);
  if (undecided) return undecided;
  const arrived = acceptedAt(shown.forward);
  if (!shown.answered || !arrived || !isAt(target, arrived)) return fails;
  const lost = new Talk(compiled, shown).lost();
  if (!lost) return { state: "holds", why: { kind: "answered", pairs: 1, shown } };
  return lost.state === "fails"
    ? ({
        ...lost,
        why: { ...lost.why, from: sender.name, to: target.name } as Verdict["why"],
      } as Verdict)
    : lost;
}

// A port asks in its own name.
export function questionFrom(
  sender: Endpoint,
  to: Ip,
  proto: Proto,
  port: number | null,
): Conversation["question"] {
  const source = sender.kind === "port" ? (addressesOf(sender)[0] ?? null) : null;
  return { device: sender.device.name, table: tableOf(sender), to, proto, port, source };
}

/** What came to the goal of a leg, and by which places. */
type Arrived = { readonly arrived: PacketSet; readonly way: Spread };

type Leg = { readonly start: PlaceId; readonly packets: PacketSet; readonly goal: PlaceId };

/** Some of the packets of a leg that ended elsewhere, or that nobody expected there. */
type Stray = { readonly place: PlaceId; readonly packets: PacketSet };

/**
 * A conversation with every source port that a system draws: the question and its answer, and of a connection the
 * first segment after the greeting, with its answer, too. What one leg opened on its way the next one finds there.
 */
export class Talk {
  private readonly arena = new Arena();
  private readonly tracking = new Tracking(this.arena, "legs");
  // Of the copies that a flood makes, one that arrives is enough: which to follow.
  private readonly copies = new Map<PlaceId, PlaceId>();
  private readonly compiled: Compiled;
  private readonly question: Question;
  private readonly target: { readonly device: string; readonly table: string | null };
  private readonly packet: PacketFields;

  constructor(compiled: Compiled, shown: Conversation) {
    this.compiled = compiled;
    this.question = shown.question;
    this.target = acceptedAt(shown.forward)!;
    this.packet = questionPacket(compiled, shown.question);
    this.noteCopies(shown);
  }

  /** What is lost of it on one of the equal paths; `null` when nothing is. */
  lost(): Verdict | null {
    const rounds = this.packet.proto === TCP ? [SYN, ACK] : [0];
    for (const flags of rounds) {
      const lost = this.exchange(flags);
      if (lost) return lost;
    }
    return null;
  }

  private exchange(flags: number): Verdict | null {
    const { arena, question, target } = this;
    const asked = this.drawn(flags);
    const there = this.leg({ ...this.ends, packets: asked });
    if ("lost" in there) return there.lost;
    // A datagram's answer is sent by whoever listens, who is in no VRF.
    const table = this.packet.proto === UDP ? null : target.table;
    const answers = asSent(
      arena,
      this.tracking.answers(there.arrived),
      flags === 0 ? 0 : flags | ACK,
    );
    const home = this.leg({
      start: placeAt.send(target.device, table),
      packets: answers,
      goal: placeAt.accept(question.device, question.table),
      expected: arena.only(this.tracking.answers(asked), this.known),
    });
    return "lost" in home ? home.lost : null;
  }

  /** Where the first leg sets out, and where it is to arrive. */
  get ends(): Pick<Leg, "start" | "goal"> {
    const { question, target } = this;
    return {
      start: startOf(this.compiled, question),
      goal: placeAt.accept(target.device, target.table),
    };
  }

  /** The first leg's way, on every equal path; a verdict when it is lost on one of them. */
  there(): Arrived | { readonly lost: Verdict } {
    return this.leg({ ...this.ends, packets: this.drawn(this.packet.proto === TCP ? SYN : 0) });
  }

  /** The question once more, sent by one of `places` wherever there are equal paths, the first of them most of all. */
  along(places: readonly PlaceId[]): Conversation {
    return converse(this.compiled, this.question, (paths, { step }) =>
      step.kind === "lookup" ? (places.find((one) => paths.includes(one)) ?? null) : null,
    );
  }

  // An echo is known by its number, whoever sends it back; ports also by the address that was asked.
  private get known(): ReadonlySet<SetField> {
    return this.packet.proto === ICMP ? ECHOED : ADDRESSED;
  }

  // All that the system leaves open about its question, which is the source port that it draws.
  private drawn(flags: number): PacketSet {
    const { dst, src, proto, sport, dport } = this.packet;
    const one = (value: number): Range[] => [[value, value]];
    const isPortless = this.question.proto === "icmp";
    const tuple = this.arena.where({
      dst: one(dst),
      src: one(src),
      proto: one(proto),
      sport: isPortless ? one(sport) : [DRAWN],
      dport: one(dport),
      dscp: one(0),
    });
    return asSent(this.arena, tuple, flags);
  }

  /*
   * Where the leg comes to other floods than the conversations seen so far, what is lost there may be a copy that nobody
   * needed; a conversation along that path tells, and which copy it needs.
   */
  private leg(leg: Leg & { readonly expected?: PacketSet }): Arrived | { readonly lost: Verdict } {
    const { compiled, arena, copies, tracking } = this;
    const { start, packets, goal } = leg;
    for (;;) {
      tracking.dropLeg();
      const until = new Set([goal]);
      const way = spread(compiled.network, arena, [{ place: start, packets }], {
        until,
        copies,
        tracking,
      });
      const places = [...way.at.keys()].map((id) => compiled.network.places.get(id)!);
      const lost = (verdict: Verdict) => ({ lost: verdict });
      const undecided = taintOfPlaces(compiled, places);
      if (undecided) return lost(undecided);
      const stray = this.strayOf(way, leg);
      const circle = circleIn(way, start);
      if (!stray && !circle && way.at.has(goal)) {
        tracking.endLeg();
        return { arrived: way.at.get(goal)!, way };
      }
      const other = stray
        ? this.steer(way, stray)
        : circle && this.along([...circle.circle, ...circle.wayThere]);
      if (other && !other.answered)
        return lost({
          state: "fails",
          why: { kind: "unanswered", from: "", to: "", shown: other },
        });
      if (!other || !this.noteCopies(other))
        return lost({ state: "undecided", why: { kind: "disagreement" } });
    }
  }

  private strayOf(way: Spread, { goal, expected }: Leg & { expected?: PacketSet }): Stray | null {
    for (const [place, packets] of way.at) {
      const { step } = this.compiled.network.places.get(place)!;
      if (place === goal) {
        const unasked = expected === undefined ? NONE : this.arena.subtract(packets, expected);
        if (unasked !== NONE) return { place, packets: unasked };
      } else if (step.kind === "drop" || step.kind === "deliver") return { place, packets };
    }
    return null;
  }

  // Which copy of each flood a conversation needed; whether that was news.
  private noteCopies({ forward, back }: Pick<Conversation, "forward" | "back">): boolean {
    const known = this.copies.size;
    for (const { stops } of [forward, ...(back ? [back] : [])])
      stops.forEach(({ place }, at) => {
        const next = stops[at + 1];
        if (place.step.kind === "flood" && next && !this.copies.has(place.id))
          this.copies.set(place.id, next.place.id);
      });
    return this.copies.size > known;
  }

  // The same question, sent along the path on which it is lost.
  private steer(way: Spread, { place, packets }: Stray): Conversation | null {
    const packet = this.arena.witness(packets, { sport: [EPHEMERAL], dport: [EPHEMERAL] });
    const path = packet && wayTo(this.arena, way, place, packet);
    return path && this.along(path.places);
  }
}

const ECHOED: ReadonlySet<SetField> = new Set([...ADDRESSED].filter((field) => field !== "src"));

/** What systems draw a source port from: those of RFC 6335 §6, and common kernels begin at 32768. */
export const DRAWN: Range = [32_768, 0xffff];
