import type { BridgePort, Device, Iface, IfaceRef, WrittenMac } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import {
  BROADCAST_MAC,
  IPV4,
  LARGEST,
  type Guard,
  macNumber,
  MULTICAST_MACS,
  placeAt,
  type Place,
  type PlaceId,
  type Rule,
  type Step,
  type SwitchRow,
} from "../model/network.ts";
import { EVERYWHERE, formatIp, type Ip } from "../model/prefix.ts";
import type { Span } from "../source/span.ts";
import { Filters } from "./filters.ts";
import { bridgeIn, FlowTables, vlansOf } from "./flow-tables.ts";
import type { Wiring } from "./wiring.ts";

/** Where each MAC address was learnt: by bridge and VLAN, the port that its frames came in by. */
export type Learnt = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** A tunnel that carries: packets that `from` sends to `remote` come from `source` and out of `to`. */
export type TunnelEnd = {
  readonly from: IfaceRef;
  readonly remote: Ip;
  readonly source: Ip;
  readonly to: IfaceRef;
  /** The longest packet that comes through, where its way is narrow. */
  readonly fits?: number;
};

type Tunnel = Extract<Iface["layer"], { kind: "tunnel" }>;

function tunnelDomain(device: string, iface: string): string {
  return `tunnel ${device}:${iface}`;
}

export const NOTHING_LEARNT: Learnt = new Map();

/** Frames that go to every port, as a guard. */
const GROUPS = [MULTICAST_MACS, [BROADCAST_MAC, BROADCAST_MAC]] as const;

/** An interface that stands on another, by its link below. */
type Standing = { readonly device: Device; readonly iface: Iface };

function standingOn(devices: ReadonlyMap<string, Device>): Map<string, Standing[]> {
  const all = [...devices.values()].flatMap((device) =>
    device.ifaces.map((iface): Standing => ({ device, iface })),
  );
  return Map.groupBy(
    all.filter(({ iface }) => "parent" in iface.layer),
    ({ iface: { layer } }) =>
      "parent" in layer ? `${layer.parent.device}:${layer.parent.iface}` : "",
  );
}

/**
 * The places of layer 2: from cable to stack and back, through VLANs, bridges and shared links. With nothing learnt
 * every bridge floods, which is how it learns; with what was learnt its frames go one way.
 */
export class Layer2 {
  private readonly devices: ReadonlyMap<string, Device>;
  private readonly wiring: Wiring;
  private readonly learnt: Learnt;
  private readonly tunnels: readonly TunnelEnd[];
  private readonly filters = new Map<string, Filters>();
  private readonly places: Map<PlaceId, Place>;
  private readonly standing: ReadonlyMap<string, readonly Standing[]>;

  constructor(
    devices: ReadonlyMap<string, Device>,
    wiring: Wiring,
    learnt: Learnt,
    tunnels: readonly TunnelEnd[],
    places: Map<PlaceId, Place>,
  ) {
    this.devices = devices;
    this.wiring = wiring;
    this.learnt = learnt;
    this.tunnels = tunnels;
    this.places = places;
    this.standing = standingOn(devices);
  }

  layOut(): void {
    this.switches();
    for (const device of this.devices.values())
      for (const iface of device.ifaces) {
        this.leaving(device, iface);
        if (!iface.isPort) continue;
        this.arriving(device, iface);
        if (iface.layer.kind === "bridge") this.bridge(device, iface);
      }
  }

  private switches(): void {
    const around = {
      places: this.places,
      learnt: this.learnt,
      vlans: vlansIn(this.devices),
    };
    for (const device of this.devices.values())
      for (const one of device.switches ?? []) new FlowTables(device, one, around).layOut();
  }

  private add(device: Device, iface: Iface, id: PlaceId, step: Step): PlaceId {
    this.places.set(id, { id, device: device.name, table: iface.table, iface: iface.name, step });
    return id;
  }

