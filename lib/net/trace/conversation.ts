import type { Compiled } from "../dataplane/compile.ts";
import { decidingEntry, type Asked } from "../dataplane/fib.ts";
import { OWN, type Device } from "../model/device.ts";
import { ACK, ICMP, IPV4, placeAt, SYN, TCP, UDP, type PlaceId } from "../model/network.ts";
import type { Proto } from "../model/objective.ts";
import { contains, isLoopback, networkOf, ZERO, type Ip } from "../model/prefix.ts";
import type { Packet } from "./packet.ts";
import { Connections } from "./connections.ts";
import { trace, type Choose, type How, type Stop, type Trace } from "./trace.ts";

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
  /** How long its packets are, IP header and all, and whether routers may not cut them. */
  readonly size?: number | undefined;
  readonly df?: boolean | undefined;
  /** Its class of service; 0 when absent. */
  readonly dscp?: number | undefined;
};

/** A question's way there and, if it arrived, its answer's way back. */
export type Conversation = {
  readonly question: Question;
  readonly forward: Trace;
  readonly back: Trace | null;
  readonly answered: boolean;
  /** How it was sent, with what the devices remember of it. */
  readonly how: How;
};

const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;

export const NUMBER: Readonly<Record<Proto, number>> = { icmp: ICMP, tcp: TCP, udp: UDP };
/** A source port as systems draw them (RFC 6335 §6). */
export const EPHEMERAL = 49_152;

/**
 * Ask, and let the one who is asked answer. A TCP connection takes a third leg: only when the first segment after the
 * greeting arrives, too, is anything said. Whoever refuses answers, too, but not with what was asked for.
 */
export function converse(compiled: Compiled, asked: Question, choose?: Choose): Conversation {
  const question = inVrf(compiled, asked);
  const connections = new Connections();
  const greeting = exchange(compiled, question, questionPacket(compiled, question), {
    choose,
    connections,
  });
  if (!greeting.answered || question.proto !== "tcp") return greeting;
  const segment = { ...greeting.forward.stops[0]!.packet, flags: ACK };
  const talk = exchange(compiled, question, segment, { choose, connections });
  return talk.answered ? greeting : talk;
}

function exchange(compiled: Compiled, question: Question, packet: Packet, how: How): Conversation {
  const forward =
    refusedAtOnce(compiled, question, packet) ??
    trace(compiled.network, startOf(compiled, question), packet, how);
  const lost = { question, forward, back: null, answered: false, how };
  if (forward.fate.kind !== "delivered") return lost;
  const there = compiled.network.devices.get(acceptedAt(forward)!.device)!;
  // Nobody answers in the name of an address that is everybody's (icmp_echo_ignore_broadcasts).
  if (forward.last.proto === ICMP && !isOneOf(there, forward.last.dst as Ip)) return lost;
  const back = answered(compiled, question, packet, forward, how);
  return { ...lost, back, answered: back.fate.kind === "delivered" };
}

/** A stretch of a way there: who asked, at which address, and where what was asked arrived. */
type Leg = {
  readonly asker: PlaceId;
  readonly asked: number;
  readonly at: { readonly device: string; readonly table: string | null };
  readonly packet: Packet;
};

// The way of the answer: from whoever was asked at last to the program that asked, and so on back to the first.
function answered(
  compiled: Compiled,
  question: Question,
  packet: Packet,
  forward: Trace,
  how: How,
): Trace {
  const stops: Stop[] = [];
  for (const { asker, asked, at, packet: arrived } of legsOf(
    question,
    packet,
    forward,
  ).toReversed()) {
    const way = answer(compiled, at, replyTo(compiled, at, arrived), asker, how);
    const whole = { ...way, stops: [...stops, ...way.stops] };
    const { device } = compiled.network.places.get(asker)!;
    // An echo is known by its number, whoever sends it back; ports also by the address that was asked.
    const isKnown = arrived.proto === ICMP || way.last.src === asked;
    if (way.fate.kind === "delivered" && !isKnown)
      return { ...whole, fate: { kind: "unasked", device } };
    if (way.fate.kind !== "delivered" || asker === placeAt.accept(question.device, question.table))
      return whole;
    stops.push(...way.stops);
  }
  throw new Error("A way without an end");
}

