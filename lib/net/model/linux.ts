import type { Span } from "../source/span.ts";
import type { Taint } from "./device.ts";
import { LinuxAddresses, NetworkCounts, type LinuxAddress } from "./linux-addresses.ts";
import {
  LinuxRoutes,
  type LinuxNextHop,
  type LinuxRoute,
  type RouteSelector,
  type RouteVerb,
} from "./linux-routes.ts";
import { ZERO, formatPrefix, lastOf, networkOf, type Ip, type Prefix } from "./prefix.ts";

/*
 * The state of one Linux network namespace, and what its kernel does to it (rules L1 to L14 of SPEC.md). Every
 * operation answers `null` when it was carried out, and otherwise the words in which the kernel or iproute2 refuses;
 * a refused operation leaves no trace.
 */

export type LinuxLink = {
  readonly name: string;
  readonly isPort: boolean;
  mac: string;
  mtu: number;
  up: boolean;
  /** The line that last set it up or down. */
  changed: Span | null;
  readonly addresses: LinuxAddresses;
  readonly losses: { what: string; why: "deleted" | "refused"; because: Span }[];
  rpFilter: number;
  proxyArp: boolean;
};

/** What a route is asked to be, before the kernel has found its device. */
export type RouteAsked = {
  readonly to: Prefix;
  readonly type: LinuxRoute["type"];
  readonly hops: readonly AskedHop[];
  readonly metric: number;
  readonly source: Ip | null;
};

export type AskedHop = {
  readonly link: string | null;
  readonly gateway: Ip | null;
  readonly onlink: boolean;
};

export type Refusal = string | null;

/** No namespace here has more routes or addresses than this. */
const LIMIT = 50_000;
const NETWORK_DOWN = "RTNETLINK answers: Network is down";
const BAD_GATEWAY = "Error: Nexthop has invalid gateway.";

export class LinuxState {
  readonly links = new Map<string, LinuxLink>();
  readonly taints: Taint[] = [];
  readonly routes = new LinuxRoutes();
  forwards: { on: boolean; because: Span | null } = { on: false, because: null };
  rpFilterAll = 0;
  proxyArpAll = false;
  /** The line after which there was no room for more. */
  overflow: Span | null = null;
  private readonly lo: LinuxLink;
  /** What the local table says: own addresses and networks of the loopback, and broadcasts of links that are up. */
  private readonly locals = new NetworkCounts();
  private readonly broadcasts = new NetworkCounts();
  private readonly owners = new Map<Ip, LinuxLink[]>();

  constructor(ports: readonly { readonly name: string; readonly mac: string }[]) {
    this.lo = freshLink("lo", "00:00:00:00:00:00", false);
    this.lo.up = true;
    this.links.set("lo", this.lo);
    for (const { name, mac } of ports) this.links.set(name, freshLink(name, mac, true));
    this.countLocal(this.lo, this.lo.addresses.add(0x7f000001 as Ip, 8, null)!, 1);
  }

  /** `ip addr add` (L1): the address is local at once; its network's route comes while the link is up. */
  addAddress(link: LinuxLink, ip: Ip, length: number, because: Span): Refusal {
    if (link.addresses.size >= LIMIT) return this.full(because);
    const address = link.addresses.add(ip, length, because);
    if (!address) return "RTNETLINK answers: File exists";
    this.countLocal(link, address, 1);
    if (link.up) this.addConnected(link, address);
    if (link.up) this.routes.linkUp(link.name);
    return null;
  }

  /** `ip addr del` (L2): a primary address takes its secondaries along, and the last one every route of the link. */
  removeAddress(link: LinuxLink, ip: Ip, length: number | null, because: Span): Refusal {
    const found = link.addresses.find(ip, length);
    if (!found) return "RTNETLINK answers: Cannot assign requested address";
    for (const one of link.addresses.remove(found)) this.forgetAddress(link, one, because);
    if (link.addresses.size === 0) this.routes.linkDown(link.name);
    return null;
  }

  flushAddresses(link: LinuxLink, because: Span): Refusal {
    for (let first = link.addresses.first(); first; first = link.addresses.first())
      this.removeAddress(link, first.ip, first.length, because);
    return null;
  }

  /** L3: up brings the connected routes; down takes every route of the link, and up does not bring those back. */
  setUp(link: LinuxLink, up: boolean, because: Span): Refusal {
    if (link.up === up && link.changed) return null;
    link.changed = because;
    if (link.up === up) return null;
    link.up = up;
    if (up) this.cameUp(link);
    else this.wentDown(link);
    return null;
  }

  /** A setting of one link, or of `all` (L11). */
  setOnLink(setting: "rp_filter" | "proxy_arp", name: string, value: number): void {
    const link = this.links.get(name);
    if (setting === "rp_filter" && link) link.rpFilter = value;
    else if (setting === "rp_filter") this.rpFilterAll = value;
    else if (link) link.proxyArp = value !== 0;
    else this.proxyArpAll = value !== 0;
  }

  private cameUp(link: LinuxLink): void {
    for (const address of link.addresses.all()) this.addConnected(link, address);
    this.routes.linkUp(link.name);
  }

  private wentDown(link: LinuxLink): void {
    this.routes.linkDown(link.name);
    for (const { ip, length } of link.addresses.all())
      if (length < 31) this.broadcasts.count(networkOf(lastOf(networkOf(ip, length)), 32), -1);
  }

