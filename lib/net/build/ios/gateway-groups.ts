import type { GatewayGroup, Iface, Taint } from "../../model/device.ts";
import type { IosGateway } from "../../model/ios-gateways.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import { UDP } from "../../model/network.ts";
import type { FilterRule, Match } from "../../model/packet-filter.ts";
import {
  BROADCAST,
  contains,
  lastOf,
  networkOf,
  parseIp,
  ZERO,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import { rulesOf } from "./access-filter.ts";

/** `ifaces`, each with the groups that it takes part in. */
export function withGroups(state: IosState, ifaces: readonly Iface[]): readonly Iface[] {
  return ifaces.map((iface) => {
    const told = state.ifaces.get(iface.name);
    const groups = told ? groupsOf(state, told, iface) : [];
    return groups.length > 0 ? { ...iface, gatewayGroups: groups } : iface;
  });
}

function groupsOf(state: IosState, told: IosIface, iface: Iface): GatewayGroup[] {
  const { gateways, hsrpVersion } = told.services;
  return [...gateways.values()].flatMap((one): GatewayGroup[] => {
    if (one.ips === null) return [];
    const owns = one.ips.some(({ ip }) => iface.addresses.some((address) => address.ip === ip));
    return [
      {
        key: [one.protocol, one.protocol === "hsrp" ? hsrpVersion : "", one.number, one.authentication].join(" "), // prettier-ignore
        ips: one.ips.map(({ ip, because }) => ({ ip, because })),
        mac: macOf(one, hsrpVersion),
        // Who has the gateway's address stands for it before all (RFC 3768 §5.3.4).
        priority: one.protocol === "vrrp" && owns ? 255 : one.priority,
        preempts: one.preempts || (one.protocol === "vrrp" && owns),
        watches: [...one.tracks.values()].flatMap(({ watched, by }) => {
          const name =
            "iface" in watched ? watched.iface : state.tracked.get(watched.object)?.iface;
          return name === undefined ? [] : [{ iface: name, by }];
        }),
        because: one.because,
      },
    ];
  });
}

// RFC 2281 §5.3 for version 1, the vendor's guide for version 2; RFC 3768 §7.3.
function macOf({ protocol, number }: IosGateway, version: 1 | 2): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const plain =
    protocol === "vrrp"
      ? `00005e0001${hex(number, 2)}`
      : version === 2
        ? `00000c9ff${hex(number, 3)}`
        : `00000c07ac${hex(number, 2)}`;
  return plain.match(/../g)!.join(":");
}

/** What keeps routers of a group from hearing each other, or from knowing what they watch, and is not simulated. */
export function gatewayTaints(state: IosState): Taint[] {
  return [...state.ifaces.values()].flatMap((iface) =>
    [...iface.services.gateways.values()].flatMap((one) => [
      ...blindTracks(state, iface, one),
      ...deafness(state, iface, one),
    ]),
  );
}

function blindTracks(
  state: IosState,
  { name }: IosIface,
  { tracks, because }: IosGateway,
): Taint[] {
  return [...tracks.values()].flatMap(({ watched }): Taint[] =>
    "object" in watched && !state.tracked.has(watched.object)
      ? [{ iface: name, what: `track ${watched.object}, which is not there`, because }]
      : [],
  );
}

const HELLOS = {
  hsrp1: { dst: parseIp("224.0.0.2")!, proto: UDP, dport: 1985 },
  hsrp2: { dst: parseIp("224.0.0.102")!, proto: UDP, dport: 1985 },
  vrrp: { dst: parseIp("224.0.0.18")!, proto: 112, dport: null },
} as const;

const QUESTION = { dst: BROADCAST, proto: UDP, dport: 67 };

/** A list that may keep those who ask for addresses from the one that hands them out. */
export function askingTaints(state: IosState): Taint[] {
  if (!state.dhcp.on || state.dhcp.pools.size === 0) return [];
  const what = "an access list that may keep out those who ask for addresses";
  const nobody = [networkOf(ZERO, 32)];
  return [...state.ifaces.values()].flatMap((iface) =>
    mayKeepOut(state, iface, QUESTION, nobody, what),
  );
}

// A list that may not let the others' hellos in: who is active then depends on more than is looked at.
function deafness(state: IosState, iface: IosIface, { protocol }: IosGateway): Taint[] {
  const { hsrpVersion } = iface.services;
  const hello = HELLOS[protocol === "vrrp" ? "vrrp" : hsrpVersion === 1 ? "hsrp1" : "hsrp2"];
  const nets = iface.addresses.all().map(({ ip, length }) => networkOf(ip, length));
  const what = `an access list that may keep out the hellos of ${protocol.toUpperCase()}`;
  return mayKeepOut(state, iface, hello, nets, what);
}

function mayKeepOut(
  state: IosState,
  iface: IosIface,
  hello: Hello,
  nets: readonly Prefix[],
  what: string,
): Taint[] {
  const { lists } = iface.services;
  const list = lists.in && state.accessLists.get(lists.in.name);
  if (!lists.in || !list || list.size === 0) return [];
  const rules = rulesOf(state, list, { permit: { kind: "accept" }, deny: { kind: "drop" } });
  const letsIn = (rule: FilterRule) =>
    rule.matches.every((match) => fits(match, hello, nets) === "yes");
  const decisive = rules.find(
    (rule) =>
      letsIn(rule) ||
      (rule.actions[0]?.kind === "drop" &&
        rule.matches.every((match) => fits(match, hello, nets) !== "no")),
  );
  if (decisive?.actions[0]?.kind === "accept") return [];
  return [{ iface: iface.name, what, because: spanOf(decisive, lists.in.because) }];
}

function spanOf(rule: FilterRule | undefined, otherwise: Span): Span {
  return rule?.because ?? otherwise;
}

type Hello = { readonly dst: Ip; readonly proto: number; readonly dport: number | null };

function fits(match: Match, hello: Hello, nets: readonly Prefix[]): "yes" | "no" | "maybe" {
  if (match.kind !== "field" || match.not) return "maybe";
  const within = (value: number) =>
    match.mask === undefined
      ? match.ranges.some(([low, high]) => value >= low && value <= high)
      : ((value ^ match.ranges[0]![0]) & match.mask) === 0;
  switch (match.field) {
    case "proto":
      return within(hello.proto) ? "yes" : "no";
    case "dst":
      return within(hello.dst) ? "yes" : "no";
    case "dport":
      return hello.dport !== null && within(hello.dport) ? "yes" : "no";
    case "src": {
      if (match.mask === undefined)
        return nets.every((net) =>
          match.ranges.some(([low, high]) => low <= net.first && high >= lastOf(net)),
        )
          ? "yes"
          : "maybe";
      const length = Math.clz32(~match.mask >>> 0);
      const isMask = ~match.mask >>> 0 === 2 ** (32 - length) - 1;
      const mine = networkOf(match.ranges[0]![0] as Ip, length);
      return isMask && nets.every((net) => net.length >= length && contains(mine, net.first))
        ? "yes"
        : "maybe";
    }
    default:
      return "maybe";
  }
}
