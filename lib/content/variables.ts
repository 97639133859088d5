// Values drawn for a lab's variables: the same for the same seed, whatever the machine.

import {
  formatIp,
  formatPrefix,
  lastOf,
  networkOf,
  overlaps,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
  samePrefix,
} from "#lib/net/model/prefix.ts";
import type { Ip, Prefix } from "#lib/net/model/prefix.ts";
import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import { formsIn } from "./fill.ts";
import type { Value, Values } from "./fill.ts";
import type { Variable } from "./lab.ts";
import type { VariableYaml } from "./schema.ts";
import { prefixWords } from "./schema.ts";

/** A complaint about the variable of this name. */
export type ReportVariable = (name: string, message: string) => void;

/** The lab's own texts: where literal addresses stand, and where forms such as `{{lan.7}}` do. */
export type Written = { readonly literals: readonly string[]; readonly forms: readonly string[] };

export type Variables = Readonly<Record<string, Variable>>;

type NumberVariable = Extract<Variable, { kind: "number" }>;
type SubnetVariable = Extract<Variable, { kind: "subnet" }>;

/** What each kind of number may be, and what `any` stands for: numbers that stand out as an example's. */
const RANGES: Record<NumberVariable["of"], { min: number; max: number; any: [number, number] }> = {
  vlan: { min: 1, max: 4094, any: [100, 999] },
  vni: { min: 1, max: 16777215, any: [10000, 99999] },
  asn: { min: 1, max: 4294967294, any: [64512, 65534] },
  port: { min: 1, max: 65535, any: [8000, 8999] },
};

/** No lab's host lives in these: this network, loopback, link-local, and everything from multicast on. */
const RESERVED = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].flatMap(
  (text) => parsePrefix(text) ?? [],
);

/** The variables as written, checked against each other. Wrong ones are reported and left out. */
export function variablesOf(
  written: Readonly<Record<string, VariableYaml>>,
  report: ReportVariable,
): Variables {
  const known = new Map<string, Variable>();
  for (const [name, it] of Object.entries(written)) {
    const made = variableOf(name, it, written, (message) => report(name, message));
    if (made) known.set(name, made);
  }
  return Object.fromEntries(known);
}

/**
 * Draw every variable. Subnets are disjoint, also from the addresses that are written in the lab; numbers of
 * one kind differ. `pinned` gives some variables the value it says. What finds no room is reported.
 */
export function drawVariables(
  variables: Variables,
  seed: number,
  written: Written,
  pinned: Readonly<Record<string, string>>,
  report: ReportVariable,
): Values {
  const values = new Map<string, Value>();
  for (const [name, text] of Object.entries(pinned)) {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = variable ? pinnedValue(variable, text) : null;
    if (value) values.set(name, value);
    else report(name, pinProblem(variables, name, text) ?? `"${text}" does not fit.`);
  }
  drawSubnets(variables, seed, written.literals, values, report);
  drawAddresses(variables, seed, written, values, report);
  drawNumbers(variables, seed, values, report);
  for (const [name, it] of Object.entries(variables)) {
    if (it.kind !== "choice" || values.has(name)) continue;
    const text = it.among[diceOf(seed, name)(it.among.length)] ?? "";
    values.set(name, { kind: "text", text });
  }
  return values;
}

/** Why a variable cannot have this value, or `null` when it can. */
export function pinProblem(variables: Variables, name: string, text: string): string | null {
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (!variable) {
    const known = Object.keys(variables).join(", ");
    return `The lab has no variable "${name}".${known ? ` It has ${known}.` : ""}`;
  }
  if (pinnedValue(variable, text)) return null;
  const wanted =
    variable.kind === "subnet"
      ? `a network of length /${variable.prefix}`
      : variable.kind === "address"
        ? "an address"
        : variable.kind === "number"
          ? `a number from ${variable.min} to ${variable.max}`
          : `one of ${variable.among.join(", ")}`;
  return `"${name}" is ${wanted}; "${text}" is not.`;
}

