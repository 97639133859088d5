import type { Span } from "../../source/span.ts";
import { lastOf, networkOf, type Ip, type Prefix } from "../prefix.ts";

/*
 * One routing table of a Linux namespace, as its kernel keeps it (fib_trie.c, Linux 6): under each prefix a list
 * in the order of metrics, of equal ones in the order that `append` and `prepend` made.
 */

export type LinuxRoute = {
  readonly to: Prefix;
  readonly type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "throw";
  readonly hops: readonly LinuxNextHop[];
  readonly metric: number;
  readonly source: Ip | null;
  readonly because: Span | null;
  readonly proto: "kernel" | "boot";
};

export type LinuxNextHop = {
  readonly link: string;
  readonly gateway: Ip | null;
  /** The gateway is an address of its own, so the destination itself is asked for. */
  readonly isOwn: boolean;
  readonly onlink: boolean;
  /** What is put on packets that go this way, the outer label first. */
  readonly labels: readonly number[];
  /** Its link is down; a route whose next hops are all dead is gone. */
  readonly isDead: boolean;
};

export type RouteVerb = "add" | "replace" | "change" | "append" | "prepend";

export type RouteSelector = {
  readonly to: Prefix;
  readonly link: string | null;
  readonly gateway: Ip | null;
  readonly metric: number | null;
  readonly type: LinuxRoute["type"] | null;
};

const EXISTS = "RTNETLINK answers: File exists";

export class LinuxRoutes {
  private readonly byPrefix = new Map<number, LinuxRoute[]>();
  private readonly identities = new Set<string>();
  /** How many next hops each link has, how many of them are dead, and how many routes name each source. */
  private readonly onLink = new Map<string, number>();
  private readonly deadOn = new Map<string, number>();
  private readonly withSource = new Map<Ip, number>();
  size = 0;

  /** Every route; those of one prefix in the order in which the kernel looks at them. */
  all(): LinuxRoute[] {
    return [...this.byPrefix.values()].flat();
  }

  /** Let a route in, or say in the kernel's words why not (fib_table_insert). */
  insert(how: RouteVerb, route: LinuxRoute): string | null {
    const list = this.byPrefix.get(keyOf(route.to)) ?? [];
    const first = placeOf(list, route.metric);
    const rival = list[first]?.metric === route.metric ? list[first]! : null;
    const isThere = this.identities.has(identityOf(route));
    if (how === "change" && !rival) return "RTNETLINK answers: No such file or directory";
    if (how === "add" && rival) return EXISTS;
    if ((how === "replace" || how === "change") && rival) {
      if (isThere) return identityOf(rival) === identityOf(route) ? null : EXISTS;
      this.count(rival, -1);
      list[first] = route;
    } else {
      if (isThere) return EXISTS;
      list.splice(how === "prepend" ? first : placeOf(list, route.metric + 1), 0, route);
      this.byPrefix.set(keyOf(route.to), list);
    }
    this.count(route, 1);
    return null;
  }

  /** Take out the first route that fits what was said; whether there was one. */
  remove(asked: RouteSelector): boolean {
    const list = this.byPrefix.get(keyOf(asked.to)) ?? [];
    const at = list.findIndex((one) => fits(one, asked));
    if (at === -1) return false;
    this.count(list[at]!, -1);
    list.splice(at, 1);
    if (list.length === 0) this.byPrefix.delete(keyOf(asked.to));
    return true;
  }

  /** Take out every route that `gone` says. */
  removeAll(gone: (route: LinuxRoute) => boolean): void {
    this.change((route) => (gone(route) ? null : route));
  }

  /** Take out the routes to one prefix that `gone` says. */
  removeTo(to: Prefix, gone: (route: LinuxRoute) => boolean): void {
    const list = this.byPrefix.get(keyOf(to));
    if (list?.some(gone)) this.changeList(list, (route) => (gone(route) ? null : route));
  }

  /** Take out the routes within a prefix that `gone` says. */
  removeWithin(outer: Prefix, gone: (route: LinuxRoute) => boolean): void {
    const last = lastOf(outer);
    const least = outer.length * 2 ** 32;
    for (const [key, list] of this.byPrefix) {
      const first = key % 2 ** 32;
      if (key < least || first < outer.first || first > last || !list.some(gone)) continue;
      this.changeList(list, (route) => (gone(route) ? null : route));
    }
  }

