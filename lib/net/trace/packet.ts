import type { Tracked } from "./connections.ts";
import type { Field } from "../model/network.ts";

/** One packet on its way: every field a guard can look at, and how many routers it may still pass. */
export type Packet = Readonly<Record<Field, number>> & {
  readonly ttl: number;
  /** How long it is from its IP header on; as short as any link takes, when absent. Whether it may not be cut. */
  readonly size?: number | undefined;
  readonly df?: boolean | undefined;
  /** Its longest fragment, once it was cut. */
  readonly piece?: number | undefined;
  /** The labels that it carries, the outer one first, each with hops of its own. */
  readonly labels?: readonly { readonly label: number; readonly ttl: number }[] | undefined;
  /** Of an ICMP error: the packet that it is about, as it was when it was lost. */
  readonly about?: Packet;
  /** The connection of that packet on the device that sends the error. */
  readonly attached?: { readonly device: string; readonly tracked: Tracked };
};
