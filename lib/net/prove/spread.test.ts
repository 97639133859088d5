import { describe, expect, test } from "vitest";
import {
  ACK,
  FIELDS,
  ICMP,
  IPV4,
  LARGEST,
  placeAt,
  SYN,
  TCP,
  type Field,
  type Network,
  type PlaceId,
} from "../model/network.ts";
import { trace, type Trace } from "../trace/trace.ts";
import type { Packet } from "../trace/packet.ts";
import { ip, network } from "../testing.ts";
import { Connections } from "../trace/connections.ts";
import { ALL, Arena, NONE, type PacketFields, type PacketSet, type SetField } from "./sets.ts";
import { asSent, circleIn, spread, UNNOTED, wayTo, type Spread } from "./spread.ts";
import { Tracking } from "./tracking.ts";

/*
 * P2 of SPEC.md: all packets at once and one packet after the other read the same steps and share nothing else. Here
 * they are held against each other on networks nobody would build.
 */

/** Numbers that look drawn and are the same every time (xorshift). */
class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 2_654_435_761) >>> 0 || 1;
  }
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return this.state % limit;
  }
  one<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  some<T>(count: number, make: (at: number) => T): T[] {
    return Array.from({ length: count }, (_, at) => make(at));
  }
}

const PREFIXES = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.1.1.0/24", "10.2.1.0/24", "10.1.1.2/32"]; // prettier-ignore
const MASKS: Readonly<Record<string, string>> = { 0: "0.0.0.0", 8: "255.0.0.0", 16: "255.255.0.0", 24: "255.255.255.0", 25: "255.255.255.128", 30: "255.255.255.252", 31: "255.255.255.254", 32: "255.255.255.255" }; // prettier-ignore
const address = (dice: Dice) => `10.${1 + dice.below(2)}.${1 + dice.below(2)}.${1 + dice.below(4)}`;
const length = (dice: Dice) => dice.one([8, 16, 24, 24, 24, 25, 30, 31, 32]);

function linux(dice: Dice, ports: number): string {
  const lines = dice.some(ports, (at) => [
    `ip addr add ${address(dice)}/${length(dice)} dev eth${at}`,
    dice.chance(90) ? `ip link set eth${at} up` : "",
    dice.chance(25) ? `ip addr add ${address(dice)}/${length(dice)} dev eth${at}` : "",
    dice.chance(25) ? `sysctl net.ipv4.conf.eth${at}.rp_filter=${dice.below(3)}` : "",
    dice.chance(25) ? `sysctl net.ipv4.conf.eth${at}.proxy_arp=1` : "",
  ]);
  const routes = dice.some(dice.below(5), () => {
    const to = dice.one(PREFIXES);
    if (dice.chance(20))
      return `ip route add ${dice.one(["blackhole", "unreachable", "prohibit", "throw"])} ${to}`;
    if (dice.chance(20))
      return `ip route append ${to} nexthop via ${address(dice)} nexthop via ${address(dice)}`;
    return dice.chance(30)
      ? `ip route add ${to} via ${address(dice)} dev eth${dice.below(ports)} onlink`
      : `ip route add ${to} via ${address(dice)}`;
  });
  const forwards = dice.chance(70) ? "sysctl net.ipv4.ip_forward=1" : "";
  return [...lines.flat(), ...routes, forwards].join("\n");
}

const STATES = ["NEW", "ESTABLISHED", "ESTABLISHED,RELATED", "INVALID", "NEW,ESTABLISHED", "UNTRACKED"]; // prettier-ignore

