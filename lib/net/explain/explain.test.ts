import { describe, expect, test } from "vitest";
import { answers, cables, hosts } from "../golden.ts";
import type { Claim, Proto } from "../model/objective.ts";
import { buildNetwork } from "../network.ts";
import { decide } from "../prove/decide.ts";
import { drawn, ip, lineAt } from "../testing.ts";
import { explainDrop } from "./drop.ts";
import { hopsOf } from "./walk.ts";
import { explainVerdict } from "./verdict.ts";

/* One network for each way a packet can end: the sentence, then the lines that it points at. */

type Nodes = Readonly<Record<string, string>>;

function explain(
  nodes: Nodes,
  wires: readonly string[],
  claim: Claim,
  services: readonly string[] = [],
): string[] {
  const { topology, files } = drawn(nodes, wires, services);
  const built = buildNetwork(topology, files);
  const { text, lines } = explainVerdict(built, claim, decide(built, claim));
  return [text, ...lines.map((span) => `${span.file.split("/")[0]}: ${lineAt(files, span)}`)];
}

const ping = (from: string, to: string, proto: Proto = "icmp", port: number | null = null): Claim => ({ kind: "reach", from: [from], to: [to], proto, port, address: null }); // prettier-ignore
const apart = (from: string, to: string, threat: "host" | "attacker"): Claim => ({ kind: "isolate", from: [from], to: [to], threat, both: false }); // prettier-ignore

const host = (address: string, ...more: string[]) =>
  [`ip addr add ${address} dev eth0`, "ip link set eth0 up", ...more].join("\n");

// h1 - r - h2, with r a Linux router or one with IOS.
const line = (
  router: Nodes,
  mine = host("10.1.0.9/24", "ip route add default via 10.1.0.1"),
  theirs = host("10.2.0.9/24", "ip route add default via 10.2.0.1"),
): [Nodes, string[]] => {
  // prettier-ignore
  const isIos = Object.keys(router)[0]!.endsWith(".ios");
  const port = (at: number) => (isIos ? `Gi0/${at + 1}` : `eth${at}`);
  return [
    { h1: mine, ...router, h2: theirs },
    [`h1:eth0 - r:${port(0)}`, `r:${port(1)} - h2:eth0`],
  ];
};
const linux = (...more: string[]) => ({
  r: ["ip addr add 10.1.0.1/24 dev eth0", "ip link set eth0 up", "ip addr add 10.2.0.1/24 dev eth1", "ip link set eth1 up", "sysctl -w net.ipv4.ip_forward=1", ...more].join("\n"), // prettier-ignore
});
const ios = (second: string, ...more: string[]) => ({
  "r.ios": `interface Gi0/1\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n${second}\n${more.join("\n")}`,
});

