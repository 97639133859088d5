import type { Iface } from "../../model/device.ts";
import type { FlowSwitch, FlowSwitchPort, PortVlans } from "../../model/flow-switch.ts";
import type { LinuxLink } from "../../model/linux/link.ts";
import type { LinuxNode } from "../../model/linux/node.ts";
import type { VirtualInterface, VirtualPort, VirtualSwitch } from "../../model/linux/switches.ts";
import { parseIp } from "../../model/prefix.ts";
import type { LinkSpec } from "../../model/topology.ts";
import type { Span } from "../../source/span.ts";

/** What the virtual switches of a system add to its own device. */
export type Switching = {
  readonly switches: readonly FlowSwitch[];
  /** Ports that are no links of the system: patches between switches, and tunnels. */
  readonly ifaces: readonly Iface[];
  readonly patches: readonly LinkSpec[];
  /** The links that are ports, by name. */
  readonly ports: ReadonlyMap<string, { readonly bridge: string; readonly because: Span }>;
  /** The MAC addresses that the switches' own links take from their ports. */
  readonly macs: ReadonlyMap<LinuxLink, string>;
};

/** The virtual switches of a system as they are at the end; `device` is that of its own namespace. */
export function switchesOf(device: string, linux: LinuxNode): Switching {
  const all = [...linux.switches.values()].map((it) => ({ it, members: membersOf(it, linux) }));
  return {
    switches: all.map(({ it, members }) => switchOf(device, linux, it, members)),
    ifaces: all.flatMap(({ it, members }) =>
      members.flatMap(({ one, stands }) => (stands === "made" ? ifaceOf(device, it, one) : [])),
    ),
    patches: patchesOf(device, linux),
    ports: new Map(
      all.flatMap(({ it, members }) =>
        members.flatMap(({ one, stands }) =>
          stands === "link" ? [[one.name, { bridge: it.name, because: one.because }] as const] : [],
        ),
      ),
    ),
    macs: new Map(all.flatMap(({ it }) => ownMac(it, linux) ?? [])),
  };
}

type Member = {
  readonly port: VirtualPort;
  readonly one: VirtualInterface;
  /** On a link of the system's own namespace, as the stack's side, or on nothing that the system has. */
  readonly stands: "link" | "own" | "made";
  readonly isSpare: boolean;
};

function membersOf(it: VirtualSwitch, linux: LinuxNode): Member[] {
  return [...it.ports.values()].flatMap((port) => {
    const there = port.interfaces.flatMap((one): Omit<Member, "isSpare">[] => {
      if (one.number === null) return [];
      if (one.type === "internal") return one.link ? [{ port, one, stands: "own" }] : [];
      if (one.type !== "system")
        return linux.root.links.has(one.name) ? [] : [{ port, one, stands: "made" }];
      return linux.root.links.has(one.name) ? [{ port, one, stands: "link" }] : [];
    });
    const active = there.find(({ one }) => linux.root.links.get(one.name)?.up) ?? there[0];
    return there.map((one) => ({ ...one, isSpare: one !== active }));
  });
}

function switchOf(
  device: string,
  linux: LinuxNode,
  it: VirtualSwitch,
  members: readonly Member[],
): FlowSwitch {
  return {
    name: it.name,
    ports: members.map(({ port, one, stands, isSpare }): FlowSwitchPort => {
      const home = one.link ? linux.namespaceOf(one.link).name : "";
      return {
        number: one.number!,
        name: one.name,
        iface: {
          device: home === "" ? device : `${device}/${home}`,
          iface: stands === "own" ? one.link!.name : one.name,
        },
        isOwn: stands === "own",
        isSpare,
        tunnel: Number(keyOf(one)),
        vlans: vlansOf(port),
      };
    }),
    flows: [...it.flows.values()],
  };
}

// ovs-vswitchd.conf.db(5), vlan_mode: a tag alone makes an access port, no tag a trunk.
function vlansOf({ tag, trunks, mode, vlansBecause: because }: VirtualPort): PortVlans {
  const wanted = mode ?? (tag === null ? "trunk" : "access");
  const known = wanted === "dot1q-tunnel" ? "access" : wanted;
  return {
    mode: known,
    native: known === "trunk" ? 0 : (tag ?? 0),
    trunks: trunks.length === 0 ? null : new Set(trunks),
    because,
  };
}

function keyOf({ type, options }: VirtualInterface): number {
  const text = options["in_key"] ?? options["key"] ?? "0";
  return type !== "patch" && /^(0x[\da-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : 0;
}

// Where a patch leads: to the one that names it back.
function patchesOf(device: string, linux: LinuxNode): LinkSpec[] {
  const peers = new Map<string, string>();
  for (const it of linux.switches.values())
    for (const { one } of membersOf(it, linux))
      if (one.type === "patch") peers.set(one.name, one.options["peer"]!);
  return [...peers].flatMap(([name, peer]): LinkSpec[] =>
    peers.get(peer) === name && name < peer
      ? [{ a: { node: device, port: name }, b: { node: device, port: peer } }]
      : [],
  );
}

function ifaceOf(device: string, it: VirtualSwitch, one: VirtualInterface): Iface {
  return {
    name: one.name,
    short: one.name,
    isPort: true,
    layer: one.type === "patch" ? { kind: "cable" } : tunnelOf(device, one),
    bridge: { name: it.name, port: BARE, because: one.because },
    mac: "00:00:00:00:00:00",
    ownsNetworks: false,
    table: null,
    enabled: true,
    disabledBecause: null,
    addresses: [],
    proxyArp: false,
    answersForItselfOnly: false,
    sourceCheck: "none",
    because: one.because,
    tableBecause: null,
    losses: [],
  };
}

/** What a port of a switch with flow tables is as a port of a plain bridge: its flows say what it carries. */
export const BARE = {
  vlans: new Map(),
  pvid: null,
  isolated: false,
  hairpin: false,
  learning: false,
  flood: true,
};

const UDP_PORTS: Readonly<Record<string, number>> = { vxlan: 4789, geneve: 6081 };

function tunnelOf(device: string, one: VirtualInterface): Iface["layer"] {
  const { options, type, because } = one;
  const remote = parseIp(options["remote_ip"] ?? "");
  const port = Number(options["dst_port"] ?? UDP_PORTS[type] ?? 0);
  if (remote === null || !(type in UDP_PORTS) || !Number.isInteger(port))
    return { kind: "nothing" };
  return {
    kind: "tunnel",
    home: device,
    vni: keyOf(one),
    port,
    local: parseIp(options["local_ip"] ?? ""),
    learning: false,
    only: remote,
    remotes: [{ mac: null, remote, because }],
  };
}

// bridge_pick_local_hw_addr: the lowest of its ports', unless one was asked for.
function ownMac(it: VirtualSwitch, linux: LinuxNode): [LinuxLink, string][] {
  const own = it.ports.get(it.name)?.interfaces[0];
  if (!own?.link || own.mac) return [];
  const macs = membersOf(it, linux).flatMap(({ one, stands }) =>
    stands === "link" ? [linux.root.links.get(one.name)!.mac] : [],
  );
  const mac = it.mac ?? macs.sort()[0];
  return mac === undefined ? [] : [[own.link, mac]];
}
