import type { Span } from "../source/span.ts";
import type { Ip, Prefix } from "./prefix.ts";

/** Addresses that a router hands out. */
export type IosPool = {
  readonly name: string;
  network: Prefix | null;
  /** One address for one client. */
  host: { readonly ip: Ip; readonly length: number } | null;
  mac: string | null;
  router: Ip | null;
  readonly because: Span;
};

export type IosDhcp = {
  on: boolean;
  readonly pools: Map<string, IosPool>;
  readonly excluded: Map<string, readonly [low: Ip, high: Ip]>;
};
