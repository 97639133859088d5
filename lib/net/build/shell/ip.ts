import type { LinuxRoute } from "../../model/linux/routes.ts";
import type { LinuxRule } from "../../model/linux/rules.ts";
import type { LinkKind, LinuxLink } from "../../model/linux/link.ts";
import { firstMtu, setMtu } from "../../model/linux/mtu.ts";
import type { Namespace, Refusal } from "../../model/linux/namespace.ts";
import { contains, formatIp, type Prefix } from "../../model/prefix.ts";
import { holesOf } from "../../model/ranges.ts";
import type {
  BridgePortChange,
  IpCommand,
  LinkChange,
  LinkCommand,
  LinkType,
  RouteCommand,
  RuleCommand,
} from "../../parse/shell/ip/command.ts";
import type { TableName } from "../../parse/shell/ip/words.ts";
import type { SimpleCommand } from "../../parse/shell/run.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";

/** A mark under a mask is a choice of ranges, twice as many for every hole. */
const MOST_HOLES = 12;

/** Carry out one `ip` command. */
export function runIp(
  session: Session,
  where: Where,
  command: SimpleCommand,
  it: IpCommand,
): boolean {
  return new IpRun(session, where, command).carryOut(it);
}

class IpRun {
  private readonly session: Session;
  private readonly where: Where;
  private readonly command: SimpleCommand;
  private readonly span: Span;

  constructor(session: Session, where: Where, command: SimpleCommand) {
    this.session = session;
    this.where = where;
    this.command = command;
    this.span = command.span;
  }

  private get namespace(): Namespace {
    return this.where.namespace;
  }

  carryOut(it: IpCommand): boolean {
    const { session, span, namespace } = this;
    switch (it.kind) {
      case "inert":
        return true;
      case "refused":
        return session.refuse(it.said, it.at.span);
      case "unsimulated":
        if (it.dev !== null && it.what.startsWith("ip link add … type "))
          session.linux.addLink(namespace, it.dev, { kind: "stand-in", what: it.what }, null, span);
        return session.unsimulated(it.what, span, this.where, it.dev);
      case "address-add":
        return this.onLink(it.dev, (link) => {
          const refusal = namespace.addAddress(link, it.ip, it.length, span, it.prefixRoute);
          if (refusal && it.replace) return null;
          if (refusal) link.losses.push({ what: formatIp(it.ip), why: "refused", because: span });
          return refusal;
        });
      case "address-delete":
        return this.onLink(it.dev, (link) => namespace.removeAddress(link, it.ip, it.length, span));
      case "address-flush":
        return this.flushAddresses(it.dev, it.to);
      case "link-add":
        return this.addLink(it);
      case "link-set":
        return this.onLink(it.dev, (link) => this.change(link, it.changes));
      case "link-delete":
        return this.onLink(it.dev, (link) => session.linux.deleteLink(link, span));
      case "route-add":
      case "route-delete":
      case "route-flush":
        return this.route(it);
      case "rule-add":
      case "rule-delete":
      case "rule-flush":
        return this.rule(it);
      case "neighbor-add":
        return this.onLink(it.dev, (link) => {
          const known = link.neighbors.has(it.ip);
          if (it.how === "add" && known) return "RTNETLINK answers: File exists";
          if (it.how === "change" && !known) return "RTNETLINK answers: No such file or directory";
          link.neighbors.set(it.ip, { mac: it.mac, because: span });
          // Those are asked for again after a while, when it depends on who answers.
          if (!["permanent", "noarp"].includes(it.state))
            session.unsimulated(`ip neigh … nud ${it.state}`, span, this.where, link.name);
          return null;
        });
      case "neighbor-delete":
        return this.onLink(it.dev, (link) =>
          link.neighbors.delete(it.ip) ? null : "RTNETLINK answers: No such file or directory",
        );
      case "neighbor-flush":
        return true;
      case "namespace-add":
        return this.settle(session.linux.addNamespace(it.name, span));
      case "namespace-delete":
        return this.settle(session.linux.deleteNamespace(it.name, span));
      case "namespace-exec":
        return this.exec(it.name, it.words);
      case "in-namespace": {
        const inside = session.linux.named(it.name);
        if (!inside) return session.refuse(noNamespace(it.name), span);
        return new IpRun(session, { namespace: inside, vrf: null }, this.command).carryOut(
          it.command,
        );
      }
      case "vrf-exec":
        return this.command.exec(it.words, (one) => session.run(one, { namespace, vrf: it.vrf }));
      case "neighbor-proxy":
        return session.unsimulated("ip neigh … proxy", span, this.where, it.dev);
      case "mpls-route-add":
      case "mpls-route-delete":
        return this.settle(this.label(it));
    }
  }

