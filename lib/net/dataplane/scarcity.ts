import type { Device, Taint } from "../model/device.ts";
import { LARGEST, type Range } from "../model/network.ts";
import { difference } from "../model/ranges.ts";
import { guardsOf } from "./guards.ts";

const NOWHERE = { in: null, out: null, bridged: false, portIn: null, portOut: null } as const;

/**
 * `devices`, where those left open on which more may ask for an address than there are: who goes without depends on
 * who comes first.
 */
export function withScarcity(devices: ReadonlyMap<string, Device>): Map<string, Device> {
  return new Map(
    [...devices].map(([name, device]) => {
      const open = (device.scarce ?? []).flatMap((one) => taintOf(device, one, devices) ?? []);
      return [name, open.length > 0 ? { ...device, taints: [...device.taints, ...open] } : device];
    }),
  );
}

function taintOf(
  device: Device,
  scarce: NonNullable<Device["scarce"]>[number],
  devices: ReadonlyMap<string, Device>,
): Taint | null {
  const ranges = askers(device, scarce.asks);
  const asking = new Set<number>();
  for (const other of devices.values()) {
    if (other === device) continue;
    // Whoever stands for whole networks asks for each of their addresses.
    if (other.owns.some(({ first }) => within(ranges, first))) return left(scarce);
    for (const { addresses } of other.ifaces)
      for (const { ip } of addresses) if (within(ranges, ip)) asking.add(ip);
  }
  return asking.size > scarce.size ? left(scarce) : null;
}

function left({ size, because }: NonNullable<Device["scarce"]>[number]): Taint {
  return { iface: null, what: `${size} addresses for more that ask for one`, because };
}

// The sources of which some packet is taken; what a rule asks beyond the source may fit or not.
function askers(device: Device, rules: NonNullable<Device["scarce"]>[number]["asks"]): Range[] {
  const table = { name: "", family: "ip", owner: "device", chains: new Map(), sets: new Map() } as const; // prettier-ignore
  let open: Range[] = [[0, LARGEST.src]];
  const asking: Range[] = [];
  for (const rule of rules)
    for (const guard of guardsOf(rule, NOWHERE, device, table)) {
      const sources = guard.src ?? [[0, LARGEST.src]];
      if (rule.actions[0]?.kind === "accept") asking.push(...difference(sources, difference([[0, LARGEST.src]], open))); // prettier-ignore
      if (Object.keys(guard).every((field) => field === "src")) open = difference(open, sources);
    }
  return asking;
}

function within(ranges: readonly Range[], ip: number): boolean {
  return ranges.some(([low, high]) => ip >= low && ip <= high);
}
