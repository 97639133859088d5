import type { Flow, FlowAction, FlowMatch, FlowPort, FlowTerm } from "../../../model/openflow.ts";
import { integer, integerIn, Refused } from "../arguments.ts";
import { partOf, type ShellWord } from "../placed.ts";
import { readActions } from "./actions.ts";
import { fieldNamed, readField, SHORTHANDS } from "./fields.ts";

/** What a flow's text says; without `table`, `priority` and `cookie` where they are not said. */
export type FlowText = {
  readonly table: number | null;
  readonly priority: number | null;
  readonly cookie: string | null;
  readonly match: FlowMatch;
  readonly actions: readonly FlowAction[];
  readonly outPort: FlowPort | null;
  readonly at: ShellWord;
};

/** As the switch takes it: table 0 and priority 32768 unless said. */
export function flowOf(text: FlowText): Flow {
  const { match, actions, cookie } = text;
  return {
    table: text.table ?? 0,
    priority: text.priority ?? 32_768,
    match,
    actions,
    cookie,
    because: text.at.span,
  };
}

export function refuse(said: string, at: ShellWord): never {
  throw new Refused(`ovs-ofctl: ${said}`, at);
}

/** Read `priority=5,ip,nw_dst=10.0.0.1,actions=output:2`. Throws as the program refuses. */
export function readFlow(text: ShellWord, wants: "actions" | "match", strict = true): FlowText {
  const start = text.text.search(/\bactions?\s*=/);
  const fields = start === -1 ? text : partOf(text, 0, start);
  const actions =
    start === -1 ? null : partOf(text, text.text.indexOf("=", start) + 1, text.text.length);
  const draft: Draft = {
    table: null,
    priority: null,
    cookie: null,
    inPort: null,
    outPort: null,
    terms: [],
    unsimulated: [],
  };
  for (const pair of pairsOf(fields)) readPair(draft, pair);
  if (!actions && wants === "actions") refuse("must specify an action", text);
  if (actions && wants === "match") refuse("unknown keyword actions", actions);
  if (wants === "match" && !strict && draft.priority !== null)
    refuse("unknown keyword priority", text);
  const match = {
    inPort: draft.inPort,
    terms: possible(draft.terms),
    unsimulated: draft.unsimulated,
  };
  const { table, priority, cookie, outPort } = draft;
  const done = actions ? readActions(actions) : [];
  if (actions) checkAgainst(match.terms, table ?? 0, done, actions);
  return { table, priority, cookie, outPort, match, actions: done, at: text };
}

type Draft = {
  table: number | null;
  priority: number | null;
  cookie: string | null;
  inPort: FlowPort | null;
  outPort: FlowPort | null;
  terms: FlowTerm[];
  unsimulated: string[];
};

type Pair = { readonly key: ShellWord; readonly value: ShellWord | null };

