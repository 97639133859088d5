import {
  contains,
  lastOf,
  maskLength,
  networkOf,
  parseIp,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import type { Range } from "../../model/network.ts";
import type { Span } from "../../source/span.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import {
  addressOf,
  childOf,
  childrenOf,
  isGroup,
  macIn,
  refuse,
  textOf,
  valueOf,
} from "./element.ts";
import { lookedOver, networkElements, type Unsimulated } from "./known.ts";
import { virtualPortIn, vlansIn, type PortVlans, type VirtualPort } from "./port.ts";
import { parseXml, type Element } from "./xml.ts";
import type { ShellWord } from "../shell/placed.ts";

const MODES = [
  "nat",
  "route",
  "open",
  "bridge",
  "private",
  "vepa",
  "passthrough",
  "hostdev",
] as const;

/** How guests get out; `none` is a network without `<forward>`. */
export type ForwardMode = (typeof MODES)[number] | "none";

/** What a network's XML says. */
export type NetworkDefinition = {
  readonly name: string;
  /** Where it is named. */
  readonly span: Span;
  readonly uuid: string | null;
  readonly forward: {
    readonly mode: ForwardMode;
    readonly span: Span;
    /** Devices of the host: by the first of them packets leave, or guests share them. */
    readonly devs: readonly string[];
    readonly addresses: readonly [low: Ip, high: Ip] | null;
    readonly ports: Range | null;
  };
  /** `null`: libvirt finds a name for it. */
  readonly bridge: string | null;
  readonly bridgeSpan: Span;
  readonly stp: boolean;
  readonly mac: string | null;
  readonly mtu: number | null;
  /** Ports that do not reach each other. */
  readonly isolated: boolean;
  readonly dns: boolean;
  readonly addresses: readonly NetworkAddress[];
  readonly routes: readonly NetworkRoute[];
  readonly port: PortSettings;
  readonly groups: readonly (PortSettings & {
    readonly name: string;
    readonly isDefault: boolean;
  })[];
  readonly unsimulated: readonly Unsimulated[];
};

/** An address of the host. `length` is `null` for a mask with holes, which is refused later. */
export type NetworkAddress = {
  readonly ip: Ip;
  readonly length: number | null;
  /** `null` where nothing is leased. */
  readonly leases: NetworkLeases | null;
  readonly span: Span;
};

/** What the network's server grants: addresses of ranges, and to some hosts one of their own. */
export type NetworkLeases = {
  readonly ranges: readonly (readonly [low: Ip, high: Ip])[];
  readonly hosts: readonly LeaseHost[];
};

export type LeaseHost = {
  readonly mac: string | null;
  readonly name: string | null;
  readonly ip: Ip | null;
};

export type NetworkRoute = {
  readonly to: Prefix;
  readonly gateway: Ip;
  readonly metric: number;
  readonly span: Span;
};

export type PortSettings = {
  readonly vlans: PortVlans | null;
  readonly virtualPort: VirtualPort | null;
};

/** Read a network's XML. Throws where libvirt refuses it, in its words; what it reads over is told. */
export function parseNetwork(source: ShellWord): {
  network: NetworkDefinition;
  diagnostics: readonly Diagnostic[];
} {
  const root = parseXml(source, "network_definition");
  if (root.name !== "network")
    refuse(`XML error: expecting root element of 'network', not '${root.name}'`, root.span);
  const { diagnostics, unsimulated } = lookedOver(root, networkElements);
  const managed = tableManager(childOf(root, "bridge"));
  const network = readNetwork(root, [...[...unsimulated.values()].flat(), ...managed]);
  const remarks = managed.map(({ what, span }) => diagnostic("unsimulated", span, { what }));
  return { network, diagnostics: [...diagnostics, ...remarks] };
}

