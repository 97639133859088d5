import type { Compiled } from "../dataplane/compile.ts";
import { placeAt, type Range } from "../model/network.ts";
import type { Claim } from "../model/objective.ts";
import type { Endpoint } from "./endpoint.ts";
import { partiesOf } from "./parties.ts";
import { Arena, NONE } from "./sets.ts";
import { spread, UNNOTED } from "./spread.ts";
import { taintOfPlaces } from "./taint.ts";
import type { Verdict } from "./verdict.ts";

/** Whether the frames that leave a network card come in at a port, in one VLAN and no other. */
export function decideMaps(compiled: Compiled, claim: Claim & { kind: "maps" }): Verdict {
  const { parties, missing } = partiesOf(compiled, [claim.nic], [claim.port]);
  if (missing) return missing;
  const [[nic] = [], [port] = []] = parties;
  if (nic?.kind !== "port") return noPort(claim.nic);
  if (port?.kind !== "port") return noPort(claim.port);
  const arena = new Arena();
  const sent = arena.where({ ...UNNOTED, tag: [[0, 0]], inner: [[0, 0]] });
  const start = placeAt.leave(nic.device.name, nic.iface);
  const way = spread(compiled.network, arena, [{ place: start, packets: sent }], { forgets: true });
  const open = taintOfPlaces(
    compiled,
    [...way.at.keys()].map((id) => compiled.network.places.get(id)!),
  );
  if (open) return open;
  const came = way.at.get(placeAt.arrive(port.device.name, port.iface)) ?? NONE;
  const vlans = vlansOf(port, came === NONE ? [] : arena.valuesOf(came, "tag"));
  const named = { nic: claim.nic, port: claim.port, vlan: claim.vlan };
  if (vlans.length === 1 && vlans[0] === claim.vlan)
    return { state: "holds", why: { kind: "mapped", ...named } };
  return { state: "fails", why: { kind: "mapped-elsewhere", ...named, vlans } };
}

function noPort(name: string): Verdict {
  const missing = { kind: "missing" as const, name, what: `${name} is no port` };
  return { state: "fails", why: { kind: "missing", missing } };
}

// A frame without a tag is in the VLAN that the port gives it, if it gives one.
function vlansOf({ device, iface }: Endpoint & { kind: "port" }, tags: readonly Range[]): number[] {
  const native = device.ifaces.find((one) => one.name === iface)?.bridge?.port.pvid ?? 0;
  const all = tags.flatMap(([low, high]) =>
    Array.from({ length: Math.min(high - low + 1, MOST) }, (_, at) => low + at),
  );
  return [...new Set(all.map((tag) => (tag === 0 ? native : tag - 1)))].sort((a, b) => a - b);
}

/** More VLANs than this need not be listed to say that it is not the one. */
const MOST = 16;
