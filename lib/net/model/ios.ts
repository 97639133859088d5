import type { Span } from "../source/span.ts";
import type { IfaceAddress, Loss, Taint, WrittenRoute } from "./device.ts";

/** An IOS device while its configuration is carried out, line by line. */
export type IosState = {
  hostname: string;
  routing: { on: boolean; because: Span | null };
  readonly vrfs: Map<string, IosVrf>;
  readonly ifaces: Map<string, IosIface>;
  readonly routes: Map<string, IosRoute>;
  readonly taints: Taint[];
};

export type IosVrf = {
  readonly name: string;
  readonly spelling: "ip vrf" | "vrf definition";
  rd: string | null;
  ipv4: boolean;
  readonly because: Span;
};

export type IosIface = {
  readonly name: string;
  readonly short: string;
  readonly isPort: boolean;
  vrf: string | null;
  vrfBecause: Span | null;
  addresses: IfaceAddress[];
  up: boolean;
  downBecause: Span | null;
  proxyArp: boolean;
  because: Span | null;
  readonly losses: Loss[];
};

export type IosRoute = WrittenRoute;
