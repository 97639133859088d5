import type { IosGroupMode } from "../../../model/ios-switching.ts";
import type { Ip } from "../../../model/prefix.ts";
import { ifacesNamed } from "../arguments.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";
import type { Said } from "../statement.ts";
import { ALL_VLANS, parseVlans, type Switching } from "../switching.ts";

type Entry = Pick<Command, "syntax" | "help" | "no">;

function simulated(
  mode: Command["mode"],
  { syntax, help, no, opens }: Entry & { readonly opens?: Command["mode"] },
  say: (it: Reader) => Switching,
): Command {
  return {
    mode,
    syntax,
    help,
    state: "simulated",
    ...(no !== undefined && { no }),
    ...(opens && { opens }),
    say: (it): Said => ({ kind: "switching", it: say(it) }),
  };
}

const vlansOf = (it: Reader, name = "vlans") => parseVlans(it.text(name)) ?? [];

const MODES = ["access", "trunk", "dynamic auto", "dynamic desirable"] as const;
const GROUP_MODES = ["active", "auto", "desirable", "on", "passive"] as const;

/** VLANs, and what a whole switch does with them. */
const deviceCommands: readonly Command[] = [
  simulated(
    "config",
    { syntax: "vlan <vlans:vlans>", help: "Make VLANs, or open them", opens: "vlan" },
    (it) => ({ what: "vlan", vlans: vlansOf(it), at: it.at("vlans") }),
  ),
  inert("vlan", "name <name:word>", "What people call the VLAN"),
  inert("vlan", "state active", "The VLAN carries frames, which is the default"),
  inert("vlan", "mtu <n:576-18190>", "What the VLAN tells translating bridges"),
  unsimulated("vlan", "state suspend", "The VLAN carries nothing"),
  unsimulated("vlan", "shutdown", "The VLAN carries nothing on this switch"),
  unsimulated("vlan", "private-vlan <it:line>", "Ports of one VLAN kept apart"),
  unsimulated("vlan", "remote-span", "Copies of frames for an analyser"),
  inert("config", "vlan internal allocation policy { ascending | descending }", "Inner numbers"),
  unsimulated("config", "vlan dot1q tag native", "Tag the native VLAN, too"),
  unsimulated("config", "vlan access-map <it:line>", "A filter of VLANs", "unsimulated"),
  unsimulated("config", "vlan filter <it:line>", "Filter VLANs"),
  unsimulated("config", "vlan configuration <it:line>", "Services of VLANs", "unsimulated"),
  simulated(
    "config",
    {
      syntax: "interface range <ifaces:line>",
      help: "Configure several interfaces at once",
      no: null,
      opens: "interface",
    },
    (it) => ({ what: "range", names: ifacesNamed(it.text("ifaces")) ?? [], at: it.at("ifaces") }),
  ),
  simulated(
    "config",
    {
      syntax: "ip default-gateway <ip:ip>",
      help: "Where a device that does not route sends its own packets",
      no: "ip default-gateway [<ip:ip>]",
    },
    (it) => ({ what: "default-gateway", ip: it.has("ip") ? (it.number("ip", 0) as Ip) : null }),
  ),
  simulated(
    "config",
    {
      syntax: "vtp mode { client | off | server | transparent }",
      help: "Whether VLANs are learnt from other switches",
      no: "vtp mode",
    },
    (it) => ({ what: "vtp-mode", spreads: !it.says("off") && !it.says("transparent") }),
  ),
  simulated(
    "config",
    { syntax: "vtp domain <domain:word>", help: "The switches that share their VLANs", no: null },
    (it) => ({ what: "vtp-domain", domain: it.text("domain") }),
  ),
  inert("config", "vtp version <n:1-3>", "How VLANs are told to other switches"),
  inert("config", "vtp password <it:word>", "A password for telling VLANs to other switches"),
  unsimulated("config", "vtp { pruning | primary } [<it:line>]", "Trunks without unused VLANs"),
];

