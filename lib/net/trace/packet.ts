import type { Tracked } from "./connections.ts";
import type { Field } from "../model/network.ts";

/** One packet on its way: every field a guard can look at, and how many routers it may still pass. */
export type Packet = Readonly<Record<Field, number>> & {
  readonly ttl: number;
  /** Of an ICMP error: the packet that it is about, as it was when it was lost. */
  readonly about?: Packet;
  /** The connection of that packet on the device that sends the error. */
  readonly attached?: { readonly device: string; readonly tracked: Tracked };
};
