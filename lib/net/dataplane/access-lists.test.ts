import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Claim } from "../model/objective.ts";
import type { Built } from "../network.ts";
import { decide } from "../prove/decide.ts";
import { explainDrop } from "../explain/drop.ts";
import { ACK, ICMP, IPV4, placeAt, SYN, TCP, UDP } from "../model/network.ts";
import { formatIp } from "../model/prefix.ts";
import { converse } from "../trace/conversation.ts";
import { probe } from "../trace/probe.ts";
import { trace } from "../trace/trace.ts";
import { ip, network } from "../testing.ts";

// Rules A1 to A9 of SPEC.md, as packets meet them: a and b on both sides of a router, b's services behind its list.

const cables = ["a:eth0 - edge:Gi0/1", "edge:Gi0/2 - b:eth0"];
const services = ["b tcp/80", "b tcp/22", "b udp/53", "a tcp/80"];
const host = (net: number) =>
  `ip addr add 10.0.${net}.2/24 dev eth0\nip link set eth0 up\nip route add default via 10.0.${net}.1`;

function filtered({ lists = "", inA = "", inB = "" }): Built {
  const edge = [
    lists,
    `interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n${inA}`,
    `interface Gi0/2\n ip address 10.0.1.1 255.255.255.0\n${inB}`,
  ].join("\n");
  return network({ a: host(0), b: host(1), "edge.ios": edge }, cables, services);
}

function ask(built: Built, text: string) {
  const [from = "", proto = "icmp", port = ""] = text.split(" ");
  return probe(built, {
    device: from,
    table: null,
    to: ip({ a: "10.0.1.2", b: "10.0.0.2", edge: "10.0.1.2" }[from]!),
    proto: proto as "icmp" | "tcp" | "udp",
    port: port ? Number(port) : null,
  });
}

const web = "ip access-list extended WEB\n permit tcp any host 10.0.1.2 eq www\n";
const back = "ip access-list extended BACK\n permit tcp any any established\n";

describe("who gets through", () => {
  test.each([
    ["A1 no list", {}, ["a icmp: yes", "a tcp 80: yes", "b icmp: yes"]],
    [
      "A1 what no entry permits is denied",
      { lists: web, inA: " ip access-group WEB in" },
      ["a tcp 80: yes", "a tcp 22: host-prohibited", "a icmp: host-prohibited"],
    ],
    [
      "A1 the first entry that fits decides",
      {
        lists: "access-list 101 deny tcp any any eq 22\naccess-list 101 permit ip any any",
        inA: " ip access-group 101 in",
      },
      ["a tcp 22: host-prohibited", "a tcp 80: yes", "a icmp: yes"],
    ],
    [
      "A3 a list that is not there filters nothing",
      { inA: " ip access-group 101 in", inB: " ip access-group NONE out" },
      ["a icmp: yes", "b icmp: yes"],
    ],
    [
      "A3 a list without entries filters nothing",
      { lists: "ip access-list extended E\n remark later", inA: " ip access-group E in" },
      ["a icmp: yes"],
    ],
    [
      "A4 answers are packets, too",
      { lists: web, inB: " ip access-group WEB in" },
      ["a tcp 80: timeout", "a icmp: timeout"],
    ],
    [
      "A6 answers of connections carry ACK",
      { lists: back, inB: " ip access-group BACK in" },
      ["a tcp 80: yes", "a tcp 22: yes", "b tcp 80: host-prohibited", "a icmp: timeout"],
    ],
    [
      "A5 a list out is not asked for the router's own packets",
      { lists: "access-list 101 deny ip any any", inB: " ip access-group 101 out" },
      ["a icmp: host-prohibited", "edge icmp: yes"],
    ],
    [
      "A5 a list in is asked for packets to the router itself",
      { lists: "access-list 101 permit tcp any any", inB: " ip access-group 101 in" },
      ["edge icmp: timeout", "a icmp: timeout"],
    ],
    [
      "A4 nobody is told where the interface keeps silent",
      { lists: web, inA: " ip access-group WEB in\n no ip unreachables" },
      ["a icmp: timeout", "a tcp 80: yes"],
    ],
    [
      "A4 what the list out denies is told by the interface it came in by",
      {
        lists: "access-list 101 deny icmp any any\naccess-list 101 permit ip any any",
        inA: " no ip unreachables",
        inB: " ip access-group 101 out",
      },
      ["a icmp: timeout", "a tcp 80: yes"],
    ],
    [
      "A7 groups of addresses and services",
      {
        lists: `object-group network INNER
 range 10.0.1.1 10.0.1.9
object-group network SERVERS
 group-object INNER
object-group service ALLOWED
 tcp eq 22
 udp 53
 icmp echo
ip access-list extended G
 permit object-group ALLOWED 10.0.0.0 0.0.0.255 object-group SERVERS`,
        inA: " ip access-group G in",
      },
      ["a tcp 22: yes", "a tcp 80: host-prohibited", "a udp 53: yes", "a icmp: yes"],
    ],
    [
      "A1 a wildcard with holes",
      { lists: "access-list 7 permit 10.0.4.2 0.0.251.0", inA: " ip access-group 7 in" },
      ["a icmp: host-prohibited"],
    ],
    [
      "A1 a wildcard whose holes fit",
      { lists: "access-list 7 permit 10.0.0.2 0.0.5.0", inA: " ip access-group 7 in" },
      ["a icmp: yes"],
    ],
    [
      "A6 messages of ICMP by type and code",
      {
        lists: "access-list 101 permit icmp any any echo-reply\naccess-list 101 permit icmp any any port-unreachable", // prettier-ignore
        inB: " ip access-group 101 in",
      },
      ["a icmp: yes", "a udp 99: port-unreachable", "b icmp: host-prohibited"],
    ],
    [
      "A6 another code of the same type",
      {
        lists: "access-list 101 permit icmp any any host-unreachable",
        inB: " ip access-group 101 in",
      },
      ["a udp 99: timeout"],
    ],
  ])("%s", (_rule, config, expected) => {
    const built = filtered(config);
    expect(built.diagnostics).toEqual([]);
    for (const row of expected) {
      const [question = "", answer] = row.split(": ");
      const { reachable, error } = ask(built, question);
      expect(`${question}: ${reachable ? "yes" : error}`).toBe(`${question}: ${answer}`);
    }
  });
});

