import { ACK, CT, ECHOES, ICMP, SYN, TCP, type Range } from "../model/network.ts";
import {
  NONE,
  OTHER,
  OTHERS,
  type Arena,
  type Half,
  type PacketSet,
  type SetField,
} from "./sets.ts";

/*
 * Connection tracking for sets of packets (RFC 792 and 9293 as nf_conntrack reads them; rule P8 of SPEC.md). What a
 * device remembers is a set, too: of packets as they left it, and with each what its addresses were before translation.
 */

/**
 * How far memory is trusted. `legs`: one conversation, leg by leg; what one leg leaves behind holds for the next.
 * `ever`: whatever was ever opened may be known, and may be not, and may have been answered.
 */
export type Memory = "legs" | "ever";

const HALVES: readonly Half[] = ["src", "dst", "sport", "dport"];

/** What of a packet tells its connection from others. */
export const ADDRESSED: ReadonlySet<SetField> = new Set(["proto", ...HALVES]);
const OF_CONNECTIONS: ReadonlySet<SetField> = new Set([...ADDRESSED, ...OTHERS]);

/** Types of ICMP that quote the packet they are about. */
const ERRORS: readonly Range[] = [
  [3, 5],
  [11, 12],
];

/** What the devices of a network remember of the packets that passed them. */
export class Tracking {
  readonly memory: Memory;
  private readonly arena: Arena;
  /** The connections of each device, as their packets left it. */
  private readonly known = new Map<string, PacketSet>();
  /** Those of them that were answered, as their answers came. */
  private readonly answered = new Map<string, PacketSet>();
  /** What the leg that is on its way adds to both. */
  private readonly begun = new Map<string, PacketSet>();
  private readonly replied = new Map<string, PacketSet>();

  constructor(arena: Arena, memory: Memory) {
    this.arena = arena;
    this.memory = memory;
  }

  /** The leg has come to its end: the next one finds what it left behind. */
  endLeg(): void {
    for (const [device, some] of this.begun) this.add(this.known, device, some);
    for (const [device, some] of this.replied) this.add(this.answered, device, some);
    this.dropLeg();
  }

  /** The leg is sent again from its start. */
  dropLeg(): void {
    this.begun.clear();
    this.replied.clear();
  }

  /** Packets as they are once `device` has looked their connections up. */
  track(device: string, packets: PacketSet): PacketSet {
    const { arena } = this;
    const all = this.unnoted(packets);
    const came = arena.intersect(all, this.sound());
    const known = this.known.get(device) ?? NONE;
    const met = this.meet(device, came, known);
    const open = this.memory === "ever" ? came : this.withoutConnection(came, known);
    return [met, this.meetNobody(open), this.as("invalid", arena.subtract(all, came))].reduce(
      (one, other) => arena.union(one, other),
    );
  }

  /** Those of `packets` that belong to one of `known`, with what their connections make of them. */
  meet(device: string, packets: PacketSet, known: PacketSet): PacketSet {
    if (known === NONE) return NONE;
    const { arena } = this;
    const came = arena.intersect(this.unnoted(packets), this.sound());
    const replies = this.joined(came, this.turned(known));
    if (replies !== NONE) this.note(this.replied, device, this.connectionOf(replies));
    const again = this.joined(arena.subtract(came, this.only(replies)), this.asBegun(known));
    const isAnswered =
      this.memory === "ever"
        ? again
        : arena.intersect(again, this.asBegunBy(this.answered.get(device) ?? NONE));
    const unanswered = this.memory === "ever" ? again : arena.subtract(again, isAnswered);
    const met = arena.union(
      this.as("established", arena.union(replies, isAnswered)),
      this.as("new", this.unnoted(unanswered)),
    );
    return this.memory === "ever" ? arena.union(met, this.related(came, known)) : met;
  }

  /** What has begun a connection is known from here on; the connections that are news. */
  remember(device: string, packets: PacketSet): PacketSet {
    const { arena } = this;
    const fresh = this.connectionOf(arena.intersect(packets, arena.where({ ct: only(CT.new) })));
    if (fresh === NONE) return NONE;
    if (this.memory === "legs") {
      this.note(this.begun, device, fresh);
      return NONE;
    }
    const news = arena.subtract(fresh, this.known.get(device) ?? NONE);
    this.add(this.known, device, news);
    return news;
  }

  /** Packets as an answer to them is sent. */
  answers(packets: PacketSet): PacketSet {
    return this.turned(this.unnoted(packets));
  }

  /** The connections that a packet which came to `device` may be an answer in, as they were known there. */
  turned(set: PacketSet): PacketSet {
    const { arena } = this;
    const icmp = arena.where({ proto: only(ICMP) });
    const others = this.exchanged(arena.subtract(set, icmp), ["sport", "dport"]);
    const echoes = this.exchanged(arena.intersect(set, icmp), []);
    return ECHOES.flatMap(([one, two]) => [[one, two] as const, [two, one] as const]).reduce(
      (all, [from, to]) => {
        const some = arena.intersect(echoes, arena.where({ dport: only(from) }));
        return arena.union(all, arena.assign(some, "dport", to));
      },
      others,
    );
  }

