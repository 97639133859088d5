import { placeAt, type Network, type PlaceId } from "../model/network.ts";
import type { PortRef } from "../model/topology.ts";

/**
 * Where an attacker's frames come in who has talked a port into being a trunk: every port that would agree to it, at the
 * other end of a cable of the attacker's, or behind bridges that pass the question on.
 */
export function trunksTalkedInto(network: Network, outlets: readonly PortRef[]): PlaceId[] {
  const far = new Map(
    network.cables.flatMap(({ a, b, up }) =>
      up ? [[`${a.node}:${a.port}`, b] as const, [`${b.node}:${b.port}`, a] as const] : [],
    ),
  );
  const seen = new Set<string>();
  const found: PlaceId[] = [];
  const queue = [...outlets];
  for (const { node, port } of queue) {
    const end = far.get(`${node}:${port}`);
    if (!end || seen.has(`${end.node}:${end.port}`)) continue;
    seen.add(`${end.node}:${end.port}`);
    const place = placeAt.asTrunk(end.node, end.port);
    if (network.places.has(place)) found.push(place);
    const { ifaces = [] } = network.devices.get(end.node) ?? {};
    const bridge = ifaces.find(({ name }) => name === end.port)?.bridge;
    if (!bridge || bridge.trunking) continue;
    for (const one of ifaces)
      if (one.bridge?.name === bridge.name) queue.push({ node: end.node, port: one.name });
  }
  return found;
}
