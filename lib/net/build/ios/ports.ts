import type { BridgePort, Iface, IfaceLayer, Taint, WrittenRoute } from "../../model/device.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import type { IosSwitchport } from "../../model/ios-switching.ts";
import { macNumber } from "../../model/network.ts";
import { EVERYWHERE, type Ip } from "../../model/prefix.ts";
import type { Bundling, SpanningPort, Trunking } from "../../model/switching.ts";
import { ifaceNamed } from "../../parse/ios/arguments.ts";
import type { Span } from "../../source/span.ts";
import { isSwitched, PROTOCOL } from "./switching.ts";

/** The one bridge of a switch, which has no name in its language. */
const BRIDGE = "switch";

type LowerIface = Pick<Iface, "layer" | "bridge" | "mac" | "isPort" | "enabled"> &
  Partial<Pick<Iface, "bundling">>;

/** What stands below the interfaces of an IOS device: cables, VLANs, bundles and its bridge. */
export class IosPorts {
  private readonly node: string;
  private readonly state: IosState;
  private readonly macs: ReadonlyMap<string, string>;
  private readonly mac: string;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly members: ReadonlyMap<string, readonly IosIface[]>;

  constructor(node: string, state: IosState, macs: ReadonlyMap<string, string>) {
    this.node = node;
    this.state = state;
    this.macs = macs;
    // SW1: the lowest of its ports' addresses is the switch's own.
    this.mac = [...macs.values()].toSorted()[0] ?? "";
    const all = [...state.ifaces.values()];
    this.numbers = new Map(all.toSorted(inPortOrder).map(({ name }, at) => [name, at + 1]));
    this.members = Map.groupBy(
      all.filter((one) => one.layer2.group),
      (one) => `Port-channel${one.layer2.group!.number}`,
    );
  }

  lower(iface: IosIface): LowerIface {
    const layer = this.layerOf(iface);
    const bundle = this.bundleOf(iface);
    const bundling = bundle && this.bundlingOf(iface, bundle);
    return {
      layer,
      isPort: layer.kind !== "nothing",
      mac: this.macOf(iface, layer),
      enabled: iface.up && (bundle?.up ?? true),
      bridge: isSwitched(iface) ? this.bridgeOf(iface) : null,
      ...(bundling && { bundling }),
    };
  }

  private macOf(iface: IosIface, layer: IfaceLayer): string {
    const own = this.macs.get(iface.name);
    if (own !== undefined) return own;
    if (layer.kind === "bundle") return this.macs.get(layer.members[0] ?? "") ?? this.mac;
    if (layer.kind !== "tagged") return "";
    const parent = this.state.ifaces.get(layer.parent.iface);
    return parent ? this.macOf(parent, this.layerOf(parent)) : this.mac;
  }

  private layerOf(iface: IosIface): IfaceLayer {
    const { layer2, name } = iface;
    const on = (parent: string) => ({ device: this.node, iface: parent });
    if (iface.isPort) return { kind: "cable" };
    if (layer2.parent !== null && layer2.tag) {
      const { vlan, native } = layer2.tag;
      return { kind: "tagged", parent: on(layer2.parent), vlan, ...(native && { untagged: true }) };
    }
    const named = ifaceNamed(name);
    if (named?.kind === "Vlan" && this.state.switching.isSwitch)
      return { kind: "tagged", parent: on(BRIDGE), vlan: Number(named.number) };
    if (named?.kind === "Port-channel")
      return {
        kind: "bundle",
        members: (this.members.get(name) ?? []).map((one) => one.name).toSorted(byNumber),
      };
    return { kind: "nothing" };
  }

  // ---- the bridge of a switch

  /** The switch's bridge, as an interface of its own; nothing on a router. */
  bridges(): Iface[] {
    const { switching, ifaces } = this.state;
    if (!switching.isSwitch) return [];
    const { vlans, tree } = switching;
    const own = [...ifaces.values()].flatMap((iface) => {
      const named = ifaceNamed(iface.name);
      const vlan = Number(named?.number);
      if (named?.kind !== "Vlan" || !vlans.has(vlan)) return [];
      return [[vlan, { untagged: false, because: iface.because }] as const];
    });
    const treed = [...vlans.keys()].filter((vlan) => !tree.off.has(vlan));
    return [
      {
        name: BRIDGE,
        short: BRIDGE,
        isPort: true,
        layer: {
          kind: "bridge",
          vlanAware: true,
          own: { ...PLAIN, vlans: new Map(own), pvid: null },
          vlans,
          spanning: {
            mac: macNumber(this.mac || "0"),
            priorities: new Map(
              treed.map((vlan) => [vlan, (tree.priorities.get(vlan) ?? 32_768) + vlan]),
            ),
            longCosts: tree.long,
            open: this.openTrees(),
          },
        },
        bridge: null,
        mac: this.mac,
        ownsNetworks: false,
        table: null,
        enabled: true,
        disabledBecause: null,
        addresses: [],
        proxyArp: false,
        answersForItselfOnly: false,
        sourceCheck: "none",
        because: null,
        tableBecause: null,
        losses: [],
      },
    ];
  }

  // What may change the trees of other switches, too.
  private openTrees(): Taint[] {
    const { vtp } = this.state.switching;
    const spreads = vtp.spreads && vtp.domain !== null && vtp.because !== null;
    return [
      ...this.state.taints.filter(({ what }) => what.startsWith("spanning-tree")),
      ...(spreads ? [{ iface: null, what: "vtp domain", because: vtp.because! }] : []),
    ];
  }

  private bridgeOf(iface: IosIface): NonNullable<Iface["bridge"]> {
    const port = iface.layer2.switchport!;
    const trunking = this.trunkingOf(port);
    return {
      name: BRIDGE,
      port: port.mode.value === "trunk" ? trunking.trunk : trunking.access,
      because: iface.because,
      trunking,
      spanning: this.spanningOf(iface),
    };
  }

