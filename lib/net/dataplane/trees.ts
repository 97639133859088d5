import type { BridgePort, Device, Iface } from "../model/device.ts";
import { macNumber } from "../model/network.ts";
import type { PortRef } from "../model/topology.ts";
import type { Blocked, SpanningPort, SpanningTree } from "../model/switching.ts";
import { changed, farPort, withIfaces, type Devices } from "./agreement.ts";
import type { Frame } from "./frames.ts";
import { costOf, settleTrees, type TreeBridge, type TreePort } from "./spanning-tree.ts";
import type { Neighbourhood } from "./switching.ts";

/*
 * One spanning tree for each VLAN. An access port speaks the standard's messages, without a tag. A trunk says them for
 * VLAN 1, and for every VLAN messages to another address that name the VLAN they are about: with its tag, or without
 * for the native one. So two ends notice that they take untagged frames for different VLANs.
 */

const STANDARD = 0x0180c2000000;
const PER_VLAN = 0x01000ccccccd;

/** A port that speaks spanning tree, with its bridge. */
type Speaker = {
  readonly device: Device;
  readonly bridge: string;
  readonly tree: SpanningTree;
  readonly iface: Iface;
  readonly port: BridgePort;
  readonly spanning: SpanningPort;
  readonly isTrunk: boolean;
};

/** `names` is the VLAN that a message names, which those of the standard do not. */
type Message = { readonly vlan: number; readonly names: number | null; readonly frame: Frame };

type Hearing =
  | { readonly kind: "tree"; readonly vlan: number }
  | { readonly kind: "native-differs"; readonly vlan: number }
  | { readonly kind: "trunk-and-access"; readonly vlan: number };

/** The spanning trees of a network, computed once. */
export class Trees {
  private readonly devices: Devices;
  private readonly near: Neighbourhood;
  private readonly speakers: ReadonlyMap<string, Speaker>;

  constructor(devices: Devices, near: Neighbourhood) {
    this.devices = devices;
    this.near = near;
    const all = [...devices.values()].flatMap((device) => speakersOf(device, near));
    this.speakers = new Map(all.map((one) => [placeOf(one), one]));
  }

  /** The guarded ports that some bridge's messages come to, by their places. */
  guardedThatHear(): ReadonlySet<string> {
    const guarded = [...this.speakers].filter(([, one]) => isGuarded(one));
    if (guarded.length === 0) return new Set();
    const hear = new Set<string>();
    for (const speaker of this.speakers.values())
      for (const message of messagesOf(speaker))
        for (const { hearer } of this.heardBy(speaker, message))
          if (isGuarded(hearer)) hear.add(placeOf(hearer));
    return hear;
  }

  /** The devices with what their trees block. */
  blocked(): Devices {
    if (this.speakers.size === 0) return this.devices;
    const blocked = new Map<string, Map<number, Blocked>>();
    const block = (place: string, vlan: number, why: Blocked) => {
      const known = blocked.get(place) ?? new Map<number, Blocked>();
      blocked.set(place, known);
      if (!known.has(vlan)) known.set(vlan, why);
    };
    const heard = this.heard(block);
    const { bridges, at } = this.treesOf(heard, blocked);
    settleTrees(bridges).forEach(({ root, roles }, index) => {
      const { vlan, ports } = at[index]!;
      const toward = at[root]!.device;
      roles.forEach((role, port) => {
        if (role === "blocked")
          block(ports[port]!, vlan, { why: "spare-way", toward, because: [] });
      });
    });
    return changed(this.devices, (device) =>
      withIfaces(device, (iface) => {
        const found = blocked.get(`${device.name}:${iface.name}`);
        if (!found || !iface.bridge) return iface;
        const port = { ...iface.bridge.port, blocked: found };
        return { ...iface, bridge: { ...iface.bridge, port } };
      }),
    );
  }

