import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import { contains, formatIp, formatPrefix, networkOf, type Ip } from "../model/prefix.ts";
import type { Span } from "../source/span.ts";
import type { Explanation } from "./explanation.ts";
import { carrierOf, explainStopped } from "./switching.ts";

type NoRoute = Drop & { readonly kind: "no-route" };

/** Why a table has nothing for `dst`: what it knows instead, and where what is missing got lost. */
export function explainNoRoute(compiled: Compiled, drop: NoRoute, dst: Ip): Explanation {
  const where = drop.table === null ? "" : ` in VRF ${drop.table}`;
  const known = networksOf(compiled, drop);
  const knows = known === "" ? "that table is empty" : `it knows ${known}`;
  const text = `${drop.device} has no route${where} that covers ${formatIp(dst)}; ${knows}.`;
  const reason =
    writtenButAbsent(compiled, drop, dst) ??
    downInTable(compiled, drop, dst) ??
    lostAddress(compiled, drop) ??
    inAnotherTable(compiled, drop, dst);
  return reason ? { text: `${text} ${reason.text}`, lines: reason.lines } : { text, lines: [] };
}

// The networks that the table has, to hold beside the one that is missing.
function networksOf(compiled: Compiled, drop: NoRoute): string {
  const fib = compiled.fibs.get(drop.device)!.find((one) => one.table === drop.table);
  const known = (fib?.entries ?? [])
    .filter((entry) => entry.source === "connected" || entry.source === "written")
    .map((entry) => formatPrefix(entry.prefix));
  if (known.length > 4) return `${known.slice(0, 3).join(", ")} and ${known.length - 3} more`;
  return known.length > 1
    ? `${known.slice(0, -1).join(", ")} and ${known.at(-1)}`
    : (known[0] ?? "");
}

function writtenButAbsent(compiled: Compiled, drop: NoRoute, dst: Ip): Explanation | null {
  const found = compiled.absent
    .get(drop.device)!
    .find(({ route }) => route.table === drop.table && contains(route.to, dst));
  if (!found?.route.because) return null;
  return {
    text: `A route to ${formatPrefix(found.route.to)} is written, but is not in the table: ${found.why}.`,
    lines: [found.route.because],
  };
}

function downInTable(compiled: Compiled, drop: NoRoute, dst: Ip): Explanation | null {
  const device = compiled.network.devices.get(drop.device)!;
  const found = covering(device, dst).find(({ iface }) => iface.table === drop.table);
  if (!found) return null;
  const { iface, net } = found;
  const has = `${device.name}'s ${iface.short} has ${net}`;
  if (iface.stopped) {
    const { text, lines } = explainStopped(device.name, iface, iface.stopped);
    return { text: `${has}, but ${text}`, lines };
  }
  if (!iface.enabled)
    return {
      text: `${has}, but is down${iface.disabledBecause ? "" : ": nothing has brought it up"}.`,
      lines: spans(iface.disabledBecause ?? found.because),
    };
  const below = carrierOf(device, iface);
  if (!below.enabled)
    return {
      text: `${has}, but ${below.short} is down.`,
      lines: spans(below.disabledBecause ?? found.because),
    };
  const far = farEnd(compiled, device.name, below.name);
  return {
    text: `${has}, but no link: ${far ? `${far}, at the other end of its cable, is down` : "no cable is in it"}.`,
    lines: spans(found.because),
  };
}

// The last interface that had an address in this table, or was to have one, and has none now.
function lostAddress(compiled: Compiled, drop: NoRoute): Explanation | null {
  const device = compiled.network.devices.get(drop.device)!;
  const bare = device.ifaces.filter(
    (one) => one.table === drop.table && one.addresses.length === 0,
  );
  const iface = bare.find((one) => one.losses.length > 0);
  const loss = iface?.losses.at(-1);
  if (!iface || !loss) return null;
  const how = {
    "vrf-binding": "was taken away when the interface changed its VRF",
    overlap: "was refused, because its network is in that table already",
    refused: "was refused",
    deleted: "was removed",
  }[loss.why];
  return {
    text: `${device.name}'s ${iface.short} has no address: ${loss.what} ${how}.`,
    lines: [loss.because],
  };
}

function inAnotherTable(compiled: Compiled, drop: NoRoute, dst: Ip): Explanation | null {
  const device = compiled.network.devices.get(drop.device)!;
  const elsewhere = covering(device, dst).filter(({ iface }) => iface.table !== drop.table);
  // An interface that was never put anywhere is more likely the one that was meant.
  const found = elsewhere.find(({ iface }) => iface.table === null) ?? elsewhere[0];
  if (!found) return null;
  const { iface, net, because } = found;
  const nothing = drop.table === null ? "" : `: nothing puts it into ${drop.table}`;
  const table = iface.table === null ? `the global table${nothing}` : `VRF ${iface.table}`;
  return {
    text: `${device.name}'s ${iface.short} has ${net}, but in ${table}.`,
    lines: spans(iface.table === null ? (iface.because ?? because) : iface.tableBecause),
  };
}

type Covering = { readonly iface: Iface; readonly net: string; readonly because: Span | null };

function covering(device: Device, dst: Ip): Covering[] {
  return device.ifaces.flatMap((iface) =>
    iface.addresses.flatMap(({ ip, length, because }): Covering[] => {
      const net = networkOf(ip, length);
      return contains(net, dst) ? [{ iface, net: formatPrefix(net), because }] : [];
    }),
  );
}

function farEnd(compiled: Compiled, node: string, port: string): string | null {
  for (const { a, b } of compiled.network.cables) {
    if (a.node === node && a.port === port) return `${b.node}'s ${b.port}`;
    if (b.node === node && b.port === port) return `${a.node}'s ${a.port}`;
  }
  return null;
}

function spans(span: Span | null): Span[] {
  return span ? [span] : [];
}
