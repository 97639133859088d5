import type { Device, Iface } from "../model/device.ts";
import {
  ARP,
  BROADCAST_MAC,
  macNumber,
  placeAt,
  type Place,
  type PlaceId,
} from "../model/network.ts";
import { passingsOf, type Frame, type Passing } from "./frames.ts";
import type { Learnt } from "./layer2.ts";

/** A question to everyone on a segment, as ARP asks it. */
export const QUESTION: Frame = { ethertype: ARP, tag: 0, inner: 0, dmac: BROADCAST_MAC };

/** Where frames of each interface go when it asks everyone; computed once each. */
export class Floods {
  private readonly places: ReadonlyMap<PlaceId, Place>;
  private readonly known = new Map<string, readonly Passing[]>();

  constructor(places: ReadonlyMap<PlaceId, Place>) {
    this.places = places;
  }

  from(device: string, iface: string): readonly Passing[] {
    const key = placeAt.leave(device, iface);
    const known = this.known.get(key) ?? passingsOf(this.places, key, QUESTION);
    this.known.set(key, known);
    return known;
  }

  /** Whether a frame for `dmac` that leaves by an interface comes to a place. */
  reaches(
    device: string,
    iface: string,
    to: { dmac: number; dst: number },
    place: PlaceId,
  ): boolean {
    const way = passingsOf(this.places, placeAt.leave(device, iface), { ...QUESTION, ...to });
    return way.some((one) => one.place === place);
  }
}

/**
 * What bridges have learnt once every interface has spoken: each MAC address at the port that its frames came in by.
 * A MAC address that came in by two ports stays at the first, the nearer one.
 */
export function learn(
  devices: ReadonlyMap<string, Device>,
  places: ReadonlyMap<PlaceId, Place>,
): Learnt {
  const learnt = new Map<string, Map<number, string>>();
  const floods = new Floods(places);
  for (const device of devices.values())
    for (const iface of device.ifaces) {
      if (!speaks(iface)) continue;
      const macs = [iface.mac, ...(iface.alsoMacs ?? [])].map(macNumber);
      for (const { place } of floods.from(device.name, iface.name)) {
        const step = places.get(place)?.step;
        if (step?.kind !== "switch" || !step.learns) continue;
        const known = learnt.get(step.domain) ?? new Map<number, string>();
        learnt.set(step.domain, known);
        for (const mac of macs) if (!known.has(mac)) known.set(mac, step.port);
      }
    }
  return learnt;
}

// A port of a bridge speaks for others only.
function speaks(iface: Iface): boolean {
  return iface.isPort && iface.enabled && iface.bridge === null;
}
