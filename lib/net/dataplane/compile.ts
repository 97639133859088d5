import {
  OWN,
  type Device,
  type Iface,
  type LabelRoute,
  type Refusing,
  type RoutingRule,
} from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import {
  ACK,
  BROADCAST_MAC,
  ICMP,
  IPV4,
  LABELLED,
  LARGEST,
  macNumber,
  MULTICAST_MACS,
  placeAt,
  SYN,
  TCP,
  UDP,
  type LookupRow,
  type Network,
  type Place,
  type PlaceId,
  type Range,
  type Rule,
  type Step,
} from "../model/network.ts";
import {
  contains,
  EVERYWHERE,
  formatIp,
  formatPrefix,
  lastOf,
  networkOf,
  parsePrefix,
  ZERO,
  type Ip,
} from "../model/prefix.ts";
import { merged } from "../model/ranges.ts";
import type { Topology } from "../model/topology.ts";
import {
  decidingEntry,
  effectiveFib,
  fibsOf,
  isThrow,
  tablesFor,
  type Context,
  type Entry,
  type Fib,
  type Way,
} from "./fib.ts";
import { Filters, LOOPBACK } from "./filters.ts";
import type { Passage } from "./guards.ts";
import { withGateways } from "./gateways.ts";
import { Hearing } from "./hearing.ts";
import { Layer2, NOTHING_LEARNT, type TunnelEnd } from "./layer2.ts";
import { labelRows } from "./labels.ts";
import { Floods, learn } from "./learning.ts";
import { acceptedSources } from "./neighbors.ts";
import type { Absent } from "./recursion.ts";
import { sweep } from "./sweep.ts";
import { settled } from "./switching.ts";
import { Wiring } from "./wiring.ts";

/** A network's places, and what the devices computed on the way: their tables, and the routes that are in none. */
export type Compiled = {
  readonly network: Network;
  readonly fibs: ReadonlyMap<string, readonly Fib[]>;
  readonly absent: ReadonlyMap<string, readonly Absent[]>;
};

/** Let the devices compute their tables together, and lay out every place with its step. */
export function compile(
  topology: Topology,
  configured: ReadonlyMap<string, Device>,
  tunnels: readonly TunnelEnd[],
): Compiled {
  const switching = settled(configured, topology.links, tunnels);
  const wiring = new Wiring(topology.links, switching);
  const places = new Map<PlaceId, Place>();
  new Layer2(switching, wiring, NOTHING_LEARNT, tunnels, places).layOut();
  const devices = withGateways(switching, wiring, new Floods(places));
  const computed = [...devices.values()].map((device) => ({
    device,
    ...fibsOf(device, wiring.works),
  }));
  const fibs = new Map(computed.map(({ device, fibs }) => [device.name, fibs]));
  const learnt = learn(devices, places);
  places.clear();
  new Layer2(devices, wiring, learnt, tunnels, places).layOut();
  const hearing = new Hearing(devices, fibs, wiring, places);
  for (const device of devices.values())
    new DevicePlaces(device, fibs, wiring, hearing, places).layOut();
  return {
    network: { topology, devices, places, cables: wiring.cables },
    fibs,
    absent: new Map(computed.map(({ device, absent }) => [device.name, absent])),
  };
}

type Sending = Entry & { readonly action: { readonly kind: "send" } };

const multicast = parsePrefix("224.0.0.0/4")!;
const NOWHERE: Passage = { in: null, out: null, bridged: false, portIn: null, portOut: null };

/** A context, and for the device's own packets whether they have passed the filters for them. */
type Stage = Context & {
  readonly filtered?: boolean;
  /** Its source is still to be chosen, so that it fits no rule that asks for one. */
  readonly unnamed?: boolean | undefined;
};

/** Packets whose ingress no rule asks about. */
const ANYWHERE = "anywhere";

const notOnWires = [parsePrefix("0.0.0.0/8")!, parsePrefix("127.0.0.0/8")!];

/** A connection is opened, and then something is said: of nothing else is a program told. */
const OF_CONNECTIONS: readonly Range[] = [
  [SYN, SYN],
  [ACK, ACK],
];