  /** Its link is down: the next hops there die, and with the last one the route. */
  linkDown(link: string): void {
    if (!this.onLink.get(link)) return;
    this.change((route) => {
      if (!route.hops.some((hop) => hop.link === link)) return route;
      const hops = route.hops.map((hop) => (hop.link === link ? { ...hop, isDead: true } : hop));
      return hops.every((hop) => hop.isDead) ? null : { ...route, hops };
    });
  }

  /** Its link is up: what died there and was not gone lives again (fib_sync_up). */
  linkUp(link: string): void {
    if (!this.deadOn.get(link)) return;
    const revived = (hop: LinuxNextHop) => hop.isDead && hop.link === link;
    this.change((route) =>
      route.hops.some(revived)
        ? {
            ...route,
            hops: route.hops.map((hop) => ({ ...hop, isDead: hop.isDead && !revived(hop) })),
          }
        : route,
    );
  }

  /** A link has another name; its routes stay. */
  renamed(link: string, name: string): void {
    this.change((route) => ({
      ...route,
      hops: route.hops.map((hop) => (hop.link === link ? { ...hop, link: name } : hop)),
    }));
  }

  /** An address is gone: routes that name it as their source are, too (fib_sync_down_addr). */
  sourceGone(ip: Ip): void {
    if (this.withSource.get(ip)) this.removeAll((route) => route.source === ip);
  }

  /**
   * The link by which a neighbour at `ip` is reached: of the routes that go by no gateway, on `link` if that is given,
   * the one with the longest prefix. Routes by a gateway, and those that refuse, are passed over (fib_check_nh).
   */
  neighborLink(ip: Ip, link: string | null): string | null {
    for (let length = 32; length >= 0; length--) {
      const list = this.byPrefix.get(keyOf(networkOf(ip, length))) ?? [];
      const found = list.find(
        ({ hops }) =>
          hops.length === 1 &&
          hops[0]!.gateway === null &&
          !hops[0]!.isDead &&
          (link === null || hops[0]!.link === link),
      );
      if (found) return found.hops[0]!.link;
    }
    return null;
  }

  private change(become: (route: LinuxRoute) => LinuxRoute | null): void {
    for (const list of this.byPrefix.values())
      if (list.some((route) => become(route) !== route)) this.changeList(list, become);
  }

  private changeList(
    list: readonly LinuxRoute[],
    become: (route: LinuxRoute) => LinuxRoute | null,
  ): void {
    const changed = list.map(become).filter((route) => route !== null);
    for (const route of list) this.count(route, -1);
    for (const route of changed) this.count(route, 1);
    const key = keyOf(list[0]!.to);
    if (changed.length > 0) this.byPrefix.set(key, changed);
    else this.byPrefix.delete(key);
  }

  private count(route: LinuxRoute, by: 1 | -1): void {
    const { hops, source, proto } = route;
    this.size += by;
    if (by === 1) this.identities.add(identityOf(route));
    else this.identities.delete(identityOf(route));
    for (const { link, isDead } of hops) {
      tally(this.onLink, link, by);
      if (isDead) tally(this.deadOn, link, by);
    }
    if (source !== null && proto === "boot") tally(this.withSource, source, by);
  }
}

function tally<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

// A length has 33 values and a first address 2^32: both fit into one number.
function keyOf({ first, length }: Prefix): number {
  return length * 2 ** 32 + first;
}

// What makes a route another one to the kernel (fib_info). Whether a next hop is dead does not.
function identityOf({ to, metric, type, source, proto, hops }: LinuxRoute): string {
  const ways = hops.map(
    ({ link, gateway, onlink, labels }) => `${link} ${gateway} ${onlink} ${labels.join("/")}`,
  );
  return `${keyOf(to)} ${metric} ${type} ${source} ${proto} ${ways.join()}`;
}

// Where the first route of this metric, or of a larger one, stands.
function placeOf(list: readonly LinuxRoute[], metric: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.metric < metric) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fits(route: LinuxRoute, { link, gateway, metric, type }: RouteSelector): boolean {
  return (
    (metric === null || route.metric === metric) &&
    (type === null || route.type === type) &&
    (gateway === null || route.hops.some((hop) => hop.gateway === gateway)) &&
    (link === null || route.hops.some((hop) => hop.link === link))
  );
}
