import type { Compiled } from "../dataplane/compile.ts";
import { placeAt, type Range } from "../model/network.ts";
import type { Proto } from "../model/objective.ts";
import type { Ip } from "../model/prefix.ts";
import { converse, NUMBER, startOf, type Question } from "../trace/conversation.ts";
import { addressesOf, decide, tableOf } from "./decide.ts";
import type { Endpoint } from "./endpoint.ts";
import { Arena, NONE } from "./sets.ts";
import { spread } from "./spread.ts";
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

function allowedTo(compiled: Compiled, from: Endpoint, to: Endpoint, address: Ip): Allowed[] {
  const question = ask(from, address);
  const { src } = converse(compiled, question).forward.stops[0]!.packet;
  return (["icmp", "tcp", "udp"] as const).flatMap((proto): Allowed[] => {
    const arena = new Arena();
    const number = NUMBER[proto];
    const packets = arena.where({
      ethertype: [[0x0800, 0x0800]],
      tag: [[0, 0]],
      dst: [[address, address]],
      src: [[src, src]],
      proto: [[number, number]],
      dport: [proto === "icmp" ? [0, 0] : EVERY_PORT],
    });
    const { at } = spread(compiled.network, arena, [
      { place: startOf(compiled, question), packets },
    ]);
    const tables = to.kind === "device" ? to.device.tables.map(({ name }) => name) : [tableOf(to)];
    const arrived = tables
      .map((table) => at.get(placeAt.accept(to.device.name, table)) ?? NONE)
      .reduce((all, one) => arena.union(all, one), NONE);
    if (arrived === NONE) return [];
    return [{ proto, ports: proto === "icmp" ? [] : arena.valuesOf(arrived, "dport") }];
  });
}
