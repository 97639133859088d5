import type { Span } from "../../source/span.ts";
import type { Listener, NameTable, Relay, Taint } from "../device.ts";
import type { FilterTable } from "../packet-filter.ts";
import { ZERO, formatIp, lastOf, networkOf, type Ip, type Prefix } from "../prefix.ts";
import { NetworkCounts, type LinuxAddress } from "./addresses.ts";
import { LinuxLabels } from "./labels.ts";
import type { LinkSettings, LinuxLink } from "./link.ts";
import {
  LinuxRoutes,
  type LinuxNextHop,
  type LinuxRoute,
  type RouteSelector,
  type RouteVerb,
} from "./routes.ts";
import { everything, firstRules, MAIN, type LinuxRule } from "./rules.ts";

/** `null` when it was carried out; otherwise the words in which the kernel refuses, and nothing has changed. */
export type Refusal = string | null;

/** What a route is asked to be, before the kernel has found its link. */
export type RouteAsked = {
  readonly table: number;
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
  /** What is put on packets that go this way. */
  readonly labels?: readonly number[];
};

/** No namespace here has more routes, addresses or rules than this. */
const LIMIT = 50_000;
const NETWORK_DOWN = "RTNETLINK answers: Network is down";
const BAD_GATEWAY = "Error: Nexthop has invalid gateway.";

/** One network namespace: its links, addresses, routes, rules and filters, and what the kernel does to them (rules L1 to L14). */
export class Namespace {
  /** `""` is the system's own. */
  readonly name: string;
  readonly because: Span | null;
  readonly links = new Map<string, LinuxLink>();
  readonly tables = new Map<number, LinuxRoutes>([[MAIN, new LinuxRoutes()]]);
  readonly taints: Taint[] = [];
  readonly filters: FilterTable[] = [];
  readonly labels = new LinuxLabels();
  /** Links whose address is asked for, with the line. */
  readonly asks = new Map<LinuxLink, Span>();
  rules: LinuxRule[] = firstRules();
  forwards: { on: boolean; because: Span | null } = { on: false, because: null };
  /** Sysctls below `net.ipv4.conf.all`. */
  readonly all: LinkSettings = { rpFilter: 0, arpIgnore: 0, ignoreDead: 0, proxyArp: 0 };
  /** Whether bridged packets pass the filters of IPv4 (bridge-nf-call-iptables). */
  filtersBridged: { on: boolean; because: Span | null };
  /** tcp_l3mdev_accept, udp_l3mdev_accept. */
  readonly heardInVrfs = { tcp: false, udp: false };
  /** Servers that were started here; the lab may name others. */
  readonly listens: Listener[] = [];
  /** Programs that take connections for others. */
  readonly relays: Relay[] = [];
  /** Names that whoever runs here can ask for. */
  names: NameTable = new Map();
  /** Other names of the place, for those who share it. */
  readonly alsoCalled: string[] = [];
  /** Whether `ip netns` knows it by its name; what containers are in, it does not. */
  isNamed = true;
  /** The line after which there was no room for more. */
  overflow: Span | null = null;
  /** What the local table says: own addresses and networks of the loopback, and broadcasts of links that are up. */
  private readonly locals = new NetworkCounts();
  private readonly broadcasts = new NetworkCounts();
  private readonly owners = new Map<Ip, LinuxLink[]>();

  constructor(name: string, because: Span | null) {
    this.name = name;
    this.because = because;
    this.filtersBridged = { on: name !== "", because: null };
  }

  table(id: number): LinuxRoutes {
    const known = this.tables.get(id) ?? new LinuxRoutes();
    this.tables.set(id, known);
    return known;
  }

  /** Whether a packet for `ip` is for this system: its addresses, and the networks of its loopback. */
  isLocal(ip: Ip): boolean {
    return this.locals.covers(ip);
  }

  // ---- addresses

  /** `ip addr add` (L1): the address is local at once; its network's route comes while the link is up. */
  addAddress(
    link: LinuxLink,
    ip: Ip,
    length: number,
    because: Span | null,
    prefixRoute = true,
  ): Refusal {
    if (link.addresses.size >= LIMIT) return this.full(because);
    const address = link.addresses.add(ip, length, because, prefixRoute);
    if (!address) return "RTNETLINK answers: File exists";
    this.countLocal(link, address, 1);
    if (!link.up) return null;
    this.addConnected(link, address);
    for (const table of this.tables.values()) table.linkUp(link.name);
    return null;
  }

  /** `ip addr del` (L2): a primary address takes its secondaries along, and the last one every route of the link. */
  removeAddress(link: LinuxLink, ip: Ip, length: number | null, because: Span): Refusal {
    const found = link.addresses.find(ip, length);
    if (!found) return "RTNETLINK answers: Cannot assign requested address";
    for (const one of link.addresses.remove(found)) this.forget(link, one, because);
    if (link.addresses.size === 0)
      for (const table of this.tables.values()) table.linkDown(link.name);
    return null;
  }

