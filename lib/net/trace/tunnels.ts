import type { Compiled } from "../dataplane/compile.ts";
import type { TunnelEnd } from "../dataplane/layer2.ts";
import type { Device, Iface } from "../model/device.ts";
import { placeAt } from "../model/network.ts";
import type { Ip } from "../model/prefix.ts";
import { acceptedAt, questionPacket, type Question } from "./conversation.ts";
import { trace } from "./trace.ts";

/**
 * The tunnels that carry in a network as it stands: those whose outer packets arrive where a tunnel with the same
 * number and port waits. Tunnels inside of tunnels take as many rounds as they are deep.
 */
export function tunnelsOf(compiled: Compiled): TunnelEnd[] {
  const { devices } = compiled.network;
  return [...devices.values()].flatMap((device) =>
    device.ifaces.flatMap((iface) => (iface.enabled ? endsOf(compiled, device, iface) : [])),
  );
}

function endsOf(compiled: Compiled, device: Device, iface: Iface): TunnelEnd[] {
  const { layer } = iface;
  if (layer.kind !== "tunnel") return [];
  // An address that was learnt is answered by the way its frames came, so every far end is asked.
  const remotes = new Set([
    ...layer.remotes.map(({ remote }) => remote),
    ...sourcesTo(compiled, layer.vni, layer.port),
  ]);
  return [...remotes].flatMap((remote): TunnelEnd[] => {
    const question: Question = {
      device: layer.home,
      table: null,
      to: remote,
      proto: "udp",
      port: layer.port,
      source: layer.local,
    };
    const packet = questionPacket(compiled, question);
    const way = trace(compiled.network, placeAt.send(layer.home, null), packet);
    const arrived = acceptedAt(way);
    if (!arrived) return [];
    const far = farEnd(compiled, arrived.device, layer.vni, layer.port, way.last.src);
    if (!far || (far.device === device.name && far.iface === iface.name)) return [];
    return [
      {
        from: { device: device.name, iface: iface.name },
        remote,
        source: way.last.src as Ip,
        to: far,
      },
    ];
  });
}

function farEnd(compiled: Compiled, home: string, vni: number, port: number, from: number) {
  for (const device of compiled.network.devices.values())
    for (const { layer, name, enabled } of device.ifaces)
      if (
        layer.kind === "tunnel" &&
        enabled &&
        layer.home === home &&
        (layer.only ?? from) === from &&
        layer.vni === vni &&
        layer.port === port
      )
        return { device: device.name, iface: name };
  return null;
}

// Addresses that packets of such tunnels may come from.
function sourcesTo(compiled: Compiled, vni: number, port: number): Ip[] {
  const homes = [...compiled.network.devices.values()].flatMap((device) =>
    device.ifaces.flatMap(({ layer }) =>
      layer.kind === "tunnel" && layer.vni === vni && layer.port === port ? [layer.home] : [],
    ),
  );
  return [...new Set(homes)].flatMap((home) =>
    compiled.network.devices
      .get(home)!
      .ifaces.flatMap((one) => (one.isPort ? one.addresses.map(({ ip }) => ip) : [])),
  );
}
