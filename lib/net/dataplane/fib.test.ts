import { describe, expect, test } from "vitest";
import { decided, network } from "../testing.ts";

// Rule ids are those of lib/net/SPEC.md.

const far = (address: string) => `ip addr add ${address} dev eth0; ip link set eth0 up`;

describe("a router with VRFs and static routes", () => {
  const built = network(
    {
      "r.ios": `
ip vrf A
ip vrf B
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
interface Loopback1
 ip address 11.0.0.1 255.0.0.0
interface Gi0/1
 ip address 192.0.2.1 255.255.255.0
interface Gi0/2
 ip vrf forwarding A
 ip address 10.1.0.1 255.255.255.0
interface Gi0/3
 ip vrf forwarding B
 ip address 10.1.0.1 255.255.255.0
interface Gi0/4
 ip address 198.51.100.1 255.255.255.0
 shutdown
interface Gi0/5
 ip address 203.0.113.1 255.255.255.0
interface Gi0/6
ip route 10.9.0.0 255.255.0.0 192.0.2.2
ip route 10.9.9.0 255.255.255.0 Null0
ip route 10.8.0.0 255.255.0.0 198.51.100.2
ip route 10.7.0.0 255.255.0.0 203.0.113.2
ip route 10.6.0.0 255.255.0.0 192.0.2.2 200
ip route 10.6.0.0 255.255.0.0 192.0.2.3
ip route 10.5.0.0 255.255.0.0 198.51.100.2
ip route 10.5.0.0 255.255.0.0 192.0.2.9 210
ip route 10.4.0.0 255.255.0.0 192.0.2.2
ip route 10.4.0.0 255.255.0.0 192.0.2.3
ip route 10.3.0.0 255.255.0.0 10.9.1.1
ip route 10.2.0.0 255.255.0.0 10.3.1.1
ip route 172.16.0.0 255.255.0.0 172.16.0.1
ip route 172.17.0.0 255.255.0.0 172.18.0.1
ip route 172.18.0.0 255.255.0.0 172.17.0.1
ip route 172.19.0.0 255.255.0.0 10.9.9.1
ip route 172.20.0.0 255.255.0.0 192.0.2.2 255
ip route 172.21.0.0 255.255.0.0 172.16.0.9
ip route 172.22.0.0 255.255.0.0 Gi0/4 198.51.100.2
ip route 172.23.0.0 255.255.0.0 Gi0/6 198.51.100.2
ip route 172.24.0.0 255.255.0.0 Gi0/1
ip route 192.0.2.0 255.255.255.0 203.0.113.9
ip route vrf A 10.2.0.0 255.255.255.0 10.1.0.2
ip route vrf A 10.3.0.0 255.255.255.0 192.0.2.2
ip route vrf A 10.4.0.0 255.255.255.0 192.0.2.2 global
ip route vrf A 10.5.0.0 255.255.255.0 Gi0/3 10.1.0.9
ip route 10.20.0.0 255.255.0.0 Gi0/3 10.1.0.9
`,
      a: far("192.0.2.2/24"),
      b: far("10.1.0.2/24"),
      c: far("10.1.0.9/24"),
      d: "ip addr add 203.0.113.2/24 dev eth0",
      e: "ip link set eth0 up",
      f: far("198.51.100.2/24"),
    },
    [
      "r:Gi0/1 - a:eth0",
      "r:Gi0/2 - b:eth0",
      "r:Gi0/3 - c:eth0",
      "r:Gi0/5 - d:eth0",
      "r:Gi0/6 - e:eth0",
      "r:Gi0/4 - f:eth0",
    ],
  );

  test.each([
    ["F1 the longest prefix wins", "r", "10.9.1.1", "Gi0/1 via 192.0.2.2"],
    ["F1 even when the longer one discards", "r", "10.9.9.1", "discard"],
    ["F2 an own address is delivered", "r", "192.0.2.1", "deliver"],
    ["F2 a loopback's, too", "r", "10.255.0.1", "deliver"],
    ["F2 but not the rest of its network", "r", "10.255.0.2", "no route"],
    ["F2 nor that of a loopback of eight bits", "r", "11.0.0.2", "Lo1"],
    ["F2 an address of an interface that is down is nobody's", "r", "198.51.100.1", "no route"],
    ["F2 nor one of another table", "r", "10.1.0.1", "no route"],
    ["F2 which delivers it", "r@A", "10.1.0.1", "deliver"],
    ["F3 broadcasts of its networks are for it", "r", "192.0.2.255", "broadcast"],
    ["F3 the first address, too", "r", "192.0.2.0", "broadcast"],
    ["F3 and everybody's", "r", "255.255.255.255", "broadcast"],
    ["F4 a network is there while its interface has a link", "r", "192.0.2.77", "Gi0/1"],
    ["F4 not when it is shut", "r", "198.51.100.77", "no route"],
    ["F4 nor when the other end is down", "r", "203.0.113.77", "no route"],
    ["F4 routes by it go, too", "r", "10.8.0.1", "no route"],
    ["F4 whichever end is down", "r", "10.7.0.1", "no route"],
    ["F4 with the interface named as well", "r", "172.22.0.1", "no route"],
    ["F4 an interface without address routes nothing", "r", "172.23.0.1", "no route"],
    ["F4 an interface alone asks for each destination", "r", "172.24.0.1", "Gi0/1"],
    ["F6 a next hop may be found by another route", "r", "10.3.0.1", "Gi0/1 via 192.0.2.2"],
    ["F6 and that by a third", "r", "10.2.0.1", "Gi0/1 via 192.0.2.2"],
    ["F6 a route holds itself up never", "r", "172.16.0.1", "no route"],
    ["F6 nor do two each other", "r", "172.17.0.1", "no route"],
    ["F6 nor does what stands on them", "r", "172.21.0.1", "no route"],
    ["F6 a next hop that is discarded is none", "r", "172.19.0.1", "no route"],
    ["F7 the least distance wins", "r", "10.6.0.1", "Gi0/1 via 192.0.2.3"],
    ["F7 of those that lead somewhere", "r", "10.5.0.1", "Gi0/1 via 192.0.2.9"],
    ["F7 equal ones share", "r", "10.4.0.1", "Gi0/1 via 192.0.2.2, Gi0/1 via 192.0.2.3"],
    ["F7 connected beats all", "r", "192.0.2.99", "Gi0/1"],
    ["F7 255 is no distance", "r", "172.20.0.1", "no route"],
    ["F8 each VRF has its own routes", "r@A", "10.2.0.1", "Gi0/2 via 10.1.0.2"],
    ["F8 and finds its next hops in its own table", "r@A", "10.3.0.1", "no route"],
    ["F8 unless it says global", "r@A", "10.4.0.1", "Gi0/1 via 192.0.2.2"],
    [
      "F8 a next hop on another table's interface crosses over",
      "r@A",
      "10.5.0.1",
      "Gi0/3 via 10.1.0.9",
    ],
    ["F8 from the global one, too", "r", "10.20.0.1", "Gi0/3 via 10.1.0.9"],
    ["F8 but not back", "r@B", "10.2.0.1", "no route"],
  ])("%s: %s to %s", (_rule, place, dst, expected) => {
    expect(decided(built, place, dst)).toBe(expected);
  });

  test("what is written and not in a table is said, with the reason", () => {
    const said = built.diagnostics
      .filter(({ code }) => code === "ios-route-absent")
      .map(({ message }) => /to (\S+) is.*: (.*)\.$/.exec(message)!.slice(1).join(": "));
    expect(said.toSorted()).toEqual([
      "10.3.0.0/24: nothing in the table leads to its next hop",
      "10.5.0.0/16: nothing in the table leads to its next hop",
      "10.7.0.0/16: nothing in the table leads to its next hop",
      "10.8.0.0/16: nothing in the table leads to its next hop",
      "172.16.0.0/16: its next hop is found only through the route itself",
      "172.17.0.0/16: its next hop is found only through the route itself",
      "172.18.0.0/16: its next hop is found only through the route itself",
      "172.19.0.0/16: its next hop is in a network that is thrown away",
      "172.20.0.0/16: distance 255 is never used",
      "172.21.0.0/16: nothing in the table leads to its next hop",
      "172.22.0.0/16: GigabitEthernet0/4 is down",
      "172.23.0.0/16: GigabitEthernet0/6 has no address",
    ]);
  });
});