  /** `ip route add`, `replace`, `change`, `append`, `prepend` (L4 to L8). */
  addRoute(how: RouteVerb, asked: RouteAsked, because: Span): Refusal {
    if (this.routes.size >= LIMIT) return this.full(because);
    const { to, type, metric, source } = asked;
    if (type !== "unicast" && asked.hops.length > 0)
      return "Error: Gateway, device and multipath can not be specified for this route type.";
    const hops: LinuxNextHop[] = [];
    for (const hop of asked.hops) {
      const found = this.nextHop(hop);
      if (typeof found === "string") return found;
      hops.push(found);
    }
    if (type === "unicast" && hops.length === 0) return "RTNETLINK answers: No such device";
    if (source !== null && !this.isLocal(source)) return "Error: Invalid prefsrc address.";
    return this.routes.insert(how, { to, type, hops, metric, source, because, proto: "boot" });
  }

  /** `ip route del` (L9): the first route that fits what was said. */
  removeRoute(asked: RouteSelector): Refusal {
    return this.routes.remove(asked) ? null : "RTNETLINK answers: No such process";
  }

  /** Whether a packet for `ip` is for this system: its addresses, and the networks of its loopback. */
  isLocal(ip: Ip): boolean {
    return this.locals.covers(ip);
  }

  // Find the link of a next hop as the kernel does (fib_check_nh, L5): a gateway must be a neighbour, or its own.
  private nextHop({ link: name, gateway, onlink }: AskedHop): LinuxNextHop | string {
    const link = name === null ? null : this.links.get(name);
    if (link === undefined) return `Cannot find device "${name}"`;
    const hop = { gateway, onlink, isOwn: false, isDead: false };
    if (gateway === null || gateway === ZERO) {
      if (!link) return "RTNETLINK answers: No such device";
      if (!link.up) return "Error: Device for nexthop is not up.";
      return { ...hop, link: link.name, gateway: null };
    }
    if (onlink) return this.refuseOnLink(link, gateway) ?? { ...hop, link: link!.name };
    const owner = this.ownerOf(gateway, link);
    if (owner) return owner.up ? { ...hop, link: owner.name, isOwn: true } : NETWORK_DOWN;
    if (!isUnicast(gateway) || this.broadcasts.covers(gateway)) return BAD_GATEWAY;
    const found = this.routes.neighborLink(gateway, link?.name ?? null);
    return found === null ? BAD_GATEWAY : { ...hop, link: found };
  }

  // Why a gateway is refused although no network is asked for.
  private refuseOnLink(link: LinuxLink | null, gateway: Ip): Refusal {
    if (!link) return "Error: Nexthop device required for onlink.";
    if (!link.up) return "Error: Nexthop device is not up.";
    const isOther =
      isUnicast(gateway) && !this.isLocal(gateway) && !this.broadcasts.covers(gateway);
    return isOther ? null : BAD_GATEWAY;
  }

  // The link whose own address `ip` is, the first that got it; `on` narrows it to one.
  private ownerOf(ip: Ip, on: LinuxLink | null): LinuxLink | null {
    const owners = this.owners.get(ip) ?? (this.isLocal(ip) ? [this.lo] : []);
    return owners.find((link) => on === null || link === on) ?? null;
  }

  private full(because: Span): Refusal {
    this.overflow ??= because;
    return "RTNETLINK answers: Cannot allocate memory";
  }

  private addConnected(link: LinuxLink, { ip, length, secondary, because }: LinuxAddress): void {
    const to = networkOf(ip, length);
    if (length < 31) this.broadcasts.count(networkOf(lastOf(to), 32), 1);
    if (length === 32 || link === this.lo || secondary || !canBeConnected(ip, to)) return;
    const hop = { link: link.name, gateway: null, isOwn: false, onlink: false, isDead: false };
    const common = { to, type: "unicast", hops: [hop], metric: 0 } as const;
    this.routes.insert("append", { ...common, source: ip, because, proto: "kernel" });
  }

  private forgetAddress(link: LinuxLink, address: LinuxAddress, because: Span): void {
    const { ip, length } = address;
    const what = formatPrefix({ first: ip, length });
    link.losses.push({ what, why: "deleted", because });
    const to = networkOf(ip, length);
    this.countLocal(link, address, -1);
    if (link.up && length < 31) this.broadcasts.count(networkOf(lastOf(to), 32), -1);
    this.routes.removeTo(
      to,
      (route) =>
        route.proto === "kernel" && route.hops[0]!.link === link.name && route.source === ip,
    );
    if (!this.isLocal(ip)) this.routes.sourceGone(ip);
  }

  // The network of an address of the loopback is local as a whole, that of another only where it is the address.
  private countLocal(link: LinuxLink, { ip, length }: LinuxAddress, by: 1 | -1): void {
    this.locals.count(networkOf(ip, link === this.lo ? length : 32), by);
    if (link === this.lo && length < 32) this.locals.count(networkOf(ip, 32), by);
    const owners = this.owners.get(ip) ?? [];
    if (by === 1) this.owners.set(ip, [...owners, link]);
    else this.owners.set(ip, owners.toSpliced(owners.indexOf(link), 1));
    if (this.owners.get(ip)!.length === 0) this.owners.delete(ip);
  }
}

// fib_add_ifaddr: a network of zeros gets no route, nor one whose own address could be no source.
function canBeConnected(ip: Ip, { first }: Prefix): boolean {
  return first >= 0x01000000 && isUnicast(ip);
}

function isUnicast(ip: Ip): boolean {
  return ip < 0xe0000000;
}

function freshLink(name: string, mac: string, isPort: boolean): LinuxLink {
  return {
    name,
    isPort,
    mac,
    mtu: name === "lo" ? 65_536 : 1500,
    up: false,
    changed: null,
    addresses: new LinuxAddresses(),
    losses: [],
    rpFilter: 0,
    proxyArp: false,
  };
}
