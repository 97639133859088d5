import { describe, expect, test } from "vitest";
import { decide } from "../prove/decide.ts";
import { ip, network } from "../testing.ts";
import { probe } from "../trace/probe.ts";

// Rules NT1 to NT7 of SPEC.md: pc and www inside, net outside, which knows only its own network; lan is on no side.

const cables = ["pc:eth0 - edge:Gi0/1", "edge:Gi0/2 - net:eth0", "www:eth0 - edge:Gi0/3", "lan:eth0 - edge:Gi0/4"]; // prettier-ignore
const services = ["net tcp/80", "net udp/53", "www tcp/80", "www tcp/22", "edge tcp/22"];

const host = (address: string, gateway = "") =>
  `ip addr add ${address}/24 dev eth0\nip link set eth0 up\n${gateway && `ip route add default via ${gateway}`}`;

function translated(lines: string, more: { outside?: string; inside?: string } = {}) {
  return network(
    {
      pc: host("10.0.0.2", "10.0.0.1"),
      www: host("10.0.1.2", "10.0.1.1"),
      lan: host("10.0.2.2", "10.0.2.1"),
      net: host("203.0.113.1"),
      "edge.ios": `interface Gi0/1
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
${more.inside ?? ""}
interface Gi0/3
 ip address 10.0.1.1 255.255.255.0
 ip nat inside
interface Gi0/4
 ip address 10.0.2.1 255.255.255.0
interface Gi0/2
 ip address 203.0.113.2 255.255.255.0
 ip nat outside
${more.outside ?? ""}
access-list 1 permit 10.0.0.0 0.0.1.255
${lines}`,
    },
    cables,
    services,
  );
}

function ask(built: ReturnType<typeof translated>, question: string): string {
  const [from = "", to = "", proto = "icmp", port = ""] = question.split(" ");
  const it = probe(built, {
    device: from,
    table: null,
    to: ip(to),
    proto: proto as "icmp" | "tcp" | "udp",
    port: port ? Number(port) : null,
  });
  if (it.reachable) return `${it.at} sees ${it.src_seen}`;
  return it.delivered ? `lost after ${it.delivered.src}` : it.error!;
}

const overload = "ip nat inside source list 1 interface Gi0/2 overload";
const statics = "ip nat inside source static 10.0.1.2 203.0.113.80";
const port = "ip nat inside source static tcp 10.0.1.2 80 203.0.113.90 8080";

