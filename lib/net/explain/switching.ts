import type { Compiled } from "../dataplane/compile.ts";
import { passingsOf, type Frame } from "../dataplane/frames.ts";
import { questionOf } from "../dataplane/learning.ts";
import type { BridgePort, Device, Iface } from "../model/device.ts";
import { placeAt, type Place } from "../model/network.ts";
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

/** The interface that must have a link for this one to have one: itself, or the port that it stands on. */
export function carrierOf({ name, ifaces }: Device, iface: Iface): Iface {
  const { layer } = iface;
  if (layer.kind !== "tagged" || layer.parent.device !== name || iface.stopped) return iface;
  return ifaces.find((one) => one.name === layer.parent.iface) ?? iface;
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
 * Where a question for `asked` ends between switches, or the answer to it, on the shortest way to whoever has that
 * address; `null` when no switch is to blame.
 */
export function whereItEnds(
  compiled: Compiled,
  device: string,
  iface: string,
  asked: Ip,
): Explanation | null {
  const there = wayTo(compiled, device, iface, (one) =>
    one.addresses.some(({ ip }) => ip === asked),
  );
  if (!there || there.way.length < 2) return null;
  const lost = cutOn(compiled, device, iface, there.way);
  if (lost) return lost;
  // It was heard; so the answer, which knows the way, is what is lost.
  const { at, goal } = there;
  const back = wayTo(compiled, at.node, goal.name, (one, name) => name === device && one.name === iface); // prettier-ignore
  const answer = back && cutOn(compiled, at.node, goal.name, back.way);
  if (!answer) return null;
  return {
    text: `${at.node} hears it, and its answer is lost: ${answer.text}`,
    lines: answer.lines,
  };
}

// The first port on the way that a question to everybody does not pass.
function cutOn(
  compiled: Compiled,
  device: string,
  iface: string,
  way: readonly Cabling[],
): Explanation | null {
  const { places, devices } = compiled.network;
  const arrived: Arrived = new Map(
    passingsOf(
      places,
      placeAt.leave(device, iface),
      questionOf(ifaceAt(devices.get(device)!, iface)),
    ).map(({ place, frame }) => [place, { place: places.get(place), frame }] as const),
  );
  for (const { out, into } of way) {
    const here = devices.get(out.node)!;
    const port = ifaceAt(here, out.port);
    if (port.stopped) return explainStopped(out.node, port, port.stopped);
    if (!arrived.has(placeAt.leave(out.node, out.port)))
      return whyNotOut(compiled, here, asOne(here, port), arrived);
    const there = asOne(devices.get(into.node)!, ifaceAt(devices.get(into.node)!, into.port));
    if (there.stopped) return explainStopped(into.node, there, there.stopped);
    const drop = [...arrived.values()].find(
      ({ place }) =>
        place?.device === into.node && place.iface === there.name && place.step.kind === "drop",
    );
    if (drop?.place?.step.kind !== "drop") continue;
    const { why } = drop.place.step;
    if (why.kind === "vlan-not-allowed")
      return explainNotCarried(compiled, into.node, there.name, drop.frame);
    if (why.kind === "blocked") return explainBlocked(compiled, into.node, there.name, why.vlan);
  }
  return null;
}

type Arrived = ReadonlyMap<string, { readonly place: Place | undefined; readonly frame: Frame }>;

function ifaceAt({ ifaces }: Device, name: string): Iface {
  return ifaces.find((one) => one.name === name)!;
}

// The bundle that a port is one of, if it is.
function asOne(device: Device, iface: Iface): Iface {
  return iface.bundling ? ifaceAt(device, iface.bundling.into) : iface;
}

type Cabling = { readonly out: PortRef; readonly into: PortRef };

type Way = { readonly way: readonly Cabling[]; readonly at: PortRef; readonly goal: Iface };

// The cables from an interface to the one that is meant, over whatever has a bridge.
function wayTo(
  compiled: Compiled,
  device: string,
  iface: string,
  isGoal: (iface: Iface, device: string) => boolean,
): Way | null {
  const { devices, cables } = compiled.network;
  const far = new Map(
    cables.flatMap(({ a, b }) => [
      [`${a.node}:${a.port}`, b] as const,
      [`${b.node}:${b.port}`, a] as const,
    ]),
  );
  const goalAt = (at: PortRef) =>
    devices
      .get(at.node)
      ?.ifaces.find((one) => isOn(one, at, devices.get(at.node)!) && isGoal(one, at.node));
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
    const goal = goalAt(into);
    if (goal) return { way: now, at: into, goal };
    if (seen.has(into.node)) continue;
    seen.add(into.node);
    for (const one of devices.get(into.node)?.ifaces ?? [])
      if (one.layer.kind === "cable" && one.name !== into.port && switches(one))
        queue.push({ at: { node: into.node, port: one.name }, way: now });
  }
  return null;
}

// Whether an interface is, or would be, a port of a bridge.
function switches({ bridge, bundling, stopped }: Iface): boolean {
  return bridge !== null || bundling !== undefined || stopped !== undefined;
}

// Whether frames from a port can come to an interface of its device: itself, one on top, or one of its bridge's.
function isOn(iface: Iface, { port }: PortRef, { ifaces }: Device): boolean {
  if (iface.name === port) return true;
  if (iface.layer.kind === "bundle") return iface.layer.members.includes(port);
  if (iface.layer.kind !== "tagged") return false;
  const { iface: parent } = iface.layer.parent;
  const below = ifaces.find((one) => one.name === port);
  const one = below?.bundling ? ifaces.find(({ name }) => name === below.bundling!.into) : below;
  return parent === one?.name || one?.bridge?.name === parent;
}

function cableUnder({ ifaces }: Device, iface: string): string[] {
  const one = ifaces.find(({ name }) => name === iface);
  if (!one) return [];
  if (one.layer.kind === "cable") return [one.name];
  if (one.layer.kind === "bundle") return [...one.layer.members];
  if (one.layer.kind !== "tagged") return [];
  const { iface: parent } = one.layer.parent;
  const below = ifaces.find(({ name }) => name === parent);
  if (below?.layer.kind === "cable") return [parent];
  return ifaces.flatMap((port) =>
    port.bridge?.name === parent && port.name !== iface
      ? port.layer.kind === "bundle"
        ? [...port.layer.members]
        : port.layer.kind === "cable"
          ? [port.name]
          : []
      : [],
  );
}

// A question was in the bridge and did not leave by this port: for which VLAN, and why not?
function whyNotOut(
  compiled: Compiled,
  device: Device,
  iface: Iface,
  arrived: Arrived,
): Explanation | null {
  if (iface.stopped) return explainStopped(device.name, iface, iface.stopped);
  if (!iface.enabled)
    return {
      text: `${device.name}'s ${iface.name} is down.`,
      lines: spans(iface.disabledBecause),
    };
  if (!iface.bridge) return null;
  const { port, name: bridge } = iface.bridge;
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