test("A1 what nothing permits is explained by the list, and its first line is shown", () => {
  const built = filtered({ lists: web, inA: " ip access-group WEB in" });
  const { fate, last } = converse(built, { device: "a", table: null, to: ip("10.0.1.2"), proto: "icmp", port: null }).forward; // prettier-ignore
  if (fate.kind === "delivered") throw new Error("It arrives.");
  const { text, lines } = explainDrop(built, fate, last);
  expect(text).toBe(
    "edge's filter turns it away with admin-prohibited: no rule of access list WEB (Gi0/1 in) takes it, and what none takes is turned away.",
  );
  expect(lines.map(({ from }) => from)).toEqual([29]);
});

const isolate = (from: string, to: string): Claim => ({ kind: "isolate", from: [from], to: [to], threat: "host", both: false }); // prettier-ignore

test.each([
  ["access-list 101 deny ip any any", "holds"],
  ["access-list 101 deny tcp any any\naccess-list 101 deny udp any any", "holds"],
  ["access-list 101 deny tcp any any\naccess-list 101 permit icmp any any echo-reply", "fails"],
  ["access-list 101 permit ip any any time-range WORK", "undecided"],
  ["access-list 101 permit ip 10.0.0.0 0.255.254.254 any fragments", "undecided"],
  ["access-list 7 permit 10.0.0.0 0.170.170.170", "fails"],
  ["access-list 7 permit 0.0.0.0 170.170.170.170\naccess-list 7 deny any", "undecided"],
])("A8 a to b with %s: %s", (lists, state) => {
  const [, name = ""] = /access-list (\d+)/.exec(lists)!;
  const built = filtered({ lists, inA: ` ip access-group ${name} in` });
  expect(decide(built, isolate("a", "b")).state).toBe(state);
});

