import type { OfInterface, StaticNat } from "../../../model/ios-nat.ts";
import { maskLength, ZERO, type Ip } from "../../../model/prefix.ts";
import { ifaceNamed } from "../arguments.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";
import type { Said } from "../statement.ts";

const GLOBAL = "{ <global:ip> | interface <iface:iface> }";
const ADDRESS = "ip nat inside source static <local:ip>";
const PORT = (proto: "tcp" | "udp") =>
  `ip nat inside source static ${proto} <local:ip> <localPort:${proto}-port> ${GLOBAL} <globalPort:${proto}-port>`;
const NETWORK =
  "ip nat inside source static network <local:ip> <global:ip> { <mask:ip> | <length:length> }";
const LIST =
  "ip nat inside source list <list:word> { pool <pool:word> | interface <iface:iface> } [overload]";
const POOL =
  "ip nat pool <pool:word> <first:ip> <last:ip> { netmask <mask:ip> | prefix-length <bits:1-32> }";

/** Address translation between the inside and the outside. */
export const natCommands: readonly Command[] = [
  {
    mode: "interface",
    syntax: "ip nat { inside | outside }",
    help: "Which side of the translation this interface is on",
    state: "simulated",
    say: (it) => ({ kind: "nat-side", side: it.says("inside") ? "inside" : "outside" }),
  },
  {
    mode: "config",
    syntax: POOL,
    help: "Addresses for those inside to take",
    state: "simulated",
    no: "ip nat pool <pool:word> [<rest:line>]",
    say: poolOf,
  },
  ...[`${ADDRESS} ${GLOBAL}`, PORT("tcp"), PORT("udp"), NETWORK].map((syntax): Command => ({
    mode: "config",
    syntax: `${syntax} [extendable]`,
    help: "One address for another, both ways",
    state: "simulated",
    no: `${syntax} [extendable] [forced]`,
    say: (it) => ({ kind: "nat-static", entry: staticOf(it), at: it.at("local") }),
  })),
  {
    mode: "config",
    syntax: LIST,
    help: "What a list permits takes addresses of a pool, or that of an interface",
    state: "simulated",
    no: "ip nat inside source list <list:word> [ { pool <pool:word> | interface <iface:iface> } [overload] ]",
    say: (it) => ({
      kind: "nat-dynamic",
      entry: {
        list: it.text("list"),
        by: it.has("iface") ? interfaceOf(it) : { pool: it.text("pool") },
        overload: it.says("overload") || it.has("iface"),
      },
    }),
  },
  // Real options that change who is translated.
  ...[`${ADDRESS} ${GLOBAL}`, PORT("tcp"), PORT("udp"), NETWORK].map((syntax) =>
    unsimulated(
      "config",
      `${syntax} [extendable] { vrf | route-map | redundancy | no-alias | no-payload | mapping-id | match-in-vrf | name | reversible } [<it:line>]`,
      "A translation under a condition",
    ),
  ),
  unsimulated(
    "config",
    `${LIST} { vrf | match-in-vrf | reversible | oer | mapping-id | egress-interface } [<it:line>]`,
    "A translation under a condition",
  ),
  unsimulated("config", `${POOL} { type | accounting | add-route | arp-ping | match-host } [<it:line>]`, "A pool of another kind"), // prettier-ignore
  unsimulated("config", "ip nat pool <pool:word> { netmask | prefix-length } <it:line>", "A pool of several ranges", "unsimulated"), // prettier-ignore
  unsimulated("config", "ip nat inside source route-map <it:line>", "A translation by route map"),
  unsimulated("config", "ip nat inside destination <it:line>", "Sharing load among servers"),
  unsimulated("config", "ip nat outside <it:line>", "Translation of those outside"),
  unsimulated("config", "ip nat { service | create | settings | portmap | source | stateful | name | piggyback-support | scale | switchover } <it:line>", "Address translation"), // prettier-ignore
  unsimulated("interface", "ip nat { enable | stick } [<it:line>]", "Translation without sides"),
  inert(
    "config",
    "ip nat translation <it:line>",
    "How long translations are remembered, and how many",
  ),
  inert("config", "ip nat log <it:line>", "Which translations are logged"),
];

function interfaceOf(it: Reader): OfInterface {
  return { iface: ifaceNamed(it.text("iface"))!.name };
}

function staticOf(it: Reader): Omit<StaticNat, "because"> {
  const proto = it.says("tcp") ? "tcp" : "udp";
  return {
    local: it.number("local", 0) as Ip,
    global: it.has("iface") ? interfaceOf(it) : (it.number("global", 0) as Ip),
    ports: it.has("localPort")
      ? { proto, local: it.number("localPort", 0), global: it.number("globalPort", 0) }
      : null,
    length: it.has("mask")
      ? (maskLength(it.number("mask", 0) as Ip) ?? 32)
      : it.has("length")
        ? it.number("length", 32)
        : null,
    extendable: it.says("extendable"),
  };
}

function poolOf(it: Reader): Said {
  const mask = it.has("mask") ? maskLength(it.number("mask", 0) as Ip) : it.number("bits", 32);
  const pool = {
    name: it.text("pool"),
    first: it.number("first", ZERO) as Ip,
    last: it.number("last", ZERO) as Ip,
    length: mask,
  };
  return { kind: "nat-pool", pool, at: it.at("first") };
}
