import type { Namespace } from "../../model/linux/namespace.ts";
import {
  MOST_GUARDS,
  type Chain,
  type FilterRule,
  type FilterTable,
  type NamedSet,
} from "../../model/packet-filter.ts";
import type { NftChange, NftCommand, NftFamily } from "../../parse/shell/nft/command.ts";
import { elementsOf } from "../../parse/shell/nft/sets.ts";
import { reading } from "../../parse/shell/arguments.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";
import { taintUnsimulated } from "./filters.ts";

const MISSING = "Error: Could not process rule: No such file or directory";
const EXISTS = "Error: Could not process rule: File exists";
const BUSY = "Error: Could not process rule: Device or resource busy";
const TABLE_OF: Readonly<Record<NftFamily, FilterTable["family"] | null>> = {
  ip: "ip",
  inet: "ip",
  bridge: "bridge",
  arp: null,
  ip6: null,
  netdev: null,
};

/** Carry out one `nft` command: all of its changes, or none when one is refused. */
export function runNft(session: Session, where: Where, span: Span, it: NftCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where);
    case "change": {
      const kept = copyOf(where.namespace);
      for (const change of it.changes) {
        const refusal = new NftRun(session, where).change(change);
        if (refusal === null) continue;
        restore(where.namespace, kept);
        return session.refuse(refusal, change.at.span);
      }
      return true;
    }
  }
}

type InTable = Extract<NftChange, { table: string }>;

class NftRun {
  private readonly session: Session;
  private readonly where: Where;

  constructor(session: Session, where: Where) {
    this.session = session;
    this.where = where;
  }

  change(it: NftChange): string | null {
    const { filters } = this.where.namespace;
    if (it.kind === "flush-ruleset") {
      const isIts = (table: FilterTable) =>
        table.owner === "nft" && (it.family === null || table.name.startsWith(`${it.family} `));
      for (let at = filters.length - 1; at >= 0; at--)
        if (isIts(filters[at]!)) filters.splice(at, 1);
      return null;
    }
    const family = TABLE_OF[it.family];
    // What is filtered of IPv6 is no part of any proof here; who is kept from asking is.
    if (family === null) {
      if (it.family === "arp" && it.kind === "chain-add")
        this.session.unsimulated("nft family arp", it.at.span, this.where);
      return null;
    }
    const table = filters.find(
      (one) => one.owner === "nft" && one.name === `${it.family} ${it.table}`,
    );
    if (it.kind === "table") return this.table(it, family, table);
    return table ? this.inTable(it, table) : MISSING;
  }

  private table(
    it: InTable & { kind: "table" },
    family: FilterTable["family"],
    known: FilterTable | undefined,
  ): string | null {
    const { filters } = this.where.namespace;
    if (it.what === "create" && known) return EXISTS;
    if ((it.what === "delete" || it.what === "flush") && !known) return MISSING;
    if (it.what === "delete") filters.splice(filters.indexOf(known!), 1);
    else if (it.what === "flush") for (const chain of known!.chains.values()) chain.rules = [];
    else if (!known)
      filters.push({
        name: `${it.family} ${it.table}`,
        family,
        owner: "nft",
        chains: new Map(),
        sets: new Map(),
      });
    return null;
  }

  private inTable(it: Exclude<InTable, { kind: "table" }>, table: FilterTable): string | null {
    switch (it.kind) {
      case "chain-add":
        return this.addChain(it, table);
      case "chain-rename": {
        const chain = table.chains.get(it.chain);
        if (!chain) return MISSING;
        if (table.chains.has(it.to)) return EXISTS;
        table.chains.delete(it.chain);
        table.chains.set(it.to, { ...chain, name: it.to });
        return null;
      }
      case "chain-delete":
      case "chain-flush": {
        const chain = table.chains.get(it.chain);
        if (!chain) return MISSING;
        if (it.kind === "chain-flush") chain.rules = [];
        else if (chain.rules.length > 0 || isUsed(table, it.chain)) return BUSY;
        else table.chains.delete(it.chain);
        return null;
      }
      case "set-add":
        if (table.sets.has(it.name)) return it.create ? EXISTS : null;
        if (it.unsimulated !== null)
          this.session.unsimulated(it.unsimulated, it.at.span, this.where);
        table.sets.set(it.name, it.set);
        return null;
      case "set-delete":
        return table.sets.delete(it.name) ? null : MISSING;
      case "set-flush":
      case "element-add":
      case "element-delete": {
        const set = table.sets.get(it.name);
        return set ? this.elements(it, table, set) : MISSING;
      }
      case "rule-add":
      case "rule-insert":
      case "rule-replace":
      case "rule-delete": {
        const chain = table.chains.get(it.chain);
        return chain ? this.rule(it, table, chain) : MISSING;
      }
    }
  }