function readNetwork(root: Element, unsimulated: readonly Unsimulated[]): NetworkDefinition {
  const named = textOf(root, "name") ?? refuse("missing name information", root.span);
  const name = named.value;
  const illegal = /[\n/]/.exec(name)?.[0];
  if (illegal) refuse(`invalid char in name: ${illegal}`, named.span);
  const bridge = childOf(root, "bridge");
  const network = {
    name,
    span: named.span,
    uuid: textOf(root, "uuid")?.value ?? null,
    bridge: valueOf(bridge, "name")?.value ?? null,
    bridgeSpan: bridge?.span ?? named.span,
    stp: valueOf(bridge, "stp")?.value !== "off",
    mac: macOf(root, name),
    mtu: mtuOf(root),
    dns: valueOf(childOf(root, "dns"), "enable")?.value !== "no",
    addresses: childrenOf(root, "ip").flatMap((one) => addressIn(one, name)),
    forward: forwardOf(root, name),
    isolated: valueOf(childOf(root, "port"), "isolated")?.value === "yes",
    routes: [] as readonly NetworkRoute[],
    port: { vlans: vlansIn(root), virtualPort: virtualPortIn(root) },
    groups: childrenOf(root, "portgroup").map(groupOf),
    unsimulated,
  };
  const routes = childrenOf(root, "route").flatMap((one) => routeIn(one, network));
  checkWhole(root, network);
  return { ...network, routes };
}

// libvirt would see to the bridge's table itself: VLAN filtering on, learning and flooding off.
function tableManager(bridge: Element | null): Unsimulated[] {
  const manager = valueOf(bridge, "macTableManager");
  if (!manager || manager.value === "kernel") return [];
  return [{ what: `macTableManager='${manager.value}'`, span: manager.span }];
}

function macOf(root: Element, name: string): string | null {
  const address = valueOf(childOf(root, "mac"), "address");
  if (!address) return null;
  const mac = macIn(address.value);
  if (mac === null)
    return refuse(
      `XML error: Invalid bridge mac address '${address.value}' in network '${name}'`,
      address.span,
    );
  if (isGroup(mac))
    refuse(
      `XML error: Invalid multicast bridge mac address '${address.value}' in network '${name}'`,
      address.span,
    );
  return mac;
}

function mtuOf(root: Element): number | null {
  const size = valueOf(childOf(root, "mtu"), "size");
  if (!size) return null;
  if (!/^\d{1,9}$/.test(size.value)) refuse("XML error: malformed mtu size", size.span);
  return Number(size.value);
}

// ---- <forward>

function forwardOf(root: Element, name: string): NetworkDefinition["forward"] {
  const forward = childOf(root, "forward");
  const nothing = { addresses: null, ports: null };
  if (!forward) return { mode: "none", span: root.span, devs: [], ...nothing };
  const said = valueOf(forward, "mode");
  const mode = MODES.find((one) => one === (said?.value ?? "nat"));
  if (!mode)
    return refuse(
      `unsupported configuration: unknown forwarding type '${said!.value}'`,
      said!.span,
    );
  const nat = childOf(forward, "nat");
  if (nat && mode !== "nat")
    refuse(
      `XML error: The <nat> element can only be used when <forward> 'mode' is 'nat' in network ${name}`,
      nat.span,
    );
  const devs = devsOf(forward, name);
  return { mode, span: forward.span, devs, ...(nat ? natOf(nat, name) : nothing) };
}

function devsOf(forward: Element, name: string): string[] {
  const dev = valueOf(forward, "dev");
  const inside = childrenOf(forward, "interface").flatMap((one) => valueOf(one, "dev") ?? []);
  const [first] = inside;
  if (dev && first && dev.value !== first.value)
    refuse(
      `XML error: <forward dev='${dev.value}'> must match first <interface dev='${first.value}'/> in network ${name}`,
      dev.span,
    );
  if (inside.length === 0) return dev ? [dev.value] : [];
  return inside.map(({ value }) => value);
}

