import type { Compiled } from "../dataplane/compile.ts";
import type { Device } from "../model/device.ts";
import {
  CT,
  ICMP,
  IPV4,
  placeAt,
  SYN,
  TCP,
  UDP,
  type Network,
  type Place,
  type PlaceId,
  type Range,
} from "../model/network.ts";
import type { Claim, Threat } from "../model/objective.ts";
import { isLoopback, lastOf } from "../model/prefix.ts";
import { merged } from "../model/ranges.ts";
import { Connections } from "../trace/connections.ts";
import { EPHEMERAL } from "../trace/conversation.ts";
import { trace, type Choose, type Trace } from "../trace/trace.ts";
import { addressesOf, ifacesOf, type Endpoint } from "./endpoint.ts";
import { partiesOf } from "./parties.ts";
import {
  Arena,
  NONE,
  type PacketFields,
  type PacketSet,
  type SetField,
  type SetGuard,
} from "./sets.ts";
import { spread, UNNOTED, wayTo, type Path, type Spread } from "./spread.ts";
import { taintOfPlaces } from "./taint.ts";
import { trunksTalkedInto } from "./trunking.ts";
import { ADDRESSED, Tracking, type Memory } from "./tracking.ts";
import type { Undecided, Verdict } from "./verdict.ts";

/** Whether nothing that `from` can send arrives. */
export function decideIsolate(compiled: Compiled, claim: Claim & { kind: "isolate" }): Verdict {
  const { parties, missing } = partiesOf(compiled, claim.from, claim.to);
  if (missing) return missing;
  const [from = [], to = []] = parties;
  const arena = new Arena();
  let places = 0;
  let undecided: Verdict | null = null;
  const directions = claim.both
    ? ([
        [from, to],
        [to, from],
      ] as const)
    : ([[from, to]] as const);
  for (const [senders, targets] of directions)
    for (const sender of senders) {
      const sent = new Sending(compiled, arena, sender, claim.threat).against(targets);
      if (sent.verdict?.state === "fails") return sent.verdict;
      undecided ??= sent.verdict;
      places += sent.places;
    }
  if (undecided) return undecided;
  return {
    state: "holds",
    why: {
      kind: "isolated",
      threat: claim.threat,
      senders: from.map((one) => one.name),
      targets: to.map((one) => one.name),
      places,
    },
  };
}

/** Everything that one sender can put on its way. */
export class Sending {
  private readonly compiled: Compiled;
  private readonly arena: Arena;
  private readonly sender: Endpoint;
  private readonly threat: Threat;
  private readonly arrival: Threat;
  private readonly ways = new Map<Memory, Spread>();

  /** `arrival` is what has arrived: what would before such a threat. */
  constructor(
    compiled: Compiled,
    arena: Arena,
    sender: Endpoint,
    threat: Threat,
    arrival: Threat = threat,
  ) {
    this.compiled = compiled;
    this.arena = arena;
    this.sender = sender;
    this.threat = threat;
    this.arrival = arrival;
  }

  /** What arrives at a target while no device remembers anything. */
  arrivedAt(target: Endpoint): PacketSet {
    const way = this.spread("legs");
    return arrivalPlaces(target, this.arrival)
      .map((place) => way.at.get(place) ?? NONE)
      .reduce((all, some) => this.arena.union(all, some), NONE);
  }

  /**
   * A leak of packets that are not `allowed`, or why it is open whether there is one; `null` for neither. `places` is
   * how many the packets come to.
   */
  against(
    targets: readonly Endpoint[],
    allowed: PacketSet = NONE,
  ): { verdict: Verdict | null; places: number } {
    const leaksIn = (way: Spread, why: Undecided) =>
      targets.flatMap((target) => this.leakTo(way, target, allowed, why) ?? []);
    // What arrives although nobody remembers anything is shown by one packet, so it is looked for first.
    const first = this.spread("legs");
    const leaks = leaksIn(first, DISAGREEMENT);
    const found = leaks.find(({ state }) => state === "fails");
    if (found) return { verdict: found, places: first.at.size };
    const way = this.remembers(first) ? this.spread("ever") : first;
    if (way !== first) leaks.push(...leaksIn(way, BY_MEMORY));
    const verdict =
      leaks.find(({ state }) => state === "fails") ?? leaks[0] ?? this.openTo(way) ?? null;
    return { verdict, places: way.at.size };
  }

