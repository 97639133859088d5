import type { CtState, Match } from "../../../model/packet-filter.ts";
import type { Range } from "../../../model/network.ts";
import { integerIn, macNumber, macOf } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import {
  addressRange,
  dscpClass,
  field,
  normalized,
  portNumber,
  single,
  TCP_FLAGS,
} from "../rule.ts";
import { refuse, type Draft, type Option, type Options } from "./draft.ts";

/** The matches of iptables that are simulated, and their options. */
export const MATCHES: Readonly<Record<string, Options>> = {
  tcp: {
    ...portOptions(),
    "tcp-flags": { args: 2, read: readFlags },
    syn: {
      args: 0,
      read: (draft, _, not) =>
        void draft.matches.push({ kind: "tcp-flags", not, mask: 0x17, value: 2 }),
    },
    "tcp-option": unsimulated("--tcp-option"),
  },
  udp: portOptions(),
  sctp: { ...portOptions(), "chunk-types": unsimulated("--chunk-types") },
  dccp: portOptions(),
  udplite: portOptions(),
  icmp: { "icmp-type": { args: 1, read: readIcmp } },
  multiport: multiportOptions(),
  state: {
    state: { args: 1, read: (draft, [value], not) => readState(draft, value!, not, "state") },
  },
  conntrack: {
    ctstate: { args: 1, read: (draft, [value], not) => readState(draft, value!, not, "ctstate") },
    ctstatus: { args: 1, read: readStatus },
    ctdir: { args: 1, read: readDirection },
    ctproto: unsimulated("--ctproto"),
    ctorigsrc: unsimulated("--ctorigsrc"),
    ctorigdst: unsimulated("--ctorigdst"),
    ctreplsrc: unsimulated("--ctreplsrc"),
    ctrepldst: unsimulated("--ctrepldst"),
    ctorigsrcport: unsimulated("--ctorigsrcport"),
    ctorigdstport: unsimulated("--ctorigdstport"),
    ctexpire: unsimulated("--ctexpire"),
  },
  mark: { mark: { args: 1, read: readMark } },
  connmark: { mark: { args: 1, read: readConnmark } },
  mac: { "mac-source": { args: 1, read: readMac } },
  iprange: {
    "src-range": { args: 1, read: (draft, [value], not) => readRange(draft, "src", value!, not) },
    "dst-range": { args: 1, read: (draft, [value], not) => readRange(draft, "dst", value!, not) },
  },
  addrtype: {
    "src-type": { args: 1, read: (draft, [value], not) => readType(draft, "src", value!, not) },
    "dst-type": { args: 1, read: (draft, [value], not) => readType(draft, "dst", value!, not) },
    "limit-iface-in": { ...unsimulated("--limit-iface-in"), args: 0 },
    "limit-iface-out": { ...unsimulated("--limit-iface-out"), args: 0 },
  },
  physdev: {
    "physdev-in": { args: 1, read: (draft, [value], not) => readPort(draft, "in", value!, not) },
    "physdev-out": { args: 1, read: (draft, [value], not) => readPort(draft, "out", value!, not) },
    "physdev-is-bridged": {
      args: 0,
      read: (draft, _, not) => void draft.matches.push({ kind: "bridged", not }),
    },
    "physdev-is-in": { ...unsimulated("--physdev-is-in"), args: 0 },
    "physdev-is-out": { ...unsimulated("--physdev-is-out"), args: 0 },
  },
  comment: { comment: { args: 1, read: () => {} } },
  limit: {
    limit: { args: 1, read: (draft) => void (draft.limited = true) },
    "limit-burst": { args: 1, read: (draft) => void (draft.limited = true) },
  },
  length: { length: { args: 1, read: readLength } },
  ttl: {
    "ttl-eq": { args: 1, read: (draft, [value], not) => readTtl(draft, value!, not, "eq") },
    "ttl-lt": { args: 1, read: (draft, [value], not) => readTtl(draft, value!, not, "lt") },
    "ttl-gt": { args: 1, read: (draft, [value], not) => readTtl(draft, value!, not, "gt") },
  },
  dscp: {
    dscp: { args: 1, read: readDscp },
    "dscp-class": { args: 1, read: readDscpClass },
  },
};

