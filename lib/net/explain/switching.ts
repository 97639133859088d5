import type { Compiled } from "../dataplane/compile.ts";
import { passingsOf } from "../dataplane/frames.ts";
import { QUESTION } from "../dataplane/learning.ts";
import type { BridgePort, Device, Iface } from "../model/device.ts";
import { placeAt } from "../model/network.ts";
import type { Ip } from "../model/prefix.ts";
import type { Stopped } from "../model/switching.ts";
import type { PortRef } from "../model/topology.ts";
import type { Packet } from "../trace/packet.ts";
import type { Span } from "../source/span.ts";
import type { Explanation } from "./explanation.ts";

/** Why a port takes no frame of its VLAN: the VLAN is not there, or not on that port. */
export function explainNotCarried(
  compiled: Compiled,
  name: string,
  port: string,
  { tag }: Pick<Packet, "tag">,
): Explanation {
  const device = compiled.network.devices.get(name)!;
  const iface = device.ifaces.find((one) => one.name === port);
  const vlan = tag === 0 ? (iface?.bridge?.port.pvid ?? null) : tag - 1;
  if (iface?.bridge && vlan !== null) return notCarried(device, iface, iface.bridge.port, vlan);
  const what = vlan === null ? "untagged frames" : `VLAN ${vlan}`;
  return { text: `${name}'s ${port} does not carry ${what}.`, lines: [] };
}

function notCarried(device: Device, iface: Iface, port: BridgePort, vlan: number): Explanation {
  const there = `${device.name}'s ${iface.name}`;
  const vlans = vlansOf(device, iface);
  if (vlans && !vlans.has(vlan))
    return {
      text: `VLAN ${vlan} does not exist on ${device.name}, so ${there} carries none of its frames.`,
      lines: spans(iface.because),
    };
  const [only] = [...port.vlans].filter(([, { untagged }]) => untagged);
  const isTrunk = port.allowedBecause !== undefined;
  if (vlans && !isTrunk)
    return {
      text: `${there} is an access port${only ? ` of VLAN ${only[0]}` : ""}, so it carries no frames of VLAN ${vlan}.`,
      lines: spans(only?.[1].because ?? iface.because),
    };
  return {
    text: `${there} does not carry VLAN ${vlan}${isTrunk ? ": its list of allowed VLANs leaves it out" : ""}.`,
    lines: spans(port.allowedBecause ?? null),
  };
}

function vlansOf(device: Device, { bridge }: Iface): ReadonlyMap<number, Span | null> | null {
  const layer = device.ifaces.find((one) => one.name === bridge?.name)?.layer;
  return (layer?.kind === "bridge" && layer.vlans) || null;
}

/** Why spanning tree keeps a port out of a VLAN. */
export function explainBlocked(
  compiled: Compiled,
  name: string,
  port: string,
  vlan: number,
): Explanation {
  const iface = compiled.network.devices.get(name)!.ifaces.find((one) => one.name === port);
  const blocked = iface?.bridge?.port.blocked?.get(vlan);
  const there = `Spanning tree blocks ${name}'s ${port} in VLAN ${vlan}`;
  if (!blocked) return { text: `${there}.`, lines: [] };
  const lines = blocked.because;
  switch (blocked.why) {
    case "spare-way":
      return {
        text: `${there}: there is a better way to the root of that tree, ${blocked.toward}.`,
        lines,
      };
    case "native-differs":
      return {
        text: `${there}: it and ${blocked.toward} take untagged frames for different VLANs, so both VLANs are blocked.`,
        lines,
      };
    case "trunk-and-access":
      return {
        text: `${there}: it is an access port, and ${blocked.toward} at the other end is a trunk.`,
        lines,
      };
  }
}

/** Why an interface that nobody took down carries nothing. */
export function explainStopped(name: string, iface: Iface, { why, because }: Stopped): Explanation {
  const there = `${name}'s ${iface.name}`;
  const lines = because;
  switch (why) {
    case "no-partner":
      return {
        text: `${there} is suspended: the other end does not make a bundle with it.`,
        lines,
      };
    case "misfit":
      return {
        text: `${there} is suspended: it is set up differently from the bundle it belongs to.`,
        lines,
      };
    case "no-member":
      return { text: `${there} is down: none of its ports is part of it.`, lines };
    case "guarded":
      return {
        text: `${there} is disabled: it is guarded against other switches, and heard one.`,
        lines,
      };
    case "vlan-missing":
      return { text: `${there} is down: its VLAN does not exist on ${name}.`, lines };
    case "vlan-nowhere":
      return { text: `${there} is down: no live port of ${name} carries its VLAN.`, lines };
  }
}

/**
 * Where a question for `asked` ends between switches, on the shortest way to whoever has that address; `null` when no
 * switch is to blame.
 */
