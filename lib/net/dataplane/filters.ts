import type { Device } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import type {
  Chain,
  CtState,
  FilterRule,
  FilterTable,
  Hook,
  Match,
  MatchField,
  NamedSet,
  RuleAction,
} from "../model/packet-filter.ts";
import {
  CT,
  ICMP,
  LARGEST,
  TCP,
  UDP,
  type Field,
  type Guard,
  type Place,
  type PlaceId,
  type Range,
  type Rule,
  type Step,
} from "../model/network.ts";
import { lastOf, type Ip } from "../model/prefix.ts";

/** Where a packet is when a hook is called: the interfaces it came in and goes out by, as far as there are any. */
export type Passage = {
  readonly in: string | null;
  readonly out: string | null;
  readonly bridged: boolean;
  /** The ports of the bridge that it crosses. */
  readonly portIn: string | null;
  readonly portOut: string | null;
};

/** Connections are tracked between the raw chains and all others. */
const TRACKING = -200;

/** No guard of one rule is cut into more than this many. */
const MOST_GUARDS = 4096;

/** Lays out the packet filters of one device, hook by hook, for each way that packets take through it. */
export class Filters {
  private readonly device: Device;
  private readonly places: Map<PlaceId, Place>;
  private readonly laid = new Map<string, PlaceId>();
  private readonly tracks: boolean;

  constructor(device: Device, places: Map<PlaceId, Place>) {
    this.device = device;
    this.places = places;
    this.tracks = device.filters.some((table) => table.family === "ip" && usesConnections(table));
  }

  /** Whether any chain is hooked in for packets of `family`: else they pass untouched. */
  filters(family: FilterTable["family"]): boolean {
    return this.device.filters.some(
      (table) => table.family === family && [...table.chains.values()].some((chain) => chain.base),
    );
  }

  /** Whether some rule asks by which interface a packet came in or goes out. */
  get asksForIfaces(): boolean {
    return this.device.filters.some((table) =>
      [...table.chains.values()].some((chain) =>
        chain.rules.some((rule) => rule.matches.some((match) => match.kind === "iface")),
      ),
    );
  }

  /** The place where a packet enters a hook's chains, lowest priority first; `next` is behind the last of them. */
  hook(family: FilterTable["family"], hook: Hook, passage: Passage, next: PlaceId): PlaceId {
    const key = JSON.stringify([family, hook, passage, next]);
    const known = this.laid.get(key);
    if (known) return known;
    const entry = this.layHook(family, hook, passage, next);
    this.laid.set(key, entry);
    return entry;
  }

  private layHook(
    family: FilterTable["family"],
    hook: Hook,
    passage: Passage,
    next: PlaceId,
  ): PlaceId {
    const chains = this.device.filters
      .filter((table) => table.family === family)
      .flatMap((table) => [...table.chains.values()].map((chain) => ({ table, chain })))
      .filter(({ chain }) => chain.base?.hook === hook)
      .sort((a, b) => a.chain.base!.priority - b.chain.base!.priority);
    const isEntry = hook === "prerouting" || hook === "output";
    let at = next;
    if (family === "ip" && this.tracks && !isEntry && hook !== "forward")
      at = this.add(`${hook} remembers`, { kind: "confirm", next: at });
    for (const { table, chain } of chains
      .toReversed()
      .filter(({ chain: one }) => one.base!.priority > TRACKING))
      at = this.base(table, chain, hook, passage, at);
    if (family === "ip" && this.tracks && isEntry)
      at = this.add(`${hook} tracks`, { kind: "track", next: at });
    for (const { table, chain } of chains
      .toReversed()
      .filter(({ chain: one }) => one.base!.priority <= TRACKING))
      at = this.base(table, chain, hook, passage, at);
    return at;
  }

  private base(
    table: FilterTable,
    chain: Chain,
    hook: Hook,
    passage: Passage,
    next: PlaceId,
  ): PlaceId {
    const { policy, policyBecause, type } = chain.base!;
    const end =
      policy === "accept"
        ? next
        : this.drop({
            kind: "filtered",
            device: this.device.name,
            chain: titleOf(table, chain),
            isPolicy: true,
            because: policyBecause ? [policyBecause] : [],
          });
    const first = this.chain(table, chain, passage, next, end, []);
    if (type !== "nat") return first;
    const side = hook === "prerouting" || hook === "output" ? "dst" : "src";
    return this.add(`${hook} translates`, { kind: "translate", side, first, next });
  }

