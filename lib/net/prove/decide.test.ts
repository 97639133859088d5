import { describe, expect, test } from "vitest";
import { answers, cables, hosts } from "../golden.ts";
import type { Claim, Proto, Threat } from "../model/objective.ts";
import { formatIp, parsePrefix, type Ip } from "../model/prefix.ts";
import type { Built } from "../network.ts";
import { ip, network } from "../testing.ts";
import { decide } from "./decide.ts";

const reach = (
  from: string,
  to: string,
  proto: Proto = "icmp",
  port: number | null = null,
): Claim => ({
  kind: "reach",
  from: from.split(" "),
  to: to.split(" "),
  proto,
  port,
  address: null,
});
const isolate = (from: string, to: string, threat: Threat = "host", both = false): Claim => ({
  kind: "isolate",
  from: from.split(" "),
  to: to.split(" "),
  threat,
  both,
});

// A verdict in one line: its state and what shows it.
function verdict(built: Built, claim: Claim): string {
  const { state, why } = decide(built, claim);
  switch (why.kind) {
    case "unanswered": {
      const lost =
        why.shown.forward.fate.kind === "delivered" ? why.shown.back! : why.shown.forward;
      const way = lost === why.shown.back ? "back: " : "";
      return `${state}: ${way}${lost.fate.kind}`;
    }
    case "leak": {
      const { src, dst } = why.shown.last;
      return `${state}: ${why.from} to ${why.to}, ${formatIp(src as Ip)} to ${formatIp(dst as Ip)}`;
    }
    case "missing":
      return `${state}: ${why.missing.what}`;
    case "table-differs":
      return `${state}: lacks ${why.lacks.join(" ")}, has ${why.has.join(" ")}`;
    case "taint":
      return `${state}: ${why.taint.what}`;
    default:
      return `${state}: ${why.kind}`;
  }
}

const host = (address: string, gateway: string) =>
  `ip addr add ${address} dev eth0\nip link set eth0 up\nip route add default via ${gateway}`;

describe("places of a router with two customers", () => {
  const built = network({ ...hosts, "edge.ios": answers.solution }, cables);

  test.each([
    ["P5 a host reaches its VRF's addresses", reach("a1", "edge@CUSTOMER_A"), "holds: answered"],
    ["P5 not another VRF's, though they are the same", reach("a1", "edge@CUSTOMER_B"), /^fails: /],
    ["P5 the router as a whole is reached by any", reach("a1", "edge"), "holds: answered"],
    ["P5 a port by its own address", reach("a1", "edge:Gi0/1"), "holds: answered"],
    ["P5 the far port of the VRF, too", reach("a1", "edge:GigabitEthernet0/2"), "holds: answered"],
    ["P5 not a port of another VRF", reach("a1", "edge:Gi0/3"), /^fails: /],
    ["P5 a VRF asks in its own table", reach("edge@CUSTOMER_A", "a1 a2"), "holds: answered"],
    ["P5 and is told nothing by another's", reach("edge@CUSTOMER_A", "b1"), /^fails: /],
    ["P5 a port asks in its own name", reach("edge:Gi0/1", "a2"), "holds: answered"],
    ["P5 the global table has nobody here", reach("edge", "a1"), "fails: no-route"],
    ["P5 names may be patterns", reach("a*", "a2 edge@CUSTOMER_A"), "holds: answered"],
    [
      "P5 a VRF that is not there",
      reach("a1", "edge@CUSTOMER_C"),
      "fails: edge has no VRF CUSTOMER_C",
    ],
    ["P5 a port that is not there", reach("a1:eth7", "a2"), "fails: a1 has no port eth7"],
    ["P5 a node that is not there", reach("c1", "a2"), "fails: there is no c1"],
    [
      "P5 a VRF keeps what enters it",
      isolate("edge@CUSTOMER_A", "b1 b2 edge@CUSTOMER_B"),
      "holds: isolated",
    ],
    [
      "P5 what enters it leaves by its ports",
      isolate("edge@CUSTOMER_A", "edge:Gi0/2"),
      /^fails: edge@CUSTOMER_A to edge:Gi0\/2/,
    ],
    [
      "P5 a port lets in what its VRF forwards",
      isolate("edge:Gi0/1", "a2"),
      "fails: edge:Gi0/1 to a2, 192.168.7.1 to 192.168.131.10",
    ],
    [
      "P5 and nothing to another's",
      isolate("edge:Gi0/1", "b1 b2 edge:Gi0/3 edge:Gi0/4", "attacker"),
      "holds: isolated",
    ],
    [
      "P5 a host's port is reached by what comes in, too",
      isolate("a1", "a2:eth0"),
      "fails: a1 to a2:eth0, 192.168.7.10 to 192.168.131.10",
    ],
    [
      "P5 isolation wants both ways only when asked",
      isolate("a1 a2", "b1 b2", "host", true),
      "holds: isolated",
    ],
    [
      "P6 a router's own address is a way in",
      isolate("a1", "edge@CUSTOMER_A"),
      "fails: a1 to edge@CUSTOMER_A, 192.168.7.10 to 192.168.7.1",
    ],
  ])("%s", (_rule, claim, expected) => {
    expect(verdict(built, claim)).toMatch(expected);
  });

  test("P7 a leak is shown to an address that a host could have", () => {
    const leaky = network({ ...hosts, "edge.ios": answers["stray-route"] }, cables);
    expect(verdict(leaky, isolate("a1", "b1", "attacker"))).toBe(
      "fails: a1 to b1, 192.168.7.10 to 198.51.100.1",
    );
    expect(verdict(leaky, isolate("a1", "b1", "host"))).toBe("holds: isolated");
  });
});

