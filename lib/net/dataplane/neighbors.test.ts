import { describe, expect, test } from "vitest";
import { probe } from "../trace/probe.ts";
import { ip, network } from "../testing.ts";
import type { Built } from "../network.ts";

// Rule ids are those of lib/net/SPEC.md. An echo gets through only if every ARP question on its way is answered.

function ping(built: Built, from: string, to: string, source: string | null = null): string {
  const [device = "", table = null] = from.split("@");
  const asked = { device, table, to: ip(to), proto: "icmp" as const, port: null };
  const seen = probe(built, { ...asked, source: source === null ? null : ip(source) });
  if (seen.reachable) return `answered by ${seen.at}`;
  return seen.delivered ? `reached ${seen.delivered.at}` : seen.error!;
}

const host = (address: string, ...more: string[]) =>
  [`ip addr add ${address} dev eth0`, "ip link set eth0 up", ...more].join("\n");

describe("two routers of one kind", () => {
  const built = network(
    {
      "r1.ios": `
interface Gi0/1
 ip address 10.0.0.1 255.255.255.0
interface Gi0/2
 ip address 10.1.0.1 255.255.0.0
 ip address 10.2.0.1 255.255.0.0 secondary
interface Gi0/3
 ip address 10.3.0.1 255.255.255.0
 no ip proxy-arp
interface Loopback0
 ip address 10.250.0.1 255.255.255.255
ip route 10.40.0.0 255.255.0.0 10.3.0.2
ip route 10.50.0.0 255.255.0.0 Gi0/1
ip route 10.60.0.0 255.255.0.0 Gi0/3
ip route 10.70.0.0 255.255.0.0 Null0
ip route 10.99.0.0 255.255.0.0 10.2.0.2
`,
      "r2.ios": `
interface Gi0/1
 ip address 10.0.0.2 255.255.255.0
interface Gi0/2
 ip address 10.50.0.1 255.255.255.0
ip route 0.0.0.0 0.0.0.0 10.0.0.1
`,
      "r3.ios":
        "interface Gi0/1\n ip address 10.3.0.2 255.255.255.0\ninterface Gi0/2\n ip address 10.60.0.1 255.255.255.0\nip route 0.0.0.0 0.0.0.0 10.3.0.1\nip route 10.40.0.0 255.255.0.0 Null0",
      "r4.ios":
        "interface Gi0/1\n ip address 10.2.0.2 255.255.255.0\ninterface Lo0\n ip address 10.99.0.1 255.255.255.255",
      h1: host("10.50.0.9/24", "ip route add default via 10.50.0.1"),
      h2: host("10.60.0.9/24", "ip route add default via 10.60.0.1"),
    },
    [
      "r1:Gi0/1 - r2:Gi0/1",
      "r1:Gi0/3 - r3:Gi0/1",
      "r1:Gi0/2 - r4:Gi0/1",
      "r2:Gi0/2 - h1:eth0",
      "r3:Gi0/2 - h2:eth0",
    ],
  );

  test.each([
    [
      "N1 asked in the name of the address that lies with the target",
      "r1",
      "10.2.0.2",
      "reached r4",
    ],
    ["N1 of a gateway, too", "r1", "10.99.0.1", "reached r4"],
    ["N2 its own address", "r1", "10.0.0.2", "answered by r2"],
    ["N2 one that nobody has", "r1", "10.0.0.3", "timeout"],
    [
      "N4 a route by an interface alone works by the neighbour's proxy",
      "r1",
      "10.50.0.9",
      "answered by h1",
    ],
    ["N4 also for the neighbour's own address elsewhere", "r1", "10.50.0.1", "answered by r2"],
    ["N4 through two routers", "r3", "10.50.0.9", "answered by h1"],
    [
      "N4 whose proxy is on at the far end, whatever its own says",
      "r1",
      "10.60.0.9",
      "answered by h2",
    ],
  ])("%s: %s to %s", (_rule, from, to, expected) => {
    expect(ping(built, from, to)).toBe(expected);
  });
});

describe("a host that asks for everything itself", () => {
  const router = (proxy: string, routes = "") =>
    network(
      {
        h: host("10.0.0.9/8"),
        "r.ios": `interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n ${proxy}\ninterface Gi0/2\n ip address 10.1.0.1 255.255.255.0\n${routes}`,
        t: host("10.1.0.9/24", "ip route add default via 10.1.0.1"),
      },
      ["h:eth0 - r:Gi0/1", "r:Gi0/2 - t:eth0"],
    );

  test.each([
    [
      "N4 the router answers for what lies behind it",
      "ip proxy-arp",
      "",
      "10.1.0.9",
      "answered by t",
    ],
    ["N4 and for its own address there", "ip proxy-arp", "", "10.1.0.1", "answered by r"],
    ["N4 not when it is told not to", "no ip proxy-arp", "", "10.1.0.9", "timeout"],
    ["N4 not for what it has no route to", "ip proxy-arp", "", "10.9.0.9", "timeout"],
    ["N4 not for what lies on the same wire", "ip proxy-arp", "", "10.0.0.77", "timeout"],
    [
      "N4 nor for what it throws away",
      "ip proxy-arp",
      "ip route 10.9.0.0 255.255.0.0 Null0",
      "10.9.0.9",
      "timeout",
    ],
    ["N4 nor when it passes nothing on", "ip proxy-arp", "no ip routing", "10.1.0.9", "timeout"],
    [
      "N4 by a default route, too",
      "ip proxy-arp",
      "ip route 0.0.0.0 0.0.0.0 10.1.0.9",
      "10.9.0.9",
      "timeout",
    ],
  ])("%s", (_rule, proxy, routes, to, expected) => {
    expect(ping(router(proxy, routes), "h", to)).toBe(expected);
  });
});