  // Rules from the last to the first. `accepted` is behind the base chain, `returned` where the chain falls through to.
  private chain(
    table: FilterTable,
    chain: Chain,
    passage: Passage,
    accepted: PlaceId,
    returned: PlaceId,
    calls: readonly string[],
  ): PlaceId {
    if (calls.includes(chain.name)) return returned; // Programs refuse circles; this cannot be reached.
    const key = JSON.stringify([
      "chain",
      table.family,
      table.owner,
      table.name,
      chain.name,
      passage,
      accepted,
      returned,
    ]);
    const known = this.laid.get(key);
    if (known) return known;
    let at = returned;
    let run: Rule[] = [];
    const close = () => {
      if (run.length > 0)
        at = this.add(titleOf(table, chain), { kind: "filter", rules: run, otherwise: at });
      run = [];
    };
    const rules = chain.rules.flatMap((rule) => mapsApart(rule, table));
    for (const rule of rules.toReversed()) {
      const guards = guardsOf(rule, passage, this.device, table);
      if (guards.length === 0 || rule.actions.every((action) => action.kind === "continue"))
        continue;
      // What comes after a rule that leads back must be a place of its own.
      if (rule.actions.some(leadsBack)) close();
      let then = at;
      for (const action of rule.actions.toReversed())
        then = this.act(action, rule, table, chain, passage, accepted, returned, then, [
          ...calls,
          chain.name,
        ]);
      const because = [rule.because];
      run = [...guards.map((guard): Rule => ({ guard, then, because })), ...run];
    }
    close();
    this.laid.set(key, at);
    return at;
  }

  private act(
    action: RuleAction,
    { because }: FilterRule,
    table: FilterTable,
    chain: Chain,
    passage: Passage,
    accepted: PlaceId,
    returned: PlaceId,
    rest: PlaceId,
    calls: readonly string[],
  ): PlaceId {
    const title = titleOf(table, chain);
    const { name } = this.device;
    switch (action.kind) {
      case "accept":
        return accepted;
      case "drop":
        return this.drop({
          kind: "filtered",
          device: name,
          chain: title,
          isPolicy: false,
          because: [because],
        });
      case "reject":
        return this.drop({
          kind: "rejected",
          device: name,
          chain: title,
          error: action.with,
          because: [because],
        });
      case "return":
        return returned;
      case "jump":
      case "goto": {
        const other = table.chains.get(action.chain);
        const back = action.kind === "jump" ? rest : returned;
        return other ? this.chain(table, other, passage, accepted, back, calls) : back;
      }
      case "mark":
        return this.set("mark", action.value, action.mask, rest);
      case "dnat":
      case "snat": {
        const { addresses, ports } = action.to;
        return this.map(action.kind === "dnat" ? "dst" : "src", addresses, ports, accepted);
      }
      case "masquerade": {
        const own = this.addressOf(passage.out);
        return this.map("src", own === null ? null : [own, own], action.ports, accepted);
      }
      case "redirect": {
        const own = this.addressOf(passage.in) ?? (0x7f000001 as Ip);
        return this.map("dst", [own, own], action.ports, accepted);
      }
      case "netmap":
        return this.add(`maps ${action.which}`, {
          kind: "map",
          side: action.which,
          addresses: [action.to.first, lastOf(action.to)],
          netmap: action.to.length,
          ports: null,
          next: accepted,
        });
      case "no-track":
        return this.set("ct", CT.untracked, undefined, rest);
      case "continue":
      case "dscp":
      case "ct-mark":
      case "verdict-map":
      case "unsimulated":
        return rest;
    }
  }

  private set(field: Field, value: number, mask: number | undefined, next: PlaceId): PlaceId {
    const change = { kind: "set" as const, field, value, ...(mask !== undefined && { mask }) };
    return this.add(`sets ${field}`, { kind: "rewrite", change, next, expired: next });
  }

  private map(
    side: "src" | "dst",
    addresses: Range | null,
    ports: Range | null,
    next: PlaceId,
  ): PlaceId {
    return this.add(`maps ${side}`, { kind: "map", side, addresses, netmap: null, ports, next });
  }

  private addressOf(iface: string | null): Ip | null {
    return this.device.ifaces.find((one) => one.name === iface)?.addresses[0]?.ip ?? null;
  }

