import type { LinuxLink } from "../../model/linux/link.ts";
import { mtuOf } from "../../model/linux/mtu.ts";
import type { DirectMode } from "../../parse/libvirt/domain.ts";
import type { NetworkDefinition, PortSettings } from "../../parse/libvirt/network.ts";
import type { Unsimulated } from "../../parse/libvirt/known.ts";
import { diagnostic } from "../../source/diagnostic.ts";
import type { Session } from "../shell/build.ts";
import { LibvirtRefused, type Card, type NetworkState, type Nic, type Plug } from "./machine.ts";
import { makesBridge } from "./networks.ts";
import { plugIntoSwitch, unplugFromSwitch } from "./switch.ts";

/** Where a card goes, found out before anything is plugged in. */
type Destination =
  | {
      readonly kind: "bridge";
      readonly bridge: string;
      readonly isolated: boolean;
      readonly port: PortSettings;
      readonly mtu: number | null;
    }
  | { readonly kind: "direct"; readonly dev: string; readonly mode: DirectMode }
  | { readonly kind: "alone" }
  | { readonly kind: "open"; readonly what: string };

/** Plugs network cards into bridges and devices of one host. */
export class Patchbay {
  private readonly session: Session;
  private readonly networks: ReadonlyMap<string, NetworkState>;
  /** libvirt counts on and gives no number twice. */
  private taps = 0;
  private shares = 0;

  constructor(session: Session, networks: ReadonlyMap<string, NetworkState>) {
    this.session = session;
    this.networks = networks;
  }

  /** Plug all of a machine's cards in, or none when one is refused. */
  plugAll(machine: string, nics: readonly Nic[], firstNumber: number): Card[] {
    const cards: Card[] = [];
    const uses = [...this.networks.values()].flatMap(({ active }) =>
      active ? [{ active, before: [...active.uses] }] : [],
    );
    try {
      const ways = nics.map((nic) => this.destinationOf(nic));
      nics.forEach((nic, at) => {
        const name = `eth${firstNumber + at}`;
        cards.push(this.plug(machine, name, nic, ways[at]!));
      });
    } catch (problem) {
      for (const card of cards) this.unplug(card);
      for (const { active, before } of uses) {
        active.uses.clear();
        for (const [dev, count] of before) active.uses.set(dev, count);
      }
      throw problem;
    }
    return cards;
  }

  unplug({ plug, nic }: Card): void {
    if (plug.kind === "nothing") return;
    if (plug.kind === "tap" && plug.onSwitch) unplugFromSwitch(this.session, plug.link, nic.span);
    this.session.linux.deleteLink(plug.link, nic.span);
    if (plug.kind !== "direct") return;
    if (plug.mode === "passthrough") plug.parent.mac = plug.mac;
    if (nic.type !== "network") return;
    const uses = this.networks.get(nic.source ?? "")?.active?.uses;
    uses?.set(plug.parent.name, Math.max(0, (uses.get(plug.parent.name) ?? 0) - 1));
  }

  private plug(machine: string, name: string, nic: Nic, way: Destination): Card {
    const unsimulated = [...nic.unsimulated];
    const plug = this.plugInto(machine, name, nic, way, unsimulated);
    return { name, nic, plug, isLinked: nic.isLinked, unsimulated };
  }

  // ---- where to

  private destinationOf(nic: Nic): Destination {
    switch (nic.type) {
      case "network":
        return this.inNetwork(nic);
      case "bridge":
        return this.onBridge(nic, nic.source!, nic, nic.isolated, null);
      case "direct":
        return this.onDevice(nic, nic, nic.source!, nic.mode);
      case "ethernet":
        refuseVlans(nic, nic);
        return { kind: "alone" };
      default:
        if (nic.type !== "hostdev") refuseVlans(nic, nic);
        return { kind: "open", what: `A network card of type ${nic.type}` };
    }
  }

  private inNetwork(nic: Nic): Destination {
    const state = this.networks.get(nic.source!);
    if (!state)
      throw new LibvirtRefused(
        `Network not found: no network with matching name '${nic.source}'`,
        nic.sourceSpan,
      );
    if (!state.active)
      throw new LibvirtRefused(
        `Requested operation is not valid: network '${nic.source}' is not active`,
        nic.sourceSpan,
      );
    const { definition } = state.active;
    const port = portOf(nic, definition);
    const isolated = nic.isolated || definition.isolated;
    const { mode } = definition.forward;
    if (makesBridge(definition) && port.virtualPort)
      throw new LibvirtRefused(
        `unsupported configuration: <virtualport type='${port.virtualPort.type}'> not supported for network '${nic.source}' which uses IP forwarding`,
        port.virtualPort.span,
      );
    if (makesBridge(definition) || (mode === "bridge" && definition.bridge !== null))
      return this.onBridge(nic, state.bridge!, port, isolated, definition.mtu);
    if (mode === "hostdev") return { kind: "open", what: "A network of forward mode hostdev" };
    return this.onPool(nic, state, port);
  }

