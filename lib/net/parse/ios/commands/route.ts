import type { Ip } from "../../../model/prefix.ts";
import { ifaceNamed } from "../arguments.ts";
import { unsimulated, type Command } from "../command.ts";
import { masked } from "./interface.ts";

const options = "[<distance:1-255>] [tag <tag:1-4294967295>] [name <name:word>] [permanent]";
const towards = "{ <next:ip> [global] | <iface:iface> [<next:ip>] }";

/** Static routes, of the global table or of a VRF. */
export const routeCommands: readonly Command[] = [
  {
    mode: "config",
    syntax: `ip route [vrf <vrf:word>] <net:ip> <mask:ip> ${towards} ${options}`,
    help: "Add a static route",
    state: "simulated",
    no: `ip route [vrf <vrf:word>] <net:ip> <mask:ip> [${towards}] ${options}`,
    say: (it) => ({
      kind: "static-route",
      vrf: it.has("vrf") ? { name: it.text("vrf"), at: it.at("vrf") } : null,
      to: masked(it, "net"),
      iface: it.has("iface") ? { name: ifaceNamed(it.text("iface"))!, at: it.at("iface") } : null,
      next: it.has("next") ? { ip: it.number("next", 0) as Ip, at: it.at("next") } : null,
      global: it.says("global"),
      distance: it.number("distance", 1),
    }),
  },
  unsimulated(
    "config",
    `ip route [vrf <vrf:word>] <net:ip> <mask:ip> { <next:ip> [global] | <iface:iface> [<next:ip>] } { track | dhcp | multicast } [<it:line>]`,
    "A static route under a condition",
  ),
];
