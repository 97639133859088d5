import type { Iface } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import { IPV4, placeAt, type Network, type Place } from "../model/network.ts";
import type { Packet } from "./packet.ts";

/** What an interface carries that says nothing else. */
export const USUAL_MTU = 1500;
const LABEL = 4;
/** Room for a tag, which receivers and bridges leave beside what they carry (is_skb_forwardable). */
const TAG = 4;

/** A packet as its largest fragment is, once it had to be cut; or how it is lost for its size. */
export type Sized = { readonly packet: Packet } | { readonly drop: Drop };

/**
 * What a packet's size does to it at a place (S1 to S3). Where it is sent on by its address it is cut, or lost where
 * it must not be; on a cable and through a bridge a frame that is too long is gone without a word.
 */
export function sizedAt(
  network: Network,
  place: Place,
  packet: Packet,
  wasLabelled: boolean,
): Sized {
  const { device, iface: name, step } = place;
  const length = pieceOf(packet) + LABEL * (packet.labels?.length ?? 0);
  if (place.fits !== undefined && length > place.fits)
    return { drop: { kind: "frame-too-big", device, iface: name!, mtu: place.fits, because: [] } };
  if (name === null || length <= LEAST_MTU) return { packet };
  const sends = step.kind === "resolve" || place.id.endsWith(" asks nobody");
  const crosses =
    place.id === placeAt.arrive(device, name) || place.id === placeAt.leave(device, name);
  if (!sends && !crosses) return { packet };
  const iface = ifaceOf(network, device, name);
  const mtu = iface?.mtu ?? USUAL_MTU;
  const because = iface?.mtuBecause ? [iface.mtuBecause] : [];
  if (crosses) {
    const isWire =
      iface?.layer.kind === "cable" && (place.id.endsWith(" in") || iface.bridge !== null);
    // Where bridged packets pass the filters of IPv4 they are cut for their port, too (br_nf_ip_fragment).
    const cuts =
      place.id.endsWith(" out") &&
      network.devices.get(device)!.filtersBridged &&
      packet.ethertype === IPV4 &&
      packet.tag === 0;
    if (!isWire || length <= (cuts ? mtu : mtu + TAG)) return { packet };
    if (cuts && !packet.df) return { packet: { ...packet, piece: mtu } };
    return { drop: { kind: "frame-too-big", device, iface: name, mtu, because } };
  }
  if (length <= mtu) return { packet };
  if (packet.labels && !wasLabelled)
    return { drop: { kind: "frame-too-big", device, iface: name, mtu, because } };
  const room = mtu - LABEL * (packet.labels?.length ?? 0);
  if (packet.df) return { drop: { kind: "too-big", device, iface: name, mtu: room, because } };
  return { packet: { ...packet, piece: room } };
}

/** Every link carries as much (RFC 791 §3.2). */
const LEAST_MTU = 68;

// The longest part of it that is on a wire.
function pieceOf({ size, piece }: Packet): number {
  return Math.min(size ?? 0, piece ?? Number.POSITIVE_INFINITY);
}

const byName = new WeakMap<readonly Iface[], ReadonlyMap<string, Iface>>();

function ifaceOf(network: Network, device: string, name: string): Iface | undefined {
  const { ifaces } = network.devices.get(device)!;
  const known = byName.get(ifaces) ?? new Map(ifaces.map((one) => [one.name, one]));
  byName.set(ifaces, known);
  return known.get(name);
}
