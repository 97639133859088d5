import type { Compiled } from "../dataplane/compile.ts";
import { ACK, placeAt, SYN, type Range } from "../model/network.ts";
import type { Proto } from "../model/objective.ts";
import type { Ip } from "../model/prefix.ts";
import { converse, NUMBER, startOf, type Question } from "../trace/conversation.ts";
import { decide } from "./decide.ts";
import { addressesOf, tableOf, type Endpoint } from "./endpoint.ts";
import { DRAWN } from "./reach.ts";
import { Arena, NONE, type PacketSet } from "./sets.ts";
import { asSent, spread } from "./spread.ts";
import { Tracking } from "./tracking.ts";
import type { Undecided } from "./verdict.ts";

/** What may pass from one endpoint to another: by protocol, the ports; none where the protocol has none. */
export type Allowed = { readonly proto: Proto; readonly ports: readonly Range[] };

export type Pair = {
  readonly from: string;
  readonly to: string;
  readonly allowed: readonly Allowed[];
  readonly undecided?: Undecided;
};

/** Every endpoint against every other: what arrives and is answered, whether or not someone listens today. */
export function matrixOf(compiled: Compiled, endpoints: readonly Endpoint[]): Pair[] {
  return endpoints.flatMap((from) =>
    endpoints.filter((to) => to !== from).map((to) => pairOf(compiled, from, to)),
  );
}

function pairOf(compiled: Compiled, from: Endpoint, to: Endpoint): Pair {
  const names = { from: from.name, to: to.name };
  const claim = {
    kind: "reach" as const,
    from: [from.name],
    to: [to.name],
    proto: "icmp" as const,
    port: null,
    address: null,
  };
  const verdict = decide(compiled, claim);
  if (verdict.state === "undecided") return { ...names, allowed: [], undecided: verdict.why };
  if (verdict.state === "fails") return { ...names, allowed: [] };
  const address = addressesOf(to).find((ip) => converse(compiled, ask(from, ip)).answered);
  return { ...names, allowed: address === undefined ? [] : allowedTo(compiled, from, to, address) };
}

function ask(from: Endpoint, to: Ip): Question {
  const table = from.kind === "table" ? from.table : null;
  return { device: from.device.name, table, to, proto: "icmp", port: null };
}

const EVERY_PORT: Range = [0, 0xffff];
const ECHO_REQUEST: Range = [8, 8];

function allowedTo(compiled: Compiled, from: Endpoint, to: Endpoint, address: Ip): Allowed[] {
  const question = ask(from, address);
  const { src } = converse(compiled, question).forward.stops[0]!.packet;
  return (["icmp", "tcp", "udp"] as const).flatMap((proto): Allowed[] => {
    const arena = new Arena();
    const addressed = arena.where({
      dst: [[address, address]],
      src: [[src, src]],
      proto: [[NUMBER[proto], NUMBER[proto]]],
      sport: proto === "icmp" ? [[0, 0]] : [DRAWN],
      dport: [proto === "icmp" ? ECHO_REQUEST : EVERY_PORT],
      dscp: [[0, 0]],
    });
    const flags = proto === "tcp" ? SYN : 0;
    const asked = asSent(arena, addressed, flags);
    const answered = answersTo(compiled, arena, question, to, asked, flags && flags | ACK);
    if (answered === NONE) return [];
    return [{ proto, ports: proto === "icmp" ? [] : arena.valuesOf(answered, "sport") }];
  });
}

// What the sender hears of a target that answers whatever comes to it.
function answersTo(
  compiled: Compiled,
  arena: Arena,
  question: Question,
  to: Endpoint,
  asked: PacketSet,
  flags: number,
): PacketSet {
  const { network } = compiled;
  const tracking = new Tracking(arena, "legs");
  const there = spread(network, arena, [{ place: startOf(compiled, question), packets: asked }], {
    tracking,
  });
  tracking.endLeg();
  const tables = to.kind === "device" ? to.device.tables.map(({ name }) => name) : [tableOf(to)];
  const sources = tables.flatMap((table) => {
    const arrived = there.at.get(placeAt.accept(to.device.name, table)) ?? NONE;
    const packets = asSent(arena, tracking.answers(arrived), flags);
    return arrived === NONE ? [] : [{ place: placeAt.send(to.device.name, table), packets }];
  });
  const back = spread(network, arena, sources, { tracking });
  return back.at.get(placeAt.accept(question.device, question.table)) ?? NONE;
}