/** A value in one word, for a record of what was drawn. */
export function formatValue(value: Value): string {
  switch (value.kind) {
    case "subnet":
      return formatPrefix(value.prefix);
    case "address":
      return formatIp(value.ip);
    case "text":
      return value.text;
  }
}

function variableOf(
  name: string,
  it: VariableYaml,
  all: Readonly<Record<string, VariableYaml>>,
  report: (message: string) => void,
): Variable | null {
  if ("subnet" in it) return subnetOf(it.subnet, it.prefix, it.same ?? null, name, all, report);
  if ("same" in it) {
    const origin = originOf(it.same, all, [name]);
    if (!origin) return refuse(report, noSuchSubnet(it.same));
    return subnetOf(origin.subnet, origin.prefix, it.same, name, all, report);
  }
  if ("address" in it) return addressOf(it.address, all, report);
  if ("choice" in it) return { kind: "choice", among: it.choice };
  if ("vlan" in it) return numberOf("vlan", it.vlan, report);
  if ("vni" in it) return numberOf("vni", it.vni, report);
  if ("asn" in it) return numberOf("asn", it.asn, report);
  return numberOf("port", it.port, report);
}

function subnetOf(
  within: string,
  length: number,
  same: string | null,
  name: string,
  all: Readonly<Record<string, VariableYaml>>,
  report: (message: string) => void,
): SubnetVariable | null {
  const outer = parsePrefix(within);
  if (!outer) return refuse(report, prefixWords(within));
  if (length < outer.length) {
    return refuse(report, `A /${length} does not fit into ${within}. Try a longer prefix.`);
  }
  if (RESERVED.some((it) => it.length <= outer.length && overlaps(it, outer))) {
    return refuse(report, `No host can have an address of ${within}. Try 10.0.0.0/8.`);
  }
  if (same !== null) {
    const origin = originOf(same, all, [name]);
    if (!origin) return refuse(report, noSuchSubnet(same));
    if (origin.subnet !== within || origin.prefix !== length) {
      return refuse(
        report,
        `"${same}" is drawn as a /${origin.prefix} of ${origin.subnet}, and this equals it. Write { same: ${same} }.`,
      );
    }
  }
  return { kind: "subnet", within, prefix: length, same };
}

/** The subnet that a chain of `same:` ends at; `null` when it ends nowhere or runs in a circle. */
function originOf(
  name: string,
  all: Readonly<Record<string, VariableYaml>>,
  seen: readonly string[],
): { subnet: string; prefix: number } | null {
  const it = Object.hasOwn(all, name) ? all[name] : undefined;
  if (!it || seen.includes(name)) return null;
  if ("subnet" in it && it.same === undefined) return it;
  const next = "same" in it ? it.same : undefined;
  return next === undefined ? null : originOf(next, all, [...seen, name]);
}

function addressOf(
  within: string,
  all: Readonly<Record<string, VariableYaml>>,
  report: (message: string) => void,
): Variable | null {
  const named = Object.hasOwn(all, within) ? all[within] : undefined;
  if (named && ("subnet" in named || "same" in named)) return { kind: "address", within };
  const outer = parsePrefix(within);
  if (!outer) {
    return refuse(report, `"${within}" is neither a network nor the name of a subnet variable.`);
  }
  if (RESERVED.some((it) => it.length <= outer.length && overlaps(it, outer))) {
    return refuse(report, `No host can have an address of ${within}. Try 10.0.0.0/8.`);
  }
  return { kind: "address", within };
}

function numberOf(
  of: NumberVariable["of"],
  range: "any" | readonly [number, number],
  report: (message: string) => void,
): NumberVariable | null {
  const limits = RANGES[of];
  const [min, max] = range === "any" ? limits.any : range;
  if (min > max || min < limits.min || max > limits.max) {
    return refuse(
      report,
      `A ${of} is from ${limits.min} to ${limits.max}, the first number not above the last; this is [${min}, ${max}].`,
    );
  }
  return { kind: "number", of, min, max };
}