export function whereItEnds(
  compiled: Compiled,
  device: string,
  iface: string,
  asked: Ip,
): Explanation | null {
  const way = wayTo(compiled, device, iface, asked);
  if (!way) return null;
  const { places, devices } = compiled.network;
  const passings = passingsOf(places, placeAt.leave(device, iface), QUESTION);
  const arrived = new Map(
    passings.map(({ place, frame }) => [place, { place: places.get(place), frame }]),
  );
  for (const { out, into } of way) {
    const there = devices.get(into.node)!.ifaces.find((one) => one.name === into.port)!;
    const here = devices.get(out.node)!;
    const port = here.ifaces.find((one) => one.name === out.port)!;
    if (!arrived.has(placeAt.leave(out.node, out.port)))
      return port.bridge ? whyNotOut(compiled, here, port, arrived) : null;
    if (!there.bridge) return null;
    const drop = [...arrived.values()].find(
      ({ place }) =>
        place?.device === into.node && place.iface === into.port && place.step.kind === "drop",
    );
    if (drop?.place?.step.kind !== "drop") continue;
    const { why } = drop.place.step;
    if (why.kind === "vlan-not-allowed")
      return explainNotCarried(compiled, into.node, into.port, drop.frame);
    if (why.kind === "blocked") return explainBlocked(compiled, into.node, into.port, why.vlan);
  }
  return null;
}

type Cabling = { readonly out: PortRef; readonly into: PortRef };

// The cables from an interface to one that has the address, over whatever has a bridge.
function wayTo(compiled: Compiled, device: string, iface: string, asked: Ip): Cabling[] | null {
  const { devices, cables } = compiled.network;
  const far = new Map(
    cables.flatMap(({ a, b }) => [
      [`${a.node}:${a.port}`, b] as const,
      [`${b.node}:${b.port}`, a] as const,
    ]),
  );
  const has = (at: PortRef) =>
    devices
      .get(at.node)
      ?.ifaces.some(
        (one) =>
          isOn(one, at, devices.get(at.node)!) && one.addresses.some(({ ip }) => ip === asked),
      );
  const start = cableUnder(devices.get(device)!, iface);
  const queue: { readonly at: PortRef; readonly way: readonly Cabling[] }[] = start.map((port) => ({
    at: { node: device, port },
    way: [],
  }));
  const seen = new Set<string>([device]);
  for (const { at, way } of queue) {
    const into = far.get(`${at.node}:${at.port}`);
    if (!into) continue;
    const now = [...way, { out: at, into }];
    if (has(into)) return now;
    if (seen.has(into.node)) continue;
    seen.add(into.node);
    for (const one of devices.get(into.node)?.ifaces ?? [])
      if (one.layer.kind === "cable" && one.name !== into.port && one.bridge)
        queue.push({ at: { node: into.node, port: one.name }, way: now });
  }
  return null;
}

// Whether frames from a port can come to an interface of its device: itself, one on top, or one of its bridge's.
function isOn(iface: Iface, { port }: PortRef, { ifaces }: Device): boolean {
  if (iface.name === port) return true;
  if (iface.layer.kind !== "tagged") return false;
  const { iface: parent } = iface.layer.parent;
  return parent === port || ifaces.find((one) => one.name === port)?.bridge?.name === parent;
}

function cableUnder({ ifaces }: Device, iface: string): string[] {
  const one = ifaces.find(({ name }) => name === iface);
  if (!one) return [];
  if (one.layer.kind === "cable") return [one.name];
  if (one.layer.kind !== "tagged") return [];
  const { iface: parent } = one.layer.parent;
  const below = ifaces.find(({ name }) => name === parent);
  if (below?.layer.kind === "cable") return [parent];
  return ifaces
    .filter(({ layer, bridge }) => layer.kind === "cable" && bridge?.name === parent)
    .map(({ name }) => name);
}

// A question was in the bridge and did not leave by this port: for which VLAN, and why not?
function whyNotOut(
  compiled: Compiled,
  device: Device,
  iface: Iface,
  arrived: ReadonlyMap<string, unknown>,
): Explanation | null {
  const { port, name: bridge } = iface.bridge!;
  if (!iface.enabled)
    return iface.stopped
      ? explainStopped(device.name, iface, iface.stopped)
      : { text: `${device.name}'s ${iface.name} is down.`, lines: spans(iface.disabledBecause) };
  const inVlan = new RegExp(`^${escape(`${device.name}:${bridge}`)} VLAN (\\d+) from `);
  for (const place of arrived.keys()) {
    const vlan = Number(inVlan.exec(place)?.[1] ?? Number.NaN);
    if (Number.isNaN(vlan)) continue;
    if (port.blocked?.has(vlan)) return explainBlocked(compiled, device.name, iface.name, vlan);
    if (!port.vlans.has(vlan)) return notCarried(device, iface, port, vlan);
  }
  return null;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function spans(span: Span | null): Span[] {
  return span ? [span] : [];
}
