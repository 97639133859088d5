import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface } from "../model/device.ts";
import {
  ACK,
  IPV4,
  placeAt,
  SYN,
  TCP,
  type Network,
  type PlaceId,
  type Range,
} from "../model/network.ts";
import type { Claim, Proto, Threat } from "../model/objective.ts";
import { formatPrefix, isLoopback, lastOf, samePrefix, type Ip } from "../model/prefix.ts";
import { merged } from "../model/ranges.ts";
import {
  acceptedAt,
  converse,
  EPHEMERAL,
  NUMBER,
  questionPacket,
  type Conversation,
} from "../trace/conversation.ts";
import { trace, type Choose, type Trace } from "../trace/trace.ts";
import { endpointsNamed, type Endpoint, type Missing } from "./endpoint.ts";
import { Arena, NONE, TooComplex, type PacketFields, type PacketSet } from "./sets.ts";
import { circleIn, NotProved, spread, wayTo, type Spread } from "./spread.ts";
import { trunksTalkedInto } from "./trunking.ts";
import { taintOf, taintOfPlaces, undecidedByTaint } from "./taint.ts";
import type { Verdict } from "./verdict.ts";

/** Decide a claim about a network: for every packet there is, or with one packet that shows it is not so. */
export function decide(compiled: Compiled, claim: Claim): Verdict {
  try {
    switch (claim.kind) {
      case "reach":
        return decideReach(compiled, claim);
      case "isolate":
        return decideIsolate(compiled, claim);
      case "routes":
        return decideRoutes(compiled, claim);
      case "undecidable":
        return { state: "undecided", why: { kind: "not-decided-here", form: claim.form } };
    }
  } catch (problem) {
    if (problem instanceof TooComplex) return { state: "undecided", why: { kind: "too-complex" } };
    if (problem instanceof NotProved)
      return { state: "undecided", why: { kind: "not-proved", what: problem.message } };
    throw problem;
  }
}

// ---- reach: someone answers, on every equal path, from every source port

function decideReach(compiled: Compiled, claim: Claim & { kind: "reach" }): Verdict {
  const { network } = compiled;
  const from = claim.from.flatMap((name) => endpointsNamed(network, name));
  const to = claim.to.flatMap((name) => endpointsNamed(network, name));
  const missing = [...from, ...to].find((one): one is Missing => one.kind === "missing");
  if (missing)
    return (
      undecidedByTaint(compiled, [missing.name]) ?? {
        state: "fails",
        why: { kind: "missing", missing },
      }
    );
  let shown: Conversation | null = null;
  let pairs = 0;
  for (const sender of from as Endpoint[])
    for (const target of to as Endpoint[]) {
      const verdict = reachOne(compiled, claim, sender, target);
      if (verdict.state !== "holds") return verdict;
      if (verdict.why.kind === "answered") shown ??= verdict.why.shown;
      pairs++;
    }
  if (!shown)
    return {
      state: "undecided",
      why: { kind: "not-decided-here", form: "reach with nobody in it" },
    };
  return { state: "holds", why: { kind: "answered", pairs, shown } };
}

// One address of the target is enough; when none answers, the first shows why.
function reachOne(
  compiled: Compiled,
  claim: Claim & { kind: "reach" },
  sender: Endpoint,
  target: Endpoint,
): Verdict {
  const addresses = claim.address === null ? addressesOf(target) : [claim.address];
  if (addresses.length === 0)
    return (
      taintOf(compiled, [target.device.name]) ?? {
        state: "fails",
        why: { kind: "no-address", from: sender.name, to: target.name, at: target.device.name },
      }
    );
  let first: Verdict | null = null;
  for (const to of addresses) {
    const verdict = reachAddress(compiled, claim, sender, target, to);
    if (verdict.state === "holds") return verdict;
    if (!first || (first.state === "fails" && verdict.state === "undecided")) first = verdict;
  }
  return first!;
}

function reachAddress(
  compiled: Compiled,
  claim: Claim & { kind: "reach" },
  sender: Endpoint,
  target: Endpoint,
  to: Ip,
): Verdict {
  const { proto, port } = claim;
  const question = questionFrom(sender, to, proto, port);
  const shown = converse(compiled, question);
  const fails: Verdict = {
    state: "fails",
    why: { kind: "unanswered", from: sender.name, to: target.name, shown },
  };
  const way = [...shown.forward.stops, ...(shown.back?.stops ?? [])].map((stop) => stop.place);
  const undecided = taintOfPlaces(compiled, way);
  if (undecided) return undecided;
  const arrived = acceptedAt(shown.forward);
  if (!shown.answered || !arrived || !isAt(target, arrived)) return fails;
  const lost = lostOnSomePath(compiled, shown);
  if (!lost) return { state: "holds", why: { kind: "answered", pairs: 1, shown } };
  return lost.state === "fails"
    ? ({
        ...lost,
        why: { ...lost.why, from: sender.name, to: target.name } as Verdict["why"],
      } as Verdict)
    : lost;
}