/** Spanning tree of the whole switch. */
const treeCommands: readonly Command[] = [
  ...(["pvst", "rapid-pvst"] as const).map((mode) =>
    simulated(
      "config",
      {
        syntax: `spanning-tree mode ${mode}`,
        help: "A tree for each VLAN",
        no: "spanning-tree mode",
      },
      () => ({ what: "tree-mode", mode }),
    ),
  ),
  unsimulated("config", "spanning-tree mode mst", "Trees that several VLANs share"),
  unsimulated(
    "config",
    "spanning-tree mst <it:line>",
    "Trees that several VLANs share",
    "unsimulated",
  ),
  simulated(
    "config",
    { syntax: "spanning-tree vlan <vlans:vlans>", help: "Run spanning tree in these VLANs" },
    (it) => ({ what: "tree-vlan", vlans: vlansOf(it) }),
  ),
  simulated(
    "config",
    {
      syntax: "spanning-tree vlan <vlans:vlans> priority <priority:0-61440>",
      help: "Whether this switch becomes the root: the lowest priority does",
      no: "spanning-tree vlan <vlans:vlans> { priority [<priority:0-61440>] | root [primary | secondary] }",
    },
    (it) => ({
      what: "tree-priority",
      vlans: vlansOf(it),
      priority: it.number("priority", 32_768),
      at: it.at("priority"),
    }),
  ),
  simulated(
    "config",
    {
      syntax: "spanning-tree vlan <vlans:vlans> root { primary | secondary } [diameter <n:2-7>]",
      help: "Become the root, or the next best",
      no: null,
    },
    // Before any neighbour is heard of, as at start-up, these write fixed numbers.
    (it) => ({
      what: "tree-priority",
      vlans: vlansOf(it),
      priority: it.says("primary") ? 24_576 : 28_672,
      at: it.span,
    }),
  ),
  inert(
    "config",
    "spanning-tree vlan <vlans:vlans> { hello-time | forward-time | max-age } <n:1-40>",
    "How fast spanning tree is",
  ),
  simulated(
    "config",
    {
      syntax: "spanning-tree pathcost method long",
      help: "Costs in 32 bits",
      no: "spanning-tree pathcost method [long]",
    },
    () => ({ what: "tree-long" }),
  ),
  inert(
    "config",
    "spanning-tree pathcost method short",
    "Costs in 16 bits, the default",
    undefined,
  ),
  simulated(
    "config",
    { syntax: "spanning-tree portfast [edge] default", help: "Access ports lead to no switch" },
    () => ({ what: "tree-edges" }),
  ),
  simulated(
    "config",
    {
      syntax: "spanning-tree portfast [edge] bpduguard default",
      help: "Disable ports for hosts that hear of a switch",
    },
    () => ({ what: "tree-guards" }),
  ),
  // A filter by default ends with the first frame that a neighbour's spanning tree sends.
  inert("config", "spanning-tree portfast [edge] bpdufilter default", "Spare hosts the frames"),
  inert("config", "spanning-tree extend system-id", "How bridge identifiers are made"),
  inert("config", "spanning-tree loopguard default", "Block ports that fall silent"),
  inert("config", "spanning-tree etherchannel guard misconfig", "Notice wrong bundles"),
  inert("config", "spanning-tree { logging | transmit | backbonefast } [<it:line>]", "Timing"),
  unsimulated("config", "spanning-tree { uplinkfast | bridge } [<it:line>]", "Other priorities"),
  unsimulated("config", "spanning-tree portfast { network | normal } default", "Bridge assurance"),
  inert("config", "port-channel load-balance <it:line>", "How a bundle spreads its frames"),
  inert("config", "lacp system-priority <n:0-65535>", "Who decides about a bundle"),
  inert("config", "errdisable <it:line>", "When disabled ports are tried again"),
  inert("config", "udld <it:line>", "Notice broken fibres"),
  inert("config", "cdp <it:line>", "Tell neighbours who this is"),
  inert("config", "lldp <it:line>", "Tell neighbours who this is"),
  inert(
    "config",
    "mac address-table { aging-time | notification } <it:line>",
    "How long MACs are known",
  ),
  unsimulated("config", "mac address-table <it:line>", "MAC addresses by hand"),
  unsimulated("config", "mac access-list <it:line>", "A filter of frames", "unsimulated"),
  unsimulated("config", "dot1x <it:line>", "Who may use a port"),
  unsimulated("config", "ip { arp inspection | dhcp snooping } [<it:line>]", "Inspect addresses"),
  unsimulated("config", "monitor session <it:line>", "Copies of frames for an analyser"),
  inert(
    "config",
    "switch <n:1-16> { provision | priority | renumber } <it:word>",
    "Stacks of switches",
  ),
  inert("config", "transceiver type all", "Optics", "inert"),
  inert("config", "mls qos [<it:line>]", "Queues"),
  inert("config", "device-tracking <it:line>", "Notes of who is where", "inert"),
  inert("config", "system mtu [routing] <n:576-9216>", "Largest frame"),
];