function natOf(
  nat: Element,
  name: string,
): { addresses: readonly [Ip, Ip] | null; ports: Range | null } {
  const address = childOf(nat, "address");
  const port = childOf(nat, "port");
  return {
    addresses: address && natAddresses(address, name),
    ports: port && natPorts(port, name),
  };
}

function natAddresses(element: Element, name: string): readonly [Ip, Ip] | null {
  const start = valueOf(element, "start");
  const end = valueOf(element, "end");
  if (!start && !end) return null;
  const from = start && addressOf(start, `XML error: Bad ipv4 start address '${start.value}' in <nat> in <forward> in network '${name}'`); // prettier-ignore
  const to = end && addressOf(end, `XML error: Bad ipv4 end address '${end.value}' in <nat> in <forward> in network '${name}'`); // prettier-ignore
  const [low, high] = [from ?? to!, to ?? from!];
  if (low > high)
    refuse(`internal error: range ${start!.value} - ${end!.value} is reversed`, element.span);
  return [low, high];
}

function natPorts(element: Element, name: string): Range | null {
  const [low = null, high = null] = (["start", "end"] as const).map((which) => {
    const found = valueOf(element, which);
    if (!found) return null;
    if (/^\d{1,5}$/.test(found.value) && Number(found.value) < 65536) return Number(found.value);
    return refuse(
      `XML error: Invalid ${which} port '${found.value}' in <nat> in <forward> in network '${name}'`,
      found.span,
    );
  });
  if (low === null || high === null) return null;
  return [Math.min(low, high), Math.max(low, high)];
}

// ---- <ip> and <route>

function isIpv6(element: Element): boolean {
  return valueOf(element, "family")?.value === "ipv6";
}

function addressIn(element: Element, name: string): NetworkAddress[] {
  // IPv6 is not simulated, and every proof says so.
  if (isIpv6(element) || valueOf(element, "address")?.value.includes(":")) return [];
  const said =
    valueOf(element, "address") ??
    refuse(`XML error: Missing required address attribute in network '${name}'`, element.span);
  const ip = addressOf(said, `XML error: Invalid address '${said.value}' in network '${name}'`);
  const length = lengthIn(element, ip, name);
  const dhcp = childOf(element, "dhcp");
  const net = networkOf(ip, length ?? 0);
  const leases = dhcp && leasesIn(dhcp, net, said.value, name);
  return [{ ip, length, leases, span: element.span }];
}

// Without mask and prefix an address has the length of its class (virNetworkIPDefPrefix).
function lengthIn(element: Element, ip: Ip, name: string): number | null {
  const prefix = valueOf(element, "prefix");
  const netmask = valueOf(element, "netmask");
  if (prefix && netmask)
    refuse(
      `unsupported configuration: Network '${name}' IP address cannot have both a prefix and a netmask`,
      netmask.span,
    );
  if (prefix) {
    if (!/^\d{1,2}$/.test(prefix.value) || Number(prefix.value) > 32)
      refuse(
        `unsupported configuration: Invalid IPv4 prefix '${prefix.value}' in network '${name}'`,
        prefix.span,
      );
    return Number(prefix.value);
  }
  if (netmask) {
    const mask = addressOf(
      netmask,
      `XML error: Invalid netmask '${netmask.value}' in network '${name}'`,
    );
    return maskLength(mask);
  }
  return ip < 0x80000000 ? 8 : ip < 0xc0000000 ? 16 : 24;
}

