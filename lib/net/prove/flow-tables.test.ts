import { describe, expect, test } from "vitest";
import type { Claim, Threat } from "../model/objective.ts";
import { FIELDS, placeAt, type Network, type PlaceId } from "../model/network.ts";
import { network } from "../testing.ts";
import type { Packet } from "../trace/packet.ts";
import { trace } from "../trace/trace.ts";
import { decide } from "./decide.ts";
import { ALL, Arena, NONE, type PacketFields } from "./sets.ts";
import { spread, wayTo, type Spread } from "./spread.ts";

// Claims about networks whose switches have flow tables, and P2 for random ones.

const host = (at: number) => `ip addr add 10.0.0.${at}/24 dev eth0\nip link set eth0 up`;

function switched(...lines: string[]) {
  const text = [
    "ovs-vsctl add-br br0",
    ...[1, 2, 3].flatMap((at) => [
      `ip link set p${at} up`,
      `ovs-vsctl add-port br0 p${at} -- set interface p${at} ofport_request=${at}`,
    ]),
    ...lines,
  ].join("\n");
  const nodes = { s1: text, h1: host(1), h2: host(2), h3: host(3) };
  const cables = [1, 2, 3].map((at) => `s1:p${at} - h${at}:eth0`);
  return network(nodes, cables, ["h2 tcp/80", "h3 tcp/80"]);
}

const reach = (from: string, to: string, proto: "icmp" | "tcp" = "icmp"): Claim => ({
  kind: "reach",
  from: [from],
  to: [to],
  proto,
  port: proto === "tcp" ? 80 : null,
  address: null,
});
const isolate = (from: string, to: string, threat: Threat = "host"): Claim => ({
  kind: "isolate",
  from: [from],
  to: [to],
  threat,
  both: false,
});
const flow = (text: string) => `ovs-ofctl add-flow br0 '${text}'`;
const SECURE = ["ovs-vsctl set-fail-mode br0 secure"];

describe("what is claimed of a switch with flow tables", () => {
  test.each([
    ["OV4 a plain switch lets all through", [], reach("h1", "h2"), "holds"],
    ["OV4 and isolates nobody", [], isolate("h1", "h2"), "fails"],
    ["OV4 an empty secure one isolates", SECURE, isolate("h1", "h2", "attacker"), "holds"],
    ["OV4 and answers nobody", SECURE, reach("h1", "h2"), "fails"],
    ["OV5 two VLANs are apart", ["ovs-vsctl set port p1 tag=10", "ovs-vsctl set port p2 tag=20"], isolate("h1", "h2"), "holds"],
    ["OV5 an access port takes no tags", ["ovs-vsctl set port p1 tag=10", "ovs-vsctl set port p2 tag=20"], isolate("h1", "h2", "attacker"), "holds"],
    ["OV5 a trunk takes any", ["ovs-vsctl set port p2 tag=20"], isolate("h1", "h2", "attacker"), "fails"],
    ["OV5 but not from a plain host", ["ovs-vsctl set port p2 tag=20"], isolate("h1", "h2"), "holds"],
    ["OV5 a trunk takes only its list", ["ovs-vsctl set port p2 tag=20", "ovs-vsctl set port p1 trunks=30"], isolate("h1", "h2", "attacker"), "holds"],
    ["OV6 a flow drops what another lets on", [flow("priority=5,ip,actions=NORMAL"), flow("priority=9,ip,in_port=1,actions=drop")], isolate("h1", "h2"), "holds"],
    ["OV6 not what an attacker makes of it", [flow("priority=9,ip,in_port=1,actions=drop")], isolate("h1", "h2", "attacker"), "fails"],
    ["OV6 nor what goes to everyone", [flow("priority=9,ip,nw_dst=10.0.0.2,actions=drop")], isolate("h1", "h2"), "fails"],
    ["OV6 by the port it is isolated from all", [flow("priority=9,in_port=1,actions=drop")], isolate("h1", "h2", "attacker"), "holds"],
    ["OV6 only one way", [flow("priority=9,in_port=1,actions=drop")], isolate("h2", "h1", "attacker"), "fails"],
    ["OV6 by who sends, which can be forged", [...SECURE, flow("dl_src=02:00:00:00:01:02,actions=drop"), flow("priority=1,actions=NORMAL")], isolate("h1", "h2", "attacker"), "fails"],
    ["OV6 but not by a host", [...SECURE, flow("dl_src=02:00:00:00:01:02,actions=drop"), flow("priority=1,actions=NORMAL")], isolate("h1", "h2"), "holds"],
    ["OV9 what two flows fit is open", [flow("icmp,nw_src=10.0.0.1,actions=drop"), flow("icmp,nw_dst=10.0.0.2,actions=NORMAL")], reach("h1", "h2"), "undecided"],
    ["OV9 what only one fits is not", [flow("icmp,nw_src=10.0.0.1,actions=drop"), flow("icmp,nw_dst=10.0.0.2,actions=NORMAL")], reach("h1", "h3"), "fails"],
    ["OV9 nor what comes by another port", [flow("icmp,actions=NORMAL"), flow("in_port=3,icmp,actions=drop")], reach("h1", "h2"), "holds"],
    ["OV9 nor what a higher one decides", [flow("icmp,nw_src=10.0.0.1,actions=drop"), flow("icmp,nw_dst=10.0.0.2,actions=NORMAL"), flow("priority=60000,icmp,actions=NORMAL")], reach("h1", "h2"), "holds"],
    ["P4 an action that is not simulated leaves its packets open", [flow("tcp,actions=group:1")], reach("h1", "h2", "tcp"), "undecided"],
    ["P4 and no others", [flow("tcp,actions=group:1")], reach("h1", "h2"), "holds"],
    ["P4 nor neighbours that are asked for by a way nobody knows", [flow("actions=resubmit(,1)"), flow("table=1,actions=resubmit(,1)")], reach("h1", "h2"), "undecided"],
    ["P4 nor a copy that goes such a way", [flow("icmp,actions=output:3,group:1")], reach("h1", "h2"), "undecided"],
    ["P4 tables that lead to each other for ever are open", [flow("table=1,tcp,actions=resubmit(,1)"), flow("tcp,actions=resubmit(,1)")], reach("h1", "h2", "tcp"), "undecided"],
  ])("%s", (_name, lines, claim, state) => {
    const built = switched(...lines);
    expect(built.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(decide(built, claim).state).toBe(state);
  }); // prettier-ignore
});

/** Numbers that look drawn and are the same every time. */
class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 2_654_435_761) >>> 0 || 1;
  }
  below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
  one<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
  some<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}