describe("a route with a default behind it", () => {
  const router = (routes: string) =>
    network(
      {
        "r.ios": `interface Gi0/1\n ip address 192.0.2.1 255.255.255.0\nip route 0.0.0.0 0.0.0.0 192.0.2.2\n${routes}`,
        a: far("192.0.2.2/24"),
      },
      ["r:Gi0/1 - a:eth0"],
    );

  test.each([
    [
      "F6 a next hop inside the route's own network is no use of the default",
      "ip route 10.1.0.0 255.255.0.0 10.1.0.1",
      "10.1.0.9",
      "Gi0/1 via 192.0.2.2",
    ],
    [
      "F6 a next hop that only the default knows will do",
      "ip route 10.1.0.0 255.255.0.0 10.2.0.1",
      "10.1.0.9",
      "Gi0/1 via 192.0.2.2",
    ],
    [
      "F6 a longer route that leads nowhere hides nothing",
      "ip route 10.1.0.0 255.255.0.0 10.2.0.1\nip route 10.2.0.0 255.255.0.0 10.2.0.1",
      "10.1.0.9",
      "Gi0/1 via 192.0.2.2",
    ],
    [
      "F6 two that need each other are both left out",
      "ip route 10.1.0.0 255.255.0.0 10.2.0.1\nip route 10.2.0.0 255.255.0.0 10.1.0.1",
      "10.1.0.9",
      "Gi0/1 via 192.0.2.2",
    ],
    [
      "F6 one that can do otherwise holds the other up",
      "ip route 10.1.0.0 255.255.0.0 10.2.0.1\nip route 10.2.0.0 255.255.0.0 10.1.0.1\nip route 10.2.0.0 255.255.0.0 192.0.2.7",
      "10.1.0.9",
      "Gi0/1 via 192.0.2.7",
    ],
  ])("%s", (_rule, routes, dst, expected) => {
    expect(decided(router(routes), "r", dst)).toBe(expected);
    const turned = routes.split("\n").reverse().join("\n");
    expect(decided(router(turned), "r", dst)).toBe(expected);
  });

  test("F6 a long chain of next hops is followed, a longer one is not", () => {
    const chain = Array.from(
      { length: 40 },
      (_, at) => `ip route 10.${at + 1}.0.0 255.255.0.0 ${at === 0 ? "192.0.2.7" : `10.${at}.0.1`}`,
    );
    const built = router(chain.join("\n"));
    expect(decided(built, "r", "10.30.0.1")).toBe("Gi0/1 via 192.0.2.7");
    expect(built.diagnostics.some(({ message }) => message.includes("too many lookups"))).toBe(
      true,
    );
  });
});