  private drop(
    device: Device,
    iface: Iface,
    kind: "no-carrier" | "not-for-it" | "vlan-not-allowed" | "no-tunnel" | "port-locked",
  ): PlaceId {
    const why: Drop = { kind, device: device.name, iface: iface.name };
    return this.add(device, iface, `${device.name}:${iface.name} drops: ${kind}`, {
      kind: "drop",
      why,
    });
  }

  // ---- down: from the stack to the cable

  private leaving(device: Device, iface: Iface): void {
    const id = placeAt.leave(device.name, iface.name);
    const down = this.drop(device, iface, "no-carrier");
    const { layer } = iface;
    if (!iface.enabled) return void this.add(device, iface, id, { kind: "flood", to: [down] });
    if (iface.losesAll) return this.losing(device, iface, id, iface.losesAll);
    switch (layer.kind) {
      case "cable": {
        const far = this.wiring.farEnd(device.name, iface.name);
        const live = far && this.wiring.works(device.name, iface.name);
        const to = live ? [placeAt.arrive(far.node, far.port)] : [down];
        return void this.add(device, iface, id, { kind: "flood", to });
      }
      case "vrf":
      case "nothing":
        return void this.add(device, iface, id, { kind: "flood", to: [down] });
      case "bridge":
        return void this.add(device, iface, id, {
          kind: "flood",
          to: [bridgeIn(device, iface.name, iface.name)],
        });
      case "switched": {
        const entry = bridgeIn(this.devices.get(layer.home)!, layer.switch, layer.port);
        const to = this.places.has(entry) ? entry : down;
        return void this.add(device, iface, id, { kind: "flood", to: [to] });
      }
      case "tunnel":
        return this.tunnelLeaving(device, iface, id, layer);
      case "bundle":
        return this.bundleLeaving(device, iface, id, layer.members);
      case "tagged": {
        const { device: owner, iface: parent } = layer.parent;
        const next = placeAt.leave(owner, parent);
        if (layer.untagged) return void this.add(device, iface, id, { kind: "flood", to: [next] });
        const full = this.drop(device, iface, "not-for-it");
        return void this.add(device, iface, id, { kind: "tag", push: layer.vlan, next, full });
      }
      case "shared":
        return this.sharedLeaving(device, iface, id, layer);
    }
  }

  // Q1: questions for neighbours are lost with the rest.
  private losing(device: Device, iface: Iface, id: PlaceId, because: Span): void {
    const why: Drop = {
      kind: "queue-loses",
      device: device.name,
      iface: iface.name,
      because: [because],
    };
    const lost = this.add(device, iface, `${device.name}:${iface.name} drops: queue-loses`, {
      kind: "drop",
      why,
    });
    this.add(device, iface, id, { kind: "flood", to: [lost] });
  }

  // Ports that are one are equal ways: which of them a frame takes, nobody outside can say.
  private bundleLeaving(
    device: Device,
    iface: Iface,
    id: PlaceId,
    members: readonly string[],
  ): void {
    const live = members.filter((one) => this.wiring.works(device.name, one));
    const next = live.map((one) => placeAt.leave(device.name, one));
    if (next.length < 2) {
      const to = [next[0] ?? this.drop(device, iface, "no-carrier")];
      return void this.add(device, iface, id, { kind: "flood", to });
    }
    const rows = [
      {
        low: 0 as Ip,
        high: LARGEST.dst as Ip,
        prefix: EVERYWHERE,
        source: "connected",
        next,
        because: [],
      },
    ] as const;
    const miss = this.drop(device, iface, "no-carrier");
    const step: Step = { kind: "lookup", rows, miss };
    this.places.set(id, { id, device: device.name, table: undefined, iface: iface.name, step });
  }

