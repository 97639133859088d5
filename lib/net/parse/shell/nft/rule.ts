import type { CtState, MatchField } from "../../../model/packet-filter.ts";
import type { Range } from "../../../model/network.ts";
import {
  addressRange,
  field,
  normalized,
  single,
  type ParsedAction,
  type ParsedMatch,
  type ParsedRule,
} from "../rule.ts";
import { readSelector, type Selector } from "./fields.ts";
import type { NftFamily, NftRule } from "./command.ts";
import { elementsOf, readElements, readValue, verdictOf } from "./sets.ts";
import type { Token, Tokens } from "./tokens.ts";
import { complaint, CT_STATES, rangeOf, valueOf } from "./values.ts";

/** Read one rule, up to the end of its line. */
export function readRule(it: Tokens, family: NftFamily): NftRule {
  return new RuleReader(it, family).read();
}

// A set that is written out in a rule becomes a part for each element where its keys are no plain fields.
const MAX_PARTS = 10_000;

class RuleReader {
  private readonly it: Tokens;
  private readonly family: NftFamily;
  private readonly parts: ParsedRule[] = [];
  private matches: ParsedMatch[] = [];
  private actions: ParsedAction[] = [];
  private terminal: Token | null = null;
  private limited = false;
  private branched = false;

  constructor(it: Tokens, family: NftFamily) {
    this.it = it;
    this.family = family;
  }

  read(): NftRule {
    if (this.it.ended) this.it.unexpected();
    while (!this.it.ended) this.statement();
    if (this.actions.length > 0 || !this.branched) this.close();
    return { parts: this.parts };
  }

  private close(): void {
    const actions = this.actions.length > 0 ? this.actions : [{ kind: "continue" } as const];
    // What only counts or logs may be limited as it likes.
    const quiet = actions.every((one) => one.kind === "continue");
    const limit: ParsedMatch[] =
      this.limited && !quiet ? [{ kind: "unsimulated", what: "nft limit" }] : [];
    this.add({ matches: [...this.matches, ...limit], actions });
    this.actions = [];
  }

  private add(part: ParsedRule): void {
    if (this.parts.length >= MAX_PARTS) this.it.refuse("too many elements", this.it.peek());
    this.parts.push(part);
  }

  // A match after something was done begins a new part, which wants all matches before it, too.
  private match(match: ParsedMatch): void {
    if (this.actions.some((one) => one.kind !== "continue")) this.close();
    if (!this.matches.some((one) => JSON.stringify(one) === JSON.stringify(match)))
      this.matches.push(match);
  }

  private act(action: ParsedAction, token: Token | null = null): void {
    this.actions.push(action);
    if (token) this.terminal = token;
  }

  private statement(): void {
    const token = this.it.peek();
    if (token.text === "comment" && token.kind === "word") {
      this.it.next();
      this.it.name();
      return;
    }
    if (this.terminal) this.it.refuse("Statement after terminal statement has no effect", token);
    if (token.kind === "word" && this.verdict(token)) return;
    if (token.kind === "word" && this.effect(token)) return;
    this.relation();
  }

  private verdict(token: Token): boolean {
    switch (token.text) {
      case "accept":
      case "drop":
      case "return":
      case "continue":
        this.it.next();
        this.act({ kind: token.text }, token.text === "continue" ? null : token);
        return true;
      case "jump":
      case "goto":
        this.it.next();
        this.act({ kind: token.text, chain: this.it.name().text }, token);
        return true;
      case "reject":
        this.it.next();
        this.act({ kind: "reject", with: this.rejectType() }, token);
        return true;
      case "masquerade":
      case "redirect":
        this.it.next();
        this.act({ kind: token.text, ports: this.portsAfterTo(token) }, token);
        return true;
      case "snat":
      case "dnat":
        this.it.next();
        this.translation(token, token.text);
        return true;
      case "queue":
      case "tproxy":
      case "synproxy":
      case "fwd":
        this.beyond(token);
        this.terminal = token;
        return true;
    }
    return false;
  }