  private exec(name: string | null, words: SimpleCommand["words"]): boolean {
    const { session, span } = this;
    const all = [...session.linux.namespaces.values()].filter(
      (one) => one.isNamed && one.name !== "",
    );
    const names = name === null ? all.map((one) => one.name) : [name];
    return names
      .map((one) => {
        const namespace = session.linux.named(one);
        if (!namespace) return session.refuse(noNamespace(one), span);
        return this.command.exec(words, (inner) => session.run(inner, { namespace, vrf: null }));
      })
      .every(Boolean);
  }

  private flushAddresses(dev: string | null, to: Prefix | null): boolean {
    const flush = (link: LinuxLink): Refusal => {
      for (const one of link.addresses.all().filter(({ ip }) => !to || contains(to, ip)))
        this.namespace.removeAddress(link, one.ip, one.length, this.span);
      return null;
    };
    if (dev !== null) return this.onLink(dev, flush);
    for (const link of this.namespace.links.values()) flush(link);
    return true;
  }

  // ---- links

  private addLink(it: LinkCommand & { kind: "link-add" }): boolean {
    const { session, span } = this;
    const namespace = it.namespace === null ? this.namespace : session.linux.named(it.namespace);
    if (!namespace)
      return session.refuse(
        `Error: argument "${it.namespace}" is wrong: Invalid "netns" value`,
        span,
      );
    const { type } = it;
    const name = it.name ?? freeName(namespace, type.kind);
    if (type.kind === "veth") return this.addPair(namespace, name, type, it.changes);
    const parent = it.parent === null ? null : this.namespace.links.get(it.parent);
    if (parent === undefined) return session.refuse(`Cannot find device "${it.parent}"`, span);
    const made = this.kindOf(type, parent);
    if (typeof made === "string" && !made.startsWith("%")) return session.refuse(made, span);
    const kind: LinkKind =
      typeof made === "string" ? { kind: "stand-in", what: made.slice(1) } : made;
    const mac = it.changes.find((change) => change.kind === "address")?.mac ?? null;
    const refusal = session.linux.addLink(namespace, name, kind, mac, span);
    if (refusal) return session.refuse(refusal, span);
    if (kind.kind === "stand-in")
      session.unsimulated(kind.what, span, { namespace, vrf: null }, name);
    if (type.kind === "bridge" && type.settings.stp)
      session.unsimulated("Spanning tree on a Linux bridge", span, { namespace, vrf: null }, name);
    if (kind.kind === "ipvlan") this.sameMode(kind);
    if (type.kind === "vxlan" && type.dev !== null) {
      const dev = this.namespace.links.get(type.dev);
      if (dev) namespace.links.get(name)!.mtu = firstMtu(kind, dev);
    }
    return this.settle(this.change(namespace.links.get(name)!, it.changes));
  }

  // The mode is the parent's: the latest counts for all that share it (ipvlan_set_port_mode).
  private sameMode({ parent, mode }: LinkKind & { kind: "ipvlan" }): void {
    for (const { kind } of this.session.linux.links())
      if (kind.kind === "ipvlan" && kind.parent === parent) kind.mode = mode;
  }

