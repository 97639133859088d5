import type { Ip, Prefix } from "../../model/prefix.ts";
import type { ProgramWord } from "./program.ts";
import type { Span } from "../../source/span.ts";

/*
 * What one asks Docker for, whichever way it was said: a compose file and the `docker` command come to the same here.
 */

/** A network to be made. `because` is the line that asks for it. */
export type NetworkAsked = {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly subnets: readonly SubnetAsked[];
  readonly options: readonly OptionAsked[];
  readonly because: Span;
};

export type SubnetAsked = {
  readonly subnet: Prefix | null;
  readonly range: Prefix | null;
  readonly gateway: Ip | null;
  readonly reserved: readonly Ip[];
  readonly because: Span;
};

export type OptionAsked = { readonly key: string; readonly value: string; readonly because: Span };

/** A container to be made. */
export type ContainerAsked = {
  /** As endpoints of the lab name it. */
  readonly name: string;
  /** What Docker calls it besides. */
  readonly alsoCalled: readonly string[];
  readonly place: PlaceAsked;
  readonly ports: readonly PortAsked[];
  /** Every port that is published is `-P`'s doing; where the image listens is known from `expose` alone. */
  readonly publishesAll: boolean;
  readonly expose: readonly Exposed[];
  readonly capabilities: ReadonlySet<string>;
  readonly privileged: boolean;
  readonly sysctls: readonly OptionAsked[];
  /** What it runs, when that may change its network. */
  readonly program: readonly ProgramWord[];
  /** Names that it knows by itself (`extra_hosts`). */
  readonly hosts: readonly { readonly name: string; readonly ip: Ip }[];
  readonly because: Span;
};

/** Where a container's network is. */
export type PlaceAsked =
  | { readonly kind: "networks"; readonly networks: readonly AttachmentAsked[] }
  | { readonly kind: "host" }
  | { readonly kind: "none" }
  | { readonly kind: "container"; readonly name: string };

/** One of a container's networks, by the network's own name. */
export type AttachmentAsked = {
  readonly network: string;
  readonly ip: Ip | null;
  readonly mac: string | null;
  readonly aliases: readonly string[];
  /** Higher comes first; of equals, the name. */
  readonly priority: number;
  readonly gatewayPriority: number;
  readonly because: Span;
};

export type Exposed = { readonly proto: PortProto; readonly first: number; readonly last: number };
export type PortProto = "tcp" | "udp" | "sctp";

/** A published port, or as many as there are from `first` to `last`. `published` is `null` where Docker chooses. */
export type PortAsked = {
  readonly host: Ip | null;
  readonly published: { readonly first: number; readonly last: number } | null;
  readonly proto: PortProto;
  readonly first: number;
  readonly last: number;
  readonly because: Span;
};
