import { describe, expect, test } from "vitest";
import { buildNetwork } from "../network.ts";
import { drawn, ip } from "../testing.ts";
import { converse } from "../trace/conversation.ts";

/*
 * Rules V1 to V4 of SPEC.md. A host behind a switch (a Linux bridge) asks the gateway 10.0.0.1, for which r1 (10.0.0.2)
 * and r2 (10.0.0.3) stand; both have a way to far.
 */

const cables = ["pc:eth0 - sw:p1", "sw:p2 - r1:Gi0/1", "sw:p3 - r2:Gi0/1", "r1:Gi0/2 - core:eth0", "r2:Gi0/2 - core:eth1"]; // prettier-ignore
const sw = `ip link add br0 type bridge
ip link set br0 up
for p in p1 p2 p3; do ip link set $p master br0; ip link set $p up; done`;
const core = `sysctl -w net.ipv4.ip_forward=1
ip addr add 10.1.1.1/24 dev eth0
ip addr add 10.1.2.1/24 dev eth1
ip link set eth0 up
ip link set eth1 up
ip route add 10.0.0.0/24 via 10.1.1.2
ip addr add 192.0.2.1/32 dev lo`;

function lab(
  first: string,
  second: string,
  { more = "", down = [] as number[], middle = sw } = {},
) {
  const router = (number: number, group: string) => `interface Gi0/1
 ip address 10.0.0.${number + 1} 255.255.255.0
${group.trim().split("\n").map((line) => ` ${line.trim()}`).join("\n")}
interface Gi0/2
 ip address 10.1.${number}.2 255.255.255.0
ip route 0.0.0.0 0.0.0.0 10.1.${number}.1
${more}`; // prettier-ignore
  const { topology, files } = drawn(
    {
      pc: "ip addr add 10.0.0.9/24 dev eth0\nip link set eth0 up\nip route add default via 10.0.0.1",
      sw: middle,
      "r1.ios": router(1, first),
      "r2.ios": router(2, second),
      core,
    },
    cables,
  );
  return buildNetwork(topology, files, { nodes: [], links: down });
}

// Which router the host's packets pass, or how they end.
function gatewayOf(built: ReturnType<typeof lab>): string {
  const { forward } = converse(built, { device: "pc", table: null, to: ip("192.0.2.1"), proto: "icmp", port: null }); // prettier-ignore
  const passed = forward.stops.find(({ place }) => /^r\d/.test(place.device));
  return forward.fate.kind === "delivered" ? passed!.place.device : forward.fate.kind;
}

const group = "standby 1 ip 10.0.0.1";
const preferred = `${group}\nstandby 1 priority 110\nstandby 1 preempt`;
const watching = `${preferred}\nstandby 1 track GigabitEthernet0/2 20`;
const preempting = `${group}\nstandby 1 preempt`;
/** The cables of r1 to the switch and to the core. */
const [LAN, WAN] = [1, 3];