// A second opinion: random lists, and random packets judged by reading them entry by entry.
const wildcards = [
  "0.0.0.0",
  "0.0.0.255",
  "0.0.255.0",
  "0.0.1.254",
  "255.255.255.255",
  "0.255.0.3",
];
const addresses = ["10.0.0.2", "10.0.0.7", "10.0.1.2", "10.0.3.2", "10.9.1.2", "192.0.2.1"];
const somewhere = fc.record({ ip: fc.constantFrom(...addresses), wildcard: fc.constantFrom(...wildcards) }); // prettier-ignore
const portTest = fc.option(
  fc.tuple(fc.constantFrom("eq", "neq", "gt", "lt"), fc.constantFrom(1, 22, 80, 443, 65534)),
);
const entries = fc.record({
  permits: fc.boolean(),
  proto: fc.constantFrom("ip", "tcp", "udp", "icmp"),
  source: somewhere,
  destination: somewhere,
  from: portTest,
  to: portTest,
  established: fc.boolean(),
});
type Entry = typeof entries extends fc.Arbitrary<infer T> ? T : never;
const packets = fc.record({
  src: fc.constantFrom(...addresses),
  dst: fc.constantFrom("10.0.1.2", "10.0.1.77", "10.0.0.2"),
  proto: fc.constantFrom(ICMP, TCP, UDP, 47),
  sport: fc.constantFrom(0, 1, 2, 22, 80, 50_000),
  dport: fc.constantFrom(0, 1, 2, 22, 80, 65_535),
  flags: fc.constantFrom(0, SYN, ACK, 4, SYN | ACK),
});
type Asked = typeof packets extends fc.Arbitrary<infer T> ? T : never;

const NUMBERS: Readonly<Record<string, number>> = { tcp: TCP, udp: UDP, icmp: ICMP };

function lineOf(it: Entry): string {
  const hasPorts = it.proto === "tcp" || it.proto === "udp";
  return [
    `access-list 101 ${it.permits ? "permit" : "deny"} ${it.proto}`,
    `${it.source.ip} ${it.source.wildcard}`,
    hasPorts && it.from ? it.from.join(" ") : "",
    `${it.destination.ip} ${it.destination.wildcard}`,
    hasPorts && it.to ? it.to.join(" ") : "",
    it.proto === "tcp" && it.established ? "established" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function fits(it: Entry, packet: Asked): boolean {
  const isIn = ({ ip: net, wildcard }: Entry["source"], one: string) =>
    ((ip(net) ^ ip(one)) & ~ip(wildcard)) === 0;
  if (it.proto !== "ip" && NUMBERS[it.proto] !== packet.proto) return false;
  if (!isIn(it.source, packet.src) || !isIn(it.destination, packet.dst)) return false;
  const passes = (test: Entry["from"], port: number) => {
    if (!test || (it.proto !== "tcp" && it.proto !== "udp")) return true;
    const [is, than] = test;
    return is === "eq" ? port === than : is === "neq" ? port !== than : is === "gt" ? port > than : port < than; // prettier-ignore
  };
  if (!passes(it.from, packet.sport) || !passes(it.to, packet.dport)) return false;
  return it.proto !== "tcp" || !it.established || (packet.flags & (ACK | 4)) !== 0;
}

test("A1 random lists decide about single packets as a reader would, entry by entry", () => {
  fc.assert(
    fc.property(
      fc.array(entries, { minLength: 1, maxLength: 6 }),
      fc.array(packets, { minLength: 12, maxLength: 12 }),
      (list, asked) => {
        const built = filtered({
          lists: list.map(lineOf).join("\n"),
          inA: " ip access-group 101 in",
        });
        expect(built.diagnostics).toEqual([]);
        for (const packet of asked) {
          const sent = {
            ethertype: IPV4, tag: 0, inner: 0, smac: 0, dscp: 0, mark: 0, ct: 0, ttl: 64,
            ...packet, src: ip(packet.src), dst: ip(packet.dst),
            dmac: 0x020000000102,
          }; // prettier-ignore
          const { fate } = trace(built.network, placeAt.arrive("edge", "GigabitEthernet0/1"), sent);
          const permitted = list.find((one) => fits(one, packet))?.permits ?? false;
          const text = `${packet.proto} ${formatIp(sent.src)}`;
          expect(`${text} ${fate.kind !== "rejected"}`).toBe(`${text} ${permitted}`);
        }
      },
    ),
    { numRuns: 150 },
  );
});