  // Into a tunnel: to where the address was learnt or written, else to all that take the unknown.
  private tunnelLeaving(device: Device, iface: Iface, id: PlaceId, layer: Tunnel): void {
    const lost = this.drop(device, iface, "no-tunnel");
    const to = (remote: Ip) => {
      const end = this.tunnels.find(
        (one) =>
          one.from.device === device.name && one.from.iface === iface.name && one.remote === remote,
      );
      return end ? this.outOfTunnel(end) : lost;
    };
    const unknown = layer.remotes.filter(({ mac }) => mac === null).map(({ remote }) => to(remote));
    const miss = this.add(device, iface, `${id} to everyone`, {
      kind: "flood",
      to: unknown.length > 0 ? unknown : [lost],
    });
    const written = layer.remotes.flatMap(({ mac, remote, because }): SwitchRow[] =>
      mac === null ? [] : [{ dmac: macNumber(mac), next: to(remote), because: spans(because) }],
    );
    const learnt = [...(this.learnt.get(tunnelDomain(device.name, iface.name)) ?? [])].map(
      ([dmac, remote]): SwitchRow => ({ dmac, next: to(Number(remote) as Ip), because: [] }),
    );
    const rows = [...written, ...learnt];
    this.add(device, iface, id, {
      kind: "switch",
      domain: "",
      port: "",
      learns: false,
      rows,
      miss,
    });
  }

  // Out of a tunnel: the far end learns who is behind the address that the packet came from.
  private outOfTunnel({ to, source, fits }: TunnelEnd): PlaceId {
    const device = this.devices.get(to.device)!;
    const iface = device.ifaces.find((one) => one.name === to.iface)!;
    const learns = iface.layer.kind === "tunnel" && iface.layer.learning;
    const out = this.add(device, iface, `${to.device}:${to.iface} from ${formatIp(source)}`, {
      kind: "switch",
      domain: tunnelDomain(to.device, to.iface),
      port: String(source),
      learns,
      rows: [],
      miss: placeAt.arrive(to.device, to.iface),
    });
    if (fits !== undefined) this.places.set(out, { ...this.places.get(out)!, fits });
    return out;
  }

  // Siblings of a shared link reach each other without the cable, unless they are kept apart.
  private sharedLeaving(
    device: Device,
    iface: Iface,
    id: PlaceId,
    layer: Extract<Iface["layer"], { kind: "shared" }>,
  ): void {
    if (layer.routed) return this.routedLeaving(device, iface, id, layer.parent);
    const below = placeAt.leave(layer.parent.device, layer.parent.iface);
    const siblings =
      layer.mode === "bridge"
        ? this.above(layer.parent).filter(
            (one) =>
              !(one.device === device && one.iface === iface) &&
              one.iface.layer.kind === "shared" &&
              one.iface.layer.mode === "bridge" &&
              one.iface.enabled,
          )
        : [];
    const everyone = this.add(device, iface, `${id} to everyone`, {
      kind: "flood",
      to: [...siblings.map((one) => placeAt.arrive(one.device.name, one.iface.name)), below],
    });
    const rules: Rule[] = [
      ...siblings.flatMap((one): Rule[] =>
        ruleFor(one.iface, placeAt.arrive(one.device.name, one.iface.name)),
      ),
      { guard: { dmac: [...GROUPS] }, then: everyone, because: [] },
    ];
    this.add(device, iface, id, { kind: "filter", rules, otherwise: below });
  }

  // B10: to those who share the link by their addresses, whatever the frame says; all else its owner routes as its own.
  private routedLeaving(device: Device, iface: Iface, id: PlaceId, parent: IfaceRef): void {
    const owner = this.devices.get(parent.device)!;
    const bound = placeAt.bound(parent.device, parent.iface);
    const out = { in: null, out: parent.iface, bridged: false, portIn: null, portOut: null };
    const filters = this.filtersOf(owner);
    const otherwise = filters.filters("ip") ? filters.hook("ip", "output", out, bound) : bound;
    const rules = this.above(parent)
      .filter((one) => one.iface !== iface && one.iface.enabled)
      .flatMap((one): Rule[] =>
        one.iface.layer.kind === "shared" && one.iface.layer.routed
          ? addressRules(one.iface, {}, placeAt.arrive(one.device.name, one.iface.name))
          : [],
      );
    this.add(device, iface, id, { kind: "filter", rules, otherwise });
  }

