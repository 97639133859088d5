import { overlay } from "#lib/content/answer.ts";
import type { LabInstance } from "#lib/content/lab.ts";
import { pictureOf } from "#lib/net/explain/picture.ts";
import type { Proto } from "#lib/net/model/objective.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import { parseIp } from "#lib/net/model/prefix.ts";
import { buildNetwork } from "#lib/net/network.ts";
import { addressesOf } from "#lib/net/prove/endpoint.ts";
import { endpointsNamed, type Endpoint } from "#lib/net/prove/endpoint.ts";
import type { Files } from "#lib/net/source/span.ts";
import { converse } from "#lib/net/trace/conversation.ts";
import { gradeBuilt } from "./grade.ts";
import { Ranges } from "./ranges.ts";
import type { Report, Walk } from "./report.ts";
import { conversationWalk } from "./shown.ts";

/** A report and a drawing of one answer; the network is built once for both. */
export function examine(
  instance: LabInstance,
  answer: Files,
): { report: Report; picture: Picture } {
  const it = overlay(instance, answer);
  const built = buildNetwork(instance.topology, it.files);
  return { report: gradeBuilt(instance, it, built), picture: pictureOf(built) };
}

export type WalkAsk = {
  readonly from: string;
  /** An address or an endpoint. */
  readonly to: string;
  readonly proto: Proto;
  readonly port: number | null;
};

/** One packet's walk there and back, or why it cannot be asked for. */
export function walkBetween(instance: LabInstance, answer: Files, ask: WalkAsk): Walk | string {
  const { files } = overlay(instance, answer);
  const built = buildNetwork(instance.topology, files);
  const [from] = endpointsNamed(built.network, ask.from);
  if (!from || from.kind === "missing") return `There is no ${ask.from} here.`;
  const to = parseIp(ask.to) ?? firstAddress(endpointsNamed(built.network, ask.to)[0]);
  if (to === null) return `${ask.to} is no address, and nothing of that name has one.`;
  const table = from.kind === "table" ? from.table : null;
  const question = { device: from.device.name, table, to, proto: ask.proto, port: ask.port };
  return conversationWalk(built, converse(built, question), new Ranges(files));
}

function firstAddress(endpoint: ReturnType<typeof endpointsNamed>[number] | undefined) {
  if (!endpoint || endpoint.kind === "missing") return null;
  return addressesOf(endpoint satisfies Endpoint)[0] ?? null;
}