  private addPair(
    namespace: Namespace,
    name: string,
    type: LinkType & { kind: "veth" },
    changes: readonly LinkChange[],
  ): boolean {
    const { session, span } = this;
    const { peer } = type;
    const other = peer.namespace === null ? namespace : session.linux.named(peer.namespace);
    if (!other)
      return session.refuse(
        `Error: argument "${peer.namespace}" is wrong: Invalid "netns" value`,
        span,
      );
    const far = peer.name ?? freeName(other, "veth", name);
    const macOf = (all: readonly LinkChange[]) =>
      all.find((change) => change.kind === "address")?.mac ?? null;
    const refusal = session.linux.addPair(
      { namespace, name, mac: macOf(changes) },
      { namespace: other, name: far, mac: macOf(peer.changes) },
      span,
    );
    if (refusal) return session.refuse(refusal, span);
    const failed =
      this.change(namespace.links.get(name)!, changes) ??
      this.change(other.links.get(far)!, peer.changes);
    return this.settle(failed);
  }

  // The link's kind; a refusal's words; or, after a `%`, what is not simulated.
  private kindOf(
    type: Exclude<LinkType, { kind: "veth" }>,
    parent: LinuxLink | null,
  ): LinkKind | string {
    switch (type.kind) {
      case "dummy":
      case "ifb":
        return { kind: "dummy" };
      case "bridge": {
        const { vlanAware, defaultPvid, filtersBridged } = type.settings;
        if (filtersBridged) return "%nf_call_iptables of one bridge";
        return {
          kind: "bridge",
          vlanAware: vlanAware ?? false,
          defaultPvid: defaultPvid ?? 1,
          fixed: [],
        };
      }
      case "vlan":
        if (type.protocol !== "802.1q") return "%802.1ad";
        if (!parent) return 'Not enough information: "link" argument is required.';
        return { kind: "vlan", parent, id: type.id };
      case "macvlan":
        if (!parent) return 'Not enough information: "link" argument is required.';
        if (type.mode === "source") return "%macvlan mode source";
        return { kind: "macvlan", parent, mode: type.mode };
      case "vrf":
        return { kind: "vrf", table: type.table };
      case "vxlan": {
        const { id, port, remote, group, local, learning } = type;
        if (group !== null) return "%A multicast group for VXLAN";
        const home = this.namespace.name;
        return { kind: "vxlan", vni: id, port, remote, local, learning, home, fdb: [] };
      }
      case "ipvlan":
        if (!parent) return 'Not enough information: "link" argument is required.';
        return { kind: "ipvlan", parent, mode: type.mode };
      case "ipvtap":
      case "macvtap":
      case "bond":
        return `%ip link add … type ${type.kind}`;
      case "tun":
      case "tap":
        return { kind: "tap", guest: null };
    }
  }

  private change(link: LinuxLink, changes: readonly LinkChange[]): Refusal {
    for (const change of changes) {
      const refusal = this.changeOne(link, change);
      if (refusal) return refusal;
    }
    return null;
  }

  private changeOne(link: LinuxLink, change: LinkChange): Refusal {
    const { linux } = this.session;
    const { span } = this;
    switch (change.kind) {
      case "up":
        return linux.setUp(link, change.up, span);
      case "name":
        return linux.namespaceOf(link).rename(link, change.name);
      case "address":
        link.mac = change.mac;
        return null;
      case "mtu":
        return setMtu(linux.links(), link, change.mtu, span);
      case "master": {
        if (change.master === null) return linux.enslave(link, null, span);
        const master = linux.namespaceOf(link).links.get(change.master);
        if (!master) return `Error: argument "${change.master}" is wrong: Device does not exist`;
        if (master.kind.kind === "stand-in")
          this.session.unsimulated(`A port of ${change.master}`, span, this.where, link.name);
        return linux.enslave(link, master, span);
      }
      case "namespace": {
        // A number is a process: the first one's is the system's own namespace.
        const to = linux.named(change.namespace === "1" ? "" : change.namespace);
        if (!to) return `Error: argument "${change.namespace}" is wrong: Invalid "netns" value`;
        return linux.move(link, to, span);
      }
      case "bridge":
        if (link.kind.kind !== "bridge") return "RTNETLINK answers: Operation not supported";
        link.kind.vlanAware = change.settings.vlanAware ?? link.kind.vlanAware;
        if (change.settings.stp)
          this.session.unsimulated("Spanning tree on a Linux bridge", span, this.where, link.name);
        return null;
      case "bridge-port":
        changePort(this.session, this.where, link, change.settings, span);
        return null;
      case "arp":
        this.session.unsimulated(`arp ${change.on ? "on" : "off"}`, span, this.where, link.name);
        return null;
      case "promisc":
        return null;
    }
  }