  private forget(link: LinuxLink, address: LinuxAddress, because: Span): void {
    const { ip, length } = address;
    link.losses.push({ what: formatIp(ip), why: "deleted", because });
    const to = networkOf(ip, length);
    this.countLocal(link, address, -1);
    if (link.up && length < 31) this.countBroadcast(to, -1);
    this.table(this.tableOf(link)).removeTo(
      to,
      (route) =>
        route.proto === "kernel" && route.hops[0]!.link === link.name && route.source === ip,
    );
    if (!this.isLocal(ip)) for (const table of this.tables.values()) table.sourceGone(ip);
  }

  private addConnected(
    link: LinuxLink,
    { ip, length, secondary, because, prefixRoute }: LinuxAddress,
  ): void {
    const to = networkOf(ip, length);
    if (length < 31) this.countBroadcast(to, 1);
    if (length === 32 || isLoopback(link) || secondary || !prefixRoute || !canBeConnected(ip, to))
      return;
    const hop = {
      link: link.name,
      gateway: null,
      isOwn: false,
      onlink: false,
      isDead: false,
      labels: [],
    };
    const common = { to, type: "unicast", hops: [hop], metric: 0 } as const;
    const table = this.table(this.tableOf(link));
    table.insert("append", { ...common, source: ip, because, proto: "kernel" });
  }

  // A port of a VRF has its routes in the VRF's table.
  private tableOf(link: LinuxLink): number {
    if (link.kind.kind === "vrf") return link.kind.table;
    return link.master?.kind.kind === "vrf" ? link.master.kind.table : MAIN;
  }

  // The network of an address of the loopback is local as a whole, that of another only where it is the address.
  private countLocal(link: LinuxLink, { ip, length }: LinuxAddress, by: 1 | -1): void {
    this.locals.count(networkOf(ip, isLoopback(link) ? length : 32), by);
    if (isLoopback(link) && length < 32) this.locals.count(networkOf(ip, 32), by);
    const owners = this.owners.get(ip) ?? [];
    if (by === 1) this.owners.set(ip, [...owners, link]);
    else this.owners.set(ip, owners.toSpliced(owners.indexOf(link), 1));
    if (this.owners.get(ip)!.length === 0) this.owners.delete(ip);
  }

  private countBroadcast(net: Prefix, by: 1 | -1): void {
    this.broadcasts.count(networkOf(lastOf(net), 32), by);
  }

  // ---- links

  /** A link that was just made or has moved in. */
  takeIn(link: LinuxLink): Refusal {
    if (this.links.has(link.name)) return "RTNETLINK answers: File exists";
    link.namespace = this.name;
    this.links.set(link.name, link);
    for (const address of link.addresses.all()) this.countLocal(link, address, 1);
    return null;
  }

  /** A link that leaves or is deleted loses its addresses and routes. */
  letGo(link: LinuxLink, because: Span): void {
    this.setUp(link, false, because);
    for (const address of link.addresses.all()) {
      this.countLocal(link, address, -1);
      link.losses.push({ what: formatIp(address.ip), why: "moved", because });
    }
    for (let first = link.addresses.first(); first; first = link.addresses.first())
      link.addresses.remove(first);
    link.master = null;
    link.takesLabels = false;
    link.queues.root = null;
    link.queues.ingress = null;
    this.links.delete(link.name);
  }

  /** L3: up brings the connected routes; down takes every route of the link, and up does not bring those back. */
  setUp(link: LinuxLink, up: boolean, because: Span): Refusal {
    const { kind } = link;
    if (up && kind.kind === "vlan" && !kind.parent.up) return NETWORK_DOWN;
    if (link.up === up && link.changed) return null;
    link.changed = because;
    if (link.up === up) return null;
    link.up = up;
    if (up) this.cameUp(link);
    else this.wentDown(link);
    return null;
  }

  private cameUp(link: LinuxLink): void {
    for (const address of link.addresses.all()) this.addConnected(link, address);
    for (const table of this.tables.values()) table.linkUp(link.name);
  }

  private wentDown(link: LinuxLink): void {
    link.neighbors.clear(); // arp_ifdown: those written by hand, too.
    for (const table of this.tables.values()) table.linkDown(link.name);
    for (const { ip, length } of link.addresses.all())
      if (length < 31) this.countBroadcast(networkOf(ip, length), -1);
  }

  /** Become a port of `master`, or of nothing. Into or out of a VRF the addresses stay and the routes begin anew. */
  enslave(link: LinuxLink, master: LinuxLink | null, because: Span): Refusal {
    if (master === link) return "RTNETLINK answers: Too many levels of symbolic links";
    const changesTable = link.master?.kind.kind === "vrf" || master?.kind.kind === "vrf";
    const { changed } = link;
    const cycles = changesTable && link.up;
    if (cycles) this.setUp(link, false, because);
    link.master = master;
    link.masterBecause = master && because;
    if (cycles) this.setUp(link, true, because);
    link.changed = changed;
    return null;
  }

  rename(link: LinuxLink, name: string): Refusal {
    if (name.length > 15 || !/^[^\s/:]+$/.test(name) || name === "." || name === "..")
      return `Error: argument "${name}" is wrong: "name" not a valid ifname`;
    if (this.links.has(name)) return name === link.name ? null : "RTNETLINK answers: File exists";
    this.links.delete(link.name);
    for (const table of this.tables.values()) table.renamed(link.name, name);
    link.name = name;
    this.links.set(name, link);
    return null;
  }

