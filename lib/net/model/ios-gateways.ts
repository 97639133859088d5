import type { Span } from "../source/span.ts";
import type { Ip } from "./prefix.ts";

export type GatewayProtocol = "hsrp" | "vrrp";

/** What an interface was told of one group that stands for a gateway. */
export type IosGateway = {
  readonly protocol: GatewayProtocol;
  readonly number: number;
  /** `null` until some line gives it addresses, or says that they are learnt. */
  ips: { readonly ip: Ip; readonly secondary: boolean; readonly because: Span }[] | null;
  priority: number;
  preempts: boolean;
  authentication: string;
  readonly tracks: Map<string, Tracked>;
  because: Span;
};

/** What is watched, and what its loss takes from the priority; `null` for all of it. */
export type Tracked = {
  readonly watched: { readonly iface: string } | { readonly object: number };
  readonly by: number | null;
};

/** The defaults of both protocols (RFC 2281 §5.1, RFC 3768 §5.3.4). */
export function freshGateway(protocol: GatewayProtocol, number: number, because: Span): IosGateway {
  return {
    protocol,
    number,
    ips: null,
    priority: 100,
    preempts: protocol === "vrrp",
    authentication: "",
    tracks: new Map(),
    because,
  };
}
