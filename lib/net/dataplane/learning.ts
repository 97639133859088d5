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
import { nextOf, passingsOf, printOf, type Frame, type Passing } from "./frames.ts";
import type { Learnt } from "./layer2.ts";

/** A question to everyone on a segment, as ARP asks it. */
export function questionOf({ mac }: Iface): Frame {
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
  private readonly ways = new Map<string, Map<string, boolean>>();

  constructor(places: ReadonlyMap<PlaceId, Place>) {
    this.places = places;
  }

  from(device: string, iface: Iface): readonly Passing[] {
    const key = placeAt.leave(device, iface.name);
    const known = this.known.get(key) ?? passingsOf(this.places, key, questionOf(iface));
    this.known.set(key, known);
    return known;
  }

  /** The devices that a question from an interface goes round and round; `null` when every copy of it ends. */
  circleFrom(device: string, iface: Iface): readonly string[] | null {
    const start = { place: placeAt.leave(device, iface.name), frame: questionOf(iface) };
    const path: { readonly at: Passing; readonly rest: Passing[] }[] = [];
    const state = new Map<string, "on the way" | "done">();
    const enter = (at: Passing) => {
      const here = this.places.get(at.place);
      state.set(printOf(at), "on the way");
      path.push({ at, rest: here ? nextOf(here, at.frame) : [] });
    };
    enter(start);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.rest.pop();
      if (!next) {
        state.set(printOf(top.at), "done");
        path.pop();
      } else if (!state.has(printOf(next))) enter(next);
      else if (state.get(printOf(next)) === "on the way") {
        const from = path.findIndex(({ at }) => printOf(at) === printOf(next));
        return [...new Set(path.slice(from).map(({ at }) => this.places.get(at.place)!.device))];
      }
    }
    return null;
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
    const frame = { ...questionOf(iface), proto: REPLY, ...to };
    return this.comesTo({ place: placeAt.leave(device, iface.name), frame }, place);
  }

  // Ways to one place soon run together: what is known of a place on the way is not found out again.
  private comesTo(start: Passing, goal: PlaceId): boolean {
    const { smac, dmac, dst, src } = start.frame;
    const key = `${goal} ${smac} ${dmac} ${dst} ${src}`;
    const known = this.ways.get(key) ?? new Map<string, boolean>();
    this.ways.set(key, known);
    const before = new Map<string, Passing | null>([[printOf(start), null]]);
    const queue = [start];
    for (const one of queue) {
      const found = heardAt([one], goal) || known.get(printOf(one));
      if (found) {
        for (let at: Passing | null | undefined = one; at; at = before.get(printOf(at)))
          known.set(printOf(at), true);
        return true;
      }
      const here = this.places.get(one.place);
      if (!here || found === false) continue;
      for (const next of nextOf(here, one.frame)) {
        if (before.has(printOf(next))) continue;
        before.set(printOf(next), one);
        queue.push(next);
      }
    }
    for (const one of before.keys()) known.set(one, false);
    return false;
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