/** Matches that iptables knows and that are not simulated. */
export const UNSIMULATED_MATCHES = new Set(
  "ah bpf cgroup cluster connbytes connlabel connlimit cpu devgroup ecn esp hashlimit helper ipvs mh nfacct osf owner pkttype policy quota rateest realm recent rpfilter sctp set socket statistic string tcpmss time tos u32 unclean conntrackset".split(
    " ",
  ),
);

/** Which protocol an extension wants `-p` to say. */
export const NEEDS: Readonly<Record<string, readonly [number, string, string]>> = {
  tcp: [6, "TCP", "tcp"],
  udp: [17, "UDP", "udp"],
  icmp: [1, "ICMP", "icmp"],
};

function unsimulated(what: string): Option {
  return { args: 1, read: (draft) => void draft.matches.push({ kind: "unsimulated", what }) };
}

function once(draft: Draft, key: string, at: ShellWord): void {
  if (draft.said.has(key)) refuse(draft, `Only one \`--${key}' allowed`, at);
  draft.said.add(key);
}

function portOptions(): Options {
  const read = (name: "sport" | "dport", key: string): Option => ({
    args: 1,
    read: (draft, [value], not) => {
      once(draft, key, value!);
      draft.matches.push(field(name, [portRange(draft, value!)], not));
    },
  });
  const source = read("sport", "source-port");
  const destination = read("dport", "destination-port");
  return {
    "source-port": source,
    sport: source,
    "destination-port": destination,
    dport: destination,
  };
}

function portRange(draft: Draft, word: ShellWord): Range {
  const [low = "", high = low, ...more] = word.text.split(":");
  const first = low === "" && word.text !== "" ? 0 : portNumber(low);
  const last = high === "" && word.text.includes(":") ? 65_535 : portNumber(high);
  if (first === null || last === null || more.length > 0)
    refuse(draft, `invalid port/service \`${first === null ? low : high}' specified`, word);
  if (first! > last!) refuse(draft, "invalid portrange (min > max)", word);
  return [first!, last!];
}

function multiportOptions(): Options {
  const read = (name: "sport" | "dport" | null): Option => ({
    args: 1,
    read: (draft, [value], not) => readPorts(draft, name, value!, not),
  });
  return {
    sports: read("sport"),
    "source-ports": read("sport"),
    dports: read("dport"),
    "destination-ports": read("dport"),
    ports: read(null),
  };
}

const WITH_PORTS = [6, 17, 33, 132, 136];

function readPorts(
  draft: Draft,
  name: "sport" | "dport" | null,
  word: ShellWord,
  not: boolean,
): void {
  if (!draft.protocol || draft.protocol.not)
    refuse(draft, "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'", word);
  if (!WITH_PORTS.includes(draft.protocol!.number))
    refuse(draft, "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP", word);
  const parts = word.text.split(",");
  // A range takes two of the fifteen places.
  if (parts.length + parts.filter((part) => part.includes(":")).length > 15)
    refuse(draft, "too many ports specified", word);
  const ranges = parts.map((text) => portRange(draft, { ...word, text }));
  draft.said.add("multiport");
  if (name) draft.matches.push(field(name, normalized(ranges), not));
  else draft.matches.push({ kind: "unsimulated", what: "-m multiport --ports" });
}

function readFlags(draft: Draft, [mask, value]: readonly ShellWord[], not: boolean): void {
  const read = (word: ShellWord) =>
    word.text.split(",").reduce((sum, name) => {
      if (/^all$/i.test(name)) return 0x3f;
      if (/^none$/i.test(name)) return sum;
      const flag = TCP_FLAGS[name.toLowerCase()];
      return flag !== undefined && flag < 64
        ? sum | flag
        : refuse(draft, `Unknown TCP flag \`${name}'`, word);
    }, 0);
  draft.matches.push({ kind: "tcp-flags", not, mask: read(mask!), value: read(value!) });
}