function refuse(report: (message: string) => void, message: string): null {
  report(message);
  return null;
}

function noSuchSubnet(name: string): string {
  return `"same" names "${name}", which is no other subnet that is drawn. Name one that has subnet and prefix.`;
}

function drawSubnets(
  variables: Variables,
  seed: number,
  literals: readonly string[],
  values: Map<string, Value>,
  report: ReportVariable,
): void {
  const subnets = Object.entries(variables).flatMap(([name, it]) =>
    it.kind === "subnet" ? [{ name, it, within: parsePrefix(it.within) }] : [],
  );
  const written = literals.flatMap(networksIn);
  const taken = [...values.values()].flatMap((it) => (it.kind === "subnet" ? [it.prefix] : []));
  // What has the fewest places to go is placed first, so that small subnets never block the last big one.
  const drawn = subnets
    .filter(({ name, it }) => it.same === null && !values.has(name))
    .sort((a, b) => freedom(a.it, a.within) - freedom(b.it, b.within));
  for (const { name, it, within } of drawn) {
    if (!within) continue;
    // A literal that holds the whole pool is its summary, such as a route to all of it: no subnet to avoid.
    const avoid = written.filter((literal) => !holds(literal, within));
    const prefix = drawSubnet(
      within,
      it.prefix,
      [...RESERVED, ...avoid, ...taken],
      diceOf(seed, name),
    );
    if (!prefix) {
      report(
        name,
        `There is no room for a /${it.prefix} in ${it.within} beside the other subnets.`,
      );
      continue;
    }
    taken.push(prefix);
    values.set(name, { kind: "subnet", prefix });
  }
  for (const { name, it } of subnets) {
    const value = it.same === null ? undefined : endOf(it.same, variables, values);
    if (value && !values.has(name)) values.set(name, value);
  }
}

function endOf(name: string, variables: Variables, values: Values): Value | undefined {
  const it = variables[name];
  return it?.kind === "subnet" && it.same !== null && !values.has(name)
    ? endOf(it.same, variables, values)
    : values.get(name);
}

function freedom(it: SubnetVariable, within: Prefix | null): number {
  return it.prefix - (within?.length ?? 0);
}

/** One of the subnets of `length` bits in `within` that touches none of `taken`. */
function drawSubnet(
  within: Prefix,
  length: number,
  taken: readonly Prefix[],
  dice: Dice,
): Prefix | null {
  const places = 2 ** (length - within.length);
  const size = 2 ** (32 - length);
  const subnet = (place: number): Prefix => ({
    first: (within.first + place * size) as Ip,
    length,
  });
  const blocker = (place: number) => taken.find((it) => overlaps(it, subnet(place)));
  const start = dice(places);
  // From a random place onward, over whatever is in the way, once around.
  let tried = 0;
  while (tried < places) {
    const place = (start + tried) % places;
    const block = blocker(place);
    if (!block) return subnet(place);
    const beyond = Math.floor((lastOf(block) - within.first) / size) + 1;
    // Reaching the end of the pool goes on at its beginning.
    tried += Math.max(1, Math.min(beyond, places) - place);
  }
  return null;
}

function drawAddresses(
  variables: Variables,
  seed: number,
  written: Written,
  values: Map<string, Value>,
  report: ReportVariable,
): void {
  const taken = new Set<number>(written.literals.flatMap(addressesIn));
  for (const value of values.values()) if (value.kind === "address") taken.add(value.ip);
  for (const [name, it] of Object.entries(variables)) {
    if (it.kind !== "address" || values.has(name)) continue;
    const within = subnetNamed(it.within, values) ?? parsePrefix(it.within);
    if (!within) continue;
    const used = usedHosts(it.within, written.forms).map((host) => within.first + host);
    const ip = drawAddress(within, new Set([...taken, ...used]), diceOf(seed, name));
    if (ip === null) {
      report(name, `There is no free address left in ${formatPrefix(within)}.`);
      continue;
    }
    taken.add(ip);
    values.set(name, { kind: "address", ip });
  }
}

