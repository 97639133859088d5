import type { Compiled } from "../dataplane/compile.ts";
import type { Drop } from "../model/fate.ts";
import { ICMP, placeAt, TCP } from "../model/network.ts";
import { formatIp, type Ip } from "../model/prefix.ts";
import {
  acceptedAt,
  answer,
  converse,
  sourceFor,
  type Conversation,
  type Question,
} from "./conversation.ts";
import { icmpError } from "./icmp-errors.ts";
import type { Packet } from "./packet.ts";
import type { How, Trace } from "./trace.ts";

/** What one who probes a network sees of it, in the fields that measurements of real networks record. */
export type ProbeResult = {
  readonly reachable: boolean;
  /** Where it arrived, the source address it had there and its remaining hops; whether or not the answer came back. */
  readonly at?: string;
  readonly src_seen?: string;
  readonly ttl_seen?: number;
  readonly fwd_routers?: number;
  readonly reply_ttl?: number;
  readonly ret_routers?: number;
  /** It arrived, though no answer came back. */
  readonly delivered?: { readonly at: string; readonly src: string; readonly ttl: number };
  readonly error?: string;
  readonly icmp_from?: string;
  readonly trace?: readonly string[];
};

/** Probe with real packets' patience: an ICMP echo, a TCP connection or a UDP datagram that wants an answer. */
export function probe(compiled: Compiled, question: Question, wantsTrace = false): ProbeResult {
  if (question.source != null && !isOwnAddress(compiled, question.device, question.source))
    return { reachable: false, error: "local:EADDRNOTAVAIL" };
  const asked = converse(compiled, question);
  return {
    ...outcome(compiled, asked),
    ...(wantsTrace && { trace: traceroute(compiled, question) }),
  };
}

function outcome(compiled: Compiled, asked: Conversation): ProbeResult {
  const { forward, back } = asked;
  const place = acceptedAt(forward);
  if (asked.answered && place && back) {
    const sent = forward.stops[0]!.packet;
    const there = compiled.network.devices.get(place.device)!;
    return {
      reachable: true,
      at: place.device,
      src_seen: formatIp(forward.last.src as Ip),
      ttl_seen: forward.last.ttl,
      fwd_routers: sent.ttl - forward.last.ttl,
      // A connection's answers are not seen singly.
      ...(sent.proto === ICMP && {
        reply_ttl: back.last.ttl,
        ret_routers: there.habits.ttl - back.last.ttl,
      }),
    };
  }
  if (forward.fate.kind === "delivered")
    return { reachable: false, ...deliveredTo(forward), error: "timeout" };
  const error = errorHeard(compiled, asked);
  return { reachable: false, ...error };
}

function deliveredTo(forward: Trace): Pick<ProbeResult, "delivered"> {
  const place = acceptedAt(forward);
  // A connection that is not answered shows nobody that it was asked for.
  if (!place || forward.last.proto === TCP) return {};
  return {
    delivered: { at: place.device, src: formatIp(forward.last.src as Ip), ttl: forward.last.ttl },
  };
}

/** Errors are of the class of routing itself (RFC 1812 §5.3.2). */
const INTERNETWORK_CONTROL = 48;

/** No path here is longer; a circle is seen well before. */
const MOST_HOPS = 10;

/**
 * The addresses that answer as hops to live are given one by one: `*` is silence, `ADDR!kind` an error. Silence up to
 * the end is said once.
 */
function traceroute(compiled: Compiled, question: Question): string[] {
  const seen: string[] = [];
  for (let ttl = 1; ttl <= MOST_HOPS; ttl++) {
    const asked = converse(compiled, { ...question, ttl });
    if (asked.answered) return [...seen, formatIp(question.to)];
    const { error, icmp_from } = errorHeard(compiled, asked);
    if (error?.startsWith("local:")) return [...seen, "*"];
    if (icmp_from && error !== "ttl-exceeded") return [...seen, `${icmp_from}!${error}`];
    seen.push(icmp_from ?? "*");
    if (asked.forward.fate.kind !== "ttl-expired") break;
  }
  const heardLast = seen.findLastIndex((one) => one !== "*");
  return seen.slice(0, heardLast + 2);
}