describe("conversations", () => {
  test.each([
    ["NT1 without translation nobody outside knows the way back", "", "", "pc 203.0.113.1 tcp 80: timeout"],
    ["NT4 many share the address of an interface", overload, "", "pc 203.0.113.1 tcp 80: net sees 203.0.113.2"],
    ["NT4 echoes, too", overload, "", "pc 203.0.113.1: net sees 203.0.113.2"],
    ["NT4 datagrams, too", overload, "", "www 203.0.113.1 udp 53: net sees 203.0.113.2"],
    ["NT4 whom the list does not permit keeps its address", overload, "", "lan 203.0.113.1: lost after 10.0.2.2"],
    ["NT5 inside to inside is not translated", overload, "", "pc 10.0.1.2 tcp 80: www sees 10.0.0.2"],
    ["NT5 nor to who is on no side", overload, "", "pc 10.0.2.2: lan sees 10.0.0.2"],
    ["NT5 who is on no side is not translated, whatever the list says", "access-list 1 permit any\n" + overload, "", "lan 203.0.113.1: lost after 10.0.2.2"],
    ["NT5 the router's own packets are not translated", overload, "", "edge 203.0.113.1: net sees 203.0.113.2"],
    ["NT3 a static translation answers from outside", statics, "", "net 203.0.113.80 tcp 80: www sees 203.0.113.1"],
    ["NT3 and gives those inside their address", statics, "", "www 203.0.113.1: net sees 203.0.113.80"],
    ["NT3 it goes before a list", `${overload}\n${statics}`, "", "www 203.0.113.1: net sees 203.0.113.80"],
    ["NT3 one port, another number", port, "", "net 203.0.113.90 tcp 8080: www sees 203.0.113.1"],
    ["NT3 no other port is translated; the router itself has the address", port, "", "net 203.0.113.90 tcp 22: edge sees 203.0.113.1"],
    ["NT3 a port of the interface's own address", "ip nat inside source static tcp 10.0.1.2 80 interface Gi0/2 80", "", "net 203.0.113.2 tcp 80: www sees 203.0.113.1"],
    ["NT3 the other ports of that address stay the router's", "ip nat inside source static tcp 10.0.1.2 80 interface Gi0/2 80", "", "net 203.0.113.2 tcp 22: edge sees 203.0.113.1"],
    ["NT3 network for network", "ip nat inside source static network 10.0.1.0 203.0.113.128 /28", "", "net 203.0.113.130 tcp 80: www sees 203.0.113.1"],
    ["NT3 and the other way", "ip nat inside source static network 10.0.1.0 203.0.113.128 /28", "", "www 203.0.113.1: net sees 203.0.113.130"],
    ["NT4 a pool", "ip nat pool P 203.0.113.20 203.0.113.29 netmask 255.255.255.0\nip nat inside source list 1 pool P", "", "pc 203.0.113.1 tcp 80: net sees 203.0.113.20"],
    ["NT4 a pool that many share", "ip nat pool P 203.0.113.20 203.0.113.20 netmask 255.255.255.0\nip nat inside source list 1 pool P overload", "", "pc 203.0.113.1 tcp 80: net sees 203.0.113.20"],
    ["NT6 the list in is asked before translation", `${statics}\naccess-list 101 permit ip any host 203.0.113.80`, " ip access-group 101 in", "net 203.0.113.80 tcp 80: www sees 203.0.113.1"],
    ["NT6 so the inner address fits nothing there", `${statics}\naccess-list 101 permit ip any host 10.0.1.2`, " ip access-group 101 in", "net 203.0.113.80 tcp 80: host-prohibited"],
    ["NT6 the list out is asked after translation", `${overload}\naccess-list 101 permit ip host 203.0.113.2 any`, " ip access-group 101 out", "pc 203.0.113.1 tcp 80: net sees 203.0.113.2"],
    ["NT6 so the inner source fits nothing there", `${overload}\naccess-list 101 permit ip 10.0.0.0 0.0.0.255 any`, " ip access-group 101 out", "pc 203.0.113.1 tcp 80: host-prohibited"],
    ["NT7 what no translation knows passes as it is", statics, "", "net 203.0.113.2 tcp 22: edge sees 203.0.113.1"],
  ])("%s", (_rule, lines, outside, row) => {
    const [question = "", expected] = row.split(": ");
    const built = translated(lines, { outside });
    expect(built.diagnostics).toEqual([]);
    expect(ask(built, question)).toBe(expected);
  });
}); // prettier-ignore

test.each([
  ["NT4 more than the pool has", "ip nat pool P 203.0.113.20 203.0.113.20 netmask 255.255.255.0\nip nat inside source list 1 pool P"],
  ["NT4 a list that is not there", "ip nat inside source list 99 interface Gi0/2 overload"],
  ["NT4 a pool that is not there", "ip nat inside source list 1 pool NONE overload"],
  ["NT2 a list with what is not simulated", "access-list 101 permit ip any any time-range W\nip nat inside source list 101 interface Gi0/2 overload"],
  ["NT2 a side in a VRF", "ip vrf A\ninterface Gi0/4\n vrf forwarding A\n ip address 10.0.2.1 255.255.255.0\n ip nat inside\n" + overload],
])("%s leaves it open", (_rule, lines) => {
  const built = translated(lines);
  expect(built.network.devices.get("edge")!.taints.length).toBeGreaterThan(0);
}); // prettier-ignore

test("nothing here is left open where all is simulated", () => {
  const built = translated(`${overload}\n${statics}`);
  expect(built.network.devices.get("edge")!.taints).toEqual([]);
  expect(["holds", "undecided"]).toContain(
    decide(built, { kind: "reach", from: ["pc"], to: ["net"], proto: "icmp", port: null, address: null }).state, // prettier-ignore
  );
});