/** Groups that no table routes here, and addresses that may not be on a wire. */
type Never = { readonly prefix: Entry["prefix"]; readonly never: true };
const NEVER: readonly Never[] = [multicast, ...notOnWires].map((prefix) => ({
  prefix,
  never: true,
}));

/** The places of one device: its ports, and for each table a lookup for what comes in and one for what is its own. */
class DevicePlaces {
  private readonly device: Device;
  private readonly ifaces: ReadonlyMap<string, Iface>;
  private readonly fibs: ReadonlyMap<string, readonly Fib[]>;
  private readonly wiring: Wiring;
  private readonly hearing: Hearing;
  private readonly filters: Filters;
  private readonly places: Map<PlaceId, Place>;

  constructor(
    device: Device,
    fibs: ReadonlyMap<string, readonly Fib[]>,
    wiring: Wiring,
    hearing: Hearing,
    places: Map<PlaceId, Place>,
  ) {
    this.device = device;
    this.ifaces = new Map(device.ifaces.map((iface) => [iface.name, iface]));
    this.fibs = fibs;
    this.wiring = wiring;
    this.hearing = hearing;
    this.places = places;
    this.filters = new Filters(device, places);
  }

  layOut(): void {
    const { device } = this;
    for (const { name } of device.tables) {
      this.accepting(name);
      this.routing(placeAt.send(device.name, name), { vrf: name, from: OWN });
      if (this.filters.filters("ip"))
        this.routing(this.sentOn({ vrf: name }), { vrf: name, from: OWN, filtered: true });
      if (device.rules?.some(({ guard }) => guard.src)) this.sendingUnnamed(name);
      this.routing(placeAt.forward(device.name, name), { vrf: name, from: ANYWHERE });
    }
    if (this.asksForIngress)
      for (const iface of device.ifaces)
        if (iface.isPort && !iface.bridge)
          this.routing(this.forwardFrom(iface), { vrf: iface.table, from: iface.name });
    for (const iface of device.ifaces) {
      if (!iface.isPort) continue;
      // A port of a bridge has no stack of its own.
      if (!iface.bridge) this.stack(iface);
      this.bound(iface);
    }
  }

  private add(
    id: PlaceId,
    table: string | null | undefined,
    iface: string | null,
    step: Step,
  ): PlaceId {
    this.places.set(id, { id, device: this.device.name, table, iface, step });
    return id;
  }

  private drop(
    why: Drop,
    table: string | null | undefined,
    iface: string | null,
    detail = "",
  ): PlaceId {
    const where = [this.device.name, table, iface].filter((part) => part != null).join(" ");
    const id = `${where} drops: ${why.kind}${detail && ` ${detail}`}`;
    return this.places.has(id) ? id : this.add(id, table, iface, { kind: "drop", why });
  }

  // The stack: who listens on what, and what nobody listens on.
  private accepting(table: string | null): void {
    const { name, owns, heardInVrfs } = this.device;
    const listens = this.device.listens.filter(({ proto }) => table === null || heardInVrfs[proto]);
    const deliver = this.add(placeAt.deliver(name, table), table, null, { kind: "deliver" });
    const refused = this.drop({ kind: "refused", device: name }, table, null);
    const everyPort: Rule = { guard: {}, then: deliver, because: [] };
    const rules: Rule[] = [
      { guard: { proto: [[ICMP, ICMP]] }, then: deliver, because: [] },
      ...(table === null ? this.relays() : []),
      ...listens.map(({ proto, port, address }): Rule => {
        const number = proto === "tcp" ? TCP : UDP;
        return {
          guard: {
            proto: [[number, number]],
            dport: [[port, port]],
            ...(address !== undefined && { dst: [[address, address]] }),
          },
          then: deliver,
          because: [],
        };
      }),
      ...(owns.length > 0 ? [everyPort] : []),
    ];
    this.add(placeAt.accept(name, table), table, null, {
      kind: "filter",
      rules,
      otherwise: refused,
    });
  }

