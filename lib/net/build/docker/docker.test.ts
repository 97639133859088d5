import { describe, expect, test } from "vitest";
import { decide } from "../../prove/decide.ts";
import { ask, host, layout } from "./testing.ts";

// Rules D1 to D20. What was seen on Docker 20.10 is marked so in SPEC.md.

const shop = host({
  "compose.yaml": `
services:
  web: { image: nginx, ports: ["8080:80"], networks: [front] }
  app: { image: app, networks: [front, back], expose: ["3000"] }
  db: { image: pg, networks: [back], expose: [5432] }
  private: { image: x, ports: ["127.0.0.1:9090:90", "10.0.2.1:9191:90", "53:53/udp"] }
networks:
  front:
  back: { internal: true }
`,
});

test("D2 D3 D4 pools in order, the bridge first, interfaces by priority and name, the default route by name", () => {
  expect(shop.diagnostics).toEqual([]);
  expect(layout(shop)).toEqual([
    "h1/web, eth0 172.18.0.2/16, via 172.18.0.1",
    "h1/app, eth0 172.19.0.2/16, eth1 172.18.0.3/16, via 172.18.0.1",
    "h1/db, eth0 172.19.0.3/16",
    "h1/private, eth0 172.20.0.2/16, via 172.20.0.1",
  ]);
});

test.each([
  [
    "D8 a published port leads to the container",
    "lan",
    "10.0.1.1",
    "tcp/8080",
    "h1/web from 10.0.1.9",
  ],
  ["D8 at every address of the host", "lan", "10.0.2.1", "tcp/8080", "h1/web from 10.0.1.9"],
  ["D8 and from the host itself", "h1", "10.0.1.1", "tcp/8080", "h1/web from 10.0.1.1"],
  ["D9 by the proxy where no rule leads", "h1", "127.0.0.1", "tcp/8080", "h1/web from 172.18.0.1"],
  ["D9 and back to itself", "h1/web", "10.0.1.1", "tcp/8080", "h1/web from 172.18.0.1"],
  [
    "D9 from a neighbour in its network",
    "h1/app",
    "172.18.0.1",
    "tcp/8080",
    "h1/web from 172.18.0.1",
  ],
  [
    "D8 from another network through the host",
    "h1/private",
    "10.0.1.1",
    "tcp/8080",
    "h1/web from 172.18.0.1",
  ],
  ["D8 a port that is not published is not there", "lan", "10.0.1.1", "tcp/81", "refused"],
  ["D7 nobody outside reaches a container directly", "lan", "h1/web", "tcp/80", "timeout"],
  ["D7 nor from another network", "h1/private", "h1/web", "tcp/80", "timeout"],
  ["D7 the host does", "h1", "h1/web", "tcp/80", "h1/web from 172.18.0.1"],
  [
    "D6 containers of one network reach each other",
    "h1/app",
    "h1/web",
    "tcp/80",
    "h1/web from 172.18.0.3",
  ],
  ["D6 also inside an internal one", "h1/app", "h1/db", "tcp/5432", "h1/db from 172.19.0.2"],
  ["D6 those of two do not", "h1/web", "h1/db", "tcp/5432", "timeout"],
  ["D6 not even with ICMP", "h1/private", "h1/app", "icmp", "timeout"],
  [
    "D10 but the host's address on another bridge",
    "h1/private",
    "172.18.0.1",
    "icmp",
    "h1 from 172.20.0.2",
  ],
  ["D11 packets go out in the host's name", "h1/web", "10.0.1.9", "icmp", "lan from 10.0.1.1"],
  ["D12 from an internal network none do", "h1/db", "10.0.1.9", "icmp", "local:ENETUNREACH"],
  ["D12 its bridge answers", "h1/db", "172.19.0.1", "icmp", "h1 from 172.19.0.3"],
  [
    "D13 a port of the loopback is the host's alone",
    "h1",
    "127.0.0.1",
    "tcp/9090",
    "h1/private from 172.20.0.1",
  ],
  ["D13 not of the LAN", "lan", "10.0.1.1", "tcp/9090", "refused"],
  ["D13 a port of one address", "pc", "10.0.2.1", "tcp/9191", "h1/private from 10.0.2.9"],
  ["D13 is at no other", "pc", "10.0.1.1", "tcp/9191", "refused"],
  ["D8 datagrams, too", "lan", "10.0.1.1", "udp/53", "h1/private from 10.0.1.9"],
  ["D5 the host forwards for nobody else", "lan", "10.0.2.9", "icmp", "timeout"],
])("%s: %s to %s %s", (_rule, from, to, what, answer) => {
  expect(ask(shop, from, to, what)).toBe(answer);
});

