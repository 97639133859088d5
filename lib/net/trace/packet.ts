import type { Field } from "../model/network.ts";

/** One packet on its way: every field a guard can look at, and how many routers it may still pass. */
export type Packet = Readonly<Record<Field, number>> & {
  readonly smac: number;
  readonly ttl: number;
};