  // The address that its own packets to a neighbour have.
  private sourceTowards(to: Ip): Ip {
    const { device } = this;
    const asked = { dst: to, proto: TCP, dport: 0 };
    const fibs = this.fibs.get(device.name)!;
    const entry = decidingEntry(device, fibs, { vrf: null, from: OWN }, asked);
    const way = entry?.action.kind === "send" ? entry.action.ways[0] : undefined;
    const addresses = (way && this.ifaces.get(way.iface)?.addresses) ?? [];
    const near = addresses.find(({ ip, length }) => contains(networkOf(ip, length), to));
    return way?.source ?? near?.ip ?? addresses[0]?.ip ?? ZERO;
  }

  private relays(): Rule[] {
    const { name, ifaces, relays = [] } = this.device;
    const own = merged(
      ifaces.flatMap((iface) =>
        iface.addresses.map(({ ip, length }): Range => {
          const net = networkOf(ip, iface.ownsNetworks ? length : 32);
          return [net.first, lastOf(net)];
        }),
      ),
    );
    return relays.map(({ proto, address, port, to, toPort, because: line }) => {
      const because = [line];
      const id = `${name} relays ${proto} ${address === null ? "" : formatIp(address)}:${port}`;
      const [source, next] = [this.sourceTowards(to), placeAt.send(name, null)];
      const step = { kind: "relay", source, to, port: toPort, next, because } as const;
      const then = this.add(id, null, null, step);
      const number = proto === "tcp" ? TCP : UDP;
      const dst = address === null ? own : [[address, address] as const];
      // A datagram for everyone is for whoever listens at every address, a connection is not.
      const at = {
        ...(address === null && proto === "udp" ? {} : { dst }),
        ...(proto === "tcp" && { flags: OF_CONNECTIONS }),
      };
      return { guard: { proto: [[number, number]], dport: [[port, port]], ...at }, then, because };
    });
  }

  // What the filters for the device's own packets have changed is looked up once more.
  private sentOn({ vrf, unnamed }: Pick<Stage, "vrf" | "unnamed">): PlaceId {
    const start = unnamed ? placeAt.unnamed : placeAt.send;
    return `${start(this.device.name, vrf)}, filtered`;
  }

  private sendingUnnamed(vrf: string | null): void {
    const stage = { vrf, from: OWN, unnamed: true };
    this.routing(placeAt.unnamed(this.device.name, vrf), stage);
    if (this.filters.filters("ip")) this.routing(this.sentOn(stage), { ...stage, filtered: true });
  }

  // Rules and filters may ask by which interface a packet came in; then each interface has a lookup of its own.
  private get asksForIngress(): boolean {
    const { rules } = this.device;
    return (
      this.filters.asksForIfaces ||
      this.bridgesTranslated ||
      (rules?.some((rule) => rule.from !== null) ?? false)
    );
  }

  // K5: where bridged packets pass the filters, one whose destination was translated to a host behind the same bridge
  // is bridged there.
  private get bridgesTranslated(): boolean {
    const { filtersBridged, ifaces } = this.device;
    return (
      filtersBridged &&
      this.filters.translatesEarly &&
      ifaces.some(({ layer }) => layer.kind === "bridge")
    );
  }

  // What comes in by a port of a bridge goes to the bridge, and is looked up as having come in by that.
  private forwardFrom(iface: Iface): PlaceId {
    const place = placeAt.forward(this.device.name, iface.table);
    return this.asksForIngress && !iface.bridge ? `${place} from ${iface.name}` : place;
  }

  // Where a packet goes that came in, or that is the device's own: the tables that decide, one after the other.
  private routing(start: PlaceId, context: Stage): void {
    const { device } = this;
    const own = context.from === OWN;
    const all = tablesFor(device, this.fibs.get(device.name)!, context);
    let miss = own || device.forwards.on ? this.noRoute(context) : this.notForwarding(context);
    for (let at = all.length - 1; at >= 0; at--) {
      const { rule, fib } = all[at]!;
      const id = all.length === 1 ? start : `${start}, rule ${at + 1}`;
      const answer =
        rule?.action.kind === "refuse"
          ? this.refusal(rule, rule.action.how, context)
          : this.table(id, fib, context, miss, at === 0);
      miss = this.guarded(id, rule, answer, miss, context);
    }
    if (all.length !== 1)
      this.add(start, context.vrf, null, { kind: "filter", rules: [], otherwise: miss });
  }

