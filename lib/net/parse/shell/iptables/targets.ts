import type { Range } from "../../../model/network.ts";
import { maskLength, networkOf, parseIp } from "../../../model/prefix.ts";
import { integerIn } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { addressRange, dscpClass, type ParsedAction } from "../rule.ts";
import { refuse, type Draft, type Option, type Options } from "./draft.ts";
import { badInteger, markOf } from "./matches.ts";

export type Target = {
  /** What the target does when no option says more; `null` when an option must. */
  readonly plain: ParsedAction | null;
  readonly options: Options;
  /** What is said when the option is missing. */
  readonly missing?: string;
};

const NOTHING: ParsedAction = { kind: "continue" };
const ignored: Option = { args: 1, read: () => {} };
const flag: Option = { args: 0, read: () => {} };

const set = (read: (draft: Draft, word: ShellWord) => ParsedAction): Option => ({
  args: 1,
  read: (draft, [word]) => void (draft.action = read(draft, word!)),
});

/** The targets of iptables, but for chains, and their options. */
export const TARGETS: Readonly<Record<string, Target>> = {
  ACCEPT: { plain: { kind: "accept" }, options: {} },
  DROP: { plain: { kind: "drop" }, options: {} },
  RETURN: { plain: { kind: "return" }, options: {} },
  QUEUE: beyond("QUEUE"),
  REJECT: {
    plain: { kind: "reject", with: "port-unreachable" },
    options: {
      "reject-with": set((draft, word) => ({ kind: "reject", with: rejectType(draft, word) })),
    },
  },
  LOG: {
    plain: NOTHING,
    options: {
      "log-level": ignored,
      "log-prefix": ignored,
      "log-tcp-sequence": flag,
      "log-tcp-options": flag,
      "log-ip-options": flag,
      "log-uid": flag,
      "log-macdecode": flag,
    },
  },
  NFLOG: {
    plain: NOTHING,
    options: {
      "nflog-group": ignored,
      "nflog-prefix": ignored,
      "nflog-range": ignored,
      "nflog-size": ignored,
      "nflog-threshold": ignored,
    },
  },
  TRACE: { plain: NOTHING, options: {} },
  CHECKSUM: { plain: NOTHING, options: { "checksum-fill": flag } },
  CLASSIFY: { plain: NOTHING, options: { "set-class": ignored } },
  TCPMSS: { plain: NOTHING, options: { "set-mss": ignored, "clamp-mss-to-pmtu": flag } },
  MARK: {
    plain: null,
    missing: "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
    options: {
      "set-mark": set((draft, word) =>
        marked(draft, word, "set-mark", (value, mask) => [value, mask]),
      ),
      "set-xmark": set((draft, word) => xmarked(draft, word)),
      "or-mark": set((draft, word) => marked(draft, word, "or-mark", (value) => [value, value])),
      "and-mark": set((draft, word) =>
        marked(draft, word, "and-mark", (value) => [0, ~value >>> 0]),
      ),
      "xor-mark": set(() => ({ kind: "unsimulated", what: "MARK --xor-mark" })),
    },
  },
  CONNMARK: {
    plain: null,
    missing: "CONNMARK target: No operation specified",
    options: {
      "set-mark": set((draft, word) => connmarked(draft, word)),
      "set-xmark": set((draft, word) => connmarked(draft, word)),
      "save-mark": { args: 0, read: (draft) => void (draft.action = moved("save")) },
      "restore-mark": { args: 0, read: (draft) => void (draft.action = moved("restore")) },
      mask: { args: 1, read: readMask },
      nfmask: { args: 1, read: readMask },
      ctmask: { args: 1, read: readMask },
      "or-mark": set(() => ({ kind: "unsimulated", what: "CONNMARK --or-mark" })),
      "and-mark": set(() => ({ kind: "unsimulated", what: "CONNMARK --and-mark" })),
      "xor-mark": set(() => ({ kind: "unsimulated", what: "CONNMARK --xor-mark" })),
    },
  },
  DNAT: {
    plain: null,
    missing: 'DNAT: option "--to-destination" must be specified',
    options: {
      "to-destination": set((draft, word) => rewritten(draft, word, "dnat")),
      ...spread(),
    },
  },
  SNAT: {
    plain: null,
    missing: 'SNAT: option "--to-source" must be specified',
    options: { "to-source": set((draft, word) => rewritten(draft, word, "snat")), ...spread() },
  },
  MASQUERADE: {
    plain: { kind: "masquerade", ports: null },
    options: {
      "to-ports": set((draft, word) => ({ kind: "masquerade", ports: natPorts(draft, word) })),
      ...spread(),
    },
  },
  REDIRECT: {
    plain: { kind: "redirect", ports: null },
    options: {
      "to-ports": set((draft, word) => ({ kind: "redirect", ports: natPorts(draft, word) })),
      ...spread(),
    },
  },
  NETMAP: {
    plain: null,
    missing: 'NETMAP: option "--to" must be specified',
    options: { to: set(mapped) },
  },
  NOTRACK: { plain: { kind: "no-track" }, options: {} },
  CT: {
    plain: { kind: "unsimulated", what: "The target CT" },
    options: {
      notrack: { args: 0, read: (draft) => void (draft.action = { kind: "no-track" }) },
      helper: set(() => ({ kind: "unsimulated", what: "CT --helper" })),
      zone: set(() => ({ kind: "unsimulated", what: "CT --zone" })),
      ctevents: ignored,
      timeout: ignored,
    },
  },
  DSCP: {
    plain: null,
    missing: "DSCP target: Parameter --set-dscp is required",
    options: {
      "set-dscp": set((draft, word) => ({
        kind: "dscp",
        value: integerIn(word.text, 0, 63) ?? badInteger(draft, "DSCP", "set-dscp", word),
      })),
      "set-dscp-class": set((draft, word) => ({
        kind: "dscp",
        value: dscpClass(word.text) ?? refuse(draft, `Invalid DSCP value \`${word.text}'`, word),
      })),
    },
  },
  TOS: {
    plain: null,
    missing: "TOS: An action is required",
    options: {
      "set-tos": set(tosSet),
      "and-tos": set(() => ({ kind: "unsimulated", what: "TOS --and-tos" })),
      "or-tos": set(() => ({ kind: "unsimulated", what: "TOS --or-tos" })),
      "xor-tos": set(() => ({ kind: "unsimulated", what: "TOS --xor-tos" })),
    },
  },
  TTL: beyond("TTL"),
  TEE: beyond("TEE"),
  TPROXY: beyond("TPROXY"),
  NFQUEUE: beyond("NFQUEUE"),
  SET: beyond("SET"),
  SYNPROXY: beyond("SYNPROXY"),
  ECN: beyond("ECN"),
  CLUSTERIP: beyond("CLUSTERIP"),
  IDLETIMER: beyond("IDLETIMER"),
  AUDIT: beyond("AUDIT"),
};