  // Who hears whom, in which trees; ends that do not fit are blocked there and then.
  private heard(block: (place: string, vlan: number, why: Blocked) => void): readonly Ear[] {
    const ears: Ear[] = [];
    for (const speaker of this.speakers.values())
      for (const message of messagesOf(speaker))
        for (const { hearer, hearing } of this.heardBy(speaker, message)) {
          const { kind, vlan } = hearing;
          if (kind === "tree") {
            ears.push({ speaker, saying: message.vlan, hearer, vlan });
            continue;
          }
          const toward = placeOf(speaker);
          const lines = [hearer, speaker].map(({ iface, port, isTrunk }) => {
            const pvid = port.pvid === null ? undefined : port.vlans.get(port.pvid);
            return (isTrunk && pvid?.because) || iface.because;
          });
          const because = lines.flatMap((line) => line ?? []);
          block(placeOf(hearer), vlan, { why: kind, toward, because });
          if (kind === "native-differs")
            block(placeOf(hearer), message.vlan, { why: kind, toward, because });
        }
    return ears;
  }

  private heardBy(
    speaker: Speaker,
    message: Message,
  ): { readonly hearer: Speaker; readonly hearing: Hearing }[] {
    const { device, iface } = speaker;
    const takes = (port: PortRef, frame: Frame) => {
      const there = this.speakers.get(`${port.node}:${port.port}`);
      return there !== undefined && !passesOn(there, message, frame);
    };
    return this.near.hearers(device, iface, message.frame, takes).flatMap(({ port, frame }) => {
      const hearer = this.speakers.get(`${port.node}:${port.port}`)!;
      const hearing = hears(hearer, message, frame);
      return hearing ? [{ hearer, hearing }] : [];
    });
  }

  // Every bridge in every VLAN, as a bridge of its tree.
  private treesOf(
    ears: readonly Ear[],
    blocked: ReadonlyMap<string, ReadonlyMap<number, Blocked>>,
  ): { bridges: TreeBridge[]; at: { device: string; vlan: number; ports: string[] }[] } {
    const nodes = new Map<string, Node>();
    for (const speaker of this.speakers.values())
      for (const [vlan, priority] of speaker.tree.priorities) {
        if (!speaker.port.vlans.has(vlan) || speaker.spanning.filtered) continue;
        if (blocked.get(placeOf(speaker))?.has(vlan)) continue;
        const key = keyOf(speaker, vlan);
        const node = nodes.get(key) ?? { speaker, vlan, priority, index: 0, ports: new Map() };
        nodes.set(key, node);
        node.ports.set(placeOf(speaker), {
          index: node.ports.size,
          port: { id: portId(speaker, vlan), cost: this.cost(speaker, vlan), hears: [] },
        });
      }
    const inOrder = [...nodes.values()].toSorted(
      (a, b) => a.priority - b.priority || a.speaker.tree.mac - b.speaker.tree.mac,
    );
    inOrder.forEach((node, index) => (node.index = index));
    for (const { speaker, saying, hearer, vlan } of ears) {
      const from = nodes.get(keyOf(speaker, saying));
      const port = from?.ports.get(placeOf(speaker));
      const ear = nodes.get(keyOf(hearer, vlan))?.ports.get(placeOf(hearer));
      if (from && port && ear) ear.port.hears.push({ bridge: from.index, port: port.index });
    }
    return {
      bridges: inOrder.map(({ ports }, id) => ({
        id,
        ports: [...ports.values()].map(({ port }) => port),
      })),
      at: inOrder.map(({ speaker, vlan, ports }) => ({
        device: speaker.device.name,
        vlan,
        ports: [...ports.keys()],
      })),
    };
  }

  // The slower end of a cable sets its speed.
  private cost({ device, iface, spanning, tree }: Speaker, vlan: number): number {
    const said = spanning.costs.get(vlan) ?? spanning.cost;
    if (said !== null) return said;
    const far = farPort(device, iface, this.near.wiring, this.near.ifaces);
    const there = far && this.speakers.get(`${far.node}:${far.port}`);
    const speed = Math.min(spanning.speed, there?.spanning.speed ?? spanning.speed);
    return costOf(speed, tree.longCosts);
  }
}