  private trunkingOf(port: IosSwitchport): Trunking {
    return {
      wants: port.mode.value,
      negotiates: port.negotiates && port.mode.value !== "access",
      domain: this.state.switching.vtp.domain,
      access: this.accessPort(port),
      trunk: this.trunkPort(port),
    };
  }

  // SW4: frames of its VLAN leave without a tag; with that tag they are taken, too.
  private accessPort(port: IosSwitchport): BridgePort {
    const { vlans } = this.state.switching;
    const { access, voice } = port;
    const carried: [number, { untagged: boolean; because: Span | null }][] = [];
    if (voice.value !== null && vlans.has(voice.value))
      carried.push([voice.value, { untagged: false, because: voice.because }]);
    if (vlans.has(access.value))
      carried.push([access.value, { untagged: true, because: access.because }]);
    return { ...this.common(port), vlans: new Map(carried), pvid: access.value };
  }

  private trunkPort(port: IosSwitchport): BridgePort {
    const { native, allowed } = port;
    const carried = [...this.state.switching.vlans.keys()]
      .filter((vlan) => allowed.value.some(([low, high]) => vlan >= low && vlan <= high))
      .map((vlan) => {
        const untagged = vlan === native.value;
        return [vlan, { untagged, because: untagged ? native.because : allowed.because }] as const;
      });
    return {
      ...this.common(port),
      vlans: new Map(carried),
      pvid: native.value,
      allowedBecause: allowed.because,
    };
  }

  private common({ isolated, floods }: IosSwitchport): Omit<BridgePort, "vlans" | "pvid"> {
    return { ...PLAIN, isolated, flood: floods };
  }

  // ---- spanning tree

  private spanningOf(iface: IosIface): SpanningPort {
    const { tree, speed } = iface.layer2;
    const { edges, guards } = this.state.switching.tree;
    const guard = (isEdge: boolean) => tree.guard ?? (guards && isEdge);
    const isEdge = tree.edge === "access" || tree.edge === "trunk";
    return {
      number: this.numbers.get(iface.name)!,
      priority: tree.priority ?? 128,
      priorities: tree.priorities,
      speed: speed ?? SPEEDS[ifaceNamed(iface.name)?.kind ?? "Ethernet"] ?? 10,
      cost: tree.cost,
      costs: tree.costs,
      filtered: tree.filter,
      guarded: {
        access: guard(isEdge || (edges && tree.edge !== "never")),
        trunk: guard(tree.edge === "trunk"),
      },
      because: iface.because,
    };
  }

  // ---- bundles

  private bundleOf({ layer2 }: IosIface): IosIface | null {
    if (!layer2.group) return null;
    return this.state.ifaces.get(`Port-channel${layer2.group.number}`) ?? null;
  }

  private bundlingOf(iface: IosIface, bundle: IosIface): Bundling {
    const { mode, because } = iface.layer2.group!;
    return {
      into: bundle.name,
      protocol: PROTOCOL[mode],
      begins: mode === "active" || mode === "desirable",
      misfit: looksOf(iface) !== looksOf(bundle),
      standsAlone: PROTOCOL[mode] === "pagp",
      because,
    };
  }

  // ---- a device that does not route

  /** SW9: without routing no route counts. The gateway by default does; without one every address is asked for. */
  hostRoutes(): WrittenRoute[] {
    const { gateway } = this.state.switching;
    const route = { table: null, connected: false, to: EVERYWHERE, gatewayTable: null, action: "forward", distance: 1, metric: 0, source: null } as const; // prettier-ignore
    if (gateway)
      return [{ ...route, iface: null, gateway: gateway.ip as Ip, because: gateway.because }];
    return [...this.state.ifaces.values()]
      .filter((one) => one.addresses.size > 0 && ifaceNamed(one.name)?.kind !== "Loopback")
      .map(({ name, addresses }) => {
        const [first] = addresses.all();
        return { ...route, iface: name, gateway: null, because: first!.because };
      });
  }
}

const PLAIN = { isolated: false, hairpin: false, learning: true, flood: true } as const;

/** In megabits, as a port of each kind has it unless told otherwise. */
const SPEEDS: Readonly<Record<string, number>> = {
  Ethernet: 10,
  FastEthernet: 100,
  GigabitEthernet: 1_000,
  TenGigabitEthernet: 10_000,
  TwentyFiveGigE: 25_000,
  FortyGigabitEthernet: 40_000,
  HundredGigE: 100_000,
};

// Ports of one bundle must look alike.
function looksOf({ layer2 }: IosIface): string {
  const port = layer2.switchport;
  if (!port || port.routes.value) return "routes";
  const { mode, access, native, allowed } = port;
  if (mode.value === "access") return `access ${access.value}`;
  return [mode.value, mode.value === "trunk" ? "" : access.value, native.value, allowed.value.join(";")].join(" "); // prettier-ignore
}

const ORDER = Object.keys(SPEEDS);

// As a switch numbers its ports: slower kinds first, bundles last.
function inPortOrder(a: IosIface, b: IosIface): number {
  const rank = ({ name }: IosIface) => {
    const at = ORDER.indexOf(ifaceNamed(name)?.kind ?? "");
    return at === -1 ? ORDER.length : at;
  };
  return rank(a) - rank(b) || byNumber(a.name, b.name);
}

function byNumber(a: string, b: string): number {
  const parts = (name: string) => (name.match(/\d+/g) ?? []).map(Number);
  const [mine, others] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(mine.length, others.length); at++) {
    const apart = (mine[at] ?? -1) - (others[at] ?? -1);
    if (apart !== 0) return apart;
  }
  return 0;
}
