/** What a drawing of the network shows: boxes in boxes, ports on their edges, cables between. Plain data. */
export type Picture = { readonly boxes: readonly Box[]; readonly cables: readonly Cable[] };

export type Box = {
  readonly name: string;
  readonly kind: "router" | "switch" | "server" | "host" | "outside" | "controller";
  readonly os: string | null;
  /** A router's VRFs that someone configured, in the order of the file; the global table is no lane. */
  readonly lanes: readonly Lane[];
  readonly ports: readonly PortPicture[];
  /** Boxes that run inside this one. */
  readonly inside: readonly Box[];
};

export type Lane = {
  readonly name: string;
  readonly rd: string | null;
  readonly routes: readonly { readonly prefix: string; readonly out: string }[];
};

export type PortPicture = {
  readonly name: string;
  /** As a drawing has room for it: `Gi0/1`. */
  readonly short: string;
  readonly addresses: readonly string[];
  readonly lane: string | null;
  readonly up: boolean;
};

export type Cable = {
  readonly a: { readonly box: string; readonly port: string };
  readonly b: { readonly box: string; readonly port: string };
  readonly up: boolean;
};
