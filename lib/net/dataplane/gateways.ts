import type { Device, GatewayGroup, Iface } from "../model/device.ts";
import { placeAt, type PlaceId } from "../model/network.ts";
import { networkOf, type Ip } from "../model/prefix.ts";
import type { Floods } from "./learning.ts";
import type { Wiring } from "./wiring.ts";

/** One router's part in a group. */
type Member = {
  readonly device: Device;
  readonly iface: Iface;
  readonly group: GatewayGroup;
  readonly address: Ip;
  /** Its priority now, less what it watches and lost. */
  readonly priority: number;
};

/**
 * `devices`, where those that stand for a gateway have its address and take frames to its MAC address (rules V1 to V4 of
 * SPEC.md). Who stands for it is agreed on among those that hear each other; whoever hears nobody better stands for it.
 */
export function withGateways(
  devices: ReadonlyMap<string, Device>,
  wiring: Wiring,
  floods: Floods,
): ReadonlyMap<string, Device> {
  const members = [...devices.values()].flatMap((device) => membersOf(device, wiring));
  if (members.length === 0) return devices;
  const standing = new Map<Iface, Member[]>();
  for (const group of Map.groupBy(members, (one) => one.group.key).values())
    for (const member of group) {
      const heard = group.filter((one) => one === member || hears(floods, member, one));
      const active = leaderOf(heard);
      if (active !== member) continue;
      const told = { ...member, group: { ...member.group, ips: addressesOf(member, heard) } };
      standing.set(member.iface, [...(standing.get(member.iface) ?? []), told]);
    }
  return new Map([...devices].map(([name, device]) => [name, standingFor(device, standing)]));
}

function membersOf(device: Device, wiring: Wiring): Member[] {
  return device.ifaces.flatMap((iface) => {
    const address = iface.addresses[0];
    if (!iface.gatewayGroups || !address || !wiring.works(device.name, iface.name)) return [];
    return iface.gatewayGroups.flatMap((group): Member[] => {
      const lost = group.watches.filter((one) => !wiring.works(device.name, one.iface));
      if (lost.some(({ by }) => by === null)) return [];
      const priority = group.priority - lost.reduce((sum, { by }) => sum + by!, 0);
      return [{ device, iface, group, address: address.ip, priority: Math.max(0, priority) }];
    });
  });
}

function hears(floods: Floods, { device, iface }: Member, other: Member): boolean {
  const home: PlaceId = placeAt.stack(device.name, iface.name);
  return floods
    .from(other.device.name, other.iface)
    .some(({ place, frame }) => place === home && frame.tag === 0);
}

// V2: whoever led before anything was lost goes on, unless a better one now takes over.
function leaderOf(members: readonly Member[]): Member {
  const before = best(members, ({ group }) => group.priority);
  const now = best(members, ({ priority }) => priority);
  return now === before || now.group.preempts ? now : before;
}

function best(members: readonly Member[], priorityOf: (one: Member) => number): Member {
  return members.reduce((first, one) => {
    const by = priorityOf(one) - priorityOf(first);
    return by > 0 || (by === 0 && one.address > first.address) ? one : first;
  });
}

// V1: who was given no address learns it from the others.
function addressesOf({ group }: Member, heard: readonly Member[]): GatewayGroup["ips"] {
  if (group.ips.length > 0) return group.ips;
  return heard.find((one) => one.group.ips.length > 0)?.group.ips ?? [];
}

function standingFor(device: Device, standing: ReadonlyMap<Iface, readonly Member[]>): Device {
  if (!device.ifaces.some((iface) => standing.has(iface))) return device;
  const ifaces = device.ifaces.map((iface): Iface => {
    const groups = (standing.get(iface) ?? []).map(({ group }) => group);
    if (groups.length === 0) return iface;
    const aliases = groups.flatMap(({ ips, mac }) =>
      ips.map(({ ip, because }) => ({ prefix: networkOf(ip, 32), mac, because })),
    );
    return {
      ...iface,
      aliases: [...aliases, ...(iface.aliases ?? [])],
      alsoMacs: groups.map(({ mac }) => mac),
    };
  });
  return { ...device, ifaces };
}
