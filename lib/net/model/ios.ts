import type { Span } from "../source/span.ts";
import type { Loss, Taint, WrittenRoute } from "./device.ts";
import type { IosAddresses } from "./ios-addresses.ts";
import type { IosRoutes } from "./ios-routes.ts";
import type { IosLayer2, IosSwitching } from "./ios-switching.ts";

/** An IOS device while its configuration is carried out, line by line. */
export type IosState = {
  hostname: string;
  routing: { on: boolean; because: Span | null };
  readonly vrfs: Map<string, IosVrf>;
  readonly ifaces: Map<string, IosIface>;
  readonly routes: IosRoutes;
  readonly taints: Taint[];
  readonly switching: IosSwitching;
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
  readonly addresses: IosAddresses;
  up: boolean;
  downBecause: Span | null;
  proxyArp: boolean;
  because: Span | null;
  readonly losses: Loss[];
  readonly layer2: IosLayer2;
};

export type IosRoute = WrittenRoute;