function leasesIn(dhcp: Element, net: Prefix, address: string, name: string): NetworkLeases | null {
  const { length } = net;
  const ranges: (readonly [Ip, Ip])[] = [];
  const bound = (range: Element, which: "start" | "end") => {
    const { value, span } =
      valueOf(range, which) ??
      refuse(
        `XML error: Missing '${which}' attribute in dhcp range for network '${name}'`,
        range.span,
      );
    const said = `XML error: Invalid dhcp range ${which} address '${value}' in network '${name}'`;
    return { value, ip: addressOf({ value, span }, said) };
  };
  for (const range of childrenOf(dhcp, "range")) {
    const low = bound(range, "start");
    const high = bound(range, "end");
    const words = `range ${low.value} - ${high.value}`;
    if (low.ip > high.ip) refuse(`internal error: ${words} is reversed`, range.span);
    if (!contains(net, low.ip) || !contains(net, high.ip))
      refuse(
        `internal error: ${words} is not entirely within network ${address}/${length}`,
        range.span,
      );
    if (low.ip === net.first && length < 31)
      refuse(
        `internal error: start of ${words} in network ${address}/${length} is the network address`,
        range.span,
      );
    if (high.ip === lastOf(net) && length < 31)
      refuse(
        `internal error: end of ${words} in network ${address}/${length} is the broadcast address`,
        range.span,
      );
    ranges.push([low.ip, high.ip]);
  }
  const hosts = childrenOf(dhcp, "host").map((host) => hostIn(host, name));
  return ranges.length + hosts.length === 0 ? null : { ranges, hosts };
}

function hostIn(host: Element, name: string): LeaseHost {
  const mac = valueOf(host, "mac");
  if (mac && macIn(mac.value) === null)
    refuse(`XML error: Cannot parse MAC address '${mac.value}' in network '${name}'`, mac.span);
  if (!mac && !valueOf(host, "name") && !valueOf(host, "id"))
    refuse(
      `XML error: Static host definition in IPv4 network '${name}' must have mac or name attribute`,
      host.span,
    );
  const ip = valueOf(host, "ip");
  const isIpv4 = ip !== null && !ip.value.includes(":");
  return {
    mac: mac && macIn(mac.value),
    name: valueOf(host, "name")?.value ?? null,
    ip: isIpv4
      ? addressOf(
          ip,
          `XML error: Invalid IP address in static host definition for network '${name}'`,
        )
      : null,
  };
}

function routeIn(
  element: Element,
  { name, addresses }: { name: string; addresses: readonly NetworkAddress[] },
): NetworkRoute[] {
  if (isIpv6(element)) return [];
  const address =
    valueOf(element, "address") ??
    refuse(
      `XML error: ${name}: Missing required address attribute in route definition`,
      element.span,
    );
  const gateway =
    valueOf(element, "gateway") ??
    refuse(
      `XML error: ${name}: Missing required gateway attribute in route definition`,
      element.span,
    );
  if (address.value.includes(":")) return [];
  const ip = addressOf(address, `XML error: ${name}: Bad network address '${address.value}' in route definition`); // prettier-ignore
  const via = addressOf(gateway, `XML error: ${name}: Bad gateway address '${gateway.value}' in route definition`); // prettier-ignore
  const length = routeLength(element, ip, name);
  if (networkOf(ip, length).first !== ip)
    refuse(
      `XML error: ${name}: Address '${address.value}' in route definition is not a network address`,
      address.span,
    );
  const isNear = addresses.some(
    (one) => one.length !== null && contains(networkOf(one.ip, one.length), via),
  );
  if (!isNear)
    refuse(
      `unsupported configuration: unreachable static route gateway '${gateway.value}' specified for network '${name}'`,
      gateway.span,
    );
  return [
    {
      to: networkOf(ip, length),
      gateway: via,
      metric: metricOf(element, name),
      span: element.span,
    },
  ];
}

function routeLength(element: Element, ip: Ip, name: string): number {
  const prefix = valueOf(element, "prefix");
  const netmask = valueOf(element, "netmask");
  if (prefix && (!/^\d{1,2}$/.test(prefix.value) || Number(prefix.value) > 32))
    refuse(
      `XML error: ${name}: Invalid prefix ${prefix.value} specified in route definition, must be 0 - 32`,
      prefix.span,
    );
  if (prefix) return Number(prefix.value);
  if (!netmask) return ip < 0x80000000 ? 8 : ip < 0xc0000000 ? 16 : 24;
  const mask = parseIp(netmask.value);
  const length = mask === null ? null : maskLength(mask);
  return (
    length ??
    refuse(
      `XML error: ${name}: Bad netmask address '${netmask.value}' in route definition`,
      netmask.span,
    )
  );
}