  // What comes in for one of those: to its stack, or by way of the owner's filters to whoever listens there.
  private routedArriving({ device: owner, iface }: Standing, parent: Device, by: Iface): Rule[] {
    if (iface.layer.kind !== "shared" || !iface.layer.routed) return [];
    const mac = macNumber(iface.mac);
    const dmac = { dmac: [[mac, mac]] as const };
    if (!iface.layer.routed.filtered)
      return addressRules(iface, dmac, placeAt.arrive(owner.name, iface.name));
    const filters = this.filtersOf(parent);
    const came = { in: by.name, out: null, bridged: false, portIn: null, portOut: null };
    const accept = placeAt.accept(owner.name, iface.table);
    if (!filters.filters("ip")) return addressRules(iface, dmac, accept);
    const input = filters.hook("ip", "input", came, accept);
    return addressRules(iface, dmac, filters.hook("ip", "prerouting", came, input));
  }

  // ---- up: from the cable to the stack

  private arriving(device: Device, iface: Iface): void {
    const id = placeAt.arrive(device.name, iface.name);
    if (!iface.enabled) {
      const down = this.drop(device, iface, "no-carrier");
      return void this.add(device, iface, id, { kind: "flood", to: [down] });
    }
    if (iface.bundling) {
      const to = [placeAt.arrive(device.name, iface.bundling.into)];
      return void this.add(device, iface, id, { kind: "flood", to });
    }
    // As the kernel takes a frame in: its VLAN's interface first, then bridge or shared links, then the stack.
    const above = this.above({ device: device.name, iface: iface.name }).filter(
      (one) => one.iface.enabled,
    );
    const tagged = above.flatMap(({ device: owner, iface: one }): Rule[] => {
      if (one.layer.kind !== "tagged") return [];
      const tag = one.layer.vlan + 1;
      const pop = this.add(device, iface, `${id}, VLAN ${one.layer.vlan}`, {
        kind: "tag",
        push: null,
        next: placeAt.arrive(owner.name, one.name),
        full: placeAt.arrive(owner.name, one.name),
      });
      const rules: Rule[] = [{ guard: { tag: [[tag, tag]] }, then: pop, because: [] }];
      if (one.layer.untagged)
        rules.push({
          guard: { tag: [[0, 0]] },
          then: placeAt.arrive(owner.name, one.name),
          because: [],
        });
      return rules;
    });
    const next = this.untaggedArriving(device, iface, id, above);
    this.add(device, iface, id, { kind: "filter", rules: tagged, otherwise: next });
  }

  private untaggedArriving(
    device: Device,
    iface: Iface,
    id: PlaceId,
    above: readonly Standing[],
  ): PlaceId {
    if (iface.bridge) return bridgeIn(device, iface.bridge.name, iface.name);
    const stack = placeAt.stack(device.name, iface.name);
    const all = above.filter(({ iface: one }) => one.layer.kind === "shared");
    if (all.length === 0) return stack;
    const routed = all.flatMap((one) => this.routedArriving(one, device, iface));
    const sharing = all.filter(
      ({ iface: { layer } }) => layer.kind === "shared" && layer.routed === undefined,
    );
    const everyone = this.add(device, iface, `${id}, for everyone`, {
      kind: "flood",
      to: [stack, ...sharing.map((one) => placeAt.arrive(one.device.name, one.iface.name))],
    });
    const rules: Rule[] = [
      ...routed,
      ...sharing.flatMap((one): Rule[] =>
        ruleFor(one.iface, placeAt.arrive(one.device.name, one.iface.name)),
      ),
      { guard: { dmac: [...GROUPS] }, then: everyone, because: [] },
    ];
    return this.add(device, iface, `${id}, shared`, { kind: "filter", rules, otherwise: stack });
  }

  // What stands on an interface, in whichever namespace it is now.
  private above({ device, iface }: IfaceRef): readonly Standing[] {
    return this.standing.get(`${device}:${iface}`) ?? [];
  }

  // ---- across: from port to port of a bridge

