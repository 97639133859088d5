import type { Device } from "../model/device.ts";
import type { Drop } from "../model/fate.ts";
import {
  CT,
  type Field,
  type Place,
  type PlaceId,
  type Range,
  type Rule,
  type Step,
} from "../model/network.ts";
import type {
  Chain,
  FilterRule,
  FilterTable,
  Hook,
  Match,
  RuleAction,
} from "../model/packet-filter.ts";
import { isLoopback, lastOf, type Ip } from "../model/prefix.ts";
import { guardsOf, type Passage } from "./guards.ts";

/** Connections are tracked between the raw chains and all others. */
const TRACKING = -200;
/** The interface by which a device's own packets to itself go out and come in. */
export const LOOPBACK = "lo";

/** Lays out the packet filters of one device, hook by hook, for each way that packets take through it. */
export class Filters {
  private readonly device: Device;
  private readonly places: Map<PlaceId, Place>;
  private readonly laid = new Map<string, PlaceId>();
  private readonly tracks: boolean;
  /** Whether some rule asks by which port of a bridge a packet came in or goes out. */
  readonly asksForPorts: boolean;
  private readonly translates: boolean;

  constructor(device: Device, places: Map<PlaceId, Place>) {
    this.device = device;
    this.places = places;
    this.asksForPorts = device.filters.some((table) =>
      [...table.chains.values()].some((chain) =>
        chain.rules.some((rule) =>
          rule.matches.some((match) => match.kind === "iface" && match.port),
        ),
      ),
    );
    this.tracks = device.filters.some((table) => table.family === "ip" && usesConnections(table));
    this.translates = device.filters.some(
      ({ family, chains }) =>
        family === "ip" && [...chains.values()].some(({ base }) => base?.type === "nat"),
    );
  }

  /** Whether any chain is hooked in for packets of `family`: else they pass untouched. */
  filters(family: FilterTable["family"]): boolean {
    return this.device.filters.some(
      (table) => table.family === family && [...table.chains.values()].some((chain) => chain.base),
    );
  }

  /** Whether some rule may change a packet's destination on its way in. */
  get translatesEarly(): boolean {
    return this.device.filters.some(({ family, chains }) =>
      [...chains.values()].some(
        ({ base }) => family === "ip" && base?.type === "nat" && base.hook === "prerouting",
      ),
    );
  }

  /** Whether some rule asks by which interface a packet came in or goes out. */
  get asksForIfaces(): boolean {
    return this.device.filters.some((table) =>
      [...table.chains.values()].some(
        (chain) =>
          (chain.base?.hook === "forward" && chain.base.only?.in != null) ||
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
      .filter(({ chain }) => chain.base?.hook === hook && concerns(chain.base, passage))
      .sort((a, b) => a.chain.base!.priority - b.chain.base!.priority);
    const isEntry = hook === "prerouting" || hook === "output";
    const tracks = family === "ip" && this.tracks;
    const later = chains.filter(({ chain }) => chain.base!.priority > TRACKING);
    const earlier = chains.filter(({ chain }) => chain.base!.priority <= TRACKING);
    let at = next;
    if (tracks && !isEntry && hook !== "forward")
      at = this.add(`${hook} remembers`, { kind: "confirm", next: at });
    // What a connection's first packet was changed to, its answers are changed back from, whatever chains there are.
    const turnsBack =
      tracks && this.translates && hook !== "forward" && !isNat(later) && passage.in !== LOOPBACK;
    if (turnsBack) at = this.translation(hook, at, at);
    for (const { table, chain } of later.toReversed())
      at = this.base(table, chain, hook, passage, at);
    // Its own packets to itself were tracked on their way out.
    if (tracks && isEntry && passage.in !== LOOPBACK)
      at = this.add(`${hook} tracks`, { kind: "track", next: at });
    for (const { table, chain } of earlier.toReversed())
      at = this.base(table, chain, hook, passage, at);
    return at;
  }

  private translation(hook: Hook, first: PlaceId, next: PlaceId): PlaceId {
    const side = hook === "prerouting" || hook === "output" ? "dst" : "src";
    return this.add(`${hook} translates`, { kind: "translate", side, first, next });
  }

  private base(
    table: FilterTable,
    chain: Chain,
    hook: Hook,
    passage: Passage,
    next: PlaceId,
  ): PlaceId {
    const { policy, policyBecause, type, error } = chain.base!;
    if (type === "nat" && hook === "prerouting" && passage.in === LOOPBACK) return next;
    const why = {
      device: this.device.name,
      chain: titleOf(table, chain),
      isPolicy: true,
      ...leaving(passage),
      because: policyBecause ? [policyBecause] : [],
    };
    const end =
      policy === "accept"
        ? next
        : this.drop(error ? { kind: "rejected", error, ...why } : { kind: "filtered", ...why });
    const first = this.chain(table, chain, passage, next, end, []);
    return type === "nat" ? this.translation(hook, first, next) : first;
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
          ...leaving(passage),
          because: [because],
        });
      case "reject":
        return this.drop({
          kind: "rejected",
          device: name,
          chain: title,
          error: action.with,
          ...leaving(passage),
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
        const own = this.addressOf(passage.out) ?? this.anyAddress();
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
      case "dscp":
        return this.set("dscp", action.value, undefined, rest);
      case "no-track":
        // What was tracked on its way out stays so when it comes in again.
        return passage.in === LOOPBACK ? rest : this.set("ct", CT.exempt, undefined, rest);
      case "continue":
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

  // Addresses of the loopback's own network are for within (their scope is the host).
  private addressOf(iface: string | null): Ip | null {
    const addresses = this.device.ifaces.find((one) => one.name === iface)?.addresses ?? [];
    return addresses.find(({ ip }) => !isLoopback(ip))?.ip ?? null;
  }

  // An interface without an address borrows one of the first that has any (inet_select_addr).
  private anyAddress(): Ip | null {
    const all = this.device.ifaces.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
    return all.find((ip) => !isLoopback(ip)) ?? null;
  }

  private drop(why: Drop): PlaceId {
    return this.add(`drops: ${why.kind}`, { kind: "drop", why });
  }

  private add(what: string, step: Step): PlaceId {
    const id = `${this.device.name} ${what} #${this.places.size}`;
    const { name: device } = this.device;
    this.places.set(id, { id, device, table: undefined, iface: null, step, what });
    return id;
  }
}

function titleOf(table: FilterTable, chain: Chain): string {
  return chain.title ?? `chain ${chain.name} of table ${table.name}`;
}

// Whether packets of this way come by the chain at all.
function concerns({ only }: NonNullable<Chain["base"]>, passage: Passage): boolean {
  const by = (names: readonly string[] | null, name: string | null) =>
    names === null || (name !== null && names.includes(name));
  return !only || (by(only.in, passage.in) && by(only.out, passage.out));
}

// On its way out of the system, which came in by no interface as far as the hook can tell.
function leaving(passage: Passage): { readonly isLeaving?: true } {
  return passage.in === null && passage.out !== null && !passage.bridged ? { isLeaving: true } : {};
}

function isNat(chains: readonly { readonly chain: Chain }[]): boolean {
  return chains.some(({ chain }) => chain.base!.type === "nat");
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
