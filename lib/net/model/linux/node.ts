import type { Span } from "../../source/span.ts";
import type { Ip } from "../prefix.ts";
import { freshLink, type LinkKind, type LinuxLink } from "./link.ts";
import { Namespace, type Refusal } from "./namespace.ts";
import type { VirtualSwitch } from "./switches.ts";

/** No system here has more links than this. */
const MOST_LINKS = 10_000;

/** A port that a machine starts with; `mtu` where it is told how long packets may be. */
export type MachinePort = {
  readonly name: string;
  readonly mac: string;
  readonly mtu?: { readonly size: number; readonly because: Span } | null;
};

/**
 * One Linux system: its namespaces and the links in them. Whatever makes networks on Linux, by hand or for others,
 * calls these operations and no other; each is refused in the kernel's or iproute2's words.
 */
export class LinuxNode {
  readonly namespaces = new Map<string, Namespace>([["", new Namespace("", null)]]);
  /** Those of Open vSwitch, by name; one database serves all namespaces. */
  readonly switches = new Map<string, VirtualSwitch>();
  private made = 0;
  private moved = 0;
  private readonly nextMac: () => string;

  constructor(ports: readonly MachinePort[], nextMac: () => string) {
    this.nextMac = nextMac;
    const root = this.root;
    this.addLoopback(root, true);
    for (const { name, mac, mtu } of ports) {
      const link = freshLink(name, "", { kind: "port", port: name }, mac, null);
      if (mtu) [link.mtu, link.mtuBecause] = [mtu.size, mtu.because];
      root.takeIn(link);
    }
  }

  /** Grows with every link that comes, by whatever way. */
  get linksMade(): number {
    return this.made + this.moved;
  }

  get root(): Namespace {
    return this.namespaces.get("")!;
  }

  *links(): Generator<LinuxLink> {
    for (const namespace of this.namespaces.values()) yield* namespace.links.values();
  }

  /** The namespace that `ip netns` has under this name. */
  named(name: string): Namespace | undefined {
    const namespace = this.namespaces.get(name);
    return namespace?.isNamed ? namespace : undefined;
  }

  /** A namespace without a name under /var/run/netns: a container's. As the kernel has it, settings of all links are the system's. */
  addContainer(name: string, because: Span): Namespace {
    const namespace = new Namespace(name, because);
    namespace.isNamed = false;
    namespace.forwards = this.root.forwards;
    Object.assign(namespace.all, this.root.all);
    this.namespaces.set(name, namespace);
    this.addLoopback(namespace, true);
    return namespace;
  }

  addNamespace(name: string, because: Span): Refusal {
    if (this.namespaces.has(name))
      return `Cannot create namespace file "/var/run/netns/${name}": File exists`;
    const namespace = new Namespace(name, because);
    this.namespaces.set(name, namespace);
    this.addLoopback(namespace, false);
    return null;
  }

  /** Its ports of the machine go back to the system; what was made is gone. */
  deleteNamespace(name: string, because: Span): Refusal {
    const namespace = this.namespaces.get(name);
    if (!namespace?.isNamed || name === "")
      return `Cannot remove namespace file "/var/run/netns/${name}": No such file or directory`;
    this.endNamespace(namespace, because);
    return null;
  }

  /** Whoever held the namespace is gone, and so is all that was in it. */
  endNamespace(namespace: Namespace, because: Span): void {
    for (const link of Array.from(namespace.links.values()))
      if (link.kind.kind === "port") this.move(link, this.root, because);
      else if (link.kind.kind === "internal") this.deleteInternal(link, because);
      else if (link.kind.kind !== "loopback") this.deleteLink(link, because);
    this.namespaces.delete(namespace.name);
  }

  addLink(
    namespace: Namespace,
    name: string,
    kind: LinkKind,
    mac: string | null,
    because: Span,
  ): Refusal {
    if (namespace.links.has(name)) return "RTNETLINK answers: File exists";
    if (this.made >= MOST_LINKS) return "RTNETLINK answers: Cannot allocate memory";
    const link = freshLink(name, namespace.name, kind, mac ?? this.macFor(kind), because);
    this.made++;
    if (kind.kind === "bridge") joinDefaultVlan(link, kind.defaultPvid, because);
    if (kind.kind === "vrf") namespace.addVrfRule(because);
    return namespace.takeIn(link);
  }