function legsOf(question: Question, packet: Packet, forward: Trace): Leg[] {
  let asker = placeAt.accept(question.device, question.table);
  let asked = packet.dst;
  const legs: Leg[] = [];
  for (const { place, packet: taken } of forward.stops) {
    if (place.step.kind !== "relay") continue;
    const at = { device: place.device, table: null };
    legs.push({ asker, asked, at, packet: taken });
    asker = placeAt.accept(place.device, null);
    asked = place.step.to;
  }
  const arrived = acceptedAt(forward)!;
  // A datagram's answer is sent by whoever listens, who is in no VRF; a connection stays in its own.
  const at = forward.last.proto === UDP ? { ...arrived, table: null } : arrived;
  return [...legs, { asker, asked, at, packet: forward.last }];
}

function replyTo(compiled: Compiled, { device }: Leg["at"], last: Packet): Packet {
  const isIcmp = last.proto === ICMP;
  return {
    ...last,
    src: last.dst,
    dst: last.src,
    sport: isIcmp ? 0 : last.dport,
    dport: isIcmp ? ECHO_REPLY : last.sport,
    flags: last.proto === TCP ? last.flags | ACK : 0,
    // An echo's answer is of the echo's class (icmp_reply); others begin anew.
    dscp: isIcmp ? last.dscp : 0,
    smac: 0,
    mark: 0,
    ct: 0,
    ttl: compiled.network.devices.get(device)!.habits.ttl,
    // The pieces are put together before anybody answers; an echo's answer may be cut (icmp_sk_init).
    ...(last.size !== undefined && { df: last.df && !isIcmp, piece: undefined }),
  };
}

/*
 * What its own system refuses before anything is sent: to everybody in a network, as nobody has asked for that
 * (SO_BROADCAST); and to connect where the first of the two lookups, which has no source yet, finds no way.
 */
function refusedAtOnce(compiled: Compiled, question: Question, packet: Packet): Trace | null {
  const { network, fibs } = compiled;
  const { device, table, iface, proto, source } = question;
  const from = network.devices.get(device)!;
  const asked = { dst: question.to, proto: packet.proto, dport: packet.dport };
  const entry = decidingEntry(from, fibs.get(device)!, { vrf: table, from: OWN }, asked);
  if (entry?.source === "broadcast" && from.habits.weakHost) {
    const place = network.places.get(startOf(compiled, question))!;
    const stop = { place, packet, decision: { kind: "passed" as const, because: [] } };
    return { stops: [stop], fate: { kind: "not-passed-on", device }, last: packet };
  }
  const unnamed = placeAt.unnamed(device, table);
  if (iface != null || source != null || proto === "icmp" || !network.places.has(unnamed))
    return null;
  const first = trace(network, unnamed, packet, {});
  const isHere = first.stops.every(({ place }) => place.device === device);
  return isHere && ["no-route", "discarded"].includes(first.fate.kind) ? first : null;
}

function isOneOf({ ifaces, owns }: Device, ip: Ip): boolean {
  const isOn = ({ addresses, ownsNetworks }: Device["ifaces"][number]) =>
    addresses.some(
      (one) => one.ip === ip || (ownsNetworks && contains(networkOf(one.ip, one.length), ip)),
    );
  return isLoopback(ip) || ifaces.some(isOn) || owns.some((prefix) => contains(prefix, ip));
}

/**
 * Where a question of the device's own sets out. An echo is looked up once, before it has a source; whoever connects
 * looks up again when the source is chosen (raw_sendmsg, ip_route_connect).
 */