  // Statements after which the rule goes on.
  private effect(token: Token): boolean {
    switch (token.text) {
      case "counter":
        this.it.next();
        if (this.it.take("name")) this.it.name();
        else if (this.it.take("packets")) {
          this.it.name();
          this.it.need("bytes");
          this.it.name();
        }
        return true;
      case "log":
        this.it.next();
        this.log();
        this.act({ kind: "continue" });
        return true;
      case "limit":
        this.it.next();
        this.limit();
        this.limited = true;
        return true;
      case "notrack":
        this.it.next();
        this.act({ kind: "no-track" });
        return true;
      case "quota":
      case "dup":
      case "flow":
      case "add":
      case "update":
      case "delete":
      case "set":
      case "meter":
      case "xt":
      case "reset":
      case "last":
        this.beyond(token);
        return true;
    }
    return false;
  }

  // What is not simulated, with all that belongs to it.
  private beyond(token: Token): void {
    this.it.next();
    let depth = 0;
    while (!this.it.done && (depth > 0 || !this.it.ended)) {
      if (this.it.is("{")) depth++;
      if (this.it.is("}")) depth--;
      this.it.at++;
    }
    this.act({ kind: "unsimulated", what: `nft ${token.text}` });
  }

  private log(): void {
    const options = new Set(["prefix", "level", "group", "snaplen", "queue-threshold", "flags"]);
    while (options.has(this.it.peek().text)) {
      const flags = this.it.next().text === "flags";
      this.it.name();
      while (flags && (this.it.take(",") || ["sequence", "options"].includes(this.it.peek().text)))
        this.it.name();
    }
  }

