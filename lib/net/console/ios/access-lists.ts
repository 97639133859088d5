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
import { ICMP, LARGEST, TCP, UDP } from "../../model/network.ts";
import { formatIp, maskOf } from "../../model/prefix.ts";
import {
  ICMP_MESSAGES,
  nameOf,
  PROTOCOLS,
  TCP_PORTS,
  UDP_PORTS,
} from "../../parse/ios/well-known.ts";

type Entry = Omit<AccessEntry, "because">;

/** The lists as a running configuration has them: named ones with their entries below, numbered ones line by line. */
export function accessListLines(lists: ReadonlyMap<string, AccessList>): string[] {
  return [...lists.values()].flatMap((list) => {
    const entries = list.inOrder();
    const said = entries.map(([, entry]) => formatEntry(entry, list.type));
    // A list by number whose entries are numbered as they came needs no numbers of its own.
    const isPlain = entries.every(([sequence], at) => sequence === (at + 1) * 10);
    if (isPlain && /^\d/.test(list.name) && entries.length > 0)
      return said.map((line) => `access-list ${list.name} ${line}`);
    return [
      `ip access-list ${list.type} ${list.name}`,
      ...entries.map(([sequence], at) => ` ${sequence} ${said[at]!}`),
    ];
  });
}

/** The groups, those that others name before those that name them. */
export function objectGroupLines(groups: ReadonlyMap<string, ObjectGroup>): string[] {
  const written = new Set<string>();
  const lines: string[] = [];
  const open = [...groups.keys()].reverse();
  while (open.length > 0) {
    const name = open.at(-1)!;
    const group = groups.get(name);
    const before = [...(group?.members.values() ?? [])].flatMap((member) =>
      member.kind === "group" && !written.has(member.name) ? [member.name] : [],
    );
    if (before.length > 0 && !written.has(name)) {
      open.push(...before);
      continue;
    }
    open.pop();
    if (!group || written.has(name)) continue;
    written.add(name);
    lines.push(`object-group ${group.kind} ${name}`, ...membersOf(group));
  }
  return lines;
}

function membersOf(group: ObjectGroup): string[] {
  if (group.kind === "network")
    return [...group.members.values()].map((member) => ` ${formatNetwork(member)}`);
  return [...group.members.values()].map((member) => ` ${formatMember(member)}`);
}

/** An entry as its device would write it, without its number. */
export function formatEntry(entry: Entry, type: AccessList["type"]): string {
  const verdict = entry.permits ? "permit" : "deny";
  const end = [entry.logs, entry.asks];
  if (type === "standard") return words(verdict, formatStandard(entry.source), ...end);
  if ("group" in entry.service)
    return words(
      verdict,
      `object-group ${entry.service.group}`,
      formatEnd(entry.source),
      formatEnd(entry.destination),
      ...end,
    );
  const { service } = entry;
  return words(
    verdict,
    service.proto === null ? "ip" : nameOf(PROTOCOLS, service.proto),
    formatEnd(entry.source),
    formatPorts(service, service.source),
    formatEnd(entry.destination),
    formatPorts(service, service.destination),
    formatIcmp(service),
    service.established ? "established" : null,
    ...end,
  );
}

export function formatNetwork(member: NetworkMember): string {
  if (member.kind === "any") return "any";
  if (member.kind === "group") return `group-object ${member.name}`;
  const { low, high } = member;
  if (low === high) return `host ${formatIp(low)}`;
  const size = high - low + 1;
  const length = 32 - Math.log2(size);
  if (Number.isInteger(length) && low % size === 0)
    return `${formatIp(low)} ${formatIp(maskOf(length))}`;
  return `range ${formatIp(low)} ${formatIp(high)}`;
}

export function formatMember(member: ServiceMember): string {
  if (member.kind === "group") return `group-object ${member.name}`;
  const [service, other] = member.services;
  if (!service) return "";
  if (service.proto === null) return "ip";
  const name = other ? "tcp-udp" : nameOf(PROTOCOLS, service.proto);
  const source = formatPorts(service, service.source);
  return words(
    name,
    source && `source ${source}`,
    formatPorts(service, service.destination),
    formatIcmp(service),
  );
}

function words(...parts: readonly (string | null)[]): string {
  return parts.filter(Boolean).join(" ");
}

function formatStandard(end: AccessEnd): string {
  if (end.kind !== "addresses") return "any";
  if (end.wildcard === 0) return formatIp(end.ip);
  return `${formatIp(end.ip)} ${formatIp(end.wildcard)}`;
}

function formatEnd(end: AccessEnd): string {
  if (end.kind === "any") return "any";
  if (end.kind === "group") return `object-group ${end.name}`;
  if (end.wildcard === 0) return `host ${formatIp(end.ip)}`;
  return `${formatIp(end.ip)} ${formatIp(end.wildcard)}`;
}

function formatPorts({ proto }: Service, test: PortTest | null): string | null {
  if (!test) return null;
  const table = proto === TCP ? TCP_PORTS : proto === UDP ? UDP_PORTS : {};
  return words(test.is, ...test.ports.map((port) => nameOf(table, Math.min(port, LARGEST.dport))));
}

function formatIcmp({ proto, icmp }: Service): string | null {
  if (proto !== ICMP || !icmp) return null;
  const name = Object.keys(ICMP_MESSAGES).find((one) => {
    const message = ICMP_MESSAGES[one]!;
    return message.type === icmp.type && message.code === icmp.code;
  });
  return name ?? words(String(icmp.type), icmp.code === null ? null : String(icmp.code));
}