const MATCHES = [
  "arp", "ip", "icmp", "tcp", "tcp,tp_dst=80", "in_port=1", "in_port=2", "ip,nw_src=10.0.0.1", "ip,nw_dst=10.0.0.2/31",
  "dl_vlan=10", "dl_vlan=0xffff", "dl_src=02:00:00:00:01:02", "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", "vlan_tci=0x1000/0x1000",
  "reg0=1", "ip,nw_src=10.0.0.0/255.0.0.1", "",
]; // prettier-ignore
const ACTIONS = [
  "NORMAL", "FLOOD", "output:1", "output:2", "output:9", "IN_PORT", "LOCAL", "ALL", "mod_vlan_vid:10", "strip_vlan",
  "mod_dl_dst:02:00:00:00:02:02", "mod_dl_src:02:00:00:00:09:09", "mod_nw_dst:10.0.0.2", "mod_nw_src:10.0.0.7", "dec_ttl",
  "resubmit(,1)", "resubmit(,2)", "resubmit(2,2)", "load:1->NXM_NX_REG0[]", "clone(mod_vlan_vid:20,output:2)", "CONTROLLER",
]; // prettier-ignore
const SETTINGS = ["", "tag=10", "tag=20", "trunks=10", "tag=10 vlan_mode=native-untagged", "tag=20 vlan_mode=native-tagged"]; // prettier-ignore

function randomFlow(dice: Dice, table: number): string {
  const priority = 1 + dice.below(60);
  const later = dice
    .some(1 + dice.below(3), () => dice.one(ACTIONS))
    .filter((one) => !one.startsWith("resubmit") || Number(/,(\d)/.exec(one)![1]) > table);
  const end = table < 2 && dice.below(4) === 0 ? [`goto_table:${table + 1}`] : [];
  const actions = [...later, ...end].join(",") || "drop";
  const match = dice.one(MATCHES);
  return flow(`table=${table},priority=${priority}${match && `,${match}`},actions=${actions}`);
}

