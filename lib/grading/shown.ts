import { explainDrop } from "#lib/net/explain/drop.ts";
import { hopsOf, type Hop } from "#lib/net/explain/walk.ts";
import { formatIp, type Ip } from "#lib/net/model/prefix.ts";
import type { Built } from "#lib/net/network.ts";
import type { Verdict } from "#lib/net/prove/verdict.ts";
import type { Span } from "#lib/net/source/span.ts";
import type { Conversation } from "#lib/net/trace/conversation.ts";
import type { Packet } from "#lib/net/trace/packet.ts";
import type { Trace } from "#lib/net/trace/trace.ts";
import type { Ranges } from "./ranges.ts";
import type { Header, ObjectiveReport, Walk, WalkHop, Witness } from "./report.ts";

/** The packet that shows a verdict, and its walk, in the words and numbers that people read. */
export function shownBy(
  built: Built,
  verdict: Verdict,
  ranges: Ranges,
): Pick<ObjectiveReport, "witness" | "walk"> {
  const { why } = verdict;
  switch (why.kind) {
    case "answered":
      return { walk: conversationWalk(built, why.shown, ranges) };
    case "unanswered":
      return {
        witness: witnessOf(why.from, why.to, why.shown.forward),
        walk: conversationWalk(built, why.shown, ranges),
      };
    case "leak":
      return {
        witness: witnessOf(why.from, why.to, why.shown),
        walk: { ...oneWay(built, why.shown, ranges), back: null },
      };
    case "other-path":
      return {
        witness: witnessOf(why.from, why.to, why.shown),
        walk: { ...oneWay(built, why.shown, ranges), back: null },
      };
    case "broken-by":
      return shownBy({ ...built, ...why.compiled }, { state: "fails", why: why.why }, ranges);
    default:
      return {};
  }
}

/** A question's walk and its answer's. */
export function conversationWalk(
  built: Built,
  { forward, back }: Conversation,
  ranges: Ranges,
): Walk {
  return { ...oneWay(built, forward, ranges), back: back && oneWay(built, back, ranges) };
}

/** One walk, in the words and numbers that people read. */
export function oneWay(built: Built, trace: Trace, ranges: Ranges): Omit<Walk, "back"> {
  const { fate } = trace;
  return {
    outcome: fate.kind,
    text:
      fate.kind === "delivered"
        ? `Arrives at ${fate.device}.`
        : explainDrop(built, fate, trace.last).text,
    hops: hopsOf(built, trace).map((hop): WalkHop => hopShown(hop, ranges)),
  };
}

function hopShown(hop: Hop, ranges: Ranges): WalkHop {
  const because = (spans: readonly Span[]) => spans.map((span) => ranges.of(span));
  const header = headerOf(hop.packet);
  const before = headerOf(hop.came);
  const changed = JSON.stringify({ ...before, ttl: 0 }) !== JSON.stringify({ ...header, ttl: 0 });
  return {
    at: hop.at,
    table: hop.table,
    in: hop.in,
    out: hop.out,
    text: hop.text,
    header,
    ...(changed && { before }),
    ...(hop.tunnel && { tunnel: hop.tunnel }),
    ...(hop.decisions.length > 0 && {
      decisions: hop.decisions.map((one) => ({ text: one.text, because: because(one.because) })),
    }),
    because: because(hop.because),
  };
}

const NAMES: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp" };

function headerOf(packet: Packet): Header {
  const vlans = [packet.tag, packet.inner].filter((tag) => tag > 0).map((tag) => tag - 1);
  const labels = packet.labels?.map(({ label }) => label) ?? [];
  return {
    src: formatIp(packet.src as Ip),
    dst: formatIp(packet.dst as Ip),
    ttl: packet.ttl,
    proto: NAMES[packet.proto] ?? String(packet.proto),
    port: portOf(packet),
    ...(vlans.length > 0 && { vlans }),
    ...(labels.length > 0 && { labels }),
    ...(packet.dscp > 0 && { dscp: packet.dscp }),
    ...(packet.mark > 0 && { mark: packet.mark }),
  };
}

// An answer goes to the port that asked, which is a drawn one and tells nobody anything.
function portOf({ proto, dport, sport }: Packet): number | null {
  if (proto === 1) return null;
  return dport >= 49_152 ? sport : dport;
}

/** The packet of a walk, as it set out. */
export function witnessOf(from: string, to: string, trace: Trace): Witness {
  const packet = trace.stops[0]?.packet ?? trace.last;
  const port = portOf(packet);
  return {
    from,
    to,
    proto: NAMES[packet.proto] ?? String(packet.proto),
    src: formatIp(packet.src as Ip),
    dst: formatIp(packet.dst as Ip),
    ...(port !== null && { port }),
  };
}