// What a firewall may say; addresses and ports are those of the random packets.
function firewall(dice: Dice, ports: number): string {
  const port = () => `eth${dice.below(ports)}`;
  const net = () => dice.one(PREFIXES.slice(1));
  const filters = dice.some(dice.below(5), () => {
    const match = dice.one([
      () => `-m conntrack --ctstate ${dice.one(STATES)}`,
      () => `-i ${port()}`,
      () => `-s ${net()}`,
      () => `-d ${net()} -p tcp --dport 80`,
      () => "-p icmp",
    ])();
    return `iptables -A ${dice.one(["FORWARD", "FORWARD", "INPUT", "OUTPUT"])} ${match} -j ${dice.one(["ACCEPT", "DROP"])}`;
  });
  const changes = dice.some(dice.below(4), () =>
    dice.one([
      () => `iptables -t nat -A POSTROUTING -o ${port()} -j MASQUERADE`,
      () =>
        `iptables -t nat -A POSTROUTING -s ${net()} -p udp -j SNAT --to-source ${address(dice)}:5000-5003`,
      () =>
        `iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination ${address(dice)}:443`,
      () => `iptables -t nat -A PREROUTING -d 10.1.2.0/24 -j NETMAP --to 10.2.1.0/24`,
      () => `iptables -t nat -A OUTPUT -d ${net()} -j DNAT --to-destination ${address(dice)}`,
      () => `iptables -t raw -A PREROUTING -s ${net()} -j CT --notrack`,
      () => `iptables -t mangle -A PREROUTING -s ${net()} -j MARK --set-xmark 0x1/0x3`,
    ])(),
  );
  const policy = dice.chance(40) ? "iptables -P FORWARD DROP" : "";
  return [policy, ...filters, ...changes].join("\n");
}

function ios(dice: Dice, ports: number): string {
  const vrfs = ["", "", "A", "B"];
  const ifaces = dice.some(ports, (at) => {
    const vrf = dice.one(vrfs);
    return [
      `interface Gi0/${at}`,
      vrf && ` ip vrf forwarding ${vrf}`,
      ` ip address ${address(dice)} ${MASKS[length(dice)]}`,
      dice.chance(20) ? ` ip address 10.1.2.${1 + dice.below(4)} 255.255.255.0 secondary` : "",
      dice.chance(30) ? " no ip proxy-arp" : "",
      dice.chance(10) ? " shutdown" : "",
    ];
  });
  const routes = dice.some(dice.below(7), () => {
    const [net = "", bits = ""] = dice.one(PREFIXES).split("/");
    const vrf = dice.one(vrfs);
    const towards = dice.chance(15)
      ? "Null0"
      : dice.chance(40)
        ? `Gi0/${dice.below(ports)} ${address(dice)}`
        : dice.chance(15) && !vrf
          ? `Gi0/${dice.below(ports)}`
          : `${address(dice)}${vrf && dice.chance(30) ? " global" : ""}`;
    return `ip route ${vrf && `vrf ${vrf} `}${net} ${MASKS[bits]} ${towards} ${1 + dice.below(3)}`;
  });
  return ["ip vrf A", "ip vrf B", ...ifaces.flat(), ...routes].filter(Boolean).join("\n");
}

function randomNetwork(
  dice: Dice,
  more: (dice: Dice, ports: number) => string = () => "",
): Network {
  const count = 3 + dice.below(4);
  const ports = new Map<string, number>();
  const kinds = dice.some(count, (at) => (dice.chance(45) ? `n${at}.ios` : `n${at}`));
  const portOf = (node: string) => {
    const used = ports.get(node) ?? 0;
    ports.set(node, used + 1);
    return `${node.split(".")[0]}:${node.endsWith(".ios") ? "Gi0/" : "eth"}${used}`;
  };
  const cables = dice.some(count + dice.below(3), (at) => {
    const a = kinds[at % count]!;
    const b = kinds[(at % count) + 1] ?? dice.one(kinds.filter((kind) => kind !== a));
    return `${portOf(a)} - ${portOf(b)}`;
  });
  const nodes = Object.fromEntries(
    kinds.map((kind) => {
      const count = ports.get(kind) ?? 1;
      if (kind.endsWith(".ios")) return [kind, ios(dice, count)];
      return [kind, `${linux(dice, count)}\n${more(dice, count)}`];
    }),
  );
  return network(nodes, cables, ["n0 tcp/80", "n1 udp/53"]).network;
}

