import type {
  AccessEnd,
  AccessEntry,
  AccessList,
  NetworkMember,
  ObjectGroup,
  PortTest,
  Service,
  ServiceMember,
} from "../../model/ios-access-lists.ts";
import type { Taint } from "../../model/device.ts";
import type { IosState } from "../../model/ios.ts";
import { ACK, LARGEST, type Range } from "../../model/network.ts";
import {
  MOST_GUARDS,
  unsimulatedIn,
  type FilterRule,
  type Match,
  type RuleAction,
} from "../../model/packet-filter.ts";
import { merged } from "../../model/ranges.ts";

const RST = 4;

/** When each part has its turn at its hook; connections are looked up between the first two. */
export const PRIORITY = { listIn: -300, outsideIn: -100, insideOut: 100, listOut: 200 } as const;

/** An access list as rules of a packet filter: what each entry permits or denies is done to what fits it. */
export function rulesOf(
  { objectGroups }: Pick<IosState, "objectGroups">,
  list: AccessList,
  does: { readonly permit: RuleAction; readonly deny: RuleAction },
): FilterRule[] {
  return list.inOrder().flatMap(([, entry]) => {
    const action = entry.permits ? does.permit : does.deny;
    return choicesOf(objectGroups, entry).map((matches): FilterRule => ({
      matches,
      actions: [action],
      because: entry.because,
    }));
  });
}

type Groups = ReadonlyMap<string, ObjectGroup>;

// One rule for each way to fit the entry.
function choicesOf(groups: Groups, entry: AccessEntry): Match[][] {
  const ends = [
    ...endMatches(groups, "src", entry.source),
    ...endMatches(groups, "dst", entry.destination),
  ];
  if (entry.asks !== null) return [[...ends, { kind: "unsimulated", what: entry.asks }]];
  const services =
    "group" in entry.service ? servicesOf(groups, entry.service.group) : [entry.service];
  if (services.length > MOST_GUARDS)
    return [[...ends, { kind: "unsimulated", what: `more than ${MOST_GUARDS} services` }]];
  return services.flatMap((service) =>
    flagsOf(service).map((flags) => [...ends, ...serviceMatches(service), ...flags]),
  );
}

function endMatches(groups: Groups, field: "src" | "dst", end: AccessEnd): Match[] {
  switch (end.kind) {
    case "any":
      return [];
    case "addresses":
      return [
        {
          kind: "field",
          field,
          not: false,
          ranges: [[end.ip, end.ip]],
          mask: ~end.wildcard >>> 0,
        },
      ];
    case "group":
      return [{ kind: "field", field, not: false, ranges: addressesOf(groups, end.name) }];
  }
}

/** The addresses of a group and of all groups in it. */
export function addressesOf(groups: Groups, name: string): Range[] {
  return merged(
    membersOf(groups, name, "network").flatMap((one): Range[] => {
      const member = one as NetworkMember;
      if (member.kind === "range") return [[member.low, member.high]];
      return member.kind === "any" ? [[0, LARGEST.src]] : [];
    }),
  );
}

function servicesOf(groups: Groups, name: string): Service[] {
  return membersOf(groups, name, "service").flatMap((one) => {
    const member = one as ServiceMember;
    return member.kind === "service" ? member.services : [];
  });
}

// Every group is looked into once, however many name it.
function membersOf(
  groups: Groups,
  name: string,
  kind: ObjectGroup["kind"],
): (NetworkMember | ServiceMember)[] {
  const seen = new Set<string>();
  const open = [name];
  const found: (NetworkMember | ServiceMember)[] = [];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const group = groups.get(one);
    if (group?.kind !== kind || seen.has(one)) continue;
    seen.add(one);
    for (const member of group.members.values())
      if (member.kind === "group") open.push(member.name);
      else found.push(member);
  }
  return found;
}

function serviceMatches({ proto, source, destination, icmp }: Service): Match[] {
  const field = (name: "proto" | "icmp-type" | "icmp-code", value: number): Match => ({
    kind: "field",
    field: name,
    not: false,
    ranges: [[value, value]],
  });
  return [
    ...(proto === null ? [] : [field("proto", proto)]),
    ...portMatches("sport", source),
    ...portMatches("dport", destination),
    ...(icmp ? [field("icmp-type", icmp.type)] : []),
    ...(icmp && icmp.code !== null ? [field("icmp-code", icmp.code)] : []),
  ];
}

function portMatches(field: "sport" | "dport", test: PortTest | null): Match[] {
  if (!test) return [];
  return [{ kind: "field", field, not: test.is === "neq", ranges: rangesOf(test) }];
}

function rangesOf({ is, ports }: PortTest): Range[] {
  const [first = 0, last = first] = ports;
  const most = LARGEST.dport;
  switch (is) {
    case "eq":
    case "neq":
      return merged(ports.map((port): Range => [port, port]));
    case "gt":
      return first < most ? [[first + 1, most]] : [];
    case "lt":
      return first > 0 ? [[0, first - 1]] : [];
    case "range":
      return [[first, last]];
  }
}

// `established` asks for ACK or RST, which is a rule for each.
function flagsOf({ established }: Service): Match[][] {
  if (!established) return [[]];
  return [ACK, RST].map((flag) => [{ kind: "tcp-flags", not: false, mask: flag, value: flag }]);
}

/** What rules ask that is not simulated leaves the interface open where they are asked. */
export function openIn(rules: readonly FilterRule[], iface: string | null): Taint[] {
  const open = new Map<string, Taint>();
  for (const rule of rules)
    for (const what of unsimulatedIn(rule))
      if (!open.has(what)) open.set(what, { iface, what, because: rule.because });
  return [...open.values()];
}