  private spread(memory: Memory): Spread {
    const known = this.ways.get(memory);
    if (known) return known;
    const { compiled, arena, sender, threat } = this;
    const sources = sourcesOf(compiled, arena, sender, threat);
    if (threat === "attacker") sources.push(...trunkSources(compiled.network, arena, sender));
    const way = spread(compiled.network, arena, sources, {
      forgets: threat === "attacker",
      relays: true,
      tracking: new Tracking(arena, memory),
    });
    this.ways.set(memory, way);
    return way;
  }

  private remembers({ at }: Spread): boolean {
    return [...at.keys()].some((id) => this.placeOf(id).step.kind === "confirm");
  }

  // Where nothing sets out, something that is not simulated may still have sent.
  private openTo({ at }: Spread): Verdict | null {
    const visited = [...outletsOf(this.sender, this.threat), ...at.keys()];
    return taintOfPlaces(
      this.compiled,
      visited.flatMap((id) => this.compiled.network.places.get(id) ?? []),
    );
  }

  private placeOf(id: PlaceId): Place {
    return this.compiled.network.places.get(id)!;
  }

  // `why` it is open when no single packet comes to where sets do.
  private leakTo(
    way: Spread,
    target: Endpoint,
    allowed: PacketSet,
    why: Undecided,
  ): Verdict | null {
    const { compiled, arena, sender, threat } = this;
    for (const place of arrivalPlaces(target, this.arrival)) {
      const arrived = arena.subtract(way.at.get(place) ?? NONE, allowed);
      if (arrived === NONE) continue;
      const shown = this.shown(way, place, arrived, target);
      if (!shown) return { state: "undecided", why };
      const undecided = taintOfPlaces(
        compiled,
        shown.stops.map((stop) => stop.place),
      );
      return (
        undecided ?? {
          state: "fails",
          why: { kind: "leak", from: sender.name, to: target.name, threat, shown },
        }
      );
    }
    return null;
  }

  // One of the packets that arrived, in a form that people recognize, and sent again by itself.
  private shown(way: Spread, place: PlaceId, arrived: PacketSet, target: Endpoint): Trace | null {
    const { compiled, arena, sender } = this;
    const dst = arena.valuesOf(arrived, "dst");
    for (const form of FORMS) {
      const some = arena.intersect(arrived, arena.where(form));
      const packet = arena.witness(some, preferred(sender, target, dst));
      const trace = packet && replay(compiled, arena, way, place, packet);
      if (trace) return trace;
    }
    return null;
  }
}

const DISAGREEMENT: Undecided = { kind: "disagreement" };
// Sets take any connection that may have been opened and answered for known; whether all at once can be is not looked at.
const BY_MEMORY: Undecided = {
  kind: "not-proved",
  what: "packets of connections that were opened and answered before",
};

/** Packets as people send them: a connection's first, a datagram, an echo; and all others. */
const FORMS: readonly SetGuard[] = [
  { proto: [[TCP, TCP]], flags: [[SYN, SYN]] },
  { proto: [[UDP, UDP]], flags: [[0, 0]] },
  { proto: [[ICMP, ICMP]], sport: [[0, 0]], dport: [[8, 8]], flags: [[0, 0]] },
  {},
];