  // ---- routes and rules

  private label(it: LabelCommand): Refusal {
    const { session, span, namespace } = this;
    const { labels, links } = namespace;
    const refusal = labels.refuses(it.label);
    if (refusal) return refusal;
    if (it.kind === "mpls-route-delete") {
      labels.remove(it.label);
      return null;
    }
    const { label, swap, gateway } = it;
    if (it.link !== null && !links.has(it.link)) return `Cannot find device "${it.link}"`;
    const link = it.link ?? (gateway === null ? null : namespace.linkTo(gateway));
    if (link === null)
      return gateway === null
        ? "RTNETLINK answers: No such device"
        : "RTNETLINK answers: Network is unreachable";
    const { kind } = links.get(link)!.kind;
    if (gateway === null && kind !== "vrf" && kind !== "loopback")
      session.unsimulated("ip -f mpls route … dev of what is no VRF", span, this.where, link);
    return labels.insert(it.how, { label, swap, gateway, link, because: span });
  }

  private route(it: Exclude<RouteCommand, LabelCommand>): boolean {
    const { session, span, namespace } = this;
    const table = this.table(it.table);
    if (table === null)
      return session.refuse(`Error: argument "${vrfName(it.table)}" is wrong: Invalid VRF`, span);
    switch (it.kind) {
      case "route-add": {
        const { to, type, hops, metric, source } = it;
        return this.settle(
          namespace.addRoute(it.how, { table, to, type, hops, metric, source }, span),
        );
      }
      case "route-delete": {
        const { to, type, link, gateway, metric } = it;
        return this.settle(namespace.removeRoute(table, { to, type, link, gateway, metric }));
      }
      case "route-flush": {
        const tables = it.table === 0 ? [...namespace.tables.keys()] : [table];
        for (const one of tables) this.flush(one, it);
        return true;
      }
    }
  }

  private flush(table: number, it: RouteCommand & { kind: "route-flush" }): void {
    const { to, which, link, gateway, type } = it;
    const gone = (route: LinuxRoute) =>
      (link === null || route.hops.some((hop) => hop.link === link)) &&
      (gateway === null || route.hops.some((hop) => hop.gateway === gateway)) &&
      (type === null || route.type === type);
    const routes = this.namespace.table(table);
    if (!to) routes.removeAll(gone);
    else if (which === "exact") routes.removeTo(to, gone);
    else if (which === "root") routes.removeWithin(to, gone);
    else routes.removeAll((route) => gone(route) && isWithin(to, route.to));
  }

