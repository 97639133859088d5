import {
  bitsOf,
  type FlowAction,
  type FlowBits,
  type FlowField,
  type FlowPort,
  type FlowTracking,
} from "../../../model/openflow.ts";
import type { Range } from "../../../model/network.ts";
import type { Ip } from "../../../model/prefix.ts";
import { integer, integerIn, macNumber, macOf, Refused } from "../arguments.ts";
import { partOf, type ShellWord } from "../placed.ts";
import { fieldNamed, looseIp, valueOfField } from "./fields.ts";

function refuse(said: string, at: ShellWord): never {
  throw new Refused(`ovs-ofctl: ${said}`, at);
}

// `clone(clone(…))` is not read deeper than this.
const MAX_DEPTH = 20;

/** Read the actions of a flow, or those inside `clone(…)`. Throws as the program refuses. */
export function readActions(text: ShellWord, depth = 0): FlowAction[] {
  const calls = callsOf(text);
  const [only] = calls;
  const drops = calls.find((call) => call.name.text.toLowerCase() === "drop");
  if (drops && calls.length > 1)
    refuse('"drop" must not be accompanied by any other action or instruction', drops.name);
  if (drops || !only) return [];
  const actions = calls.flatMap((call) => readAction(call, depth));
  const jump = calls.findIndex((call) => call.name.text === "goto_table");
  if (jump !== -1 && jump < calls.length - 1)
    refuse(
      "invalid instruction ordering: apply_actions must appear before goto_table, for OpenFlow 1.1+ compatibility",
      calls[jump]!.name,
    );
  return actions;
}

type Call = { readonly name: ShellWord; readonly value: ShellWord; readonly whole: ShellWord };