describe("a Linux host", () => {
  const built = network(
    {
      h: `
ip addr add 10.0.0.1/24 dev eth0
ip addr add 10.0.9.1/24 dev eth1
ip addr add 10.4.0.1/24 dev lo
ip link set eth0 up
ip route add 10.1.0.0/16 via 10.0.0.2
ip route add blackhole 10.1.1.0/24
ip route add unreachable 10.1.2.0/24
ip route add 10.2.0.0/16 via 10.0.0.2 metric 20
ip route add 10.2.0.0/16 via 10.0.0.3 metric 10
ip route append 10.3.0.0/16 via 10.0.0.2
ip route append 10.3.0.0/16 via 10.0.0.3
ip route add 10.5.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3
`,
      p: "ip addr add 10.0.0.2/24 dev eth0",
      q: "",
    },
    ["h:eth0 - p:eth0", "h:eth1 - q:eth0"],
  );

  test.each([
    ["F1 the longest prefix wins", "10.1.9.9", "eth0 via 10.0.0.2"],
    ["F1 even when the longer one refuses", "10.1.1.1", "discard"],
    ["F1 with an error", "10.1.2.1", "unreachable"],
    ["F2 an own address is delivered", "10.0.0.1", "deliver"],
    ["F2 also that of a link which is down (weak host)", "10.0.9.1", "deliver"],
    ["F2 the network of the loopback is its own as a whole", "10.4.0.77", "deliver"],
    ["F2 and 127.0.0.0/8", "127.9.9.9", "deliver"],
    ["F3 the last address of a network is a broadcast", "10.0.0.255", "broadcast"],
    ["F3 the first is a neighbour", "10.0.0.0", "eth0"],
    ["F5 no carrier takes no route away", "10.0.0.77", "eth0"],
    ["F5 the least metric wins", "10.2.0.1", "eth0 via 10.0.0.3"],
    ["F5 of equal ones the first is used, alone", "10.3.0.1", "eth0 via 10.0.0.2"],
    ["F5 next hops of one route share", "10.5.0.1", "eth0 via 10.0.0.2, eth0 via 10.0.0.3"],
    ["F4 a link that is down has no network", "10.0.9.2", "no route"],
  ])("%s: %s", (_rule, dst, expected) => {
    expect(decided(built, "h", dst)).toBe(expected);
  });
});

describe("the world outside", () => {
  const built = network(
    {
      "inet.outside": "203.0.113.1/30 owns 0.0.0.0/0 knows 203.0.113.0/30,198.51.100.0/24",
      "r.ios": "",
    },
    ["inet:e0 - r:Gi0/1"],
  );

  test.each([
    ["F2 what it owns is delivered there", "8.8.8.8", "deliver"],
    ["F2 its neighbour is sent to", "203.0.113.2", "e0"],
    ["F1 what it knows is sent to the neighbour", "198.51.100.9", "e0 via 203.0.113.2"],
  ])("%s: %s", (_rule, dst, expected) => {
    expect(decided(built, "inet", dst)).toBe(expected);
  });
});
