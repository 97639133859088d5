import type { Compiled } from "../dataplane/compile.ts";
import { formatIp, formatPrefix, type Ip } from "../model/prefix.ts";
import type { Span } from "../source/span.ts";
import type { Packet } from "../trace/packet.ts";
import type { Stop, Trace } from "../trace/trace.ts";
import { explainDrop } from "./drop.ts";

/** A packet at one device: how it came in, what was decided, how it left. */
export type Hop = {
  readonly at: string;
  readonly table: string | null;
  readonly in: string | null;
  readonly out: string | null;
  readonly text: string;
  /** As it was when it left, or where it ended. */
  readonly packet: Packet;
  readonly because: readonly Span[];
};

/** A walk as people follow it: one hop for each visit to a device. */
export function hopsOf(compiled: Compiled, trace: Trace): Hop[] {
  const visits: Stop[][] = [];
  for (const stop of trace.stops) {
    const visit = visits.at(-1);
    const entersAgain =
      stop.place.id.endsWith(" in") || visit?.[0]?.place.device !== stop.place.device;
    if (visit && !entersAgain) visit.push(stop);
    else visits.push([stop]);
  }
  return visits.map((stops, index) => hopOf(compiled, trace, stops, index === visits.length - 1));
}

/** The lines of the route that a packet took last. */
export function chosenLast({ stops }: Trace): readonly Span[] {
  const looked = stops.findLast(({ decision }) => decision.kind === "looked-up");
  return looked?.decision.kind === "looked-up" ? looked.decision.row.because : [];
}

function hopOf(compiled: Compiled, trace: Trace, stops: readonly Stop[], isLast: boolean): Hop {
  const first = stops[0]!;
  const looked = stops.find((stop) => stop.decision.kind === "looked-up");
  const resolved = stops.find((stop) => stop.decision.kind === "resolved");
  const left = stops.find((stop) => stop.place.id.endsWith(" out"));
  const came = first.place.id.endsWith(" in") ? first.place.iface : null;
  const device = first.place.device;
  const table = looked?.place.table ?? null;
  const short = (iface: string | null) =>
    compiled.network.devices.get(device)?.ifaces.find((one) => one.name === iface)?.short ?? iface;
  const common = { at: device, table, in: short(came), out: left ? short(left.place.iface) : null };
  const { fate } = trace;

  if (isLast && fate.kind !== "delivered") {
    const { text, lines } = explainDrop(compiled, fate, trace.last, chosenLast(trace));
    return { ...common, out: null, text, packet: trace.last, because: lines };
  }
  if (isLast && !left) {
    const by = common.in ? ` on ${common.in}` : "";
    const accepted = stops.some((stop) => stop.place.id.endsWith(" accept"));
    const text = accepted
      ? `Arrives${by}, from ${formatIp(trace.last.src as Ip)}.`
      : `Is seen${by}, for ${formatIp(trace.last.dst as Ip)}.`;
    return { ...common, text, packet: trace.last, because: [] };
  }
  const packet = left?.packet ?? stops.at(-1)!.packet;
  const relay = stops.find((stop) => stop.place.step.kind === "relay")?.place.step;
  if (relay?.kind === "relay") {
    const text = `A program here takes the connection, and makes one of its own to ${formatIp(relay.to)}, port ${relay.port}, out of ${common.out}.`;
    return { ...common, text, packet, because: relay.because };
  }
  return {
    ...common,
    text: decided(looked, resolved, common, packet),
    packet,
    because: linesOf(looked, resolved),
  };
}

function decided(
  looked: Stop | undefined,
  resolved: Stop | undefined,
  { table, in: came, out }: { table: string | null; in: string | null; out: string | null },
  packet: Packet,
): string {
  if (looked?.decision.kind !== "looked-up") return `Sends a frame out of ${out}.`;
  const { row, paths } = looked.decision;
  const where = table === null ? "" : ` of VRF ${table}`;
  const how =
    row.source === "connected"
      ? `${formatPrefix(row.prefix)} is its own network`
      : `its route ${formatPrefix(row.prefix)}`;
  const proxy = resolved?.decision.kind === "resolved" && resolved.decision.row.proxy;
  const next = resolved?.place.step.kind === "resolve" ? resolved.place.step.gateway : null;
  const towards = next === null ? "" : ` to ${formatIp(next)}`;
  return [
    `${came ? `In on ${came}, looked up` : `Its own packet for ${formatIp(packet.dst as Ip)}, looked up`} in the table${where}: ${how}, out of ${out}${towards}`,
    proxy ? `; ${resolved.decision.row.answeredBy.node} answers for it as a proxy` : "",
    paths > 1 ? `, one of ${paths} equal paths` : "",
    ".",
  ].join("");
}

function linesOf(looked: Stop | undefined, resolved: Stop | undefined): readonly Span[] {
  const route = looked?.decision.kind === "looked-up" ? looked.decision.row.because : [];
  const proxy =
    resolved?.decision.kind === "resolved" && resolved.decision.row.proxy
      ? resolved.decision.row.because
      : [];
  return [...route, ...proxy];
}