  /** Both ends of a veth pair, or neither. */
  addPair(
    near: { readonly namespace: Namespace; readonly name: string; readonly mac: string | null },
    far: { readonly namespace: Namespace; readonly name: string; readonly mac: string | null },
    because: Span,
  ): Refusal {
    const taken = near.namespace.links.has(near.name) || far.namespace.links.has(far.name);
    if (taken || (near.namespace === far.namespace && near.name === far.name))
      return "RTNETLINK answers: File exists";
    if (this.made >= MOST_LINKS) return "RTNETLINK answers: Cannot allocate memory";
    this.made += 2;
    const [kind, peerKind] = [
      { kind: "veth" as const, peer: null as LinuxLink | null },
      { kind: "veth" as const, peer: null as LinuxLink | null },
    ];
    const one = freshLink(
      near.name,
      near.namespace.name,
      kind,
      near.mac ?? this.nextMac(),
      because,
    );
    const other = freshLink(
      far.name,
      far.namespace.name,
      peerKind,
      far.mac ?? this.nextMac(),
      because,
    );
    kind.peer = other;
    peerKind.peer = one;
    near.namespace.takeIn(one);
    far.namespace.takeIn(other);
    return null;
  }

  /** A veth takes its peer along, a parent what stands on it; a bridge or VRF lets its ports go. */
  deleteLink(link: LinuxLink, because: Span): Refusal {
    if (["port", "loopback", "internal"].includes(link.kind.kind))
      return "RTNETLINK answers: Operation not supported";
    if (!this.namespaceOf(link).links.has(link.name)) return null;
    this.namespaceOf(link).letGo(link, because);
    for (const one of Array.from(this.links())) {
      if (one.master === link) this.namespaceOf(one).enslave(one, null, because);
      const { kind } = one;
      if ("parent" in kind && kind.parent === link) this.deleteLink(one, because);
    }
    if (link.kind.kind === "veth" && link.kind.peer) {
      const { peer } = link.kind;
      link.kind.peer = null;
      this.deleteLink(peer, because);
    }
    return null;
  }

  /** The stack's side of a switch's port goes with the port, wherever it is. */
  deleteInternal(link: LinuxLink, because: Span): void {
    this.namespaceOf(link).letGo(link, because);
    for (const one of Array.from(this.links()))
      if ("parent" in one.kind && one.kind.parent === link) this.deleteLink(one, because);
  }

  /** Into another namespace: down, and without addresses, routes and master. */
  move(link: LinuxLink, to: Namespace, because: Span): Refusal {
    if (link.kind.kind === "loopback" || link.kind.kind === "bridge" || link.kind.kind === "vrf")
      return "RTNETLINK answers: Invalid argument";
    const from = this.namespaceOf(link);
    if (from === to) return null;
    if (to.links.has(link.name)) return "RTNETLINK answers: File exists";
    this.moved++;
    from.letGo(link, because);
    for (const one of Array.from(this.links()))
      if (one.master === link) this.namespaceOf(one).enslave(one, null, because);
    return to.takeIn(link);
  }

  /** Up or down, with what stands on it: a VLAN's parent takes it down along. */
  setUp(link: LinuxLink, up: boolean, because: Span): Refusal {
    const refusal = this.namespaceOf(link).setUp(link, up, because);
    if (refusal || up) return refusal;
    for (const one of this.links())
      if (one.kind.kind === "vlan" && one.kind.parent === link && one.up)
        this.setUp(one, false, because);
    return null;
  }

  enslave(link: LinuxLink, master: LinuxLink | null, because: Span): Refusal {
    if (master && !["bridge", "vrf", "stand-in"].includes(master.kind.kind))
      return "RTNETLINK answers: Operation not supported";
    if (master?.kind.kind === "bridge" && ["bridge", "loopback"].includes(link.kind.kind))
      return link.kind.kind === "loopback"
        ? "Error: Device type not supported as a bridge port."
        : "Error: Can not enslave a bridge to a bridge.";
    const refusal = this.namespaceOf(link).enslave(link, master, because);
    if (refusal) return refusal;
    this.moved++;
    link.vlans.clear();
    link.bridgePort.pvid = null;
    // The default VLAN is joined whether or not the bridge looks at VLANs yet.
    if (master?.kind.kind === "bridge") joinDefaultVlan(link, master.kind.defaultPvid, because);
    return null;
  }

  namespaceOf(link: LinuxLink): Namespace {
    return this.namespaces.get(link.namespace)!;
  }

  private addLoopback(namespace: Namespace, up: boolean): void {
    const lo = freshLink("lo", namespace.name, { kind: "loopback" }, "00:00:00:00:00:00", null);
    lo.up = up;
    lo.addresses.add(0x7f000001 as Ip, 8, null);
    namespace.takeIn(lo);
  }

  private macFor(kind: LinkKind): string {
    // A VLAN has its parent's address, and so has an ipvlan.
    return kind.kind === "vlan" || kind.kind === "ipvlan" ? kind.parent.mac : this.nextMac();
  }
}

function joinDefaultVlan(link: LinuxLink, pvid: number, because: Span): void {
  if (pvid === 0) return;
  link.vlans.set(pvid, { untagged: true, because });
  link.bridgePort.pvid = pvid;
}