describe("who is heeded", () => {
  const pair = (mine: string, theirs: string) =>
    network({ h: host(mine), "r.ios": `interface Gi0/1\n ip address ${theirs}` }, [
      "h:eth0 - r:Gi0/1",
    ]);

  test.each([
    [
      "N2 a router heeds those of its own network",
      "10.0.0.9/8",
      "10.0.0.1 255.255.255.0",
      "10.0.0.1",
      "answered by r",
    ],
    ["N2 and nobody else", "10.0.1.9/8", "10.0.0.1 255.255.255.0", "10.0.0.1", "timeout"],
    [
      "N3 nobody heeds one with its own address",
      "10.0.0.1/24",
      "10.0.0.1 255.255.255.0",
      "10.0.0.2",
      "timeout",
    ],
  ])("%s", (_rule, mine, theirs, to, expected) => {
    expect(ping(pair(mine, theirs), "h", to)).toBe(expected);
  });

  test("N3 an address of another table is another's", () => {
    const built = network(
      {
        h: host("10.0.0.9/24"),
        "r.ios": `ip vrf A
ip vrf B
interface Gi0/1
 ip vrf forwarding A
 ip address 10.0.0.1 255.255.255.0
interface Gi0/2
 ip vrf forwarding B
 ip address 10.0.0.9 255.255.255.0`,
        t: host("10.0.0.1/24"),
      },
      ["h:eth0 - r:Gi0/1", "r:Gi0/2 - t:eth0"],
    );
    expect(ping(built, "h", "10.0.0.1")).toBe("answered by r");
    expect(ping(built, "t", "10.0.0.9")).toBe("answered by r");
    expect(ping(built, "r@A", "10.0.0.9")).toBe("answered by h");
  });
});

describe("hosts", () => {
  const built = network(
    {
      a: host("10.0.0.1/24", "ip addr add 10.7.7.7/32 dev lo", "ip route add 10.9.0.0/16 dev eth0"),
      b: host(
        "10.0.0.2/24",
        "ip addr add 10.9.0.1/24 dev eth1",
        "ip addr add 10.9.1.1/24 dev lo",
        "ip route add 10.7.7.7/32 dev eth0",
      ),
      c: "",
      d: host("10.0.0.1/24", "ip route add 10.8.0.0/16 dev eth0"),
      e: host(
        "10.0.0.2/24",
        "ip addr add 10.8.0.1/32 dev lo",
        "sysctl -w net.ipv4.conf.eth0.rp_filter=1",
      ),
    },
    ["a:eth0 - b:eth0", "b:eth1 - c:eth0", "d:eth0 - e:eth0"],
  );

  test.each([
    ["N2 an address answers on every link (weak host)", "a", "10.9.0.1", null, "answered by b"],
    ["N2 so does the network of its loopback", "a", "10.9.1.55", null, "answered by b"],
    ["N2 but not 127.0.0.0/8", "a", "127.0.0.1", null, "answered by a"],
    ["N1 asked in the name of the packet's source", "a", "10.0.0.2", "10.7.7.7", "answered by b"],
    [
      "N2 with a strict source check, of those whose way back is there",
      "d",
      "10.8.0.1",
      null,
      "answered by e",
    ],
  ])("%s: %s to %s", (_rule, from, to, source, expected) => {
    expect(ping(built, from, to, source)).toBe(expected);
  });

  test("N2 a strict source check heeds no others", () => {
    const other = network(
      { a: host("10.1.0.1/8"), b: host("10.0.0.2/24", "sysctl -w net.ipv4.conf.eth0.rp_filter=1") },
      ["a:eth0 - b:eth0"],
    );
    expect(ping(other, "a", "10.0.0.2")).toBe("timeout");
  });
});

describe("the world outside", () => {
  const world = (gateway: string, address = "203.0.113.1/29", owns = "0.0.0.0/0") =>
    network(
      {
        "inet.outside": `${address} owns ${owns} knows ${address.startsWith("203") ? "203.0.113.0/29" : ""}`,
        h: host("203.0.113.2/29", `ip route add default via ${gateway}`),
      },
      ["inet:e0 - h:eth0"],
    );

  test.each([
    ["N5 its own address is the gateway", world("203.0.113.1"), "8.8.8.8", "answered by inet"],
    ["N5 another of its network is not", world("203.0.113.5"), "8.8.8.8", "timeout"],
    [
      "N5 unless it owns it",
      world("203.0.113.5", "203.0.113.1/29", "203.0.113.4/30"),
      "203.0.113.5",
      "answered by inet",
    ],
  ])("%s", (_rule, built, to, expected) => {
    expect(ping(built, "h", to)).toBe(expected);
  });
});
