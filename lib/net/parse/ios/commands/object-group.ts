import type { NetworkMember, ServiceMember } from "../../../model/ios-access-lists.ts";
import { ICMP, TCP, UDP } from "../../../model/network.ts";
import { lastOf, maskLength, networkOf, type Ip } from "../../../model/prefix.ts";
import type { AccessSaid } from "../access-said.ts";
import { inert, type Command, type Reader } from "../command.ts";
import { PROTOCOLS } from "../well-known.ts";
import { ICMP_SYNTAX, icmpOf, portsOf, portsSyntax } from "./access-list.ts";

/** Protocols without ports, as groups of services name them. */
const OTHERS = ["ahp", "eigrp", "esp", "gre", "igmp", "ipinip", "nos", "ospf", "pcp", "pim"] as const; // prettier-ignore

/** Groups of addresses and of services, which the entries of access lists may name. */
export const objectGroupCommands: readonly Command[] = [
  ...(["network", "service"] as const).map((type): Command => ({
    mode: "config",
    syntax: `object-group ${type} <group:word>`,
    help: `Open a group of ${type === "network" ? "addresses" : "services"}`,
    state: "simulated",
    opens: type === "network" ? "network-group" : "service-group",
    say: (it) => ({ kind: "object-group", type, group: groupOf(it) }),
  })),
  {
    mode: "network-group",
    syntax: "host <host:ip>",
    help: "One address",
    state: "simulated",
    say: (it) => member(it, range(it, "host", "host")),
  },
  {
    mode: "network-group",
    syntax: "<net:ip> <mask:ip>",
    help: "A network, by its mask",
    state: "simulated",
    say: (it) => {
      const length = maskLength(it.number("mask", 0) as Ip);
      if (length === null) return wrong(it, "mask");
      const net = networkOf(it.number("net", 0) as Ip, length);
      return member(it, { kind: "range", low: net.first, high: lastOf(net) });
    },
  },
  {
    mode: "network-group",
    syntax: "<net:ip> <length:length>",
    help: "A network, by its length",
    state: "simulated",
    say: (it) => {
      const net = networkOf(it.number("net", 0) as Ip, it.number("length", 32));
      return member(it, { kind: "range", low: net.first, high: lastOf(net) });
    },
  },
  {
    mode: "network-group",
    syntax: "range <low:ip> <high:ip>",
    help: "From one address to another",
    state: "simulated",
    say: (it) =>
      it.number("low", 0) > it.number("high", 0)
        ? wrong(it, "high")
        : member(it, range(it, "low", "high")),
  },
  {
    mode: "network-group",
    syntax: "any",
    help: "Every address",
    state: "simulated",
    say: (it) => member(it, { kind: "any" }),
  },
  {
    mode: "network-group",
    syntax: "group-object <group:word>",
    help: "Another group",
    state: "simulated",
    say: (it) => member(it, { kind: "group", name: it.text("group") }),
  },
  ...(
    [
      ["tcp", "tcp-port", [TCP]],
      ["udp", "udp-port", [UDP]],
      ["tcp-udp", "tcp-port", [TCP, UDP]],
    ] as const
  ).map(([word, type, protos]): Command => ({
    mode: "service-group",
    syntax: `${word} [ source { ${portsSyntax("from", type)} | <from:${type}> } ] [ ${portsSyntax("to", type)} | <to:${type}> ]`,
    help: "TCP or UDP, by its ports",
    state: "simulated",
    say: (it) => {
      const ports = (name: string) =>
        it.has(name) ? ({ is: "eq", ports: [it.number(name, 0)] } as const) : portsOf(it, name);
      const services = protos.map((proto) => ({
        proto,
        source: ports("from"),
        destination: ports("to"),
        icmp: null,
        established: false,
      }));
      return service(it, { kind: "service", services });
    },
  })),
  {
    mode: "service-group",
    syntax: `icmp [ ${ICMP_SYNTAX} ]`,
    help: "ICMP, by its message",
    state: "simulated",
    say: (it) => {
      const common = { source: null, destination: null, established: false };
      return service(it, {
        kind: "service",
        services: [{ ...common, proto: ICMP, icmp: icmpOf(it) }],
      });
    },
  },
  {
    mode: "service-group",
    syntax: `{ ip | <proto:0-255> | ${OTHERS.join(" | ")} }`,
    help: "A protocol, by its name or number",
    state: "simulated",
    say: (it) => {
      const word = OTHERS.find((one) => it.says(one));
      const number = it.has("proto") ? it.number("proto", 0) : null;
      const proto = word ? PROTOCOLS[word]! : number;
      return service(it, { kind: "service", services: [plain(proto)] });
    },
  },
  {
    mode: "service-group",
    syntax: "group-object <group:word>",
    help: "Another group",
    state: "simulated",
    say: (it) => service(it, { kind: "group", name: it.text("group") }),
  },
  inert("network-group", "description <it:line>", "A note"),
  inert("service-group", "description <it:line>", "A note"),
];

function groupOf(it: Reader) {
  return { name: it.text("group"), at: it.at("group") };
}

function plain(proto: number | null) {
  return { proto, source: null, destination: null, icmp: null, established: false };
}

function range(it: Reader, low: string, high: string): NetworkMember {
  return { kind: "range", low: it.number(low, 0) as Ip, high: it.number(high, 0) as Ip };
}

function member(it: Reader, one: NetworkMember): AccessSaid {
  return { kind: "network-member", member: one, wrong: null, at: it.at("group") };
}

function wrong(it: Reader, arg: string): AccessSaid {
  const at = it.at(arg);
  return { kind: "network-member", member: null, wrong: { text: it.text(arg), at }, at };
}

function service(it: Reader, one: ServiceMember): AccessSaid {
  return { kind: "service-member", member: one, at: it.at("group") };
}
