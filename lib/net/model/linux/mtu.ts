import type { Span } from "../../source/span.ts";
import type { LinkKind, LinuxLink } from "./link.ts";

/** What an Ethernet carries, and what a VXLAN puts around it: two headers of 20 and 8, its own of 8, and a frame's. */
const ETHERNET = 1500;
const VXLAN = 50;
const LARGEST = 65_535;

/** The largest packet of a link that was just made; a VXLAN looks at the link that it was told to go by (S4). */
export function firstMtu(kind: LinkKind, dev: LinuxLink | null): number {
  if ("parent" in kind) return kind.parent.mtu;
  if (kind.kind === "vxlan" && dev) return dev.mtu - VXLAN;
  return kind.kind === "loopback" || kind.kind === "vrf" ? LARGEST + 1 : ETHERNET;
}

/**
 * `ip link set … mtu`: no link carries more than the one it stands on, and what stands on a link shrinks with it
 * (vlan_dev_change_mtu, macvlan_change_mtu, NETDEV_CHANGEMTU).
 */
export function setMtu(
  all: Iterable<LinuxLink>,
  link: LinuxLink,
  mtu: number,
  because: Span,
): string | null {
  const { kind } = link;
  if (mtu > LARGEST && kind.kind !== "dummy" && kind.kind !== "loopback")
    return "Error: mtu greater than device maximum.";
  if (kind.kind === "vlan" && mtu > kind.parent.mtu)
    return "RTNETLINK answers: Numerical result out of range";
  if (kind.kind === "macvlan" && mtu > kind.parent.mtu)
    return "RTNETLINK answers: Invalid argument";
  link.mtu = mtu;
  link.mtuBecause = because;
  for (const one of all)
    if ("parent" in one.kind && one.kind.parent === link && one.mtu > mtu) {
      one.mtu = mtu;
      one.mtuBecause = because;
    }
  return null;
}

/** What a link carries now: a bridge nobody has told carries what all its ports do (br_mtu_auto_adjust). */
export function mtuOf(
  link: LinuxLink,
  all: Iterable<LinuxLink>,
): { mtu: number; because: Span | null } {
  const own = { mtu: link.mtu, because: link.mtuBecause };
  if (link.kind.kind !== "bridge" || link.mtuBecause) return own;
  let least: typeof own | null = null;
  for (const port of all)
    if (port.master === link && port.mtu < (least?.mtu ?? Number.POSITIVE_INFINITY))
      least = { mtu: port.mtu, because: port.mtuBecause };
  return least ?? own;
}
