import type { Device, Iface } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import {
  BROADCAST_MAC,
  ICMP,
  IPV4,
  LARGEST,
  macNumber,
  MULTICAST_MACS,
  placeAt,
  TCP,
  UDP,
  type Cable,
  type LookupRow,
  type Network,
  type Place,
  type PlaceId,
  type Range,
  type ResolveRow,
  type Rule,
  type Step,
} from "../model/network.ts";
import {
  contains,
  formatIp,
  formatPrefix,
  lastOf,
  networkOf,
  parsePrefix,
  type Ip,
} from "../model/prefix.ts";
import { merged } from "../model/ranges.ts";
import type { PortRef, Topology } from "../model/topology.ts";
import { heededPackets } from "./asking.ts";
import { fibsOf, type Entry, type Fib, type Way, type Working } from "./fib.ts";
import { acceptedSources, Answers } from "./neighbors.ts";
import type { Absent } from "./recursion.ts";
import { sweep } from "./sweep.ts";

/** A network's places, and what the devices computed on the way: their tables, and the routes that are in none. */
export type Compiled = {
  readonly network: Network;
  readonly fibs: ReadonlyMap<string, readonly Fib[]>;
  readonly absent: ReadonlyMap<string, readonly Absent[]>;
};

/** Let the devices compute their tables together, and lay out every place with its step. */
export function compile(topology: Topology, devices: ReadonlyMap<string, Device>): Compiled {
  const wiring = new Wiring(topology, devices);
  const computed = [...devices.values()].map((device) => ({
    device,
    ...fibsOf(device, wiring.works),
  }));
  const fibs = new Map(computed.map(({ device, fibs }) => [device.name, fibs]));
  const places = new Map<PlaceId, Place>();
  for (const device of devices.values())
    new DevicePlaces(device, fibs, devices, wiring, places).layOut();
  return {
    network: { topology, devices, places, cables: wiring.cables },
    fibs,
    absent: new Map(computed.map(({ device, absent }) => [device.name, absent])),
  };
}

/** Which port is cabled to which, and which of them are live. */
class Wiring {
  readonly cables: readonly Cable[];
  private readonly far = new Map<string, PortRef>();
  private readonly enabled = new Map<string, { isPort: boolean; enabled: boolean }>();

  constructor(topology: Topology, devices: ReadonlyMap<string, Device>) {
    for (const device of devices.values())
      for (const { name, isPort, enabled } of device.ifaces)
        this.enabled.set(`${device.name}:${name}`, { isPort, enabled });
    for (const { a, b } of topology.links) {
      this.far.set(key(a), b);
      this.far.set(key(b), a);
    }
    this.cables = topology.links.map(({ a, b }) => ({
      a,
      b,
      up: this.works(a.node, a.port) && this.works(b.node, b.port),
    }));
  }

  /** It is enabled and, if a port, cabled to a port that is enabled too. */
  readonly works: Working = (device, iface) => {
    const here = this.enabled.get(`${device}:${iface}`);
    if (!here?.enabled) return false;
    if (!here.isPort) return true;
    const far = this.farEnd(device, iface);
    return far !== null && (this.enabled.get(key(far))?.enabled ?? false);
  };

  farEnd(device: string, iface: string): PortRef | null {
    return this.far.get(`${device}:${iface}`) ?? null;
  }
}

function key({ node, port }: PortRef): string {
  return `${node}:${port}`;
}

type Sending = Entry & { readonly action: { readonly kind: "send" } };

const multicast = parsePrefix("224.0.0.0/4")!;
const notOnWires = [parsePrefix("0.0.0.0/8")!, parsePrefix("127.0.0.0/8")!];

