import type { Device, Iface, Taint } from "../model/device.ts";
import { macNumber, placeAt, type Place, type PlaceId } from "../model/network.ts";
import type { LinkSpec, PortRef } from "../model/topology.ts";
import {
  bundled,
  changed,
  farPort,
  Ifaces,
  negotiated,
  stopped,
  withIfaces,
  type Asked,
  type Devices,
} from "./agreement.ts";
import { passingsOf, type Frame, type Passing } from "./frames.ts";
import { Layer2, NOTHING_LEARNT, type TunnelEnd } from "./layer2.ts";
import { Trees } from "./trees.ts";
import { Wiring } from "./wiring.ts";

/**
 * The devices once their switches have agreed, before any frame is carried: bundles, then trunks, then spanning trees,
 * then the interfaces of VLANs that something carries.
 */
export function settled(
  devices: Devices,
  links: readonly LinkSpec[],
  tunnels: readonly TunnelEnd[],
): Devices {
  if (![...devices.values()].some(agrees)) return devices;
  const joined = bundled(devices, new Wiring(links, devices));
  const trunked = negotiatedOn(joined, links, tunnels);
  const guarded = guardedOn(trunked, links, tunnels);
  const treed = new Trees(guarded, new Neighbourhood(guarded, links, tunnels)).blocked();
  return openTogether(withLiveVlans(treed, new Wiring(links, treed)), links);
}

// Whether anything about a device is settled with others.
function agrees({ ifaces }: Device): boolean {
  return ifaces.some(
    ({ layer, bundling }) =>
      bundling !== undefined ||
      layer.kind === "bundle" ||
      (layer.kind === "bridge" && layer.vlans !== undefined),
  );
}

// How a port asks what the other end wants. To other makers' bridges it is a group like any, and passes them.
const NEGOTIATION = { ethertype: 0, tag: 0, inner: 0, dmac: 0x01000ccccccc };

function negotiatedOn(
  devices: Devices,
  links: readonly LinkSpec[],
  tunnels: readonly TunnelEnd[],
): Devices {
  const near = new Neighbourhood(devices, links, tunnels);
  const asks = (iface: Iface | null) => iface?.bridge?.trunking !== undefined;
  const asked = (device: Device, iface: Iface) =>
    near
      .hearers(device, iface, { ...NEGOTIATION, smac: macNumber(iface.mac) }, (port) =>
        asks(near.ifaces.at(port)),
      )
      .map((one) => one.port);
  return openWhereAsked(negotiated(devices, near.ifaces, asked), near, asked);
}

// P4: what is settled with an end that is left open is open, too.
function openWhereAsked(devices: Devices, near: Neighbourhood, asked: Asked): Devices {
  if (![...devices.values()].some(({ taints }) => taints.length > 0)) return devices;
  return changed(devices, (device) => {
    const more = device.ifaces.flatMap((iface): Taint[] => {
      const wants = iface.bridge?.trunking?.wants;
      const agrees = iface.bundling && iface.bundling.protocol !== "none";
      if (wants !== "auto" && wants !== "desirable" && !agrees) return [];
      const far = near.wiring.farEnd(device.name, iface.name);
      return [...asked(device, iface), ...(far ? [far] : [])].flatMap(({ node, port }) =>
        (devices.get(node)?.taints ?? [])
          .filter((one) => one.iface === null || one.iface === port)
          .slice(0, 1)
          .map((one) => elsewhere(one, node, device.name, iface.name)),
      );
    });
    return more.length > 0 ? { ...device, taints: [...device.taints, ...more] } : device;
  });
}

// A taint of one device as another has it.
function elsewhere(taint: Taint, from: string, at: string, iface: string | null): Taint {
  return { ...taint, iface, what: from === at ? taint.what : `${taint.what} on ${from}` };
}

// What a guarded port hears takes it down, before any tree is made.
function guardedOn(
  devices: Devices,
  links: readonly LinkSpec[],
  tunnels: readonly TunnelEnd[],
): Devices {
  const hears = new Trees(devices, new Neighbourhood(devices, links, tunnels)).guardedThatHear();
  if (hears.size === 0) return devices;
  return changed(devices, (device) =>
    withIfaces(device, (iface) => {
      if (!hears.has(`${device.name}:${iface.name}`)) return iface;
      const { because = null } = iface.bridge?.spanning ?? {};
      return stopped(iface, "guarded", because ? [because] : []);
    }),
  );
}