const portCommands: readonly Command[] = [
  simulated(
    "interface",
    {
      syntax: "encapsulation dot1q <vlan:1-4094> [native]",
      help: "The VLAN of this subinterface",
      no: "encapsulation [dot1q [<vlan:1-4094> [native]]]",
    },
    (it) => ({ what: "encapsulation", vlan: it.number("vlan", 0), native: it.says("native") }),
  ),
  unsimulated(
    "interface",
    "encapsulation { ppp | hdlc | frame-relay | default | priority-tagged | untagged | isl } [<it:line>]",
    "Another encapsulation",
  ),
  unsimulated(
    "interface",
    "encapsulation dot1q <vlan:1-4094> { second-dot1q } <it:line>",
    "Two tags",
  ),
  simulated(
    "interface",
    { syntax: "switchport", help: "Switch frames; without it, route" },
    () => ({
      what: "switchport",
    }),
  ),
  ...MODES.map((words) =>
    simulated(
      "interface",
      {
        syntax: `switchport mode ${words}`,
        help: "Access, trunk, or as the other end wants",
        no: "switchport mode",
      },
      () => ({ what: "mode", mode: words.replace("dynamic ", "") as "auto" }),
    ),
  ),
  simulated(
    "interface",
    {
      syntax: "switchport access vlan <vlan:1-4094>",
      help: "The VLAN of an access port",
      no: "switchport access vlan [<vlan:1-4094>]",
    },
    (it) => ({ what: "access-vlan", vlan: it.number("vlan", 1) }),
  ),
  simulated(
    "interface",
    {
      syntax: "switchport voice vlan <vlan:1-4094>",
      help: "A second VLAN on an access port, tagged",
      no: "switchport voice vlan [<vlan:1-4094>]",
    },
    (it) => ({ what: "voice-vlan", vlan: it.number("vlan", 0) }),
  ),
  unsimulated("interface", "switchport voice vlan { dot1p | none | untagged }", "Telephones"),
  simulated(
    "interface",
    {
      syntax: "switchport trunk native vlan <vlan:1-4094>",
      help: "The VLAN of untagged frames on a trunk",
      no: "switchport trunk native vlan [<vlan:1-4094>]",
    },
    (it) => ({ what: "native-vlan", vlan: it.number("vlan", 1) }),
  ),
  simulated(
    "interface",
    {
      syntax:
        "switchport trunk allowed vlan { <vlans:vlans> | all | none | { add | remove | except } <vlans:vlans> }",
      help: "The VLANs that a trunk carries",
      no: "switchport trunk allowed vlan [<vlans:vlans>]",
    },
    (it) => {
      const how = (["add", "remove", "except"] as const).find((word) => it.says(word)) ?? "set";
      const all = it.no || it.says("all");
      const vlans = it.says("none") ? [] : all ? [ALL_VLANS] : vlansOf(it);
      return { what: "allowed-vlans", how: it.no ? "set" : how, vlans };
    },
  ),
  inert("interface", "switchport trunk encapsulation { dot1q | negotiate }", "How trunks tag"),
  unsimulated("interface", "switchport trunk encapsulation isl", "Another way to tag"),
  unsimulated("interface", "switchport trunk pruning <it:line>", "Trunks without unused VLANs"),
  simulated(
    "interface",
    { syntax: "switchport nonegotiate", help: "Do not ask the other end" },
    () => ({
      what: "nonegotiate",
    }),
  ),
  simulated(
    "interface",
    { syntax: "switchport protected", help: "Keep protected ports of this switch apart" },
    () => ({ what: "protected" }),
  ),
  simulated(
    "interface",
    { syntax: "switchport block unicast", help: "Keep frames for unknown addresses in" },
    () => ({ what: "block-unicast" }),
  ),
  unsimulated(
    "interface",
    "switchport { port-security | private-vlan | backup | autostate | host | vlan } [<it:line>]",
    "More about this port",
  ),
  unsimulated("interface", "switchport block multicast", "Keep unknown groups in"),
  unsimulated(
    "interface",
    "switchport mode { private-vlan | dot1q-tunnel } [<it:line>]",
    "Another kind of port",
  ),
  inert("interface", "switchport priority <it:line>", "Priorities of telephones"),
  ...GROUP_MODES.map((mode) =>
    simulated(
      "interface",
      {
        syntax: `channel-group <number:1-256> mode ${mode}${mode === "desirable" || mode === "auto" ? " [non-silent]" : ""}`,
        help: "Bundle this port with others",
        no: "channel-group [<number:1-256>]",
      },
      (it): Switching => ({
        what: "group",
        number: it.number("number", 0),
        mode: mode satisfies IosGroupMode,
      }),
    ),
  ),
  inert("interface", "channel-protocol { lacp | pagp }", "The protocol of a bundle"),
  inert(
    "interface",
    "lacp { port-priority | rate | fast-switchover } <it:line>",
    "Details of a bundle",
  ),
  unsimulated(
    "interface",
    "lacp { max-bundle | min-links } <it:line>",
    "How many ports a bundle has",
  ),
  unsimulated(
    "interface",
    "port-channel { min-links | standalone-disable } [<it:line>]",
    "How a bundle ends",
  ),
  ...(["auto", "10", "100", "1000", "2500", "5000", "10000"] as const).map((speed) =>
    simulated(
      "interface",
      { syntax: `speed ${speed}`, help: "Speed", no: "speed [<it:word>]" },
      () => ({
        what: "speed",
        megabits: speed === "auto" ? null : Number(speed),
      }),
    ),
  ),
  inert("interface", "speed nonegotiate", "Speed without negotiation"),
  simulated(
    "interface",
    {
      syntax: "spanning-tree [vlan <vlans:vlans>] cost <cost:1-200000000>",
      help: "How far this port is from the root",
      no: "spanning-tree [vlan <vlans:vlans>] cost [<cost:1-200000000>]",
    },
    (it) => ({
      what: "tree-cost",
      vlans: it.has("vlans") ? vlansOf(it) : null,
      cost: it.has("cost") && !it.no ? it.number("cost", 0) : null,
    }),
  ),
  simulated(
    "interface",
    {
      syntax: "spanning-tree [vlan <vlans:vlans>] port-priority <priority:0-240>",
      help: "Which of equal ports is blocked",
      no: "spanning-tree [vlan <vlans:vlans>] port-priority [<priority:0-240>]",
    },
    (it) => ({
      what: "tree-port-priority",
      vlans: it.has("vlans") ? vlansOf(it) : null,
      priority: it.has("priority") && !it.no ? it.number("priority", 128) : null,
      at: it.at("priority"),
    }),
  ),
  simulated(
    "interface",
    {
      syntax: "spanning-tree portfast [edge] [trunk | disable]",
      help: "This port leads to no switch",
      no: "spanning-tree portfast [edge] [trunk | disable]",
    },
    (it) => ({
      what: "tree-edge",
      on: it.says("disable") ? "never" : it.says("trunk") ? "trunk" : "access",
    }),
  ),
  ...(["guard", "filter"] as const).map((kind) =>
    simulated(
      "interface",
      {
        syntax: `spanning-tree bpdu${kind} { enable | disable }`,
        help:
          kind === "guard"
            ? "Disable the port when it hears of a switch"
            : "No spanning tree on this port",
        no: `spanning-tree bpdu${kind} [enable | disable]`,
      },
      (it) => ({ what: `tree-${kind}`, on: it.says("enable") && !it.no }),
    ),
  ),
  inert("interface", "spanning-tree link-type { point-to-point | shared }", "How fast it agrees"),
  inert("interface", "spanning-tree guard { loop | none }", "Block the port when it falls silent"),
  unsimulated("interface", "spanning-tree guard root", "Refuse a better root behind this port"),
  unsimulated("interface", "spanning-tree { mst | portfast network } [<it:line>]", "Other trees"),
  inert("interface", "storm-control <it:line>", "Limit floods"),
  inert("interface", "udld <it:line>", "Notice broken fibres"),
  inert("interface", "lldp <it:line>", "Tell the neighbour who this is"),
  inert("interface", "cdp <it:line>", "Tell the neighbour who this is"),
  unsimulated(
    "interface",
    "autostate",
    "Whether a VLAN without live ports takes its interface down",
  ),
  inert("interface", "srr-queue <it:line>", "Queues"),
  inert("interface", "mls qos <it:line>", "Queues"),
  inert("interface", "carrier-delay <it:line>", "When a lost link counts"),
  inert(
    "interface",
    "{ device-tracking | ip device tracking } [<it:line>]",
    "Notes of who is where",
  ),
  inert("interface", "mdix auto", "Crossed cables"),
  inert("interface", "power inline <it:line>", "Power for the neighbour"),
  inert("interface", "auto qos <it:line>", "Queues"),
  unsimulated("interface", "mac access-group <it:line>", "Filter frames"),
  unsimulated("interface", "ip { arp inspection | dhcp snooping } <it:line>", "Inspect addresses"),
  unsimulated("interface", "dot1x <it:line>", "Who may use this port"),
  unsimulated("interface", "authentication <it:line>", "Who may use this port"),
];

/** Layer 2: VLANs, switch ports, subinterfaces, bundles and spanning tree. */
export const switchingCommands: readonly Command[] = [
  ...deviceCommands,
  ...treeCommands,
  ...portCommands,
];
