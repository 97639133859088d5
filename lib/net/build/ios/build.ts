import type { IfaceAddress, Loss } from "../../model/device.ts";
import { IosAddresses, TableNetworks } from "../../model/ios-addresses.ts";
import { IosRoutes } from "../../model/ios-routes.ts";
import { freshLayer2, freshSwitching } from "../../model/ios-switching.ts";
import { freshServices } from "../../model/ios-services.ts";
import type { IosIface, IosRoute, IosState, IosVrf } from "../../model/ios.ts";
import type { LeaseAnswer } from "../../model/lease.ts";
import {
  BROADCAST,
  contains,
  EVERYWHERE,
  formatIp,
  formatPrefix,
  lastOf,
  maskLength,
  maskOf,
  networkOf,
  parseIp,
  samePrefix,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import type { NodeKind, PortSpec } from "../../model/topology.ts";
import { ifaceNamed, type IfaceName } from "../../parse/ios/arguments.ts";
import type { IosFile } from "../../parse/ios/parse.ts";
import type { Masked, Statement, StaticRouteSaid } from "../../parse/ios/statement.ts";
import { diagnostic, type Code, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { SwitchingBuilder } from "./switching.ts";
import { AccessLists } from "./access-lists.ts";
import { AddressPools } from "./dhcp.ts";
import { Gateways } from "./gateways.ts";
import { Translations } from "./nat.ts";
import type { Remarks } from "./remarks.ts";

/** No device here has more of anything than this; text that asks for more says so and stops. */
const LIMIT = { interfaces: 10_000, VRFs: 2_000, routes: 50_000 } as const;

/**
 * Carry out a start-up configuration on a device fresh from the factory: each statement in order, refused ones
 * with the device's words and without effect.
 */
export function buildIos(
  name: string,
  ports: readonly PortSpec[],
  files: readonly IosFile[],
  kind: NodeKind = "router",
  answerTo: (iface: string) => LeaseAnswer | undefined = () => undefined,
): { state: IosState; diagnostics: Diagnostic[] } {
  const state: IosState = {
    hostname: name,
    routing: { on: kind !== "switch", because: null },
    vrfs: new Map(),
    ifaces: new Map(
      ports.map((port) => [
        canonical(port.name),
        freshIface(canonical(port.name), true, kind === "switch"),
      ]),
    ),
    routes: new IosRoutes(),
    accessLists: new Map(),
    objectGroups: new Map(),
    nat: { pools: new Map(), statics: new Map(), dynamics: new Map() },
    tracked: new Map(),
    dhcp: { on: true, pools: new Map(), excluded: new Map() },
    taints: [],
    switching: freshSwitching(kind === "switch"),
  };
  const builder = new Builder(state);
  for (const file of files) for (const statement of file.statements) builder.take(statement);
  builder.askForAddresses(answerTo);
  return { state, diagnostics: builder.diagnostics };
}

/** A port's name in full, however the author spelt it; a name of no known kind stays as it is. */
export function canonical(port: string): string {
  return ifaceNamed(port)?.name ?? port;
}

function freshIface(name: string, isPort: boolean, switches = false): IosIface {
  return {
    name,
    short: ifaceNamed(name)?.short ?? name,
    isPort,
    vrf: null,
    vrfBecause: null,
    addresses: new IosAddresses(),
    up: true,
    downBecause: null,
    proxyArp: true,
    because: null,
    losses: [],
    layer2: freshLayer2(switches),
    services: freshServices(),
  };
}

type Lease = LeaseAnswer & { readonly kind: "lease" };

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  private iface: IosIface | null = null;
  private vrf: IosVrf | null = null;
  private readonly state: IosState;
  private readonly networks = new Map<string | null, TableNetworks<IosIface>>();
  private readonly byRd = new Map<string, IosVrf>();
  private readonly overfull = new Set<string>();
  private readonly tainted = new Set<string>();
  private readonly switching: SwitchingBuilder;
  // What `interface range` has opened.
  private range: readonly IosIface[] | null = null;

  private readonly accessLists: AccessLists;
  private readonly translations: Translations;
  private readonly gateways: Gateways;
  private readonly pools: AddressPools;

  constructor(state: IosState) {
    this.state = state;
    this.switching = new SwitchingBuilder({
      state,
      diagnostics: this.diagnostics,
      fresh: (name) => freshIface(name, false),
      taint: (iface, what, span) => this.taint(iface, { what, span }),
      takeAddresses: (iface, because) => {
        for (const address of iface.addresses.all()) this.lose(iface, address, "deleted", because);
      },
    });
    const remarks: Remarks = {
      say: (code, span, it) => this.say(code, span, it),
      taint: (iface, it) => this.taint(iface, it),
    };
    this.accessLists = new AccessLists(state, remarks);
    this.translations = new Translations(state, remarks);
    this.gateways = new Gateways(state, remarks);
    this.pools = new AddressPools(state, remarks);
  }

  take(it: Statement): void {
    if (it.kind === "switching" && it.it.what === "range") {
      const range = this.switching.range(it.it.names, it.it.at, this.iface?.name ?? null);
      this.range = range;
      if (range) this.iface = range[0]!;
      for (const iface of range ?? []) iface.because ??= it.span;
      return;
    }
    if (!it.each) this.range = null;
    for (const iface of this.range ?? [this.iface]) {
      this.iface = iface;
      this.carryOut(it);
    }
  }

  carryOut(it: Statement): void {
    switch (it.kind) {
      case "hostname":
        this.state.hostname = it.no ? "Router" : it.name;
        return;
      case "ip-routing":
        this.state.routing = { on: !it.no, because: it.span };
        return;
      case "interface":
        return this.openIface(it.iface, it.at, it.no, it.span);
      case "vrf":
        return it.no ? this.deleteVrf(it.name, it.span) : this.openVrf(it);
      case "rd":
        return this.setRd(it.no ? null : it.rd, it.span);
      case "address-family":
        return it.family === "ipv4" ? this.carryIpv4(!it.no, it.span) : undefined;
      case "forwarding":
        return this.bind(it.no ? null : it.vrf, it.at ?? it.span, it.span);
      case "address":
        return this.address(it);
      case "shutdown":
        return it.no ? this.enable(it.span) : this.disable(it.span);
      case "proxy-arp":
        if (this.iface) this.iface.proxyArp = !it.no;
        return;
      case "static-route":
        return it.no ? this.removeRoute(it) : this.addRoute(it, it.span);
      case "taint":
        return this.taint(it.scope === "interface" && this.iface ? this.iface.name : null, it);
      case "switching":
        return this.switching.carryOut(it.it, this.iface, it);
      case "access-list":
      case "access-entry":
      case "access-resequence":
      case "access-group":
      case "access-class":
      case "unreachables":
      case "object-group":
      case "network-member":
      case "service-member":
        return this.accessLists.carryOut(it, this.iface);
      case "nat-side":
      case "nat-pool":
      case "nat-static":
      case "nat-dynamic":
        return this.translations.carryOut(it, this.iface);
      case "gateway":
      case "gateway-version":
      case "track-object":
        return this.gateways.carryOut(it, this.iface);
      case "dhcp-client":
        if (this.iface && !it.no) this.removeAddress(this.iface, null, it.span);
        return this.pools.carryOut(it, this.iface);
      case "dhcp-service":
      case "dhcp-pool":
      case "dhcp-excluded":
      case "dhcp-network":
      case "dhcp-host":
      case "dhcp-mac":
      case "dhcp-router":
        return this.pools.carryOut(it, this.iface);
      case "inert":
        return;
    }
  }

  // The first line of its kind stands for those that follow.
  private taint(iface: string | null, { what, span }: { what: string; span: Span }): void {
    const key = `${iface} ${what}`;
    if (this.tainted.has(key)) return;
    this.tainted.add(key);
    this.state.taints.push({ iface, what, because: span });
  }

  private say<C extends Code>(code: C, span: Span, it: Parameters<typeof diagnostic<C>>[2]): void {
    this.diagnostics.push(diagnostic(code, span, it));
  }

  // What was left out may have mattered to anything.
  private tooMany(what: keyof typeof LIMIT, span: Span): void {
    if (this.overfull.has(what)) return;
    this.overfull.add(what);
    this.say("too-many", span, { what, limit: LIMIT[what] });
    this.state.taints.push({
      iface: null,
      what: `more than ${LIMIT[what]} ${what}`,
      because: span,
    });
  }

  /** Once all is said, those that ask for an address get the one that they are answered (DH1 to DH5). */
  askForAddresses(answerTo: (iface: string) => LeaseAnswer | undefined): void {
    for (const iface of this.state.ifaces.values()) {
      const { asks } = iface.services;
      const answer = asks && answerTo(iface.name);
      if (!asks || !answer) continue;
      if (answer.kind === "nobody") this.say("ios-dhcp-nobody", asks, { iface: iface.name });
      else if (answer.kind === "open")
        this.taint(iface.name, { what: `${answer.why}, when asked for an address`, span: asks });
      else this.takeAddress(iface, answer, asks);
    }
  }

  // The route by the router that was named is worse than any that someone wrote.
  private takeAddress(iface: IosIface, lease: Lease, span: Span): void {
    const mask = maskOf(lease.length);
    const address = { ip: lease.ip, mask, ipAt: span, maskAt: span };
    this.iface = iface;
    this.address({ kind: "address", no: false, span, address, secondary: false });
    iface.services.asks = span;
    if (lease.router === null) return;
    this.state.routes.add({
      table: iface.vrf,
      connected: false,
      to: EVERYWHERE,
      iface: null,
      gateway: lease.router,
      gatewayTable: iface.vrf,
      action: "forward",
      distance: 254,
      metric: 0,
      source: null,
      because: span,
    });
  }

  private openIface(named: IfaceName, at: Span, no: boolean, span: Span): void {
    const { ifaces } = this.state;
    const there = ifaces.get(named.name);
    const known = there ?? (no ? undefined : this.switching.interfaceNamed(named, at, span));
    if (known === "refused") return;
    if (no) {
      if (known?.isPort) this.say("ios-physical-interface", at, { name: known.name });
      else if (known) this.deleteIface(known, span);
      this.iface = null;
      return;
    }
    if (!known && named.kind !== "Loopback" && named.kind !== "Null") {
      if (named.kind === "Tunnel") {
        this.say("unsimulated", span, { what: `interface ${named.name}` });
        this.taint(null, { what: `interface ${named.name}`, span });
        this.iface = freshIface(named.name, false); // What follows is about it, and goes nowhere.
        return;
      }
      const ports = [...ifaces.values()].filter((one) => one.isPort).map((one) => one.name);
      this.say("ios-no-such-interface", at, {
        name: named.name,
        ports: ports.join(", ") || "none",
        stays: this.iface?.name ?? null,
      });
      return;
    }
    if (!there && ifaces.size >= LIMIT.interfaces) {
      this.iface = freshIface(named.name, false); // What follows is about it, and goes nowhere.
      return this.tooMany("interfaces", span);
    }
    const iface = known ?? freshIface(named.name, false);
    iface.because ??= span;
    ifaces.set(named.name, iface);
    this.iface = iface;
    this.vrf = null;
  }

  private openVrf(it: Statement & { kind: "vrf" }): void {
    const { vrfs } = this.state;
    const known = vrfs.get(it.name);
    if (known && known.spelling !== it.spelling)
      return this.say("ios-vrf-other-kind", it.span, { vrf: it.name, spelling: known.spelling });
    this.iface = null;
    this.vrf = known ?? {
      name: it.name,
      spelling: it.spelling,
      rd: null,
      ipv4: it.spelling === "ip vrf", // `ip vrf` knows nothing but IPv4.
      because: it.span,
    };
    // What follows is about the one that found no room, and goes nowhere.
    if (!known && vrfs.size >= LIMIT.VRFs) return this.tooMany("VRFs", it.span);
    vrfs.set(it.name, this.vrf);
  }

  private deleteVrf(name: string, span: Span): void {
    const vrf = this.state.vrfs.get(name);
    if (!vrf) return this.say("ios-no-vrf", span, { vrf: name });
    this.state.vrfs.delete(name);
    if (vrf.rd !== null) this.byRd.delete(vrf.rd);
    const bound = [...this.state.ifaces.values()].filter((iface) => iface.vrf === name);
    for (const iface of bound) {
      this.takeAddresses(iface, span);
      iface.vrf = null;
      iface.vrfBecause = null;
    }
    this.state.routes.removeTable(name);
    this.say("ios-vrf-deleted", span, {
      vrf: name,
      ifaces: bound.map((iface) => iface.name).join(", "),
    });
  }

  private carryIpv4(carries: boolean, span: Span): void {
    const { vrf } = this;
    if (!vrf) return;
    vrf.ipv4 = carries;
    if (carries) return;
    for (const iface of this.state.ifaces.values())
      if (iface.vrf === vrf.name) this.takeAddresses(iface, span);
  }

  private setRd(rd: string | null, span: Span): void {
    const { vrf } = this;
    if (!vrf) return;
    const owner = rd === null ? undefined : this.byRd.get(rd);
    if (rd !== null && owner && owner !== vrf)
      return this.say("ios-rd-taken", span, { rd, vrf: owner.name });
    if (rd !== null && vrf.rd !== null && vrf.rd !== rd)
      return this.say("ios-rd-set", span, { vrf: vrf.name, rd: vrf.rd });
    if (vrf.rd !== null) this.byRd.delete(vrf.rd);
    if (rd !== null && this.state.vrfs.has(vrf.name)) this.byRd.set(rd, vrf);
    vrf.rd = rd;
  }

  private bind(vrf: string | null, at: Span, span: Span): void {
    const { iface } = this;
    if (!iface) return;
    if (vrf !== null && !this.state.vrfs.has(vrf)) return this.say("ios-no-vrf", at, { vrf });
    if (iface.vrf === vrf) return;
    const named = vrf ?? iface.vrf!;
    const addresses = iface.addresses
      .all()
      .map((one) => formatIp(one.ip))
      .join(", ");
    if (this.takeAddresses(iface, span))
      this.say("ios-vrf-removed-address", span, {
        iface: iface.name,
        vrf: named,
        addresses,
        doing: vrf === null ? "disabling" : "enabling",
      });
    iface.vrf = vrf;
    iface.vrfBecause = vrf === null ? null : span;
  }

  private takeAddresses(iface: IosIface, because: Span): boolean {
    const gone = iface.addresses.all();
    for (const address of gone) this.lose(iface, address, "vrf-binding", because);
    return gone.length > 0;
  }

  private lose(iface: IosIface, address: IfaceAddress, why: Loss["why"], because: Span): void {
    this.drop(iface, address);
    iface.losses.push({ what: formatIp(address.ip), why, because });
  }

  private drop(iface: IosIface, address: IfaceAddress): void {
    iface.addresses.remove(address);
    this.networksOf(iface.vrf).count(iface, address, -1);
  }

  private deleteIface(iface: IosIface, because: Span): void {
    this.switching.deleted(iface, because);
    for (const address of iface.addresses.all()) this.drop(iface, address);
    this.state.ifaces.delete(iface.name);
  }

  private networksOf(vrf: string | null): TableNetworks<IosIface> {
    const known = this.networks.get(vrf);
    if (known) return known;
    const made = new TableNetworks<IosIface>();
    this.networks.set(vrf, made);
    return made;
  }

  private address(it: Statement & { kind: "address" }): void {
    const { iface } = this;
    if (!iface) return;
    if (it.no) {
      if (it.address === null) iface.services.asks = null;
      return this.removeAddress(iface, it.address, it.span);
    }
    const refused = this.refuseAddress(iface, it.address!, it.secondary, it.span);
    if (refused) {
      iface.losses.push({ what: formatIp(it.address!.ip), why: refused, because: it.span });
      return;
    }
    const address: IfaceAddress = {
      ip: it.address!.ip,
      length: maskLength(it.address!.mask)!,
      secondary: it.secondary,
      because: it.span,
    };
    if (!it.secondary) iface.services.asks = null;
    for (const replaced of iface.addresses.replacedBy(address)) this.drop(iface, replaced);
    iface.addresses.add(address);
    this.networksOf(iface.vrf).count(iface, address, 1);
  }

  private removeAddress(iface: IosIface, address: Masked | null, span: Span): void {
    const named = address && iface.addresses.find(address.ip);
    if (named && !named.secondary && iface.addresses.size > 1)
      return this.say("ios-secondary-left", address.ipAt, { iface: iface.name });
    const gone = address ? (named ? [named] : []) : iface.addresses.all();
    for (const one of gone) this.lose(iface, one, "deleted", span);
  }

  // Says why the address is refused and answers the kind of loss, or `null` when it is taken.
  private refuseAddress(
    iface: IosIface,
    { ip, mask, ipAt, maskAt }: Masked,
    secondary: boolean,
    span: Span,
  ): "refused" | "overlap" | null {
    if (this.switching.refusesAddress(iface, span)) return "refused";
    const length = maskLength(mask);
    const text = formatIp(ip);
    if (length === null || length === 0) {
      this.say("ios-bad-mask", maskAt, { mask: formatIp(mask), ip: text, length: null });
      return "refused";
    }
    if (!isUnicast(ip)) {
      this.say("ios-bad-address", ipAt, { ip: text });
      return "refused";
    }
    const net = networkOf(ip, length);
    if (length < 31 && (ip === net.first || ip === lastOf(net))) {
      this.say("ios-bad-mask", maskAt, { mask: formatIp(mask), ip: text, length });
      return "refused";
    }
    const vrf = iface.vrf === null ? undefined : this.state.vrfs.get(iface.vrf);
    if (vrf && !vrf.ipv4) {
      this.say("ios-vrf-no-ipv4", span, { iface: iface.name, vrf: vrf.name });
      return "refused";
    }
    if (secondary && iface.addresses.find(ip)?.secondary === false) {
      this.say("ios-secondary-primary", ipAt, { ip: text, iface: iface.name });
      return "refused";
    }
    if (secondary && iface.addresses.size === 0) {
      this.say("ios-secondary-first", span, { iface: iface.name });
      return "refused";
    }
    const other = this.overlapping(iface, { ip, length, secondary });
    if (other && other.up && iface.up) {
      this.say("ios-overlap", span, {
        net: formatIp(net.first),
        iface: other.name,
        vrf: iface.vrf,
      });
      return "overlap";
    }
    return null;
  }

  // The interface of the same table that has an overlapping network, itself included for secondaries.
  private overlapping(
    iface: IosIface,
    address: Pick<IfaceAddress, "ip" | "length" | "secondary">,
  ): IosIface | null {
    const net = networkOf(address.ip, address.length);
    const replaced = iface.addresses
      .replacedBy(address)
      .map((one) => networkOf(one.ip, one.length));
    for (const { net: other, owners } of this.networksOf(iface.vrf).overlapping(net)) {
      for (const owner of owners.keys()) if (owner !== iface) return owner;
      // A secondary may share its interface's network, as long as the mask is the same.
      if (samePrefix(net, other)) continue;
      const left = owners.get(iface)! - replaced.filter((one) => samePrefix(one, other)).length;
      if (left > 0) return iface;
    }
    return null;
  }

  private enable(span: Span): void {
    const { iface } = this;
    if (!iface || iface.up) return;
    for (const address of iface.addresses.all()) {
      const other = this.overlapping(iface, address);
      if (!other || !other.up || other === iface) continue;
      const net = formatIp(networkOf(address.ip, address.length).first);
      return this.say("ios-overlap-shutdown", span, { net, iface: other.name, self: iface.name });
    }
    iface.up = true;
    iface.downBecause = null;
  }

  private disable(span: Span): void {
    if (!this.iface) return;
    this.iface.up = false;
    this.iface.downBecause = span;
  }

  private addRoute(it: StaticRouteSaid, span: Span): void {
    const route = this.routeOf(it, span);
    if (!route) return;
    if (
      route.gateway !== null &&
      route.iface === null &&
      this.isOwn(route.gateway, route.gatewayTable)
    )
      return this.say("ios-next-hop-self", it.next!.at, { ip: formatIp(route.gateway) });
    if (this.state.routes.size >= LIMIT.routes) return this.tooMany("routes", span);
    this.state.routes.add(route);
  }

  // `no ip route` without a next hop removes every route to the network.
  private removeRoute(it: StaticRouteSaid): void {
    const to = this.prefixOf(it.to);
    if (!to) return;
    const gone = this.state.routes.remove(
      it.vrf?.name ?? null,
      to,
      (one) =>
        (!it.iface || goesBy(one, it.iface.name)) && (!it.next || one.gateway === it.next.ip),
    );
    if (gone === 0) this.say("ios-no-such-route", it.to.ipAt, { to: formatPrefix(to) });
  }

  private routeOf(it: StaticRouteSaid, span: Span): IosRoute | null {
    const to = this.prefixOf(it.to);
    if (!to) return null;
    if (it.vrf && !this.state.vrfs.has(it.vrf.name)) {
      this.say("ios-no-vrf", it.vrf.at, { vrf: it.vrf.name });
      return null;
    }
    const iface = it.iface && !isNull(it.iface.name) ? it.iface.name.name : null;
    if (iface !== null && !this.state.ifaces.has(iface)) {
      const ports = [...this.state.ifaces.keys()].join(", ");
      this.say("ios-no-such-interface", it.iface!.at, { name: iface, ports, stays: null });
      return null;
    }
    const table = it.vrf?.name ?? null;
    // C14: on a wire that many share, a VRF's route must say who is to be asked.
    if (it.vrf && iface !== null && !it.next && isShared(it.iface!.name)) {
      this.say("ios-vrf-route-next-hop", it.iface!.at, { vrf: it.vrf.name, iface });
      return null;
    }
    return {
      table,
      connected: false,
      to,
      iface,
      gateway: it.next?.ip ?? null,
      gatewayTable: it.global ? null : table,
      action: it.iface && isNull(it.iface.name) ? "discard" : "forward",
      distance: it.distance,
      metric: 0,
      source: null,
      because: span,
    };
  }

  // The network that a route is to; says what is wrong with it where something is.
  private prefixOf({ ip, mask, ipAt, maskAt }: Masked): Prefix | null {
    const length = maskLength(mask);
    if (length === null) {
      this.say("ios-bad-mask", maskAt, { mask: formatIp(mask), ip: formatIp(ip), length });
      return null;
    }
    const to = networkOf(ip, length);
    if (to.first === ip) return to;
    const it = { net: formatIp(ip), mask: formatIp(mask), wanted: formatPrefix(to) };
    this.say("ios-inconsistent-mask", ipAt, it);
    return null;
  }

  private isOwn(ip: Ip, table: string | null): boolean {
    for (const iface of this.networksOf(table).ownersOf(ip)) if (iface.up) return true;
    return false;
  }
}

function isNull(iface: IfaceName): boolean {
  return iface.kind === "Null";
}

function goesBy(route: IosRoute, iface: IfaceName): boolean {
  return isNull(iface) ? route.action === "discard" : route.iface === iface.name;
}

// Neither a line between two nor the device's own making.
function isShared({ kind }: IfaceName): boolean {
  return !["Serial", "Tunnel", "Loopback", "Null"].includes(kind);
}

const multicast = { first: parseIp("224.0.0.0")!, length: 3 };
const loopback = { first: parseIp("127.0.0.0")!, length: 8 };
const nowhere = { first: parseIp("0.0.0.0")!, length: 8 };

function isUnicast(ip: Ip): boolean {
  return ip !== BROADCAST && ![multicast, loopback, nowhere].some((range) => contains(range, ip));
}