  private rule(it: RuleCommand): boolean {
    const { session, span, namespace } = this;
    if (it.kind === "rule-flush") {
      namespace.rules = namespace.rules.filter((rule) => rule.pref === 0);
      return true;
    }
    const action = it.action && this.ruleAction(it.action);
    if (typeof action === "string") return session.unsimulated(action, span, this.where);
    const { selector } = it;
    if (it.kind === "rule-add") {
      const { not, from, to, iif, oif, mark, proto, sport, dport, pref } = selector;
      if (!action) return session.refuse("RTNETLINK answers: Invalid argument", span);
      const rule = {
        not,
        from,
        to,
        iif,
        oif,
        mark,
        proto,
        sport,
        dport,
        pref,
        action,
        because: span,
      };
      if (oif !== null) return session.unsimulated("ip rule … oif", span, this.where);
      if (mark && holesOf(mark.mask).length > MOST_HOLES)
        return session.unsimulated("ip rule … fwmark", span, this.where);
      return this.settle(namespace.addRule(rule));
    }
    const fits = (rule: LinuxRule) =>
      (selector.pref === null || rule.pref === selector.pref) &&
      (selector.from === null || samePlace(rule.from, selector.from)) &&
      (selector.to === null || samePlace(rule.to, selector.to)) &&
      (selector.iif === null || rule.iif === selector.iif) &&
      (selector.mark === null || rule.mark?.value === selector.mark.value) &&
      (!action || JSON.stringify(rule.action) === JSON.stringify(action));
    return this.settle(namespace.removeRule(fits));
  }

  private ruleAction(
    action: NonNullable<(RuleCommand & { kind: "rule-delete" })["action"]>,
  ): LinuxRule["action"] | string {
    switch (action.kind) {
      case "lookup": {
        if (action.suppressLength !== null) return "ip rule … suppress_prefixlength";
        const table = this.table(action.table);
        return table === null
          ? `ip rule … table ${vrfName(action.table)}`
          : { kind: "lookup", table };
      }
      case "vrf":
        return { kind: "vrf" };
      case "goto":
      case "nop":
        return `ip rule … ${action.kind}`;
      default:
        return { kind: action.kind };
    }
  }

  private table(name: TableName): number | null {
    if (typeof name === "number") return name;
    const link = this.namespace.links.get(name.vrf);
    return link?.kind.kind === "vrf" ? link.kind.table : null;
  }

  // ----

  private onLink(name: string, act: (link: LinuxLink) => Refusal): boolean {
    const link = this.namespace.links.get(name);
    if (link) return this.settle(act(link));
    const links = [...this.namespace.links.keys()].join(", ");
    return this.session.refuse(`Cannot find device "${name}"`, this.span, `Its links are ${links}`);
  }

  private settle(refusal: Refusal): boolean {
    return refusal === null || this.session.refuse(refusal, this.span);
  }
}

type LabelCommand = Extract<RouteCommand, { label: number }>;

/** Settings of a port of a bridge; those that are not simulated taint it. */
export function changePort(
  session: Session,
  where: Where,
  link: LinuxLink,
  settings: BridgePortChange,
  span: Span,
): void {
  const {
    hairpin,
    isolated,
    learning,
    flood,
    locked,
    // Without spanning tree, and for all but groups, these change nothing.
    guard: _guard,
    rootBlock: _rootBlock,
    multicastFlood: _multicastFlood,
    cost: _cost,
    priority: _priority,
    ...rest
  } = settings;
  Object.assign(link.bridgePort, defined({ hairpin, isolated, learning, flood, locked }));
  const left = Object.keys(defined(rest));
  if (left.length > 0)
    session.unsimulated(`bridge port ${left.join(", ")}`, span, where, link.name);
}

function noNamespace(name: string): string {
  return `Cannot open network namespace "${name}": No such file or directory`;
}

function vrfName(table: TableName): string {
  return typeof table === "number" ? String(table) : table.vrf;
}

// The kernel names a link after its kind and counts.
function freeName(namespace: Namespace, kind: string, besides = ""): string {
  for (let at = 0; ; at++) {
    const name = `${kind}${at}`;
    if (!namespace.links.has(name) && name !== besides) return name;
  }
}

function isWithin(inner: Prefix, outer: Prefix): boolean {
  return inner.length >= outer.length && contains(outer, inner.first);
}

function samePlace(a: Prefix | null, b: Prefix): boolean {
  return a?.first === b.first && a.length === b.length;
}

function defined<T extends object>(it: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(it).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
