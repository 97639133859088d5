import { inert, unsimulated, type Command } from "../command.ts";

/** VRFs, in both spellings: `ip vrf` knows IPv4 only, `vrf definition` wants its address families. */
export const vrfCommands: readonly Command[] = [
  ...(["ip vrf", "vrf definition"] as const).map((spelling): Command => ({
    mode: "config",
    syntax: `${spelling} <name:word>`,
    help: "Make a routing table of its own, or open it",
    state: "simulated",
    opens: "vrf",
    say: (it) => ({ kind: "vrf", name: it.text("name"), spelling }),
  })),
  {
    mode: "vrf",
    syntax: "rd <rd:rd>",
    help: "Tell this VRF's prefixes from others' in BGP",
    state: "simulated",
    no: "rd [<rd:rd>]",
    say: (it) => ({ kind: "rd", rd: it.text("rd") }),
  },
  ...(["ipv4", "ipv6"] as const).map((family): Command => ({
    mode: "vrf",
    syntax: `address-family ${family} [unicast]`,
    help: family === "ipv4" ? "Let the VRF carry IPv4" : "Let the VRF carry IPv6",
    state: "simulated",
    opens: "vrf-family",
    say: () => ({ kind: "address-family", family }),
  })),
  inert("vrf", "description <it:line>", "A note"),
  inert("vrf", "vnet tag <n:2-4094>", "A number for trunks between routers"),
  inert("vrf-family", "exit-address-family", "Done with this address family"),
  ...(["vrf", "vrf-family"] as const).flatMap((mode) => [
    unsimulated(
      mode,
      "route-target { import | export | both } <it:line>",
      "Exchange routes with other VRFs through BGP",
    ),
    unsimulated(mode, "route-target <it:rd>", "Exchange routes with other VRFs through BGP"),
    unsimulated(mode, "{ import | export } <it:line>", "Choose the routes to exchange"),
    unsimulated(mode, "maximum routes <it:line>", "At most so many routes"),
    inert(mode, "bgp next-hop <it:line>", "BGP next hop"),
  ]),
];
