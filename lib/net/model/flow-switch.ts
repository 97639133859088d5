import type { Span } from "../source/span.ts";
import type { IfaceRef } from "./device.ts";
import type { Flow } from "./openflow.ts";

/** A switch whose flow tables decide what becomes of a frame, and the ports that its flows speak of. */
export type FlowSwitch = {
  /** Also of the interface that the device itself has on it. */
  readonly name: string;
  readonly ports: readonly FlowSwitchPort[];
  /** Every port is a number in them, never a name. */
  readonly flows: readonly Flow[];
};

export type FlowSwitchPort = {
  readonly number: number;
  readonly name: string;
  readonly iface: IfaceRef;
  /** Its frames go to the stack of the device that has the interface, not out by it. */
  readonly isOwn: boolean;
  /** A spare of a bond: it takes nothing and gives nothing. */
  readonly isSpare: boolean;
  /** The tunnel's number that comes with its frames; 0 without one. */
  readonly tunnel: number;
  readonly vlans: PortVlans;
};

/** What a port carries where the switch learns and floods by itself. */
export type PortVlans = {
  readonly mode: "access" | "trunk" | "native-tagged" | "native-untagged";
  /** Of what comes without a tag; 0 is a VLAN of its own that never shows a tag. */
  readonly native: number;
  /** `null` carries all. */
  readonly trunks: ReadonlySet<number> | null;
  readonly because: Span | null;
};

/** The number by which flows know a switch's own port. */
export const LOCAL_PORT = 0xfffe;

/** Whether the port carries frames of a VLAN, whichever way. */
export function carries({ mode, native, trunks }: PortVlans, vlan: number): boolean {
  if (mode === "access") return vlan === native;
  return (mode !== "trunk" && vlan === native) || trunks === null || trunks.has(vlan);
}
