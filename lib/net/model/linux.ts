import type { Span } from "../source/span.ts";
import type { Taint } from "./device.ts";
import {
  contains,
  formatPrefix,
  lastOf,
  networkOf,
  samePrefix,
  type Ip,
  type Prefix,
} from "./prefix.ts";

/*
 * The state of one Linux network namespace, and what its kernel does to it (Linux 6.1). Every operation answers
 * `null` when it was carried out, and otherwise the words in which the kernel or iproute2 refuses; a refused
 * operation leaves no trace.
 */

export type LinuxLink = {
  name: string;
  readonly isPort: boolean;
  mac: string;
  mtu: number;
  up: boolean;
  /** The line that last set it up or down. */
  changed: Span | null;
  addresses: LinuxAddress[];
  readonly losses: { what: string; why: "deleted" | "refused"; because: Span }[];
  rpFilter: number;
};

export type LinuxAddress = {
  readonly ip: Ip;
  readonly length: number;
  readonly secondary: boolean;
  readonly because: Span | null;
};

export type LinuxRoute = {
  readonly to: Prefix;
  readonly type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "throw";
  readonly hops: readonly LinuxNextHop[];
  readonly metric: number;
  readonly source: Ip | null;
  readonly because: Span | null;
  readonly proto: "kernel" | "boot";
};

export type LinuxNextHop = { readonly link: string; readonly gateway: Ip | null };

/** What a route is asked to be, before the kernel has found its device. */
export type RouteAsked = {
  readonly to: Prefix;
  readonly type: LinuxRoute["type"];
  readonly hops: readonly { link: string | null; gateway: Ip | null; onlink: boolean }[];
  readonly metric: number;
  readonly source: Ip | null;
};

export type Refusal = string | null;

/** No namespace here has more routes or addresses than this. */
const LIMIT = 50_000;

export class LinuxState {
  readonly links = new Map<string, LinuxLink>();
  readonly taints: Taint[] = [];
  routes: LinuxRoute[] = [];
  forwards: { on: boolean; because: Span | null } = { on: false, because: null };
  rpFilterAll = 0;

  constructor(ports: readonly { readonly name: string; readonly mac: string }[]) {
    this.links.set("lo", freshLink("lo", "00:00:00:00:00:00", false));
    const lo = this.links.get("lo")!;
    lo.up = true;
    lo.addresses = [{ ip: 0x7f000001 as Ip, length: 8, secondary: false, because: null }];
    for (const { name, mac } of ports) this.links.set(name, freshLink(name, mac, true));
  }

  /** `ip addr add`: the address is local at once; its network's route comes while the link is up. */
  addAddress(link: LinuxLink, ip: Ip, length: number, because: Span): Refusal {
    if (link.addresses.some((one) => one.ip === ip && one.length === length))
      return "RTNETLINK answers: File exists";
    if (link.addresses.length >= LIMIT) return "RTNETLINK answers: Cannot allocate memory";
    const net = networkOf(ip, length);
    const secondary = link.addresses.some(
      (one) => !one.secondary && samePrefix(networkOf(one.ip, one.length), net),
    );
    const address = { ip, length, secondary, because };
    link.addresses = [...link.addresses, address];
    if (link.up) this.addConnected(link, address);
    return null;
  }

  /** `ip addr del`: a primary address takes its secondaries along, and the last one every route of the link. */
  removeAddress(link: LinuxLink, ip: Ip, length: number | null, because: Span): Refusal {
    const found = link.addresses.find(
      (one) => one.ip === ip && (length === null || one.length === length),
    );
    if (!found) return "RTNETLINK answers: Cannot assign requested address";
    const net = networkOf(found.ip, found.length);
    const gone = link.addresses.filter(
      (one) =>
        one === found ||
        (!found.secondary && one.secondary && samePrefix(networkOf(one.ip, one.length), net)),
    );
    link.addresses = link.addresses.filter((one) => !gone.includes(one));
    for (const one of gone) this.forgetAddress(link, one, because);
    if (link.addresses.length === 0) this.dropRoutesOf(link.name);
    return null;
  }

