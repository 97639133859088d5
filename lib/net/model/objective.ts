import type { Ip, Prefix } from "./prefix.ts";

/** A place as an author names it: `edge`, `edge@CUSTOMER_A`, `sw1:GigabitEthernet0/3`, `hv1/web/nginx`. */
export type EndpointName = string;

export type Proto = "icmp" | "tcp" | "udp";
export type Threat = "host" | "attacker";

/** Questions of one kind from one place to another; `port` is `null` where the protocol has none. */
export type Flow = {
  readonly from: EndpointName;
  readonly to: EndpointName;
  readonly proto: Proto;
  readonly port: number | null;
};

/** The same between each of several. */
type Flows = Omit<Flow, "from" | "to"> & {
  readonly from: readonly EndpointName[];
  readonly to: readonly EndpointName[];
};

/** What is claimed of a network. The kinds are those of a lab's `objectives`. */
export type Claim =
  | {
      readonly kind: "reach";
      readonly from: readonly EndpointName[];
      readonly to: readonly EndpointName[];
      readonly proto: Proto;
      readonly port: number | null;
      readonly address: Ip | null;
    }
  | {
      readonly kind: "isolate";
      readonly from: readonly EndpointName[];
      readonly to: readonly EndpointName[];
      readonly threat: Threat;
      readonly both: boolean;
    }
  | {
      readonly kind: "routes";
      readonly at: EndpointName;
      readonly has: readonly { readonly prefix: Prefix; readonly via: Ip | null }[];
      readonly lacks: readonly Prefix[];
    }
  | {
      readonly kind: "only";
      readonly among: readonly EndpointName[];
      readonly allow: readonly Flow[];
    }
  | ({
      readonly kind: "path";
      readonly through: readonly EndpointName[];
      readonly avoids: readonly EndpointName[];
    } & Flows)
  | {
      readonly kind: "maps";
      readonly nic: EndpointName;
      readonly port: EndpointName;
      readonly vlan: number;
    }
  /** The claims still hold with each of these down, or with all of them together. */
  | {
      readonly kind: "survives";
      readonly claims: readonly { readonly title: string; readonly claim: Claim }[];
      readonly down: readonly EndpointName[];
      readonly together: boolean;
    }
  /** A kind of objective that labs may use and this engine does not decide yet. */
  | { readonly kind: "undecidable"; readonly form: string };

export type Objective = {
  readonly id: string;
  readonly title: string;
  readonly points: number;
  readonly hidden: boolean;
  /** Ids of objectives that must hold first; empty means the default controls. */
  readonly needs: readonly string[];
  readonly claim: Claim;
};

export type State = "holds" | "fails" | "blocked" | "undecided";