  private guarded(
    id: PlaceId,
    asked: RoutingRule | null,
    answer: PlaceId,
    miss: PlaceId,
    { vrf, unnamed }: Stage,
  ): PlaceId {
    const rule = asked && unnamed ? withoutSource(asked) : asked;
    if (!rule || (Object.keys(rule.guard).length === 0 && !rule.not)) return answer;
    const [then, otherwise] = rule.not ? [miss, answer] : [answer, miss];
    const because = rule.because ? [rule.because] : [];
    return this.add(`${id} if it fits`, vrf, null, {
      kind: "filter",
      rules: [{ guard: rule.guard, then, because }],
      otherwise,
    });
  }

  private table(
    id: PlaceId,
    fib: Fib | null,
    context: Stage,
    miss: PlaceId,
    isFirst: boolean,
  ): PlaceId {
    const own = context.from === OWN;
    const entries = fib?.entries ?? [];
    const never = isFirst ? NEVER : [];
    // A loopback network is the device's own, but no packet for it may come off a wire: of equals the first decides.
    const runs = sweep<Entry | Never>(own ? [...entries, ...never] : [...never, ...entries]);
    const rows = runs.map(({ low, high, item }): LookupRow => {
      const common = { low, high, prefix: item.prefix };
      if ("never" in item)
        return { ...common, source: "multicast", next: this.toGroup(low, context), because: [] };
      const next = isThrow(item) ? [miss] : this.follow(item, context);
      return { ...common, source: item.source, next, because: item.because };
    });
    return this.add(id, context.vrf, null, { kind: "lookup", rows, miss });
  }

  private toGroup(first: Ip, context: Stage): PlaceId[] {
    const isOwn = context.from === OWN && contains(multicast, first);
    return isOwn ? this.everywhere(context) : [this.notPassedOn(context)];
  }

  private noRoute({ vrf, from }: Context): PlaceId {
    const own = from === OWN;
    const why: Drop = { kind: "no-route", device: this.device.name, table: vrf, own };
    return this.drop(why, vrf, null, own ? "own" : "");
  }

  private notForwarding({ vrf }: Context): PlaceId {
    const { name, forwards } = this.device;
    const because = forwards.because ? [forwards.because] : [];
    return this.drop({ kind: "not-forwarding", device: name, because }, vrf, null);
  }

  private refusal(rule: RoutingRule, how: Refusing, { vrf }: Context): PlaceId {
    const because = rule.because ? [rule.because] : [];
    const why: Drop = {
      kind: "discarded",
      device: this.device.name,
      prefix: EVERYWHERE,
      how,
      isRule: true,
      because,
    };
    return this.drop(why, vrf, null, `by rule ${how}`);
  }

  // With its way out given, a packet takes the routes by that way, and asks for its destination there where none leads.
  private bound(iface: Iface): void {
    const { device } = this;
    const context = { vrf: iface.table, from: OWN };
    const entries = tablesFor(device, this.fibs.get(device.name)!, context).flatMap(
      ({ fib }) => fib?.entries ?? [],
    );
    const byIt = entries.flatMap((entry): Sending[] => {
      if (entry.action.kind !== "send") return [];
      const ways = entry.action.ways.filter((way) => way.iface === iface.name);
      return ways.length > 0 ? [{ ...entry, action: { ...entry.action, ways } }] : [];
    });
    const unrouted: Sending = {
      prefix: networkOf(0 as Ip, 0),
      source: "connected",
      action: { kind: "send", ways: [{ iface: iface.name, gateway: null, source: null }] },
      because: [],
    };
    const addresses = new Set<number>(iface.addresses.map(({ ip }) => ip));
    const own = entries.filter(
      ({ source, prefix }) => source === "own" && addresses.has(prefix.first),
    );
    const rows = sweep([...own, ...byIt, unrouted]).map(({ low, high, item }): LookupRow => ({
      low,
      high,
      prefix: item.prefix,
      source: item.source,
      next:
        item.action.kind === "send"
          ? item.action.ways.map((way) => this.way(way, item, { ...context, filtered: true }))
          : [placeAt.accept(device.name, iface.table)],
      because: item.because,
    }));
    const miss = this.noCarrier(iface);
    this.add(placeAt.bound(device.name, iface.name), iface.table, iface.name, {
      kind: "lookup",
      rows,
      miss,
    });
  }

