import { ACK, CT, ECHOES, ICMP, SYN, TCP, type Range, type Step } from "../model/network.ts";
import type { Packet } from "./packet.ts";

/** Who talks to whom, as connection tracking tells conversations apart. */
type Tuple = {
  readonly proto: number;
  readonly src: number;
  readonly dst: number;
  readonly sport: number;
  readonly dport: number;
};

/** A conversation as one device knows it: as it began, and what it expects of the answers. */
type Connection = {
  readonly original: Tuple;
  reply: Tuple;
  answered: boolean;
  remembered: boolean;
};

/** The connection that a packet belongs to on the device where it is now, and which way it goes. */
export type Tracked = { readonly connection: Connection; readonly direction: "original" | "reply" };

/**
 * What the devices remember of the packets that passed them, for as long as one conversation is followed. A TCP
 * segment in the middle of nothing begins a connection as a first one does.
 */
export class Connections {
  private readonly byDevice = new Map<string, Connection[]>();

  /** The packet's connection on `device`, known or begun, and the packet with what tracking says of it. */
  track(device: string, packet: Packet): { tracked: Tracked | null; packet: Packet } {
    const known = this.byDevice.get(device) ?? [];
    if (packet.attached?.device === device) {
      const { connection } = packet.attached.tracked;
      return { tracked: { connection, direction: "reply" }, packet: { ...packet, ct: CT.related } };
    }
    if (packet.about) {
      const about = inverse(tupleOf(packet.about));
      const connection = known.find(
        (one) =>
          same(one.reply, about) || same(one.original, about) || same(one.original, inverse(about)),
      );
      const ct = connection ? CT.related : CT.invalid;
      return {
        tracked: connection ? { connection, direction: "reply" } : null,
        packet: { ...packet, ct },
      };
    }
    if (!isSound(packet)) return { tracked: null, packet: { ...packet, ct: CT.invalid } };
    const tuple = tupleOf(packet);
    const ours = known.find((one) => same(one.original, tuple));
    if (ours)
      return {
        tracked: { connection: ours, direction: "original" },
        packet: { ...packet, ct: ours.answered ? CT.established : CT.new },
      };
    const answered = known.find((one) => same(one.reply, tuple));
    if (answered) {
      answered.answered = true;
      return {
        tracked: { connection: answered, direction: "reply" },
        packet: { ...packet, ct: CT.established },
      };
    }
    if (!begins(packet)) return { tracked: null, packet: { ...packet, ct: CT.invalid } };
    const connection = {
      original: tuple,
      reply: inverse(tuple),
      answered: false,
      remembered: false,
    };
    return { tracked: { connection, direction: "original" }, packet: { ...packet, ct: CT.new } };
  }

  /** From now on the connection is known on `device`. */
  remember(device: string, { connection }: Tracked): void {
    if (connection.remembered) return;
    connection.remembered = true;
    this.byDevice.set(device, [...(this.byDevice.get(device) ?? []), connection]);
  }
}

/** Whether the rules for addresses are asked: only for what begins a connection. */
export function isFirst({ connection, direction }: Tracked): boolean {
  return direction === "original" && !connection.remembered;
}

/** The packet with its addresses changed as its connection's first one was, or back again. */
export function translated(
  packet: Packet,
  { connection, direction }: Tracked,
  side: "src" | "dst",
): Packet {
  const { original, reply } = connection;
  // What the first packet was changed to is what the answers are sent to and come from.
  const want = direction === "original" ? inverse(reply) : inverse(original);
  // An error is changed only where the connection's packets were.
  if (packet.about) {
    const changed = side === "src" ? original.dst !== reply.src : original.src !== reply.dst;
    if (!changed) return packet;
    // What it quotes is changed back, too, so that the next device knows what it is about.
    const [quoted, was] =
      side === "src" ? (["dst", original.dst] as const) : (["src", original.src] as const);
    return { ...packet, [side]: want[side], about: { ...packet.about, [quoted]: was } };
  }
  const changed =
    side === "src" ? { src: want.src, sport: want.sport } : { dst: want.dst, dport: want.dport };
  return packet.proto === ICMP ? { ...packet, [side]: want[side] } : { ...packet, ...changed };
}

/** Change the addresses of a connection's first packet, and expect its answers accordingly. */
export function mapped(
  packet: Packet,
  { connection }: Tracked,
  { side, addresses, ports, netmap }: Extract<Step, { kind: "map" }>,
): Packet {
  const port = side === "src" ? "sport" : "dport";
  const address =
    netmap === null ? within(packet[side], addresses) : moved(packet[side], addresses!, netmap);
  const number = packet.proto === ICMP ? packet[port] : within(packet[port], ports);
  const [back, backPort] =
    side === "src" ? (["dst", "dport"] as const) : (["src", "sport"] as const);
  connection.reply = { ...connection.reply, [back]: address };
  if (packet.proto !== ICMP) connection.reply = { ...connection.reply, [backPort]: number };
  return { ...packet, [side]: address, [port]: number };
}

function within(value: number, range: Range | null): number {
  return !range || (value >= range[0] && value <= range[1]) ? value : range[0];
}

// The same host of another network.
function moved(value: number, [first]: Range, length: number): number {
  return first + (value % 2 ** (32 - length));
}

// An echo's type is in the place of a port.
function tupleOf({ proto, src, dst, sport, dport }: Packet): Tuple {
  return { proto, src, dst, sport: proto === ICMP ? 0 : sport, dport };
}

function inverse({ proto, src, dst, sport, dport }: Tuple): Tuple {
  if (proto !== ICMP) return { proto, src: dst, dst: src, sport: dport, dport: sport };
  const pair = ECHOES.find((types) => types.includes(dport));
  const type = pair ? pair[0] + pair[1] - dport : dport;
  return { proto, src: dst, dst: src, sport: 0, dport: type };
}

// nf_conntrack_proto_tcp.c and …_icmp.c: in the middle of nothing a SYN or an ACK, or a question, begins a connection.
function begins({ proto, flags, dport }: Packet): boolean {
  if (proto === ICMP) return ECHOES.some(([question]) => question === dport);
  if (proto !== TCP) return true;
  const told = flags & (FIN | SYN | RST | ACK);
  return told === SYN || told === ACK;
}

// tcp_valid_flags: a segment with other flags belongs to nothing. PSH makes no difference.
function isSound({ proto, flags }: Packet): boolean {
  if (proto !== TCP) return true;
  const known = [
    SYN,
    SYN | URG,
    SYN | ACK,
    RST,
    RST | ACK,
    FIN | ACK,
    FIN | ACK | URG,
    ACK,
    ACK | URG,
  ];
  return known.includes(flags & ~PSH);
}

const FIN = 1;
const RST = 4;
const PSH = 8;
const URG = 32;

function same(a: Tuple, b: Tuple): boolean {
  return (
    a.proto === b.proto &&
    a.src === b.src &&
    a.dst === b.dst &&
    a.sport === b.sport &&
    a.dport === b.dport
  );
}