/** The hosts that the lab's texts name by `{{lan.7}}`: an address drawn from `lan` is none of them. */
function usedHosts(subnet: string, forms: readonly string[]): readonly number[] {
  return forms.flatMap((text) =>
    formsIn(text).flatMap(({ inner }) => {
      const [, name, host] = /^([A-Za-z][\w-]*)\.(\d{1,10})(?:\/\d+)?$/.exec(inner) ?? [];
      return name === subnet ? [Number(host)] : [];
    }),
  );
}

function drawAddress(within: Prefix, taken: ReadonlySet<number>, dice: Dice): Ip | null {
  // A network of two addresses or one has no network and broadcast address to leave out.
  const edge = within.length < 31 ? 1 : 0;
  const hosts = 2 ** (32 - within.length) - 2 * edge;
  const start = dice(hosts);
  for (let tried = 0; tried < hosts && tried <= taken.size; tried++) {
    const ip = within.first + edge + ((start + tried) % hosts);
    if (!taken.has(ip)) return ip as Ip;
  }
  return null;
}

function subnetNamed(name: string, values: Values): Prefix | null {
  const value = values.get(name);
  return value?.kind === "subnet" ? value.prefix : null;
}

function drawNumbers(
  variables: Variables,
  seed: number,
  values: Map<string, Value>,
  report: ReportVariable,
): void {
  const numbers = Object.entries(variables).flatMap(([name, it]) =>
    it.kind === "number" ? [{ name, it }] : [],
  );
  const taken = new Set(
    numbers.flatMap(({ name, it }) => {
      const value = values.get(name);
      return value ? [`${it.of} ${formatValue(value)}`] : [];
    }),
  );
  // The narrow ranges first, so that a wide one never takes the last number of a narrow one.
  numbers.sort((a, b) => a.it.max - a.it.min - (b.it.max - b.it.min));
  for (const { name, it } of numbers) {
    if (values.has(name)) continue;
    const places = it.max - it.min + 1;
    const start = diceOf(seed, name)(places);
    const tries = Array.from({ length: Math.min(places, taken.size + 1) }, (_, tried) => tried);
    const free = tries
      .map((tried) => it.min + ((start + tried) % places))
      .find((number) => !taken.has(`${it.of} ${number}`));
    if (free === undefined) {
      report(name, `No ${it.of} from ${it.min} to ${it.max} is left. Try a wider range.`);
      continue;
    }
    taken.add(`${it.of} ${free}`);
    values.set(name, { kind: "text", text: String(free) });
  }
}

function pinnedValue(variable: Variable, text: string): Value | null {
  switch (variable.kind) {
    case "subnet": {
      const prefix = parsePrefix(text);
      return prefix?.length === variable.prefix ? { kind: "subnet", prefix } : null;
    }
    case "address": {
      const ip = parseIp(text);
      return ip === null ? null : { kind: "address", ip };
    }
    case "number": {
      const fits =
        /^\d+$/.test(text) && variable.min <= Number(text) && Number(text) <= variable.max;
      return fits ? { kind: "text", text: String(Number(text)) } : null;
    }
    case "choice":
      return variable.among.includes(text) ? { kind: "text", text } : null;
  }
}

/** Every address or network that stands in a text as itself. */
function networksIn(text: string): readonly Prefix[] {
  return [...text.matchAll(/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?![\w.]*\d)/g)].flatMap(
    ([found]) => {
      const it = parseInterfaceAddress(found.includes("/") ? found : `${found}/32`);
      // A host with its mask, 10.0.0.1/24, speaks for its whole network.
      return it ? [networkOf(it.ip, it.length)] : [];
    },
  );
}

function addressesIn(text: string): readonly Ip[] {
  return networksIn(text).flatMap((it) => (it.length === 32 ? [it.first] : []));
}

function holds(outer: Prefix, inner: Prefix): boolean {
  return samePrefix(outer, inner) || (outer.length < inner.length && overlaps(outer, inner));
}