  private follow(entry: Entry, context: Stage): PlaceId[] {
    const { device } = this;
    const { action } = entry;
    const own = context.from === OWN;
    if (action.kind === "receive") {
      // Its own broadcasts go out to its neighbours; a neighbour's are for it.
      if (own && entry.source !== "own") return this.everywhere(context, entry.prefix.first);
      return [this.takeIn(context)];
    }
    if (!own && !device.forwards.on) return [this.notForwarding(context)];
    if (action.kind === "send") return action.ways.map((way) => this.way(way, entry, context));
    const { prefix, because } = entry;
    const why: Drop = { kind: "discarded", device: device.name, prefix, how: action.how, because };
    return [this.drop(why, context.vrf, null, formatPrefix(prefix))];
  }

  // Into the stack, by the filters for what the device takes itself; its own packets to itself go out first.
  private takeIn({ vrf, from, filtered, unnamed }: Stage): PlaceId {
    const { device } = this;
    const accept = placeAt.accept(device.name, vrf);
    if (!this.filters.filters("ip")) return accept;
    const toItself = { ...NOWHERE, out: LOOPBACK };
    if (from === OWN && !filtered)
      return this.filters.hook("ip", "output", toItself, this.sentOn({ vrf, unnamed }));
    const came = from === OWN ? LOOPBACK : from === ANYWHERE ? null : from;
    const input = this.filters.hook("ip", "input", { ...NOWHERE, in: came }, accept);
    if (from !== OWN) return input;
    const back = this.filters.hook("ip", "prerouting", { ...NOWHERE, in: LOOPBACK }, input);
    return this.filters.hook("ip", "postrouting", toItself, back);
  }

  private way(way: Way, entry: Entry, { vrf, from, filtered, unnamed }: Stage): PlaceId {
    const own = from === OWN;
    // B11: what a device sends in a VRF goes by the VRF's own interface, where that is one, and is lost while it is down.
    const master = vrf === null ? undefined : this.ifaces.get(vrf);
    if (own && master?.layer.kind === "vrf" && !master.enabled) return this.noCarrier(master);
    const iface = this.ifaces.get(way.iface)!;
    const resolve =
      iface.layer.kind === "vrf"
        ? placeAt.send(this.device.name, iface.name)
        : way.labels
          ? this.labelled(way.labels, this.resolve(iface, way.gateway, entry, false), iface)
          : this.resolve(iface, way.gateway, entry, own);
    if (!this.filters.filters("ip")) return own ? resolve : this.oneHopLess(resolve, iface);
    const out = { ...NOWHERE, out: iface.name };
    if (own && !filtered)
      return this.filters.hook("ip", "output", out, this.sentOn({ vrf, unnamed }));
    const post = this.filters.hook("ip", "postrouting", out, resolve);
    if (own) return post;
    const through = { ...out, in: from === ANYWHERE ? null : from };
    const bridges = this.bridgesTranslated && iface.layer.kind === "bridge" && from === iface.name;
    return this.oneHopLess(this.filters.hook("ip", "forward", through, post), iface, bridges);
  }

  // M1: the labels of a route; the outer one, which is named first, is put on last.
  private labelled(labels: readonly number[], next: PlaceId, { table, name }: Iface): PlaceId {
    return labels.reduce(
      (at, push) =>
        this.add(`${at}, label ${push}`, table, name, { kind: "label", push, next: at }),
      next,
    );
  }

