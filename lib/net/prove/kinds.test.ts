import { describe, expect, test } from "vitest";
import type { Claim, Flow, Proto } from "../model/objective.ts";
import { decideSurvives } from "../survive.ts";
import { drawn, network } from "../testing.ts";
import { decide } from "./decide.ts";

// Claims of the kinds only, path, maps and survives (rule P10 of SPEC.md).

const host = (net: number) =>
  `ip addr add 10.0.${net}.2/24 dev eth0\nip link set eth0 up\nip route add default via 10.0.${net}.1`;

// "a b tcp/80"
function flow(text: string): Flow {
  const [from = "", to = "", asked = ""] = text.split(" ");
  const [proto = "", port] = asked.split("/");
  return { from, to, proto: proto as Proto, port: port === undefined ? null : Number(port) };
}

describe("only what is allowed", () => {
  const firewall = (rules: string) =>
    network(
      {
        a: host(1),
        b: host(2),
        f: `ip addr add 10.0.1.1/24 dev eth0; ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1; ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
iptables -P FORWARD DROP
iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
${rules}`,
      },
      ["a:eth0 - f:eth0", "b:eth0 - f:eth1"],
      ["a tcp/22", "b tcp/80", "b tcp/443"],
    );
  const only = (...allow: string[]): Claim => ({
    kind: "only",
    among: ["a", "b"],
    allow: allow.map(flow),
  });
  const web = "iptables -A FORWARD -i eth0 -p tcp --dport 80 --syn -j ACCEPT";

  test.each([
    ["just that", web, only("a b tcp/80"), "holds", "only-allowed"],
    ["one more port", `${web}; iptables -A FORWARD -i eth0 -p tcp --dport 81 -j ACCEPT`, only("a b tcp/80"), "fails", "leak"],
    ["too little", "", only("a b tcp/80"), "fails", "unanswered"],
    ["both ways", `${web}; iptables -A FORWARD -i eth1 -p icmp --icmp-type echo-request -j ACCEPT`, only("a b tcp/80", "b a icmp"), "holds", "only-allowed"],
    ["the other way, unasked", `${web}; iptables -A FORWARD -i eth1 -p udp -j ACCEPT`, only("a b tcp/80"), "fails", "leak"],
    ["nothing at all", "", only(), "holds", "only-allowed"],
  ] as const)("%s", (_, rules, claim, state, why) => {
    const verdict = decide(firewall(rules), claim);
    expect([verdict.state, verdict.why.kind]).toEqual([state, why]);
  }); // prettier-ignore
});

// a - r1 - (r2 | r3) - r4 - b
const ring = (r1: string, r4: string) => ({
  nodes: {
    a: host(1),
    b: host(2),
    r1: `ip addr add 10.0.1.1/24 dev eth0; ip addr add 10.1.2.1/24 dev eth1; ip addr add 10.1.3.1/24 dev eth2
for i in 0 1 2; do ip link set eth$i up; done
sysctl -w net.ipv4.ip_forward=1\n${r1}`,
    r2: `ip addr add 10.1.2.2/24 dev eth0; ip addr add 10.4.2.2/24 dev eth1; ip link set eth0 up; ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1; ip route add 10.0.2.0/24 via 10.4.2.4; ip route add 10.0.1.0/24 via 10.1.2.1`,
    r3: `ip addr add 10.1.3.3/24 dev eth0; ip addr add 10.4.3.3/24 dev eth1; ip link set eth0 up; ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1; ip route add 10.0.2.0/24 via 10.4.3.4; ip route add 10.0.1.0/24 via 10.1.3.1`,
    r4: `ip addr add 10.0.2.1/24 dev eth0; ip addr add 10.4.2.4/24 dev eth1; ip addr add 10.4.3.4/24 dev eth2
for i in 0 1 2; do ip link set eth$i up; done
sysctl -w net.ipv4.ip_forward=1\n${r4}`,
  },
  cables: [
    "a:eth0 - r1:eth0",
    "r1:eth1 - r2:eth0",
    "r1:eth2 - r3:eth0",
    "r2:eth1 - r4:eth1",
    "r3:eth1 - r4:eth2",
    "b:eth0 - r4:eth0",
  ],
});
const BACK = "ip route add 10.0.1.0/24 via 10.4.2.2";
const BY_TWO = "ip route add 10.0.2.0/24 via 10.1.2.2";
const BY_BOTH = "ip route add 10.0.2.0/24 nexthop via 10.1.2.2 nexthop via 10.1.3.3";