  flushAddresses(link: LinuxLink, because: Span): Refusal {
    while (link.addresses[0])
      this.removeAddress(link, link.addresses[0].ip, link.addresses[0].length, because);
    return null;
  }

  /** Up brings the connected routes; down takes every route of the link, and up does not bring those back. */
  setUp(link: LinuxLink, up: boolean, because: Span): Refusal {
    link.changed = because;
    if (link.up === up) return null;
    link.up = up;
    if (up) for (const address of link.addresses) this.addConnected(link, address);
    else this.dropRoutesOf(link.name);
    return null;
  }

  rename(link: LinuxLink, name: string): Refusal {
    if (name.length > 15 || !/^[^\s/]+$/.test(name) || name === "." || name === "..")
      return `Error: argument "${name}" is wrong: "name" not a valid ifname`;
    if (this.links.has(name)) return "RTNETLINK answers: File exists";
    const old = link.name;
    this.links.delete(old);
    link.name = name;
    this.links.set(name, link);
    this.routes = this.routes.map((route) => ({
      ...route,
      hops: route.hops.map((hop) => (hop.link === old ? { ...hop, link: name } : hop)),
    }));
    return null;
  }

  /** `ip route add`, `replace`, `change`, `append`, `prepend`. */
  addRoute(
    how: "add" | "replace" | "change" | "append" | "prepend",
    asked: RouteAsked,
    because: Span,
  ): Refusal {
    if (this.routes.length >= LIMIT) return "RTNETLINK answers: Cannot allocate memory";
    const hops: LinuxNextHop[] = [];
    for (const hop of asked.hops) {
      const found = this.nextHop(hop);
      if (typeof found === "string") return found;
      hops.push(found);
    }
    if (asked.type === "unicast" && hops.length === 0) return "RTNETLINK answers: No such device";
    if (asked.source !== null && !this.isLocal(asked.source))
      return "Error: Invalid prefsrc address.";
    const { to, type, metric, source } = asked;
    const route: LinuxRoute = { to, type, hops, metric, source, because, proto: "boot" };
    const same = this.routes.findIndex(
      (one) => samePrefix(one.to, route.to) && one.metric === route.metric,
    );
    switch (how) {
      case "add":
        if (same !== -1) return "RTNETLINK answers: File exists";
        this.routes = [...this.routes, route];
        return null;
      case "change":
        if (same === -1) return "RTNETLINK answers: No such file or directory";
        this.routes = this.routes.with(same, route);
        return null;
      case "replace":
        this.routes = same === -1 ? [...this.routes, route] : this.routes.with(same, route);
        return null;
      case "prepend":
        this.routes = [route, ...this.routes];
        return null;
      case "append":
        this.routes = [...this.routes, route];
        return null;
    }
  }

  /** `ip route del`: the first route that fits what was said. */
  removeRoute(asked: {
    to: Prefix;
    link: string | null;
    gateway: Ip | null;
    metric: number | null;
    type: LinuxRoute["type"] | null;
  }): Refusal {
    const at = this.routes.findIndex(
      (one) =>
        samePrefix(one.to, asked.to) &&
        (asked.metric === null || one.metric === asked.metric) &&
        (asked.type === null || one.type === asked.type) &&
        (asked.gateway === null || one.hops.some((hop) => hop.gateway === asked.gateway)) &&
        (asked.link === null || one.hops.some((hop) => hop.link === asked.link)),
    );
    if (at === -1) return "RTNETLINK answers: No such process";
    this.routes = this.routes.filter((_, index) => index !== at);
    return null;
  }

  flushRoutes(fits: (route: LinuxRoute) => boolean): void {
    this.routes = this.routes.filter((route) => !fits(route));
  }