  private onBridge(
    nic: Nic,
    bridge: string,
    port: PortSettings,
    isolated: boolean,
    mtu: number | null,
  ): Destination {
    if (port.virtualPort?.type !== "openvswitch") refuseVlans(nic, port);
    if (port.virtualPort && port.virtualPort.type !== "openvswitch")
      return { kind: "open", what: `A virtual port of type ${port.virtualPort.type}` };
    return { kind: "bridge", bridge, isolated, port, mtu: nic.mtu ?? mtu };
  }

  // networkAllocatePort: the device with the fewest guests, or one that has none.
  private onPool(nic: Nic, { active, definition }: NetworkState, port: PortSettings): Destination {
    const { devs, mode, span } = active!.definition.forward;
    const uses = active!.uses;
    const [first] = devs.toSorted((a, b) => (uses.get(a) ?? 0) - (uses.get(b) ?? 0));
    if (first === undefined)
      throw new LibvirtRefused(
        `internal error: network '${definition.name}' uses a direct mode, but has no forward dev and no interface pool`,
        span,
      );
    if (mode === "passthrough" && (uses.get(first) ?? 0) > 0)
      throw new LibvirtRefused(
        `internal error: network '${definition.name}' requires exclusive access to interfaces, but none are available`,
        nic.sourceSpan,
      );
    uses.set(first, (uses.get(first) ?? 0) + 1);
    return this.onDevice(nic, port, first, mode as DirectMode);
  }

  // A device that is handed on whole may put tags on itself, if its card can.
  private onDevice(nic: Nic, port: PortSettings, dev: string, mode: DirectMode): Destination {
    if (port.vlans && mode === "passthrough")
      return { kind: "open", what: "A VLAN on a device that is handed on" };
    refuseVlans(nic, port);
    if (port.virtualPort)
      return { kind: "open", what: `A virtual port of type ${port.virtualPort.type}` };
    return { kind: "direct", dev, mode };
  }

  // ---- the plug

  private plugInto(
    machine: string,
    name: string,
    nic: Nic,
    way: Destination,
    unsimulated: Unsimulated[],
  ): Plug {
    switch (way.kind) {
      case "open":
        this.leaveOpen(nic, way.what);
        unsimulated.push({ what: way.what, span: nic.span });
        return { kind: "nothing" };
      case "alone":
        return { kind: "tap", link: this.tapFor(machine, name, nic), onSwitch: false };
      case "bridge": {
        const what = this.ontoBridge(machine, name, nic, way);
        if (what.open) unsimulated.push(what.open);
        const onSwitch = way.port.virtualPort !== null;
        return { kind: "tap", link: what.link, onSwitch };
      }
      case "direct":
        return this.shareOf(nic, way);
    }
  }

  // Whoever has the card may be anywhere, and so the host is open, too; only a card of type user lets nobody in.
  private leaveOpen(nic: Nic, what: string): void {
    const where = { namespace: this.session.linux.root, vrf: null };
    const letsNobodyIn = nic.type === "user" && nic.unsimulated.length === 0;
    if (!letsNobodyIn) this.session.unsimulated(what, nic.span, where);
    else this.session.note(diagnostic("unsimulated", nic.span, { what }));
  }

  private ontoBridge(
    machine: string,
    name: string,
    nic: Nic,
    way: Destination & { kind: "bridge" },
  ): { link: LinuxLink; open: Unsimulated | null } {
    const { linux } = this.session;
    if (way.port.virtualPort?.type === "openvswitch") {
      const link = this.tapFor(machine, name, nic);
      try {
        return { link, open: plugIntoSwitch(this.session, way.bridge, link, way.port, nic.span) };
      } catch (problem) {
        linux.deleteLink(link, nic.span);
        throw problem;
      }
    }
    const bridge = linux.root.links.get(way.bridge);
    if (!bridge)
      throw new LibvirtRefused(
        `Cannot get interface MTU on '${way.bridge}': No such device`,
        nic.sourceSpan,
      );
    const link = this.tapFor(machine, name, nic);
    link.mtu = way.mtu ?? mtuOf(bridge, linux.root.links.values()).mtu;
    link.mtuBecause = way.mtu === null ? null : nic.span;
    const refusal =
      bridge.kind.kind === "bridge"
        ? linux.enslave(link, bridge, nic.span)
        : "RTNETLINK answers: Operation not supported";
    if (refusal) {
      linux.deleteLink(link, nic.span);
      throw new LibvirtRefused(
        `Unable to add bridge ${way.bridge} port ${link.name}: ${refusal.replace(/^RTNETLINK answers: /, "")}`,
        nic.sourceSpan,
      );
    }
    link.bridgePort.isolated = way.isolated;
    return { link, open: null };
  }