// `name`, `name:value`, `name=value` and `name(value)`, between commas or blanks.
function callsOf(text: ShellWord): Call[] {
  const source = text.text;
  const calls: Call[] = [];
  let at = 0;
  while (at < source.length) {
    if (/[\s,]/.test(source[at]!)) {
      at++;
      continue;
    }
    const from = at;
    while (at < source.length && !/[\s,:=(]/.test(source[at]!)) at++;
    const name = partOf(text, from, at);
    const bracketed = source[at] === "(";
    if (source[at] === ":" || source[at] === "=") at++;
    const start = bracketed ? at + 1 : at;
    at = endOf(source, at);
    const end = bracketed && source[at - 1] === ")" ? at - 1 : at;
    calls.push({
      name,
      value: partOf(text, start, Math.max(start, end)),
      whole: partOf(text, from, at),
    });
    if (at === from) at++;
  }
  return calls;
}

function endOf(source: string, from: number): number {
  let depth = 0;
  let at = from;
  for (; at < source.length; at++) {
    const c = source[at]!;
    if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (depth <= 0 && /[\s,]/.test(c)) break;
  }
  return at;
}

// Real actions that are not simulated.
const BEYOND = new Set(
  "learn group conjunction enqueue bundle bundle_load multipath stack_push push pop mpls_push push_mpls pop_mpls set_mpls_label set_mpls_tc set_mpls_ttl dec_mpls_ttl fin_timeout sample write_metadata write_actions clear_actions encap decap check_pkt_larger delete_field ct_clear copy_ttl_in copy_ttl_out push_pbb pop_pbb".split(
    " ",
  ),
);

// Those that no packet's way depends on.
const IDLE = new Set(["set_queue", "pop_queue", "note", "meter", "debug_slow", "debug_recirc"]);

function readAction({ name, value, whole }: Call, depth: number): FlowAction[] {
  const key = name.text;
  const simple = reserved(key);
  if (simple) return [simple];
  if (IDLE.has(key)) return [];
  if (BEYOND.has(key)) return [{ kind: "unsimulated", what: `ovs-ofctl ${key}` }];
  switch (key) {
    case "output":
      return [output(value)];
    case "mod_dl_src":
    case "mod_dl_dst":
      return [set(key === "mod_dl_src" ? "eth-src" : "eth-dst", macValue(value))];
    case "mod_nw_src":
    case "mod_nw_dst":
      return [set(key === "mod_nw_src" ? "ip-src" : "ip-dst", ipValue(value))];
    case "mod_tp_src":
    case "mod_tp_dst":
      return [set(key === "mod_tp_src" ? "src-port" : "dst-port", small(value, 0xffff, "port"))];
    case "mod_nw_tos":
      return [set("dscp", small(value, 255, "TOS") >> 2)];
    case "mod_nw_ecn":
      return [set("ecn", small(value, 3, "ECN"))];
    case "mod_nw_ttl":
      return [set("ttl", small(value, 255, "TTL"))];
    case "set_tunnel":
    case "set_tunnel64":
      return [
        set("tunnel", integer(value.text) ?? refuse(`invalid tunnel id "${value.text}"`, value)),
      ];
    case "mod_vlan_vid":
    case "set_vlan_vid":
      return [{ kind: "set-vlan", vid: vlan(value) }];
    case "mod_vlan_pcp":
    case "set_vlan_pcp": {
      const priority = integerIn(value.text, 0, 7);
      if (priority === null) return refuse(`${value.text}: not a valid VLAN PCP`, value);
      return [{ kind: "set-vlan-priority", priority }];
    }
    case "strip_vlan":
    case "pop_vlan":
      return [{ kind: "pop-vlan" }];
    case "push_vlan": {
      const ethertype = integer(value.text);
      if (ethertype !== 0x8100 && ethertype !== 0x88a8)
        return refuse(`${value.text}: not a valid VLAN ethertype`, value);
      return [{ kind: "push-vlan", ethertype }];
    }
    case "dec_ttl":
      return [{ kind: "dec-ttl" }];
    case "set_field":
    case "set":
      return setField(value);
    case "load":
      return load(value);
    case "move":
      return [move(value)];
    case "resubmit":
      return [resubmit(value)];
    case "goto_table": {
      const table = integerIn(value.text, 0, 254);
      return [{ kind: "goto", table: table ?? refuse(`unknown table "${value.text}"`, value) }];
    }
    case "ct":
      return [track(value)];
    case "clone":
      if (depth >= MAX_DEPTH) return [{ kind: "unsimulated", what: "clone this deep" }];
      return [{ kind: "clone", actions: readActions(value, depth + 1) }];
    case "exit":
      return [{ kind: "exit" }];
    case "apply_actions":
      return refuse("apply_actions is the default instruction", name);
  }
  // A port alone is an output to it; whether a name is that of a port, the switch knows.
  const port = value.text === "" ? portOf(name) : null;
  return port === null
    ? refuse(`unknown action ${key || whole.text}`, name)
    : [{ kind: "output", port }];
}

function reserved(text: string): FlowAction | null {
  switch (text.toLowerCase()) {
    case "normal":
      return { kind: "normal" };
    case "flood":
      return { kind: "flood" };
    case "all":
      return { kind: "all" };
    case "in_port":
      return { kind: "in-port" };
    case "local":
      return { kind: "output", port: "LOCAL" };
    case "controller":
      return { kind: "controller" };
    case "table":
      return { kind: "unsimulated", what: "ovs-ofctl TABLE" };
    case "none":
      return null;
  }
  return null;
}

function portOf(word: ShellWord): FlowPort | null {
  const text = word.text.replace(/^"(.*)"$/, "$1");
  if (/^local$/i.test(text)) return "LOCAL";
  const number = integer(text);
  if (number !== null) return number <= 0xffff ? number : null;
  return /^[A-Za-z_][\w.@:-]{0,14}$/.test(text) ? { name: text } : null;
}

function output(value: ShellWord): FlowAction {
  const named = reserved(value.text);
  if (named) return named;
  if (value.text.includes("[") || value.text.includes("="))
    return { kind: "unsimulated", what: `ovs-ofctl output:${value.text}` };
  const port = portOf(value);
  return port === null
    ? refuse(`${value.text}: output to unknown port`, value)
    : { kind: "output", port };
}

function set(
  field: FlowField,
  value: number,
  mask: number | null = null,
  strict = false,
): FlowAction {
  return { kind: "set", field, value, mask, strict };
}

function macValue(word: ShellWord): number {
  const mac = macOf(word.text);
  return mac === null ? refuse(`${word.text}: invalid Ethernet address`, word) : macNumber(mac);
}

function ipValue(word: ShellWord): number {
  return looseIp(word.text) ?? refuse(`${word.text}: invalid IP address`, word);
}

function small(word: ShellWord, most: number, what: string): number {
  return integerIn(word.text, 0, most) ?? refuse(`invalid ${what} "${word.text}"`, word);
}

function vlan(word: ShellWord): number {
  const vid = integerIn(word.text, 0, 4095);
  return vid ?? refuse(`${word.text}: not a valid VLAN VID`, word);
}

// `VALUE[/MASK]->FIELD`
function setField(value: ShellWord): FlowAction[] {
  const arrow = value.text.lastIndexOf("->");
  if (arrow === -1) return refuse(`${value.text}: missing \`->'`, value);
  const [text = "", bits] = value.text.slice(0, arrow).trim().split("/");
  const name = value.text.slice(arrow + 2).trim();
  return setNamed(name, text, bits ?? null, value);
}

function setNamed(name: string, text: string, bits: string | null, at: ShellWord): FlowAction[] {
  const known = fieldNamed(name);
  if (known === null) return refuse(`${name} is not a valid OXM field name`, at);
  const bad = () => refuse(`${text}: bad syntax for ${name} value`, at);
  if (known === "vlan_vid" || known === "dl_vlan") {
    // The bit that says there is a tag comes with the number.
    const vid = integerIn(text, 0, 0x1fff) ?? bad();
    return [{ kind: "set-vlan", vid: vid & 0xfff }];
  }
  if (known === "dl_vlan_pcp")
    return [{ kind: "set-vlan-priority", priority: integerIn(text, 0, 7) ?? bad() }];
  if (known === "nw_tos") return [set("dscp", (integerIn(text, 0, 255) ?? bad()) >> 2)];
  const field = plain(known);
  if (field === null) return [{ kind: "unsimulated", what: `ovs-ofctl set_field … ${name}` }];
  const value = valueOfField(field, text) ?? bad();
  const mask = bits === null ? null : (valueOfField(field, bits) ?? bad());
  return [set(field, value, mask, true)];
}

// The field that is written; `null` for those that are not.
function plain(name: ReturnType<typeof fieldNamed>): FlowField | null {
  switch (name) {
    case "nw_src":
      return "ip-src";
    case "nw_dst":
      return "ip-dst";
    case "tp_src":
      return "src-port";
    case "tp_dst":
      return "dst-port";
    case "nw_proto":
    case "vlan":
    case "fragment":
    case "dl_vlan":
    case "dl_vlan_pcp":
    case "vlan_vid":
    case "nw_tos":
    case "beyond":
    case null:
      return null;
    default:
      return name;
  }
}

// `FIELD[]`, `FIELD[0..15]`, `FIELD[3]`
function bitsNamed(text: string): FlowBits | "vlan" | null {
  const match = /^(\w+)(?:\[(?:(\d+)(?:\.\.(\d+))?)?\])?$/.exec(text.trim());
  if (!match) return null;
  const known = fieldNamed(match[1]!);
  if (known === "vlan" || known === "vlan_vid" || known === "dl_vlan") return "vlan";
  const field = plain(known);
  if (field === null) return null;
  const from = match[2] === undefined ? 0 : Number(match[2]);
  const last =
    match[3] === undefined ? (match[2] === undefined ? bitsOf(field) - 1 : from) : Number(match[3]);
  return { field, from, bits: last - from + 1 };
}

// `VALUE->FIELD[BITS]`
function load(value: ShellWord): FlowAction[] {
  const arrow = value.text.lastIndexOf("->");
  if (arrow === -1) return refuse(`${value.text}: missing \`->'`, value);
  const number = integer(value.text.slice(0, arrow).trim());
  if (number === null) return refuse(`${value.text}: bad integer value`, value);
  const target = value.text.slice(arrow + 2);
  const to = bitsNamed(target);
  const whole = /^\w+(\[\])?$/.test(target.trim());
  if (to === "vlan" || to === null) {
    const vlanTag = /^NXM_OF_VLAN_TCI\[(0\.\.11)?\]$/.exec(target.trim());
    if (vlanTag) return [{ kind: "set-vlan", vid: number & 0xfff }];
    if (fieldNamed(/^\w*/.exec(target)![0]) === null)
      return refuse(`${target.trim().replace(/\[.*$/, "")}: unknown field`, value);
    return [{ kind: "unsimulated", what: `ovs-ofctl load … ${target.trim()}` }];
  }
  if (to.from < 0 || to.bits < 1 || to.from + to.bits > bitsOf(to.field) || number >= 2 ** to.bits)
    return refuse(`${value.text}: value ${number} does not fit into ${to.bits} bits`, value);
  if (whole) return [set(to.field, number, null, true)];
  const mask = (2 ** to.bits - 1) * 2 ** to.from;
  return [set(to.field, number * 2 ** to.from, mask, true)];
}

function move(value: ShellWord): FlowAction {
  const [source = "", target, ...more] = value.text.split("->");
  if (target === undefined || more.length > 0) return refuse(`${value.text}: missing \`->'`, value);
  const [from, to] = [bitsNamed(source), bitsNamed(target)];
  if (from === null || to === null || from === "vlan" || to === "vlan")
    return { kind: "unsimulated", what: `ovs-ofctl move:${value.text}` };
  if (from.bits !== to.bits)
    return refuse(
      `${value.text}: source field is ${from.bits} bits wide but destination is ${to.bits} bits wide`,
      value,
    );
  return { kind: "move", from, to };
}

// `resubmit:PORT`, `resubmit([PORT],[TABLE])`
function resubmit(value: ShellWord): FlowAction {
  const [first = "", second = "", third] = value.text.split(",").map((part) => part.trim());
  if (second === "255" && (first === "" || /^in_port$/i.test(first)))
    return refuse('at least one "in_port" or "table" must be specified on resubmit', value);
  if (third === "ct") return { kind: "unsimulated", what: "ovs-ofctl resubmit(…,ct)" };
  const port =
    first === "" ? null : /^in_port$/i.test(first) ? "IN_PORT" : portOf({ ...value, text: first });
  if (first !== "" && port === null) return refuse(`${first}: resubmit to unknown port`, value);
  const table = second === "" ? null : integerIn(second, 0, 254);
  if (second !== "" && table === null) return refuse(`${second}: resubmit to unknown table`, value);
  return { kind: "resubmit", port, table };
}

function track(value: ShellWord): FlowTracking {
  const made: { -readonly [K in keyof FlowTracking]: FlowTracking[K] } = {
    kind: "track",
    commit: false,
    force: false,
    table: null,
    zone: 0,
    nat: null,
    mark: null,
  };
  for (const { name, value: inner, whole } of callsOf(value)) {
    switch (name.text) {
      case "commit":
        made.commit = true;
        break;
      case "force":
        made.force = true;
        break;
      case "table":
        made.table =
          integerIn(inner.text, 0, 254) ?? refuse(`unknown table "${inner.text}"`, inner);
        break;
      case "zone":
        made.zone = zone(inner);
        break;
      case "nat":
        made.nat = translation(inner);
        break;
      case "exec":
        made.mark = markOf(inner);
        break;
      case "alg":
        break;
      default:
        refuse(`invalid argument to "ct" action: \`${whole.text}'`, name);
    }
  }
  if (made.force && !made.commit) refuse('"force" flag requires "commit" flag.', value);
  return made;
}

function zone(word: ShellWord): number | FlowBits {
  const number = integerIn(word.text, 0, 65_535);
  if (number !== null) return number;
  const bits = bitsNamed(word.text);
  return bits === null || bits === "vlan" ? refuse(`invalid zone "${word.text}"`, word) : bits;
}

// `nat`, `nat(src=A-B:P-Q)`
function translation(word: ShellWord): FlowTracking["nat"] {
  const match = /^(src|dst)(?:=([\d.]+)(?:-([\d.]+))?(?::(\d+)(?:-(\d+))?)?)?/.exec(
    word.text.trim(),
  );
  if (!match) return { which: "restore", addresses: null, ports: null };
  const [, which, first, last = first, low, high = low] = match;
  const [from, to] = [
    first === undefined ? null : looseIp(first),
    last === undefined ? null : looseIp(last),
  ];
  if (first !== undefined && (from === null || to === null))
    refuse(`invalid nat range "${word.text}"`, word);
  const addresses = from === null || to === null ? null : ([from as Ip, to as Ip] as const);
  const ports: Range | null = low === undefined ? null : [Number(low), Number(high)];
  return { which: which as "src" | "dst", addresses, ports };
}

function markOf(word: ShellWord): { value: number; mask: number } | null {
  for (const action of readActions(word, MAX_DEPTH)) {
    if (action.kind === "set" && action.field === "ct-mark")
      return { value: action.value, mask: action.mask ?? 0xffffffff };
  }
  return null;
}