  private drop(why: Drop): PlaceId {
    return this.add(`drops: ${why.kind}`, { kind: "drop", why });
  }

  private add(what: string, step: Step): PlaceId {
    const id = `${this.device.name} ${what} #${this.places.size}`;
    this.places.set(id, { id, device: this.device.name, table: null, iface: null, step });
    return id;
  }
}

function titleOf(table: FilterTable, chain: Chain): string {
  return `chain ${chain.name} of table ${table.name}`;
}

function leadsBack({ kind }: RuleAction): boolean {
  return ["jump", "mark", "no-track", "dscp", "ct-mark"].includes(kind);
}

function usesConnections(table: FilterTable): boolean {
  return [...table.chains.values()].some(
    (chain) =>
      chain.base?.type === "nat" ||
      chain.rules.some((rule) => rule.matches.some((match) => match.kind.startsWith("ct-"))),
  );
}

// A rule with a map is one rule for each of the map's elements, which are apart.
function mapsApart(rule: FilterRule, table: FilterTable): FilterRule[] {
  const last = rule.actions.at(-1);
  if (last?.kind !== "verdict-map") return [rule];
  const map = typeof last.map === "string" ? table.sets.get(last.map) : last.map;
  const before = rule.actions.slice(0, -1);
  return (map?.elements ?? []).flatMap(({ ranges, value }): FilterRule[] => {
    if (!value) return [];
    const keys = last.fields.map((field, at): Match => ({
      kind: "field",
      field,
      not: false,
      ranges: [ranges[at]!],
    }));
    return [{ ...rule, matches: [...rule.matches, ...keys], actions: [...before, value] }];
  });
}

// ---- what a rule looks at, as guards: it fits when one of them does

function guardsOf(rule: FilterRule, passage: Passage, device: Device, table: FilterTable): Guard[] {
  let guards: Guard[] = [{}];
  for (const match of rule.matches) {
    const choices = choicesOf(match, passage, device, table);
    guards = guards.flatMap((guard) => choices.flatMap((choice) => both(guard, choice) ?? []));
    if (guards.length > MOST_GUARDS) guards = guards.slice(0, MOST_GUARDS);
  }
  return guards;
}

const ALWAYS: readonly Guard[] = [{}];
const NEVER: readonly Guard[] = [];

function choicesOf(
  match: Match,
  passage: Passage,
  device: Device,
  table: FilterTable,
): readonly Guard[] {
  switch (match.kind) {
    case "field":
      return fieldGuards(match);
    case "iface": {
      const name = match.port
        ? match.direction === "in"
          ? passage.portIn
          : passage.portOut
        : match.direction === "in"
          ? passage.in
          : passage.out;
      const fits = name !== null && match.names.some((pattern) => nameFits(pattern, name));
      return fits !== match.not ? ALWAYS : NEVER;
    }
    case "ct-state":
      return ranged(
        "ct",
        match.states.map((state) => [CT_VALUE[state], CT_VALUE[state]]),
        match.not,
      );
    case "tcp-flags": {
      const values = Array.from({ length: 64 }, (_, value) => value).filter(
        (value) => (value & match.mask) === match.value,
      );
      const flags = ranged(
        "flags",
        values.map((value): Range => [value, value]),
        match.not,
      );
      return flags.map((guard) => ({ ...guard, proto: [[TCP, TCP]] }));
    }
    case "address-type": {
      const ranges = match.types.flatMap((type) => addressRanges(type, device));
      return ranged(match.which, ranges, match.not);
    }
    case "bridged":
      return passage.bridged !== match.not ? ALWAYS : NEVER;
    case "named-set": {
      const set = table.sets.get(match.set);
      return set ? setGuards(set, match.fields, match.not) : NEVER;
    }
    // The direction, status and mark of a connection are not fields of a packet; rules that ask are never sure.
    case "arp-address":
      return match.which === "sender"
        ? ranged("src", match.ranges, match.not)
        : ranged("dst", match.ranges, match.not);
    case "ct-status":
    case "ct-mark":
    case "ct-direction":
    case "unsimulated":
      return NEVER;
  }
}

const CT_VALUE: Readonly<Record<CtState, number>> = CT;

