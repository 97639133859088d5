import type { Device, Iface, Taint } from "../../model/device.ts";
import { prefixesBetween, type DynamicNat, type StaticNat } from "../../model/ios-nat.ts";
import type { IosState } from "../../model/ios.ts";
import { TCP, UDP } from "../../model/network.ts";
import type { Chain, FilterRule, Match, MatchField, Rewrite, RuleAction } from "../../model/packet-filter.ts"; // prettier-ignore
import {
  contains,
  lastOf,
  networkOf,
  samePrefix,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import { openIn, PRIORITY, rulesOf } from "./access-filter.ts";

/** The chains that translate between inside and outside, and what of the configuration leaves the sides open. */
export function translationOf(state: IosState): { chains: Chain[]; taints: Taint[] } {
  const { statics, dynamics } = state.nat;
  const inside = sideOf(state, "inside");
  const outside = sideOf(state, "outside");
  const taints = [...taintsOfSides(state), ...taintsOfRules(state)];
  if (statics.size + dynamics.size === 0 || inside.length === 0 || outside.length === 0)
    return { chains: [], taints };
  const lists = [...dynamics.values()].flatMap((one) => listChain(state, one) ?? []);
  const ways = [...statics.values()].flatMap((one) => {
    const global = addressOf(state, one.global);
    return global === null ? [] : [{ entry: one, global }];
  });
  const inwards = base("outside in", "prerouting", PRIORITY.outsideIn, { in: outside, out: null });
  const outwards = base("inside out", "forward", PRIORITY.insideOut, { in: inside, out: outside });
  return {
    chains: [
      { ...inwards, rules: ways.map(({ entry, global }) => inwardRule(entry, global)) },
      {
        ...outwards,
        rules: [
          ...ways.map(({ entry, global }) => outwardRule(entry, global)),
          ...lists.map(({ chain, because }): FilterRule => ({
            matches: [],
            actions: [{ kind: "jump", chain: chain.name }],
            because,
          })),
        ],
      },
      ...lists.map(({ chain }) => chain),
    ],
    taints,
  };
}

/** `ifaces`, each with the addresses that it answers for because something behind it is translated to them. */
export function withGlobals(state: IosState, ifaces: readonly Iface[]): readonly Iface[] {
  const globals = globalsOf(state);
  return globals.length > 0 ? ifaces.map((iface) => answering(iface, globals)) : ifaces;
}

function answering(iface: Iface, globals: readonly Global[]): Iface {
  if (iface.table !== null || iface.addresses.length === 0) return iface;
  const nets = iface.addresses.map(({ ip, length }) => networkOf(ip, length));
  const own = iface.addresses.map(({ ip }): Prefix => ({ first: ip, length: 32 }));
  const aliases = globals.filter(
    ({ prefix }) =>
      nets.some((net) => prefix.length >= net.length && contains(net, prefix.first)) &&
      !own.some((one) => samePrefix(one, prefix)),
  );
  return aliases.length > 0 ? { ...iface, aliases } : iface;
}

type Global = { readonly prefix: Prefix; readonly because: Span };

function globalsOf({ nat }: IosState): Global[] {
  const { pools, statics, dynamics } = nat;
  const used = [...dynamics.values()].flatMap(({ by }) =>
    "pool" in by ? (pools.get(by.pool) ?? []) : [],
  );
  return [
    ...[...statics.values()].flatMap(({ global, length, because }): Global[] =>
      typeof global === "number" ? [{ prefix: networkOf(global, length ?? 32), because }] : [],
    ),
    ...used.flatMap(({ first, last, because }) =>
      prefixesBetween(first, last).map((prefix): Global => ({ prefix, because })),
    ),
  ];
}

function sideOf({ ifaces }: IosState, side: "inside" | "outside"): string[] {
  return [...ifaces.values()]
    .filter((one) => one.services.nat?.side === side && one.vrf === null)
    .map((one) => one.name);
}

// Rules without a VRF are of the global table; an interface of a VRF would need rules that are not simulated.
function taintsOfSides({ ifaces }: IosState): Taint[] {
  return [...ifaces.values()].flatMap(({ name, vrf, services: { nat } }): Taint[] =>
    nat && vrf !== null
      ? [{ iface: name, what: `ip nat ${nat.side} in a VRF`, because: nat.because }]
      : [],
  );
}

function taintsOfRules(state: IosState): Taint[] {
  const { pools, dynamics } = state.nat;
  return [...dynamics.values()].flatMap((one): Taint[] => {
    const list = state.accessLists.get(one.list);
    const says = (what: string): Taint => ({ iface: null, what, because: one.because });
    if (!list || list.size === 0)
      return [says(`a translation by list ${one.list}, which is not there`)];
    if ("pool" in one.by && !pools.has(one.by.pool))
      return [says(`a translation by pool ${one.by.pool}, which is not there`)];
    const action = { kind: "continue" } as const;
    return openIn(rulesOf(state, list, { permit: action, deny: action }), null);
  });
}

function base(
  name: string,
  hook: "prerouting" | "forward",
  priority: number,
  only: NonNullable<NonNullable<Chain["base"]>["only"]>,
): Omit<Chain, "rules"> {
  const policy = { policy: "accept", policyBecause: null } as const;
  return {
    name,
    title: `translation ${name}`,
    base: { hook, priority, type: "nat", only, ...policy },
  };
}

function addressOf({ ifaces }: IosState, global: StaticNat["global"]): Ip | null {
  if (typeof global === "number") return global;
  return ifaces.get(global.iface)?.addresses.all()[0]?.ip ?? null;
}

const NUMBER = { tcp: TCP, udp: UDP } as const;

function inwardRule({ local, ports, length, because }: StaticNat, global: Ip): FilterRule {
  const rewrite = toAddress(local, ports?.local ?? null);
  const action: RuleAction =
    length === null
      ? { kind: "dnat", to: rewrite }
      : { kind: "netmap", which: "dst", to: networkOf(local, length) };
  return {
    matches: [network("dst", global, length), ...portMatches("dport", ports?.proto, ports?.global)],
    actions: [action],
    because,
  };
}

function outwardRule({ local, ports, length, because }: StaticNat, global: Ip): FilterRule {
  const action: RuleAction =
    length === null
      ? { kind: "snat", to: toAddress(global, ports?.global ?? null) }
      : { kind: "netmap", which: "src", to: networkOf(global, length) };
  return {
    matches: [network("src", local, length), ...portMatches("sport", ports?.proto, ports?.local)],
    actions: [action],
    because,
  };
}

function toAddress(ip: Ip, port: number | null): Rewrite {
  return { addresses: [ip, ip], ports: port === null ? null : [port, port] };
}

function network(field: "src" | "dst", ip: Ip, length: number | null): Match {
  const net = networkOf(ip, length ?? 32);
  return { kind: "field", field, not: false, ranges: [[net.first, lastOf(net)]] };
}

function portMatches(field: "sport" | "dport", proto?: "tcp" | "udp", port?: number): Match[] {
  if (proto === undefined || port === undefined) return [];
  const one = (name: MatchField, value: number): Match => ({
    kind: "field",
    field: name,
    not: false,
    ranges: [[value, value]],
  });
  return [one("proto", NUMBER[proto]), one(field, port)];
}

// What the list permits takes an address; what it denies goes on to the next translation.
function listChain(state: IosState, one: DynamicNat): { chain: Chain; because: Span } | null {
  const list = state.accessLists.get(one.list);
  const addresses = rangeOf(state, one);
  if (!list || !addresses) return null;
  const permit: RuleAction = { kind: "snat", to: { addresses, ports: null } };
  const rules = rulesOf(state, list, { permit, deny: { kind: "return" } }).map((rule) => ({
    ...rule,
    // Both lines made it so; the one that translates is shown.
    because: rule.actions[0] === permit ? one.because : rule.because,
  }));
  const name = `translated by list ${one.list}`;
  return { chain: { name, title: `translation by list ${one.list}`, base: null, rules }, because: one.because }; // prettier-ignore
}

function rangeOf(state: IosState, { by }: DynamicNat): Rewrite["addresses"] {
  if ("pool" in by) {
    const pool = state.nat.pools.get(by.pool);
    return pool ? [pool.first, pool.last] : null;
  }
  const ip = addressOf(state, by);
  return ip === null ? null : [ip, ip];
}

/**
 * Translations that give each of those inside an address of its own: who may ask for one, and how many there are.
 * Which of too many go without depends on who comes first.
 */
export function scarceAddresses(state: IosState): NonNullable<Device["scarce"]> {
  return [...state.nat.dynamics.values()].flatMap((one) => {
    const list = state.accessLists.get(one.list);
    const range = rangeOf(state, one);
    if (one.overload || !list || !range) return [];
    const asks = rulesOf(state, list, {
      permit: { kind: "accept" },
      deny: { kind: "return" },
    });
    return [{ asks, size: range[1] - range[0] + 1, because: one.because }];
  });
}
