import type { Span } from "../source/span.ts";
import type { Ip, Prefix } from "./prefix.ts";

/** An interface by name, whose first address is meant. */
export type OfInterface = { readonly iface: string };

/** One address for another, or one port of it, or one network for another of the same size. */
export type StaticNat = {
  readonly local: Ip;
  readonly global: Ip | OfInterface;
  readonly ports: {
    readonly proto: "tcp" | "udp";
    readonly local: number;
    readonly global: number;
  } | null;
  /** The length of the networks; `null` for single addresses. */
  readonly length: number | null;
  /** One local address may have several global ones. */
  readonly extendable: boolean;
  readonly because: Span;
};

/** What a list permits takes addresses of a pool, or that of an interface. */
export type DynamicNat = {
  readonly list: string;
  readonly by: { readonly pool: string } | OfInterface;
  /** Many share an address by their ports. */
  readonly overload: boolean;
  readonly because: Span;
};

export type NatPool = {
  readonly name: string;
  readonly first: Ip;
  readonly last: Ip;
  readonly length: number;
  readonly because: Span;
};

/** What an IOS device was told of address translation. */
export type IosNat = {
  readonly pools: Map<string, NatPool>;
  /** By what they map, so that the same said again is the same. */
  readonly statics: Map<string, StaticNat>;
  readonly dynamics: Map<string, DynamicNat>;
};

/** By which a static translation is known. */
export function keyOfStatic({ local, global, ports, length }: Omit<StaticNat, "because">): string {
  return JSON.stringify([local, global, ports, length]);
}

/** The fewest networks that are together exactly the addresses from `low` to `high`. */
export function prefixesBetween(low: Ip, high: Ip): Prefix[] {
  const prefixes: Prefix[] = [];
  for (let at: number = low; at <= high;) {
    let length = 32;
    while (length > 0) {
      const size = 2 ** (33 - length);
      if (at % size !== 0 || at + size - 1 > high) break;
      length--;
    }
    prefixes.push({ first: at as Ip, length });
    at += 2 ** (32 - length);
  }
  return prefixes;
}
