import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { FIELDS, type Field, type Range } from "../model/network.ts";
import { formatIp, type Ip } from "../model/prefix.ts";
import { buildNetwork } from "../network.ts";
import { parseIp } from "../model/prefix.ts";
import { drawn, network } from "../testing.ts";
import { classOf } from "./class.ts";
import { converse } from "./conversation.ts";
import { trace } from "./trace.ts";

const router = `ip addr add 10.1.0.1/24 dev eth0; ip link set eth0 up
ip addr add 10.2.0.1/24 dev eth1; ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1`;
const host = (net: number) =>
  `ip addr add 10.${net}.0.9/24 dev eth0; ip link set eth0 up; ip route add default via 10.${net}.0.1`;

function asked(...rules: string[]) {
  const built = network(
    { a: host(1), r: [router, ...rules].join("\n"), b: host(2) },
    ["a:eth0 - r:eth0", "r:eth1 - b:eth0"],
    ["b tcp/80"],
  );
  return converse(built, { device: "a", table: null, to: parseIp("10.2.0.9")!, proto: "tcp", port: 80 }); // prettier-ignore
}

const words = (field: Field, ranges: readonly Range[]) =>
  ranges.map(([low, high]) =>
    field === "dst" || field === "src"
      ? `${formatIp(low as Ip)}-${formatIp(high as Ip)}`
      : `${low}-${high}`,
  );

describe("T1 the packets that walk as one did", () => {
  test("are those of the routes and rules on the way, short of the rules that were passed over", () => {
    const { forward } = asked(
      "iptables -A FORWARD -p tcp --dport 22 -j DROP",
      "iptables -A FORWARD -s 10.1.0.0/28 -p tcp -j ACCEPT",
      "iptables -P FORWARD DROP",
    );
    const { fields, ttl } = classOf(forward);
    const said = Object.fromEntries(FIELDS.flatMap((field) => (fields[field] ? [[field, words(field, fields[field])]] : []))); // prettier-ignore
    expect(said).toEqual({
      ethertype: ["2048-2048"],
      tag: ["0-0"],
      dst: ["10.2.0.9-10.2.0.9"],
      src: ["10.1.0.9-10.1.0.9"],
      proto: ["6-6"],
      dport: ["80-80"],
    });
    expect(ttl).toEqual([2, 255]);
  });

  test("end where the hops to live do", () => {
    const built = network({ a: host(1), r: router, b: host(2) }, ["a:eth0 - r:eth0", "r:eth1 - b:eth0"]); // prettier-ignore
    const { forward } = converse(built, { device: "a", table: null, to: parseIp("10.2.0.9")!, proto: "icmp", port: null, ttl: 1 }); // prettier-ignore
    expect(classOf(forward).ttl).toEqual([1, 1]);
  });
});

// Any packet of the class must walk the same way: on every recorded network, at the borders of what the class says.
const folder = path.join(import.meta.dirname, "../cases");
const cases = readdirSync(folder).filter((file) => file.endsWith(".json"));

test.each(cases)("T1 the borders of a class walk the same way: %s", (file) => {
  const it = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as {
    nodes: Record<string, string[]>;
    links: [string, string][];
    services: string[];
    probes: { from: string; to: string; proto: "icmp" | "tcp" | "udp"; port?: number }[];
  };
  const nodes = Object.fromEntries(Object.entries(it.nodes).map(([name, lines]) => [name, lines.join("\n")])); // prettier-ignore
  const { topology, files } = drawn(nodes, it.links.map((ends) => ends.join(" - ")), it.services); // prettier-ignore
  const built = buildNetwork(topology, files);
  let borders = 0;
  for (const { from, to, proto, port } of it.probes.slice(0, 12)) {
    const { forward } = converse(built, { device: from, table: null, to: parseIp(to)!, proto, port: port ?? null }); // prettier-ignore
    // What the sender's own stack refuses at once was never sent.
    if (forward.stops.length === 1) continue;
    const { fields, ttl } = classOf(forward);
    const start = forward.stops[0]!;
    for (const field of FIELDS) {
      const ranges = fields[field] ?? [[0, 1]];
      for (const value of new Set(ranges.slice(0, 4).flat())) {
        const packet = { ...start.packet, [field]: value, ttl: ttl[0] };
        const other = trace(built.network, start.place.id, packet);
        borders++;
        const places = (stops: typeof forward.stops) => stops.map(({ place }) => place.id);
        expect([field, value, places(other.stops)]).toEqual([field, value, places(forward.stops)]);
      }
    }
  }
  expect(borders).toBeGreaterThan(0);
});