// A client that answers only to what it asked is told nothing by these; so each is asked for by what it lets through.
describe("a network's options", () => {
  const one = (network: string, more = "") =>
    host({
      "compose.yaml": `
services:
  a: { image: x, expose: [80], networks: { net: { ipv4_address: 10.9.0.5 } }, ports: ["80:80"] }
  b: { image: x, networks: { net: { ipv4_address: 10.9.0.6 } } }
networks:
  net: { ${network}ipam: { config: [{ subnet: 10.9.0.0/24 }] } }
`,
      ...(more && { "host.sh": more }),
    });
  const bridge = "com.docker.network.bridge";

  test.each([
    ["D14 icc", `driver_opts: { ${bridge}.enable_icc: "false" }, `, "h1/b", "10.9.0.5", "timeout"],
    [
      "D14 icc, and the host's address leads there",
      `driver_opts: { ${bridge}.enable_icc: "false" }, `,
      "h1/b",
      "10.9.0.1",
      "h1/a from 10.9.0.1",
    ],
    [
      "D15 routed: straight to published ports",
      `driver_opts: { ${bridge}.gateway_mode_ipv4: routed }, `,
      "lan",
      "10.9.0.5",
      "h1/a from 10.0.1.9",
    ],
    [
      "D15 routed: the host's port leads nowhere",
      `driver_opts: { ${bridge}.gateway_mode_ipv4: routed }, `,
      "lan",
      "10.0.1.1",
      "refused",
    ],
    [
      "D15 nat-unprotected",
      `driver_opts: { ${bridge}.gateway_mode_ipv4: nat-unprotected }, `,
      "lan",
      "10.9.0.5",
      "h1/a from 10.0.1.9",
    ],
    ["D15 nat", "", "lan", "10.9.0.5", "timeout"],
    ["D12 internal", "internal: true, ", "lan", "10.0.1.1", "refused"],
    ["D12 internal, within", "internal: true, ", "h1/b", "10.9.0.5", "h1/a from 10.9.0.6"],
    [
      "D12 isolated",
      `internal: true, driver_opts: { ${bridge}.gateway_mode_ipv4: isolated }, `,
      "h1/b",
      "10.9.0.1",
      "timeout",
    ],
    [
      "D13 where ports are published",
      `driver_opts: { ${bridge}.host_binding_ipv4: 10.0.2.1 }, `,
      "lan",
      "10.0.1.1",
      "refused",
    ],
  ])("%s", (_rule, network, from, to, answer) => {
    const built = one(network);
    expect(built.diagnostics).toEqual([]);
    expect(ask(built, from, to, "tcp/80")).toBe(answer);
  });

  test("D15 routed answers to ICMP", () => {
    const built = one(`driver_opts: { ${bridge}.gateway_mode_ipv4: routed }, `);
    expect(ask(built, "lan", "10.9.0.5")).toBe("h1/a from 10.0.1.9");
  });

  // The answers are for the container's own address, and so look like direct access (D7).
  test("D11 without masquerade no answer comes in", () => {
    const built = one(`driver_opts: { ${bridge}.enable_ip_masquerade: "false" }, `);
    expect(ask(built, "h1/a", "10.0.1.9")).toBe("timeout");
  });
});

describe("learners' own rules", () => {
  const web = { "compose.yaml": `services: { web: { image: nginx, ports: ["8080:80"] } }` };
  test.each([
    [
      "D5 DOCKER-USER sees the destination that it was changed to",
      "iptables -I DOCKER-USER -p tcp --dport 80 -j DROP",
      "timeout",
    ],
    [
      "D5 and not the one before",
      "iptables -I DOCKER-USER -p tcp --dport 8080 -j DROP",
      "h1/web from 10.0.1.9",
    ],
    ["D5 rules may be put at its end", "iptables -A DOCKER-USER -i eth0 -j DROP", "timeout"],
    ["D8 INPUT does not see published ports", "iptables -P INPUT DROP", "h1/web from 10.0.1.9"],
    [
      "D5 FORWARD comes after Docker's chains",
      "iptables -A FORWARD -j DROP",
      "h1/web from 10.0.1.9",
    ],
    ["D5 what is put before them counts", "iptables -I FORWARD -j DROP", "timeout"],
    ["D1 without forwarding nothing is passed on", "sysctl -w net.ipv4.ip_forward=0", "timeout"],
    [
      "D8 without Docker's chain the proxy is there",
      "iptables -t nat -F DOCKER",
      "h1/web from 172.18.0.1",
    ],
  ])("%s: %s", (_rule, line, answer) => {
    const built = host({ ...web, "host.sh": `docker compose up -d\n${line}\n` });
    expect(built.diagnostics).toEqual([]);
    expect(ask(built, "lan", "10.0.1.1", "tcp/8080")).toBe(answer);
  });
});

describe("claims about a Docker host", () => {
  const state = (from: string, to: string) =>
    decide(shop, { kind: "isolate", from: [from], to: [to], threat: "host", both: false }).state;

  test.each([
    ["D6 networks are apart", "h1/web", "h1/db", "holds"],
    ["D12 nothing comes into an internal network", "lan", "h1/db", "holds"],
    ["D12 nor out of it", "h1/db", "lan", "holds"],
    ["D12 not even to a port that is published next to it", "h1/db", "h1/web", "holds"],
    ["D8 a published port is open to other networks", "h1/private", "h1/web", "fails"],
    ["D8 and to the outside", "lan", "h1/web", "fails"],
    ["D9 by the proxy, too", "h1/web", "h1/app", "fails"],
    ["D13 what is published to the host alone is not", "lan", "h1/app", "holds"],
  ])(
    "%s: %s and %s",
    (_rule, from, to, expected) => {
      expect(state(from, to)).toBe(expected);
    },
    60_000,
  );
});