function nameFits(pattern: string, name: string): boolean {
  return /[+*]$/.test(pattern) ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

const PACKET_FIELD: Readonly<Partial<Record<MatchField, Field>>> = {
  src: "src",
  dst: "dst",
  proto: "proto",
  sport: "sport",
  dport: "dport",
  mark: "mark",
  ethertype: "ethertype",
  dmac: "dmac",
  "icmp-type": "dport",
};

function fieldGuards(match: Match & { kind: "field" }): readonly Guard[] {
  const field = PACKET_FIELD[match.field];
  if (!field) return NEVER;
  const ranges =
    match.mask === undefined ? match.ranges : maskedRanges(match.ranges[0]?.[0] ?? 0, match.mask);
  const guards = ranged(field, ranges, match.not);
  if (match.field === "icmp-type")
    return guards.map((guard) => ({ ...guard, proto: [[ICMP, ICMP]] }));
  const isPort = match.field === "sport" || match.field === "dport";
  return isPort
    ? guards.map((guard) => ({
        ...guard,
        proto: [
          [TCP, TCP],
          [UDP, UDP],
        ],
      }))
    : guards;
}

function setGuards(set: NamedSet, fields: readonly MatchField[], not: boolean): readonly Guard[] {
  const [only] = fields;
  if (fields.length === 1 && only)
    return fieldGuards({
      kind: "field",
      field: only,
      not,
      ranges: set.elements.flatMap(({ ranges }) => ranges.slice(0, 1)),
    });
  return set.elements.flatMap(({ ranges }) =>
    fields.reduce<readonly Guard[]>(
      (all, field, at) =>
        all.flatMap((guard) =>
          fieldGuards({ kind: "field", field, not: false, ranges: [ranges[at]!] }).flatMap(
            (one) => both(guard, one) ?? [],
          ),
        ),
      ALWAYS,
    ),
  );
}

function ranged(field: Field, ranges: readonly Range[], not: boolean): readonly Guard[] {
  const sorted = union(ranges);
  const wanted = not ? complement(sorted, LARGEST[field]) : sorted;
  return wanted.length > 0 ? [{ [field]: wanted }] : NEVER;
}

// Values whose bits under `mask` are those of `value`; a mask with more holes than this has no ranges.
function maskedRanges(value: number, mask: number): Range[] {
  const free = 31 - Math.clz32(~mask >>> 0) + 1;
  const holes = Array.from({ length: 32 }, (_, bit) => bit).filter(
    (bit) => ((mask >>> bit) & 1) === 0,
  );
  const low = holes.findIndex((bit, at) => bit !== at);
  const run = low === -1 ? holes.length : low;
  const scattered = holes.slice(run);
  if (scattered.length > 12 || free < 0) return [];
  return Array.from({ length: 2 ** scattered.length }, (_, choice): Range => {
    const high = scattered.reduce((sum, bit, at) => sum + ((choice >>> at) & 1) * 2 ** bit, 0);
    const first = ((value & mask) >>> 0) + high;
    return [first, first + 2 ** run - 1];
  });
}

function addressRanges(
  type: "local" | "unicast" | "broadcast" | "multicast",
  device: Device,
): Range[] {
  const own = device.ifaces.flatMap((iface) =>
    iface.addresses.map(({ ip, length }): Range =>
      length === 8 && !iface.isPort ? [0x7f000000, 0x7fffffff] : [ip, ip],
    ),
  );
  if (type === "local") return own;
  if (type === "multicast") return [[0xe0000000, 0xefffffff]];
  if (type === "broadcast") return [[0xffffffff, 0xffffffff]];
  return complement(union([...own, [0xe0000000, 0xffffffff]]), LARGEST.dst);
}

/** Packets that fit both guards; `null` when there are none. */
function both(a: Guard, b: Guard): Guard | null {
  const joined: { [F in Field]?: readonly Range[] } = { ...a };
  for (const field of Object.keys(b) as Field[]) {
    const mine = a[field];
    const ranges = mine ? overlap(mine, b[field]!) : b[field]!;
    if (ranges.length === 0) return null;
    joined[field] = ranges;
  }
  return joined;
}

function overlap(a: readonly Range[], b: readonly Range[]): Range[] {
  return a.flatMap(([low, high]) =>
    b.flatMap(([from, to]): Range[] => {
      const [first, last] = [Math.max(low, from), Math.min(high, to)];
      return first <= last ? [[first, last]] : [];
    }),
  );
}

function union(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

function complement(sorted: readonly Range[], largest: number): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [low, high] of sorted) {
    if (low > next) gaps.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= largest) gaps.push([next, largest]);
  return gaps;
}
