import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import { contains, formatIp, formatPrefix, networkOf, type Ip } from "../model/prefix.ts";
import type { PortRef } from "../model/topology.ts";
import type { Packet } from "../trace/packet.ts";
import type { Span } from "../source/span.ts";
import type { Explanation } from "./explanation.ts";
import { explainNoRoute } from "./no-route.ts";

/**
 * Why a packet ended here. The compiler asks for words for every kind of drop. `chosen` are the lines of the route it
 * took last, where its walk is known: several routes may share the next hop that a drop speaks of.
 */
export function explainDrop(
  compiled: Compiled,
  drop: Drop,
  packet: Packet,
  chosen: readonly Span[] = [],
): Explanation {
  const dst = formatIp(packet.dst as Ip);
  switch (drop.kind) {
    case "no-route":
      return explainNoRoute(compiled, drop, packet.dst as Ip);
    case "discarded":
      return {
        text: `${drop.device} turns it away: its route to ${formatPrefix(drop.prefix)} says ${REFUSALS[drop.how]}.`,
        lines: drop.because,
      };
    case "not-forwarding":
      return {
        text: `The packet is for ${dst}, not for ${drop.device} itself, and ${drop.device} passes no packets on.`,
        lines: drop.because,
      };
    case "no-neighbor":
      return explainNoNeighbor(
        compiled,
        chosen.length > 0 ? { ...drop, because: chosen } : drop,
        packet,
      );
    case "no-carrier":
      return explainNoCarrier(compiled, drop.device, drop.iface);
    case "ttl-expired":
      return {
        text: `Its time to live runs out at ${drop.device}: it was passed on too often, most likely in a circle.`,
        lines: [],
      };
    case "martian":
      return {
        text: `${drop.device} drops it on ${drop.iface}: ${formatIp(packet.src as Ip)} can be no sender there, because it is ${drop.device}'s own address or none that a host may have.`,
        lines: [],
      };
    case "source-check":
      return {
        text: `${drop.device} drops it on ${drop.iface}: its reverse path check asks that the way back to ${formatIp(packet.src as Ip)} ${drop.strict ? `leave by ${drop.iface}, and it does not` : "exist, and there is none"}.`,
        lines: [],
      };
    case "not-for-it":
      return {
        text: `The frame is not for ${drop.device}: its MAC address, tag or type is not one that ${drop.iface} takes.`,
        lines: [],
      };
    case "filtered":
      return {
        text: drop.isPolicy
          ? `${drop.device}'s filter drops it: no rule of ${drop.chain} takes it, and the chain drops the rest.`
          : `${drop.device}'s filter drops it: a rule of ${drop.chain} says so.`,
        lines: drop.because,
      };
    case "rejected":
      return {
        text: `${drop.device}'s filter turns it away with ${drop.error}: a rule of ${drop.chain} says so.`,
        lines: drop.because,
      };
    case "vlan-not-allowed":
      return {
        text: `${drop.device}'s ${drop.iface} does not carry ${packet.tag === 0 ? "untagged frames" : `VLAN ${packet.tag - 1}`}.`,
        lines: [],
      };
    case "port-locked":
      return {
        text: `${drop.device}'s ${drop.iface} is locked: it takes frames only from addresses written down for it, and ${formatMac(packet.smac)} is none.`,
        lines: [],
      };
    case "no-tunnel":
      return {
        text: `${drop.device}'s ${drop.iface} leads nowhere for it: no far end that its packets reach has the same number and port.`,
        lines: [],
      };
    case "nobody":
      return { text: `${drop.device} has no other port to send it out of.`, lines: [] };
    case "not-passed-on":
      return { text: `${drop.device} does not pass packets for ${dst} on.`, lines: [] };
    case "unasked":
      return {
        text: `The answer reaches ${drop.device} from ${formatIp(packet.src as Ip)}, which is not the address that was asked, so it is not taken for an answer.`,
        lines: [],
      };
    case "refused":
      return {
        text: `It arrives at ${drop.device} and is refused: nobody listens on ${PROTOCOLS[packet.proto] ?? "that protocol"} port ${packet.dport}.`,
        lines: [],
      };
    case "loop":
      return {
        text: `It goes in a circle: ${[...drop.through, drop.through[0]].join(", ")}.`,
        lines: [],
      };
  }
}

function formatMac(mac: number): string {
  return mac.toString(16).padStart(12, "0").match(/../g)!.join(":");
}

const REFUSALS = {
  discard: "to throw it away",
  unreachable: "that it is unreachable",
  prohibit: "that it is prohibited",
  throw: "to look no further",
} as const;

export const PROTOCOLS: Readonly<Record<number, string>> = { 1: "ICMP", 6: "TCP", 17: "UDP" };

function deviceOf(compiled: Compiled, name: string): Device {
  return compiled.network.devices.get(name)!;
}

