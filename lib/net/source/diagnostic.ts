import type { Span } from "./span.ts";

/** Something a learner should know about the text of a configuration. */
export type Diagnostic = {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
};

export type Severity = "error" | "warning" | "info";
export type Code = keyof typeof catalogue;

/**
 * Every diagnostic there is. Adding a row is how a new one is born. What a device says comes first, in its own
 * words; what to make of it follows. An error changed nothing on the device; a warning was obeyed or left aside.
 */
const catalogue = {
  // any file
  "not-text": (_: object) =>
    error("This line holds bytes that are not text, and was skipped. Was a binary file pasted?"),
  "file-too-long": (it: { limit: number }) =>
    error(`Only the first ${it.limit} characters of a file are read; the rest was left out.`),
  "too-many": (it: { what: string; limit: number }) =>
    error(
      `A device here has at most ${it.limit} ${it.what}; this line and those after it that add more were left out.`,
    ),
  "wrong-language": (it: { language: string; where: string }) =>
    error(
      `This is ${it.language}, which belongs into ${it.where}. Nothing in this file was carried out.`,
    ),
  "unknown-file": (it: { file: string }) =>
    warning(
      `No language goes with the name ${it.file}, or it belongs to no device here; it was not read.`,
    ),

  // known, not simulated
  unsimulated: (it: { what: string }) =>
    warning(
      `${it.what} is a real command, but it is not simulated here: what depends on it stays undecided.`,
    ),

  // IOS
  "ios-invalid-input": (it: { word: string; expected: string; stays: string | null }) =>
    error(
      `% Invalid input detected at '^' marker. IOS does not take "${it.word}" here${it.expected && `; it expects ${it.expected}`}.${it.stays ? ` The lines below still go to ${it.stays}.` : ""}`,
    ),
  "ios-unknown-command": (it: { word: string; like: string | null }) =>
    error(
      `% Invalid input detected at '^' marker. "${it.word}" is not a command known here${it.like ? `. Did you mean "${it.like}"?` : "; what depends on this line stays undecided."}`,
    ),
  "ios-wrong-mode": (it: { word: string; belongs: string; here: string }) =>
    error(
      `% Invalid input detected at '^' marker. "${it.word}" belongs under ${it.belongs}; this line stands in ${it.here}.`,
    ),
  "ios-open-banner": (it: { mark: string }) =>
    warning(
      `This banner is never closed: everything below it is its text, up to the next "${it.mark}".`,
    ),
  "ios-incomplete": (it: { expected: string }) =>
    error(`% Incomplete command. IOS expects ${it.expected} next.`),
  "ios-ambiguous": (it: { line: string; among: string }) =>
    error(`% Ambiguous command:  "${it.line}". It could be ${it.among}.`),
  "ios-no-such-interface": (it: { name: string; ports: string; stays: string | null }) =>
    error(
      `% Invalid input detected at '^' marker. This device has no ${it.name}; its ports are ${it.ports}.${it.stays ? ` The lines below still go to ${it.stays}.` : ""}`,
    ),
  "ios-physical-interface": (it: { name: string }) =>
    error(
      `% Removal of physical interfaces is not permitted. ${it.name} keeps its configuration; take single lines back with "no".`,
    ),
  "ios-bad-mask": (it: { mask: string; ip: string; length: number | null }) =>
    error(
      it.length === null
        ? `Bad mask ${it.mask} for address ${it.ip}. In a mask all one-bits come before all zero-bits.`
        : `Bad mask /${it.length} for address ${it.ip}. That is the first or the last address of its network; an interface needs one in between.`,
    ),
  "ios-bad-address": (it: { ip: string }) =>
    error(`Not a valid host address - ${it.ip}. An interface takes a unicast address.`),
  "ios-inconsistent-mask": (it: { net: string; mask: string; wanted: string }) =>
    error(
      `%Inconsistent address and mask. ${it.net} has host bits set under ${it.mask}; the network is ${it.wanted}.`,
    ),
  "ios-overlap": (it: { net: string; iface: string; vrf: string | null }) =>
    error(
      `% ${it.net} overlaps with ${it.iface}. One table ${it.vrf ? `(VRF ${it.vrf})` : "(the global one)"} cannot hold the same network on two interfaces; the address was refused.`,
    ),
  "ios-overlap-shutdown": (it: { net: string; iface: string; self: string }) =>
    error(
      `% ${it.net} overlaps with ${it.iface}. ${it.self}: incorrect IP address assignment. The interface stays down.`,
    ),
  "ios-vrf-removed-address": (it: {
    iface: string;
    vrf: string;
    addresses: string;
    doing: string;
  }) =>
    warning(
      `% Interface ${it.iface} IPv4 disabled and address(es) removed due to ${it.doing} VRF ${it.vrf}. ${it.addresses} ${it.addresses.includes(",") ? "are gone: give them" : "is gone: give it"} again after this line.`,
    ),
  "ios-vrf-deleted": (it: { vrf: string; ifaces: string }) =>
    warning(
      `% IPv4 addresses from all interfaces in VRF ${it.vrf} have been removed${it.ifaces && `: ${it.ifaces}`}.`,
    ),
  "ios-no-vrf": (it: { vrf: string }) =>
    error(
      `% VRF ${it.vrf} not configured. A VRF must exist before something is put into it: "ip vrf ${it.vrf}", or "vrf definition ${it.vrf}".`,
    ),
  "ios-vrf-no-ipv4": (it: { iface: string; vrf: string }) =>
    error(
      `% ${it.iface} is linked to a VRF. Enable IPv4 on that VRF first. "vrf definition ${it.vrf}" needs "address-family ipv4".`,
    ),
  "ios-rd-taken": (it: { rd: string; vrf: string }) =>
    error(`% Cannot set RD, check if it's unique. ${it.rd} belongs to VRF ${it.vrf}.`),
  "ios-rd-set": (it: { vrf: string; rd: string }) =>
    error(`% Do "no ip vrf ${it.vrf}" before redefining the VRF. Its distinguisher is ${it.rd}.`),
  "ios-vrf-other-kind": (it: { vrf: string; spelling: string }) =>
    error(
      `% VRF ${it.vrf} was made by "${it.spelling}"; it cannot be opened by the other spelling.`,
    ),
  "ios-secondary-first": (it: { iface: string }) =>
    error(`% Primary address must be configured first on ${it.iface}.`),
  "ios-secondary-left": (it: { iface: string }) =>
    error(`Must delete secondary before deleting primary. ${it.iface} has secondary addresses.`),
  "ios-secondary-primary": (it: { ip: string; iface: string }) =>
    error(
      `% ${it.ip} is the primary address of ${it.iface}; it cannot be a secondary one as well.`,
    ),
  "ios-next-hop-self": (it: { ip: string }) =>
    error(`%Invalid next hop address (it's this router). ${it.ip} is an address of its own.`),
  "ios-vrf-route-next-hop": (it: { vrf: string; iface: string }) =>
    error(
      `% For VPN or topology routes, must specify a next hop IP address if not a point-to-point interface. Say who is to be asked on ${it.iface}: the address of the next router goes after it.`,
    ),
  "ios-no-such-route": (it: { to: string }) =>
    error(`%No matching route to delete. There is no such route to ${it.to}.`),
  "ios-route-absent": (it: { to: string; why: string }) =>
    warning(`The route to ${it.to} is configured but not in the table: ${it.why}.`),
  "ios-access-list-name": (it: { list: string; type: string }) =>
    error(
      `% Invalid access list name. A ${it.type} list has ${it.type === "standard" ? "a number from 1 to 99 or 1300 to 1999" : "a number from 100 to 199 or 2000 to 2699"}, or a name that begins with a letter; ${it.list} is neither.`,
    ),
  "ios-access-list-type": (it: { list: string; type: string }) =>
    error(`% Access-list type conflicts with prior definition. ${it.list} is a ${it.type} list.`),
  "ios-duplicate-sequence": (it: { list: string; sequence: number }) =>
    error(
      `% Duplicate sequence number. List ${it.list} has an entry ${it.sequence}: remove it first with "no ${it.sequence}".`,
    ),
  "ios-no-access-list": (it: { list: string }) =>
    error(`%Access list ${it.list} does not exist, so nothing was changed.`),
  "ios-access-class": (it: { list: string }) =>
    info(
      `This asks list ${it.list} who may log in to the device itself. It stops no packet that the device passes on, and logging in is not simulated.`,
    ),
  "ios-no-object-group": (it: { kind: string; group: string }) =>
    error(
      `% There is no ${it.kind} object group ${it.group} with anything in it. A group must be there before something names it.`,
    ),
  "ios-object-group-type": (it: { group: string; kind: string }) =>
    error(`% Object group ${it.group} already exists, as a group of the type ${it.kind}.`),
  "ios-object-group-used": (it: { group: string }) =>
    error(
      `% Object group ${it.group} is in use: it can be neither removed nor emptied until nothing names it.`,
    ),
  "ios-object-group-circle": (it: { group: string; inner: string }) =>
    error(`% ${it.inner} holds ${it.group}: a group cannot be in itself.`),
  "ios-object-group-member": (it: { text: string }) =>
    error(
      `% Invalid input: ${it.text}. A network has a mask whose one-bits come first, and a range ends where it begins or later.`,
    ),
  "ios-nat-pool": (it: { pool: string; first: string; last: string }) =>
    error(
      `%Pool ${it.pool} mask too small, or end address before start address. ${it.first} to ${it.last} must lie in one network of the mask, in that order.`,
    ),
  "ios-nat-pool-used": (it: { pool: string }) =>
    error(`%Pool ${it.pool} in use, cannot destroy. A translation names it.`),
  "ios-nat-similar": (it: { local: string; global: string }) =>
    error(`% similar static entry (${it.local} -> ${it.global}) already exists`),
  "ios-standby-group": (it: { group: number }) =>
    error(
      `% Group ${it.group} is out of the range of HSRP version 1, which has 0 to 255; "standby version 2" has up to 4095.`,
    ),
  "ios-standby-own": (it: { ip: string; iface: string }) =>
    error(
      `% Address ${it.ip} is that of ${it.iface} itself. A gateway of HSRP has an address that no router has.`,
    ),
  "ios-dhcp-mask": (it: { ip: string }) =>
    error(`% Invalid mask for ${it.ip}. In a mask all one-bits come before all zero-bits.`),
  "ios-dhcp-nobody": (it: { iface: string }) =>
    warning(
      `${it.iface} asks for an address and nobody answers: no pool of a device on this stretch of layer 2 is for its network.`,
    ),

  // IOS, layer 2
  "ios-not-a-switch": (it: { name: string }) =>
    error(
      `% Invalid input detected at '^' marker. ${it.name} is a router: its ports do not switch.`,
    ),
  "ios-not-switching": (it: { iface: string }) =>
    error(`Command rejected: ${it.iface} not a switching port.`),
  "ios-switched-address": (it: { iface: string }) =>
    error(
      `% IP addresses may not be configured on L2 links. ${it.iface} switches; give the address to an interface of its VLAN, or say "no switchport" first.`,
    ),
  "ios-bundled-address": (it: { iface: string }) =>
    error(
      `% IP addresses may not be configured on members of a bundle. Give the address to the port-channel that ${it.iface} belongs to.`,
    ),
  "ios-encapsulation-first": (it: { iface: string }) =>
    error(
      `% Configuring IP routing on a LAN subinterface is only allowed if that subinterface is already configured as part of an IEEE 802.10, IEEE 802.1Q, or ISL vLAN. ${it.iface} needs "encapsulation dot1Q" first.`,
    ),
  "ios-encapsulation-main": (it: { iface: string }) =>
    error(
      `% Invalid input detected at '^' marker. A VLAN tag belongs to a subinterface, such as ${it.iface}.10.`,
    ),
  "ios-vlan-taken": (it: { vlan: number; iface: string }) =>
    error(
      `%Configuration of multiple subinterfaces of the same main interface with the same VID (${it.vlan}) is not permitted. This VID is already configured on ${it.iface}.`,
    ),
  "ios-no-subinterface": (it: { name: string; parent: string }) =>
    error(
      `% Invalid input detected at '^' marker. ${it.parent} does not route, so there is no ${it.name}.`,
    ),
  "ios-bad-vlan": (it: { vlan: string }) =>
    error(
      `% Invalid input detected at '^' marker. A VLAN is a number from 1 to 4094, not ${it.vlan}.`,
    ),
  "ios-reserved-vlan": (it: { vlans: string }) =>
    error(`Command rejected: VLANs ${it.vlans} are reserved for other media.`),
  "ios-vlan-made": (it: { kind: string; vlan: number }) =>
    info(`% ${it.kind} VLAN does not exist. Creating vlan ${it.vlan}`),
  "ios-nonegotiate": (it: { iface: string }) =>
    error(
      `Command rejected: Conflict between 'nonegotiate' and 'dynamic' status on this interface: ${it.iface}`,
    ),
  "ios-bad-bundle": (it: { number: string }) =>
    error(
      `% Invalid input detected at '^' marker. A port-channel has a number from 1 to 256, not ${it.number}.`,
    ),
  "ios-bundle-made": (it: { bundle: string }) =>
    info(`Creating a port-channel interface ${it.bundle}`),
  "ios-bundle-protocol": (it: { iface: string; group: number }) =>
    error(
      `Command rejected (Channel protocol mismatch for interface ${it.iface} in group ${it.group}): the interface can not be added to the channel group`,
    ),
  "ios-bundle-layer": (it: { iface: string; bundle: string }) =>
    error(
      `Command rejected (${it.bundle}, ${it.iface}): Either port is L2 and port-channel is L3, or vice-versa`,
    ),
  "ios-tree-priority": (it: { step: number; most: number }) =>
    error(
      `% ${it.step === 16 ? "Port" : "Bridge"} Priority must be in increments of ${it.step}. Allowed values are 0, ${it.step}, ${2 * it.step} and so on to ${it.most}.`,
    ),

  // shell and Linux
  "shell-unknown-command": (it: { word: string }) =>
    error(
      `${it.word}: command not found. No such program is known here; what depends on this line stays undecided.`,
    ),
  "shell-unsupported": (it: { what: string }) =>
    error(
      `${it.what} is not simulated here, so this line was not carried out; what depends on it stays undecided.`,
    ),
  "shell-open-quote": (it: { quote: string }) =>
    error(`This ${it.quote} is never closed, so the line was not carried out.`),
  "shell-stopped": (_: object) =>
    info(
      'This failed after "set -e", so the script ends here: the lines below were not carried out.',
    ),
  "shell-refused": (it: { said: string; hint: string }) =>
    error(`${it.said}${it.hint && `. ${it.hint}`}`),
  "shell-warned": (it: { said: string; hint: string }) =>
    warning(`${it.said}${it.hint && `. ${it.hint}`}`),
  "flow-overlap": (it: { bridge: string; table: number; priority: number }) =>
    warning(
      `Another flow in table ${it.table} of ${it.bridge} has the priority ${it.priority}, too, fits some of the same packets, and does something else with them. Which of the two decides is not defined; what both fit stays undecided. Give one of them a higher priority.`,
    ),
  "shell-note": (it: { said: string }) => info(it.said),

  // compose
  "compose-refused": (it: { said: string; hint: string }) =>
    error(`${it.said}${it.hint && `. ${it.hint}`}`),
  "compose-unsimulated": (it: { what: string }) =>
    warning(
      `"${it.what}" is known in compose files, but it is not simulated here: what depends on it stays undecided.`,
    ),
  "compose-warning": (it: { said: string }) => warning(it.said),

  // libvirt
  "libvirt-refused": (it: { said: string; hint: string }) =>
    error(`error: ${it.said}${it.hint && `. ${it.hint}`}`),
  "libvirt-ignored": (it: { what: string; where: string }) =>
    warning(`libvirt does not know ${it.what} in <${it.where}> and ignores it.`),
  "libvirt-absent": (it: { node: string }) =>
    warning(
      `${it.node} does not run libvirt, so this file was not read. What runs on a machine stands in lab.yaml.`,
    ),
  "vm-not-running": (it: { vm: string }) =>
    info(`The VM ${it.vm} is not running, so this file was not carried out.`),
} satisfies Record<string, (it: never) => { severity: Severity; message: string }>;

/** Make the diagnostic `code` for the text at `span`. */
export function diagnostic<C extends Code>(
  code: C,
  span: Span,
  it: Parameters<(typeof catalogue)[C]>[0],
): Diagnostic {
  const describe = catalogue[code] as (it: unknown) => { severity: Severity; message: string };
  const short = Object.entries(it).map(([name, value]) => [name, shortened(value)]);
  return { code, span, ...describe(Object.fromEntries(short)) };
}

/** A word may be as long as its file; nobody wants to read it again. */
const LONGEST_QUOTE = 500;

function shortened(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= LONGEST_QUOTE) return value;
  return `${value.slice(0, LONGEST_QUOTE)}…`;
}

function error(message: string) {
  return { severity: "error" as const, message };
}

function warning(message: string) {
  return { severity: "warning" as const, message };
}

function info(message: string) {
  return { severity: "info" as const, message };
}
