import type { LinuxLink } from "../../model/linux/link.ts";
import type { Unsimulated } from "../../parse/libvirt/known.ts";
import type { PortSettings } from "../../parse/libvirt/network.ts";
import type { Span } from "../../source/span.ts";
import type { Session } from "../shell/build.ts";

/**
 * Make `tap` a port of the Open vSwitch `bridge`, as `ovs-vsctl add-port` with these VLANs would; what is left open
 * when it is not simulated. The one place where libvirt and Open vSwitch meet.
 */
export function plugIntoSwitch(
  session: Session,
  bridge: string,
  tap: LinuxLink,
  { virtualPort }: PortSettings,
  span: Span,
): Unsimulated | null {
  const at = virtualPort?.span ?? span;
  const what = `A port of the Open vSwitch bridge ${bridge}`;
  const where = { namespace: session.linux.root, vrf: null };
  session.unsimulated(what, at, where, tap.name);
  return { what, span: at };
}
