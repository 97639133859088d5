import type { AccessList, AppliedList } from "../../model/ios-access-lists.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import type { Device, Iface, Taint } from "../../model/device.ts";
import { type Chain, type FilterTable, type RuleAction } from "../../model/packet-filter.ts";
import { scarceAddresses, translationOf, withGlobals } from "./nat-filter.ts";
import { handedOut } from "./dhcp.ts";
import { askingTaints, gatewayTaints, withGroups } from "./gateway-groups.ts";
import { openIn, PRIORITY, rulesOf } from "./access-filter.ts";

const PROHIBITED = "admin-prohibited";

/** `device` with what its configuration has it do with packets beside passing them on. */
export function withServices(device: Device, state: IosState): Device {
  const { filters, taints } = filtersOf(state);
  const open = [
    ...device.taints,
    ...taints,
    ...listsOnBridges(state, device.ifaces),
    ...gatewayTaints(state),
    ...askingTaints(state),
  ];
  const ifaces = withGroups(state, withGlobals(state, device.ifaces)).map((iface) => {
    const asks = state.ifaces.get(iface.name)?.services.asks;
    return asks ? { ...iface, asksForAddress: asks } : iface;
  });
  return {
    ...device,
    ifaces,
    filters,
    taints: open,
    scarce: scarceAddresses(state),
    ...handedOut(state),
  };
}

// The packet filters that the interfaces of a device have, and what in them is not simulated.
function filtersOf(state: IosState): { filters: FilterTable[]; taints: Taint[] } {
  const chains = [...state.ifaces.values()].flatMap((iface) => [
    ...listChains(state, iface, "in"),
    ...listChains(state, iface, "out"),
  ]);
  const nat = translationOf(state);
  chains.push(...nat.chains);
  const listTaints = [...state.ifaces.values()].flatMap((iface) => taintsOf(state, iface));
  const taints = [...listTaints, ...nat.taints];
  if (chains.length === 0) return { filters: [], taints };
  const table: FilterTable = {
    name: "lists",
    family: "ip",
    owner: "device",
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    sets: new Map(),
  };
  return { filters: [table], taints };
}

// A3: a list that is not there, or has no entries, filters nothing.
function listOf(state: IosState, applied: AppliedList | null): AccessList | null {
  const list = applied && state.accessLists.get(applied.name);
  return list && list.size > 0 ? list : null;
}

// A5: what goes out is looked at only where it is passed on, so that a router's own packets are not.
function listChains(state: IosState, iface: IosIface, direction: "in" | "out"): Chain[] {
  const list = listOf(state, iface.services.lists[direction]);
  if (!list) return [];
  if (direction === "in")
    return [chainOf(state, iface, list, "in", !iface.services.unreachables, null)];
  // Who is told depends on the interface that the packet came in by.
  const silent = [...state.ifaces.values()].filter((one) => !one.services.unreachables);
  if (silent.length === 0) return [chainOf(state, iface, list, "out", false, null)];
  const names = (some: readonly IosIface[]) => some.map((one) => one.name);
  const others = [...state.ifaces.values()].filter((one) => one.services.unreachables);
  return [
    chainOf(state, iface, list, "out", true, names(silent)),
    chainOf(state, iface, list, "out", false, names(others)),
  ];
}

function chainOf(
  state: IosState,
  iface: IosIface,
  list: AccessList,
  direction: "in" | "out",
  isSilent: boolean,
  from: readonly string[] | null,
): Chain {
  const deny: RuleAction = isSilent ? { kind: "drop" } : { kind: "reject", with: PROHIBITED };
  const isIn = direction === "in";
  const only = isIn ? { in: [iface.name], out: null } : { in: from, out: [iface.name] };
  return {
    name: `${list.name} ${direction} ${iface.name}${isSilent ? " silently" : ""}`,
    title: `access list ${list.name} (${iface.short} ${direction})`,
    base: {
      hook: isIn ? "prerouting" : "forward",
      priority: isIn ? PRIORITY.listIn : PRIORITY.listOut,
      type: "filter",
      policy: "drop",
      // What no entry permits is denied, and no line says so: the first of the list stands for it.
      policyBecause: list.inOrder()[0]![1].because,
      error: isSilent ? null : PROHIBITED,
      only,
    },
    rules: rulesOf(state, list, { permit: { kind: "accept" }, deny }),
  };
}

function taintsOf(state: IosState, iface: IosIface): Taint[] {
  return (["in", "out"] as const).flatMap((direction) => {
    const list = listOf(state, iface.services.lists[direction]);
    if (!list) return [];
    const action = { kind: "continue" } as const;
    return openIn(rulesOf(state, list, { permit: action, deny: action }), iface.name);
  });
}

// A list on a port of a bridge would have to look at frames, which it does not do here.
function listsOnBridges(state: IosState, ifaces: readonly Iface[]): Taint[] {
  return ifaces.flatMap(({ name, bridge }): Taint[] => {
    const lists = bridge && state.ifaces.get(name)?.services.lists;
    return [lists?.in, lists?.out].flatMap((one) =>
      one ? [{ iface: null, what: `ip access-group on a switch port`, because: one.because }] : [],
    );
  });
}
