import { Ranges } from "#lib/grading/ranges.ts";
import { conversationWalk, oneWay } from "#lib/grading/shown.ts";
import { classInWords, rangesOf } from "#lib/net/explain/class.ts";
import type { Proto } from "#lib/net/model/objective.ts";
import { formatIp, parseIp, type Ip } from "#lib/net/model/prefix.ts";
import type { Built } from "#lib/net/network.ts";
import { addressesOf, isAt } from "#lib/net/prove/endpoint.ts";
import { taintOfWalk } from "#lib/net/prove/taint.ts";
import { classOf } from "#lib/net/trace/class.ts";
import { acceptedAt, converse, type Conversation } from "#lib/net/trace/conversation.ts";
import { errorSent } from "#lib/net/trace/probe.ts";
import type { Trace } from "#lib/net/trace/trace.ts";
import {
  BadCall,
  NO,
  oneOf,
  readCall,
  UNDECIDED,
  wholeNumber,
  YES,
  type Command,
} from "../call.ts";
import { buildLab, endpointCalled, labOptions } from "../lab.ts";
import { walkInWords } from "../words.ts";

/** As long as a ping says nothing else. */
const PING = 84;

export const traceCommand: Command = {
  usage:
    "trace LAB --from A --to B [--proto icmp|tcp|udp] [--port N] [--size N] [--df] [--ttl N] [--answer DIR] [--seed N]",
  help: "One packet's walk, there and back",
  async run(args) {
    const { positionals, values } = readCall(args, 1, {
      ...labOptions,
      from: { type: "string" },
      to: { type: "string" },
      proto: { type: "string" },
      port: { type: "string" },
      size: { type: "string" },
      df: { type: "boolean" },
      ttl: { type: "string" },
    });
    const { built, overlay } = await buildLab(positionals[0]!, values);
    if (values.from === undefined || values.to === undefined)
      throw new BadCall("It needs --from and --to: who sends, and to whom.");
    const proto = oneOf<Proto>(
      "proto",
      values.proto,
      ["icmp", "tcp", "udp"],
      values.port ? "tcp" : "icmp",
    );
    const port = values.port === undefined ? null : wholeNumber("port", values.port, 0);
    if (proto !== "icmp" && port === null) throw new BadCall(`--proto ${proto} needs --port.`);
    const from = endpointCalled(built, "from", values.from);
    const to = destination(built, "to", values.to);
    const table = from.kind === "table" ? from.table : null;
    const { size: long, ttl: hops, df = false } = values;
    const size = long === undefined ? PING : wholeNumber("size", long, 28);
    if (size > 65_535) throw new BadCall(`--size ${size}: no packet is longer than 65535.`);
    const ttl = hops === undefined ? {} : { ttl: wholeNumber("ttl", hops, 1) };
    const asked = converse(built, {
      device: from.device.name,
      table,
      to,
      proto,
      port,
      size,
      df,
      ...ttl,
    });
    const ranges = new Ranges(overlay.files);
    const walk = conversationWalk(built, asked, ranges);
    const error = errorShown(built, asked, ranges);
    const [there, back] = [classShown(asked.forward), asked.back && classShown(asked.back)];
    const open = taintOfWalk(built, asked);
    const arrived = acceptedAt(asked.forward);
    const target = parseIp(values.to) === null ? endpointCalled(built, "to", values.to) : null;
    // The same address in another table is somebody else.
    const isElsewhere = target !== null && arrived !== null && !isAt(target, arrived);
    const reachable = asked.answered && !isElsewhere;
    const json = {
      from: values.from,
      to: formatIp(to),
      proto,
      ...(port !== null && { port }),
      size,
      ...(df && { df }),
      reachable,
      ...walk,
      class: there,
      ...(back && { backClass: back }),
      ...(error && { error }),
      ...(open && { undecided: open }),
    };
    const verdict = isElsewhere
      ? `It arrives, but not at ${values.to}: the address is in another table, too.`
      : asked.answered
        ? "It is answered."
        : asked.back
          ? "The answer is lost."
          : walk.text;
    const text = [
      walkInWords(walk),
      verdict,
      ...(error ? [errorInWords(error)] : []),
      there.text,
      ...(open ? [`Undecided: ${open}`] : []),
    ].join("\n");
    return { json, text, status: open ? UNDECIDED : reachable ? YES : NO };
  },
};

function classShown(way: Trace) {
  const held = classOf(way);
  return { text: classInWords(held), fields: rangesOf(held), ttl: held.ttl, length: held.length };
}

function errorShown(built: Built, asked: Conversation, ranges: Ranges) {
  const sent = asked.answered ? null : errorSent(built, asked);
  if (!sent) return null;
  const heard = sent.walk.fate.kind === "delivered";
  return { error: sent.error, heard, ...oneWay(built, sent.walk, ranges) };
}

function errorInWords({ error, heard, hops }: NonNullable<ReturnType<typeof errorShown>>): string {
  const from = `${hops[0]?.at} answers ${error} from ${hops[0]?.header.src}`;
  return heard ? `${from}.` : `${from}, which is lost at ${hops.at(-1)?.at}.`;
}

/** The address that a call names, itself or by an endpoint that has one. */
export function destination(built: Built, option: string, name: string): Ip {
  const ip = parseIp(name);
  if (ip !== null) return ip;
  const [address] = addressesOf(endpointCalled(built, option, name));
  if (address === undefined) throw new BadCall(`--${option} ${name}: it has no address.`);
  return address;
}