  private bridge(device: Device, bridge: Iface): void {
    if (bridge.layer.kind !== "bridge") return;
    const ports = this.portsOf(device, bridge);
    for (const from of ports)
      if (bridge.enabled) this.entering(device, bridge, bridge.layer.vlanAware, from, ports);
      else this.refusing(device, bridge, from.iface);
    for (const from of ports) {
      const talkedInto = bridge.enabled ? this.asTrunk(device, from) : null;
      if (!talkedInto) continue;
      const id = placeAt.asTrunk(device.name, from.iface.name);
      this.entering(device, bridge, bridge.layer.vlanAware, talkedInto, ports, id);
    }
  }

  // The port as a trunk, where that depends on the other end, which is no switch and may still say so.
  private asTrunk(device: Device, { iface, isOwn }: Port): Port | null {
    const trunking = iface.bridge?.trunking;
    if (!trunking || (trunking.wants !== "auto" && trunking.wants !== "desirable")) return null;
    const far = this.wiring.farEnd(device.name, iface.name);
    const there = far && this.devices.get(far.node)?.ifaces.find((one) => one.name === far.port);
    if (!there || there.bridge?.trunking || there.bundling) return null;
    const { because } = iface;
    const vlans = [...trunking.trunk.vlans].map(
      ([vlan, { untagged }]) => [vlan, { untagged, because }] as const,
    );
    return { iface, port: { ...trunking.trunk, vlans: new Map(vlans) }, isOwn };
  }

  // A bridge that is down takes nothing from its ports.
  private refusing(device: Device, bridge: Iface, from: Iface): void {
    const down = this.drop(device, bridge, "no-carrier");
    this.add(device, from, bridgeIn(device, bridge.name, from.name), { kind: "flood", to: [down] });
  }

  // The bridge's own interface is a port like the others: towards the device's stack.
  private portsOf(device: Device, bridge: Iface): Port[] {
    const own: Port[] =
      bridge.layer.kind === "bridge"
        ? [{ iface: bridge, port: bridge.layer.own, isOwn: true }]
        : [];
    const others = device.ifaces.flatMap((iface): Port[] =>
      iface.bridge?.name === bridge.name && iface.enabled
        ? [{ iface, port: iface.bridge.port, isOwn: false }]
        : [],
    );
    return [...own, ...others];
  }

  private entering(
    device: Device,
    bridge: Iface,
    aware: boolean,
    from: Port,
    ports: readonly Port[],
    door = bridgeIn(device, bridge.name, from.iface.name),
  ): void {
    const id = from.port.admits ? this.locked(device, from, door, from.port.admits) : door;
    if (!aware) {
      const across = this.across(device, bridge, null, from, ports);
      return void this.add(device, from.iface, id, { kind: "flood", to: [across] });
    }
    const refused = this.drop(device, from.iface, "vlan-not-allowed");
    const { pvid, vlans } = from.port;
    const rules: Rule[] = [];
    const into = (vlan: number) =>
      from.port.blocked?.has(vlan)
        ? this.blocked(device, from.iface, vlan)
        : this.across(device, bridge, vlan, from, ports);
    if (pvid !== null && vlans.has(pvid))
      rules.push({
        guard: { tag: [[0, 0]] },
        then: into(pvid),
        because: spans(vlans.get(pvid)!.because),
      });
    for (const [vlan, { because }] of vlans) {
      const next = into(vlan);
      const pop = this.add(device, from.iface, `${id}, VLAN ${vlan}`, {
        kind: "tag",
        push: null,
        next,
        full: next,
      });
      rules.push({ guard: { tag: [[vlan + 1, vlan + 1]] }, then: pop, because: spans(because) });
    }
    this.add(device, from.iface, id, { kind: "filter", rules, otherwise: refused });
  }

  private blocked(device: Device, iface: Iface, vlan: number): PlaceId {
    const why: Drop = { kind: "blocked", device: device.name, iface: iface.name, vlan };
    const id = `${device.name}:${iface.name} drops: blocked in VLAN ${vlan}`;
    return this.add(device, iface, id, { kind: "drop", why });
  }

