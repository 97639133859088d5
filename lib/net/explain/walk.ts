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
  const looked = stops.findLast(isRouted);
  return looked?.decision.kind === "looked-up" ? looked.decision.row.because : [];
}

// Ports that are one are equal ways, too, and belong to no table.
function isRouted({ place, decision }: Stop): boolean {
  return decision.kind === "looked-up" && place.table !== undefined;
}

function hopOf(compiled: Compiled, trace: Trace, stops: readonly Stop[], isLast: boolean): Hop {
  const first = stops[0]!;
  const looked = stops.find(isRouted);
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
  return {
    ...common,
    text: switched(stops, common, packet) ?? decided(looked, resolved, common, packet),
    packet,
    because: looked ? linesOf(looked, resolved) : stops.flatMap(passedBecause),
  };
}

// A bridge that tells VLANs apart says in which one it carries a frame, and how the frame leaves.
function switched(
  stops: readonly Stop[],
  { in: came, out }: { in: string | null; out: string | null },
  packet: Packet,
): string | null {
  if (came === null || out === null || stops.some(isRouted)) return null;
  for (const { place } of stops) {
    const vlan = place.step.kind === "switch" && / VLAN (\d+)$/.exec(place.step.domain)?.[1];
    if (!vlan) continue;
    const how = packet.tag === 0 ? "without a tag" : `with tag ${packet.tag - 1}`;
    return `In on ${came}, carried in VLAN ${vlan}, out of ${out} ${how}.`;
  }
  return null;
}

function passedBecause({ decision }: Stop): readonly Span[] {
  return decision.kind === "passed" ? decision.because : [];
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
