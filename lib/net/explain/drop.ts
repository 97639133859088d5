import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import { contains, formatIp, formatPrefix, networkOf, type Ip } from "../model/prefix.ts";
import type { PortRef } from "../model/topology.ts";
import type { Packet } from "../trace/packet.ts";
import type { Span } from "../source/span.ts";
import type { Explanation } from "./explanation.ts";

/** Why a packet ended here. The compiler asks for words for every kind of drop. */
export function explainDrop(compiled: Compiled, drop: Drop, packet: Packet): Explanation {
  const dst = formatIp(packet.dst as Ip);
  switch (drop.kind) {
    case "no-route": {
      const table = drop.table === null ? "" : ` in VRF ${drop.table}`;
      const bare =
        deviceOf(compiled, drop.device).routes.length === 0 && networksOf(compiled, drop) === "";
      const knows = networksOf(compiled, drop);
      const lines = lossLines(deviceOf(compiled, drop.device), drop.table, packet.dst as Ip);
      return {
        text: `${drop.device} has no route${table} that covers ${dst}${bare ? "; that table is empty" : knows && `; it knows ${knows}`}.`,
        lines,
      };
    }
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
      return explainNoNeighbor(compiled, drop, packet);
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
    case "not-passed-on":
      return { text: `${drop.device} does not pass packets for ${dst} on.`, lines: [] };
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

// The networks that the table has, to hold beside the one that is missing.
function networksOf(compiled: Compiled, drop: Drop & { kind: "no-route" }): string {
  const fib = compiled.fibs.get(drop.device)!.find((one) => one.table === drop.table);
  const known = (fib?.entries ?? [])
    .filter((entry) => entry.source === "connected" || entry.source === "written")
    .map((entry) => formatPrefix(entry.prefix));
  if (known.length > 4) return `${known.slice(0, 3).join(", ")} and ${known.length - 3} more`;
  return known.length > 1
    ? `${known.slice(0, -1).join(", ")} and ${known.at(-1)}`
    : (known[0] ?? "");
}

// Addresses that were taken away or refused, and would have made the missing network; then routes not in the table.
function lossLines(device: Device, table: string | null, dst: Ip): Span[] {
  const lost = device.ifaces
    .filter((iface) => iface.addresses.length === 0)
    .flatMap((iface) => iface.losses.slice(-1).map((loss) => loss.because));
  const written = device.routes
    .filter((route) => route.table === table && contains(route.to, dst))
    .flatMap((route) => (route.because ? [route.because] : []));
  return [...written, ...lost].slice(0, 3);
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
    text: `${lost} ${there} has that address, but ${whyUnheard(compiled, drop, far, iface)}.`,
    lines: [
      ...iface.addresses.flatMap((one) => (one.because ? [one.because] : [])),
      ...drop.because,
    ],
  };
}

function whyUnheard(
  compiled: Compiled,
  drop: Drop & { kind: "no-neighbor" },
  far: Device,
  iface: Iface,
): string {
  const asker = deviceOf(compiled, drop.device).ifaces.find((one) => one.name === drop.iface)!;
  const sender = asker.addresses[0];
  if (!sender) return `${drop.device} has no address on ${drop.iface} to ask in the name of`;
  const inside = iface.addresses.some(({ ip, length }) =>
    contains(networkOf(ip, length), sender.ip),
  );
  if (iface.addresses.some(({ ip }) => ip === sender.ip))
    return `it is the address of ${drop.device}, too: one address stands on both ends`;
  if (!inside)
    return `${far.name} heeds no question from ${formatIp(sender.ip)}, which is in none of its networks there`;
  return `${far.name} does not heed the question`;
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