describe("why a packet ended", () => {
  test.each<[string, [Nodes, string[]], Claim, string[]]>([
    [
      "no-route, and nothing to point at",
      line(
        ios(" description nothing", "interface Loopback0\n ip address 10.9.9.9 255.255.255.255"),
      ),
      ping("h1", "h2"),
      ["From h1 to h2: r has no route that covers 10.2.0.9; it knows 10.1.0.0/24."],
    ],
    [
      "no-route of its own",
      line(linux(), host("10.1.0.9/24")),
      ping("h1", "h2"),
      ["From h1 to h2: h1 has no route that covers 10.2.0.9; it knows 10.1.0.0/24."],
    ],
    [
      "no-route in an empty table",
      line(linux(), "ip link set eth0 up"),
      ping("h1", "h2"),
      ["From h1 to h2: h1 has no route that covers 10.2.0.9; that table is empty."],
    ],
    [
      "no-route, because the interface is shut",
      line(ios(" ip address 10.2.0.1 255.255.255.0\n shutdown")),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route that covers 10.2.0.9; it knows 10.1.0.0/24. r's Gi0/2 has 10.2.0.0/24, but is down.",
        "r: shutdown",
      ],
    ],
    [
      "no-route, because the other end is down",
      line(
        ios(" ip address 10.2.0.1 255.255.255.0"),
        undefined,
        "ip addr add 10.2.0.9/24 dev eth0",
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route that covers 10.2.0.9; it knows 10.1.0.0/24. r's Gi0/2 has 10.2.0.0/24, but no link: h2's eth0, at the other end of its cable, is down.",
        "r: ip address 10.2.0.1 255.255.255.0",
      ],
    ],
    [
      "no-route, because a VRF took the address away",
      line({
        "r.ios":
          "ip vrf A\ninterface Gi0/1\n ip vrf forwarding A\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n ip address 10.2.0.1 255.255.255.0\n ip vrf forwarding A",
      }),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route in VRF A that covers 10.2.0.9; it knows 10.1.0.0/24. r's Gi0/2 has no address: 10.2.0.1 was taken away when the interface changed its VRF.",
        "r: ip vrf forwarding A",
      ],
    ],
    [
      "no-route, because the network is in the global table",
      line({
        "r.ios":
          "ip vrf A\ninterface Gi0/1\n ip vrf forwarding A\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n ip address 10.2.0.1 255.255.255.0",
      }),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route in VRF A that covers 10.2.0.9; it knows 10.1.0.0/24. r's Gi0/2 has 10.2.0.0/24, but in the global table: nothing puts it into A.",
        "r: interface Gi0/2",
      ],
    ],
    [
      "no-route, because the network is in another VRF",
      line({
        "r.ios":
          "ip vrf A\nip vrf B\ninterface Gi0/1\n ip vrf forwarding A\n ip address 10.1.0.1 255.255.255.0\ninterface Gi0/2\n ip vrf forwarding B\n ip address 10.2.0.1 255.255.255.0",
      }),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route in VRF A that covers 10.2.0.9; it knows 10.1.0.0/24. r's Gi0/2 has 10.2.0.0/24, but in VRF B.",
        "r: ip vrf forwarding B",
      ],
    ],
    [
      "no-route, because the written one is in no table",
      line(ios(" description no address", "ip route 10.2.0.0 255.255.255.0 10.7.0.1")),
      ping("h1", "h2"),
      [
        "From h1 to h2: r has no route that covers 10.2.0.9; it knows 10.1.0.0/24. A route to 10.2.0.0/24 is written, but is not in the table: nothing in the table leads to its next hop.",
        "r: ip route 10.2.0.0 255.255.255.0 10.7.0.1",
      ],
    ],
    [
      "discarded",
      line(ios(" ip address 10.2.0.1 255.255.255.0", "ip route 10.2.0.8 255.255.255.248 Null0")),
      ping("h1", "h2"),
      [
        "From h1 to h2: r turns it away: its route to 10.2.0.8/29 says to throw it away.",
        "r: ip route 10.2.0.8 255.255.255.248 Null0",
      ],
    ],
    [
      "discarded with an error",
      line(linux("ip route add prohibit 10.2.0.9/32")),
      ping("h1", "h2"),
      [
        "From h1 to h2: r turns it away: its route to 10.2.0.9/32 says that it is prohibited.",
        "r: ip route add prohibit 10.2.0.9/32",
      ],
    ],
    [
      "not-forwarding, which nobody turned on",
      line({ r: linux().r.replace("sysctl -w net.ipv4.ip_forward=1", "") }),
      ping("h1", "h2"),
      ["From h1 to h2: The packet is for 10.2.0.9, not for r itself, and r passes no packets on."],
    ],
    [
      "not-forwarding, and the line that says so",
      line(ios(" ip address 10.2.0.1 255.255.255.0", "no ip routing")),
      ping("h1", "h2"),
      [
        "From h1 to h2: The packet is for 10.2.0.9, not for r itself, and r passes no packets on.",
        "r: no ip routing",
      ],
    ],
    [
      "no-neighbor: another address is at the other end",
      line(
        linux("ip route add 10.5.0.0/16 via 10.2.0.7"),
        undefined,
        host("10.5.0.9/24", "ip route add default dev eth0"),
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: r asks for its next hop 10.2.0.7 on eth1, and nobody answers. At the other end of the cable is h2's eth0, which has 10.5.0.9/24.",
        "h2: ip addr add 10.5.0.9/24 dev eth0",
        "r: ip route add 10.5.0.0/16 via 10.2.0.7",
      ],
    ],
    [
      "no-neighbor: the line is that of the route it took, though another has the same next hop",
      line(
        linux("ip route add 10.4.0.0/16 via 10.2.0.7", "ip route add 10.5.0.0/16 via 10.2.0.7"),
        undefined,
        host("10.5.0.9/24", "ip route add default dev eth0"),
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: r asks for its next hop 10.2.0.7 on eth1, and nobody answers. At the other end of the cable is h2's eth0, which has 10.5.0.9/24.",
        "h2: ip addr add 10.5.0.9/24 dev eth0",
        "r: ip route add 10.5.0.0/16 via 10.2.0.7",
      ],
    ],
    [
      "no-neighbor: the router's address was refused",
      line({
        "r.ios":
          "interface Gi0/1\n ip address 10.1.0.1 255.255.0.255\ninterface Gi0/2\n ip address 10.2.0.1 255.255.255.0",
      }),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1 asks for its next hop 10.1.0.1 on eth0, and nobody answers. r's GigabitEthernet0/1, at the other end of the cable, has no address: 10.1.0.1 was refused.",
        "r: ip address 10.1.0.1 255.255.0.255",
      ],
    ],
    [
      "no-neighbor: nobody gave the port an address",
      line({ "r.ios": "interface Gi0/1\n description to h1" }),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1 asks for its next hop 10.1.0.1 on eth0, and nobody answers. r's GigabitEthernet0/1, at the other end of the cable, has no address.",
        "r: interface Gi0/1",
      ],
    ],
    [
      "no-neighbor: the router heeds no stranger",
      line(
        ios(" ip address 10.2.0.1 255.255.255.0"),
        host("10.7.0.9/24", "ip route add default via 10.1.0.1 dev eth0 onlink"),
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1 asks for its next hop 10.1.0.1 on eth0, and nobody answers. r's GigabitEthernet0/1 has that address, but r heeds no question from 10.7.0.9, which is in none of its networks there.",
        "r: ip address 10.1.0.1 255.255.255.0",
        "h1: ip route add default via 10.1.0.1 dev eth0 onlink",
      ],
    ],
    [
      "no-carrier",
      line({ r: linux().r.replace("ip link set eth0 up", "") }),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1's eth0 has no link: r's eth0, at the other end of the cable, is down, and nothing has brought it up.",
        "r: ip addr add 10.1.0.1/24 dev eth0",
      ],
    ],
    [
      "no-carrier, and the line that took it down",
      line(linux("ip link set eth0 down")),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1's eth0 has no link: r's eth0, at the other end of the cable, is down.",
        "r: ip link set eth0 down",
      ],
    ],
    [
      "source-check",
      line(
        linux(),
        undefined,
        host(
          "10.2.0.9/24",
          "sysctl -w net.ipv4.conf.eth0.rp_filter=1",
          "ip route add blackhole 10.1.0.0/24",
        ),
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: h2 drops it on eth0: its reverse path check asks that the way back to 10.1.0.9 leave by eth0, and it does not.",
      ],
    ],
    [
      "no-neighbor: a source check heeds no question",
      line(
        linux("sysctl -w net.ipv4.conf.eth0.rp_filter=1", "ip route add 10.1.0.9/32 via 10.2.0.9"),
      ),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1 asks for its next hop 10.1.0.1 on eth0, and nobody answers. r's eth0 has that address, but r heeds no question from 10.1.0.9: its reverse path check finds no way back there by eth0.",
        "r: ip addr add 10.1.0.1/24 dev eth0",
        "h1: ip route add default via 10.1.0.1",
      ],
    ],
    [
      "martian",
      line(linux(), undefined, host("10.2.0.9/24", "ip addr add 10.1.0.9/32 dev lo")),
      ping("h1", "h2"),
      [
        "From h1 to h2: h2 drops it on eth0: 10.1.0.9 can be no sender there, because it is h2's own address or none that a host may have.",
      ],
    ],
    [
      "no-neighbor: one address on both ends",
      line(linux("ip addr add 10.1.0.9/32 dev lo")),
      ping("h1", "h2"),
      [
        "From h1 to h2: h1 asks for its next hop 10.1.0.1 on eth0, and nobody answers. r's eth0 has that address, but the question comes from 10.1.0.9, which is an address of r, too: one address stands on both ends.",
        "r: ip addr add 10.1.0.1/24 dev eth0",
        "h1: ip route add default via 10.1.0.1",
      ],
    ],
    [
      "ttl-expired",
      line(
        linux("ip route add 10.5.0.0/16 via 10.2.0.9"),
        undefined,
        host("10.2.0.9/24", "ip route add default via 10.2.0.1", "sysctl -w net.ipv4.ip_forward=1"),
      ),
      { ...ping("h1", "h2"), address: ip("10.5.0.9") } as Claim,
      [
        "From h1 to h2: Its time to live runs out at h2: it was passed on too often, most likely in a circle.",
      ],
    ],
    [
      "refused, of a datagram",
      line(
        linux(),
        "ip addr add 10.1.0.9/24 dev eth0\nip link set eth0 up\nip route add default via 10.1.0.1",
        undefined,
      ),
      ping("h1", "h2", "udp", 7),
      ["From h1 to h2: It arrives at h2 and is refused: nobody listens on UDP port 7."],
    ],
    [
      "refused",
      line(linux()),
      ping("h1", "h2", "tcp", 80),
      ["From h1 to h2: It arrives at h2 and is refused: nobody listens on TCP port 80."],
    ],
    [
      "lost on the way back",
      line(linux(), undefined, host("10.2.0.9/24")),
      ping("h1", "h2"),
      [
        "It arrives at h2, but the answer is lost. h2 has no route that covers 10.1.0.9; it knows 10.2.0.0/24.",
      ],
    ],
    [
      "answered by another",
      line(linux("ip addr add 10.2.0.9/32 dev lo")),
      ping("h1", "h2"),
      [
        "h1 is answered by r, not by h2.",
        "r: ip addr add 10.2.0.9/32 dev lo",
        "h1: ip route add default via 10.1.0.1",
      ],
    ],
    [
      "no address at all",
      line(linux(), undefined, "ip link set eth0 up"),
      ping("h1", "h2"),
      ["h2 has no address to be reached at.", "h2: ip link set eth0 up"],
    ],
    [
      "a place that is not there",
      line(linux()),
      ping("h1", "r@RED"),
      ["There is no r@RED: r has no VRF RED."],
    ],
    [
      "something that is not simulated",
      line(linux("tc qdisc add dev eth0 root fq")),
      ping("h1", "h2"),
      [
        'Not decided: on r, "tc qdisc" is not simulated, and this depends on it.',
        "r: tc qdisc add dev eth0 root fq",
      ],
    ],
    [
      "a leak",
      line(linux()),
      apart("h1", "h2", "host"),
      [
        "A packet gets through: sent by h1, a TCP packet from 10.1.0.9 to 10.2.0.9 port 443 arrives at h2. Its answer may be lost, but that one arrives is enough.",
        "r: ip addr add 10.2.0.1/24 dev eth1",
        "h1: ip route add default via 10.1.0.1",
      ],
    ],
    [
      "nothing gets through",
      line({ r: linux().r.replace("sysctl -w net.ipv4.ip_forward=1", "") }),
      apart("h1", "h2", "host"),
      [
        "Proved over all IPv4 packets: every packet that h1 can send comes to 26 places, and h2 is not among them.",
      ],
    ],
    ["it works", line(linux()), ping("h1", "h2"), ["It arrives, and the answer comes back."]],
  ])("%s", (_name, [nodes, wires], claim, expected) => {
    const said = explain(nodes, wires, claim);
    // How many places there are is no promise.
    expect(said.map((one) => one.replace(/to \d+ places/, "to 26 places"))).toEqual(expected);
  });
});