function randomPacket(dice: Dice): PacketFields {
  const far = dice.chance(15);
  const some = () => (far ? dice.one(["10.9.9.9", "255.255.255.255", "10.1.1.255", "224.0.0.1", "127.0.0.1", "0.0.0.0"]) : address(dice)); // prettier-ignore
  return {
    ethertype: dice.chance(95) ? IPV4 : dice.below(LARGEST.ethertype),
    tag: dice.chance(95) ? 0 : dice.below(LARGEST.tag),
    dmac: dice.one([
      0,
      LARGEST.dmac,
      0x020000000101,
      0x020000000102,
      0x020000000201,
      0x01005e000001,
    ]),
    dst: ip(some()),
    src: ip(some()),
    proto: dice.one([1, 6, 17, 47]),
    sport: dice.below(65_536),
    dport: dice.one([0, 53, 80, 443]),
    inner: 0,
    flags: 0,
    dscp: dice.below(64),
    smac: dice.below(LARGEST.smac),
    mark: 0,
    ct: 0,
  };
}

function starts(all: Network): PlaceId[] {
  return [...all.devices.values()].flatMap((device) => [
    ...device.tables.flatMap(({ name }) => [
      placeAt.send(device.name, name),
      placeAt.forward(device.name, name),
    ]),
    ...device.ifaces
      .filter((iface) => iface.isPort)
      .flatMap(({ name }) => [placeAt.arrive(device.name, name), placeAt.leave(device.name, name), placeAt.bound(device.name, name)]), // prettier-ignore
  ]);
}

// Sets follow who sent a frame only where something asks for it.
const COMPARED = FIELDS.filter((field) => field !== "smac");

const single = (packet: PacketFields): Packet => ({ ...packet, ttl: 255 });
const only = (packet: PacketFields) =>
  Object.fromEntries(FIELDS.map((field) => [field, [[packet[field], packet[field]]]]));

function send(all: Network, start: PlaceId, packet: PacketFields, dice: Dice): Trace {
  return trace(all, start, single(packet), { choose: (paths) => dice.one(paths) });
}

// A packet that was found among sets, sent on its own by the way that was found with it.
function replays(
  all: Network,
  arena: Arena,
  way: Spread,
  place: PlaceId,
  packet: PacketFields,
): boolean {
  const path = wayTo(arena, way, place, packet)!;
  let left = path.places.slice(1);
  const alone = trace(all, path.places[0]!, single(path.packets[0]!), {
    choose: (paths) => {
      const at = left.findIndex((one) => paths.includes(one));
      const next = left[at] ?? paths[0]!;
      left = left.slice(at + 1);
      return next;
    },
  });
  return alone.stops.some(
    (stop) =>
      stop.place.id === place &&
      COMPARED.every((field: Field) => stop.packet[field] === packet[field]),
  );
}

describe("P2 sets and single packets", () => {
  const NETWORKS = 60;
  const PACKETS = 300;

  test.each([1, 2, 3, 4, 5, 6])("agree on random networks, %i", (seed) => {
    const dice = new Dice(seed);
    let delivered = 0;
    const strays: string[] = [];
    for (let number = 0; number < NETWORKS; number++) {
      const all = randomNetwork(dice);
      const start = dice.one(starts(all));
      const arena = new Arena();
      const way = spread(all, arena, [{ place: start, packets: ALL }]);
      for (let at = 0; at < PACKETS; at++) {
        const packet = randomPacket(dice);
        const { stops, fate } = send(all, start, packet, dice);
        if (fate.kind === "delivered") delivered++;
        for (const stop of stops) {
          // Hops to live are not counted in sets, so that place alone is beyond them.
          if (stop.place.step.kind === "drop" && stop.place.step.why.kind === "ttl-expired")
            continue;
          const set = way.at.get(stop.place.id) ?? NONE;
          if (!arena.contains(set, stop.packet)) strays.push(`${stop.place.id} is reached`);
        }
      }
      for (const [place, packets] of way.at) {
        const found = arena.witness(packets, {
          dst: [ip(address(dice))],
          src: [ip(address(dice))],
        })!;
        if (!replays(all, arena, way, place, found)) strays.push(`${place} is not reached`);
      }
    }
    expect(strays).toEqual([]);
    expect(delivered).toBeGreaterThan(NETWORKS);
  });

  test("agree where only some packets set out", () => {
    const dice = new Dice(77);
    let missed = 0;
    for (let number = 0; number < 120; number++) {
      const all = randomNetwork(dice);
      const start = dice.one(starts(all));
      const arena = new Arena();
      const packets = dice.some(8, () => randomPacket(dice));
      const set = packets.reduce<PacketSet>(
        (sum, one) => arena.union(sum, arena.where(only(one))),
        NONE,
      );
      const way = spread(all, arena, [{ place: start, packets: set }]);
      const reached = new Set(packets.flatMap((one) => allPaths(all, start, one)));
      for (const [place, there] of way.at) {
        const { step } = all.places.get(place)!;
        if (step.kind === "drop" && step.why.kind === "ttl-expired") continue;
        if (there !== NONE && !reached.has(place)) missed++;
      }
      for (const place of reached) expect(way.at.get(place) ?? NONE).not.toBe(NONE);
    }
    // Every place that the sets come to, one of these few packets comes to by itself, whichever way it takes.
    expect(missed).toBe(0);
  });
});

