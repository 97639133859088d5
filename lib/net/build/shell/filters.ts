import type { Namespace } from "../../model/linux/namespace.ts";
import {
  BUILT_IN,
  unsimulatedIn,
  type Chain,
  type FilterRule,
  type FilterTable,
  type Hook,
} from "../../model/packet-filter.ts";
import type { EbtablesCommand } from "../../parse/shell/ebtables.ts";
import type { IptablesChange, IptablesCommand } from "../../parse/shell/iptables/command.ts";
import { sameRule, type ParsedRule } from "../../parse/shell/rule.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";

const NO_CHAIN = "iptables: No chain/target/match by that name.";
const noTarget = (chain: string) => `iptables v1.8.9 (nf_tables): Chain '${chain}' does not exist`;
const NO_RULE = "iptables: Bad rule (does a matching rule exist in that chain?).";
const MOST_RULES = 50_000;

const EBTABLES: Readonly<Record<string, readonly (readonly [chain: string, hook: Hook])[]>> = {
  filter: [["INPUT", "input"], ["FORWARD", "forward"], ["OUTPUT", "output"]],
  nat: [["PREROUTING", "prerouting"], ["OUTPUT", "output"], ["POSTROUTING", "postrouting"]],
}; // prettier-ignore

/** Carry out one `ebtables` command. */
export function runEbtables(
  session: Session,
  where: Where,
  span: Span,
  it: EbtablesCommand,
): boolean {
  if (it.kind === "inert") return true;
  if (it.kind === "refused") return session.refuse(it.said, it.at.span);
  if (it.kind === "unsimulated") return session.unsimulated(it.what, span, where);
  if (it.table === "broute") return session.unsimulated("ebtables -t broute", span, where);
  const table = bridgeTable(where.namespace, it.table);
  if (it.kind === "new-chain") {
    if (it.policy !== "accept") session.unsimulated("ebtables -N … -P", span, where);
    return settled(
      session,
      change(session, where, table, { table: "filter", kind: "new-chain", chain: it.chain }, span),
      span,
    );
  }
  if (it.kind === "policy") {
    if (it.policy === "return")
      return session.refuse("ebtables: Policy RETURN only allowed for user defined chains.", span);
    return settled(
      session,
      change(
        session,
        where,
        table,
        { table: "filter", kind: "policy", chain: it.chain, policy: it.policy },
        span,
      ),
      span,
    );
  }
  if (it.kind === "delete-at") {
    for (let at = it.last; at >= it.position; at--) {
      const refusal = change(
        session,
        where,
        table,
        { table: "filter", kind: "delete-at", chain: it.chain, position: at },
        span,
      );
      if (refusal) return settled(session, refusal, span);
    }
    return true;
  }
  const same: IptablesChange =
    it.kind === "append" || it.kind === "delete"
      ? { table: "filter", kind: it.kind, chain: it.chain, rules: [it.rule] }
      : it.kind === "insert"
        ? {
            table: "filter",
            kind: "insert",
            chain: it.chain,
            position: it.position,
            rules: [it.rule],
          }
        : it.kind === "rename-chain"
          ? { table: "filter", kind: "rename-chain", chain: it.chain, to: it.to }
          : { table: "filter", kind: it.kind, chain: it.chain };
  return settled(session, change(session, where, table, same, span), span);
}

// Both programs share what they do to chains; each complains in its own name.
function settled(session: Session, refusal: string | null, span: Span): boolean {
  return refusal === null || session.refuse(refusal.replace(/^iptables/, "ebtables"), span);
}

function bridgeTable(namespace: Namespace, name: string): FilterTable {
  const known = namespace.filters.find(
    (table) => table.owner === "ebtables" && table.name === name,
  );
  if (known) return known;
  // ebtables(8): nat prerouting at -300, filter at -200, nat postrouting at 300.
  const priority = name === "filter" ? -200 : -300;
  const chains = (EBTABLES[name] ?? []).map(([chain, hook]): [string, Chain] => [
    chain,
    {
      name: chain,
      base: { hook, priority, type: "filter", policy: "accept", policyBecause: null },
      rules: [],
    },
  ]);
  const table: FilterTable = {
    name,
    family: "bridge",
    owner: "ebtables",
    chains: new Map(chains),
    sets: new Map(),
  };
  namespace.filters.push(table);
  return table;
}

/** Carry out one `iptables` command, or all that `iptables-restore` reads. */
export function runIptables(
  session: Session,
  where: Where,
  span: Span,
  it: IptablesCommand,
): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where);
    case "restore": {
      for (const { table, chains, commands } of it.tables) {
        if (it.flush) forget(where.namespace, table);
        const made = tableNamed(where.namespace, table);
        for (const { name, policy } of chains) {
          const chain = made.chains.get(name) ?? plainChain(name);
          made.chains.set(name, chain);
          if (chain.base && policy) Object.assign(chain.base, { policy, policyBecause: span });
        }
        for (const { command, at } of commands) {
          const refusal = change(session, where, made, command, at.span);
          if (refusal) return session.refuse(refusal, at.span);
        }
      }
      return true;
    }
    default: {
      const refusal = change(session, where, tableNamed(where.namespace, it.table), it, span);
      return refusal === null || session.refuse(refusal, span);
    }
  }
}