describe("who stands for the gateway", () => {
  test.each([
    ["V2 of equals the highest address", group, group, {}, "r2"],
    ["V2 the highest priority", preferred, group, {}, "r1"],
    ["V2 without its cable another takes over", preferred, group, { down: [LAN] }, "r2"],
    ["V2 a dead way on is no reason by itself", preferred, group, { down: [WAN] }, "no-route"],
    ["V3 what is watched and lost takes from the priority", watching, preempting, { down: [WAN] }, "r2"],
    ["V3 who does not preempt does not take over", watching, group, { down: [WAN] }, "no-route"],
    ["V3 too small a loss changes nothing", `${preferred}\nstandby 1 track Gi0/2 5`, preempting, { down: [WAN] }, "no-route"],
    ["V3 an object that watches", `${preferred}\nstandby 1 track 7 decrement 20`, preempting, { down: [WAN], more: "track 7 interface Gi0/2 line-protocol" }, "r2"],
    ["V3 an object whose loss ends it all", `${preferred}\nstandby 1 track 7 shutdown`, group, { down: [WAN], more: "track 7 interface Gi0/2 line-protocol" }, "r2"],
    ["V2 VRRP preempts by itself", "vrrp 1 ip 10.0.0.1\nvrrp 1 priority 120\nvrrp 1 track 7 decrement 50", "vrrp 1 ip 10.0.0.1", { down: [WAN], more: "track 7 interface Gi0/2 line-protocol" }, "r2"],
    ["V1 a gateway that is learnt", `${group}\nno standby 1 preempt`, "standby 1 ip\nstandby 1 priority 150", {}, "r2"],
    ["V1 version 2", `standby version 2\n${preferred}`, `standby version 2\n${group}`, {}, "r1"],
    ["V1 nobody stands for what nobody was told", "", "", {}, "no-neighbor"],
  ])("%s", (_rule, first, second, how, expected) => {
    const built = lab(first, second, how);
    expect(gatewayOf(built)).toBe(expected);
  });
}); // prettier-ignore

function standing(built: ReturnType<typeof lab>): string[] {
  return ["r1", "r2"].filter((name) =>
    built.network.devices.get(name)!.ifaces.some((iface) => iface.alsoMacs !== undefined),
  );
}

test.each([
  ["V4 one of two that hear each other", group, group, {}, ["r2"]],
  ["V2 who has no link takes no part", group, group, { middle: sw.replace("p1 p2 p3", "p1 p2") }, ["r1"]],
  ["V4 both with different versions", `standby version 2\n${group}`, group, {}, ["r1", "r2"]],
  ["V4 both with different secrets", `${group}\nstandby 1 authentication a`, `${group}\nstandby 1 authentication b`, {}, ["r1", "r2"]],
  ["V4 and with different groups", group, "standby 2 ip 10.0.0.1", {}, ["r1", "r2"]],
])("%s", (_rule, first, second, how, expected) => {
  expect(standing(lab(first, second, how))).toEqual(expected);
}); // prettier-ignore

test("V4 both stand for it where a switch keeps them apart", () => {
  const apart = `${sw}\nbridge link set dev p2 isolated on\nbridge link set dev p3 isolated on`;
  expect(standing(lab(group, group, { middle: apart }))).toEqual(["r1", "r2"]);
});

test.each([
  ["standby 1 ip 10.0.0.1", "00:00:0c:07:ac:01"],
  ["standby version 2\nstandby 300 ip 10.0.0.1", "00:00:0c:9f:f1:2c"],
  ["vrrp 200 ip 10.0.0.1", "00:00:5e:00:01:c8"],
])("V1 %s has the address %s", (first, mac) => {
  const built = lab(first, "");
  const [port] = built.network.devices.get("r1")!.ifaces;
  expect(port!.alsoMacs).toEqual([mac]);
  const { forward } = converse(built, { device: "pc", table: null, to: ip("10.0.0.1"), proto: "icmp", port: null }); // prettier-ignore
  expect(forward.fate).toEqual({ kind: "delivered", device: "r1" });
  expect(forward.last.dmac.toString(16).padStart(12, "0")).toBe(mac.replaceAll(":", ""));
});

test.each([
  ["access-list 101 permit ip any any", 0],
  ["access-list 101 permit udp any host 224.0.0.2 eq 1985\naccess-list 101 permit ip any any", 0],
  ["access-list 101 permit udp 10.0.0.0 0.0.0.255 any\naccess-list 101 deny ip any any", 0],
  ["access-list 101 permit tcp any any", 1],
  ["access-list 101 deny udp host 10.0.0.3 any\naccess-list 101 permit ip any any", 1],
])("V4 hellos past the list in: %s", (more, open) => {
  const built = lab(`${group}\nip access-group 101 in`, group, { more });
  expect(built.network.devices.get("r1")!.taints).toHaveLength(open);
});