  private addChain(it: InTable & { kind: "chain-add" }, table: FilterTable): string | null {
    const known = table.chains.get(it.chain);
    if (known && it.create) return EXISTS;
    const policyBecause = it.policy === "drop" ? it.at.span : null;
    if (known?.base && it.policy !== null)
      Object.assign(known.base, { policy: it.policy, policyBecause });
    if (known) return null;
    const base = it.base && { ...it.base, policy: it.policy ?? "accept", policyBecause };
    table.chains.set(it.chain, { name: it.chain, base, rules: [] });
    return null;
  }

  private elements(
    it: Extract<InTable, { name: string }>,
    table: FilterTable,
    set: NamedSet,
  ): string | null {
    if (!("elements" in it)) {
      table.sets.set(it.name, { ...set, elements: [] });
      return null;
    }
    const read = reading(() => ({
      kind: "elements" as const,
      elements: elementsOf(set.keys, it.elements),
    }));
    if (read.kind !== "elements") return read.kind === "refused" ? read.said : null;
    const print = (element: NamedSet["elements"][number]) => JSON.stringify(element.ranges);
    const named = new Set(read.elements.map(print));
    const others = set.elements.filter((one) => !named.has(print(one)));
    if (it.kind === "element-delete" && others.length + named.size > set.elements.length)
      return MISSING;
    const elements = it.kind === "element-delete" ? others : [...others, ...read.elements];
    if (set.keys.length > 1 && elements.length > MOST_GUARDS)
      this.session.unsimulated("a set of so many", it.at.span, this.where);
    table.sets.set(it.name, { ...set, elements });
    return null;
  }

  // A rule is known by its handle; it may be several in a row here, when nft takes it apart.
  private rule(
    it: InTable & { kind: "rule-add" | "rule-insert" | "rule-replace" | "rule-delete" },
    table: FilterTable,
    chain: Chain,
  ): string | null {
    const handles = [...new Set(chain.rules.map((rule) => rule.handle))];
    const byHandle = (handle: number | undefined) =>
      chain.rules.findIndex((rule) => rule.handle === handle);
    if (it.kind === "rule-delete") {
      if (byHandle(it.handle) === -1) return MISSING;
      chain.rules = chain.rules.filter((rule) => rule.handle !== it.handle);
      return null;
    }
    const lost = it.rule.parts
      .flatMap(({ actions }) => actions)
      .some((one) => (one.kind === "jump" || one.kind === "goto") && !table.chains.has(one.chain));
    if (lost) return MISSING;
    const count = chain.rules.length;
    if (count + it.rule.parts.length > MOST_RULES)
      return "Error: Could not process rule: Cannot allocate memory";
    const handle = it.kind === "rule-replace" ? it.handle : this.nextHandle(table);
    const rules = it.rule.parts.map((part): FilterRule => ({
      ...part,
      because: it.at.span,
      handle,
    }));
    taintUnsimulated(this.session, this.where, rules, it.at.span);
    if (it.kind === "rule-replace") {
      const at = byHandle(handle);
      if (at === -1) return MISSING;
      chain.rules = chain.rules.filter((rule) => rule.handle !== handle).toSpliced(at, 0, ...rules);
      return null;
    }
    const named =
      it.place && (it.place.by === "handle" ? it.place.number : handles[it.place.number]);
    if (it.place && byHandle(named ?? -1) === -1) return MISSING;
    const before = it.kind === "rule-insert";
    const after = chain.rules.findLastIndex((rule) => rule.handle === named) + 1;
    const at = it.place ? (before ? byHandle(named!) : after) : before ? 0 : count;
    chain.rules.splice(at, 0, ...rules);
    return null;
  }

  // Tables number what is in them, chains and sets included.
  private nextHandle(table: FilterTable): number {
    const rules = [...table.chains.values()].flatMap((chain) =>
      chain.rules.map((rule) => rule.handle ?? 0),
    );
    return Math.max(table.chains.size + table.sets.size, ...rules) + 1;
  }
}

const MOST_RULES = 50_000;

function isUsed(table: FilterTable, name: string): boolean {
  return [...table.chains.values()].some((chain) =>
    chain.rules.some((rule) =>
      rule.actions.some(
        (one) => (one.kind === "jump" || one.kind === "goto") && one.chain === name,
      ),
    ),
  );
}

function copyOf({ filters }: Namespace): FilterTable[] {
  return filters.map((table) => ({
    ...table,
    chains: new Map(
      [...table.chains].map(([name, chain]) => [
        name,
        { ...chain, base: chain.base && { ...chain.base }, rules: [...chain.rules] },
      ]),
    ),
    sets: new Map(table.sets),
  }));
}

function restore({ filters }: Namespace, kept: readonly FilterTable[]): void {
  filters.splice(0, filters.length, ...kept);
}
