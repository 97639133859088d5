import type { GatewayProtocol } from "../../../model/ios-gateways.ts";
import type { Ip } from "../../../model/prefix.ts";
import { ifaceNamed } from "../arguments.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";
import type { GatewaySetting } from "../gateway-said.ts";

const BEGIN: Readonly<Record<GatewayProtocol, string>> = {
  hsrp: "standby [<group:0-4095>]",
  vrrp: "vrrp <group:1-255>",
};
const WATCHED: Readonly<Record<GatewayProtocol, string>> = {
  hsrp: "{ <iface:iface> [<by:1-255>] | <object:1-1000> [ decrement <by:1-255> | shutdown ] }",
  vrrp: "<object:1-1000> [ decrement <by:1-255> ]",
};

/** What the loss of something watched takes from the priority where no line says how much. */
const DECREMENT = 10;

/** Gateways that several routers stand for: HSRP and VRRP. */
export const gatewayCommands: readonly Command[] = [
  {
    mode: "interface",
    syntax: "standby version { 1 | 2 }",
    help: "Which version of HSRP the interface speaks",
    state: "simulated",
    no: "standby version [ 1 | 2 ]",
    say: (it) => ({ kind: "gateway-version", version: it.says("2") && !it.no ? 2 : 1 }),
  },
  ...(["hsrp", "vrrp"] as const).flatMap((protocol): Command[] => {
    const begin = BEGIN[protocol];
    const priority = protocol === "hsrp" ? "<priority:0-255>" : "<priority:1-254>";
    return [
      simulated(protocol, `${begin} ip ${protocol === "hsrp" ? "[<ip:ip> [secondary]]" : "<ip:ip> [secondary]"}`, "The address of the gateway", `${begin} ip [<ip:ip> [secondary]]`, (it) => ({
        what: "ip",
        ip: it.has("ip") ? (it.number("ip", 0) as Ip) : null,
        secondary: it.says("secondary"),
      })), // prettier-ignore
      simulated(protocol, `${begin} priority ${priority}`, "Who is active: the highest", `${begin} priority [${priority}]`, (it) => ({
        what: "priority",
        value: it.number("priority", 100),
      })), // prettier-ignore
      simulated(protocol, `${begin} preempt [delay <it:line>]`, "Take over from a lower priority", undefined, () => ({
        what: "preempt",
      })), // prettier-ignore
      simulated(protocol, `${begin} authentication <secret:line>`, "Heed only who says this", `${begin} authentication [<secret:line>]`, (it) => ({
        what: "authentication",
        text: it.text("secret"),
      })), // prettier-ignore
      simulated(protocol, `${begin} track ${WATCHED[protocol]}`, "What must be up for the full priority", undefined, (it) => ({
        what: "track",
        watched: it.has("iface")
          ? { iface: ifaceNamed(it.text("iface"))!.name }
          : { object: it.number("object", 0) },
        by: it.says("shutdown") ? null : it.number("by", DECREMENT),
      })), // prettier-ignore
    ];
  }),
  {
    mode: "config",
    syntax: "track <object:1-1000> interface <iface:iface> line-protocol",
    help: "Watch whether an interface is up",
    state: "simulated",
    no: "track <object:1-1000>",
    opens: "inert",
    say: (it) => ({
      kind: "track-object",
      number: it.number("object", 0),
      iface: it.has("iface") ? ifaceNamed(it.text("iface")) : null,
    }),
  },
  unsimulated("config", "track <object:1-1000> { interface <iface:iface> { ip | ipv6 } | ip | list | stub-object | application | ipv6 } [<it:line>]", "Watch something", "unsimulated"), // prettier-ignore
  unsimulated("config", "track { timer | resolution } <it:line>", "How often things are watched"),
  unsimulated("config", "fhrp <it:line>", "Versions and delays of gateway groups"),
  inert(
    "interface",
    "standby [<group:0-4095>] { timers | name | ipv6 } <it:line>",
    "HSRP: hellos and names",
  ),
  inert(
    "interface",
    "standby { delay | redirect | bfd } [<it:line>]",
    "HSRP: start, redirects, fast detection",
  ),
  unsimulated("interface", "standby [<group:0-4095>] { follow | mac-address | mac-refresh | use-bia | arp } [<it:line>]", "HSRP: another MAC address, or another group"), // prettier-ignore
  inert(
    "interface",
    "vrrp <group:1-255> { timers | description | name } <it:line>",
    "VRRP: advertisements and names",
  ),
  unsimulated("interface", "vrrp <group:1-255> address-family <it:line>", "VRRP version 3", "unsimulated"), // prettier-ignore
  unsimulated("interface", "vrrp <group:1-255> { shutdown | sso } [<it:line>]", "VRRP: not taking part"), // prettier-ignore
  unsimulated("interface", "glbp <it:line>", "GLBP"),
];

function simulated(
  protocol: GatewayProtocol,
  syntax: string,
  help: string,
  no: string | undefined,
  sets: (it: Reader) => GatewaySetting,
): Command {
  return {
    mode: "interface",
    syntax,
    help,
    state: "simulated",
    ...(no !== undefined && { no }),
    say: (it) => ({
      kind: "gateway",
      protocol,
      number: it.number("group", 0),
      at: it.at("group"),
      sets: sets(it),
    }),
  };
}
