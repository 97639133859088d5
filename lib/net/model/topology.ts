import type { Ip, Prefix } from "./prefix.ts";

/** The physical layer as an author drew it: what stands there, and which cable goes where. */
export type Topology = {
  readonly nodes: readonly NodeSpec[];
  readonly links: readonly LinkSpec[];
  readonly services: readonly ServiceSpec[];
  /** What runs in virtual machines, where their files do not say it. */
  readonly vms?: Readonly<Record<string, { readonly runs: readonly string[] }>>;
};

export type NodeKind = "router" | "switch" | "server" | "host" | "outside" | "controller";
export type Os = "ios" | "linux";

export type NodeSpec = {
  readonly name: string;
  readonly kind: NodeKind;
  readonly os: Os | null;
  readonly ports: readonly PortSpec[];
  readonly runs: readonly string[];
  /** Only for `outside`: its own address, what it answers for, and where it can route back to. */
  readonly outside: {
    readonly address: { readonly ip: Ip; readonly length: number };
    readonly owns: readonly Prefix[];
    readonly knows: readonly Prefix[];
  } | null;
};

/** `mac` is the author's, in lower case; `null` where the link's number decides. */
export type PortSpec = { readonly name: string; readonly mac: string | null };
export type PortRef = { readonly node: string; readonly port: string };
export type LinkSpec = { readonly a: PortRef; readonly b: PortRef };

/** Who listens: `at` is an endpoint's name. */
export type ServiceSpec = {
  readonly at: string;
  readonly proto: "tcp" | "udp";
  readonly port: number;
};