// A port asks in its own name.
function questionFrom(
  sender: Endpoint,
  to: Ip,
  proto: Proto,
  port: number | null,
): Conversation["question"] {
  const source = sender.kind === "port" ? (addressesOf(sender)[0] ?? null) : null;
  return { device: sender.device.name, table: tableOf(sender), to, proto, port, source };
}

/** The same address may stand in two tables of one device; only the one that was meant will do. */
export function isAt(target: Endpoint, at: { device: string; table: string | null }): boolean {
  return (
    at.device === target.device.name && (target.kind === "device" || at.table === tableOf(target))
  );
}

// Follow all equal paths at once with every source port, there and back; what is lost on one of them is shown.
function lostOnSomePath(compiled: Compiled, shown: Conversation): Verdict | null {
  const arena = new Arena();
  const { question } = shown;
  const packet = questionPacket(compiled, question);
  const target = acceptedAt(shown.forward)!;
  const there = flow(arena, packet, question.proto === "icmp");
  const goal = placeAt.accept(target.device, target.table);
  const home = placeAt.accept(question.device, question.table);
  const turned = {
    ...packet,
    src: packet.dst,
    dst: packet.src,
    sport: packet.dport,
    dport: packet.sport,
  };
  const legs = [
    { start: placeAt.send(question.device, question.table), packets: there, goal },
    {
      start: placeAt.send(target.device, target.table),
      packets: flow(arena, turned, question.proto === "icmp", true),
      goal: home,
    },
  ];
  const copies = new Map<PlaceId, PlaceId>();
  noteCopies(copies, shown);
  for (const leg of legs) {
    const lost = lostOnLeg(compiled, arena, question, leg, copies);
    if (lost) return lost;
  }
  return null;
}

type Leg = { readonly start: PlaceId; readonly packets: PacketSet; readonly goal: PlaceId };

/*
 * Of the copies that a flood makes, one that arrives is enough: `copies` says which to follow. Where the leg comes to
 * other floods than the conversations seen so far, what is lost there may be a copy that nobody needed; a conversation
 * along that path tells, and which copy it needs.
 */
function lostOnLeg(
  compiled: Compiled,
  arena: Arena,
  question: Conversation["question"],
  { start, packets, goal }: Leg,
  copies: Map<PlaceId, PlaceId>,
): Verdict | null {
  for (;;) {
    const way = spread(compiled.network, arena, [{ place: start, packets }], {
      until: new Set([goal]),
      copies,
    });
    const places = [...way.at.keys()].map((id) => compiled.network.places.get(id)!);
    const undecided = taintOfPlaces(compiled, places);
    if (undecided) return undecided;
    const stray = places.find(
      (place) => place.id !== goal && (place.step.kind === "drop" || place.step.kind === "deliver"),
    );
    const circle = circleIn(way, start);
    if (!stray && !circle && way.at.has(goal)) return null;
    const other = stray
      ? steer(compiled, question, arena, way, stray.id)
      : circle && alongPlaces(compiled, question, [...circle.circle, ...circle.wayThere]);
    if (other && !other.answered)
      return { state: "fails", why: { kind: "unanswered", from: "", to: "", shown: other } };
    if (!other || !noteCopies(copies, other)) {
      if (
        other &&
        !stray &&
        circle &&
        way.at.has(goal) &&
        tellsNothingApart(compiled, circle.circle)
      )
        return null;
      return { state: "undecided", why: { kind: "disagreement" } };
    }
  }
}

// On layer 2 a frame may come by one place twice, in another VLAN each time. Where nothing on the way asks for what the
// packets of a leg differ in, what one of them shows holds for all.
function tellsNothingApart({ network }: Compiled, circle: readonly PlaceId[]): boolean {
  return circle.every((id) => {
    const { step } = network.places.get(id)!;
    if (step.kind !== "filter") return step.kind !== "lookup";
    return step.rules.every(({ guard }) => !guard.sport && !guard.dport && !guard.flags);
  });
}

