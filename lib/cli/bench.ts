import { cpus, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import type { ProbeAsked, Scripted } from "#lib/net/cases/recorded.ts";
import type { NodeSpec, Topology } from "#lib/net/model/topology.ts";
import { parseIp } from "#lib/net/model/prefix.ts";
import { buildNetwork, type Built } from "#lib/net/network.ts";
import { decide } from "#lib/net/prove/decide.ts";
import { probe } from "#lib/net/trace/probe.ts";
import { mixed } from "./bench/mixed.ts";
import { hostKernel, missingHere } from "./oracle/kernels.ts";

/*
 * How long the engine takes, for chains of routers of several lengths: to build one from its text, to answer a hundred
 * probes, and to prove that two of them reach each other. The ratios say how that grows with the network. Then how much
 * longer the smallest takes to bring up in the namespaces of a real kernel, alone and with as many probes; and what a
 * network of many kinds of things takes from text to answer. Figures, no tests.
 */

const SIZES = [12, 50, 250, 1_000];
const ROUNDS = 5;
const PROBES = 100;

type Chain = { readonly topology: Topology; readonly files: Readonly<Record<string, string>> };
type Times = { readonly build: number; readonly probes: number; readonly prove: number };

// n0 - n1 - … : a /30 for each cable, default routes one way and one summary route the other.
function chainOf(size: number): Chain {
  const net = (cable: number) => `10.${cable >> 8}.${cable & 255}`;
  const script = (at: number) =>
    [
      "sysctl -w net.ipv4.ip_forward=1",
      ...(at > 0 ? [`ip addr add ${net(at - 1)}.2/30 dev left`, "ip link set left up"] : []),
      ...(at < size - 1 ? [`ip addr add ${net(at)}.1/30 dev right`, "ip link set right up"] : []),
      ...(at < size - 1 ? [`ip route add default via ${net(at)}.2`] : []),
      ...Array.from({ length: Math.max(0, at - 1) }, (_, cable) => cable)
        .slice(0, 8)
        .map((cable) => `ip route add ${net(cable)}.0/30 via ${net(at - 1)}.1`),
    ].join("\n");
  const nodes = Array.from({ length: size }, (_, at): NodeSpec => ({
    name: `n${at}`,
    kind: "router",
    os: "linux",
    ports: ["left", "right"].map((name) => ({ name, mac: null })),
    runs: [],
    outside: null,
  }));
  const links = nodes.slice(1).map((node, at) => ({
    a: { node: `n${at}`, port: "right" },
    b: { node: node.name, port: "left" },
  }));
  const files = Object.fromEntries(nodes.map(({ name }, at) => [`${name}/host.sh`, script(at)]));
  return { topology: { nodes, links, services: [] }, files };
}

function measure({ topology, files }: Chain): Times {
  const near = parseIp("10.0.1.2")!;
  const question = { device: "n0", table: null, to: near, proto: "icmp", port: null } as const;
  const claim = { kind: "reach", from: ["n0"], to: ["n2"], proto: "icmp", port: null, address: near } as const; // prettier-ignore
  const rounds = Array.from({ length: ROUNDS }, (): Times => {
    let built: Built | null = null;
    const build = timed(() => (built = buildNetwork(topology, files)));
    const probes = timed(() => {
      for (let at = 0; at < PROBES; at++) probe(built!, question);
    });
    return { build, probes, prove: timed(() => decide(built!, claim)) };
  });
  return { build: middle(rounds, "build"), probes: middle(rounds, "probes"), prove: middle(rounds, "prove") }; // prettier-ignore
}

function timed(work: () => unknown): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

function middle(rounds: readonly Times[], what: keyof Times): number {
  return rounds.map((one) => one[what]).sort((a, b) => a - b)[ROUNDS >> 1]!;
}

const row = (cells: readonly string[]) =>
  console.log(cells.map((one) => one.padStart(14)).join(""));

console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`,
);
const first = measure(chainOf(SIZES[0]!));
row(["nodes", "build ms", `${PROBES} probes ms`, "prove ms", "build/node", "of the first"]);
for (const size of SIZES) {
  const times = size === SIZES[0] ? first : measure(chainOf(size));
  const each = times.build / size;
  const ratio = each / (first.build / SIZES[0]!);
  row([
    String(size),
    ...[times.build, times.probes, times.prove, each].map((ms) => ms.toFixed(2)),
    `${ratio.toFixed(2)} x`,
  ]);
}
const both = first.build + first.probes;
console.log(
  `\n${SIZES[0]} nodes built and ${PROBES} probes answered, warm: ${both.toFixed(1)} ms (goal 50)`,
);
await againstNamespaces();
const large = mixed(200);
const built = timed(() => buildNetwork(large.topology, large.files));
const network = buildNetwork(large.topology, large.files);
const asked = timed(() => {
  for (const question of large.questions) probe(network, question);
});
console.log(
  `200 nodes with bridges, VRFs, 27 rules each and NAT on one in ten: ${built.toFixed(0)} ms to build, ${(asked / large.questions.length).toFixed(2)} ms for a probe, ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB`,
);

async function againstNamespaces(): Promise<void> {
  const missing = missingHere();
  if (missing) {
    console.log(`The same in real namespaces is left out. ${missing}`);
    return;
  }
  const kernel = hostKernel(1);
  const network = {
    ...scripted(chainOf(SIZES[0]!)),
    probes: Array.from({ length: PROBES }, (): ProbeAsked => ({
      from: "n0",
      to: "10.0.1.2",
      proto: "icmp",
    })),
  };
  await kernel.measure(network);
  const { seconds, saw } = await kernel.measure(network);
  kernel.close();
  const [up, probed] = seconds.map((one) => one * 1000) as [number, number];
  const answered = saw.filter(({ reachable }) => reachable).length;
  console.log(
    `The same in real namespaces: ${up.toFixed(0)} ms to bring up, ${(up / first.build).toFixed(0)} x as long (goal 100); ${(up + probed).toFixed(0)} ms with its probes, of which ${answered} were answered, ${((up + probed) / both).toFixed(0)} x (goal 300)`,
  );
}

function scripted({ topology, files }: Chain): Scripted {
  return {
    nodes: Object.fromEntries(
      topology.nodes.map(({ name }) => [name, files[`${name}/host.sh`]!.split("\n")]),
    ),
    links: topology.links.map(
      ({ a, b }) => [`${a.node}:${a.port}`, `${b.node}:${b.port}`] as const,
    ),
    services: [],
  };
}