  // M1: what comes in with a label.
  private relabelling(iface: Iface): PlaceId {
    const { device } = this;
    const { name } = device;
    const takesLabels = iface.takesLabels ?? false;
    const why: Drop = { kind: "no-label", device: name, iface: iface.name, takesLabels };
    const lost = this.drop(why, iface.table, iface.name);
    if (!takesLabels) return lost;
    const sends = (route: LabelRoute) => {
      const out = this.ifaces.get(route.iface)!;
      const to = { prefix: EVERYWHERE, source: "written", action: { kind: "receive" } } as const;
      return this.resolve(out, route.gateway, { ...to, because: spans(route.because) }, false);
    };
    return this.add(`${name}:${iface.name} by label`, iface.table, iface.name, {
      kind: "relabel",
      rows: labelRows(device, { sends, lost }),
      miss: lost,
      expired: this.drop({ kind: "ttl-expired", device: name }, undefined, null),
    });
  }

  private oneHopLess(next: PlaceId, iface: Iface, bridges = false): PlaceId {
    const expired = this.drop({ kind: "ttl-expired", device: this.device.name }, undefined, null);
    return this.add(
      `${next}, one hop less${bridges ? " or bridged" : ""}`,
      iface.table,
      iface.name,
      {
        kind: "rewrite",
        change: bridges ? { kind: "hop", bridges } : { kind: "hop" },
        next,
        expired,
      },
    );
  }

  private resolve(iface: Iface, gateway: Ip | null, entry: Entry, own: boolean): PlaceId {
    const { device } = this;
    const target = gateway === null ? "destination" : formatIp(gateway);
    const id = `${device.name}:${iface.name} ${own ? "sends" : "passes on"} to ${target}`;
    if (this.places.has(id)) return id;
    // Without anything below it asks nobody: what leaves by it is gone.
    if (!iface.isPort) return placeAt.leave(device.name, iface.name);
    if (iface.layer.kind === "shared" && iface.layer.routed) return this.unasked(iface);
    const why: Drop = {
      kind: "no-neighbor",
      device: device.name,
      iface: iface.name,
      gateway,
      because: entry.because,
    };
    const circles = this.hearing.circle(device, iface);
    this.add(id, iface.table, iface.name, {
      kind: "resolve",
      ...(circles && { circles }),
      gateway,
      smac: macNumber(iface.mac),
      rows: this.hearing.answers(device, iface, gateway, own),
      next: placeAt.leave(device.name, iface.name),
      miss: this.wiring.works(device.name, iface.name)
        ? this.drop(why, iface.table, iface.name, `${target} ${own ? "own" : ""}`)
        : this.noCarrier(iface),
    });
    const doubt = this.hearing.doubt(device, iface);
    if (doubt) this.places.set(id, { ...this.places.get(id)!, doubt });
    return id;
  }

  // Without ARP a frame is addressed to the link itself, which all that share it have in common.
  private unasked(iface: Iface): PlaceId {
    const id = `${this.device.name}:${iface.name} asks nobody`;
    const next = placeAt.leave(this.device.name, iface.name);
    const change = { kind: "set" as const, field: "dmac" as const, value: macNumber(iface.mac) };
    return this.add(id, iface.table, iface.name, { kind: "rewrite", change, next, expired: next });
  }

  // A broadcast of the device's own, by the live ports of the table: all, or those in the network that it is for.
  private everywhere(context: Context, to?: Ip): PlaceId[] {
    const { name } = this.device;
    const { vrf } = context;
    const ports = this.device.ifaces.filter(
      (iface) =>
        iface.isPort &&
        iface.table === vrf &&
        !iface.bridge &&
        !iface.bundling &&
        this.wiring.works(name, iface.name),
    );
    if (ports.length === 0) return [this.notPassedOn(context)];
    // The broadcast of a network goes out to that network only.
    const near = ports.filter((iface) =>
      iface.addresses.some(
        (one) => to !== undefined && contains(networkOf(one.ip, one.length), to),
      ),
    );
    return (near.length > 0 ? near : ports).map((iface) => {
      const id = `${name}:${iface.name} sends to everyone`;
      const leave = placeAt.leave(name, iface.name);
      const set = (what: string, field: "dmac" | "smac", value: number, next: PlaceId) =>
        this.add(`${id}${what}`, vrf, iface.name, {
          kind: "rewrite",
          change: { kind: "set", field, value },
          next,
          expired: next,
        });
      return set("", "dmac", BROADCAST_MAC, set(", from it", "smac", macNumber(iface.mac), leave));
    });
  }