export function startOf({ network }: Compiled, question: Question): PlaceId {
  const { device, table, iface, proto, source } = question;
  if (iface != null) return placeAt.bound(device, iface);
  const unnamed = placeAt.unnamed(device, table);
  const isUnnamed = proto === "icmp" && source == null && network.places.has(unnamed);
  return isUnnamed ? unnamed : placeAt.send(device, table);
}

// Bound to a VRF's own interface, it is looked up in the VRF.
function inVrf(compiled: Compiled, question: Question): Question {
  const { tables } = compiled.network.devices.get(question.device)!;
  const vrf = tables.find((table) => table.name !== null && table.name === question.iface);
  return vrf ? { ...question, table: vrf.name, iface: null } : question;
}

/** Send `reply` from where a packet was accepted; it ends well at `expected`, where someone waits for it. */
export function answer(
  { network }: Compiled,
  from: { readonly device: string; readonly table: string | null },
  reply: Packet,
  expected: PlaceId,
  how: How,
  start = placeAt.send(from.device, from.table),
): Trace {
  const back = trace(network, start, reply, how);
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
  const stop = stops.findLast(
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
    inner: 0,
    dmac: 0,
    smac: 0,
    src: question.source ?? sourceOf(compiled, device, question),
    dst: question.to,
    proto: NUMBER[proto],
    sport: proto === "icmp" ? 0 : EPHEMERAL,
    dport: proto === "icmp" ? ECHO_REQUEST : (port ?? 0),
    flags: proto === "tcp" ? SYN : 0,
    dscp: question.dscp ?? 0,
    mark: 0,
    ct: 0,
    ttl: question.ttl ?? device.habits.ttl,
    ...(question.size !== undefined && { size: question.size, df: question.df }),
  };
}

function sourceOf(compiled: Compiled, device: Device, question: Question): Ip {
  const bound = device.ifaces.find((one) => one.name === question.iface)?.addresses[0];
  return (
    bound?.ip ??
    sourceFor(compiled, device, question.table, {
      dst: question.to,
      proto: NUMBER[question.proto],
      dport: question.port ?? 0,
    })
  );
}

/**
 * The source address that `device` gives a packet of its own to `to`: the route's, else one of the way out's that
 * lies with the next hop, else the first there is (as inet_select_addr does). 0.0.0.0 when it has none.
 */
export function sourceFor(
  compiled: Compiled,
  device: Device,
  table: string | null,
  asked: Asked,
): Ip {
  const context = { vrf: table, from: OWN };
  const entry = decidingEntry(device, compiled.fibs.get(device.name)!, context, asked);
  if (entry?.action.kind === "receive" && entry.source === "own")
    return primaryOf(device, asked.dst);
  if (entry?.action.kind !== "send") return firstAddress(device, table);
  const way = entry.action.ways[0]!;
  if (way.source !== null) return way.source;
  const addresses = device.ifaces.find((one) => one.name === way.iface)?.addresses ?? [];
  const next = way.gateway ?? asked.dst;
  const near = addresses.find((one) => contains(networkOf(one.ip, one.length), next));
  return near?.ip ?? addresses[0]?.ip ?? firstAddress(device, table);
}

// The route to a secondary address of its own is made in the name of the primary one (fib_add_ifaddr).
function primaryOf(device: Device, own: Ip): Ip {
  for (const { addresses } of device.ifaces) {
    const secondary = addresses.find((one) => one.ip === own && one.secondary);
    if (!secondary) continue;
    const net = networkOf(own, secondary.length);
    const primary = addresses.find(
      (one) => !one.secondary && one.length === net.length && contains(net, one.ip),
    );
    return primary?.ip ?? own;
  }
  return own;
}

function firstAddress(device: Device, table: string | null): Ip {
  const ifaces = device.ifaces.filter((one) => one.table === table);
  const addresses = ifaces.flatMap((one) => one.addresses.map(({ ip }) => ip));
  return addresses.find((ip) => !isLoopback(ip)) ?? ZERO;
}