function beyond(name: string): Target {
  return { plain: { kind: "unsimulated", what: `The target ${name}` }, options: {} };
}

function spread(): Options {
  return { random: flag, "random-fully": flag, persistent: flag };
}

const REJECTS: Readonly<Record<string, string>> = {
  "icmp-net-unreachable": "net-unreachable",
  "net-unreach": "net-unreachable",
  "icmp-host-unreachable": "host-unreachable",
  "host-unreach": "host-unreachable",
  "icmp-port-unreachable": "port-unreachable",
  "port-unreach": "port-unreachable",
  "icmp-proto-unreachable": "proto-unreachable",
  "proto-unreach": "proto-unreachable",
  "icmp-net-prohibited": "net-prohibited",
  "net-prohib": "net-prohibited",
  "icmp-host-prohibited": "host-prohibited",
  "host-prohib": "host-prohibited",
  "icmp-admin-prohibited": "admin-prohibited",
  "admin-prohib": "admin-prohibited",
  "tcp-reset": "tcp-reset",
  "tcp-rst": "tcp-reset",
};

function rejectType(draft: Draft, word: ShellWord): string {
  const known = Object.keys(REJECTS).find(
    (name) => word.text !== "" && name.startsWith(word.text.toLowerCase()),
  );
  return known ? REJECTS[known]! : refuse(draft, `unknown reject type "${word.text}"`, word);
}

