import type { Span } from "../../source/span.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import {
  childOf,
  childrenOf,
  choiceOf,
  isGroup,
  macIn,
  refuse,
  requiredValue,
  textOf,
  valueOf,
} from "./element.ts";
import { domainElements, lookedOver, type Unsimulated } from "./known.ts";
import type { PortSettings } from "./network.ts";
import { virtualPortIn, vlansIn } from "./port.ts";
import { parseXml, type Element } from "./xml.ts";
import type { ShellWord } from "../shell/placed.ts";

const TYPES = [
  "network", "bridge", "direct", "ethernet", "user", "hostdev", "internal", "server", "client",
  "mcast", "udp", "vhostuser", "vdpa", "null", "vds",
] as const; // prettier-ignore

export type NicType = (typeof TYPES)[number];
export type DirectMode = "vepa" | "private" | "bridge" | "passthrough";

/** What a domain's XML says of the machine and its network cards. */
export type DomainDefinition = {
  readonly name: string;
  /** Where it is named. */
  readonly span: Span;
  readonly uuid: string | null;
  readonly nics: readonly NicDefinition[];
  readonly unsimulated: readonly Unsimulated[];
};

/** `<interface>`: a network card, and what it is plugged into. */
export type NicDefinition = PortSettings & {
  readonly type: NicType;
  readonly span: Span;
  /** The name of the network, bridge or device; `null` for a type without. */
  readonly source: string | null;
  readonly sourceSpan: Span;
  readonly portgroup: string | null;
  readonly mode: DirectMode;
  readonly mac: string | null;
  readonly target: string | null;
  /** The target is there already, and somebody else sees to it. */
  readonly isManaged: boolean;
  readonly mtu: number | null;
  readonly isLinked: boolean;
  readonly isolated: boolean;
  readonly unsimulated: readonly Unsimulated[];
};

/** Read a domain's XML. Throws where libvirt refuses it, in its words; what it reads over is told. */
export function parseDomain(source: ShellWord): {
  domain: DomainDefinition;
  diagnostics: readonly Diagnostic[];
} {
  const root = parseXml(source, "domain_definition");
  if (root.name !== "domain")
    refuse(`XML error: expecting root element of 'domain', not '${root.name}'`, root.span);
  const { diagnostics, unsimulated } = lookedOver(root, domainElements);
  return { domain: readDomain(root, unsimulated), diagnostics };
}

function readDomain(
  root: Element,
  unsimulated: ReadonlyMap<Element, readonly Unsimulated[]>,
): DomainDefinition {
  checkType(root);
  const name = textOf(root, "name") ?? refuse("missing name information", root.span);
  if (name.value.includes("\n")) refuse("invalid char in name: \n", name.span);
  if (name.value.includes("/"))
    refuse(`XML error: name ${name.value} cannot contain '/'`, name.span);
  if (!textOf(root, "memory") && !childOf(childOf(root, "cpu") ?? root, "numa"))
    refuse(
      "XML error: Memory size must be specified via <memory> or in the <numa> configuration",
      name.span,
    );
  const devices = childrenOf(root, "devices");
  const cards = devices.flatMap((one) => childrenOf(one, "interface"));
  checkOs(root);
  return {
    name: name.value,
    span: name.span,
    uuid: textOf(root, "uuid")?.value ?? null,
    nics: cards.map((card) => nicIn(card, unsimulated.get(card) ?? [])),
    unsimulated: [root, ...devices].flatMap((one) => unsimulated.get(one) ?? []),
  };
}

const HYPERVISORS = [
  "qemu", "kvm", "xen", "lxc", "uml", "openvz", "vmware", "hyperv", "vbox", "phyp", "parallels",
  "bhyve", "vz", "hvf", "test",
]; // prettier-ignore

function checkType(root: Element): void {
  const type = valueOf(root, "type");
  if (!type) return refuse("internal error: missing domain type attribute", root.span);
  if (!HYPERVISORS.includes(type.value))
    refuse(`unsupported configuration: invalid domain type ${type.value}`, type.span);
  if (type.value !== "qemu" && type.value !== "kvm")
    refuse(
      `unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support virt type '${type.value}'`,
      type.span,
    );
}

function checkOs(root: Element): void {
  const os = childOf(root, "os");
  const type = os && textOf(os, "type");
  if (!type) return refuse("XML error: an os <type> must be specified", os?.span ?? root.span);
  if (!["hvm", "xen", "linux", "exe", "uml", "xenpvh"].includes(type.value))
    refuse(`unsupported configuration: unknown OS type '${type.value}'`, type.span);
  if (type.value !== "hvm")
    refuse(
      `unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support os type '${type.value}'`,
      type.span,
    );
}

const MODES = ["vepa", "private", "bridge", "passthrough"] as const;

/** Read one `<interface>`; a card without a type is of the type `user` (virDomainNetDefParseXML). */
function nicIn(card: Element, unsimulated: readonly Unsimulated[]): NicDefinition {
  const type = choiceOf(card, "type", TYPES, "user");
  const source = childOf(card, "source");
  const named = sourceOf(card, type, source);
  const target = childOf(card, "target");
  refuseGuestAddress(card);
  return {
    type,
    span: card.span,
    source: named?.value ?? null,
    sourceSpan: source?.span ?? card.span,
    portgroup: valueOf(source, "portgroup")?.value ?? null,
    mode: source && type === "direct" ? choiceOf(source, "mode", MODES, "vepa") : "vepa",
    mac: macOf(card),
    // Names that libvirt itself gives are given anew at every start.
    target: /^(vnet|vif|macvtap|macvlan)\d/.test(valueOf(target, "dev")?.value ?? "vnet0")
      ? null
      : valueOf(target, "dev")!.value,
    isManaged: valueOf(target, "managed")?.value !== "no",
    mtu: mtuOf(card),
    isLinked: isLinked(card),
    isolated: valueOf(childOf(card, "port"), "isolated")?.value === "yes",
    vlans: vlansIn(card),
    virtualPort: virtualPortIn(card),
    unsimulated,
  };
}

function sourceOf(card: Element, type: NicType, source: Element | null) {
  const attribute = { network: "network", bridge: "bridge", direct: "dev" }[type as string];
  if (attribute === undefined) return null;
  if (!source)
    return refuse(`XML error: interface type='${type}' requires a 'source' element`, card.span);
  return requiredValue(source, attribute);
}

function macOf(card: Element): string | null {
  const address = valueOf(childOf(card, "mac"), "address");
  if (!address) return null;
  const mac = macIn(address.value);
  if (mac === null)
    return refuse(`XML error: unable to parse mac address '${address.value}'`, address.span);
  if (isGroup(mac))
    refuse(
      `XML error: expected unicast mac address, found multicast '${address.value}'`,
      address.span,
    );
  return mac;
}

function mtuOf(card: Element): number | null {
  const size = valueOf(childOf(card, "mtu"), "size");
  if (!size) return null;
  if (!/^\d{1,9}$/.test(size.value)) refuse("XML error: malformed mtu size", size.span);
  return Number(size.value);
}

function isLinked(card: Element): boolean {
  const state = valueOf(childOf(card, "link"), "state");
  if (state && state.value !== "up" && state.value !== "down")
    refuse(`unsupported configuration: unknown interface link state '${state.value}'`, state.span);
  return state?.value !== "down";
}

function refuseGuestAddress(card: Element): void {
  const found = childOf(card, "ip") ?? childOf(card, "route");
  if (found)
    refuse(
      "unsupported configuration: Invalid attempt to set network interface guest-side IP route and/or address info, not supported by QEMU",
      found.span,
    );
}
