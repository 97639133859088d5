import type { LinuxLink } from "../../model/linux/link.ts";
import type { PortVlans } from "../../parse/libvirt/port.ts";
import type { Unsimulated } from "../../parse/libvirt/known.ts";
import type { PortSettings } from "../../parse/libvirt/network.ts";
import type { Span } from "../../source/span.ts";
import type { Session } from "../shell/build.ts";
import { LibvirtRefused } from "./machine.ts";

/**
 * Make `tap` a port of the Open vSwitch `bridge` with these VLANs, by the same command that libvirt gives (VM16); what is
 * left open where that is not simulated. The one place where libvirt and Open vSwitch meet.
 */
export function plugIntoSwitch(
  session: Session,
  bridge: string,
  tap: LinuxLink,
  { virtualPort, vlans }: PortSettings,
  span: Span,
): Unsimulated | null {
  const at = virtualPort?.span ?? span;
  const { taints } = session.linux.root;
  const before = taints.length;
  const done = vsctl(session, at, [
    "--if-exists",
    "del-port",
    tap.name,
    "--",
    "add-port",
    bridge,
    tap.name,
    ...vlanWords(vlans),
  ]);
  if (!done)
    throw new LibvirtRefused(
      `internal error: Unable to add port ${tap.name} to OVS bridge ${bridge}`,
      at,
    );
  const left = taints[before];
  return left ? { what: left.what, span: at } : null;
}

/** Take a tap out of the switch that it was plugged into. */
export function unplugFromSwitch(session: Session, tap: LinuxLink, span: Span): void {
  vsctl(session, span, ["--if-exists", "del-port", tap.name]);
}

// virNetDevOpenvswitchConstructVlans
function vlanWords(vlans: PortVlans | null): string[] {
  if (!vlans) return [];
  const { native, trunk, tags } = vlans;
  const mode = native?.tagged ? "native-tagged" : "native-untagged";
  return [
    ...(native ? [`vlan_mode=${mode}`, `tag=${native.vlan}`] : []),
    ...(trunk ? [`trunks=${tags.join(",")}`] : [`tag=${tags[0]}`]),
  ];
}

function vsctl(session: Session, span: Span, words: readonly string[]): boolean {
  const command = {
    words: ["ovs-vsctl", "--timeout=5", "--", ...words].map((text) => ({ text, span })),
    span,
    input: null,
    output: null,
    read: () => null,
    exec: () => false,
  };
  return session.run(command, { namespace: session.linux.root, vrf: null });
}