  private exchanged(set: PacketSet, ports: readonly [] | readonly ["sport", "dport"]): PacketSet {
    const { arena } = this;
    const pairs = [
      ["src", "dst"],
      [OTHER.src, OTHER.dst],
      ...(ports.length === 2 ? ([ports, [OTHER.sport, OTHER.dport]] as const) : []),
    ] as const;
    return pairs.reduce((now, [a, b]) => arena.exchange(now, a, b), set);
  }

  // Connections as their first packets came, before translation; what that made of them is noted.
  private asBegun(known: PacketSet): PacketSet {
    const { arena } = this;
    return HALVES.reduce((now, half) => {
      const other = OTHER[half];
      const same = arena.intersect(now, arena.where({ [other]: only(0) }));
      return arena.union(same, arena.exchange(arena.subtract(now, same), half, other, 1));
    }, known);
  }

  // The connections that `replies` belong to, as their first packets came.
  private asBegunBy(replies: PacketSet): PacketSet {
    return this.asBegun(this.turned(replies));
  }

  // Packets that belong to one of the connections, with what is noted of it.
  private joined(packets: PacketSet, connections: PacketSet): PacketSet {
    const free = OTHERS.reduce((now, field) => this.arena.forget(now, field), packets);
    return this.arena.intersect(free, connections);
  }

  private withoutConnection(came: PacketSet, known: PacketSet): PacketSet {
    if (known === NONE) return came;
    const taken = this.arena.union(
      this.joined(came, this.turned(known)),
      this.joined(came, this.asBegun(known)),
    );
    return this.arena.subtract(came, this.only(taken));
  }

  // The same packets without what is noted of their connections.
  private only(packets: PacketSet): PacketSet {
    return OTHERS.reduce((now, field) => this.arena.forget(now, field), packets);
  }

  // Packets that no connection is known for: they begin one, or belong nowhere.
  private meetNobody(packets: PacketSet): PacketSet {
    const { arena } = this;
    const first = this.beginnings();
    return arena.union(
      this.as("new", arena.intersect(packets, first)),
      this.as("invalid", arena.subtract(packets, first)),
    );
  }

  // tcp_valid_flags of nf_conntrack_proto_tcp.c: a segment with other flags belongs to nothing.
  private sound(): PacketSet {
    const { arena } = this;
    return arena.union(
      arena.complement(arena.where({ proto: only(TCP) })),
      arena.where({ flags: SOUND }),
    );
  }

  // tcp_conntracks of the same file: a SYN or, in the middle of nothing, an ACK; icmp: the questions.
  private beginnings(): PacketSet {
    const { arena } = this;
    const isTcp = arena.where({ proto: only(TCP) });
    const isIcmp = arena.where({ proto: only(ICMP) });
    return [
      arena.subtract(arena.complement(isTcp), isIcmp),
      arena.where({ proto: only(TCP), flags: BEGINNINGS }),
      arena.where({
        proto: only(ICMP),
        dport: ECHOES.map(([question]): Range => [question, question]),
      }),
    ].reduce((all, one) => arena.union(all, one));
  }

  // An error is related to a connection whose packets were sent from where it goes to.
  private related(came: PacketSet, known: PacketSet): PacketSet {
    const { arena } = this;
    const errors = arena.intersect(came, arena.where({ proto: only(ICMP), dport: ERRORS }));
    if (errors === NONE) return NONE;
    const about = arena.union(this.turned(known), this.asBegun(known));
    const fromAnyone = (
      ["proto", "src", "sport", "dport", OTHER.sport, OTHER.dport] as const
    ).reduce((now, field) => arena.forget(now, field), about);
    const portless = arena.where({ [OTHER.sport]: only(0), [OTHER.dport]: only(0) });
    return this.as("related", arena.intersect(this.joined(errors, fromAnyone), portless));
  }

  private unnoted(packets: PacketSet): PacketSet {
    return OTHERS.reduce((now, field) => this.arena.assign(now, field, 0), packets);
  }

  private as(state: keyof typeof CT, packets: PacketSet): PacketSet {
    return this.arena.assign(packets, "ct", CT[state]);
  }

  // What of a set of packets tells connections.
  private connectionOf(packets: PacketSet): PacketSet {
    return this.arena.only(packets, OF_CONNECTIONS);
  }

  private note(notes: Map<string, PacketSet>, device: string, some: PacketSet): void {
    if (this.memory === "legs") this.add(notes, device, some);
  }

  private add(notes: Map<string, PacketSet>, device: string, some: PacketSet): void {
    notes.set(device, this.arena.union(notes.get(device) ?? NONE, some));
  }
}

function only(value: number): Range[] {
  return [[value, value]];
}

const [FIN, RST, PSH, URG] = [1, 4, 8, 32];
const FLAGS = Array.from({ length: 64 }, (_, flags) => flags);
const itself = (flags: number): Range => [flags, flags];

/** PSH makes no difference. */
const SOUND = FLAGS.filter((flags) =>
  [SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG].includes(
    flags & ~PSH,
  ),
).map(itself);

// Of the flags FIN, SYN, RST and ACK just SYN or just ACK.
const TOLD = FIN | SYN | RST | ACK;
const BEGINNINGS = FLAGS.filter((flags) => [SYN, ACK].includes(flags & TOLD)).map(itself);
