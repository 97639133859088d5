import type { IfaceAddress } from "../../model/device.ts";
import type { IosIface, IosRoute, IosState, IosVrf } from "../../model/ios.ts";
import {
  BROADCAST,
  contains,
  formatIp,
  formatPrefix,
  lastOf,
  maskLength,
  networkOf,
  overlaps,
  parseIp,
  samePrefix,
  type Ip,
} from "../../model/prefix.ts";
import type { PortSpec } from "../../model/topology.ts";
import { ifaceNamed, type IfaceName } from "../../parse/ios/arguments.ts";
import type { IosFile } from "../../parse/ios/parse.ts";
import type { Masked, Statement, StaticRouteSaid } from "../../parse/ios/statement.ts";
import { diagnostic, type Code, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";

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
): { state: IosState; diagnostics: Diagnostic[] } {
  const state: IosState = {
    hostname: name,
    routing: { on: true, because: null },
    vrfs: new Map(),
    ifaces: new Map(
      ports.map((port) => [canonical(port.name), freshIface(canonical(port.name), true)]),
    ),
    routes: new Map(),
    taints: [],
  };
  const builder = new Builder(state);
  for (const file of files) for (const statement of file.statements) builder.carryOut(statement);
  return { state, diagnostics: builder.diagnostics };
}

/** A port's name in full, however the author spelt it; a name of no known kind stays as it is. */
export function canonical(port: string): string {
  return ifaceNamed(port)?.name ?? port;
}