function marked(
  draft: Draft,
  word: ShellWord,
  option: string,
  make: (value: number, mask: number) => readonly [number, number],
): ParsedAction {
  const [value, mask] = markOf(word.text) ?? badInteger(draft, "MARK", option, word);
  const [result, under] = make(value, mask);
  return { kind: "mark", value: result, mask: under };
}

// Bits under the mask go, then the value is xored in: a plain set while the value lies under the mask.
function xmarked(draft: Draft, word: ShellWord): ParsedAction {
  const [value, mask] = markOf(word.text) ?? badInteger(draft, "MARK", "set-xmark", word);
  if ((value & ~mask) >>> 0 !== 0) return { kind: "unsimulated", what: "MARK --set-xmark" };
  return { kind: "mark", value, mask };
}

function connmarked(draft: Draft, word: ShellWord): ParsedAction {
  const [value, mask] = markOf(word.text) ?? badInteger(draft, "CONNMARK", "set-mark", word);
  return { kind: "ct-mark", what: "set", value, mask };
}

function moved(what: "save" | "restore"): ParsedAction {
  return { kind: "ct-mark", what, value: 0, mask: 0xffffffff };
}

function readMask(draft: Draft, [word]: readonly ShellWord[]): void {
  const mask = integerIn(word!.text, 0, 0xffffffff) ?? badInteger(draft, "CONNMARK", "mask", word!);
  if (draft.action?.kind === "ct-mark") draft.action = { ...draft.action, mask };
}

// `A`, `A-B`, `A:P`, `A:P-Q`, `:P`
function rewritten(draft: Draft, word: ShellWord, kind: "dnat" | "snat"): ParsedAction {
  const [address = "", ports, ...more] = word.text.split(":");
  if (more.length > 0) refuse(draft, `Invalid port:port syntax - use dash`, word);
  const addresses =
    address === "" && ports !== undefined
      ? null
      : (addressRange(address) ?? refuse(draft, `Bad IP address "${address}"`, word));
  const range = ports === undefined ? null : natPorts(draft, { ...word, text: ports });
  return { kind, to: { addresses, ports: range } };
}

function natPorts(draft: Draft, word: ShellWord): Range {
  if (!draft.protocol || draft.protocol.not || ![6, 17, 33, 132].includes(draft.protocol.number))
    refuse(draft, "Need TCP, UDP, SCTP or DCCP with port specification", word);
  const [low = "", high = low] = word.text.split("/")[0]!.split("-");
  const [first, last] = [integerIn(low, 1, 65_535), integerIn(high, 1, 65_535)];
  if (first === null || last === null) refuse(draft, `Port \`${word.text}' not valid`, word);
  if (first! > last!) refuse(draft, `Port range \`${word.text}' funky`, word);
  return [first!, last!];
}

function mapped(draft: Draft, word: ShellWord): ParsedAction {
  const [address = "", bits = "32"] = word.text.split("/");
  const ip = parseIp(address);
  const mask = parseIp(bits);
  const length = mask === null ? integerIn(bits, 0, 32) : maskLength(mask);
  if (ip === null || length === null) return refuse(draft, `Bad IP address "${word.text}"`, word);
  const to = networkOf(ip, length);
  const which = draft.chain === "PREROUTING" || draft.chain === "OUTPUT" ? "dst" : "src";
  return { kind: "netmap", which, to };
}

const TOS: Readonly<Record<string, number>> = {
  "minimize-delay": 16, "maximize-throughput": 8, "maximize-reliability": 4, "minimize-cost": 2, "normal-service": 0,
}; // prettier-ignore

function tosSet(draft: Draft, word: ShellWord): ParsedAction {
  const name = word.text.toLowerCase();
  const [value = "", mask] = word.text.split("/");
  const tos = Object.hasOwn(TOS, name) ? TOS[name]! : integerIn(value, 0, 255);
  if (tos === null) return badInteger(draft, "TOS", "set-tos", word);
  if (mask !== undefined && ![0xff, 0xfc].includes(integerIn(mask, 0, 255) ?? 0))
    return { kind: "unsimulated", what: "TOS --set-tos with a mask" };
  return { kind: "dscp", value: tos >> 2 };
}