describe("equal paths", () => {
  // One router, two ways to another, which has two ways back.
  const ways = (there: string, back: string, second = "ip address 10.0.2.2 255.255.255.0") =>
    network(
      {
        h1: host("10.1.0.9/24", "10.1.0.1"),
        "r1.ios": `interface Gi0/1\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n ip address 10.0.1.1 255.255.255.0\ninterface Gi0/3\n ip address 10.0.2.1 255.255.255.0\n${there}`,
        "r2.ios": `interface Gi0/1\n ip address 10.2.0.1 255.255.255.0\ninterface Gi0/2\n ip address 10.0.1.2 255.255.255.0\ninterface Gi0/3\n ${second}\n${back}`,
        h2: host("10.2.0.9/24", "10.2.0.1"),
      },
      ["h1:eth0 - r1:Gi0/1", "r1:Gi0/2 - r2:Gi0/2", "r1:Gi0/3 - r2:Gi0/3", "r2:Gi0/1 - h2:eth0"],
      ["h2 tcp/80"],
    );
  const to = (...hops: string[]) =>
    hops.map((hop) => `ip route 10.2.0.0 255.255.255.0 ${hop}`).join("\n");
  const from = (...hops: string[]) =>
    hops.map((hop) => `ip route 10.1.0.0 255.255.255.0 ${hop}`).join("\n");

  test.each([
    [
      "P3 all of them work",
      ways(to("10.0.1.2", "10.0.2.2"), from("10.0.1.1", "10.0.2.1")),
      "holds: answered",
    ],
    [
      "P3 one of them is dead: nobody has that address",
      ways(to("10.0.1.2", "10.0.2.77"), from("10.0.1.1")),
      "fails: no-neighbor",
    ],
    [
      "P3 the other one is dead",
      ways(to("10.0.1.77", "10.0.2.2"), from("10.0.1.1")),
      "fails: no-neighbor",
    ],
    [
      "P3 one of those back is dead",
      ways(to("10.0.1.2"), from("10.0.1.1", "10.0.2.77")),
      "fails: back: no-neighbor",
    ],
    [
      "P3 one of them goes in a circle",
      ways(
        `${to("10.0.1.2")}\nip route 10.2.0.0 255.255.255.128 10.0.1.2`,
        `${from("10.0.1.1", "10.0.2.1")}\nip route 10.2.0.9 255.255.255.255 10.0.2.1\nip route 10.2.0.9 255.255.255.255 Gi0/1`,
      ),
      "fails: ttl-expired",
    ],
    [
      "P3 a longer distance is no equal path",
      ways(`${to("10.0.1.2")}\n${to("10.0.2.77 200")}`, from("10.0.1.1")),
      "holds: answered",
    ],
  ])("%s", (_rule, built, expected) => {
    expect(verdict(built, reach("h1", "h2"))).toBe(expected);
    expect(verdict(built, reach("h1", "h2", "tcp", 80))).toBe(expected);
  });

  test("P3 isolation counts any of them", () => {
    const built = ways(to("10.0.1.2", "10.0.2.77"), from("10.0.1.1"));
    expect(verdict(built, isolate("h1", "h2"))).toBe("fails: h1 to h2, 10.1.0.9 to 10.2.0.9");
  });
});