function explainNoNeighbor(
  compiled: Compiled,
  drop: Drop & { kind: "no-neighbor" },
  packet: Packet,
): Explanation {
  const asked = drop.gateway ?? (packet.dst as Ip);
  const what = drop.gateway === null ? formatIp(asked) : `its next hop ${formatIp(asked)}`;
  const lost = `${drop.device} asks for ${what} on ${drop.iface}, and nobody answers.`;
  const end = farEnd(compiled, drop.device, drop.iface);
  const far = end && deviceOf(compiled, end.node);
  const iface = far?.ifaces.find((one) => one.name === end!.port);
  if (!far || !iface) return { text: lost, lines: drop.because };
  const there = `${far.name}'s ${iface.name}`;
  if (iface.addresses.length === 0)
    return { text: `${lost} ${explainBare(there, iface)}`, lines: bareLines(iface, drop.because) };
  const own = iface.addresses.map(({ ip, length }) => `${formatIp(ip)}/${length}`).join(", ");
  if (!iface.addresses.some(({ ip }) => ip === asked))
    return {
      text: `${lost} At the other end of the cable is ${there}, which has ${own}.`,
      lines: [
        ...iface.addresses.flatMap((one) => (one.because ? [one.because] : [])),
        ...drop.because,
      ],
    };
  return {
    text: `${lost} ${there} has that address, but ${whyUnheard(compiled, drop, packet, far, iface)}.`,
    lines: [
      ...iface.addresses.flatMap((one) => (one.because ? [one.because] : [])),
      ...drop.because,
    ],
  };
}

function whyUnheard(
  compiled: Compiled,
  drop: Drop & { kind: "no-neighbor" },
  packet: Packet,
  far: Device,
  iface: Iface,
): string {
  const asker = deviceOf(compiled, drop.device);
  const sender = senderOf(asker, drop, packet);
  if (sender === null)
    return `${drop.device} has no address on ${drop.iface} to ask in the name of`;
  const asks = formatIp(sender);
  const isTheirs = far.ifaces.some(
    (one) => one.table === iface.table && one.addresses.some(({ ip }) => ip === sender),
  );
  if (isTheirs)
    return `the question comes from ${asks}, which is an address of ${far.name}, too: one address stands on both ends`;
  const isNear = iface.addresses.some(({ ip, length }) => contains(networkOf(ip, length), sender));
  if (far.habits.arpOnlyFromOwnNetworks && !isNear)
    return `${far.name} heeds no question from ${asks}, which is in none of its networks there`;
  if (iface.sourceCheck !== "none")
    return `${far.name} heeds no question from ${asks}: its reverse path check finds no way back there by ${iface.name}`;
  return `${far.name} does not heed the question`;
}

// In whose name an asker asks: the packet's own source, if that is an address of its own, else the interface's.
function senderOf(
  asker: Device,
  { iface, gateway }: Drop & { kind: "no-neighbor" },
  packet: Packet,
): Ip | null {
  const src = packet.src as Ip;
  const isOwn = asker.ifaces.some((one) => one.addresses.some(({ ip }) => ip === src));
  if (asker.habits.weakHost && isOwn) return src;
  const { addresses } = asker.ifaces.find((one) => one.name === iface)!;
  const target = gateway ?? (packet.dst as Ip);
  const near = addresses.find(({ ip, length }) => contains(networkOf(ip, length), target));
  return (near ?? addresses[0])?.ip ?? null;
}

function explainBare(there: string, iface: Iface): string {
  const loss = iface.losses.at(-1);
  if (!loss) return `${there}, at the other end of the cable, has no address.`;
  switch (loss.why) {
    case "vrf-binding":
      return `${there}, at the other end of the cable, has no address: ${loss.what} was taken away when the interface changed its VRF.`;
    case "overlap":
      return `${there}, at the other end of the cable, has no address: ${loss.what} was refused, because its network is in that table already.`;
    case "refused":
      return `${there}, at the other end of the cable, has no address: ${loss.what} was refused.`;
    case "deleted":
      return `${there}, at the other end of the cable, has no address: ${loss.what} was removed.`;
  }
}

function bareLines(iface: Iface, otherwise: readonly Span[]): readonly Span[] {
  const loss = iface.losses.at(-1);
  if (loss) return [loss.because];
  return iface.because ? [iface.because] : otherwise;
}

function explainNoCarrier(compiled: Compiled, name: string, port: string): Explanation {
  const here = deviceOf(compiled, name).ifaces.find((one) => one.name === port);
  if (here && !here.enabled)
    return {
      text: `${name}'s ${port} is down${here.disabledBecause ? "" : ": nothing has brought it up"}.`,
      lines: spans(here.disabledBecause ?? here.because),
    };
  const end = farEnd(compiled, name, port);
  if (!end) return { text: `No cable is in ${name}'s ${port}.`, lines: [] };
  const far = deviceOf(compiled, end.node).ifaces.find((one) => one.name === end.port);
  return {
    text: `${name}'s ${port} has no link: ${end.node}'s ${end.port}, at the other end of the cable, is down${far?.disabledBecause ? "" : ", and nothing has brought it up"}.`,
    lines: spans(far?.disabledBecause ?? far?.because ?? null),
  };
}

function farEnd(compiled: Compiled, node: string, port: string): PortRef | null {
  for (const { a, b } of compiled.network.cables) {
    if (a.node === node && a.port === port) return b;
    if (b.node === node && b.port === port) return a;
  }
  return null;
}

function spans(span: Span | null): Span[] {
  return span ? [span] : [];
}
