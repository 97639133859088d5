import type {
  AccessEnd,
  AccessListType,
  PortTest,
  Service,
} from "../../../model/ios-access-lists.ts";
import { ICMP, TCP, UDP } from "../../../model/network.ts";
import { BROADCAST, ZERO, type Ip } from "../../../model/prefix.ts";
import type { EntrySaid, Named } from "../access-said.ts";
import { inert, unsimulated, type Command, type Reader } from "../command.ts";
import type { Mode, Said } from "../statement.ts";
import { ICMP_MESSAGES, named } from "../well-known.ts";

const SEQUENCE = "<sequence:1-2147483647>";
const NUMBERED: Readonly<Record<AccessListType, string>> = {
  standard: "{ <list:1-99> | <list:1300-1999> }",
  extended: "{ <list:100-199> | <list:2000-2699> }",
};
const VERDICT = "{ permit | deny }";
const LOG = "[ { log | log-input } [<cookie:word>] ]";
/** Real conditions that are not simulated: what follows them is not looked at. */
const CONDITIONS = [
  "fragments", "dscp", "precedence", "tos", "ttl", "option", "match-any", "match-all", "ack", "fin", "psh", "rst", "syn",
  "urg", "reflect", "time-range",
] as const; // prettier-ignore
const REST = `${LOG} [ { ${CONDITIONS.join(" | ")} } [<condition:line>] ]`;

const end = (name: string) =>
  `{ any | host <${name}Host:ip> | <${name}:ip> <${name}Wildcard:ip> | object-group <${name}Group:word> }`;

/** IOS takes up to ten ports after `eq` and `neq`. */
const MOST_PORTS = 10;

/** Ports as entries and groups of services write them; the names begin with `name`. */
export function portsSyntax(name: string, type: "tcp-port" | "udp-port"): string {
  const several = (is: string) => {
    let more = "";
    for (let at = MOST_PORTS; at > 1; at--) more = `[<${name}${is}${at}:${type}> ${more}]`;
    return `${is} <${name}${is}1:${type}> ${more}`;
  };
  const one = (is: string) => `${is} <${name}${is}:${type}>`;
  return `${several("eq")} | ${several("neq")} | ${one("gt")} | ${one("lt")} | range <${name}From:${type}> <${name}To:${type}>`;
}

export function portsOf(it: Reader, name: string): PortTest | null {
  for (const is of ["eq", "neq"] as const) {
    const ports = Array.from({ length: MOST_PORTS }, (_, at) => `${name}${is}${at + 1}`)
      .filter((arg) => it.has(arg))
      .map((arg) => it.number(arg, 0));
    if (ports.length > 0) return { is, ports };
  }
  for (const is of ["gt", "lt"] as const)
    if (it.has(`${name}${is}`)) return { is, ports: [it.number(`${name}${is}`, 0)] };
  if (!it.has(`${name}From`)) return null;
  const ends = [it.number(`${name}From`, 0), it.number(`${name}To`, 0)];
  return { is: "range", ports: ends.sort((a, b) => a - b) };
}

export const ICMP_SYNTAX = "{ <message:icmp-message> | <type:0-255> [<code:0-255>] }";

export function icmpOf(it: Reader): Service["icmp"] {
  if (it.has("message")) return named(ICMP_MESSAGES, it.text("message"));
  if (!it.has("type")) return null;
  return { type: it.number("type", 0), code: it.has("code") ? it.number("code", 0) : null };
}

/** The entries of extended lists, by what comes after `permit` and `deny`. */
const EXTENDED: readonly string[] = [
  `${VERDICT} { ip | <proto:protocol> | object-group <service:word> } ${end("source")} ${end("destination")} ${REST}`,
  `${VERDICT} { tcp | 6 } ${end("source")} [ ${portsSyntax("from", "tcp-port")} ] ${end("destination")} [ ${portsSyntax("to", "tcp-port")} ] [established] ${REST}`,
  `${VERDICT} { udp | 17 } ${end("source")} [ ${portsSyntax("from", "udp-port")} ] ${end("destination")} [ ${portsSyntax("to", "udp-port")} ] ${REST}`,
  `${VERDICT} { icmp | 1 } ${end("source")} ${end("destination")} [ ${ICMP_SYNTAX} ] ${REST}`,
];
const STANDARD = `${VERDICT} { any | host <sourceHost:ip> | <source:ip> [<sourceWildcard:ip>] } ${LOG}`;
const ENTRIES: Readonly<Record<AccessListType, readonly string[]>> = {
  standard: [STANDARD],
  extended: EXTENDED,
};