  // ---- routes

  /** `ip route add`, `replace`, `change`, `append`, `prepend` (L4 to L8). */
  addRoute(how: RouteVerb, asked: RouteAsked, because: Span): Refusal {
    const table = this.table(asked.table);
    if (table.size >= LIMIT) return this.full(because);
    const { to, type, metric, source } = asked;
    if (type !== "unicast" && asked.hops.length > 0)
      return "Error: Gateway, device and multipath can not be specified for this route type.";
    const hops: LinuxNextHop[] = [];
    for (const hop of asked.hops) {
      const found = this.nextHop(hop, asked.table);
      if (typeof found === "string") return found;
      hops.push(found);
    }
    if (type === "unicast" && hops.length === 0) return "RTNETLINK answers: No such device";
    if (source !== null && !this.isLocal(source)) return "Error: Invalid prefsrc address.";
    return table.insert(how, { to, type, hops, metric, source, because, proto: "boot" });
  }

  /** `ip route del` (L9): the first route that fits what was said. */
  removeRoute(table: number, asked: RouteSelector): Refusal {
    return this.table(table).remove(asked) ? null : "RTNETLINK answers: No such process";
  }

  // Find the link of a next hop as the kernel does (fib_check_nh, L5): a gateway must be a neighbour, or its own.
  private nextHop(
    { link: name, gateway, onlink, labels = [] }: AskedHop,
    table: number,
  ): LinuxNextHop | string {
    const link = name === null ? null : this.links.get(name);
    if (link === undefined) return `Cannot find device "${name}"`;
    const hop = { gateway, onlink, isOwn: false, isDead: false, labels };
    if (gateway === null || gateway === ZERO) {
      if (!link) return "RTNETLINK answers: No such device";
      if (!link.up) return "Error: Device for nexthop is not up.";
      return { ...hop, link: link.name, gateway: null };
    }
    if (onlink) return this.refuseOnLink(link, gateway) ?? { ...hop, link: link!.name };
    const owner = this.ownerOf(gateway, link);
    if (owner) return owner.up ? { ...hop, link: owner.name, isOwn: true } : NETWORK_DOWN;
    if (!isUnicast(gateway) || this.broadcasts.covers(gateway)) return BAD_GATEWAY;
    const found = this.neighborLink(gateway, link?.name ?? null, table);
    return found === null ? BAD_GATEWAY : { ...hop, link: found };
  }

  /** The link that packets for a neighbour at `ip` leave by. */
  linkTo(ip: Ip): string | null {
    return this.neighborLink(ip, null, MAIN);
  }

  // The table that the route goes into is asked first, then the others.
  private neighborLink(gateway: Ip, link: string | null, table: number): string | null {
    for (const id of new Set([table, MAIN, ...this.tables.keys()])) {
      const found = this.tables.get(id)?.neighborLink(gateway, link);
      if (found != null) return found;
    }
    return null;
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
    const owners = this.owners.get(ip) ?? (this.isLocal(ip) ? [this.links.get("lo")!] : []);
    return owners.find((link) => on === null || link === on) ?? null;
  }

  private full(because: Span | null): Refusal {
    this.overflow ??= because;
    return "RTNETLINK answers: Cannot allocate memory";
  }

  // ---- rules

  addRule(rule: Omit<LinuxRule, "pref"> & { readonly pref: number | null }): Refusal {
    if (this.rules.length >= LIMIT) return "RTNETLINK answers: Cannot allocate memory";
    // Unsaid, it goes right before the first rule that is not the local one's.
    const pref = rule.pref ?? Math.max(0, (this.rules[1]?.pref ?? 32_766) - 1);
    const made = { ...rule, pref };
    const print = (one: LinuxRule) => JSON.stringify({ ...one, because: null });
    if (this.rules.some((one) => print(one) === print(made)))
      return "RTNETLINK answers: File exists";
    const at = this.rules.findIndex((one) => one.pref > pref);
    this.rules.splice(at === -1 ? this.rules.length : at, 0, made);
    return null;
  }

  removeRule(fits: (rule: LinuxRule) => boolean): Refusal {
    const at = this.rules.findIndex(fits);
    if (at === -1) return "RTNETLINK answers: No such file or directory";
    this.rules.splice(at, 1);
    return null;
  }

  /** The first VRF brings the rule that looks VRF packets up in their VRF's table. */
  addVrfRule(because: Span): void {
    if (this.rules.some((rule) => rule.action.kind === "vrf")) return;
    this.addRule({ ...everything(1000), action: { kind: "vrf" }, because });
  }
}

function isLoopback(link: LinuxLink): boolean {
  return link.kind.kind === "loopback";
}

// fib_add_ifaddr: a network of zeros gets no route, nor one whose own address could be no source.
function canBeConnected(ip: Ip, { first }: Prefix): boolean {
  return first >= 0x01000000 && isUnicast(ip);
}

function isUnicast(ip: Ip): boolean {
  return ip < 0xe0000000;
}