describe("a learner's mistakes with two customers", () => {
  test.each([
    [
      "address-first",
      "b1",
      "b2",
      [
        "From b1 to b2: edge has no route in VRF CUSTOMER_B that covers 192.168.131.10; it knows 192.168.7.0/24. edge's Gi0/4 has no address: 192.168.131.1 was taken away when the interface changed its VRF.",
        "edge: ip vrf forwarding CUSTOMER_B",
      ],
    ],
    [
      "one-port-astray",
      "b1",
      "b2",
      [
        "From b1 to b2: edge has no route in VRF CUSTOMER_B that covers 192.168.131.10; it knows 192.168.7.0/24. edge's Gi0/4 has 192.168.131.0/24, but in the global table: nothing puts it into CUSTOMER_B.",
        "edge: interface GigabitEthernet0/4",
      ],
    ],
    [
      "no-vrf",
      "b1",
      "b2",
      [
        "From b1 to b2: b1 asks for its next hop 192.168.7.1 on eth0, and nobody answers. edge's GigabitEthernet0/3, at the other end of the cable, has no address: 192.168.7.1 was refused, because its network is in that table already.",
        "edge: ip address 192.168.7.1 255.255.255.0",
      ],
    ],
    [
      "start",
      "a1",
      "a2",
      [
        "From a1 to a2: a1 asks for its next hop 192.168.7.1 on eth0, and nobody answers. edge's GigabitEthernet0/1, at the other end of the cable, has no address.",
        "edge: interface GigabitEthernet0/1",
      ],
    ],
  ] as const)("%s", (name, from, to, expected) => {
    expect(explain({ ...hosts, "edge.ios": answers[name] }, cables, ping(from, to))).toEqual(
      expected,
    );
  });
});