// What the sender hears of a lost packet: its own stack's refusal, an ICMP error that finds its way back, or nothing.
function errorHeard(
  compiled: Compiled,
  { question, forward, how }: Conversation,
): Pick<ProbeResult, "error" | "icmp_from"> {
  const drop = forward.fate;
  if (drop.kind === "delivered") return { error: "timeout" };
  const stop = forward.stops.at(-1)!;
  const isOwn =
    stop.place.device === question.device &&
    !forward.stops.some(({ place }) => place.id.endsWith(" in"));
  const isTold =
    drop.kind === "rejected"
      ? drop.isLeaving && forward.last.proto !== TCP
      : drop.kind !== "refused";
  if (isOwn && isTold) return ownError(drop, errorOf(compiled, drop, forward.last), forward);
  const sent = errorSent(compiled, { question, forward, how });
  if (sent?.walk.fate.kind !== "delivered") return { error: "timeout" };
  const { error, walk } = sent;
  // A reset comes from the address that was asked, not as an ICMP error.
  if (walk.last.proto === TCP) return { error };
  return { error, icmp_from: formatIp(walk.last.src as Ip) };
}

/** The error or reset that the device of a lost packet sends back, and its walk; `null` where that one is silent. */
export function errorSent(
  compiled: Compiled,
  { question, forward, how }: Pick<Conversation, "question" | "forward" | "how">,
): { readonly error: string; readonly walk: Trace } | null {
  const drop = forward.fate;
  const error = drop.kind === "delivered" ? null : errorOf(compiled, drop, forward.last);
  if (drop.kind === "delivered" || !error) return null;
  const { device } = forward.stops.at(-1)!.place;
  const isOwn =
    device === question.device && !forward.stops.some(({ place }) => place.id.endsWith(" in"));
  const table = isOwn ? question.table : tableOfError(compiled, forward, drop);
  const sends = (packet: Packet) => ({
    error,
    walk: errorWalk(compiled, question, { device, table }, packet, how),
  });
  if (error === "refused" && forward.last.proto === TCP)
    return sends(turned(compiled, forward.last, device, forward.last.dst as Ip));
  // Who was asked answers in that name; anybody else in the name of the address that faces the sender (icmp_send).
  const asked = forward.last.dst as Ip;
  const from = isOwnAddress(compiled, device, asked)
    ? asked
    : errorSource(compiled, forward, device, table, question);
  return sends({
    ...turned(compiled, forward.last, device, from),
    proto: ICMP,
    ...icmpError(drop.kind === "rejected" ? drop.error : error),
    flags: 0,
    dscp: INTERNETWORK_CONTROL,
    size: undefined,
    piece: undefined,
    about: forward.last,
    ...(forward.tracked && { attached: { device, tracked: forward.tracked } }),
  });
}

function ownError(
  drop: Drop,
  error: string | null,
  { last, stops }: Trace,
): Pick<ProbeResult, "error" | "icmp_from"> {
  // Where a filter has sent it another way, one that waits for a connection is not told that there is none.
  const rerouted = stops.some(({ place }) => place.step.kind === "translate");
  if (drop.kind === "no-route")
    return { error: rerouted && last.proto === TCP ? "timeout" : "local:ENETUNREACH" };
  if (drop.kind === "discarded") {
    const names = {
      discard: "EINVAL",
      unreachable: "EHOSTUNREACH",
      prohibit: "EACCES",
      throw: "ENETUNREACH",
    };
    // A rule that refuses is one that finds no table.
    if (drop.isRule && drop.how === "unreachable") return { error: "local:ENETUNREACH" };
    return { error: `local:${names[drop.how]}` };
  }
  if (drop.kind === "too-big") return { error: "local:EMSGSIZE" };
  if (drop.kind === "not-passed-on")
    return { error: last.proto === TCP ? "local:ENETUNREACH" : "local:EACCES" };
  // A filter for what leaves its own stack tells the program, unless that waits for a connection.
  const isFiltered = drop.kind === "filtered" || drop.kind === "rejected";
  if (isFiltered && drop.isLeaving && last.proto !== TCP) return { error: "local:EPERM" };
  // Its own question for a neighbour goes unanswered for longer than a probe waits.
  if (drop.kind === "no-neighbor") return { error: "timeout" };
  return { error: error ?? "timeout" };
}