const ICMP: Readonly<Record<string, readonly [number, number?]>> = {
  any: [255], "echo-reply": [0], pong: [0], "destination-unreachable": [3], "network-unreachable": [3, 0],
  "host-unreachable": [3, 1], "protocol-unreachable": [3, 2], "port-unreachable": [3, 3],
  "fragmentation-needed": [3, 4], "source-route-failed": [3, 5], "network-unknown": [3, 6], "host-unknown": [3, 7],
  "network-prohibited": [3, 9], "host-prohibited": [3, 10], "TOS-network-unreachable": [3, 11],
  "TOS-host-unreachable": [3, 12], "communication-prohibited": [3, 13], "host-precedence-violation": [3, 14],
  "precedence-cutoff": [3, 15], "source-quench": [4], redirect: [5], "network-redirect": [5, 0],
  "host-redirect": [5, 1], "TOS-network-redirect": [5, 2], "TOS-host-redirect": [5, 3], "echo-request": [8], ping: [8],
  "router-advertisement": [9], "router-solicitation": [10], "time-exceeded": [11], "ttl-exceeded": [11],
  "ttl-zero-during-transit": [11, 0], "ttl-zero-during-reassembly": [11, 1], "parameter-problem": [12],
  "ip-header-bad": [12, 0], "required-option-missing": [12, 1], "timestamp-request": [13], "timestamp-reply": [14],
  "address-mask-request": [17], "address-mask-reply": [18],
}; // prettier-ignore

/** `echo-request`, `8` or `3/4`, or a beginning of a name. */
export function icmpType(text: string): readonly [type: number, code: number | null] | null {
  const numbers = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text);
  if (numbers) {
    const [type, code] = [Number(numbers[1]), numbers[2] === undefined ? null : Number(numbers[2])];
    return type <= 255 && (code ?? 0) <= 255 ? [type, code] : null;
  }
  const names = Object.keys(ICMP).filter((name) =>
    name.toLowerCase().startsWith(text.toLowerCase()),
  );
  const name =
    names.find((one) => one.toLowerCase() === text.toLowerCase()) ??
    (names.length === 1 ? names[0] : undefined);
  if (name === undefined || text === "") return null;
  const [type, code] = ICMP[name]!;
  return [type, code ?? null];
}

function readIcmp(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const found = icmpType(word!.text) ?? refuse(draft, `Unknown ICMP type \`${word!.text}'`, word!);
  const [type, code] = found;
  // `any` fits every type.
  if (type === 255 && !not) return;
  if (code === null) draft.matches.push(single("icmp-type", type, not));
  else if (not) draft.matches.push({ kind: "unsimulated", what: "! --icmp-type TYPE/CODE" });
  else draft.matches.push(single("icmp-type", type), single("icmp-code", code));
}

const STATES: readonly CtState[] = ["invalid", "new", "established", "related", "untracked"];

function readState(draft: Draft, word: ShellWord, not: boolean, key: "state" | "ctstate"): void {
  const names = word.text.split(",").map((name) => name.toLowerCase());
  const nat = names.filter((name) => key === "ctstate" && (name === "snat" || name === "dnat"));
  const states = names.filter((name) => !nat.includes(name));
  for (const [index, name] of names.entries())
    if (!nat.includes(name) && !STATES.includes(name as CtState))
      refuse(draft, `Bad ${key} "${word.text.split(",")[index]}"`, word);
  if (nat.length === 0) draft.matches.push({ kind: "ct-state", not, states: states as CtState[] });
  else if (names.length === 1)
    draft.matches.push({ kind: "ct-status", not, status: nat[0] as "snat" | "dnat" });
  else draft.matches.push({ kind: "unsimulated", what: `--ctstate ${word.text}` });
}

function readStatus(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const known = ["none", "expected", "seen_reply", "assured", "confirmed"];
  for (const name of word!.text.split(","))
    if (!known.includes(name.toLowerCase())) refuse(draft, `Bad ctstatus "${name}"`, word!);
  // A connection that had an answer is one that is established.
  if (word!.text.toLowerCase() === "seen_reply")
    draft.matches.push({ kind: "ct-state", not, states: ["established"] });
  else draft.matches.push({ kind: "unsimulated", what: `--ctstatus ${word!.text}` });
}