// A packet found among sets is sent singly before anyone sees it; it must come to the same place.
function replay(
  compiled: Compiled,
  arena: Arena,
  way: Spread,
  place: PlaceId,
  packet: PacketFields,
): Trace | null {
  const path = wayTo(arena, way, place, packet);
  if (!path) return null;
  const connections = new Connections();
  for (const opener of openersOf(compiled.network, arena, way, path, DEEPEST))
    sendAlong(compiled, opener, connections);
  const single = sendAlong(compiled, path, connections);
  const arrived = single.stops.findIndex((stop) => stop.place.id === place);
  if (arrived === -1) return null;
  const { device } = compiled.network.places.get(place)!;
  const stops = single.stops.slice(0, arrived + 1);
  return { stops, fate: { kind: "delivered", device }, last: stops.at(-1)!.packet };
}

function sendAlong(
  { network }: Compiled,
  { places, packets }: Path,
  connections: Connections,
): Trace {
  const start = places[0]!;
  const { ttl } = network.devices.get(network.places.get(start)!.device)!.habits;
  const choose = alongPath(places);
  return trace(network, start, { ...packets[0]!, ttl }, { choose, forgets: true, connections });
}

// The next place of the path, which may come by one place more than once, in another VLAN each time.
function alongPath(path: readonly PlaceId[]): Choose {
  const along = new Set(path);
  let passed = 0;
  return (paths, { id }) => {
    const at = path.indexOf(id, passed);
    const next = at === -1 ? undefined : path[at + 1];
    if (next === undefined || !paths.includes(next))
      return paths.find((one) => along.has(one)) ?? null;
    passed = at + 1;
    return next;
  };
}

function only(values: { readonly [F in SetField]?: number }): SetGuard {
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [field, [[value, value]]]),
  );
}

/** Connections that are opened through other connections; deeper than this nobody looks. */
const DEEPEST = 3;

// The packets that opened the connections which a packet on this way was taken to belong to, in the order of sending.
function openersOf(
  network: Network,
  arena: Arena,
  way: Spread,
  { places, packets }: Path,
  deepest: number,
): Path[] {
  if (deepest === 0) return [];
  return places.flatMap((place, at): Path[] => {
    const { step, device } = network.places.get(place)!;
    if (step.kind !== "track" || packets[at + 1]?.ct !== CT.established) return [];
    const opener = openerOf(network, arena, way, device, packets[at]!);
    return opener ? [...openersOf(network, arena, way, opener, deepest - 1), opener] : [];
  });
}

function openerOf(
  network: Network,
  arena: Arena,
  way: Spread,
  device: string,
  answer: PacketFields,
): Path | null {
  const { src, dst, proto, sport, dport } = answer;
  const answered = arena.where(only({ src, dst, proto, sport, dport }));
  const asked = arena.only(new Tracking(arena, "ever").answers(answered), ADDRESSED);
  const begun = arena.intersect(asked, arena.where({ ct: [[CT.new, CT.new]] }));
  for (const [id, packets] of way.at) {
    const place = network.places.get(id)!;
    if (place.step.kind !== "confirm" || place.device !== device) continue;
    const packet = arena.witness(arena.intersect(packets, begun));
    if (packet) return wayTo(arena, way, id, packet);
  }
  return null;
}

// What a sender can put on its way. Only it misbehaves: an attacker forges anything, a host speaks for itself.
function sourcesOf(
  { network }: Compiled,
  arena: Arena,
  sender: Endpoint,
  threat: Threat,
): { place: PlaceId; packets: PacketSet }[] {
  const anything = arena.where(UNNOTED);
  const ipv4 = arena.where({ ethertype: [[IPV4, IPV4]], tag: [[0, 0]] });
  const anyIpv4 = arena.intersect(anything, ipv4);
  const outlets = outletsOf(sender, threat).filter((place) => network.places.has(place));
  return outlets.flatMap((place) => {
    if (sender.kind === "table") return [{ place, packets: anyIpv4 }];
    if (sender.kind === "port" || threat === "attacker") return [{ place, packets: anything }];
    const table = sender.device.tables.find(({ name }) =>
      startsAt(sender.device.name, name).includes(place),
    )!;
    const own = sourceRanges(sender.device, table.name);
    if (own.length === 0) return [];
    return [{ place, packets: arena.intersect(anyIpv4, arena.where({ src: own })) }];
  });
}

