import type { Device, Iface } from "../model/device.ts";
import {
  ARP,
  BROADCAST_MAC,
  macNumber,
  placeAt,
  type Place,
  type PlaceId,
} from "../model/network.ts";
import type { Ip } from "../model/prefix.ts";
import { passingsOf, type Frame, type Passing } from "./frames.ts";
import type { Learnt } from "./layer2.ts";

/** A question to everyone on a segment, as ARP asks it. */
function questionOf({ mac }: Iface): Frame {
  return { ethertype: ARP, tag: 0, inner: 0, dmac: BROADCAST_MAC, smac: macNumber(mac) };
}

/** Whether a frame came to the stack that `place` is: what has a tag there is not for it. */
export function heardAt(way: readonly Passing[], place: PlaceId): boolean {
  return way.some((one) => one.place === place && one.frame.tag === 0);
}

/** The operations of ARP (RFC 826). */
const REQUEST = 1;
const REPLY = 2;

/** Who asks for whom. */
export type Talk = { readonly sender: Ip; readonly target: Ip };

/** Where frames of each interface go when it asks everyone; computed once each. */
export class Floods {
  private readonly places: ReadonlyMap<PlaceId, Place>;
  private readonly known = new Map<string, readonly Passing[]>();

  constructor(places: ReadonlyMap<PlaceId, Place>) {
    this.places = places;
  }

  from(device: string, iface: Iface): readonly Passing[] {
    const key = placeAt.leave(device, iface.name);
    const known = this.known.get(key) ?? passingsOf(this.places, key, questionOf(iface));
    this.known.set(key, known);
    return known;
  }

  /** The same for a question with its two addresses, where somebody on the way looks at them. */
  asking(device: string, iface: Iface, { sender, target }: Talk): readonly Passing[] {
    const question = { ...questionOf(iface), proto: REQUEST, src: sender, dst: target };
    return passingsOf(this.places, placeAt.leave(device, iface.name), question);
  }

  /** Whether a frame for `dmac` that leaves by an interface comes to a place. */
  reaches(
    device: string,
    iface: Iface,
    to: { dmac: number; dst: number; src?: number },
    place: PlaceId,
  ): boolean {
    const start = placeAt.leave(device, iface.name);
    const way = passingsOf(this.places, start, { ...questionOf(iface), proto: REPLY, ...to });
    return heardAt(way, place);
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
      for (const { place, frame } of floods.from(device.name, iface)) {
        const step = places.get(place)?.step;
        if (step?.kind !== "switch" || !step.learns) continue;
        const known = learnt.get(step.domain) ?? new Map<number, string>();
        learnt.set(step.domain, known);
        if (!known.has(frame.smac)) known.set(frame.smac, step.port);
      }
    }
  return learnt;
}

// A port of a bridge speaks for others only.
function speaks(iface: Iface): boolean {
  return iface.isPort && iface.enabled && iface.bridge === null;
}
