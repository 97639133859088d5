import { describe, expect, test } from "vitest";
import type { Claim, Proto, Threat } from "../model/objective.ts";
import { network } from "../testing.ts";
import { parseIp } from "../model/prefix.ts";
import { decide } from "./decide.ts";

/*
 * P8 and P9 of SPEC.md: connections and translated addresses, for all packets at once. `a` and `b` each have a network
 * behind the firewall `f`; `a` is 10.0.1.2, `b` is 10.0.2.2.
 */

const host = (net: number, listens = "") =>
  `ip addr add 10.0.${net}.2/24 dev eth0\nip link set eth0 up\nip route add default via 10.0.${net}.1\n${listens}`;

const FIREWALL = [
  "ip addr add 10.0.1.1/24 dev eth0; ip link set eth0 up",
  "ip addr add 10.0.2.1/24 dev eth1; ip link set eth1 up",
  "sysctl -w net.ipv4.ip_forward=1",
].join("\n");

const SERVICES = ["a tcp/22", "a udp/53", "b tcp/80", "b udp/53"];

function through(rules: string, more: { readonly a?: string; readonly b?: string } = {}) {
  return network(
    { a: more.a ?? host(1), f: `${FIREWALL}\n${rules}`, b: more.b ?? host(2) },
    ["a:eth0 - f:eth0", "b:eth0 - f:eth1"],
    SERVICES,
  );
}

// "a to b tcp/80", "a to 10.0.1.1 tcp/8080 at b", "a apart from b", "a apart from b as an attacker"
function claimOf(text: string): Claim {
  const [, from = "", to = "", as] = /^(\w+) apart from (\w+)( as an attacker)?$/.exec(text) ?? [];
  if (from) {
    const threat: Threat = as ? "attacker" : "host";
    return { kind: "isolate", from: [from], to: [to], threat, both: false };
  }
  const [, sender = "", target = "", proto = "", port, at] =
    /^(\w+) to (\S+) (\w+)(?:\/(\d+))?(?: at (\w+))?$/.exec(text) ?? [];
  return {
    kind: "reach",
    from: [sender],
    to: [at ?? target],
    proto: proto as Proto,
    port: port === undefined ? null : Number(port),
    address: at ? parseIp(target) : null,
  };
}

type Row = readonly [title: string, rules: string, claims: Readonly<Record<string, string>>];

const DROP = "iptables -P FORWARD DROP";
const BACK = "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT";