function randomNetwork(dice: Dice): Network {
  const switches = ["s1", "s2"].map((name) => {
    const ports = ["p1", "p2", "p9"].flatMap((port, at) => [
      `ip link set ${port} up`,
      `ovs-vsctl add-port br0 ${port} ${dice.one(SETTINGS)} -- set interface ${port} ofport_request=${[1, 2, 9][at]}`,
    ]);
    const flows = dice.some(dice.below(9), () => randomFlow(dice, dice.below(3)));
    const mode = dice.below(3) === 0 ? SECURE : [];
    return [
      name,
      ["ovs-vsctl add-br br0", "ip link set br0 up", ...ports, ...mode, ...flows].join("\n"),
    ];
  });
  const hosts = [1, 2, 3, 4].map((at) => [`h${at}`, host(at)]);
  return network(
    Object.fromEntries([...switches, ...hosts]) as Record<string, string>,
    ["s1:p9 - s2:p9", "s1:p1 - h1:eth0", "s1:p2 - h2:eth0", "s2:p1 - h3:eth0", "s2:p2 - h4:eth0"],
    ["h1 tcp/80", "h3 tcp/80"],
  ).network;
}

function randomPacket(dice: Dice): Packet {
  const address = () => 0x0a000000 + 1 + dice.below(8);
  const mac = () => dice.one([0x020000000102, 0x020000000202, 0x020000000502, 2 ** 48 - 1, 0x020000000302]); // prettier-ignore
  const drawn = { ethertype: dice.one([0x800, 0x800, 0x806]), tag: dice.one([0, 0, 0, 11, 21, 31]), inner: 0, dmac: mac(), smac: mac(), dst: address(), src: address(), proto: dice.one([1, 6, 17]), sport: dice.below(65_536), dport: dice.one([8, 80]) }; // prettier-ignore
  return { ...Object.fromEntries(FIELDS.map((field) => [field, 0])), ...drawn, ttl: 255 } as Packet;
}

describe("P2 sets and single packets on switches with random flows", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "agree, %i",
    (seed) => {
      const dice = new Dice(seed);
      const strays: string[] = [];
      let seen = 0;
      for (let number = 0; number < 8; number++) {
        const all = randomNetwork(dice);
        const start: PlaceId = dice.one(["h1", "h2", "h3", "h4"].flatMap((name) => [placeAt.leave(name, "eth0"), placeAt.send(name, null)])); // prettier-ignore
        const arena = new Arena();
        const packets = dice.some(30, () => randomPacket(dice));
        const few = packets.reduce((set, one) => arena.union(set, arena.where(only(one))), NONE);
        const way = spread(all, arena, [{ place: start, packets: ALL }]);
        const narrow = spread(all, arena, [{ place: start, packets: few }]);
        for (const packet of packets)
          for (let copy = 0; copy < 12; copy++) {
            const { stops } = trace(all, start, packet, {
              choose: (paths) => dice.one(paths) ?? null,
            });
            for (const stop of stops) {
              if (hasRunOut(all, stop.place.id)) continue;
              seen++;
              if (!arena.contains(way.at.get(stop.place.id) ?? NONE, stop.packet))
                strays.push(`${stop.place.id} is reached`);
              if ((narrow.at.get(stop.place.id) ?? NONE) === NONE)
                strays.push(`${stop.place.id} is reached by few`);
            }
          }
        for (const [place, found] of way.at)
          if (!hasRunOut(all, place) && !replays(all, arena, way, place, arena.witness(found, {})!))
            strays.push(`${place} is not reached`);
      }
      expect(strays).toEqual([]);
      expect(seen).toBeGreaterThan(1_000);
    },
    30_000,
  );
});

// A packet that was found among sets comes there by itself, too, by the way that was found with it.
function replays(
  all: Network,
  arena: Arena,
  way: Spread,
  place: PlaceId,
  packet: PacketFields,
): boolean {
  const path = wayTo(arena, way, place, packet)!;
  let left = path.places.slice(1);
  const { stops } = trace(
    all,
    path.places[0]!,
    { ...path.packets[0]!, ttl: 255 },
    {
      choose: (paths) => {
        const at = left.findIndex((one) => paths.includes(one));
        const next = left[at] ?? paths[0] ?? null;
        left = left.slice(at + 1);
        return next;
      },
    },
  );
  return stops.some((stop) => stop.place.id === place);
}

function hasRunOut(all: Network, id: PlaceId): boolean {
  const { step } = all.places.get(id)!;
  return step.kind === "drop" && step.why.kind === "ttl-expired";
}

const only = (packet: Packet) =>
  Object.fromEntries(FIELDS.map((field) => [field, [[packet[field], packet[field]]] as const]));