  private limit(): void {
    if (this.it.take("name")) {
      this.it.name();
      return;
    }
    this.it.need("rate");
    this.it.take("over");
    this.it.name();
    if (this.it.peek().kind === "word" && /^[kmg]?bytes\//.test(this.it.peek().text))
      this.it.next();
    if (this.it.take("/")) this.it.name();
    if (!this.it.take("burst")) return;
    this.it.name();
    this.it.name();
  }

  private rejectType(): string {
    if (!this.it.take("with")) return "port-unreachable";
    const token = this.it.peek();
    if (!["icmp", "icmpv6", "icmpx", "tcp"].includes(token.text))
      this.it.unexpected(token, "icmp or icmpv6 or tcp or icmpx");
    this.it.next();
    if (token.text === "tcp") {
      this.it.need("reset");
      if (!this.matches.some((one) => one.kind === "field" && one.field === "proto"))
        this.match(single("proto", 6));
      return "tcp-reset";
    }
    this.it.take("type");
    return (
      REJECTS[this.it.name().text] ?? this.it.refuse("Could not parse ICMP code", this.it.peek(-1))
    );
  }

  // ---- translation

  private portsAfterTo(token: Token): Range | null {
    let ports: Range | null = null;
    if (this.it.take("to")) {
      this.it.need(":");
      ports = this.ports(token);
    }
    this.natFlags();
    return ports;
  }

  private ports(token: Token): Range {
    const value = this.it.peek();
    const text = readValue(this.it);
    const range =
      rangeOf("inet_service", text) ?? this.it.refuse(complaint("inet_service", text), value);
    const has = this.matches.some(
      (one) => one.kind === "field" && ["proto", "sport", "dport"].includes(one.field),
    );
    if (!has)
      this.it.refuse(
        "transport protocol mapping is only valid after transport protocol match",
        token,
      );
    return range;
  }

  private natFlags(): void {
    while (["random", "fully-random", "persistent"].includes(this.it.peek().text)) {
      this.it.next();
      this.it.take(",");
    }
  }

  private translation(token: Token, kind: "snat" | "dnat"): void {
    let family = "";
    if (this.it.is("ip") || this.it.is("ip6")) {
      // `snat ip to …`, but `snat ip saddr map …` as well.
      if (["to", "prefix", "addr"].includes(this.it.peek(1).text)) family = this.it.next().text;
    }
    if (this.it.is("prefix") || this.it.is("addr")) return this.beyondNat(token);
    this.it.take("to");
    if (this.it.is(":")) {
      this.it.next();
      this.act({ kind, to: { addresses: null, ports: this.ports(token) } }, token);
      return this.natFlags();
    }
    const selector = this.selectors();
    if (selector) return this.translationMap(token, kind, selector);
    const value = this.it.peek();
    const text = readValue(this.it);
    if (family === "ip6" || (value.kind === "word" && text.includes(":")))
      return this.beyondNat(token);
    const addresses =
      addressRange(text) ??
      this.networkRange(text) ??
      this.it.refuse(complaint("ipv4_addr", text), value);
    if (family === "" && this.family === "inet" && !this.seesIpv4())
      this.it.refuse("ip or ip6 must be specified with address for inet tables.", token);
    const ports = this.it.take(":") ? this.ports(token) : null;
    this.act({ kind, to: { addresses, ports } }, token);
    this.natFlags();
  }

  private networkRange(text: string): ReturnType<typeof addressRange> {
    const range = rangeOf("ipv4_addr", text);
    return range as ReturnType<typeof addressRange>;
  }

  private seesIpv4(): boolean {
    return this.matches.some(
      (one) => one.kind === "field" && one.field === "ethertype" && one.ranges[0]?.[0] === 0x800,
    );
  }

  private beyondNat(token: Token): void {
    while (!this.it.ended) this.it.next();
    this.act({ kind: "unsimulated", what: `nft ${token.text} with a map` }, token);
  }

  // `dnat to tcp dport map { 80 : 10.0.0.1 }`: a part for each element.
  private translationMap(
    token: Token,
    kind: "snat" | "dnat",
    selectors: readonly Selector[],
  ): void {
    this.it.need("map");
    if (!this.it.is("{")) return this.beyondNat(token);
    const first = this.it.at;
    const elements = readElements(this.it);
    const made = elements.map(({ key, value }) => {
      const addresses = addressRange((value ?? []).join(""));
      return {
        key,
        action: addresses ? ({ kind, to: { addresses, ports: null } } as const) : null,
      };
    });
    if (made.some((one) => one.action === null)) {
      this.it.at = first;
      return this.beyondNat(token);
    }
    this.branch(
      selectors,
      made as { key: readonly string[]; action: ParsedAction }[],
      this.it.peek(-1),
    );
    this.terminal = token;
    this.natFlags();
  }

  // One part for each element: its key and what it gives.
  private branch(
    selectors: readonly Selector[],
    elements: readonly { key: readonly string[]; action: ParsedAction }[],
    at: Token,
  ): void {
    for (const one of selectors) this.imply(one);
    if (this.actions.length > 0) this.close();
    for (const { key, action } of elements)
      this.add({
        matches: [...this.matches, ...this.keyMatches(selectors, key, at)],
        actions: [action],
      });
    this.branched = true;
  }

  private keyMatches(
    selectors: readonly Selector[],
    key: readonly string[],
    at: Token,
  ): ParsedMatch[] {
    if (key.length !== selectors.length)
      this.it.refuse("datatype mismatch, expected concatenation", at);
    return selectors.flatMap((selector, index) => {
      const text = key[index]!;
      return text === "*" ? [] : this.compared(selector, [text], false, at);
    });
  }

  // ---- matches

  private imply(selector: Selector): void {
    for (const one of selector.implied) this.match(one);
  }

  // `ip saddr . tcp dport`
  private selectors(): Selector[] | null {
    const first = readSelector(this.it, this.family);
    if (!first) return null;
    const all = [first];
    while (this.it.is(".")) {
      this.it.next();
      all.push(readSelector(this.it, this.family) ?? this.it.unexpected());
    }
    return all;
  }

  private relation(): void {
    const start = this.it.peek();
    const selectors = this.selectors();
    if (!selectors) this.it.unexpected(start);
    const [selector, ...more] = selectors!;
    if (more.length === 0 && this.it.is("set")) return this.setStatement(selector!, start);
    if (more.length === 0 && this.it.ended) return this.bare(selector!);
    if (this.it.is("vmap")) return this.verdictMap(selectors!);
    const mask = more.length === 0 ? this.maskHere(selector!) : null;
    const operator = this.operator();
    if (this.it.is("@")) return this.namedSet(selectors!, operator === "!=");
    if (more.length > 0) return this.concatenation(selectors!, operator === "!=");
    this.imply(selector!);
    if (selector!.kind === "tcp-flags") return this.tcpFlags(operator, mask);
    const at = this.it.peek();
    const values = this.values(selector!);
    if (mask !== null) return this.masked(selector!, mask, values, operator === "!=", at);
    if (["<", ">", "<=", ">="].includes(operator)) {
      const match = this.ordered(selector!, operator, values[0]!, at);
      return this.match(match);
    }
    for (const match of this.compared(selector!, values, operator === "!=", at)) this.match(match);
  }

  // `exthdr frag exists` and the like need no value.
  private bare(selector: Selector): void {
    if (selector.kind !== "unsimulated") this.it.unexpected();
    this.imply(selector);
    this.match({ kind: "unsimulated", what: (selector as { what: string }).what });
  }

  private operator(): string {
    const token = this.it.peek();
    if (token.kind === "string") return "==";
    const sign =
      { eq: "==", ne: "!=", lt: "<", gt: ">", le: "<=", ge: ">=" }[token.text] ?? token.text;
    if (!["==", "!=", "<", ">", "<=", ">="].includes(sign)) {
      if (token.text !== "!" || this.it.peek(1).kind !== "word") return "";
      this.it.next();
      return "!=";
    }
    this.it.next();
    return sign;
  }

  private maskHere(selector: Selector): number | null {
    if (!this.it.is("&") && !this.it.is("and")) return null;
    this.it.next();
    return this.bits(selector);
  }

  // `0xff`, `syn`, `(syn | ack)`, `syn,ack`
  private bits(selector: Selector): number {
    const open = this.it.take("(");
    let value = 0;
    do {
      const token = this.it.peek();
      const text = this.it.next().text;
      const bit =
        valueOf(selector.type, text) ?? this.it.refuse(complaint(selector.type, text), token);
      value = (value | bit) >>> 0;
    } while (
      this.it.take("|") ||
      this.it.take("or") ||
      (selector.type === "tcp_flag" && this.it.take(","))
    );
    if (open) this.it.need(")");
    return value;
  }

  // One value, a list of them or a set written out.
  private values(selector: Selector): string[] {
    if (this.it.is("{")) {
      const elements = readElements(this.it);
      return elements.map((one) => one.key[0]!);
    }
    const values = [readValue(this.it)];
    const lists =
      selector.type === "ct_state" ||
      selector.type === "ct_status" ||
      selector.kind === "unsimulated";
    while (lists && this.it.take(",")) values.push(readValue(this.it));
    if (selector.kind === "unsimulated")
      while (this.it.take("/") || this.it.take("|")) readValue(this.it);
    return values;
  }

  private compared(
    selector: Selector,
    values: readonly string[],
    not: boolean,
    at: Token,
  ): ParsedMatch[] {
    switch (selector.kind) {
      case "field": {
        const ranges = normalized(values.map((text) => this.range(selector, text, at)));
        return [field(selector.field, ranges, not)];
      }
      case "iface":
        return [
          { kind: "iface", direction: selector.direction, port: selector.port, not, names: values },
        ];
      case "ct":
        return [this.connection(selector.what, values, not, at)];
      case "arp-address": {
        const ranges = normalized(values.map((text) => this.range(selector, text, at)));
        return [{ kind: "arp-address", which: selector.which, not, ranges }];
      }
      case "address-type": {
        const types = ADDRESS_TYPES.filter((one) => values.includes(one));
        if (types.length === values.length)
          return [{ kind: "address-type", which: selector.which, not, types }];
        return [{ kind: "unsimulated", what: `nft fib type ${values.join(", ")}` }];
      }
      case "tcp-flags":
        return [{ kind: "unsimulated", what: "nft tcp flags in a set" }];
      case "unsimulated":
        return [{ kind: "unsimulated", what: selector.what }];
    }
  }

  private range(selector: Selector, text: string, at: Token): Range {
    return rangeOf(selector.type, text) ?? this.it.refuse(complaint(selector.type, text), at);
  }

  private connection(
    what: "state" | "status" | "mark" | "direction",
    values: readonly string[],
    not: boolean,
    at: Token,
  ): ParsedMatch {
    const [value = ""] = values;
    if (what === "state") {
      for (const one of values)
        if (!CT_STATES.includes(one as CtState)) this.it.refuse(complaint("ct_state", one), at);
      return { kind: "ct-state", not, states: values as CtState[] };
    }
    if (what === "mark") {
      const mark = valueOf("mark", value) ?? this.it.refuse(complaint("mark", value), at);
      if (values.length > 1) return { kind: "unsimulated", what: "nft ct mark in a set" };
      return { kind: "ct-mark", not, value: mark, mask: 0xffffffff };
    }
    if (what === "direction") {
      if (value !== "original" && value !== "reply") this.it.refuse(complaint("ct_dir", value), at);
      return {
        kind: "ct-direction",
        direction: (value === "original") === !not ? "original" : "reply",
      };
    }
    if (!values.every((one) => CT_STATUSES.includes(one)))
      this.it.refuse(complaint("ct_status", value), at);
    if (values.length === 1 && (value === "snat" || value === "dnat"))
      return { kind: "ct-status", not, status: value };
    return { kind: "unsimulated", what: `nft ct status ${values.join(",")}` };
  }

  private masked(
    selector: Selector,
    mask: number,
    values: readonly string[],
    not: boolean,
    at: Token,
  ): void {
    const value =
      valueOf(selector.type, values[0]!) ??
      this.it.refuse(complaint(selector.type, values[0]!), at);
    if (selector.kind === "field") this.match(field(selector.field, [[value, value]], not, mask));
    else if (selector.kind === "ct" && selector.what === "mark")
      this.match({ kind: "ct-mark", not, value, mask });
    else this.match({ kind: "unsimulated", what: "nft: a mask here" });
  }

  private ordered(selector: Selector, operator: string, text: string, at: Token): ParsedMatch {
    const value =
      valueOf(selector.type, text) ?? this.it.refuse(complaint(selector.type, text), at);
    if (selector.kind !== "field") return { kind: "unsimulated", what: `nft: ${operator} here` };
    const most = MOST[selector.field] ?? 0xffffffff;
    const ranges: Readonly<Record<string, Range>> = {
      "<": [0, value - 1],
      "<=": [0, value],
      ">": [value + 1, most],
      ">=": [value, most],
    };
    return field(selector.field, [ranges[operator]!]);
  }

  // Without a sign, any of the flags; with one, just these, under a mask if there is one.
  private tcpFlags(operator: string, mask: number | null): void {
    if (this.it.is("{")) {
      readElements(this.it);
      this.match({ kind: "unsimulated", what: "nft tcp flags in a set" });
      return;
    }
    const value = this.bits({ kind: "tcp-flags", type: "tcp_flag", implied: [] });
    const not = operator === "!=";
    if (this.it.take("/")) {
      const under = this.bits({ kind: "tcp-flags", type: "tcp_flag", implied: [] });
      this.match({ kind: "tcp-flags", not, mask: under, value });
    } else if (mask !== null) this.match({ kind: "tcp-flags", not, mask, value });
    else if (operator === "") this.match({ kind: "tcp-flags", not: true, mask: value, value: 0 });
    else this.match({ kind: "tcp-flags", not, mask: 0xff, value });
  }

  private namedSet(selectors: readonly Selector[], not: boolean): void {
    this.it.need("@");
    const name = this.it.name().text;
    for (const one of selectors) this.imply(one);
    const fields = fieldsOf(selectors);
    if (fields) this.match({ kind: "named-set", set: name, fields, not });
    else this.match({ kind: "unsimulated", what: `nft @${name}` });
  }

  private concatenation(selectors: readonly Selector[], not: boolean): void {
    const at = this.it.peek();
    const keys: (readonly string[])[] = [];
    if (this.it.is("{")) keys.push(...readElements(this.it).map((one) => one.key));
    else {
      const key = [readValue(this.it)];
      while (this.it.take(".")) key.push(readValue(this.it));
      keys.push(key);
    }
    for (const one of selectors) this.imply(one);
    const [only, ...more] = keys;
    if (only && more.length === 0 && !not)
      for (const match of this.keyMatches(selectors, only, at)) this.match(match);
    else this.distribute(selectors, keys, not, at);
  }

  // What follows is done for each of the keys; each becomes a part of its own.
  private distribute(
    selectors: readonly Selector[],
    keys: readonly (readonly string[])[],
    not: boolean,
    at: Token,
  ): void {
    const before = this.matches;
    const wanted = keys.map((key) => this.keyMatches(selectors, key, at));
    if (not || this.actions.some((one) => one.kind !== "continue")) {
      this.match({ kind: "unsimulated", what: "nft: a negated concatenation" });
      return;
    }
    const first = this.parts.length;
    this.matches = [...before];
    while (!this.it.ended) this.statement();
    if (this.actions.length > 0 || !this.branched) this.close();
    const tails = this.parts.splice(first);
    for (const key of wanted)
      for (const tail of tails)
        this.add({ ...tail, matches: [...before, ...key, ...tail.matches.slice(before.length)] });
    this.actions = [];
    this.branched = true;
  }

  private verdictMap(selectors: readonly Selector[]): void {
    this.it.need("vmap");
    const at = this.it.peek();
    if (this.it.take("@")) {
      const map = this.it.name().text;
      for (const one of selectors) this.imply(one);
      const fields = fieldsOf(selectors);
      this.act(
        fields
          ? { kind: "verdict-map", fields, map }
          : { kind: "unsimulated", what: `nft vmap @${map}` },
      );
      return;
    }
    const elements = readElements(this.it);
    for (const one of elements)
      if (!one.value) this.it.refuse("Could not process rule: Invalid argument", at);
    const fields = fieldsOf(selectors);
    if (fields && elements.length > 16) {
      for (const one of selectors) this.imply(one);
      const map = { keys: fields, elements: elementsOf(fields, elements) };
      return this.act({ kind: "verdict-map", fields, map });
    }
    const made = elements.map(({ key, value }) => ({ key, action: verdictOf(value!) }));
    this.branch(selectors, made, at);
  }

  // ---- `… set VALUE`

  private setStatement(selector: Selector, start: Token): void {
    this.it.need("set");
    if (selector.kind === "field" && selector.field === "mark") return this.setMark();
    if (selector.kind === "ct" && selector.what === "mark") return this.setCtMark();
    if (selector.kind === "field" && selector.field === "dscp") {
      const token = this.it.peek();
      const text = readValue(this.it);
      const value = valueOf("dscp", text) ?? this.it.refuse(complaint("dscp", text), token);
      this.imply(selector);
      return this.act({ kind: "dscp", value });
    }
    while (!this.it.ended && this.it.peek().kind !== "sign") {
      const next = this.it.next().text;
      if (/^[\w.]+$/.test(next) && !["rt", "mtu", "map", "ip", "saddr", "daddr"].includes(next))
        break;
    }
    const what = this.it.tokens
      .slice(this.it.tokens.indexOf(start))
      .slice(0, 2)
      .map((one) => one.text);
    // What only traces, orders a queue or clamps the size of segments concerns no packet here.
    const harmless =
      selector.kind === "unsimulated" && /nftrace|priority|tcp option/.test(selector.what);
    this.act(
      harmless ? { kind: "continue" } : { kind: "unsimulated", what: `nft ${what.join(" ")} set` },
    );
  }

  private setMark(): void {
    if (this.it.is("ct") && this.it.peek(1).text === "mark") {
      this.it.at += 2;
      return this.act({ kind: "ct-mark", what: "restore", value: 0, mask: 0xffffffff });
    }
    const own = this.it.is("mark")
      ? 1
      : this.it.is("meta") && this.it.peek(1).text === "mark"
        ? 2
        : 0;
    if (own > 0) {
      this.it.at += own;
      return this.act(this.changedMark());
    }
    const selectors = this.selectors();
    if (selectors) return this.markMap(selectors);
    const token = this.it.peek();
    const text = readValue(this.it);
    const value = valueOf("mark", text) ?? this.it.refuse(complaint("mark", text), token);
    this.act({ kind: "mark", value, mask: 0xffffffff });
  }

  // `mark or 0x4`, `mark and 0xff`
  private changedMark(): ParsedAction {
    const or = this.it.take("or") || this.it.take("|");
    const and = !or && (this.it.take("and") || this.it.take("&"));
    const value = or || and ? valueOf("mark", this.it.name().text) : null;
    if (value === null || (!this.it.ended && this.it.peek().kind === "sign"))
      return { kind: "unsimulated", what: "nft meta mark set" };
    return or
      ? { kind: "mark", value, mask: value }
      : { kind: "mark", value: 0, mask: ~value >>> 0 };
  }

  private markMap(selectors: readonly Selector[]): void {
    this.it.need("map");
    const at = this.it.peek();
    if (!this.it.is("{")) {
      this.it.need("@");
      this.it.name();
      return this.act({ kind: "unsimulated", what: "nft meta mark set … map" });
    }
    const made = readElements(this.it).map(({ key, value }) => {
      const mark =
        valueOf("mark", value?.[0] ?? "") ??
        this.it.refuse(complaint("mark", value?.[0] ?? ""), at);
      return { key, action: { kind: "mark", value: mark, mask: 0xffffffff } as const };
    });
    this.branch(selectors, made, at);
  }

  private setCtMark(): void {
    if (this.it.take("meta") || this.it.is("mark")) {
      this.it.need("mark");
      return this.act({ kind: "ct-mark", what: "save", value: 0, mask: 0xffffffff });
    }
    const token = this.it.peek();
    const text = readValue(this.it);
    const value = valueOf("mark", text);
    if (value === null) {
      if (token.kind === "word" && !/^\d/.test(text)) {
        while (!this.it.ended) this.it.next();
        return this.act({ kind: "unsimulated", what: "nft ct mark set" });
      }
      this.it.refuse(complaint("mark", text), token);
    }
    this.act({ kind: "ct-mark", what: "set", value: value!, mask: 0xffffffff });
  }
}

const MOST: Readonly<Partial<Record<MatchField, number>>> = {
  sport: 65_535,
  dport: 65_535,
  length: 65_535,
  ethertype: 65_535,
  proto: 255,
  ttl: 255,
  "icmp-type": 255,
  "icmp-code": 255,
  dscp: 63,
  vlan: 4095,
  smac: 2 ** 48 - 1,
  dmac: 2 ** 48 - 1,
};

const ADDRESS_TYPES = ["local", "unicast", "broadcast", "multicast"] as const;
const CT_STATUSES = ["expected", "seen-reply", "assured", "confirmed", "snat", "dnat", "dying"];

const REJECTS: Readonly<Record<string, string>> = {
  "net-unreachable": "net-unreachable",
  "host-unreachable": "host-unreachable",
  "prot-unreachable": "proto-unreachable",
  "port-unreachable": "port-unreachable",
  "net-prohibited": "net-prohibited",
  "host-prohibited": "host-prohibited",
  "admin-prohibited": "admin-prohibited",
  "no-route": "net-unreachable",
};

function fieldsOf(selectors: readonly Selector[]): MatchField[] | null {
  const fields = selectors.flatMap((one) => (one.kind === "field" ? [one.field] : []));
  return fields.length === selectors.length ? fields : null;
}