  isLocal(ip: Ip): boolean {
    for (const link of this.links.values())
      if (
        link.addresses.some(
          (one) =>
            one.ip === ip || (link.name === "lo" && contains(networkOf(one.ip, one.length), ip)),
        )
      )
        return true;
    return false;
  }

  // Find the device of a next hop as the kernel does: a gateway must lie on a connected network (fib_check_nh).
  private nextHop(hop: RouteAsked["hops"][number]): LinuxNextHop | string {
    const link = hop.link === null ? null : this.links.get(hop.link);
    if (link === undefined) return `Cannot find device "${hop.link}"`;
    if (hop.gateway === null) {
      if (!link) return "RTNETLINK answers: No such device";
      return link.up ? { link: link.name, gateway: null } : "Error: Device for nexthop is not up.";
    }
    if (hop.onlink) {
      if (!link) return "Error: Nexthop device required for onlink.";
      return link.up
        ? { link: link.name, gateway: hop.gateway }
        : "Error: Nexthop device is not up.";
    }
    const gateway = hop.gateway;
    const connected = this.routes
      .filter(
        (route) =>
          contains(route.to, gateway) &&
          route.hops.some((one) => one.gateway === null && (!link || one.link === link.name)),
      )
      .sort((a, b) => b.to.length - a.to.length || a.metric - b.metric)[0];
    if (!connected || this.isBroadcast(gateway)) return "Error: Nexthop has invalid gateway.";
    // A longer route that goes by a gateway hides the connected one.
    const hidden = this.routes.some(
      (route) =>
        contains(route.to, gateway) &&
        route.to.length > connected.to.length &&
        route.hops.some((one) => !link || one.link === link.name),
    );
    if (hidden) return "Error: Nexthop has invalid gateway.";
    const out = connected.hops.find(
      (one) => one.gateway === null && (!link || one.link === link.name),
    )!;
    return { link: out.link, gateway };
  }

  private isBroadcast(ip: Ip): boolean {
    for (const link of this.links.values())
      for (const one of link.addresses) {
        const net = networkOf(one.ip, one.length);
        if (link.up && one.length < 31 && ip === lastOf(net)) return true;
      }
    return false;
  }

  private addConnected(link: LinuxLink, address: LinuxAddress): void {
    if (address.length === 32 || link.name === "lo" || address.secondary) return;
    const to = networkOf(address.ip, address.length);
    const route: LinuxRoute = {
      to,
      type: "unicast",
      hops: [{ link: link.name, gateway: null }],
      metric: 0,
      source: address.ip,
      because: address.because,
      proto: "kernel",
    };
    // Of two links with the same network, the first one's route comes first and is used.
    this.routes = [...this.routes, route];
  }

  private forgetAddress(link: LinuxLink, address: LinuxAddress, because: Span): void {
    link.losses.push({
      what: formatPrefix({ first: address.ip, length: address.length }),
      why: "deleted",
      because,
    });
    const to = networkOf(address.ip, address.length);
    this.routes = this.routes.filter(
      (route) =>
        !(
          route.proto === "kernel" &&
          samePrefix(route.to, to) &&
          route.hops[0]?.link === link.name &&
          route.source === address.ip
        ) && !(route.source === address.ip && !this.isLocal(address.ip)),
    );
  }

  // A route of several next hops keeps those of other links.
  private dropRoutesOf(link: string): void {
    this.routes = this.routes.flatMap((route) => {
      const hops = route.hops.filter((hop) => hop.link !== link);
      if (hops.length === route.hops.length) return [route];
      return hops.length > 0 ? [{ ...route, hops }] : [];
    });
  }
}

function freshLink(name: string, mac: string, isPort: boolean): LinuxLink {
  return {
    name,
    isPort,
    mac,
    mtu: name === "lo" ? 65_536 : 1500,
    up: false,
    changed: null,
    addresses: [],
    losses: [],
    rpFilter: 0,
  };
}