function metricOf(element: Element, name: string): number {
  const metric = valueOf(element, "metric");
  if (!metric) return 1;
  if (/^\d{1,9}$/.test(metric.value) && Number(metric.value) > 0) return Number(metric.value);
  return refuse(
    `XML error: ${name}: Invalid metric value '${metric.value}', must be > 0 in route definition`,
    metric.span,
  );
}

// ---- port groups, and what does not go together

function groupOf(element: Element): NetworkDefinition["groups"][number] {
  return {
    name: valueOf(element, "name")?.value ?? "",
    isDefault: valueOf(element, "default")?.value === "yes",
    vlans: vlansIn(element),
    virtualPort: virtualPortIn(element),
  };
}

function checkWhole(root: Element, network: Omit<NetworkDefinition, "routes">): void {
  const { name, forward, groups } = network;
  const { mode } = forward;
  const isShared = ["bridge", "private", "vepa", "passthrough", "hostdev"].includes(mode);
  if (isShared) refuseOwnServices(root, name, mode);
  if (mode === "bridge" && network.bridge !== null && forward.devs.length > 0)
    refuse(
      `XML error: A network with forward mode='bridge' can specify a bridge name or a forward dev, but not both (network '${name}')`,
      forward.span,
    );
  if (["nat", "route", "open"].includes(mode) && childrenOf(root, "ip").length === 0)
    refuse(
      `XML error: ${mode} forwarding requested, but no IP address provided for network '${name}'`,
      forward.span,
    );
  if (mode === "open" && forward.devs.length > 0)
    refuse(
      `XML error: forward dev not allowed for network '${name}' with forward mode='open'`,
      forward.span,
    );
  const bridge = childOf(root, "bridge");
  if (isShared && bridge && ["stp", "delay", "zone"].some((one) => bridge.attributes.has(one)))
    refuse(
      `XML error: bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in ${mode} (network '${name}')`,
      bridge.span,
    );
  const dhcps = network.addresses.filter(({ leases }) => leases);
  if (dhcps[1])
    refuse(
      "unsupported configuration: Multiple IPv4 dhcp sections found -- dhcp is supported only for a single IPv4 address on each network",
      dhcps[1].span,
    );
  const defaults = groups.filter(({ isDefault }) => isDefault);
  if (defaults.length > 1)
    refuse(
      `unsupported configuration: network '${name}' has multiple default <portgroup> elements (${defaults[0]!.name} and ${defaults[1]!.name}), but only one default is allowed`,
      childrenOf(root, "portgroup").find((one) => valueOf(one, "name")?.value === defaults[1]!.name)
        ?.span ?? root.span,
    );
  refuseVlans(network);
}

// What only a network with a bridge of libvirt's own can have.
function refuseOwnServices(root: Element, name: string, mode: string): void {
  for (const what of ["ip", "dns", "domain", "mac"]) {
    const found = childOf(root, what);
    // An empty <dns/> asks for nothing.
    if (found && !(what === "dns" && found.children.length === 0 && found.attributes.size === 0))
      refuse(
        `unsupported configuration: Unsupported <${what}> element in network ${name} with forward mode='${mode}'`,
        found.span,
      );
  }
}

// Only Open vSwitch, and cards that are handed on whole, know VLANs (networkValidate).
function refuseVlans({ name, forward, port, groups }: Omit<NetworkDefinition, "routes">): void {
  if (forward.mode === "passthrough" || forward.mode === "hostdev") return;
  for (const one of [port, ...groups]) {
    const type = one.virtualPort ?? port.virtualPort;
    if (one.vlans && (forward.mode !== "bridge" || type?.type !== "openvswitch"))
      refuse(
        `unsupported configuration: <vlan> element specified for network ${name}, whose type doesn't support vlan configuration`,
        one.vlans.span,
      );
  }
}