  // A tap of the host, which is up; its MAC address is the card's with another first byte (V9).
  private tapFor(machine: string, name: string, nic: Nic): LinuxLink {
    const { linux } = this.session;
    const guest = { machine, port: name };
    const taken = nic.target === null ? null : linux.root.links.get(nic.target);
    if (!nic.isManaged) {
      if (taken?.kind.kind !== "tap")
        throw new LibvirtRefused(
          "internal error: target managed='no' but specified dev doesn't exist",
          nic.span,
        );
      taken.kind.guest = guest;
      return taken;
    }
    if (taken)
      throw new LibvirtRefused(
        `Requested operation is not valid: The ${nic.target} interface already exists`,
        nic.span,
      );
    if (nic.target !== null && nic.target.length > 15)
      throw new LibvirtRefused(
        `Network interface name '${nic.target}' is too long: Numerical result out of range`,
        nic.span,
      );
    const link = this.newLink(nic.target ?? this.nextTap(), nic, hostMac(nic.mac));
    if (link.kind.kind === "tap") link.kind.guest = guest;
    return link;
  }

  private nextTap(): string {
    for (;;) {
      const name = `vnet${this.taps++}`;
      if (!this.session.linux.root.links.has(name)) return name;
    }
  }

  private newLink(name: string, nic: Nic, mac: string, parent?: LinuxLink): LinuxLink {
    const { linux } = this.session;
    const kind = { kind: "tap" as const, guest: null, ...(parent && { parent }) };
    const refusal = linux.addLink(linux.root, name, kind, mac, nic.span);
    if (refusal)
      throw new LibvirtRefused(
        `Unable to create tap device ${name}: ${refusal.replace(/^RTNETLINK answers: /, "")}`,
        nic.span,
      );
    const link = linux.root.links.get(name)!;
    linux.setUp(link, true, nic.span);
    return link;
  }

  private shareOf(nic: Nic, { dev, mode }: Destination & { kind: "direct" }): Plug {
    const { linux } = this.session;
    const parent = linux.root.links.get(dev);
    if (!parent)
      throw new LibvirtRefused(
        `Unable to get index for interface ${dev}: No such device`,
        nic.sourceSpan,
      );
    const name = `macvtap${this.shares++}`;
    const refusal = refusedShare(linux.links(), parent, mode);
    if (refusal)
      throw new LibvirtRefused(
        `error creating macvtap interface ${name}@${dev} (${nic.mac}): ${refusal}`,
        nic.sourceSpan,
      );
    const link = this.newLink(name, nic, nic.mac, parent);
    // The device below goes up with it, and one that is handed on whole takes the guest's address (V10).
    linux.setUp(parent, true, nic.span);
    const { mac } = parent;
    if (mode === "passthrough") parent.mac = nic.mac;
    return { kind: "direct", link, parent, mode, mac };
  }
}

// macvlan_common_newlink: a device that a bridge has is not shared, and one that is handed on whole has one share.
function refusedShare(
  links: Iterable<LinuxLink>,
  parent: LinuxLink,
  mode: DirectMode,
): string | null {
  if (parent.kind.kind === "loopback") return "Invalid argument";
  if (parent.master?.kind.kind === "bridge") return "Device or resource busy";
  const sharing = [...links].filter(
    ({ kind }) => "parent" in kind && kind.parent === parent && kind.kind !== "vlan",
  );
  if (sharing.length === 0) return null;
  const isWhole = parent.mac === sharing[0]!.mac;
  return mode === "passthrough" || isWhole ? "Invalid argument" : null;
}

// virNetDevTapCreate: a guest's own address must not be the host's.
function hostMac(mac: string): string {
  return `${mac.startsWith("fe") ? "fa" : "fe"}${mac.slice(2)}`;
}

// What the card says goes before what its group says, and that before the network.
function portOf(nic: Nic, network: NetworkDefinition): PortSettings {
  const group =
    nic.portgroup === null
      ? network.groups.find(({ isDefault }) => isDefault)
      : network.groups.find(({ name }) => name === nic.portgroup);
  return {
    vlans: nic.vlans ?? group?.vlans ?? network.port.vlans,
    virtualPort: nic.virtualPort ?? group?.virtualPort ?? network.port.virtualPort,
  };
}

function refuseVlans(nic: Nic, { vlans }: PortSettings): void {
  if (vlans)
    throw new LibvirtRefused(
      `unsupported configuration: interface ${nic.mac} - vlan tag not supported for this connection type`,
      vlans.span,
    );
}