// Keys and values between commas or blanks; brackets belong together.
function pairsOf(text: ShellWord): Pair[] {
  const pairs: Pair[] = [];
  for (const match of text.text.matchAll(
    /([^\s,=(]+)(?:=((?:\([^)]*\)|"[^"]*"|[^\s,])*)|\(([^)]*)\))?/g,
  )) {
    const from = match.index;
    const [whole, key = "", value, inner] = match;
    const word = partOf(text, from, from + key.length);
    const said = value ?? inner;
    const at = from + whole.length - (said?.length ?? 0) - (inner === undefined ? 0 : 1);
    pairs.push({
      key: word,
      value: said === undefined ? null : partOf(text, at, at + said.length),
    });
  }
  return pairs;
}

const FLAGS = new Set([
  "send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts", "allow_hidden_fields",
]); // prettier-ignore
const IDLE = new Set([
  "idle_timeout",
  "hard_timeout",
  "importance",
  "duration",
  "n_packets",
  "n_bytes",
  "idle_age",
  "hard_age",
]);

function readPair(draft: Draft, { key, value }: Pair): void {
  const name = key.text;
  if (value === null) {
    if (Object.hasOwn(SHORTHANDS, name)) draft.terms.push(...SHORTHANDS[name]!);
    else if (!FLAGS.has(name)) refuse(`field ${name} missing value`, key);
    return;
  }
  switch (name) {
    case "table":
      draft.table = integerIn(value.text, 0, 255) ?? refuse(`unknown table "${value.text}"`, value);
      return;
    case "priority":
      draft.priority =
        integerIn(value.text, 0, 65_535) ?? refuse(`invalid priority "${value.text}"`, value);
      return;
    case "cookie":
      draft.cookie = value.text;
      return;
    case "in_port":
    case "in_port_oxm":
      draft.inPort =
        readPort(value) ?? refuse(`${value.text}: invalid or unknown port for in_port`, value);
      return;
    case "out_port":
      draft.outPort =
        readPort(value) ?? refuse(`${value.text} is not a valid OpenFlow port`, value);
      return;
    case "out_group":
      draft.unsimulated.push(name);
      return;
  }
  if (IDLE.has(name)) {
    if (integer(value.text.replace(/s$/, "")) === null && !/^[\d.]+s?$/.test(value.text))
      refuse(`invalid ${name} "${value.text}"`, value);
    return;
  }
  const field = fieldNamed(name);
  if (field === null) refuse(`unknown keyword ${name}`, key);
  else if (field === "beyond") draft.unsimulated.push(name);
  else draft.terms.push(...readField(field, name, value, draft.terms));
}

/** A port by number, name, or `LOCAL`; `null` for what is none. */
export function readPort(word: ShellWord): FlowPort | null {
  const text = word.text.replace(/^"(.*)"$/, "$1");
  if (/^local$/i.test(text)) return "LOCAL";
  const number = integer(text);
  if (number !== null) {
    if (number === 0xfffe || number === 0xfffffffe) return "LOCAL";
    return number <= 0xffff ? number : null;
  }
  return /^[A-Za-z_][\w.@:-]{0,14}$/.test(text) ? { name: text } : null;
}

// What an action changes must be there in every packet that fits.
function checkAgainst(
  terms: readonly FlowTerm[],
  table: number,
  actions: readonly FlowAction[],
  at: ShellWord,
): void {
  const inconsistent = "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)";
  for (const action of actions) {
    if (action.kind === "track" && !isIp(terms)) refuse(inconsistent, at);
    if (action.kind === "goto" && action.table < table)
      refuse("actions are invalid with specified match (OFPBIC_BAD_TABLE_ID)", at);
    // The old `mod_…` actions ask for nothing; `set_field` and `load` do.
    if (action.kind !== "set" || !action.strict) continue;
    const term = { field: action.field, value: 0, mask: null };
    if (possible([...terms, term]).length === terms.length) refuse(inconsistent, at);
  }
}

function isIp(terms: readonly FlowTerm[]): boolean {
  return terms.some(
    ({ field, value, mask }) =>
      field === "ethertype" && mask === null && (value === 0x800 || value === 0x86dd),
  );
}

// What a field needs to be there: the switch leaves out terms that lack it.
function possible(terms: readonly FlowTerm[]): FlowTerm[] {
  const exact = (field: string) =>
    terms.filter((term) => term.field === field && term.mask === null).map((term) => term.value);
  const [ethertype] = exact("ethertype");
  const [protocol] = exact("proto");
  const overIp = isIp(terms);
  return terms.filter(({ field }) => {
    switch (field) {
      case "ip-src":
      case "ip-dst":
      case "proto":
      case "dscp":
      case "ecn":
      case "ttl":
      case "fragment":
        return overIp;
      case "src-port":
      case "dst-port":
        return overIp && [6, 17, 132].includes(protocol ?? 0);
      case "tcp-flags":
        return overIp && protocol === 6;
      case "icmp-type":
      case "icmp-code":
        return overIp && (protocol === 1 || protocol === 58);
      case "arp-op":
      case "arp-spa":
      case "arp-tpa":
      case "arp-sha":
      case "arp-tha":
        return ethertype === 0x806 || ethertype === 0x8035;
      default:
        return true;
    }
  });
}