function change(
  session: Session,
  where: Where,
  table: FilterTable,
  it: IptablesChange,
  span: Span,
): string | null {
  switch (it.kind) {
    case "new-chain":
      if (table.chains.has(it.chain)) return "iptables: Chain already exists.";
      table.chains.set(it.chain, plainChain(it.chain));
      return null;
    case "delete-chain":
      return deleteChain(table, it.chain);
    case "rename-chain": {
      const chain = table.chains.get(it.chain);
      if (!chain || chain.base) return NO_CHAIN;
      if (table.chains.has(it.to)) return "iptables: File exists.";
      table.chains.delete(it.chain);
      table.chains.set(it.to, { ...chain, name: it.to });
      return null;
    }
    case "flush": {
      if (it.chain !== null && !table.chains.has(it.chain)) return NO_CHAIN;
      for (const chain of table.chains.values())
        if (it.chain === null || chain.name === it.chain) chain.rules = [];
      return null;
    }
    case "policy": {
      const base = table.chains.get(it.chain)?.base;
      if (!base) return "iptables: Bad built-in chain name.";
      Object.assign(base, { policy: it.policy, policyBecause: span });
      return null;
    }
    default: {
      const chain = table.chains.get(it.chain);
      return chain ? changeRules(session, where, table, chain, it, span) : NO_CHAIN;
    }
  }
}

type RuleChange = Extract<
  IptablesChange,
  { kind: "append" | "insert" | "replace" | "delete" | "delete-at" | "check" }
>;

function changeRules(
  session: Session,
  where: Where,
  table: FilterTable,
  chain: Chain,
  it: RuleChange,
  span: Span,
): string | null {
  if (it.kind === "delete-at") {
    if (!chain.rules[it.position - 1]) return "iptables: Index of deletion too big.";
    chain.rules.splice(it.position - 1, 1);
    return null;
  }
  const rules = it.rules.map((rule): FilterRule => ({ ...rule, because: span }));
  const lost = rules
    .flatMap(({ actions }) => actions)
    .flatMap((it) => (it.kind === "jump" || it.kind === "goto" ? [it.chain] : []))
    .find((name) => !table.chains.has(name));
  if (lost !== undefined) return noTarget(lost);
  if (chain.rules.length + rules.length > MOST_RULES) return "iptables: Memory allocation problem.";
  const find = (rule: ParsedRule) => chain.rules.findIndex((one) => sameRule(one, rule));
  switch (it.kind) {
    case "append":
      chain.rules.push(...rules);
      break;
    case "insert":
      if (it.position > chain.rules.length + 1) return "iptables: Index of insertion too big.";
      chain.rules.splice(it.position - 1, 0, ...rules);
      break;
    case "replace":
      if (!chain.rules[it.position - 1]) return "iptables: Index of replacement too big.";
      chain.rules.splice(it.position - 1, 1, ...rules);
      break;
    case "check":
      return it.rules.every((rule) => find(rule) !== -1) ? null : NO_RULE;
    case "delete":
      for (const rule of it.rules) {
        const at = find(rule);
        if (at === -1) return NO_RULE;
        chain.rules.splice(at, 1);
      }
      return null;
  }
  taintUnsimulated(session, where, rules, span);
  return null;
}

function deleteChain(table: FilterTable, name: string | null): string | null {
  const gone =
    name === null
      ? [...table.chains.values()].filter((chain) => !chain.base)
      : [table.chains.get(name)];
  for (const chain of gone) {
    if (!chain || chain.base) return NO_CHAIN;
    const used = [...table.chains.values()].some((one) =>
      one.rules.some((rule) =>
        rule.actions.some(
          (action) =>
            (action.kind === "jump" || action.kind === "goto") && action.chain === chain.name,
        ),
      ),
    );
    if (used) return "iptables: Too many links.";
    if (chain.rules.length > 0) return "iptables: Directory not empty.";
    table.chains.delete(chain.name);
  }
  return null;
}

/** A rule that asks or does what is not simulated leaves its namespace open. */
export function taintUnsimulated(
  session: Session,
  where: Where,
  rules: readonly FilterRule[],
  span: Span,
): void {
  const what = new Set(rules.flatMap(unsimulatedIn));
  for (const one of what) session.unsimulated(one, span, where);
}

function tableNamed(namespace: Namespace, name: string): FilterTable {
  const known = namespace.filters.find(
    (table) => table.owner === "iptables" && table.name === name,
  );
  if (known) return known;
  const chains = (BUILT_IN[name] ?? []).map(([chain, hook, priority]): [string, Chain] => [
    chain,
    {
      name: chain,
      base: {
        hook,
        priority,
        type: name === "nat" ? "nat" : "filter",
        policy: "accept",
        policyBecause: null,
      },
      rules: [],
    },
  ]);
  const table: FilterTable = {
    name,
    family: "ip",
    owner: "iptables",
    chains: new Map(chains),
    sets: new Map(),
  };
  namespace.filters.push(table);
  return table;
}

function forget(namespace: Namespace, name: string): void {
  const at = namespace.filters.findIndex(
    (table) => table.owner === "iptables" && table.name === name,
  );
  if (at !== -1) namespace.filters.splice(at, 1);
}

function plainChain(name: string): Chain {
  return { name, base: null, rules: [] };
}
