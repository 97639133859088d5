import { formatIp, parseIp } from "../../model/prefix.ts";
import type { Topology } from "../../model/topology.ts";
import { buildNetwork, type Built } from "../../network.ts";
import { probe } from "../../trace/probe.ts";

/** A Docker host `h1` with these files, between `lan` (10.0.1.9) on eth0 and `pc` (10.0.2.9) on eth1. */
export function host(files: Readonly<Record<string, string>>): Built {
  const node = (name: string, ports: readonly string[], runs: readonly string[]) => ({
    name,
    kind: "host" as const,
    os: "linux" as const,
    ports: ports.map((port) => ({ name: port, mac: null })),
    runs,
    outside: null,
  });
  const topology: Topology = {
    nodes: [
      node("h1", ["eth0", "eth1"], ["docker"]),
      node("lan", ["eth0"], []),
      node("pc", ["eth0"], []),
    ],
    links: [
      { a: { node: "h1", port: "eth0" }, b: { node: "lan", port: "eth0" } },
      { a: { node: "h1", port: "eth1" }, b: { node: "pc", port: "eth0" } },
    ],
    services: [],
  };
  const setup =
    "ip addr add 10.0.1.1/24 dev eth0; ip link set eth0 up; ip addr add 10.0.2.1/24 dev eth1; ip link set eth1 up\n";
  return buildNetwork(topology, {
    "lan/host.sh":
      "ip addr add 10.0.1.9/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.1.1",
    "pc/host.sh":
      "ip addr add 10.0.2.9/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.1",
    "h1/00-links.sh": setup,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`h1/${name}`, text])),
  });
}

/** What `from` gets when it asks `to`, `icmp` or `tcp/80`: who answers, and whom that one saw; or what went wrong. */
export function ask(built: Built, from: string, to: string, what = "icmp"): string {
  const [proto, port] = what.split("/") as ["icmp" | "tcp" | "udp", string | undefined];
  const target = parseIp(to) ?? addressOf(built, to);
  const question = {
    device: from,
    table: null,
    to: target,
    proto,
    port: port ? Number(port) : null,
  };
  const seen = probe(built, question);
  return seen.reachable ? `${seen.at} from ${seen.src_seen}` : seen.error!;
}

/** The address of a container's first interface, or of the one named: `h1/web:eth1`. */
export function addressOf(built: Built, place: string) {
  const [device = "", name] = place.split(":");
  const { ifaces } = built.network.devices.get(device)!;
  const iface = ifaces.find((one) => (name ? one.name === name : one.name !== "lo"));
  return iface!.addresses[0]!.ip;
}

/** Where everything is: each container with its interfaces, its addresses and its way out. */
export function layout(built: Built): string[] {
  return [...built.network.devices.values()]
    .filter(({ name }) => name.startsWith("h1/"))
    .map(({ name, ifaces, routes }) => {
      const links = ifaces
        .filter((one) => one.name !== "lo")
        .map(
          (one) =>
            `${one.name} ${one.addresses.map(({ ip, length }) => `${formatIp(ip)}/${length}`).join(" ")}`,
        );
      const out = routes.find(({ to, gateway }) => to.length === 0 && gateway !== null);
      return [name, ...links, ...(out ? [`via ${formatIp(out.gateway!)}`] : [])].join(", ");
    });
}