// Which copy of each flood a conversation needed; whether that was news.
function noteCopies(
  copies: Map<PlaceId, PlaceId>,
  { forward, back }: Pick<Conversation, "forward" | "back">,
): boolean {
  const known = copies.size;
  for (const { stops } of [forward, ...(back ? [back] : [])])
    stops.forEach(({ place }, at) => {
      const next = stops[at + 1];
      if (place.step.kind === "flood" && next && !copies.has(place.id))
        copies.set(place.id, next.place.id);
    });
  return copies.size > known;
}

// The same question, sent along the path on which it is lost.
function steer(
  compiled: Compiled,
  question: Conversation["question"],
  arena: Arena,
  way: Spread,
  stray: PlaceId,
): Conversation | null {
  const packet = arena.witness(way.at.get(stray)!, { sport: [EPHEMERAL], dport: [EPHEMERAL] });
  const path = packet && wayTo(arena, way, stray, packet);
  return path && alongPlaces(compiled, question, path.places);
}

// The question, sent by one of `places` wherever there are equal paths, the first of them most of all.
function alongPlaces(
  compiled: Compiled,
  question: Conversation["question"],
  places: readonly PlaceId[],
): Conversation {
  return converse(compiled, question, (paths, { step }) =>
    step.kind === "lookup" ? (places.find((one) => paths.includes(one)) ?? null) : null,
  );
}

// What systems draw a source port from: those of RFC 6335 §6, and common kernels begin at 32768.
const DRAWN: Range = [32_768, 0xffff];

// The packets of one leg: all that the system leaves open, which is the source port that it draws.
function flow(arena: Arena, packet: PacketFields, portless: boolean, isReply = false): PacketSet {
  const one = (value: number): Range[] => [[value, value]];
  const { ethertype, tag, inner, dst, src, proto, sport, dport, mark, ct } = packet;
  const greeting = isReply ? SYN | ACK : SYN;
  return arena.where({
    ethertype: one(ethertype),
    tag: one(tag),
    inner: one(inner),
    dst: one(dst),
    src: one(src),
    proto: one(proto),
    sport: portless || isReply ? one(sport) : [DRAWN],
    dport: !portless && isReply ? [DRAWN] : one(dport),
    flags: proto === TCP ? [...one(ACK), ...one(greeting)].sort(([a], [b]) => a - b) : one(0),
    mark: one(mark),
    ct: one(ct),
  });
}

// ---- isolate: nothing that `from` can send arrives

