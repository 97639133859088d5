import { ifaceNamed } from "../arguments.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";
import type { Masked } from "../statement.ts";

/** Interfaces: which one, its table, its address, up or down. */
export const interfaceCommands: readonly Command[] = [
  {
    mode: "config",
    syntax: "interface <iface:iface>",
    help: "Configure an interface",
    state: "simulated",
    opens: "interface",
    say: (it) => ({ kind: "interface", iface: ifaceNamed(it.text("iface"))!, at: it.at("iface") }),
  },
  {
    mode: "interface",
    syntax: "ip address <ip:ip> <mask:ip> [secondary]",
    help: "Give the interface an address",
    state: "simulated",
    no: "ip address [<ip:ip> <mask:ip> [secondary]]",
    say: (it) => ({
      kind: "address",
      address: it.has("ip") ? masked(it, "ip") : null,
      secondary: it.says("secondary"),
    }),
  },
  ...(["ip vrf forwarding", "vrf forwarding"] as const).map((words): Command => ({
    mode: "interface",
    syntax: `${words} <vrf:word>`,
    help: "Put the interface into a VRF; this takes its address away",
    state: "simulated",
    no: `${words} [<vrf:word>]`,
    say: (it) => ({ kind: "forwarding", vrf: it.text("vrf"), at: it.at("vrf") }),
  })),
  {
    mode: "interface",
    syntax: "shutdown",
    help: "Take the interface down",
    state: "simulated",
    say: () => ({ kind: "shutdown" }),
  },
  {
    mode: "interface",
    syntax: "ip proxy-arp",
    help: "Answer ARP requests for addresses it has a route to elsewhere",
    state: "simulated",
    say: () => ({ kind: "proxy-arp" }),
  },
  inert("interface", "description <it:line>", "A note"),
  inert("interface", "duplex { auto | full | half }", "Duplex"),
  inert("interface", "negotiation auto", "Speed and duplex by negotiation"),
  inert("interface", "media-type <it:line>", "Connector"),
  inert("interface", "bandwidth <it:line>", "What routing protocols believe the speed to be"),
  inert("interface", "delay <it:line>", "What routing protocols believe the delay to be"),
  inert("interface", "load-interval <n:30-600>", "How rates are averaged"),
  inert("interface", "keepalive [<n:0-32767>]", "Keepalives"),
  inert("interface", "cdp enable", "Tell the neighbour who this is"),
  inert("interface", "lldp { transmit | receive }", "Tell the neighbour who this is"),
  inert("interface", "ip redirects", "Tell senders of a better router"),
  inert("interface", "ip unreachables", "Tell senders of lost packets"),
  inert("interface", "ip route-cache [ cef | same-interface | policy | flow ]", "Fast switching"),
  inert("interface", "ip mroute-cache", "Fast switching of multicast"),
  inert("interface", "ip virtual-reassembly [<it:line>]", "Reassemble fragments"),
  inert("interface", "ipv6 <it:line>", "IPv6, which is not part of any proof here"),
  inert("interface", "logging event <it:line>", "Log link changes"),
  inert("interface", "snmp trap <it:line>", "Link traps"),
  inert("interface", "mop { enabled | sysid }", "Maintenance protocol"),
  inert("interface", "arp timeout <n:0-2147483>", "How long a neighbour is remembered"),
  unsimulated(
    "interface",
    "ip address { dhcp | negotiated | pool } [<it:line>]",
    "An address from elsewhere",
  ),
  unsimulated("interface", "ip access-group <it:line>", "Filter packets by an access list"),
  unsimulated("interface", "ip nat <it:line>", "Address translation"),
  unsimulated("interface", "ip policy <it:line>", "Policy routing"),
  unsimulated("interface", "ip verify <it:line>", "Check source addresses"),
  unsimulated("interface", "ip helper-address <it:line>", "Relay broadcasts"),
  unsimulated("interface", "ip directed-broadcast [<it:line>]", "Forward directed broadcasts"),
  unsimulated("interface", "ip unnumbered <it:line>", "Borrow another interface's address"),
  // No proof here speaks of how long packets are.
  inert("interface", "ip mtu <n:68-9216>", "Largest IPv4 packet"),
  unsimulated("interface", "ip ospf <it:line>", "OSPF"),
  unsimulated("interface", "ip local-proxy-arp", "Answer ARP for hosts of the same network"),
  inert("interface", "mtu <n:64-9216>", "Largest frame"),
  unsimulated("interface", "mac-address <it:word>", "Another MAC address"),
  unsimulated("interface", "standby <it:line>", "HSRP"),
  unsimulated("interface", "vrrp <it:line>", "VRRP"),
  unsimulated("interface", "service-policy <it:line>", "A traffic policy"),
  unsimulated("interface", "mpls <it:line>", "Label switching"),
  unsimulated("interface", "xconnect <it:line>", "A pseudowire"),
  unsimulated("interface", "bridge-group <it:line>", "Bridge this port"),
  unsimulated("interface", "tunnel <it:line>", "A tunnel"),
  unsimulated("interface", "zone-member <it:line>", "Security zone"),
  unsimulated("interface", "crypto map <it:line>", "Encryption"),
];

/** The address `name` and the argument `mask` beside it. */
export function masked(it: Reader, name: string): Masked {
  return {
    ip: it.args.get(name)!.value as Masked["ip"],
    mask: it.args.get("mask")!.value as Masked["mask"],
    ipAt: it.at(name),
    maskAt: it.at("mask"),
  };
}
