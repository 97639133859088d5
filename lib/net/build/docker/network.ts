import {
  addressIn,
  contains,
  formatIp,
  formatPrefix,
  lastOf,
  overlaps,
  parseIp,
  parsePrefix,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type { NetworkAsked } from "../../parse/docker/asked.ts";

/** A network as Docker keeps it. */
export type DockerNetwork = BridgeNetwork | SharedNetwork;

type Common = {
  readonly name: string;
  readonly subnet: Prefix;
  readonly range: Prefix;
  readonly gateway: Ip | null;
  /** Whether its subnet was asked for; only there a container may ask for its address. */
  readonly hasOwnSubnet: boolean;
  readonly internal: boolean;
  /** Addresses that are given, to whom, and those that nobody gets. */
  readonly taken: Map<Ip, string>;
  readonly because: Span;
};

export type BridgeNetwork = Common & {
  readonly kind: "bridge";
  readonly bridge: string;
  readonly mode: "nat" | "nat-unprotected" | "routed" | "isolated";
  readonly icc: boolean;
  readonly masquerades: boolean;
  /** Where ports are published that name no address. */
  readonly publishesAt: Ip | null;
  /** Whom packets come from that go out, when that is said. */
  readonly sourceAddress: Ip | null;
  /** How long packets may be on its links; as the kernel has it when nobody says. */
  readonly mtu: number | null;
  /** Names of others are known there. */
  readonly resolves: boolean;
};

/** A network on a link of the host: each container has a MAC address of its own, or all have the link's. */
export type SharedNetwork = Common & {
  readonly kind: "macvlan" | "ipvlan";
  readonly parent: string;
  readonly mode: string;
};

/** What a network that was asked for comes to; text is why Docker does not make it. */
export type Planned =
  | Omit<BridgeNetwork, "because">
  | Omit<SharedNetwork, "because">
  | { readonly kind: "unsimulated"; readonly what: string }
  | string;

const LARGEST_MTU = 65_535;
const GATEWAY_MODE = "com.docker.network.bridge.gateway_mode_ipv4";
const MODES = ["nat", "nat-unprotected", "routed", "isolated"] as const;

const MTU = "com.docker.network.driver.mtu";

/** Options that move no packet of IPv4. */
const INERT =
  /^com\.docker\.network\.(bridge\.gateway_mode_ipv6|enable_ipv6|bridge\.inhibit_ipv6|host_ipv6)$/;

/** Options of each driver that are obeyed. */
const OBEYED: Readonly<Record<string, readonly string[]>> = {
  bridge: [
    "com.docker.network.bridge.name",
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.bridge.host_binding_ipv4",
    "com.docker.network.host_ipv4",
    GATEWAY_MODE,
    MTU,
  ],
  macvlan: ["parent", "macvlan_mode"],
  ipvlan: ["parent", "ipvlan_mode", "ipvlan_flag"],
};

/** Options of a network that are not simulated. */
export function strangeOptions({ driver, options }: NetworkAsked): NetworkAsked["options"] {
  return options.filter(({ key }) => !INERT.test(key) && !(OBEYED[driver] ?? []).includes(key));
}

/** Work out a network: its subnet, its bridge or its parent. `busy` are networks that its own may not meet. */
export function planNetwork(
  asked: NetworkAsked,
  others: readonly DockerNetwork[],
  busy: readonly Prefix[],
): Planned {
  switch (asked.driver) {
    case "bridge":
    case "macvlan":
    case "ipvlan":
    case "default":
    case "":
      break;
    case "overlay":
      return 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
    case "host":
    case "none":
    case "null":
      return `only one instance of "${asked.driver === "host" ? "host" : "null"}" network is allowed`;
    default:
      return `could not find plugin ${asked.driver} in v1 plugin registry: plugin not found`;
  }
  if (asked.subnets.length > 1)
    return { kind: "unsimulated", what: "a network of several subnets" };
  const addresses = addressesOf(asked, others, busy);
  if (typeof addresses === "string") return addresses;
  const common = { name: asked.name, internal: asked.internal, ...addresses };
  return asked.driver === "macvlan" || asked.driver === "ipvlan"
    ? planShared(asked, asked.driver, common, others)
    : planBridge(asked, common, others);
}

type Addresses = Pick<Common, "subnet" | "range" | "gateway" | "hasOwnSubnet" | "taken">;

function planBridge(
  asked: NetworkAsked,
  common: Omit<Common, "because">,
  others: readonly DockerNetwork[],
): Planned {
  const said = optionsOf(asked);
  const mode = said(GATEWAY_MODE) ?? "nat";
  if (!isMode(mode)) return `unknown gateway mode ${mode}`;
  if (mode === "isolated" && !asked.internal)
    return "gateway mode 'isolated' can only be used for an internal network";
  const bridge = said("com.docker.network.bridge.name") ?? `br-${digestOf(asked.name)}`;
  if (bridge.length > 15 || !/^[\w.-]+$/.test(bridge)) return `invalid interface name: ${bridge}`;
  const same = others.find((one) => one.kind === "bridge" && one.bridge === bridge);
  if (same)
    return `conflicts with network ${digestOf(same.name)} (${bridge}): networks have same bridge name`;
  const [icc, masquerades] = [
    booleanOf(said("com.docker.network.bridge.enable_icc")),
    booleanOf(said("com.docker.network.bridge.enable_ip_masquerade")),
  ];
  if (icc === null || masquerades === null)
    return "failed to parse bridge option: strconv.ParseBool: invalid syntax";
  const [publishesAt, sourceAddress] = [
    addressOf(said("com.docker.network.bridge.host_binding_ipv4")),
    addressOf(said("com.docker.network.host_ipv4")),
  ];
  if (publishesAt === undefined || sourceAddress === undefined)
    return "failed to parse bridge option: invalid ip address";
  const mtu = said(MTU) ?? "0";
  if (!/^\d{1,5}$/.test(mtu) || Number(mtu) > LARGEST_MTU)
    return `failed to parse ${MTU} value: "${mtu}": invalid syntax`;
  return {
    ...common,
    gateway: mode === "isolated" ? null : common.gateway,
    kind: "bridge",
    bridge,
    mode,
    icc,
    masquerades,
    publishesAt,
    sourceAddress,
    mtu: Number(mtu) || null,
    resolves: true,
  };
}

function planShared(
  asked: NetworkAsked,
  kind: "macvlan" | "ipvlan",
  common: Omit<Common, "because">,
  others: readonly DockerNetwork[],
): Planned {
  const said = optionsOf(asked);
  const mode = said(`${kind}_mode`) ?? (kind === "macvlan" ? "bridge" : "l2");
  const parent = said("parent") ?? `dm-${digestOf(asked.name)}`;
  if (kind === "macvlan" && !["bridge", "private", "vepa", "passthru"].includes(mode))
    return `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`;
  if (kind === "ipvlan" && !["l2", "l3", "l3s"].includes(mode))
    return `requested ipvlan mode '${mode}' is not valid, 'l2' mode is the ipvlan driver default`;
  const sharing = others.find((one) => one.kind !== "bridge" && one.parent === parent);
  if (sharing)
    return `network dm-${digestOf(sharing.name)} is already using parent interface ${parent}`;
  if (kind === "ipvlan" && mode !== "l2")
    return { kind: "unsimulated", what: `ipvlan networks in mode ${mode}` };
  if (said("ipvlan_flag") !== null && said("ipvlan_flag") !== "bridge")
    return { kind: "unsimulated", what: "ipvlan_flag" };
  return { ...common, kind, parent, mode };
}

function addressesOf(
  asked: NetworkAsked,
  others: readonly DockerNetwork[],
  busy: readonly Prefix[],
): Addresses | string {
  const said = asked.subnets[0];
  const used = others.map(({ subnet }) => subnet);
  const subnet = said?.subnet ?? poolFor([...used, ...busy]);
  if (!subnet) return "all predefined address pools have been fully subnetted";
  if (said?.subnet && used.some((one) => overlaps(one, subnet)))
    return "invalid pool request: Pool overlaps with other one on this address space";
  const range = said?.range ?? subnet;
  if (!contains(subnet, range.first) || range.length < subnet.length)
    return `invalid network config: invalid ip-range ${formatPrefix(range)}: it must lie within ${formatPrefix(subnet)}`;
  const gateway = said?.gateway ?? addressIn(subnet, subnet.length > 30 ? 0 : 1)!;
  if (!contains(subnet, gateway))
    return `invalid network config: no matching subnet for gateway ${formatIp(gateway)}`;
  const taken = new Map<Ip, string>([[gateway, "gateway"]]);
  if (subnet.length < 31) {
    taken.set(subnet.first, "network");
    taken.set(lastOf(subnet), "broadcast");
  }
  for (const ip of said?.reserved ?? []) {
    if (!contains(subnet, ip))
      return `invalid network config: no matching subnet for aux-address ${formatIp(ip)}`;
    taken.set(ip, "reserved");
  }
  return { subnet, range, gateway, hasOwnSubnet: said?.subnet != null, taken };
}

/** The pools that Docker takes networks from when nobody says which: 172.17/16 to 172.31/16, then 192.168.0.0/20 and on. */
const POOLS: readonly Prefix[] = [
  ...Array.from({ length: 15 }, (_, at) => parsePrefix(`172.${17 + at}.0.0/16`)!),
  ...Array.from({ length: 16 }, (_, at) => parsePrefix(`192.168.${at * 16}.0/20`)!),
];

function poolFor(used: readonly Prefix[]): Prefix | null {
  return POOLS.find((pool) => !used.some((one) => overlaps(one, pool))) ?? null;
}

/** The lowest address of a network that nobody has; `null` when there is none. */
export function freeAddress({ range, taken, subnet }: DockerNetwork): Ip | null {
  const last = Math.min(lastOf(range), lastOf(subnet));
  for (let ip = range.first as number; ip <= last; ip++) if (!taken.has(ip as Ip)) return ip as Ip;
  return null;
}

/** Twelve letters that stand for a name, as Docker's identifiers stand for theirs: the same for the same name. */
export function digestOf(name: string): string {
  const hash = (seed: number) =>
    Array.from(name).reduce(
      (sum, letter) => Math.imul(sum ^ letter.codePointAt(0)!, 0x01000193) >>> 0,
      seed >>> 0,
    );
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  return `${hex(hash(0x811c9dc5))}${hex(hash(0x9e3779b9))}`.slice(0, 12);
}

function optionsOf({ options }: NetworkAsked): (key: string) => string | null {
  return (key) => options.findLast((one) => one.key === key)?.value ?? null;
}

function isMode(text: string): text is (typeof MODES)[number] {
  return (MODES as readonly string[]).includes(text);
}

// Absent is true: both options are on unless someone turns them off.
function booleanOf(text: string | null): boolean | null {
  if (text === null || /^(1|t|true)$/i.test(text)) return true;
  return /^(0|f|false)$/i.test(text) ? false : null;
}

// `undefined` for what is no address; every address of the system is none in particular.
function addressOf(text: string | null): Ip | null | undefined {
  if (text === null || text === "0.0.0.0") return null;
  return parseIp(text) ?? undefined;
}