// What an attacker puts into trunks that its ports have been talked into.
function trunkSources(
  network: Network,
  arena: Arena,
  sender: Endpoint,
): { place: PlaceId; packets: PacketSet }[] {
  const packets = arena.where(UNNOTED);
  const { name, ifaces } = sender.device;
  if (sender.kind === "table") return [];
  if (sender.kind === "port") {
    const place = placeAt.asTrunk(name, sender.iface);
    return network.places.has(place) ? [{ place, packets }] : [];
  }
  const outlets = ifaces.map((iface) => ({ node: name, port: iface.name }));
  return trunksTalkedInto(network, outlets).map((place) => ({ place, packets }));
}

// Where a sender's packets set out.
function outletsOf({ device, ...sender }: Endpoint, threat: Threat): PlaceId[] {
  if (sender.kind === "table") return [placeAt.forward(device.name, sender.table)];
  if (sender.kind === "port") return [placeAt.arrive(device.name, sender.iface)];
  if (threat === "attacker")
    return device.ifaces
      .filter((iface) => iface.isPort)
      .map((iface) => placeAt.leave(device.name, iface.name));
  return device.tables.flatMap(({ name }) => startsAt(device.name, name));
}

// Its own packets may have a source before they are looked up, or get it by that.
function startsAt(device: string, table: string | null): PlaceId[] {
  return [placeAt.send(device, table), placeAt.unnamed(device, table)];
}

function sourceRanges(device: Device, table: string | null): Range[] {
  const own = ifacesOf(device, table).flatMap((iface) => iface.addresses.map(({ ip }) => ip));
  return merged([
    ...own.filter((ip) => !isLoopback(ip)).map((ip): Range => [ip, ip]),
    ...device.owns.map((prefix): Range => [prefix.first, lastOf(prefix)]),
  ]);
}

/**
 * Where a packet has arrived at `target`: its stack took it, or, before an attacker, its port saw it. At a port or a
 * table it has arrived when it passes by, whichever way.
 */
export function arrivalPlaces(target: Endpoint, threat: Threat): PlaceId[] {
  const { device } = target;
  if (target.kind === "port")
    return [placeAt.leave(device.name, target.iface), placeAt.arrive(device.name, target.iface)];
  if (target.kind === "table")
    return [
      placeAt.accept(device.name, target.table),
      ...device.ifaces
        .filter((iface) => iface.isPort && iface.table === target.table)
        .map((iface) => placeAt.leave(device.name, iface.name)),
    ];
  if (threat === "attacker")
    return device.ifaces
      .filter((iface) => iface.isPort)
      .map((iface) => placeAt.arrive(device.name, iface.name));
  return device.tables.map(({ name }) => placeAt.accept(device.name, name));
}

// A counterexample that people recognize: from a real address to a real address, a TCP SYN to a well-known port.
function preferred(sender: Endpoint, target: Endpoint, possible: readonly Range[]) {
  const listening = target.device.listens
    .filter((one) => one.proto === "tcp")
    .map((one) => one.port);
  return {
    ethertype: [IPV4],
    tag: [0],
    dst: [...addressesOf(target), ...possible.flatMap(hostIn)],
    src: addressesOf(sender),
    proto: [TCP, ICMP],
    sport: [EPHEMERAL],
    dport: [...listening, 443, 80, 22],
  };
}

// An address that a host could have: not the first or the last of a network, and of no special range.
function hostIn([low, high]: Range): number[] {
  const first = Math.max(low, 0x01000000);
  const host = first % 256 === 0 ? first + 1 : first;
  const isHost = host <= high && host % 256 !== 255 && host < 0xe0000000 && host >>> 24 !== 127;
  return isHost ? [host] : [];
}
