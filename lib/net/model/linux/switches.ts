import type { Span } from "../../source/span.ts";
import { LOCAL_PORT } from "../flow-switch.ts";
import type { Flow } from "../openflow.ts";
import type { LinuxLink } from "./link.ts";
import type { LinuxNode } from "./node.ts";

/** A switch of Open vSwitch: what its database says of it, and the flows that it holds. */
export type VirtualSwitch = {
  readonly name: string;
  readonly because: Span;
  failMode: "standalone" | "secure";
  /** What it was when the flows were last begun anew: a change throws them all away. */
  begunAs: "standalone" | "secure" | null;
  /** The MAC address of its own port, when one was asked for. */
  mac: string | null;
  readonly ports: Map<string, VirtualPort>;
  /** By what makes a flow the same flow: table, priority and match. */
  readonly flows: Map<string, Flow>;
  /** The number given last to a port that asked for none. */
  lastNumber: number;
};

/** A port: one interface, or several that are bonded. */
export type VirtualPort = {
  readonly name: string;
  readonly because: Span;
  readonly interfaces: VirtualInterface[];
  tag: number | null;
  trunks: readonly number[];
  mode: "access" | "dot1q-tunnel" | "native-tagged" | "native-untagged" | "trunk" | null;
  bondMode: string | null;
  /** A bridge in name only: its ports are those of one VLAN. */
  isFakeBridge: boolean;
  /** The line that said its VLANs. */
  vlansBecause: Span;
};

export type VirtualInterface = {
  readonly name: string;
  readonly because: Span;
  /** `system` is a link of the machine, whenever there is one of that name. */
  type: string;
  options: Readonly<Record<string, string>>;
  requested: number | null;
  mac: string | null;
  /** By which flows know it; `null` while it is not there. */
  number: number | null;
  /** It came with others, and in which order they were numbered nobody can tell. */
  isNumberGuessed: boolean;
  /** The stack's side of an internal one. */
  link: LinuxLink | null;
};

export function freshPort(name: string, interfaces: readonly string[], because: Span): VirtualPort {
  return {
    name,
    because,
    interfaces: interfaces.map((one) => freshInterface(one, because)),
    tag: null,
    trunks: [],
    mode: null,
    bondMode: null,
    isFakeBridge: false,
    vlansBecause: because,
  };
}

function freshInterface(name: string, because: Span): VirtualInterface {
  return {
    name,
    because,
    type: "system",
    options: {},
    requested: null,
    mac: null,
    number: null,
    isNumberGuessed: false,
    link: null,
  };
}

/** The switch that comes with a new bridge: its own port, and one flow that makes it a plain switch. */
export function freshSwitch(name: string, because: Span): VirtualSwitch {
  const own = freshPort(name, [name], because);
  own.interfaces[0]!.type = "internal";
  own.interfaces[0]!.number = LOCAL_PORT;
  return {
    name,
    because,
    failMode: "standalone",
    begunAs: null,
    mac: null,
    ports: new Map([[name, own]]),
    flows: new Map(),
    lastNumber: 0,
  };
}

/** Whether something is there for the interface to stand on, so that it gets a number. */
export function isThere(it: VirtualInterface, linux: LinuxNode): boolean {
  switch (it.type) {
    case "system": {
      const link = linux.root.links.get(it.name);
      if (!link || ["loopback", "bridge", "vrf", "internal"].includes(link.kind.kind)) return false;
      return link.master === null || it.number !== null;
    }
    case "internal":
      return it.link !== null;
    case "patch":
      return it.options["peer"] !== undefined;
    default:
      return it.options["remote_ip"] !== undefined;
  }
}

/**
 * Number the interfaces that are there (OVS: bridge_reconfigure, alloc_ofp_port): the number asked for when nobody has it
 * by right, else the next one that was never given.
 */
export function numberPorts(it: VirtualSwitch, linux: LinuxNode): void {
  const all = [...it.ports.values()].flatMap((port) => port.interfaces);
  const taken = new Map(all.map((one) => [one.number, one]));
  taken.delete(null);
  for (const one of all) {
    const { requested } = one;
    if (one.number === LOCAL_PORT || requested === null || requested === one.number) continue;
    if (!isThere(one, linux)) continue;
    const holder = taken.get(requested);
    if (holder && holder.requested === requested) continue;
    // Whoever had it by chance gets another.
    if (holder) holder.number = null;
    taken.delete(one.number);
    one.number = requested;
    one.isNumberGuessed = false;
    taken.set(requested, one);
  }
  const waiting = all.filter((one) => one.number === null && isThere(one, linux));
  for (const one of waiting) {
    do it.lastNumber++;
    while (taken.has(it.lastNumber));
    one.number = it.lastNumber;
    one.isNumberGuessed = waiting.length > 1;
    taken.set(one.number, one);
  }
}