describe("static routes of a VRF", () => {
  const router = (...routes: string[]) => `
ip vrf A
ip vrf B
interface Gi0/1
 ip vrf forwarding A
 ip address 10.1.0.1 255.255.255.0
interface Gi0/2
 ip vrf forwarding B
 ip address 10.2.0.1 255.255.255.0
interface Gi0/3
 ip address 10.3.0.1 255.255.255.0
${routes.join("\n")}`;
  const build = (...routes: string[]) =>
    network(
      {
        a: host("10.1.0.9/24", "10.1.0.1"),
        b: host("10.2.0.9/24", "10.2.0.1"),
        g: host("10.3.0.9/24", "10.3.0.1"),
        "r.ios": router(...routes),
      },
      ["a:eth0 - r:Gi0/1", "b:eth0 - r:Gi0/2", "g:eth0 - r:Gi0/3"],
    );
  const across = "ip route vrf A 10.2.0.0 255.255.255.0 Gi0/2 10.2.0.9";
  const back = "ip route vrf B 10.1.0.0 255.255.255.0 Gi0/1 10.1.0.9";

  test.each([
    ["F8 tables are apart", build(), "a", "b", "fails: no-route", "holds: isolated"],
    [
      "F8 a route by an interface of another VRF leaves by it",
      build(across),
      "a",
      "b",
      "fails: back: no-route",
      "fails: a to b, 10.1.0.9 to 10.2.0.9",
    ],
    [
      "F8 both ways it is a connection",
      build(across, back),
      "a",
      "b",
      "holds: answered",
      "fails: a to b, 10.1.0.9 to 10.2.0.9",
    ],
    [
      "C14 without a next hop it is refused",
      build("ip route vrf A 10.2.0.0 255.255.255.0 Gi0/2"),
      "a",
      "b",
      "fails: no-route",
      "holds: isolated",
    ],
    [
      "F8 global finds the next hop outside",
      build("ip route vrf A 10.3.0.0 255.255.255.0 10.3.0.9 global"),
      "a",
      "g",
      "fails: back: no-route",
      "fails: a to g, 10.1.0.9 to 10.3.0.9",
    ],
    [
      "F8 and a global route by the interface the way back",
      build(
        "ip route vrf A 10.3.0.0 255.255.255.0 10.3.0.9 global",
        "ip route 10.1.0.0 255.255.255.0 Gi0/1 10.1.0.9",
      ),
      "a",
      "g",
      "holds: answered",
      "fails: a to g, 10.1.0.9 to 10.3.0.9",
    ],
    [
      "F1 Null0 throws away what would get across",
      build(across, back, "ip route vrf A 10.2.0.9 255.255.255.255 Null0"),
      "a",
      "b",
      "fails: discarded",
      "fails: a to b, 10.1.0.9 to 10.2.0.255",
    ],
    [
      "F1 all of it, where nothing is longer",
      build("ip route vrf A 0.0.0.0 0.0.0.0 Null0"),
      "a",
      "b",
      "fails: discarded",
      "holds: isolated",
    ],
  ])("%s", (_rule, built, from, to, reached, apart) => {
    expect(verdict(built, reach(from, to))).toBe(reached);
    expect(verdict(built, isolate(from, to))).toBe(apart);
  });
});

describe("proxy ARP through two routers", () => {
  const build = (proxy: string) =>
    network(
      {
        h1: "ip addr add 10.1.0.9/8 dev eth0\nip link set eth0 up",
        "r1.ios": `interface Gi0/1\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n ip address 172.16.0.1 255.255.255.0\nip route 10.2.0.0 255.255.255.0 Gi0/2`,
        "r2.ios": `interface Gi0/1\n ip address 172.16.0.2 255.255.255.0\n ${proxy}\ninterface Gi0/2\n ip address 10.2.0.1 255.255.255.0\nip route 10.1.0.0 255.255.255.0 Gi0/1`,
        h2: "ip addr add 10.2.0.9/8 dev eth0\nip link set eth0 up",
      },
      ["h1:eth0 - r1:Gi0/1", "r1:Gi0/2 - r2:Gi0/1", "r2:Gi0/2 - h2:eth0"],
    );

  test("N4 each answers for what lies behind it", () => {
    expect(verdict(build("ip proxy-arp"), reach("h1", "h2"))).toBe("holds: answered");
  });
  test("N4 and none does where it is told not to", () => {
    expect(verdict(build("no ip proxy-arp"), reach("h1", "h2"))).toBe("fails: no-neighbor");
  });
});

describe("the world outside", () => {
  const build = (route: string, knows = "203.0.113.0/30") =>
    network(
      {
        h: host("10.0.0.9/24", "10.0.0.1"),
        "r.ios": `interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\ninterface Gi0/2\n ip address 203.0.113.2 255.255.255.252\n${route}`,
        "inet.outside": `203.0.113.1/30 owns 0.0.0.0/0 knows ${knows}`,
      },
      ["h:eth0 - r:Gi0/1", "r:Gi0/2 - inet:e0"],
    );
  const out = "ip route 0.0.0.0 0.0.0.0 203.0.113.1";

  test.each([
    [
      "P5 it does not know private addresses: a translation is missing",
      build(out),
      reach("h", "inet"),
      "fails: back: refused",
    ],
    [
      "P5 it knows what its author says",
      build(out, "10.0.0.0/24"),
      reach("h", "inet", "tcp", 443),
      "holds: answered",
    ],
    ["P5 the router itself is known", build(out), reach("r", "inet"), "holds: answered"],
    [
      "P5 a wrong gateway is nobody",
      build("ip route 0.0.0.0 0.0.0.0 203.0.113.3"),
      reach("r:Gi0/1", "inet"),
      "fails: back: refused",
    ],
    [
      "P5 it sends with any address, to what it knows",
      build(out, "10.0.0.0/24"),
      isolate("inet", "h"),
      "fails: inet to h, 203.0.113.1 to 10.0.0.9",
    ],
    ["P5 and to nothing else", build(out), isolate("inet", "h"), "holds: isolated"],
    [
      "P5 an attacker there sends to anyone",
      build(out),
      isolate("inet", "h", "attacker"),
      "fails: inet to h, 203.0.113.1 to 10.0.0.9",
    ],
  ])("%s", (_rule, built, claim, expected) => {
    expect(verdict(built, claim)).toBe(expected);
  });
});