// The error that the device of a drop sends; `null` where it is silent.
function errorOf(compiled: Compiled, drop: Drop, packet: Packet): string | null {
  // Of a packet with labels nobody says anything (M2).
  if (packet.labels) return null;
  switch (drop.kind) {
    case "no-route":
      return compiled.network.devices.get(drop.device)!.habits.noRouteError;
    case "discarded":
      if (drop.how === "discard") return null;
      if (drop.how === "throw")
        return compiled.network.devices.get(drop.device)!.habits.noRouteError;
      return drop.how === "unreachable" ? "host-unreachable" : "host-prohibited";
    case "no-neighbor":
      return "host-unreachable";
    case "rejected":
      return errorNamed(drop.error);
    case "too-big":
      return "fragmentation-needed";
    case "ttl-expired":
      return drop.silent ? null : "ttl-exceeded";
    case "refused":
      return packet.proto === TCP ? "refused" : "port-unreachable";
    case "not-forwarding":
    case "no-carrier":
    case "martian":
    case "source-check":
    case "filtered":
    case "not-for-it":
    case "vlan-not-allowed":
    case "blocked":
    case "port-locked":
    case "queue-loses":
    case "frame-too-big":
    case "no-label":
    case "no-tunnel":
    case "unasked":
    case "nobody":
    case "not-passed-on":
    case "loop":
      return null;
  }
}

// An error goes out in the name of the address that faces the sender (icmp_errors_use_inbound_ifaddr is 0).
function errorSource(
  compiled: Compiled,
  forward: Trace,
  device: string,
  table: string | null,
  question: Question,
): Ip {
  const sender = forward.last.src as Ip;
  return (
    sourceFor(compiled, compiled.network.devices.get(device)!, table, {
      dst: sender,
      proto: ICMP,
      dport: 0,
    }) || question.to
  );
}

// E1: the way back for an error is looked up in the table of the interface that the packet is at: the one it came in
// by, and where nobody answers for its next hop the one that it was to leave by.
function tableOfError(compiled: Compiled, { stops }: Trace, drop: Drop): string | null {
  if (drop.kind === "no-neighbor") {
    const { ifaces } = compiled.network.devices.get(drop.device)!;
    return ifaces.find((one) => one.name === drop.iface)?.table ?? null;
  }
  const entered = stops.findLast(({ place }) => place.id.endsWith(" in"));
  return entered?.place.table ?? null;
}

function turned(compiled: Compiled, packet: Packet, device: string, from: Ip): Packet {
  return {
    ...packet,
    src: from,
    dst: packet.src,
    sport: packet.dport,
    dport: packet.sport,
    ttl: compiled.network.devices.get(device)!.habits.ttl,
    smac: 0,
    dscp: 0,
    mark: 0,
    ct: 0,
  };
}

function errorWalk(
  compiled: Compiled,
  question: Question,
  from: { device: string; table: string | null },
  packet: Packet,
  how: How,
): Trace {
  const expected = placeAt.accept(question.device, question.table);
  // As whose error it is shows only when it is looked up, unless it comes from the one who was asked.
  const unnamed = placeAt.unnamed(from.device, from.table);
  const { about } = packet;
  const isNamed = !about || about.dst === packet.src || !compiled.network.places.has(unnamed);
  const start = isNamed ? placeAt.send(from.device, from.table) : unnamed;
  return answer(compiled, from, packet, expected, how, start);
}

function isOwnAddress(compiled: Compiled, device: string, ip: Ip): boolean {
  const { ifaces } = compiled.network.devices.get(device)!;
  return ifaces.some((iface) => iface.addresses.some((one) => one.ip === ip));
}

// An error as a filter's rule names it, in the words of measurements.
function errorNamed(name: string): string {
  if (name === "tcp-reset") return "refused";
  if (/prohibited/.test(name)) return "host-prohibited";
  return name.replace(/^icmp-/, "");
}