function freshIface(name: string, isPort: boolean): IosIface {
  return {
    name,
    short: ifaceNamed(name)?.short ?? name,
    isPort,
    vrf: null,
    vrfBecause: null,
    addresses: [],
    up: true,
    downBecause: null,
    proxyArp: true,
    because: null,
    losses: [],
  };
}

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  private iface: IosIface | null = null;
  private vrf: IosVrf | null = null;
  private readonly state: IosState;

  constructor(state: IosState) {
    this.state = state;
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
        if (this.vrf && it.family === "ipv4") this.vrf.ipv4 = !it.no;
        return;
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
        this.state.taints.push({
          iface: it.scope === "interface" && this.iface ? this.iface.name : null,
          what: it.what,
          because: it.span,
        });
        return;
      case "inert":
        return;
    }
  }

  private say<C extends Code>(code: C, span: Span, it: Parameters<typeof diagnostic<C>>[2]): void {
    this.diagnostics.push(diagnostic(code, span, it));
  }

  private openIface(named: IfaceName, at: Span, no: boolean, span: Span): void {
    const { ifaces } = this.state;
    const known = ifaces.get(named.name);
    if (no) {
      if (known && !known.isPort) ifaces.delete(named.name);
      else if (known) ifaces.set(named.name, { ...freshIface(named.name, true), because: span });
      this.iface = null;
      return;
    }
    if (!known && named.kind !== "Loopback" && named.kind !== "Null") {
      if (named.number.includes(".") || ["Vlan", "Port-channel", "Tunnel"].includes(named.kind)) {
        this.say("unsimulated", span, { what: `interface ${named.name}` });
        this.state.taints.push({ iface: null, what: `interface ${named.name}`, because: span });
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
    if (!known && ifaces.size >= LIMIT.interfaces) {
      this.say("too-many", span, { what: "interfaces", limit: LIMIT.interfaces });
      return;
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
    if (!known && vrfs.size >= LIMIT.VRFs)
      return this.say("too-many", it.span, { what: "VRFs", limit: LIMIT.VRFs });
    this.vrf = known ?? {
      name: it.name,
      spelling: it.spelling,
      rd: null,
      ipv4: it.spelling === "ip vrf", // `ip vrf` knows nothing but IPv4.
      because: it.span,
    };
    this.iface = null;
    vrfs.set(it.name, this.vrf);
  }

  private deleteVrf(name: string, span: Span): void {
    if (!this.state.vrfs.delete(name)) return this.say("ios-no-vrf", span, { vrf: name });
    const bound = [...this.state.ifaces.values()].filter((iface) => iface.vrf === name);
    for (const iface of bound) {
      this.takeAddresses(iface, span);
      iface.vrf = null;
      iface.vrfBecause = null;
    }
    this.forgetRoutes((route) => route.table === name);
    this.say("ios-vrf-deleted", span, {
      vrf: name,
      ifaces: bound.map((iface) => iface.name).join(", "),
    });
  }

  private setRd(rd: string | null, span: Span): void {
    const { vrf } = this;
    if (!vrf) return;
    const owner = [...this.state.vrfs.values()].find((one) => one.rd === rd && one !== vrf);
    if (rd !== null && owner) return this.say("ios-rd-taken", span, { rd, vrf: owner.name });
    if (rd !== null && vrf.rd !== null && vrf.rd !== rd)
      return this.say("ios-rd-set", span, { vrf: vrf.name, rd: vrf.rd });
    vrf.rd = rd;
  }

  private bind(vrf: string | null, at: Span, span: Span): void {
    const { iface } = this;
    if (!iface) return;
    if (vrf !== null && !this.state.vrfs.has(vrf)) return this.say("ios-no-vrf", at, { vrf });
    if (iface.vrf === vrf) return;
    const named = vrf ?? iface.vrf!;
    const addresses = iface.addresses.map((one) => formatIp(one.ip)).join(", ");
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
    for (const { ip } of iface.addresses)
      iface.losses.push({ what: formatIp(ip), why: "vrf-binding", because });
    const had = iface.addresses.length > 0;
    iface.addresses = [];
    return had;
  }

  private address(it: Statement & { kind: "address" }): void {
    const { iface } = this;
    if (!iface) return;
    if (it.no) return this.removeAddress(iface, it.address, it.span);
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
    const others = iface.addresses.filter(
      (one) => one.ip !== address.ip && (it.secondary || one.secondary),
    );
    iface.addresses = it.secondary ? [...others, address] : [address, ...others];
  }

  private removeAddress(iface: IosIface, address: Masked | null, span: Span): void {
    const gone = iface.addresses.filter((one) => !address || one.ip === address.ip);
    for (const { ip } of gone)
      iface.losses.push({ what: formatIp(ip), why: "deleted", because: span });
    iface.addresses = iface.addresses.filter((one) => !gone.includes(one));
  }

  // Says why the address is refused and answers the kind of loss, or `null` when it is taken.
  private refuseAddress(
    iface: IosIface,
    { ip, mask, ipAt, maskAt }: Masked,
    secondary: boolean,
    span: Span,
  ): "refused" | "overlap" | null {
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
    if (secondary && iface.addresses.length === 0) {
      this.say("ios-secondary-first", span, { iface: iface.name });
      return "refused";
    }
    const other = this.overlapping(iface, { ip, length }, secondary);
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

  // The interface of the same table that has an address of the same network, itself included for secondaries.
  private overlapping(
    iface: IosIface,
    { ip, length }: { ip: Ip; length: number },
    secondary: boolean,
  ): IosIface | null {
    const net = networkOf(ip, length);
    for (const one of this.state.ifaces.values()) {
      if (one.vrf !== iface.vrf) continue;
      const clash = one.addresses.some((address) => {
        const its = networkOf(address.ip, address.length);
        if (one !== iface) return overlaps(net, its);
        const isReplaced = secondary ? address.ip === ip : !address.secondary;
        // A secondary may share its interface's network, as long as the mask is the same.
        return !isReplaced && overlaps(net, its) && !samePrefix(net, its);
      });
      if (clash) return one;
    }
    return null;
  }

  private enable(span: Span): void {
    const { iface } = this;
    if (!iface || iface.up) return;
    for (const address of iface.addresses) {
      const other = this.overlapping(iface, address, address.secondary);
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
    if (this.state.routes.size >= LIMIT.routes)
      return this.say("too-many", span, { what: "routes", limit: LIMIT.routes });
    this.state.routes.set(routeKey(route), route);
  }

  // `no ip route` without a next hop removes every route to the network.
  private removeRoute(it: StaticRouteSaid): void {
    const length = maskLength(it.to.mask);
    if (length === null) return;
    const to = networkOf(it.to.ip, length);
    this.forgetRoutes(
      (one) =>
        one.table === (it.vrf?.name ?? null) &&
        samePrefix(one.to, to) &&
        (!it.iface || one.iface === it.iface.name.name || isNull(it.iface.name)) &&
        (!it.next || one.gateway === it.next.ip),
    );
  }

  private forgetRoutes(gone: (route: IosRoute) => boolean): void {
    for (const [key, route] of this.state.routes) if (gone(route)) this.state.routes.delete(key);
  }

  private routeOf(it: StaticRouteSaid, span: Span): IosRoute | null {
    const length = maskLength(it.to.mask);
    const mask = formatIp(it.to.mask);
    if (length === null) {
      this.say("ios-bad-mask", it.to.maskAt, { mask, ip: formatIp(it.to.ip), length });
      return null;
    }
    const to = networkOf(it.to.ip, length);
    if (to.first !== it.to.ip) {
      this.say("ios-inconsistent-mask", it.to.ipAt, {
        net: formatIp(it.to.ip),
        mask,
        wanted: formatPrefix(to),
      });
      return null;
    }
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

  private isOwn(ip: Ip, table: string | null): boolean {
    return [...this.state.ifaces.values()].some(
      (iface) => iface.vrf === table && iface.up && iface.addresses.some((one) => one.ip === ip),
    );
  }
}

function isNull(iface: IfaceName): boolean {
  return iface.kind === "Null";
}

// The same destination by the same way is the same route, whatever its distance.
function routeKey({ table, to, iface, gateway, gatewayTable, action }: IosRoute): string {
  return JSON.stringify([table, to.first, to.length, iface, gateway, gatewayTable, action]);
}

const multicast = { first: parseIp("224.0.0.0")!, length: 3 };
const loopback = { first: parseIp("127.0.0.0")!, length: 8 };
const nowhere = { first: parseIp("0.0.0.0")!, length: 8 };

function isUnicast(ip: Ip): boolean {
  return ip !== BROADCAST && ![multicast, loopback, nowhere].some((range) => contains(range, ip));
}