/** `hearer` hears in `vlan` what `speaker` says of `saying`. */
type Ear = {
  readonly speaker: Speaker;
  readonly saying: number;
  readonly hearer: Speaker;
  readonly vlan: number;
};

type GrowingPort = Omit<TreePort, "hears"> & { readonly hears: { bridge: number; port: number }[] };
type Node = {
  readonly speaker: Speaker;
  readonly vlan: number;
  readonly priority: number;
  index: number;
  readonly ports: Map<string, { readonly index: number; readonly port: GrowingPort }>;
};

function keyOf({ device, bridge }: Speaker, vlan: number): string {
  return `${device.name} ${bridge} ${vlan}`;
}

function placeOf({ device, iface }: Speaker): string {
  return `${device.name}:${iface.name}`;
}

function portId({ spanning }: Speaker, vlan: number): number {
  return (spanning.priorities.get(vlan) ?? spanning.priority) * 65_536 + spanning.number;
}

function isGuarded({ spanning, isTrunk }: Speaker): boolean {
  return !spanning.filtered && (isTrunk ? spanning.guarded.trunk : spanning.guarded.access);
}

function speakersOf(device: Device, { wiring }: Neighbourhood): Speaker[] {
  const trees = new Map(
    device.ifaces.flatMap(({ name, layer }) =>
      layer.kind === "bridge" && layer.spanning ? [[name, layer.spanning] as const] : [],
    ),
  );
  return device.ifaces.flatMap((iface): Speaker[] => {
    const { bridge } = iface;
    const tree = bridge && trees.get(bridge.name);
    if (!bridge?.spanning || !tree || !wiring.works(device.name, iface.name)) return [];
    const { port, spanning, trunking } = bridge;
    const isTrunk = port === trunking?.trunk;
    return [{ device, bridge: bridge.name, tree, iface, port, spanning, isTrunk }];
  });
}

function messagesOf({ tree, iface, port, spanning, isTrunk }: Speaker): Message[] {
  const smac = macNumber(iface.mac);
  if (spanning.filtered) return [];
  return [...port.vlans].flatMap(([vlan, { untagged }]): Message[] => {
    if (!tree.priorities.has(vlan)) return [];
    const standard = { vlan, names: null, frame: frameTo(STANDARD, smac, 0) };
    if (!isTrunk) return untagged ? [standard] : [];
    const own = { vlan, names: vlan, frame: frameTo(PER_VLAN, smac, untagged ? 0 : vlan + 1) };
    return vlan === 1 ? [standard, own] : [own];
  });
}

function frameTo(dmac: number, smac: number, tag: number): Frame {
  return { ethertype: 0, tag, inner: 0, dmac, smac };
}

// The VLAN that a message is in once it has come in by a port; `null` where the port does not take it.
function landsIn({ port, isTrunk }: Speaker, { names }: Message, { tag }: Frame): number | null {
  const vlan = names === null && isTrunk ? 1 : tag === 0 ? port.pvid : tag - 1;
  return vlan !== null && port.vlans.has(vlan) ? vlan : null;
}

// A bridge without a tree for a VLAN carries the messages about it like any frame.
function passesOn(speaker: Speaker, message: Message, frame: Frame): boolean {
  const vlan = landsIn(speaker, message, frame);
  return vlan !== null && !speaker.tree.priorities.has(vlan);
}

function hears(speaker: Speaker, message: Message, frame: Frame): Hearing | null {
  const vlan = landsIn(speaker, message, frame);
  if (vlan === null || speaker.spanning.filtered) return null;
  if (message.names === null) return { kind: "tree", vlan };
  if (!speaker.isTrunk) return { kind: "trunk-and-access", vlan };
  return { kind: message.names === vlan ? "tree" : "native-differs", vlan };
}
