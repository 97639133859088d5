import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { parseIp } from "#lib/net/model/prefix.ts";
import type { Built } from "#lib/net/network.ts";
import { addressesOf } from "#lib/net/prove/endpoint.ts";
import { taintOfWalk } from "#lib/net/prove/taint.ts";
import { endpointsNamed } from "#lib/net/prove/endpoint.ts";
import { converse, type Question } from "#lib/net/trace/conversation.ts";
import { probe, type ProbeResult } from "#lib/net/trace/probe.ts";
import { BadCall, readCall, UNDECIDED, YES, type Command } from "../call.ts";
import { buildLab, labOptions } from "../lab.ts";

const place = z.union([
  z.string().min(1),
  z
    .object({ node: z.string().min(1), netns: z.string().min(1).optional() })
    .transform(({ node, netns }) => (netns === undefined ? node : `${node}/${netns}`)),
]);

const portNumber = z.int().min(0).max(65_535);

const asked = z.object({
  id: z.union([z.string(), z.number()]),
  from: place,
  to: place,
  proto: z.enum(["icmp", "tcp", "udp"]).default("icmp"),
  port: portNumber.optional(),
  dport: portNumber.optional(),
  src: z.string().optional(),
  dev: z.string().optional(),
  trace: z.boolean().optional(),
  size: z.int().min(28).max(65_535).optional(),
  df: z.boolean().optional(),
});

type Asked = z.infer<typeof asked>;

export const probeCommand: Command = {
  usage: "probe LAB --probes FILE [--answer DIR] [--seed N]",
  help: "What real probes would see: ping, TCP and UDP from place to place",
  async run(args) {
    const { positionals, values } = readCall(args, 1, {
      ...labOptions,
      probes: { type: "string" },
    });
    if (values.probes === undefined)
      throw new BadCall("It needs --probes: a JSON file with a list of probes.");
    const list = await readProbes(values.probes);
    const { built } = await buildLab(positionals[0]!, values);
    const probes = list.map((one) => ({ id: one.id, ...answerTo(built, one) }));
    const open = probes.some((one) => "undecided" in one);
    const text = probes.map((one) => `${one.id}: ${inWords(one)}`).join("\n");
    return { json: { probes }, text, status: open ? UNDECIDED : YES };
  },
};

type Answered = ProbeResult & { readonly undecided?: string };

function answerTo(built: Built, one: Asked): Answered {
  const [from] = endpointsNamed(built.network, one.from);
  if (!from || from.kind === "missing")
    return { reachable: false, error: `no-such-place: ${from?.what ?? one.from}` };
  const to = parseIp(one.to) ?? addressNamed(built, one.to);
  if (to === null) return { reachable: false, error: `no-such-address: ${one.to}` };
  const question: Question = {
    device: from.device.name,
    table: from.kind === "table" ? from.table : null,
    to,
    proto: one.proto,
    port: one.port ?? one.dport ?? null,
    source: one.src === undefined ? null : parseIp(one.src),
    iface: one.dev ?? null,
    size: one.size,
    df: one.df,
  };
  if (
    one.dev !== undefined &&
    !from.device.ifaces.some((iface) => iface.isPort && iface.name === one.dev)
  )
    return { reachable: false, error: "local:ENODEV" };
  const undecided = taintOfWalk(built, converse(built, question));
  return { ...probe(built, question, one.trace), ...(undecided && { undecided }) };
}

function addressNamed(built: Built, name: string) {
  const [found] = endpointsNamed(built.network, name);
  return found && found.kind !== "missing" ? (addressesOf(found)[0] ?? null) : null;
}

function inWords(one: Answered): string {
  const open = one.undecided === undefined ? "" : ` (undecided: ${one.undecided})`;
  if (one.reachable) return `reachable at ${one.at}, seen from ${one.src_seen}${open}`;
  const arrived = one.delivered ? `, though it arrived at ${one.delivered.at}` : "";
  return `${one.error}${one.icmp_from ? ` from ${one.icmp_from}` : ""}${arrived}${open}`;
}

// JSON is read as the YAML that it is too, because that reader knows lines.
async function readProbes(file: string): Promise<Asked[]> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new BadCall(`--probes ${file}: the file cannot be read.`);
  });
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: "core",
    maxAliasCount: 0,
  } as object);
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new BadCall(`${file}:${line}:${col}: ${broken.message.split("\n")[0]}`);
  }
  const read = z.array(asked).safeParse(document.toJS({ maxAliasCount: 0 }));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const node = document.getIn(issue!.path, true) as
    { range?: [number, number, number] } | undefined;
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  throw new BadCall(
    `${file}:${line}:${col}: ${issue!.path.join(".") || "the list"}: ${issue!.message}`,
  );
}