  // B9: a locked port takes only frames from addresses that were written down for it; the place behind the lock.
  private locked(
    device: Device,
    { iface }: Port,
    door: PlaceId,
    admits: readonly WrittenMac[],
  ): PlaceId {
    const inside = `${door}, admitted`;
    const rules = admits.map(({ mac, because }): Rule => {
      const smac = macNumber(mac);
      return { guard: { smac: [[smac, smac]] }, then: inside, because: [because] };
    });
    const otherwise = this.drop(device, iface, "port-locked");
    this.add(device, iface, door, { kind: "filter", rules, otherwise });
    return inside;
  }

  // One VLAN of the bridge as a frame sees it that came in by `from`; without VLANs, the whole bridge.
  private across(
    device: Device,
    bridge: Iface,
    vlan: number | null,
    from: Port,
    ports: readonly Port[],
  ): PlaceId {
    const name = `${device.name}:${bridge.name}${vlan === null ? "" : ` VLAN ${vlan}`}`;
    const id = `${name} from ${from.iface.name}`;
    const others = ports.filter(
      (one) =>
        (one.iface !== from.iface || from.port.hairpin) &&
        (vlan === null || (one.port.vlans.has(vlan) && !one.port.blocked?.has(vlan))) &&
        !(one.port.isolated && from.port.isolated),
    );
    const out = (one: Port) =>
      this.filtered(device, bridge, from, one, this.outBy(device, bridge, vlan, one));
    const everyone = this.add(device, bridge, `${id} to everyone`, {
      kind: "flood",
      to: others.map(out),
    });
    const miss = others.every((one) => one.isOwn || one.port.flood)
      ? everyone
      : this.unknownOnly(device, bridge, id, everyone, others, out);
    const ownMacs = ports.map((one) => macNumber(one.iface.mac));
    const own = others.find((one) => one.isOwn);
    const rows: SwitchRow[] = ownMacs.map((dmac) => ({
      dmac,
      next: own ? out(own) : this.drop(device, bridge, "vlan-not-allowed"),
      because: [],
    }));
    const known = this.learnt.get(name) ?? new Map<number, string>();
    for (const [dmac, { port, because }] of this.whereabouts(bridge, vlan, known)) {
      if (ownMacs.includes(dmac)) continue;
      const to = others.find((one) => (port === null ? one.isOwn : one.iface.name === port));
      rows.push({
        dmac,
        next: to ? out(to) : this.drop(device, bridge, "not-for-it"),
        because,
      });
    }
    return this.add(device, bridge, id, {
      kind: "switch",
      domain: name,
      port: from.iface.name,
      learns: from.port.learning,
      rows,
      miss,
    });
  }

  // B9: what is written for the bridge itself, or to stay, counts before what was learnt, and that before the rest.
  private whereabouts(
    { layer }: Iface,
    vlan: number | null,
    learnt: ReadonlyMap<number, string>,
  ): Map<number, { port: string | null; because: readonly Span[] }> {
    const written = (layer.kind === "bridge" ? (layer.written ?? []) : []).filter(
      (one) => one.vlan === vlan,
    );
    const places = new Map<number, { port: string | null; because: readonly Span[] }>();
    const write = ({ mac, port, because }: WrittenMac) =>
      places.set(macNumber(mac), { port, because: [because] });
    written.filter(({ stays }) => !stays).forEach(write);
    for (const [mac, port] of learnt) places.set(mac, { port, because: [] });
    written.filter(({ stays }) => stays).forEach(write);
    return places;
  }

  // Frames for nobody known are kept from some ports; what is for everyone still goes there.
  private unknownOnly(
    device: Device,
    bridge: Iface,
    id: PlaceId,
    everyone: PlaceId,
    others: readonly Port[],
    out: (port: Port) => PlaceId,
  ): PlaceId {
    const unknown = this.add(device, bridge, `${id} to whoever takes the unknown`, {
      kind: "flood",
      to: others.filter((one) => one.isOwn || one.port.flood).map(out),
    });
    return this.add(device, bridge, `${id}, unknown`, {
      kind: "filter",
      rules: [{ guard: { dmac: [...GROUPS] }, then: everyone, because: [] }],
      otherwise: unknown,
    });
  }

