import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface, Taint } from "../model/device.ts";
import { IPV4, placeAt, type Place, type PlaceId, type Range } from "../model/network.ts";
import type { Claim, Threat } from "../model/objective.ts";
import { formatPrefix, samePrefix, type Ip } from "../model/prefix.ts";
import {
  acceptedAt,
  converse,
  EPHEMERAL,
  NUMBER,
  questionPacket,
  type Conversation,
} from "../trace/conversation.ts";
import { trace, type Trace } from "../trace/trace.ts";
import { endpointsNamed, type Endpoint, type Missing } from "./endpoint.ts";
import { ALL, Arena, NONE, TooComplex, type PacketFields, type PacketSet } from "./sets.ts";
import { spread, wayTo, type Spread } from "./spread.ts";
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
  const question = { device: sender.device.name, table: tableOf(sender), to, proto, port };
  const shown = converse(compiled, question);
  const fails: Verdict = {
    state: "fails",
    why: { kind: "unanswered", from: sender.name, to: target.name, shown },
  };
  const way = [...shown.forward.stops, ...(shown.back?.stops ?? [])].map((stop) => stop.place);
  const undecided = taintOfPlaces(compiled, way);
  if (undecided) return undecided;
  const arrived = acceptedAt(shown.forward);
  if (!shown.answered || arrived?.device !== target.device.name) return fails;
  const lost = lostOnSomePath(compiled, shown);
  if (!lost) return { state: "holds", why: { kind: "answered", pairs: 1, shown } };
  return lost.state === "fails"
    ? ({
        ...lost,
        why: { ...lost.why, from: sender.name, to: target.name } as Verdict["why"],
      } as Verdict)
    : lost;
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
  for (const { start, packets, goal: end } of legs) {
    const way = spread(compiled.network, arena, [{ place: start, packets }], new Set([end]));
    const places = [...way.at.keys()].map((id) => compiled.network.places.get(id)!);
    const undecided = taintOfPlaces(compiled, places);
    if (undecided) return undecided;
    const stray = places.find(
      (place) => place.id !== end && (place.step.kind === "drop" || place.step.kind === "deliver"),
    );
    if (stray) {
      const other = steer(compiled, question, arena, way, stray.id);
      if (!other) return { state: "undecided", why: { kind: "disagreement" } };
      return { state: "fails", why: { kind: "unanswered", from: "", to: "", shown: other } };
    }
    if (!way.at.has(end)) return { state: "undecided", why: { kind: "disagreement" } };
  }
  return null;
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
  if (!path) return null;
  const along = new Set(path.places);
  const other = converse(
    compiled,
    question,
    (paths) => paths.find((one) => along.has(one)) ?? paths[0]!,
  );
  return other.answered ? null : other;
}

