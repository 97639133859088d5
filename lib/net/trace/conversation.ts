import type { Compiled } from "../dataplane/compile.ts";
import { lookup } from "../dataplane/fib.ts";
import type { Device } from "../model/device.ts";
import { ICMP, IPV4, placeAt, TCP, UDP, type Place, type PlaceId } from "../model/network.ts";
import type { Proto } from "../model/objective.ts";
import { contains, isLoopback, networkOf, ZERO, type Ip } from "../model/prefix.ts";
import type { Packet } from "./packet.ts";
import { trace, type Trace } from "./trace.ts";

/** Who asks whom what. `table` is the routing table the question leaves by; `null` is the device's first. */
export type Question = {
  readonly device: string;
  readonly table: string | null;
  readonly to: Ip;
  readonly proto: Proto;
  readonly port: number | null;
  /** The source address, where the sender's own choice is not meant. */
  readonly source?: Ip | null;
  /** The interface that it must leave by, where that is not left to the table. */
  readonly iface?: string | null;
  readonly ttl?: number;
};

/** A question's way there and, if it arrived, its answer's way back. */
export type Conversation = {
  readonly question: Question;
  readonly forward: Trace;
  readonly back: Trace | null;
  readonly answered: boolean;
};

export const NUMBER: Readonly<Record<Proto, number>> = { icmp: ICMP, tcp: TCP, udp: UDP };
/** A source port as systems draw them (RFC 6335 §6). */
export const EPHEMERAL = 49_152;

type Choose = (paths: readonly PlaceId[], at: Place) => PlaceId;

/** Ask, and let the one who is asked answer. Whoever refuses answers, too, but not with what was asked for. */
export function converse(compiled: Compiled, question: Question, choose?: Choose): Conversation {
  const { network } = compiled;
  const packet = questionPacket(compiled, question);
  const start = startOf(question);
  const forward = trace(network, start, packet, choose);
  if (forward.fate.kind !== "delivered") return { question, forward, back: null, answered: false };
  const arrived = acceptedAt(forward)!;
  const there = network.devices.get(arrived.device)!;
  const reply: Packet = {
    ...forward.last,
    src: forward.last.dst,
    dst: forward.last.src,
    sport: forward.last.dport,
    dport: forward.last.sport,
    ttl: there.habits.ttl,
  };
  const expected = placeAt.accept(question.device, question.table);
  const back = answer(compiled, arrived, reply, expected, choose);
  return { question, forward, back, answered: back.fate.kind === "delivered" };
}

/** Where a question of the device's own sets out. */
export function startOf({ device, table, iface }: Question): PlaceId {
  return iface == null ? placeAt.send(device, table) : placeAt.bound(device, iface);
}

/** Send `reply` from where a packet was accepted; it ends well at `expected`, where someone waits for it. */
export function answer(
  { network }: Compiled,
  from: { readonly device: string; readonly table: string | null },
  reply: Packet,
  expected: PlaceId,
  choose?: Choose,
): Trace {
  const back = trace(network, placeAt.send(from.device, from.table), reply, choose);
  const arrived = back.stops.findIndex((stop) => stop.place.id === expected);
  if (arrived === -1) {
    const elsewhere = acceptedAt(back);
    return elsewhere ? { ...back, fate: { kind: "refused", device: elsewhere.device } } : back;
  }
  const device = network.places.get(expected)!.device;
  const stops = back.stops.slice(0, arrived + 1);
  return { stops, fate: { kind: "delivered", device }, last: stops.at(-1)!.packet };
}

/** The stack that took the packet in, whether or not anyone listened. */
export function acceptedAt({ stops }: Trace): { device: string; table: string | null } | null {
  const stop = stops.find(
    ({ place }) => place.id === placeAt.accept(place.device, place.table ?? null),
  );
  return stop ? { device: stop.place.device, table: stop.place.table ?? null } : null;
}

export function questionPacket(compiled: Compiled, question: Question): Packet {
  const device = compiled.network.devices.get(question.device)!;
  const { proto, port } = question;
  return {
    ethertype: IPV4,
    tag: 0,
    dmac: 0,
    smac: 0,
    src: question.source ?? sourceOf(compiled, device, question),
    dst: question.to,
    proto: NUMBER[proto],
    sport: proto === "icmp" ? 0 : EPHEMERAL,
    dport: proto === "icmp" ? 0 : (port ?? 0),
    ttl: question.ttl ?? device.habits.ttl,
  };
}

function sourceOf(compiled: Compiled, device: Device, question: Question): Ip {
  const bound = device.ifaces.find((one) => one.name === question.iface)?.addresses[0];
  return bound?.ip ?? sourceFor(compiled, device, question.table, question.to);
}

/**
 * The source address that `device` gives a packet of its own to `to`: the route's, else one of the way out's that
 * lies with the next hop, else the first there is (as inet_select_addr does). 0.0.0.0 when it has none.
 */
export function sourceFor(compiled: Compiled, device: Device, table: string | null, to: Ip): Ip {
  const fib = compiled.fibs.get(device.name)!.find((one) => one.table === table);
  const entry = fib ? lookup(fib, to) : null;
  if (entry?.action.kind === "receive" && entry.source === "own") return to;
  if (entry?.action.kind !== "send") return firstAddress(device, table);
  const way = entry.action.ways[0]!;
  if (way.source !== null) return way.source;
  const addresses = device.ifaces.find((one) => one.name === way.iface)?.addresses ?? [];
  const next = way.gateway ?? to;
  const near = addresses.find((one) => contains(networkOf(one.ip, one.length), next));
  return near?.ip ?? addresses[0]?.ip ?? firstAddress(device, table);
}

function firstAddress(device: Device, table: string | null): Ip {
  const ifaces = device.ifaces.filter((one) => one.table === table);
  const addresses = ifaces.flatMap((one) => one.addresses.map(({ ip }) => ip));
  return addresses.find((ip) => !isLoopback(ip)) ?? ZERO;
}
