import type { Compiled } from "../dataplane/compile.ts";
import { ICMP } from "../model/network.ts";
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
  /** As it came, or was sent. */
  readonly came: Packet;
  /** As it was when it left, or where it ended. */
  readonly packet: Packet;
  /** The tunnel that it left by. */
  readonly tunnel: { readonly vni: number; readonly port: number } | null;
  /** What filters and translations decided, in their order. */
  readonly decisions: readonly { readonly text: string; readonly because: readonly Span[] }[];
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
  const common = {
    at: device,
    table,
    in: short(came),
    out: left ? short(left.place.iface) : null,
    came: first.packet,
    tunnel: tunnelOf(compiled, stops),
    decisions: decisionsOf(stops, isLast ? trace.last : undefined),
  };
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
  // As the cable sees it, with the tags that were put on last.
  const cabled = stops.findLast((stop) => stop.place.id.endsWith(" out"));
  const packet = cabled?.packet ?? stops.at(-1)!.packet;
  const relay = stops.find((stop) => stop.place.step.kind === "relay")?.place.step;
  if (relay?.kind === "relay") {
    const text = `A program here takes the connection, and makes one of its own to ${formatIp(relay.to)}, port ${relay.port}, out of ${common.out}.`;
    return { ...common, text, packet, because: relay.because };
  }
  return {
    ...common,
    text: switched(stops, common, packet) ?? decided(looked, resolved, common, packet),
    packet,
    because: looked ? linesOf(looked, resolved) : stops.flatMap(passedBecause),
  };
}

function tunnelOf(compiled: Compiled, stops: readonly Stop[]): Hop["tunnel"] {
  for (const { place } of stops.toReversed()) {
    const device = compiled.network.devices.get(place.device);
    const layer = device?.ifaces.find((one) => one.name === place.iface)?.layer;
    if (layer?.kind === "tunnel" && place.id.endsWith(" out"))
      return { vni: layer.vni, port: layer.port };
  }
  return null;
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

// Rules that fitted, and what they made of the addresses. The rule of a translation stands right before it.
function decisionsOf(stops: readonly Stop[], last: Packet | undefined): Hop["decisions"] {
  let rule: readonly Span[] = [];
  return stops.flatMap(({ place, packet, decision }, index) => {
    const because = decision.kind === "passed" ? decision.because : [];
    const { step, what } = place;
    const after = stops[index + 1]?.packet ?? last ?? packet;
    if (step.kind === "filter" && what && because.length > 0) {
      rule = because;
      return [{ text: `A rule of ${what} fits.`, because }];
    }
    const text = changeOf(step, packet, after);
    return text === null ? [] : [{ text, because: step.kind === "map" ? rule : because }];
  });
}

function changeOf(step: Stop["place"]["step"], before: Packet, after: Packet): string | null {
  if (step.kind === "label") return `Label ${step.push} is put on.`;
  if (step.kind === "relabel" && before.labels) {
    const left = (after.labels ?? []).map(({ label }) => label).join("/");
    return `Label ${before.labels[0]?.label} is taken off${left && `, which leaves ${left}`}.`;
  }
  if (step.kind !== "map" && step.kind !== "translate") return null;
  const changes = (["src", "dst"] as const).flatMap((side) => {
    const end = (packet: Packet) =>
      `${formatIp(packet[side] as Ip)}${packet.proto === ICMP ? "" : ` port ${packet[side === "src" ? "sport" : "dport"]}`}`;
    if (end(before) === end(after)) return [];
    return [`${side === "src" ? "source" : "destination"} ${end(before)} becomes ${end(after)}`];
  });
  return changes.length > 0 ? `Its ${changes.join(" and its ")}.` : null;
}

function passedBecause({ decision }: Stop): readonly Span[] {
  return decision.kind === "passed" ? decision.because : [];
}

function decided(
  looked: Stop | undefined,
  resolved: Stop | undefined,
  { table, in: came, out }: Pick<Hop, "table" | "in" | "out">,
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