function decideIsolate(compiled: Compiled, claim: Claim & { kind: "isolate" }): Verdict {
  const { network } = compiled;
  const sides = [claim.from, claim.to].map((names) =>
    names.flatMap((name) => endpointsNamed(network, name)),
  );
  const missing = sides.flat().find((one): one is Missing => one.kind === "missing");
  if (missing)
    return (
      undecidedByTaint(compiled, [missing.name]) ?? {
        state: "fails",
        why: { kind: "missing", missing },
      }
    );
  const [from = [], to = []] = sides as Endpoint[][];
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
      const forgets = claim.threat === "attacker";
      const sources = sourcesOf(arena, sender, claim.threat);
      if (forgets) sources.push(...trunkSources(network, arena, sender));
      const way = spread(network, arena, sources, { forgets });
      places += way.at.size;
      for (const target of targets) {
        const leak = leakTo(compiled, arena, way, sender, target, claim.threat);
        if (leak?.state === "fails") return leak;
        undecided ??= leak;
      }
      // Where nothing sets out, something that is not simulated may still have sent.
      const visited = [...outletsOf(sender, claim.threat), ...way.at.keys()];
      undecided ??= taintOfPlaces(
        compiled,
        visited.map((id) => network.places.get(id)!),
      );
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

function leakTo(
  compiled: Compiled,
  arena: Arena,
  way: Spread,
  sender: Endpoint,
  target: Endpoint,
  threat: Threat,
): Verdict | null {
  for (const place of arrivalPlaces(target, threat)) {
    const arrived = way.at.get(place) ?? NONE;
    if (arrived === NONE) continue;
    const dst = arena.valuesOf(arrived, "dst");
    const packet = arena.witness(arrived, preferred(sender, target, dst))!;
    const shown = replay(compiled, arena, way, place, packet);
    if (!shown) return { state: "undecided", why: { kind: "disagreement" } };
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
  const start = path.places[0]!;
  const { ttl } = compiled.network.devices.get(compiled.network.places.get(start)!.device)!.habits;
  const single = trace(
    compiled.network,
    start,
    { ...path.packet, smac: 0, ttl },
    { choose: alongPath(path.places), forgets: true },
  );
  const arrived = single.stops.findIndex((stop) => stop.place.id === place);
  if (arrived === -1) return null;
  const { device } = compiled.network.places.get(place)!;
  const stops = single.stops.slice(0, arrived + 1);
  return { stops, fate: { kind: "delivered", device }, last: stops.at(-1)!.packet };
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

// What a sender can put on its way. Only it misbehaves: an attacker forges anything, a host speaks for itself.
function sourcesOf(
  arena: Arena,
  sender: Endpoint,
  threat: Threat,
): { place: PlaceId; packets: PacketSet }[] {
  // What systems note about a packet they note themselves; nobody can send it along.
  const anything = arena.where({ mark: [[0, 0]], ct: [[0, 0]] });
  const ipv4 = arena.where({ ethertype: [[IPV4, IPV4]], tag: [[0, 0]] });
  const anyIpv4 = arena.intersect(anything, ipv4);
  return outletsOf(sender, threat).flatMap((place) => {
    if (sender.kind === "table") return [{ place, packets: anyIpv4 }];
    if (sender.kind === "port" || threat === "attacker") return [{ place, packets: anything }];
    const table = sender.device.tables.find(
      ({ name }) => placeAt.send(sender.device.name, name) === place,
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
  const packets = arena.where({ mark: [[0, 0]], ct: [[0, 0]] });
  const { name, ifaces } = sender.device;
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
  return device.tables.map(({ name }) => placeAt.send(device.name, name));
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
    proto: [NUMBER.tcp, NUMBER.icmp],
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

// ---- routes: what a table has and lacks

function decideRoutes(compiled: Compiled, claim: Claim & { kind: "routes" }): Verdict {
  const [at] = endpointsNamed(compiled.network, claim.at);
  if (!at || at.kind === "missing")
    return (
      (at && undecidedByTaint(compiled, [at.name])) ?? {
        state: "fails",
        why: {
          kind: "missing",
          missing: at ?? { kind: "missing", name: claim.at, what: "nothing has that name" },
        },
      }
    );
  const tainted = taintOf(compiled, [at.device.name]);
  if (tainted) return tainted;
  const fib = compiled.fibs.get(at.device.name)!.find((one) => one.table === tableOf(at));
  const entries = (fib?.entries ?? []).filter(
    (one) => one.source === "connected" || one.source === "written",
  );
  const lacks = claim.has
    .filter(
      ({ prefix, via }) =>
        !entries.some(
          (entry) =>
            samePrefix(entry.prefix, prefix) &&
            (via === null ||
              (entry.action.kind === "send" &&
                entry.action.ways.some((way) => way.gateway === via))),
        ),
    )
    .map(({ prefix }) => formatPrefix(prefix));
  const has = claim.lacks
    .filter((prefix) => entries.some((entry) => samePrefix(entry.prefix, prefix)))
    .map(formatPrefix);
  if (lacks.length + has.length === 0) return { state: "holds", why: { kind: "table-as-claimed" } };
  return { state: "fails", why: { kind: "table-differs", at: at.name, lacks, has } };
}

// ---- what several claims need

export function tableOf(endpoint: Endpoint): string | null {
  if (endpoint.kind === "table") return endpoint.table;
  if (endpoint.kind === "port")
    return endpoint.device.ifaces.find((one) => one.name === endpoint.iface)!.table;
  return null;
}

/** The addresses that an endpoint answers at, its ports' first. */
export function addressesOf(endpoint: Endpoint): Ip[] {
  const { device } = endpoint;
  const ifaces =
    endpoint.kind === "port"
      ? device.ifaces.filter((iface) => iface.name === endpoint.iface)
      : endpoint.kind === "table"
        ? ifacesOf(device, endpoint.table)
        : device.ifaces.toSorted((a, b) => Number(b.isPort) - Number(a.isPort));
  const own = ifaces.flatMap((iface) => iface.addresses.map(({ ip }) => ip));
  return [...own.filter((ip) => !isLoopback(ip)), ...device.owns.map((prefix) => prefix.first)];
}

function ifacesOf(device: Device, table: string | null): Iface[] {
  return device.ifaces.filter((iface) => iface.table === table);
}

/** Why a conversation's outcome is open, in words; `null` when nothing on its way was left unsimulated. */
export function taintOfWalk(compiled: Compiled, { forward, back }: Conversation): string | null {
  const places = [...forward.stops, ...(back?.stops ?? [])].map((stop) => stop.place);
  const open = taintOfPlaces(compiled, places);
  if (open?.state !== "undecided" || open.why.kind !== "taint") return null;
  return `on ${open.why.device}, "${open.why.taint.what}" is not simulated`;
}