test("a walk has one hop for each visit to a device", () => {
  const { topology, files } = drawn({ ...hosts, "edge.ios": answers.solution }, cables);
  const built = buildNetwork(topology, files);
  const { why } = decide(built, ping("a1", "a2"));
  const forward = why.kind === "answered" ? why.shown.forward : null;
  expect(
    hopsOf(built, forward!).map(({ at, table, in: came, out, text }) => ({
      at,
      table,
      came,
      out,
      text,
    })),
  ).toEqual([
    {
      at: "a1",
      table: null,
      came: null,
      out: "eth0",
      text: "Its own packet for 192.168.131.10, looked up in the table: its route 0.0.0.0/0, out of eth0 to 192.168.7.1.",
    },
    {
      at: "edge",
      table: "CUSTOMER_A",
      came: "Gi0/1",
      out: "Gi0/2",
      text: "In on Gi0/1, looked up in the table of VRF CUSTOMER_A: 192.168.131.0/24 is its own network, out of Gi0/2.",
    },
    { at: "a2", table: null, came: "eth0", out: null, text: "Arrives on eth0, from 192.168.7.10." },
  ]);
});

test.each([
  [
    { kind: "not-for-it", device: "edge", iface: "Gi0/1" },
    "The frame is not for edge: its MAC address, tag or type is not one that Gi0/1 takes.",
  ],
  [{ kind: "not-passed-on", device: "edge" }, "edge does not pass packets for 224.0.0.9 on."],
  [{ kind: "loop", through: ["edge", "a1"] }, "It goes in a circle: edge, a1, edge."],
  [{ kind: "no-carrier", device: "a1", iface: "eth9" }, "No cable is in a1's eth9."],
] as const)("a packet may also end as $kind", (drop, expected) => {
  const { topology, files } = drawn({ ...hosts, "edge.ios": answers.solution }, cables);
  const packet = { ethertype: 0x0800, tag: 0, dmac: 0, smac: 0, src: ip("10.0.0.1"), dst: ip("224.0.0.9"), proto: 17, sport: 0, dport: 0, ttl: 9, inner: 0, flags: 0, dscp: 0, mark: 0, ct: 0 }; // prettier-ignore
  expect(explainDrop(buildNetwork(topology, files), drop, packet).text).toBe(expected);
});
