import type { Device, Iface } from "../model/device.ts";
import type { Cable } from "../model/network.ts";
import type { LinkSpec, PortRef } from "../model/topology.ts";

/** Which port is cabled to which, and which interfaces work. */
export class Wiring {
  readonly cables: readonly Cable[];
  private readonly far = new Map<string, PortRef>();
  private readonly ifaces = new Map<string, Iface>();

  constructor(links: readonly LinkSpec[], devices: ReadonlyMap<string, Device>) {
    for (const device of devices.values())
      for (const iface of device.ifaces) this.ifaces.set(`${device.name}:${iface.name}`, iface);
    for (const { a, b } of links) {
      this.far.set(key(a), b);
      this.far.set(key(b), a);
    }
    this.cables = links.map(({ a, b }) => ({
      a,
      b,
      up: this.works(a.node, a.port) && this.works(b.node, b.port),
    }));
  }

  /** It is enabled and, where a cable should be in it, a port that is enabled is at the other end. */
  readonly works = (device: string, name: string): boolean => {
    const iface = this.ifaces.get(`${device}:${name}`);
    if (!iface?.enabled) return false;
    switch (iface.layer.kind) {
      case "cable": {
        const far = this.farEnd(device, name);
        return far !== null && (this.ifaces.get(key(far))?.enabled ?? false);
      }
      case "tagged":
      case "shared":
        return this.works(iface.layer.parent.device, iface.layer.parent.iface);
      case "bridge":
      case "switched":
      case "tunnel":
      case "vrf":
      case "nothing":
        return true;
    }
  };

  farEnd(device: string, iface: string): PortRef | null {
    return this.far.get(`${device}:${iface}`) ?? null;
  }
}

function key({ node, port }: PortRef): string {
  return `${node}:${port}`;
}
