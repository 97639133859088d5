import type { IosIface, IosRoute, IosState, IosVrf } from "../../model/ios.ts";
import { formatIp, maskOf, networkOf, overlaps } from "../../model/prefix.ts";
import { accessListLines, objectGroupLines } from "./access-lists.ts";
import { dhcpLines } from "./dhcp.ts";
import { gatewayLines } from "./gateways.ts";
import { natLines } from "./nat.ts";
import { goneVlanLines, layer2Lines, switchingLines } from "./switching.ts";

/**
 * What `show running-config` prints: every line that the device obeys, in an order in which it can be typed in again
 * and makes the same device. Remarks and descriptions are not kept; what is not simulated is a comment at the end.
 */
export function runningConfig(state: IosState): string {
  const answered = new Set([...state.ifaces.values()].map(({ services }) => services.asks));
  const parts: readonly (readonly string[])[] = [
    state.dhcp.on ? [] : ["no service dhcp"],
    [`hostname ${state.hostname}`],
    ...[...state.vrfs.values()].map(vrfLines),
    state.routing.on === !state.switching.isSwitch
      ? []
      : [state.routing.on ? "ip routing" : "no ip routing"],
    switchingLines(state.switching),
    ...[...state.tracked].map(([number, { iface }]) => [
      `track ${number} interface ${iface} line-protocol`,
    ]),
    objectGroupLines(state.objectGroups),
    ...[...state.ifaces.values()]
      .filter((iface) => iface.name !== "Null0")
      .map((iface) => interfaceLines(state, iface)),
    goneVlanLines(state.switching, state.ifaces.values()),
    natLines(state.nat),
    dhcpLines(state.dhcp),
    state.routes
      .all()
      .filter(({ because }) => because === null || !answered.has(because))
      .map(formatRoute),
    accessListLines(state.accessLists),
    state.taints.map(({ what }) => `! not simulated: ${what}`),
  ];
  const lines = parts.filter((part) => part.length > 0).flatMap((part) => ["!", ...part]);
  return [...lines, "!", "end", ""].join("\n");
}

function vrfLines({ name, spelling, rd, ipv4 }: IosVrf): string[] {
  return [
    `${spelling} ${name}`,
    ...(rd === null ? [] : [` rd ${rd}`]),
    ...(ipv4 && spelling === "vrf definition"
      ? [" !", " address-family ipv4", " exit-address-family"]
      : []),
    ...(!ipv4 && spelling === "ip vrf" ? [" no address-family ipv4"] : []),
  ];
}

function interfaceLines(state: IosState, iface: IosIface): string[] {
  const { services } = iface;
  const isShut = !iface.up;
  const isEarly = isShut && hasRival(state, iface);
  const [first] = iface.addresses.all();
  return [
    `interface ${iface.name}`,
    // SW5, SW6: what makes an interface one that takes addresses comes first.
    ...layer2Lines(iface.layer2).map((line) => ` ${line}`),
    // C9: in front of the address, which it would take away.
    ...(iface.vrf === null ? [] : [` ${bindingOf(state, iface.vrf)} ${iface.vrf}`]),
    // C7: an address that overlaps is taken only while the interface is down.
    ...(isEarly ? [" shutdown"] : []),
    ...(services.asks ? [" ip address dhcp"] : first ? [] : [" no ip address"]),
    ...iface.addresses
      .all()
      // What was answered is not written down.
      .filter(({ because }) => because !== services.asks)
      .map(
        ({ ip, length, secondary }) =>
          ` ip address ${formatIp(ip)} ${formatIp(maskOf(length))}${secondary ? " secondary" : ""}`,
      ),
    ...(services.lists.in ? [` ip access-group ${services.lists.in.name} in`] : []),
    ...(services.lists.out ? [` ip access-group ${services.lists.out.name} out`] : []),
    ...(services.unreachables ? [] : [" no ip unreachables"]),
    ...(iface.proxyArp ? [] : [" no ip proxy-arp"]),
    ...(services.nat ? [` ip nat ${services.nat.side}`] : []),
    ...gatewayLines(services).map((line) => ` ${line}`),
    ...(isShut && !isEarly ? [" shutdown"] : []),
  ];
}

function bindingOf(state: IosState, vrf: string): string {
  return state.vrfs.get(vrf)?.spelling === "vrf definition"
    ? "vrf forwarding"
    : "ip vrf forwarding";
}

function hasRival(state: IosState, iface: IosIface): boolean {
  const nets = netsOf(iface);
  if (nets.length === 0) return false;
  for (const other of state.ifaces.values())
    if (other !== iface && other.vrf === iface.vrf)
      if (netsOf(other).some((net) => nets.some((mine) => overlaps(net, mine)))) return true;
  return false;
}

function netsOf({ addresses }: IosIface) {
  return addresses.all().map(({ ip, length }) => networkOf(ip, length));
}

function formatRoute(route: IosRoute): string {
  const { table, to, iface, gateway, gatewayTable, action, distance } = route;
  const isGlobal = table !== null && gateway !== null && iface === null && gatewayTable === null;
  return [
    table === null ? "ip route" : `ip route vrf ${table}`,
    `${formatIp(to.first)} ${formatIp(maskOf(to.length))}`,
    action === "discard" ? "Null0" : iface,
    gateway === null ? null : formatIp(gateway),
    isGlobal ? "global" : null,
    distance === 1 ? null : String(distance),
  ]
    .filter((part) => part !== null)
    .join(" ");
}