// SW8: an interface of a VLAN is up while its VLAN is there and a live port carries it.
function withLiveVlans(devices: Devices, wiring: Wiring): Devices {
  return changed(devices, (device) => {
    const bridges = new Map(
      device.ifaces.flatMap(({ name, layer }) =>
        layer.kind === "bridge" && layer.vlans ? [[name, layer.vlans] as const] : [],
      ),
    );
    if (bridges.size === 0) return device;
    const live = liveVlans(device, wiring);
    return withIfaces(device, (iface) => {
      if (iface.layer.kind !== "tagged" || !iface.enabled) return iface;
      const { parent, vlan } = iface.layer;
      const vlans = parent.device === device.name ? bridges.get(parent.iface) : undefined;
      if (!vlans) return iface;
      const because = iface.because ? [iface.because] : [];
      if (!vlans.has(vlan)) return stopped(iface, "vlan-missing", because);
      return live.has(`${parent.iface} ${vlan}`) ? iface : stopped(iface, "vlan-nowhere", because);
    });
  });
}

function liveVlans(device: Device, wiring: Wiring): ReadonlySet<string> {
  const live = new Set<string>();
  for (const { name, bridge, enabled } of device.ifaces) {
    if (!bridge || !enabled || !wiring.works(device.name, name)) continue;
    for (const vlan of bridge.port.vlans.keys())
      if (!bridge.port.blocked?.has(vlan)) live.add(`${bridge.name} ${vlan}`);
  }
  return live;
}

// P4: what may change a tree leaves every switch open that is joined to it.
function openTogether(devices: Devices, links: readonly LinkSpec[]): Devices {
  const sources = [...devices.values()].filter((device) => opensOf(device).length > 0);
  if (sources.length === 0) return devices;
  const beside = Map.groupBy(
    links.flatMap(({ a, b }) => [
      [a.node, b.node],
      [b.node, a.node],
    ]),
    ([from]) => from!,
  );
  const opened = new Map<string, Device>(devices);
  for (const source of sources) {
    const seen = new Set([source.name]);
    for (const name of seen) {
      if (!opened.get(name)?.ifaces.some(({ layer }) => layer.kind === "bridge")) continue;
      for (const [, other] of beside.get(name) ?? []) seen.add(other!);
    }
    for (const name of seen) {
      const device = opened.get(name);
      if (!device || !treeOf(device)) continue;
      const more = opensOf(source).map((taint) => elsewhere(taint, source.name, name, null));
      opened.set(name, { ...device, taints: [...device.taints, ...more] });
    }
  }
  return opened;
}

function treeOf({ ifaces }: Device) {
  for (const { layer } of ifaces)
    if (layer.kind === "bridge" && layer.spanning) return layer.spanning;
  return null;
}

// Its own, and those of a bridge whose tree is not simulated at all.
function opensOf(device: Device): readonly Taint[] {
  const others = device.taints.filter(({ what }) => /^spanning.tree/i.test(what));
  return treeOf(device)?.open ?? others;
}

/** A port that heard something, and as what it came. */
export type Heard = { readonly port: PortRef; readonly frame: Frame };

/** Who hears what a port says to its neighbours: the other end of the cable, or everybody behind bridges that pass it on. */
export class Neighbourhood {
  readonly ifaces: Ifaces;
  readonly wiring: Wiring;
  readonly devices: Devices;
  private readonly tunnels: readonly TunnelEnd[];
  private places: ReadonlyMap<PlaceId, Place> | null = null;
  private readonly ports: ReadonlyMap<PlaceId, PortRef>;

  constructor(devices: Devices, links: readonly LinkSpec[], tunnels: readonly TunnelEnd[]) {
    this.devices = devices;
    this.tunnels = tunnels;
    this.wiring = new Wiring(links, devices);
    this.ifaces = new Ifaces(devices);
    this.ports = new Map(
      [...devices.values()].flatMap(({ name, ifaces }) =>
        ifaces.map((iface) => [placeAt.arrive(name, iface.name), { node: name, port: iface.name }]),
      ),
    );
  }

  /** Those that `takes` says take `frame` when `iface` sends it; what is not taken goes on. */
  hearers(
    device: Device,
    iface: Iface,
    frame: Frame,
    takes: (port: PortRef, frame: Frame) => boolean,
  ): readonly Heard[] {
    if (!this.wiring.works(device.name, iface.name)) return [];
    const far = farPort(device, iface, this.wiring, this.ifaces);
    if (!far) return [];
    // Most cables lead from switch to switch, or to somebody who is none.
    if (takes(far, frame)) return [{ port: far, frame }];
    if (!this.ifaces.at(far)?.bridge) return [];
    const taken = ({ place, frame: as }: Passing): Heard[] => {
      const port = this.ports.get(place);
      return port && takes(port, as) ? [{ port, frame: as }] : [];
    };
    const start = placeAt.leave(device.name, iface.name);
    return passingsOf(this.laidOut(), start, frame, (one) => taken(one).length > 0)
      .flatMap(taken)
      .filter(({ port }) => port.node !== device.name || port.port !== iface.name);
  }

  private laidOut(): ReadonlyMap<PlaceId, Place> {
    if (this.places) return this.places;
    const places = new Map<PlaceId, Place>();
    new Layer2(this.devices, this.wiring, NOTHING_LEARNT, this.tunnels, places).layOut();
    this.places = places;
    return places;
  }
}