describe("threats", () => {
  const routed = network(
    {
      h1: host("10.1.0.9/24", "10.1.0.1"),
      r: "ip addr add 10.1.0.1/24 dev eth0; ip link set eth0 up; ip addr add 10.2.0.1/24 dev eth1; ip link set eth1 up; sysctl net.ipv4.ip_forward=1; sysctl net.ipv4.conf.all.rp_filter=1; ip route add blackhole 10.1.0.8/29",
      h2: host("10.2.0.9/24", "10.2.0.1"),
    },
    ["h1:eth0 - r:eth0", "r:eth1 - h2:eth0"],
  );

  test.each([
    ["P6 a host sends in its own name", isolate("h1", "h2"), "holds: isolated"],
    [
      "P6 an attacker in any",
      isolate("h1", "h2", "attacker"),
      /^fails: h1 to h2, 10\.1\.0\.\d+ to 10\.2\.0\.9$/,
    ],
  ])("%s", (_rule, claim, expected) => {
    // The source check stops 10.1.0.9, whose way back is thrown away, and no neighbour of it.
    expect(verdict(routed, claim)).toMatch(expected);
  });
});

describe("routes that a table has and lacks", () => {
  const built = network({ ...hosts, "edge.ios": answers["stray-route"] }, cables);
  const routes = (
    at: string,
    has: readonly (readonly [string, string?])[],
    lacks: readonly string[] = [],
  ): Claim => ({
    kind: "routes",
    at,
    has: has.map(([prefix, via]) => ({
      prefix: parsePrefix(prefix)!,
      via: via === undefined ? null : ip(via),
    })),
    lacks: lacks.map((prefix) => parsePrefix(prefix)!),
  });

  test.each([
    [
      "what it has, and by which next hop",
      routes("edge@CUSTOMER_A", [["192.168.7.0/24"], ["198.51.100.0/24", "192.168.7.10"]]),
      "holds: table-as-claimed",
    ],
    [
      "more routes are no fault",
      routes("edge@CUSTOMER_B", [["192.168.7.0/24"]], ["198.51.100.0/24"]),
      "holds: table-as-claimed",
    ],
    [
      "another next hop is",
      routes("edge@CUSTOMER_A", [["198.51.100.0/24", "192.168.7.11"]]),
      "fails: lacks 198.51.100.0/24, has ",
    ],
    [
      "so is one that should not be there",
      routes("edge@CUSTOMER_A", [], ["198.51.100.0/24", "10.0.0.0/8"]),
      "fails: lacks , has 198.51.100.0/24",
    ],
    [
      "the network of an address is not its route",
      routes("edge@CUSTOMER_A", [["192.168.7.1/32"]]),
      "fails: lacks 192.168.7.1/32, has ",
    ],
    [
      "a table that is not there",
      routes("edge@CUSTOMER_X", []),
      "fails: edge has no VRF CUSTOMER_X",
    ],
  ])("%s", (_rule, claim, expected) => {
    expect(verdict(built, claim)).toBe(expected);
  });
});

test("a kind of claim that is not decided says so", () => {
  const built = network({ ...hosts, "edge.ios": answers.solution }, cables);
  expect(verdict(built, { kind: "undecidable", form: "qos" })).toBe("undecided: not-decided-here");
});

describe("a port that nobody listens on", () => {
  const built = network({ ...hosts, "edge.ios": answers.solution }, cables, [
    "a2 tcp/80",
    "a2 udp/53",
  ]);
  test.each([
    ["an open one", reach("a1", "a2", "tcp", 80), "holds: answered"],
    ["another is refused, not lost", reach("a1", "a2", "tcp", 81), "fails: refused"],
    ["of the other protocol, too", reach("a1", "a2", "udp", 80), "fails: refused"],
    ["a datagram's", reach("a1", "a2", "udp", 53), "holds: answered"],
  ])("%s", (_rule, claim, expected) => {
    expect(verdict(built, claim)).toBe(expected);
  });
});