/** The places of one device: its ports, and for each table a lookup for what comes in and one for what is its own. */
class DevicePlaces {
  private readonly device: Device;
  private readonly ifaces: ReadonlyMap<string, Iface>;
  private readonly ports: ReadonlyMap<string | null, readonly Iface[]>;
  private readonly fibs: ReadonlyMap<string, readonly Fib[]>;
  private readonly devices: ReadonlyMap<string, Device>;
  private readonly wiring: Wiring;
  private readonly places: Map<PlaceId, Place>;
  private readonly answersByIface = new Map<string, Answers | null>();

  constructor(
    device: Device,
    fibs: ReadonlyMap<string, readonly Fib[]>,
    devices: ReadonlyMap<string, Device>,
    wiring: Wiring,
    places: Map<PlaceId, Place>,
  ) {
    this.device = device;
    this.ifaces = new Map(device.ifaces.map((iface) => [iface.name, iface]));
    this.ports = Map.groupBy(
      device.ifaces.filter((iface) => iface.isPort),
      (iface) => iface.table,
    );
    this.fibs = fibs;
    this.devices = devices;
    this.wiring = wiring;
    this.places = places;
  }

  layOut(): void {
    for (const fib of this.fibs.get(this.device.name)!) {
      this.accepting(fib.table);
      this.lookups(fib);
      for (const iface of this.ports.get(fib.table) ?? []) this.bound(iface, fib);
    }
    for (const iface of this.device.ifaces) if (iface.isPort) this.port(iface);
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
    const { name, listens, owns } = this.device;
    const deliver = this.add(placeAt.deliver(name, table), table, null, { kind: "deliver" });
    const refused = this.drop({ kind: "refused", device: name }, table, null);
    const everyPort: Rule = { guard: {}, then: deliver, because: [] };
    const rules: Rule[] = [
      { guard: { proto: [[ICMP, ICMP]] }, then: deliver, because: [] },
      ...listens.map(({ proto, port }): Rule => {
        const number = proto === "tcp" ? TCP : UDP;
        return {
          guard: { proto: [[number, number]], dport: [[port, port]] },
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

  private lookups(fib: Fib): void {
    const { device } = this;
    const { table } = fib;
    // A loopback network is the device's own, but no packet for it may come off a wire: of equals the first decides.
    const runs = {
      own: sweep([...fib.entries, ...this.never()]),
      passing: sweep([...this.never(), ...fib.entries]),
    };
    const noRoute = (own: boolean) =>
      this.drop(
        { kind: "no-route", device: device.name, table, own },
        table,
        null,
        own ? "own" : "",
      );
    const notForwarding = () =>
      this.drop(
        {
          kind: "not-forwarding",
          device: device.name,
          because: device.forwards.because ? [device.forwards.because] : [],
        },
        table,
        null,
      );
    const rows = (own: boolean): LookupRow[] =>
      runs[own ? "own" : "passing"].flatMap(({ low, high, item }): LookupRow[] => {
        const common = { low, high, prefix: item.prefix };
        if ("never" in item) {
          const isGroup = own && contains(multicast, low);
          const next = isGroup ? this.everywhere(table) : [this.notPassedOn(table)];
          return [{ ...common, source: "multicast", next, because: [] }];
        }
        const next = this.follow(item, table, own, notForwarding);
        return [{ ...common, source: item.source, next, because: item.because }];
      });
    this.add(placeAt.forward(device.name, table), table, null, {
      kind: "lookup",
      rows: rows(false),
      miss: device.forwards.on ? noRoute(false) : notForwarding(),
    });
    this.add(placeAt.send(device.name, table), table, null, {
      kind: "lookup",
      rows: rows(true),
      miss: noRoute(true),
    });
  }

  // With its way out given, a packet takes the routes by that way, and asks for its destination there where none leads.
  private bound(iface: Iface, fib: Fib): void {
    const byIt = fib.entries.flatMap((entry): Sending[] => {
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
    const own = fib.entries.filter(
      ({ source, prefix }) => source === "own" && addresses.has(prefix.first),
    );
    const rows = sweep([...own, ...byIt, unrouted]).map(({ low, high, item }): LookupRow => ({
      low,
      high,
      prefix: item.prefix,
      source: item.source,
      next:
        item.action.kind === "send"
          ? item.action.ways.map((way) => this.way(way, item, true))
          : [placeAt.accept(this.device.name, fib.table)],
      because: item.because,
    }));
    const miss = this.noCarrier(iface);
    this.add(placeAt.bound(this.device.name, iface.name), fib.table, iface.name, {
      kind: "lookup",
      rows,
      miss,
    });
  }

  // Groups that no table routes here, and addresses that may not be on a wire.
  private never(): { prefix: Entry["prefix"]; never: true }[] {
    return [multicast, ...notOnWires].map((prefix) => ({ prefix, never: true as const }));
  }

  private follow(
    entry: Entry,
    table: string | null,
    own: boolean,
    notForwarding: () => PlaceId,
  ): PlaceId[] {
    const { device } = this;
    const { action } = entry;
    switch (action.kind) {
      case "receive": {
        // Its own broadcasts go out to its neighbours; a neighbour's are for it.
        if (own && entry.source !== "own") return this.everywhere(table);
        return [placeAt.accept(device.name, table)];
      }
      case "refuse": {
        if (!own && !device.forwards.on) return [notForwarding()];
        const { prefix, because } = entry;
        const why: Drop = {
          kind: "discarded",
          device: device.name,
          prefix,
          how: action.how,
          because,
        };
        return [this.drop(why, table, null, formatPrefix(prefix))];
      }
      case "send":
        if (!own && !device.forwards.on) return [notForwarding()];
        return action.ways.map((way) => this.way(way, entry, own));
    }
  }

  private way(way: Way, entry: Entry, own: boolean): PlaceId {
    const iface = this.ifaces.get(way.iface)!;
    const resolve = this.resolve(iface, way.gateway, entry, own);
    return own ? resolve : this.oneHopLess(resolve, iface);
  }

  private oneHopLess(next: PlaceId, iface: Iface): PlaceId {
    const expired = this.drop({ kind: "ttl-expired", device: this.device.name }, undefined, null);
    return this.add(`${next}, one hop less`, iface.table, iface.name, {
      kind: "rewrite",
      change: { kind: "hop" },
      next,
      expired,
    });
  }

  private resolve(iface: Iface, gateway: Ip | null, entry: Entry, own: boolean): PlaceId {
    const { device } = this;
    const target = gateway === null ? "destination" : formatIp(gateway);
    const id = `${device.name}:${iface.name} ${own ? "sends" : "passes on"} to ${target}`;
    if (this.places.has(id)) return id;
    const why: Drop = {
      kind: "no-neighbor",
      device: device.name,
      iface: iface.name,
      gateway,
      because: entry.because,
    };
    return this.add(id, iface.table, iface.name, {
      kind: "resolve",
      gateway,
      smac: macNumber(iface.mac),
      rows: this.answers(iface, gateway, own),
      next: placeAt.leave(device.name, iface.name),
      miss: this.wiring.works(device.name, iface.name)
        ? this.drop(why, iface.table, iface.name, `${target} ${own ? "own" : ""}`)
        : this.noCarrier(iface),
    });
  }

  private answers(iface: Iface, gateway: Ip | null, own: boolean): ResolveRow[] {
    const answers = this.farAnswers(iface);
    if (!answers) return [];
    const guards = heededPackets(this.device, iface, gateway, own, (sender) =>
      answers.heeds(sender),
    );
    return gateway === null ? answers.forNeighbors(guards) : answers.forGateway(gateway, guards);
  }

  private farAnswers(iface: Iface): Answers | null {
    const known = this.answersByIface.get(iface.name);
    if (known !== undefined) return known;
    const far = this.wiring.works(this.device.name, iface.name) ? this.farEnd(iface) : null;
    const answers = far && new Answers(far);
    this.answersByIface.set(iface.name, answers);
    return answers;
  }

  private farEnd(iface: Iface) {
    const far = this.wiring.farEnd(this.device.name, iface.name);
    const device = far && this.devices.get(far.node);
    const there = device?.ifaces.find((one) => one.name === far!.port);
    const fib = device && this.fibs.get(device.name)?.find((one) => one.table === there?.table);
    return device && there && fib ? { device, iface: there, fib } : null;
  }

  // A broadcast of the device's own, by every live port of the table.
  private everywhere(table: string | null): PlaceId[] {
    const ports = (this.ports.get(table) ?? []).filter((iface) =>
      this.wiring.works(this.device.name, iface.name),
    );
    if (ports.length === 0) return [this.notPassedOn(table)];
    return ports.map((iface) =>
      this.add(`${this.device.name}:${iface.name} sends to everyone`, table, iface.name, {
        kind: "rewrite",
        change: { kind: "set", field: "dmac", value: BROADCAST_MAC },
        next: placeAt.leave(this.device.name, iface.name),
        expired: placeAt.leave(this.device.name, iface.name),
      }),
    );
  }

  private notPassedOn(table: string | null): PlaceId {
    return this.drop({ kind: "not-passed-on", device: this.device.name }, table, null);
  }

  private noCarrier(iface: Iface): PlaceId {
    return this.drop(
      { kind: "no-carrier", device: this.device.name, iface: iface.name },
      iface.table,
      iface.name,
    );
  }

  private port(iface: Iface): void {
    const { name } = this.device;
    const far = this.wiring.farEnd(name, iface.name);
    const works = this.wiring.works(name, iface.name);
    this.add(placeAt.leave(name, iface.name), iface.table, iface.name, {
      kind: "flood",
      to: works && far ? [placeAt.arrive(far.node, far.port)] : [this.noCarrier(iface)],
    });
    const mac = macNumber(iface.mac);
    const notForIt = this.drop(
      { kind: "not-for-it", device: name, iface: iface.name },
      iface.table,
      iface.name,
    );
    const ours: Rule = {
      guard: {
        ethertype: [[IPV4, IPV4]],
        tag: [[0, 0]],
        dmac: merged([[mac, mac], MULTICAST_MACS, [BROADCAST_MAC, BROADCAST_MAC]]),
      },
      then: this.sourceCheck(iface),
      because: [],
    };
    this.add(placeAt.arrive(name, iface.name), iface.table, iface.name, {
      kind: "filter",
      rules: iface.enabled ? [ours] : [],
      otherwise: iface.enabled ? notForIt : this.noCarrier(iface),
    });
  }

  private sourceCheck(iface: Iface): PlaceId {
    const { device } = this;
    const next = placeAt.forward(device.name, iface.table);
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
    const fib = this.fibs.get(device.name)!.find((one) => one.table === iface.table)!;
    const checked = iface.sourceCheck !== "none";
    return this.add(`${device.name}:${iface.name} checks the source`, iface.table, iface.name, {
      kind: "filter",
      rules: [
        { guard: { src: martians(device, iface.table) }, then: martian, because: [] },
        ...(checked
          ? [{ guard: { src: acceptedSources(fib, iface) }, then: next, because: [] }]
          : []),
      ],
      otherwise: checked ? failed : next,
    });
  }
}

// RFC 1812 §5.3.7: sources that no host can have, and the device's own.
function martians(device: Device, table: string | null): Range[] {
  const ifaces = device.ifaces.filter((iface) => iface.table === table);
  const own = ifaces.flatMap((iface) => iface.addresses).map(({ ip }): Range => [ip, ip]);
  const [zero, loopback] = notOnWires.map((prefix): Range => [prefix.first, lastOf(prefix)]);
  return merged([...own, zero!, loopback!, [multicast.first, LARGEST.src]]);
}
