import { formatIp, parseIp, parsePrefix, type Ip } from "./model/prefix.ts";
import type { NodeSpec, PortRef, Topology } from "./model/topology.ts";
import { buildNetwork, type Built } from "./network.ts";
import { lookup, type Entry } from "./dataplane/fib.ts";
import type { Files, Span } from "./source/span.ts";

/**
 * A small network for a test. A node is `name: its configuration`; the name says what it is: `edge.ios` a router,
 * `sw1.switch` a switch with IOS, `inet.outside` the world outside, anything else a Linux host. Ports are those that the cables name.
 */
export function network(
  nodes: Readonly<Record<string, string>>,
  cables: readonly string[],
  services: readonly string[] = [],
): Built {
  const { topology, files } = drawn(nodes, cables, services);
  return buildNetwork(topology, files);
}

/** The topology and the files of such a network. */
export function drawn(
  nodes: Readonly<Record<string, string>>,
  cables: readonly string[],
  services: readonly string[] = [],
): { topology: Topology; files: Files } {
  const links = cables.map((cable) => {
    const [a = "", b = ""] = cable.split(" - ");
    return { a: portRef(a), b: portRef(b) };
  });
  const ends = links.flatMap(({ a, b }) => [a, b]);
  const specs = Object.entries(nodes).map(([key, text]) => nodeSpec(key, text, ends));
  const topology = {
    nodes: specs,
    links,
    services: services.map((text) => {
      const [at = "", proto = "", port = ""] = text.split(/[ /]/);
      return { at, proto: proto as "tcp" | "udp", port: Number(port) };
    }),
  };
  const files = Object.entries(nodes).map(([key, text]) => {
    const { name, os } = kindOf(key);
    return [`${name}/${os === "ios" || os === "switch" ? "startup.ios" : "host.sh"}`, text];
  });
  return { topology, files: Object.fromEntries(files) };
}

function kindOf(key: string): { name: string; os: string } {
  const [name = "", os = "linux"] = key.split(".");
  return { name, os };
}

// `inet.outside: "203.0.113.1/30 owns 0.0.0.0/0 knows 203.0.113.0/30"`
function nodeSpec(key: string, text: string, ends: readonly PortRef[]): NodeSpec {
  const { name, os } = kindOf(key);
  const ports = ends
    .filter((end) => end.node === name)
    .map(({ port }) => ({ name: port, mac: null }));
  const common = { name, ports, runs: [] };
  if (os === "ios") return { ...common, kind: "router", os: "ios", outside: null };
  if (os === "switch") return { ...common, kind: "switch", os: "ios", outside: null };
  if (os !== "outside") return { ...common, kind: "host", os: "linux", outside: null };
  const [, address = "", owns = "", knows = ""] =
    /^(\S+) owns (\S*) knows (\S*)$/.exec(text.trim()) ?? [];
  const [ip = "", length = ""] = address.split("/");
  const prefixes = (list: string) => list.split(",").flatMap((one) => parsePrefix(one) ?? []);
  return {
    ...common,
    kind: "outside",
    os: null,
    outside: {
      address: { ip: parseIp(ip)!, length: Number(length) },
      owns: prefixes(owns),
      knows: prefixes(knows),
    },
  };
}

function portRef(text: string): PortRef {
  const [node = "", port = ""] = text.split(":");
  return { node, port };
}

/** What a table decides about a destination, as in `Gi0/1 via 10.0.0.2`, `deliver`, `discard`, `no route`. */
export function decided(built: Built, place: string, dst: string): string {
  const [device = "", table = null] = place.split("@");
  const fib = built.fibs.get(device)!.find((one) => one.table === table)!;
  const entry = lookup(fib, parseIp(dst)!);
  return entry ? formatAction(built, device, entry) : "no route";
}

function formatAction(built: Built, device: string, { action, source }: Entry): string {
  if (action.kind === "receive") return source === "own" ? "deliver" : source;
  if (action.kind === "refuse") return action.how;
  const { ifaces } = built.network.devices.get(device)!;
  const short = (name: string) => ifaces.find((one) => one.name === name)!.short;
  return action.ways
    .map(
      ({ iface, gateway }) =>
        `${short(iface)}${gateway === null ? "" : ` via ${formatIp(gateway)}`}`,
    )
    .join(", ");
}

/** The first line of the text that a span stands for, without blanks around it. */
export function lineAt(files: Files, { file, from }: Span): string {
  const text = files[file] ?? "";
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const end = text.indexOf("\n", from);
  return text.slice(start, end === -1 ? text.length : end).trim();
}

export function ip(text: string): Ip {
  return parseIp(text)!;
}