function readDirection(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const name = word!.text.toLowerCase();
  if (name !== "original" && name !== "reply")
    refuse(draft, `conntrack: Bad value for "--ctdir" option: "${word!.text}"`, word!);
  const direction = (name === "original") === !not ? "original" : "reply";
  draft.matches.push({ kind: "ct-direction", direction });
}

/** `1` or `0x1/0xff` */
export function markOf(text: string): readonly [value: number, mask: number] | null {
  const [value = "", mask, ...more] = text.split("/");
  const first = integerIn(value, 0, 0xffffffff);
  const second = mask === undefined ? 0xffffffff : integerIn(mask, 0, 0xffffffff);
  return first === null || second === null || more.length > 0 ? null : [first, second];
}

function readMark(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const [value, mask] = markOf(word!.text) ?? badInteger(draft, "mark", "mark", word!);
  draft.matches.push(field("mark", [[value, value]], not, mask === 0xffffffff ? undefined : mask));
}

function readConnmark(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const [value, mask] = markOf(word!.text) ?? badInteger(draft, "connmark", "mark", word!);
  draft.matches.push({ kind: "ct-mark", not, value, mask });
}

export function badInteger(draft: Draft, name: string, option: string, at: ShellWord): never {
  return refuse(draft, `${name}: bad integer value for option "--${option}", or out of range.`, at);
}

function readMac(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const mac = macOf(word!.text) ?? refuse(draft, "Invalid MAC address specified.", word!);
  draft.matches.push(single("smac", macNumber(mac), not));
}

function readRange(draft: Draft, which: "src" | "dst", word: ShellWord, not: boolean): void {
  const range =
    addressRange(word.text) ?? refuse(draft, `iprange: Bad IP address \`${word.text}'`, word);
  if (range[0] > range[1]) refuse(draft, "iprange: Bad IP range", word);
  draft.matches.push(field(which, [range], not));
}

const TYPES = ["local", "unicast", "broadcast", "multicast"] as const;
const OTHER_TYPES = [
  "unspec",
  "anycast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
  "xresolve",
];

function readType(draft: Draft, which: "src" | "dst", word: ShellWord, not: boolean): void {
  const names = word.text.split(",").map((name) => name.toLowerCase());
  for (const name of names)
    if (![...TYPES, ...OTHER_TYPES].includes(name))
      refuse(draft, `addrtype: bad type "${name}"`, word);
  const types = TYPES.filter((type) => names.includes(type));
  if (types.length === names.length)
    draft.matches.push({ kind: "address-type", which, not, types });
  else draft.matches.push({ kind: "unsimulated", what: `-m addrtype ${word.text}` });
}

function readPort(draft: Draft, direction: "in" | "out", word: ShellWord, not: boolean): void {
  draft.matches.push({ kind: "iface", direction, port: true, not, names: [word.text] });
}

function readLength(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const [low = "", high = low] = word!.text.split(":");
  const first = integerIn(low === "" ? "0" : low, 0, 65_535);
  const last = integerIn(high === "" ? "65535" : high, 0, 65_535);
  if (first === null || last === null) badInteger(draft, "length", "length", word!);
  draft.matches.push(field("length", [[first!, last!]], not));
}

function readTtl(draft: Draft, word: ShellWord, not: boolean, how: "eq" | "lt" | "gt"): void {
  const value = integerIn(word.text, 0, 255) ?? badInteger(draft, "ttl", `ttl-${how}`, word);
  const range: Match =
    how === "eq"
      ? single("ttl", value, not)
      : field("ttl", how === "lt" ? [[0, value - 1]] : [[value + 1, 255]], not);
  draft.matches.push(range);
}

function readDscp(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const value = integerIn(word!.text, 0, 63) ?? badInteger(draft, "dscp", "dscp", word!);
  draft.matches.push(single("dscp", value, not));
}

function readDscpClass(draft: Draft, [word]: readonly ShellWord[], not: boolean): void {
  const value =
    dscpClass(word!.text) ?? refuse(draft, `Invalid DSCP value \`${word!.text}'`, word!);
  draft.matches.push(single("dscp", value, not));
}