/*
 * Firewalls that track and translate, a question and its answer: what sets remember of the first leg must do to the
 * second what the devices' own memory does to a single answer.
 */
describe("P8 P9 connections of sets and of single packets", () => {
  const segment = (dice: Dice): PacketFields => {
    const packet = randomPacket(dice);
    const flags = packet.proto === TCP ? dice.one([SYN, SYN, ACK, SYN | ACK, 0, 4]) : 0;
    const dport = packet.proto === ICMP ? dice.one([8, 8, 0, 3]) : packet.dport;
    const sport = packet.proto === ICMP ? 0 : packet.sport;
    return { ...packet, ethertype: IPV4, tag: 0, flags, dport, sport };
  };

  const strays = ({ stops }: Trace, arena: Arena, way: Spread): string[] =>
    stops.flatMap(({ place, packet }): string[] => {
      if (place.step.kind === "drop" && place.step.why.kind === "ttl-expired") return [];
      // What is noted beside a packet is no part of a single one.
      const fields = new Set<SetField>(COMPARED);
      const there = arena.only(way.at.get(place.id) ?? NONE, fields);
      return arena.contains(there, packet) ? [] : [`${place.id} is reached`];
    });

  test.each([1, 2, 3, 4])("agree on random networks, %i", (seed) => {
    const dice = new Dice(seed * 31);
    const wrong: string[] = [];
    let answered = 0;
    let changed = 0;
    for (let number = 0; number < 60; number++) {
      const all = randomNetwork(dice, firewall);
      const start = placeAt.send("n0", null);
      if (!all.places.has(start)) continue;
      for (let at = 0; at < 60; at++) {
        const packet = segment(dice);
        const arena = new Arena();
        const tracking = new Tracking(arena, "legs");
        const connections = new Connections();
        const there = trace(all, start, single(packet), { connections });
        const packets = arena.where({ ...UNNOTED, ...only(packet) });
        const way = spread(all, arena, [{ place: start, packets }], { tracking });
        wrong.push(...strays(there, arena, way));
        const accepted = there.stops.find(
          ({ place }) => place.id === placeAt.accept(place.device, place.table ?? null),
        );
        if (!accepted) continue;
        tracking.endLeg();
        const { device, table = null, id } = accepted.place;
        const answers = tracking.answers(way.at.get(id) ?? NONE);
        const asked = accepted.packet;
        const isIcmp = asked.proto === ICMP;
        if (isIcmp && asked.dport !== 8) continue;
        const reply: Packet = {
          ...asked,
          src: asked.dst,
          dst: asked.src,
          sport: isIcmp ? 0 : asked.dport,
          dport: isIcmp ? 0 : asked.sport,
          flags: asked.proto === TCP ? asked.flags | ACK : 0,
          dscp: isIcmp ? asked.dscp : 0,
          mark: 0,
          ct: 0,
        };
        const home = placeAt.send(device, table);
        const back = trace(all, home, reply, { connections });
        const sources = [{ place: home, packets: asSent(arena, answers, reply.flags) }];
        // A reply is framed anew; what its sender's frames looked like does not matter.
        const wayBack = spread(all, arena, sources, { tracking });
        wrong.push(...strays({ ...back, stops: back.stops.slice(1) }, arena, wayBack));
        if (back.fate.kind === "delivered" || back.fate.kind === "refused") answered++;
        if (asked.src !== packet.src || asked.dst !== packet.dst) changed++;
      }
    }
    expect(wrong).toEqual([]);
    expect(Math.min(answered, changed)).toBeGreaterThan(1);
  });

  test.each([1, 2])("what arrives in sets arrives singly, %i", (seed) => {
    const dice = new Dice(seed * 47);
    const wrong: string[] = [];
    for (let number = 0; number < 60; number++) {
      const all = randomNetwork(dice, firewall);
      const start = dice.one(starts(all));
      const arena = new Arena();
      const tracking = new Tracking(arena, "legs");
      const packets = arena.where(UNNOTED);
      const way = spread(all, arena, [{ place: start, packets }], { tracking });
      for (const [place, some] of way.at) {
        const found = arena.witness(some, { dst: [ip(address(dice))], src: [ip(address(dice))] })!;
        if (!replays(all, arena, way, place, found)) wrong.push(`${place} is not reached`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

// Every place that one packet can come to, by every equal path.
function allPaths(all: Network, start: PlaceId, packet: PacketFields): PlaceId[] {
  const seen = new Set<PlaceId>();
  const waiting: { readonly at: PlaceId; readonly packet: Packet }[] = [
    { at: start, packet: single(packet) },
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next.at)) continue;
    const taken: PlaceId[] = [];
    // One step, or the way to the next choice: `choose` is asked where several are equal.
    const { stops } = trace(all, next.at, next.packet, {
      choose: (paths, place) => {
        if (taken.length === 0)
          for (const one of paths.slice(1)) taken.push(`${place.id}\u0000${one}`);
        return paths[0]!;
      },
    });
    for (const [index, stop] of stops.entries()) {
      const { kind } = stop.place.step;
      if (kind === "drop" && stop.place.step.why.kind === "ttl-expired") continue;
      seen.add(stop.place.id);
      for (const choice of taken) {
        const [place, one = ""] = choice.split("\u0000");
        if (place === stop.place.id && !seen.has(one))
          waiting.push({
            at: one,
            packet: { ...(stops[index + 1]?.packet ?? stop.packet), ttl: 255 },
          });
      }
    }
  }
  return [...seen];
}

describe("circles", () => {
  const two = (routeBack: string) =>
    network(
      {
        "r1.ios":
          "interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\nip route 10.9.0.0 255.255.0.0 10.0.0.2",
        "r2.ios": `interface Gi0/1\n ip address 10.0.0.2 255.255.255.0\n${routeBack}`,
      },
      ["r1:Gi0/1 - r2:Gi0/1"],
    ).network;

  const circleFor = (all: Network, dst: string) => {
    const arena = new Arena();
    const start = placeAt.send("r1", null);
    const packets = arena.where({
      ethertype: [[IPV4, IPV4]],
      tag: [[0, 0]],
      dst: [[ip(dst), ip(dst)]],
    });
    return circleIn(spread(all, arena, [{ place: start, packets }]), start);
  };

  test("P3 two routers that send to each other", () => {
    const found = circleFor(two("ip route 10.9.0.0 255.255.0.0 10.0.0.1"), "10.9.9.9");
    expect(found?.circle).toContain(placeAt.forward("r1", null));
    expect(found?.circle).toContain(placeAt.forward("r2", null));
    expect(found?.wayThere[0]).toBe(placeAt.send("r1", null));
  });

  test("P3 none where the way ends", () => {
    expect(circleFor(two(""), "10.9.9.9")).toBeNull();
    expect(circleFor(two("ip route 10.9.0.0 255.255.0.0 10.0.0.1"), "10.0.0.2")).toBeNull();
  });
});