  private notPassedOn({ vrf }: Context): PlaceId {
    return this.drop({ kind: "not-passed-on", device: this.device.name }, vrf, null);
  }

  private noCarrier(iface: Iface): PlaceId {
    return this.drop(
      { kind: "no-carrier", device: this.device.name, iface: iface.name },
      iface.table,
      iface.name,
    );
  }

  // What the stack takes from an interface: frames for it or for everyone, untagged.
  private stack(iface: Iface): void {
    const { device } = this;
    const { name } = device;
    const macs = [iface.mac, ...(iface.alsoMacs ?? [])].map((one): Range => {
      const mac = macNumber(one);
      return [mac, mac];
    });
    const notForIt = this.drop(
      { kind: "not-for-it", device: name, iface: iface.name },
      iface.table,
      iface.name,
    );
    const ours: Rule = {
      guard: {
        ethertype: [[IPV4, IPV4]],
        tag: [[0, 0]],
        dmac: merged([...macs, MULTICAST_MACS, [BROADCAST_MAC, BROADCAST_MAC]]),
      },
      then: this.filters.hook(
        "ip",
        "prerouting",
        { ...NOWHERE, in: iface.name },
        this.sourceCheck(iface),
      ),
      because: [],
    };
    const labelled: Rule[] =
      device.labels === undefined
        ? []
        : [
            {
              guard: { ...ours.guard, ethertype: [[LABELLED, LABELLED]] },
              then: this.relabelling(iface),
              because: [],
            },
          ];
    this.add(placeAt.stack(name, iface.name), iface.table, iface.name, {
      kind: "filter",
      rules: iface.enabled ? [ours, ...labelled] : [],
      otherwise: iface.enabled ? notForIt : this.noCarrier(iface),
    });
  }

  private sourceCheck(iface: Iface): PlaceId {
    const { device } = this;
    const next = this.forwardFrom(iface);
    if (!device.habits.refusesMartians && iface.sourceCheck === "none") return next;
    const martian = this.drop(
      { kind: "martian", device: device.name, iface: iface.name },
      iface.table,
      iface.name,
    );
    const strict = iface.sourceCheck === "strict";
    const failed = this.drop(
      { kind: "source-check", device: device.name, iface: iface.name, strict },
      iface.table,
      iface.name,
    );
    const context = { vrf: iface.table, from: iface.name };
    const runs = effectiveFib(device, this.fibs.get(device.name)!, context);
    const checked = iface.sourceCheck !== "none";
    return this.add(`${device.name}:${iface.name} checks the source`, iface.table, iface.name, {
      kind: "filter",
      rules: [
        { guard: { src: martians(device, iface.table) }, then: martian, because: [] },
        ...(checked
          ? [{ guard: { src: acceptedSources(runs, iface) }, then: next, because: [] }]
          : []),
      ],
      otherwise: checked ? failed : next,
    });
  }
}

// What has no source yet has 0.0.0.0, which only a rule for everybody is for.
function withoutSource(rule: RoutingRule): RoutingRule {
  const { src, ...rest } = rule.guard;
  const fits = src === undefined || src.some(([low]) => low === 0);
  return { ...rule, guard: fits ? rest : { ...rest, src: [] } };
}

function spans(because: LabelRoute["because"]): Entry["because"] {
  return because ? [because] : [];
}

// RFC 1812 §5.3.7: sources that no host can have, and the device's own.
function martians(device: Device, table: string | null): Range[] {
  const ifaces = device.ifaces.filter((iface) => iface.table === table);
  const own = ifaces.flatMap((iface) => iface.addresses).map(({ ip }): Range => [ip, ip]);
  const [zero, loopback] = notOnWires.map((prefix): Range => [prefix.first, lastOf(prefix)]);
  return merged([...own, zero!, loopback!, [multicast.first, LARGEST.src]]);
}
