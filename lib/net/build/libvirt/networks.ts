import type { LinuxLink } from "../../model/linux/link.ts";
import { setMtu } from "../../model/linux/mtu.ts";
import { MAIN } from "../../model/linux/rules.ts";
import { formatIp, networkOf, samePrefix, type Prefix } from "../../model/prefix.ts";
import type { NetworkDefinition } from "../../parse/libvirt/network.ts";
import type { Session } from "../shell/build.ts";
import { addRules, removeRules } from "./firewall.ts";
import { LibvirtRefused, type ActiveNetwork, type NetworkState } from "./machine.ts";

/** Whether libvirt makes a bridge for the network, or guests use what the host has (V3). */
export function makesBridge({ forward: { mode } }: NetworkDefinition): boolean {
  return mode === "nat" || mode === "route" || mode === "open" || mode === "none";
}

/** Start a network: its bridge, rules, addresses, routes and servers, in libvirt's order (V3 to V7). */
export function startNetwork(session: Session, state: NetworkState): void {
  const { definition } = state;
  if (state.active)
    throw new LibvirtRefused(
      "Requested operation is not valid: network is already active",
      definition.span,
    );
  const made = makesBridge(definition) ? makeBridge(session, definition, state.bridge!) : null;
  state.active = { definition, made, uses: new Map(), leased: new Set() };
  for (const { what, span: because } of definition.unsimulated)
    session.linux.root.taints.push({ iface: made?.name ?? null, what, because });
}

/** Stop a network: what was made for it goes, and what was plugged into it hangs in the air. */
export function stopNetwork(session: Session, { active }: NetworkState): void {
  if (!active?.made) return;
  const { made, definition } = active;
  removeRules(session, definition, made.name);
  stopServers(session, active);
  session.linux.deleteLink(made, definition.span);
}

function makeBridge(session: Session, network: NetworkDefinition, name: string): LinuxLink {
  const { linux } = session;
  const { root } = linux;
  const { bridgeSpan: because, addresses } = network;
  refuseTakenNetworks(session, network);
  if (name.length > 15)
    throw new LibvirtRefused(
      `error creating bridge interface ${name}: Numerical result out of range`,
      because,
    );
  if (addresses.some(({ length }) => length === null))
    throw new LibvirtRefused(
      `internal error: bridge '${name}' has an invalid netmask or IP address`,
      because,
    );
  const kind = { kind: "bridge", vlanAware: false, defaultPvid: 1, fixed: [] } as const;
  const refusal = linux.addLink(root, name, { ...kind, fixed: [] }, network.mac, because);
  if (refusal)
    throw new LibvirtRefused(
      `error creating bridge interface ${name}: ${refusal.replace(/^RTNETLINK answers: /, "")}`,
      because,
    );
  const bridge = root.links.get(name)!;
  if (network.mtu !== null) setMtu(linux.links(), bridge, network.mtu, because);
  if (network.forward.mode !== "none") root.forwards = { on: true, because: network.forward.span };
  addRules(session, network, name);
  for (const { ip, length, span } of addresses) root.addAddress(bridge, ip, length!, span);
  linux.setUp(bridge, true, because);
  addRoutes(session, network, name);
  startServers(session, network);
  return bridge;
}

// networkCheckRouteCollision: the host must not have a route to one of the network's own networks.
function refuseTakenNetworks(
  session: Session,
  { addresses, routes: routesToo, span }: NetworkDefinition,
): void {
  const routes = session.linux.root.table(MAIN).all();
  const holder = (net: Prefix) =>
    routes.find((route) => route.to.length > 0 && samePrefix(route.to, net))?.hops[0]?.link;
  for (const { to, span: at } of routesToo)
    if (holder(to) !== undefined)
      throw new LibvirtRefused(
        `internal error: Route address '${formatIp(to.first)}' conflicts with IP address for '${holder(to)}'`,
        at,
      );
  for (const { ip, length, span: at } of addresses) {
    const link = length === null ? undefined : holder(networkOf(ip, length));
    if (link !== undefined)
      throw new LibvirtRefused(
        `internal error: Network is already in use by interface ${link}`,
        at ?? span,
      );
  }
}

function addRoutes(session: Session, { routes }: NetworkDefinition, bridge: string): void {
  for (const { to, gateway, metric, span } of routes) {
    const hops = [{ link: bridge, gateway, onlink: false }];
    const asked = { table: MAIN, to, type: "unicast", hops, metric, source: null } as const;
    session.linux.root.addRoute("append", asked, span);
  }
}

// dnsmasq answers for names on each address, and leases addresses where there are some to lease (V7).
function listenersOf({ addresses, dns }: NetworkDefinition) {
  return addresses.flatMap(({ ip, leases }) => [
    ...(dns ? (["udp", "tcp"] as const).map((proto) => ({ proto, port: 53, address: ip })) : []),
    ...(leases ? [{ proto: "udp" as const, port: 67, address: ip }] : []),
  ]);
}

function startServers(session: Session, network: NetworkDefinition): void {
  session.linux.root.listens.push(...listenersOf(network));
}

function stopServers(session: Session, { definition }: ActiveNetwork): void {
  const gone = new Set(listenersOf(definition).map((one) => JSON.stringify(one)));
  const { listens } = session.linux.root;
  const left = listens.filter((one) => !gone.has(JSON.stringify(one)));
  listens.splice(0, listens.length, ...left);
}