const rows: readonly Row[] = [
  [
    "one way accepted, and nobody thinks of the answers",
    `${DROP}; iptables -A FORWARD -i eth0 -j ACCEPT`,
    {
      "a to b icmp": "fails",
      "a to b tcp/80": "fails",
      "b apart from a": "holds",
      "a apart from b": "fails",
    },
  ],
  [
    "one way accepted, and its answers",
    `${DROP}; ${BACK}; iptables -A FORWARD -i eth0 -j ACCEPT`,
    {
      "a to b icmp": "holds",
      "a to b tcp/80": "holds",
      "a to b udp/53": "holds",
      "b to a tcp/22": "fails",
      "b apart from a": "holds",
      "a apart from b": "fails",
    },
  ],
  [
    "the same, and b asks the broadcast address in a's name, then answers from it (seen on kernel 6.18)",
    `${DROP}; ${BACK}; iptables -A FORWARD -i eth0 -j ACCEPT`,
    { "b apart from a as an attacker": "fails" },
  ],
  [
    "the same with a check of sources",
    `sysctl -w net.ipv4.conf.all.rp_filter=1; ${DROP}; ${BACK}; iptables -A FORWARD -i eth0 -j ACCEPT`,
    { "b apart from a as an attacker": "holds" },
  ],
  [
    "new one way, established only the other way: it opens, and no data passes",
    `${DROP}; iptables -A FORWARD -i eth0 -m conntrack --ctstate NEW -j ACCEPT; iptables -A FORWARD -i eth1 -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
    { "a to b icmp": "holds", "a to b udp/53": "holds", "a to b tcp/80": "fails" },
  ],
  [
    "new only: the answer is established",
    `${DROP}; iptables -A FORWARD -m conntrack --ctstate NEW -j ACCEPT`,
    { "a to b icmp": "fails", "a apart from b": "fails" },
  ],
  [
    "rules that trust a source address: who forges it opens a connection, and may answer in it (seen on kernel 6.18)",
    `${DROP}; ${BACK}; iptables -A FORWARD -s 10.0.1.0/24 -j ACCEPT`,
    {
      "a to b tcp/80": "holds",
      "b apart from a": "holds",
      "b apart from a as an attacker": "fails",
    },
  ],
  [
    "the same with a check of sources",
    `sysctl -w net.ipv4.conf.all.rp_filter=1; ${DROP}; ${BACK}; iptables -A FORWARD -s 10.0.1.0/24 -j ACCEPT`,
    { "a to b tcp/80": "holds", "b apart from a as an attacker": "holds" },
  ],
  [
    "what is not tracked is no connection",
    `${DROP}; ${BACK}; iptables -A FORWARD -i eth0 -j ACCEPT; iptables -t raw -A PREROUTING -p udp -j CT --notrack`,
    { "a to b tcp/80": "holds", "a to b udp/53": "fails" },
  ],
  [
    "what belongs to nothing is dropped, and nothing else",
    "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
    { "a to b tcp/80": "holds", "a to b icmp": "holds", "a apart from b": "fails" },
  ],
  [
    "a port of the firewall leads to the server inside",
    "iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 10.0.2.2:80",
    { "a to 10.0.1.1 tcp/8080 at b": "holds", "a to 10.0.1.1 tcp/8081 at b": "fails" },
  ],
  [
    "FORWARD sees where a packet goes after DNAT",
    `${DROP}; ${BACK}; iptables -A FORWARD -d 10.0.1.1 -j ACCEPT; iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 10.0.2.2:80`,
    { "a to 10.0.1.1 tcp/8080 at b": "fails", "a apart from b": "holds" },
  ],
  [
    "masquerade, every port kept and every port drawn anew",
    "iptables -t nat -A POSTROUTING -o eth1 -p udp -j MASQUERADE --to-ports 1024-1063; iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE",
    { "a to b tcp/80": "holds", "a to b udp/53": "holds", "a to b icmp": "holds" },
  ],
  [
    "addresses of one network for those of another",
    "ip route add 10.9.2.0/24 dev eth1; iptables -t nat -A PREROUTING -d 10.9.2.0/24 -j NETMAP --to 10.0.2.0/24",
    { "a to 10.9.2.2 tcp/80 at b": "holds", "a to 10.9.2.3 tcp/80 at b": "fails" },
  ],
  [
    "nft: a map of verdicts by state",
    "nft add table ip t; nft 'add chain ip t c { type filter hook forward priority 0; policy drop; }'; nft 'add rule ip t c ct state vmap { established : accept, related : accept, invalid : drop }'; nft 'add rule ip t c iifname eth0 accept'",
    { "a to b tcp/80": "holds", "b to a tcp/22": "fails", "b apart from a": "holds" },
  ],
];

describe("connections and translation, all packets at once", () => {
  test.each(
    rows.flatMap(([title, rules, claims]) =>
      Object.entries(claims).map(([claim, state]) => ({ title, rules, claim, state })),
    ),
  )("$title: $claim $state", ({ rules, claim, state }) => {
    const { state: decided, why } = decide(through(rules), claimOf(claim));
    expect([decided, why.kind]).toEqual([state, expect.any(String)]);
  });

  test("a source that nobody routes back to is answered where it is translated", () => {
    const b = "ip addr add 10.0.2.2/24 dev eth0\nip link set eth0 up";
    const plain = decide(through("", { b }), claimOf("a to b tcp/80"));
    const hidden = decide(
      through("iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE", { b }),
      claimOf("a to b tcp/80"),
    );
    expect([plain.state, hidden.state]).toEqual(["fails", "holds"]);
  });

  test("two ways out, and only one is translated: what goes the other way finds no way back", () => {
    const b =
      "ip addr add 10.0.2.2/24 dev eth0; ip link set eth0 up; ip addr add 10.0.3.2/24 dev eth1; ip link set eth1 up; ip addr add 10.0.9.9/32 dev lo";
    const f = `${FIREWALL}\nip addr add 10.0.3.1/24 dev eth2; ip link set eth2 up\nip route add 10.0.9.9 nexthop via 10.0.2.2 nexthop via 10.0.3.2`;
    const both =
      "iptables -t nat -A POSTROUTING -o eth2 -j MASQUERADE\niptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE";
    const decided = [both, both.split("\n")[0]!].map((rules) => {
      const built = network(
        { a: host(1), f: `${f}\n${rules}`, b },
        ["a:eth0 - f:eth0", "b:eth0 - f:eth1", "b:eth1 - f:eth2"],
        SERVICES,
      );
      return decide(built, claimOf("a to 10.0.9.9 tcp/80 at b")).state;
    });
    expect(decided).toEqual(["holds", "fails"]);
  });
});