function flow(arena: Arena, packet: PacketFields, portless: boolean, isReply = false): PacketSet {
  const { ethertype, tag, dst, src, proto, sport, dport } = packet;
  const one = (value: number): Range[] => [[value, value]];
  const every: Range[] = [[0, 0xffff]];
  return arena.where({
    ethertype: one(ethertype),
    tag: one(tag),
    dst: one(dst),
    src: one(src),
    proto: one(proto),
    sport: portless || isReply ? one(sport) : every,
    dport: !portless && isReply ? every : one(dport),
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
      const way = spread(network, arena, sourcesOf(arena, sender, claim.threat));
      places += way.at.size;
      for (const target of targets) {
        const leak = leakTo(compiled, arena, way, sender, target, claim.threat);
        if (leak?.state === "fails") return leak;
        undecided ??= leak;
      }
      undecided ??= taintOfPlaces(
        compiled,
        [...way.at.keys()].map((id) => network.places.get(id)!),
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
    const packet = arena.witness(arrived, preferred(compiled, sender, target));
    if (!packet) continue;
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
  const along = new Set(path.places);
  const { ttl } = compiled.network.devices.get(compiled.network.places.get(start)!.device)!.habits;
  const single = trace(
    compiled.network,
    start,
    { ...path.packet, smac: 0, ttl },
    (paths) => paths.find((one) => along.has(one)) ?? paths[0]!,
  );
  const arrived = single.stops.findIndex((stop) => stop.place.id === place);
  if (arrived === -1) return null;
  const { device } = compiled.network.places.get(place)!;
  const stops = single.stops.slice(0, arrived + 1);
  return { stops, fate: { kind: "delivered", device }, last: stops.at(-1)!.packet };
}

// What a sender can put on its way. Only it misbehaves: an attacker forges anything, a host speaks for itself.
function sourcesOf(
  arena: Arena,
  sender: Endpoint,
  threat: Threat,
): { place: PlaceId; packets: PacketSet }[] {
  const { device } = sender;
  const anyIpv4 = arena.where({ ethertype: [[IPV4, IPV4]], tag: [[0, 0]] });
  if (sender.kind === "table")
    return [{ place: placeAt.forward(device.name, sender.table), packets: anyIpv4 }];
  if (sender.kind === "port")
    return [{ place: placeAt.arrive(device.name, sender.iface), packets: ALL }];
  if (threat === "attacker")
    return device.ifaces
      .filter((iface) => iface.isPort)
      .map((iface) => ({ place: placeAt.leave(device.name, iface.name), packets: ALL }));
  return device.tables.flatMap(({ name }) => {
    const own = sourceRanges(device, name);
    if (own.length === 0) return [];
    return [
      {
        place: placeAt.send(device.name, name),
        packets: arena.intersect(anyIpv4, arena.where({ src: own })),
      },
    ];
  });
}

function sourceRanges(device: Device, table: string | null): Range[] {
  const own = [
    ...ifacesOf(device, table)
      .flatMap((iface) => iface.addresses)
      .map(({ ip }): Range => [ip, ip]),
    ...device.owns.map((prefix): Range => [
      prefix.first,
      prefix.first + 2 ** (32 - prefix.length) - 1,
    ]),
  ].sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const apart: [number, number][] = [];
  for (const [low, high] of own) {
    const last = apart.at(-1);
    if (last && low <= last[1]) last[1] = Math.max(last[1], high);
    else apart.push([low, high]);
  }
  return apart;
}

/** Where a packet has arrived at `target`: its stack took it, or, before an attacker, its port saw it. */
export function arrivalPlaces(target: Endpoint, threat: Threat): PlaceId[] {
  const { device } = target;
  if (target.kind === "port") return [placeAt.leave(device.name, target.iface)];
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
function preferred(compiled: Compiled, sender: Endpoint, target: Endpoint) {
  const listening = target.device.listens
    .filter((one) => one.proto === "tcp")
    .map((one) => one.port);
  return {
    ethertype: [IPV4],
    tag: [0],
    dst: addressesOf(target),
    src: addressesOf(sender),
    proto: [NUMBER.tcp, NUMBER.icmp],
    sport: [EPHEMERAL],
    dport: [...listening, 443, 80, 22],
  };
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

function tableOf(endpoint: Endpoint): string | null {
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
        : device.ifaces.filter(
            (iface) => iface.isPort || !iface.addresses.some((one) => one.length === 8),
          );
  return [
    ...ifaces.flatMap((iface) => iface.addresses.map(({ ip }) => ip)),
    ...device.owns.map((prefix) => prefix.first),
  ];
}

function ifacesOf(device: Device, table: string | null): Iface[] {
  return device.ifaces.filter(
    (iface) => iface.table === table && !iface.addresses.some((one) => one.length === 8),
  );
}

/** The line that leaves a claim open which depends on `places`, if one of them belongs to something tainted. */
function taintOfPlaces(compiled: Compiled, places: readonly Place[]): Verdict | null {
  const tables = new Set(places.map((place) => `${place.device} ${place.table ?? ""}`));
  const ifaces = new Set(places.map((place) => `${place.device}:${place.iface}`));
  const devices = new Set(places.map((place) => place.device));
  // Nobody answers: perhaps only because the other end is not simulated.
  for (const { step } of places)
    if (
      step.kind === "drop" &&
      (step.why.kind === "no-neighbor" || step.why.kind === "no-carrier")
    ) {
      const { device, iface } = step.why;
      const cable = compiled.network.cables.find(({ a, b }) =>
        [a, b].some((end) => end.node === device && end.port === iface),
      );
      for (const end of cable ? [cable.a, cable.b] : []) {
        devices.add(end.node);
        ifaces.add(`${end.node}:${end.port}`);
      }
    }
  for (const name of devices) {
    const device = compiled.network.devices.get(name)!;
    for (const taint of device.taints) {
      const iface = device.ifaces.find((one) => one.name === taint.iface);
      const touches =
        !iface || ifaces.has(`${name}:${iface.name}`) || tables.has(`${name} ${iface.table ?? ""}`);
      if (touches) return undecidedBy(name, taint);
    }
  }
  return null;
}

function taintOf(compiled: Compiled, devices: readonly string[]): Verdict | null {
  for (const name of devices) {
    const taint = compiled.network.devices.get(name)?.taints[0];
    if (taint) return undecidedBy(name, taint);
  }
  return null;
}

// Something is missing on a device whose text was not wholly understood: it may be there after all.
function undecidedByTaint(compiled: Compiled, names: readonly string[]): Verdict | null {
  return taintOf(
    compiled,
    names.map((name) => name.split(/[@:/]/)[0]!),
  );
}

function undecidedBy(device: string, taint: Taint): Verdict {
  return { state: "undecided", why: { kind: "taint", device, taint } };
}

/** Why a conversation's outcome is open, in words; `null` when nothing on its way was left unsimulated. */
export function taintOfWalk(compiled: Compiled, { forward, back }: Conversation): string | null {
  const places = [...forward.stops, ...(back?.stops ?? [])].map((stop) => stop.place);
  const open = taintOfPlaces(compiled, places);
  if (open?.state !== "undecided" || open.why.kind !== "taint") return null;
  return `on ${open.why.device}, "${open.why.taint.what}" is not simulated`;
}