describe("path", () => {
  const path = (through: string, avoids = ""): Claim => ({
    kind: "path",
    from: ["a"],
    to: ["b"],
    proto: "icmp",
    port: null,
    through: through.split(" ").filter(Boolean),
    avoids: avoids.split(" ").filter(Boolean),
  });

  test.each([
    ["by one of two", BY_TWO, path("r1 r2 r4"), "holds"],
    ["in another order", BY_TWO, path("r2 r1"), "fails"],
    ["by the other", BY_TWO, path("r3"), "fails"],
    ["not by the other", BY_TWO, path("", "r3"), "holds"],
    ["some by each", BY_BOTH, path("r2"), "fails"],
    ["some by one that is to be avoided", BY_BOTH, path("r4", "r3"), "fails"],
    ["all by what both have", BY_BOTH, path("r1 r4"), "holds"],
    ["by a port", BY_TWO, path("r4:eth1"), "holds"],
    ["by another port", BY_BOTH, path("r4:eth1"), "fails"],
    ["by nowhere", "", path("r1"), "fails"],
  ] as const)("%s", (_, r1, claim, state) => {
    const { nodes, cables } = ring(r1, BACK);
    expect(decide(network(nodes, cables), claim).state).toBe(state);
  });
});

describe("survives", () => {
  const reach: Claim = { kind: "reach", from: ["a"], to: ["b"], proto: "icmp", port: null, address: null }; // prettier-ignore
  const survives = (r1: string, down: string, together = false) => {
    const { nodes, cables } = ring(r1, BACK);
    const { topology, files } = drawn(nodes, cables);
    const claims = [{ title: "a reaches b", claim: reach }];
    return decideSurvives(topology, files, { kind: "survives", claims, down: down.split(" "), together });
  }; // prettier-ignore

  test.each([
    ["the link that nobody uses", BY_TWO, "r3:eth0", "holds"],
    ["the router that nobody uses", BY_TWO, "r3", "holds"],
    ["each by itself, and one matters", BY_TWO, "r3:eth0 r4:eth1", "fails"],
    ["the router in use", BY_TWO, "r2", "fails"],
  ] as const)("%s", (_, r1, down, state) => {
    expect(survives(r1, down).state).toBe(state);
  });
});

describe("maps", () => {
  const server = (vlan: string) => `ip link add br0 type bridge vlan_filtering 1
ip link add v0 type veth peer name eth0 netns web
ip link set v0 master br0; ip link set eno1 master br0; ip link set br0 up; ip link set v0 up; ip link set eno1 up
ip netns exec web ip link set eth0 up
bridge vlan del dev v0 vid 1; bridge vlan add dev v0 vid ${vlan} pvid untagged; bridge vlan add dev eno1 vid 10-20`;
  const maps: Claim = { kind: "maps", nic: "h/web:eth0", port: "s:eth0", vlan: 10 };
  const inVlan = (vlan: string) =>
    decide(
      network({ h: `ip netns add web\n${server(vlan)}`, s: "ip link set eth0 up" }, [
        "h:eno1 - s:eth0",
      ]),
      maps,
    ).state;

  test("in the VLAN that was asked for, in another, and nowhere", () => {
    expect([inVlan("10"), inVlan("20"), inVlan("30")]).toEqual(["holds", "fails", "fails"]);
  });
});
