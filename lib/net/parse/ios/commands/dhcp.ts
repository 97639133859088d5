import { maskLength, type Ip } from "../../../model/prefix.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";

const MASK = "[ <mask:ip> | <length:length> ]";

/** Addresses that the device hands out, and one that it asks for itself. */
export const dhcpCommands: readonly Command[] = [
  {
    mode: "config",
    syntax: "service dhcp",
    help: "Answer those who ask for addresses, which is so from the factory",
    state: "simulated",
    say: () => ({ kind: "dhcp-service" }),
  },
  {
    mode: "config",
    syntax: "ip dhcp pool <pool:word>",
    help: "Open a pool of addresses",
    state: "simulated",
    opens: "dhcp-pool",
    say: (it) => ({ kind: "dhcp-pool", name: it.text("pool") }),
  },
  {
    mode: "config",
    syntax: "ip dhcp excluded-address <low:ip> [<high:ip>]",
    help: "Addresses that are not handed out",
    state: "simulated",
    say: (it) => ({
      kind: "dhcp-excluded",
      low: it.number("low", 0) as Ip,
      high: it.number("high", it.number("low", 0)) as Ip,
    }),
  },
  {
    mode: "dhcp-pool",
    syntax: `network <net:ip> ${MASK}`,
    help: "The network whose addresses are handed out",
    state: "simulated",
    no: `network [ <net:ip> ${MASK} ]`,
    say: (it) => ({
      kind: "dhcp-network",
      ip: it.number("net", 0) as Ip,
      length: lengthOf(it, it.number("net", 0)),
      at: it.at("mask"),
    }),
  },
  {
    mode: "dhcp-pool",
    syntax: `host <host:ip> ${MASK}`,
    help: "One address for one client",
    state: "simulated",
    no: `host [ <host:ip> ${MASK} ]`,
    say: (it) => ({
      kind: "dhcp-host",
      ip: it.number("host", 0) as Ip,
      length: lengthOf(it, it.number("host", 0)),
    }),
  },
  {
    mode: "dhcp-pool",
    syntax: "hardware-address <mac:mac> [ ethernet | <type:0-255> ]",
    help: "The client's MAC address",
    state: "simulated",
    no: "hardware-address [<mac:mac> [ ethernet | <type:0-255> ]]",
    say: (it) => ({ kind: "dhcp-mac", mac: macOf(it.text("mac")) }),
  },
  {
    mode: "dhcp-pool",
    syntax: "default-router <router:ip> [<rest:line>]",
    help: "The clients' next hop",
    state: "simulated",
    no: "default-router [<rest:line>]",
    say: (it) => ({
      kind: "dhcp-router",
      ip: it.has("router") ? (it.number("router", 0) as Ip) : null,
    }),
  },
  ...["dns-server", "domain-name", "lease", "netbios-name-server", "netbios-node-type", "bootfile", "next-server", "utilization", "update", "client-name"].map(
    (word) => inert("dhcp-pool", `${word} [<it:line>]`, "What clients are told beside their address"),
  ), // prettier-ignore
  ...["client-identifier", "option", "class", "vrf", "import", "origin", "relay", "subnet", "override"].map(
    (word) => unsimulated("dhcp-pool", `${word} [<it:line>]`, "Who is told what"),
  ), // prettier-ignore
  unsimulated("config", "ip dhcp { snooping | relay | class | use | binding | limit | update | aaa | global-options | smart-relay | compatibility | limited-broadcast-address } [<it:line>]", "Addresses for hosts"), // prettier-ignore
  inert("config", "ip dhcp { ping | conflict | database | bootp | remember | support } [<it:line>]", "How addresses are looked after"), // prettier-ignore
  {
    mode: "interface",
    syntax: "ip address dhcp [ client-id <client:iface> ] [ hostname <name:word> ]",
    help: "Ask for an address",
    state: "simulated",
    say: () => ({ kind: "dhcp-client" }),
  },
  inert("interface", "ip dhcp client { hostname | client-id | lease | request } <it:line>", "How an address is asked for"), // prettier-ignore
  unsimulated("interface", "ip dhcp { client | relay | snooping | smart-relay | server } <it:line>", "Addresses for hosts"), // prettier-ignore
];

// Without a mask that of the address's class, as there were classes.
function lengthOf(it: Reader, ip: number): number | null {
  if (it.has("mask")) return maskLength(it.number("mask", 0) as Ip);
  if (it.has("length")) return it.number("length", 0);
  return ip < 0x80000000 ? 8 : ip < 0xc0000000 ? 16 : 24;
}

function macOf(text: string): string {
  return (text.toLowerCase().replaceAll(".", "").match(/../g) ?? []).join(":");
}