/** Access lists, numbered and named, and where they are put to use. */
export const accessListCommands: readonly Command[] = [
  ...(["standard", "extended"] as const).flatMap((type) => [
    ...ENTRIES[type].map((entry, at): Command => ({
      mode: "config",
      syntax: `access-list ${NUMBERED[type]} ${entry}`,
      help: `Add an entry to a numbered ${type} access list`,
      state: "simulated",
      // Whatever is said behind the number, the whole list goes.
      no: at === 0 ? `access-list ${NUMBERED[type]} [<rest:line>]` : null,
      say: (it): Said =>
        it.no
          ? { kind: "access-list", list: listOf(it), type }
          : {
              kind: "access-entry",
              list: listOf(it),
              type,
              sequence: null,
              entry: entryOf(it),
            },
    })),
    {
      mode: "config",
      syntax: `ip access-list ${type} <list:word>`,
      help: `Open a named ${type} access list`,
      state: "simulated",
      opens: modeOf(type),
      say: (it): Said => ({ kind: "access-list", list: listOf(it), type }),
    } satisfies Command,
    ...ENTRIES[type].map((entry, at): Command => ({
      mode: modeOf(type),
      syntax: `[${SEQUENCE}] ${entry}`,
      help: "Permit packets, or deny them",
      state: "simulated",
      no: at === 0 ? `{ ${SEQUENCE} [ ${entry} ] | ${entry} }` : `[${SEQUENCE}] ${entry}`,
      say: (it): Said => ({
        kind: "access-entry",
        list: null,
        type,
        sequence: it.has("sequence")
          ? { number: it.number("sequence", 0), at: it.at("sequence") }
          : null,
        entry: it.says("permit") || it.says("deny") ? entryOf(it) : null,
      }),
    })),
    inert(modeOf(type), `[${SEQUENCE}] remark <it:line>`, "A note"),
  ]),
  inert(
    "config",
    "access-list { <list:1-199> | <list:1300-2699> } remark <it:line>",
    "A note in an access list",
  ),
  unsimulated("config", "access-list <list:200-1299> <it:line>", "A list for other protocols"),
  unsimulated("extended-list", `[${SEQUENCE}] evaluate <it:line>`, "What another list has noted"),
  unsimulated("extended-list", `[${SEQUENCE}] dynamic <it:line>`, "Entries that a login opens"),
  {
    mode: "config",
    syntax: "ip access-list resequence <list:word> <first:1-2147483647> <step:1-2147483647>",
    help: "Number the entries of a list anew",
    state: "simulated",
    no: null,
    say: (it) => ({
      kind: "access-resequence",
      list: listOf(it),
      first: it.number("first", 10),
      step: it.number("step", 10),
    }),
  },
  unsimulated("config", "ip access-list { role-based | logging | match-local-traffic | fqdn } [<it:line>]", "Other lists"), // prettier-ignore
  {
    mode: "interface",
    syntax: "ip access-group <list:word> { in | out }",
    help: "Filter packets by an access list",
    state: "simulated",
    no: "ip access-group [<list:word>] { in | out }",
    say: (it) => ({
      kind: "access-group",
      list: listOf(it),
      direction: it.says("in") ? "in" : "out",
    }),
  },
  unsimulated("interface", "ip access-group <list:word> { in | out } <it:line>", "Filter packets"),
  {
    mode: "interface",
    syntax: "ip unreachables",
    help: "Tell senders of packets that were not passed on",
    state: "simulated",
    say: () => ({ kind: "unreachables" }),
  },
];

function modeOf(type: AccessListType): Mode {
  return type === "standard" ? "standard-list" : "extended-list";
}

function listOf(it: Reader): Named {
  return { name: it.text("list"), at: it.at("list") };
}

function entryOf(it: Reader): EntrySaid {
  const asks = CONDITIONS.find((word) => it.says(word));
  return {
    permits: it.says("permit"),
    service: it.has("service") ? { group: it.text("service") } : serviceOf(it),
    source: endOf(it, "source"),
    destination: endOf(it, "destination"),
    asks: asks ? [asks, it.text("condition")].filter(Boolean).join(" ") : null,
    logs: it.says("log") ? "log" : it.says("log-input") ? "log-input" : null,
  };
}

function serviceOf(it: Reader): Service {
  const said = [
    ["tcp", "6", TCP],
    ["udp", "17", UDP],
    ["icmp", "1", ICMP],
  ] as const;
  const known = said.find(([word, number]) => it.says(word) || it.says(number));
  return {
    proto: known?.[2] ?? (it.has("proto") ? it.number("proto", 0) : null),
    source: portsOf(it, "from"),
    destination: portsOf(it, "to"),
    icmp: icmpOf(it),
    established: it.says("established"),
  };
}

function endOf(it: Reader, name: string): AccessEnd {
  const address = (arg: string) => it.number(arg, 0) as Ip;
  if (it.has(`${name}Group`)) return { kind: "group", name: it.text(`${name}Group`) };
  if (it.has(`${name}Host`))
    return { kind: "addresses", ip: address(`${name}Host`), wildcard: ZERO };
  if (!it.has(name)) return { kind: "any" };
  const wildcard = it.has(`${name}Wildcard`) ? address(`${name}Wildcard`) : ZERO;
  if (wildcard === BROADCAST) return { kind: "any" };
  // Bits that the wildcard leaves open are not kept, so that no set of addresses has two spellings.
  return { kind: "addresses", ip: ((address(name) & ~wildcard) >>> 0) as Ip, wildcard };
}
