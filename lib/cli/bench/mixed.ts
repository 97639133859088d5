import type { LinkSpec, NodeSpec, Topology } from "#lib/net/model/topology.ts";
import { parseIp } from "#lib/net/model/prefix.ts";
import type { Files } from "#lib/net/source/span.ts";
import type { Question } from "#lib/net/trace/conversation.ts";

const RULES = 27;

/** A network of routers in a row, each with a bridge, a VRF and a filter of 27 rules, NAT on one in ten, and questions to it. */
export function mixed(size: number): {
  readonly topology: Topology;
  readonly files: Files;
  readonly questions: readonly Question[];
} {
  const names = Array.from({ length: size }, (_, at) => `n${at}`);
  const nodes = names.map((name): NodeSpec => ({
    name,
    kind: "router",
    os: "linux",
    ports: ["left", "right", "lan1", "lan2", "vrf1"].map((port) => ({ name: port, mac: null })),
    runs: [],
    outside: null,
  }));
  const links = names.slice(1).map((name, at): LinkSpec => ({
    a: { node: names[at]!, port: "right" },
    b: { node: name, port: "left" },
  }));
  const files = Object.fromEntries(names.map((name, at) => [`${name}/host.sh`, script(at, size)]));
  const questions = names.slice(0, -1).map((device, at): Question => ({
    device,
    table: null,
    to: parseIp(`${lan(at + 1)}.1`)!,
    proto: "icmp",
    port: null,
  }));
  return { topology: { nodes, links, services: [] }, files, questions };
}

const lan = (at: number) => `10.${100 + (at >> 7)}.${at & 127}`;
const cable = (at: number) => `10.${at >> 8}.${at & 255}`;

function script(at: number, size: number): string {
  const rules = Array.from({ length: RULES }, (_, rule) =>
    rule === RULES - 1
      ? "iptables -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT"
      : `iptables -A FORWARD -s 192.168.${rule}.0/24 -p tcp --dport ${1000 + rule} -j ${rule % 2 ? "DROP" : "ACCEPT"}`,
  );
  return [
    "sysctl -w net.ipv4.ip_forward=1",
    "ip link add br0 type bridge",
    "ip link set lan1 master br0; ip link set lan2 master br0; ip link set br0 up",
    `ip addr add ${lan(at)}.1/24 dev br0`,
    "ip link add blue type vrf table 10; ip link set blue up; ip link set vrf1 master blue",
    `ip addr add 172.16.0.1/24 dev vrf1; ip link set vrf1 up`,
    ...(at > 0 ? [`ip addr add ${cable(at - 1)}.2/30 dev left`, "ip link set left up", `ip route add ${lan(at - 1)}.0/24 via ${cable(at - 1)}.1`] : []), // prettier-ignore
    ...(at < size - 1 ? [`ip addr add ${cable(at)}.1/30 dev right`, "ip link set right up", `ip route add default via ${cable(at)}.2`] : []), // prettier-ignore
    ...rules,
    ...(at % 10 === 0 ? ["iptables -t nat -A POSTROUTING -o left -j MASQUERADE"] : []),
  ].join("\n");
}