  // The filters on the way from port to port: those of the bridge, and those of IPv4 where they see bridged packets.
  private filtered(device: Device, bridge: Iface, from: Port, to: Port, out: PlaceId): PlaceId {
    const filters = this.filtersOf(device);
    const between = {
      in: bridge.name,
      out: bridge.name,
      bridged: true,
      portIn: from.iface.name,
      portOut: to.iface.name,
    };
    let next = out;
    if (filters.filters("bridge")) {
      const hook = to.isOwn ? "input" : from.isOwn ? "output" : "forward";
      if (!to.isOwn)
        next = filters.hook("bridge", "postrouting", { ...between, in: null, portIn: null }, next);
      next = filters.hook("bridge", hook, between, next);
      if (!from.isOwn)
        next = filters.hook("bridge", "prerouting", { ...between, out: null, portOut: null }, next);
    }
    if (from.isOwn || to.isOwn || !device.filtersBridged || !filters.filters("ip")) return next;
    // Where no rule asks for ports, frames from all of them take the same places.
    const seenBy = filters.asksForPorts ? between : { ...between, portIn: null, portOut: null };
    const post = filters.hook("ip", "postrouting", { ...seenBy, in: null, portIn: null }, next);
    const forward = filters.hook("ip", "forward", seenBy, post);
    const seen = filters.hook("ip", "prerouting", { ...seenBy, out: null, portOut: null }, forward);
    return this.add(device, bridge, `${out}, filtered from ${from.iface.name}`, {
      kind: "filter",
      rules: [{ guard: { ethertype: [[IPV4, IPV4]] }, then: seen, because: [] }],
      otherwise: next,
    });
  }

  private filtersOf(device: Device): Filters {
    const known = this.filters.get(device.name) ?? new Filters(device, this.places);
    this.filters.set(device.name, known);
    return known;
  }

  private outBy(device: Device, bridge: Iface, vlan: number | null, to: Port): PlaceId {
    const down = to.isOwn
      ? placeAt.arrive(device.name, bridge.name)
      : placeAt.leave(device.name, to.iface.name);
    if (vlan === null || to.port.vlans.get(vlan)?.untagged) return down;
    return this.add(device, to.iface, `${down}, in VLAN ${vlan}`, {
      kind: "tag",
      push: vlan,
      next: down,
      full: this.drop(device, to.iface, "not-for-it"),
    });
  }
}

// What of a shared link's frames is for one of those that share it.
function ruleFor(iface: Iface, then: PlaceId): Rule[] {
  const mac = macNumber(iface.mac);
  const dmac = [[mac, mac]] as const;
  if (iface.layer.kind !== "shared" || iface.layer.by === "mac")
    return [{ guard: { dmac }, then, because: [] }];
  return iface.addresses.map(({ ip, because }) => ({
    guard: { dmac, dst: [[ip, ip]] as const },
    then,
    because: spans(because),
  }));
}

// IPv4 packets for each address of an interface.
function addressRules({ addresses }: Iface, guard: Guard, then: PlaceId): Rule[] {
  return addresses.map(({ ip, because }) => ({
    guard: { ...guard, ethertype: [[IPV4, IPV4]], dst: [[ip, ip]] },
    then,
    because: spans(because),
  }));
}

type Port = { readonly iface: Iface; readonly port: BridgePort; readonly isOwn: boolean };

// Every VLAN that frames are put into somewhere.
function vlansIn(devices: ReadonlyMap<string, Device>): ReadonlySet<number> {
  const all = [...devices.values()].flatMap(({ ifaces, switches = [] }) => [
    ...switches.flatMap(vlansOf),
    ...ifaces.flatMap(({ layer, bridge }) => [
      ...(layer.kind === "tagged" ? [layer.vlan] : []),
      ...(layer.kind === "bridge" ? [layer.own.pvid ?? 0] : []),
      ...(bridge ? [bridge.port.pvid ?? 0] : []),
    ]),
  ]);
  return new Set(all.filter((vlan) => vlan !== 0));
}

function spans(because: Span | null): readonly Span[] {
  return because ? [because] : [];
}
