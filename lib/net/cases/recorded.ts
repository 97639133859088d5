import { parseIp } from "../model/prefix.ts";
import type { NodeSpec, PortRef, Topology } from "../model/topology.ts";
import { buildNetwork, type Built } from "../network.ts";
import type { Question } from "../trace/conversation.ts";
import type { ProbeResult } from "../trace/probe.ts";

/** A probe that is sent in a network: from a place, by its own choice or by `src` and `dev`, to an address. */
export type ProbeAsked = {
  readonly from: string;
  readonly to: string;
  readonly proto: "icmp" | "tcp" | "udp";
  readonly port?: number;
  readonly src?: string;
  readonly dev?: string;
  readonly trace?: boolean;
};

/** A network as it is brought up on a real kernel: commands by node, cables between ports, and who listens. */
export type Scripted = {
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** `node:port` at both ends. */
  readonly links: readonly (readonly [string, string])[];
  /** `place proto/port` each. */
  readonly services: readonly string[];
};

/** What the engine makes of such a network: every node a plain Linux host with the ports that cables name. */
export function builtFrom(it: Scripted): Built {
  const files = Object.entries(it.nodes).map(([node, commands]) => [
    `${node}/host.sh`,
    `${commands.join("\n")}\n`,
  ]);
  return buildNetwork(topologyOf(it), Object.fromEntries(files));
}

function topologyOf({ nodes, links, services }: Scripted): Topology {
  const ends = links.flatMap(([a, b]) => [portRef(a), portRef(b)]);
  return {
    nodes: Object.keys(nodes).map((name): NodeSpec => ({
      name,
      kind: "host",
      os: "linux",
      ports: ends.filter((end) => end.node === name).map(({ port }) => ({ name: port, mac: null })),
      runs: [],
      outside: null,
    })),
    links: links.map(([a, b]) => ({ a: portRef(a), b: portRef(b) })),
    services: services.map((text) => {
      const [, at = "", proto = "", port = ""] = /^(\S+) (tcp|udp)\/(\d+)$/.exec(text) ?? [];
      return { at, proto: proto as "tcp" | "udp", port: Number(port) };
    }),
  };
}

function portRef(text: string): PortRef {
  const [node = "", port = ""] = text.split(":");
  return { node, port };
}

/** The question to the engine that a probe is. */
export function questionOf({ from, to, proto, port, src, dev }: ProbeAsked): Question {
  return {
    device: from,
    table: null,
    to: parseIp(to)!,
    proto,
    port: port ?? null,
    source: src === undefined ? null : parseIp(src),
    iface: dev ?? null,
  };
}

/** What is certain in a measurement: all but which of several errors was heard, and from whom. */
export function certain({ error, icmp_from: _, ...seen }: ProbeResult) {
  return { ...seen, error: errorClass(error) };
}

// A router answers only some of several unreachable probes in a row, so errors compare by class.
function errorClass(error: string | undefined): string {
  if (error === undefined) return "none";
  if (error.startsWith("local:")) return error;
  if (error === "refused" || error === "port-unreachable") return "refused";
  return error === "ttl-exceeded" ? error : "unheard";
}
