import {
  AccessList,
  type AccessListType,
  type NetworkMember,
  type ObjectGroup,
  type ServiceMember,
} from "../../model/ios-access-lists.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import type { AccessSaid, EntrySaid, Named } from "../../parse/ios/access-said.ts";
import type { Statement } from "../../parse/ios/statement.ts";
import type { Span } from "../../source/span.ts";
import type { Remarks } from "./remarks.ts";

/** No device here has more entries in all its lists, or lines in all its groups. */
const LIMIT = 50_000;
/** So many entries are numbered anew, and groups looked through for circles, altogether. */
const MOST_RENUMBERED = 500_000;
const MOST_LOOKED_AT = 500_000;
const LARGEST_SEQUENCE = 2_147_483_647;

type Said<K extends AccessSaid["kind"]> = Extract<Statement, { kind: K }>;

/** Carries out what is said of access lists and object groups. */
export class AccessLists {
  private readonly state: IosState;
  private readonly remarks: Remarks;
  private list: AccessList | null = null;
  private group: ObjectGroup | null = null;
  private size = 0;
  private renumbered = 0;
  private lookedAt = 0;
  private readonly overfull = new Set<string>();
  /** How often each group is named. */
  private readonly uses = new Map<string, number>();

  constructor(state: IosState, remarks: Remarks) {
    this.state = state;
    this.remarks = remarks;
  }

  carryOut(it: Said<AccessSaid["kind"]>, iface: IosIface | null): void {
    switch (it.kind) {
      case "access-list":
        return it.no ? this.remove(it) : this.open(it);
      case "access-entry":
        return this.entry(it);
      case "access-resequence":
        return this.resequence(it);
      case "access-group":
        if (iface)
          iface.services.lists[it.direction] = it.no
            ? null
            : { name: it.list.name, because: it.span };
        return;
      case "access-class":
        return this.remarks.say("ios-access-class", it.span, { list: it.list.name });
      case "unreachables":
        if (iface) iface.services.unreachables = !it.no;
        return;
      case "object-group":
        return it.no ? this.removeGroup(it) : this.openGroup(it);
      case "network-member":
      case "service-member":
        return this.member(it);
    }
  }

  // A name that begins with a digit is a number, and numbers belong to one type of list each.
  private listNamed(
    { name, at }: Named,
    type: AccessListType | null,
    because: Span,
  ): AccessList | null {
    const known = this.state.accessLists.get(name);
    if (known && (type === null || known.type === type)) return known;
    if (known) this.remarks.say("ios-access-list-type", at, { list: name, type: known.type });
    else if (/^\d/.test(name) && type !== null && !isNumberOf(type, name))
      this.remarks.say("ios-access-list-name", at, { list: name, type });
    else if (type !== null) {
      const made = new AccessList(name, type, because);
      this.state.accessLists.set(name, made);
      return made;
    }
    return null;
  }

  private open(it: Said<"access-list">): void {
    this.group = null;
    this.list = this.listNamed(it.list, it.type, it.span);
  }

  private remove(it: Said<"access-list">): void {
    const known = this.state.accessLists.get(it.list.name);
    if (known && known.type === it.type) {
      this.state.accessLists.delete(it.list.name);
      this.size -= known.size;
      for (const [, entry] of known.inOrder()) this.count(groupsOf(entry), -1);
      if (this.list === known) this.list = null;
    }
  }

  private entry(it: Said<"access-entry">): void {
    const list = it.list ? this.listNamed(it.list, it.type, it.span) : this.list;
    if (!list || list.type !== it.type) return;
    const entry = it.entry && { ...it.entry, because: it.span };
    if (it.no) {
      const number = it.sequence?.number ?? (entry && list.numberOf(entry));
      if (number !== null) this.removeEntry(list, number);
      return;
    }
    if (!entry || !this.groupsAreThere(entry, it.span)) return;
    if (list.numberOf(entry) !== null) return;
    if (it.sequence && list.has(it.sequence.number))
      return this.remarks.say("ios-duplicate-sequence", it.sequence.at, {
        list: list.name,
        sequence: it.sequence.number,
      });
    const sequence = it.sequence?.number ?? list.next;
    if (sequence > LARGEST_SEQUENCE || !this.hasRoom(it.span)) return;
    if (entry.asks) this.remarks.say("unsimulated", it.span, { what: `"${entry.asks}"` });
    list.add(sequence, entry);
    this.count(groupsOf(entry), 1);
  }

  private removeEntry(list: AccessList, number: number): void {
    const gone = list.remove(number);
    if (!gone) return;
    this.size--;
    this.count(groupsOf(gone), -1);
  }

  private count(groups: readonly { readonly name: string }[], by: 1 | -1): void {
    for (const { name } of groups) this.uses.set(name, (this.uses.get(name) ?? 0) + by);
  }

  private groupsAreThere(entry: EntrySaid, span: Span): boolean {
    const missing = groupsOf(entry).find(({ kind, name }) => {
      const group = this.state.objectGroups.get(name);
      return group?.kind !== kind || group.members.size === 0;
    });
    if (missing)
      this.remarks.say("ios-no-object-group", span, { kind: missing.kind, group: missing.name });
    return !missing;
  }

  private hasRoom(span: Span): boolean {
    if (this.size < LIMIT) {
      this.size++;
      return true;
    }
    this.tooMany("entries of access lists and groups", LIMIT, span);
    return false;
  }

  // What was left out may have mattered to anything.
  private tooMany(what: string, limit: number, span: Span): void {
    if (this.overfull.has(what)) return;
    this.overfull.add(what);
    this.remarks.say("too-many", span, { what, limit });
    this.remarks.taint(null, { what: `more than ${limit} ${what}`, span });
  }

  private resequence(it: Said<"access-resequence">): void {
    const list = this.state.accessLists.get(it.list.name);
    if (!list) return this.remarks.say("ios-no-access-list", it.list.at, { list: it.list.name });
    if (it.first + it.step * (list.size - 1) > LARGEST_SEQUENCE) return;
    this.renumbered += list.size;
    if (this.renumbered > MOST_RENUMBERED)
      return this.tooMany("changes of an access list's numbers", MOST_RENUMBERED, it.span);
    list.resequence(it.first, it.step);
  }

  // ---- groups

  private openGroup(it: Said<"object-group">): void {
    const { objectGroups } = this.state;
    const { name, at } = it.group;
    const known = objectGroups.get(name);
    this.list = null;
    this.group = null;
    if (known && known.kind !== it.type)
      return this.remarks.say("ios-object-group-type", at, { group: name, kind: known.kind });
    this.group = known ?? {
      kind: it.type,
      name,
      members: new Map<string, never>(),
      because: it.span,
    };
    objectGroups.set(name, this.group);
  }

  private removeGroup(it: Said<"object-group">): void {
    const { objectGroups } = this.state;
    const { name, at } = it.group;
    const known = objectGroups.get(name);
    if (!known || known.kind !== it.type) return;
    if (this.isUsed(known)) return this.remarks.say("ios-object-group-used", at, { group: name });
    objectGroups.delete(name);
    this.size -= known.members.size;
    for (const member of known.members.values()) this.count(inner(member), -1);
    if (this.group === known) this.group = null;
  }

  private isUsed({ name }: ObjectGroup): boolean {
    return (this.uses.get(name) ?? 0) > 0;
  }

  private member(it: Said<"network-member" | "service-member">): void {
    const { group } = this;
    if (it.kind === "network-member" && it.wrong)
      return this.remarks.say("ios-object-group-member", it.wrong.at, { text: it.wrong.text });
    if (!group || it.member === null) return;
    const key = JSON.stringify(it.member);
    if (it.no) {
      if (!group.members.has(key)) return;
      if (group.members.size === 1 && this.isUsed(group))
        return this.remarks.say("ios-object-group-used", it.span, { group: group.name });
      this.size--;
      group.members.delete(key);
      return this.count(inner(it.member), -1);
    }
    if (it.member.kind === "group" && !this.mayHold(group, it.member.name, it.at)) return;
    if (group.members.has(key) || !this.hasRoom(it.span)) return;
    this.count(inner(it.member), 1);
    if (group.kind === "network" && it.kind === "network-member") group.members.set(key, it.member);
    if (group.kind === "service" && it.kind === "service-member") group.members.set(key, it.member);
  }

  private mayHold(group: ObjectGroup, name: string, at: Span): boolean {
    const held = this.state.objectGroups.get(name);
    if (held?.kind !== group.kind) {
      this.remarks.say("ios-no-object-group", at, { kind: group.kind, group: name });
      return false;
    }
    // What nobody names closes no circle.
    if (!this.isUsed(group) && held !== group) return true;
    if (this.lookedAt > MOST_LOOKED_AT) {
      this.tooMany("groups in groups", MOST_LOOKED_AT, at);
      return false;
    }
    if (!this.leadsTo(held, group)) return true;
    this.remarks.say("ios-object-group-circle", at, { group: group.name, inner: name });
    return false;
  }

  // Deep nests are walked with a list of their own, not with the call stack.
  private leadsTo(from: ObjectGroup, to: ObjectGroup): boolean {
    const seen = new Set<ObjectGroup>();
    const open = [from];
    for (let one = open.pop(); one; one = open.pop()) {
      if (one === to) return true;
      this.lookedAt++;
      if (seen.has(one)) continue;
      seen.add(one);
      for (const member of one.members.values()) {
        const next = member.kind === "group" && this.state.objectGroups.get(member.name);
        if (next) open.push(next);
      }
    }
    return false;
  }
}

type Naming = { readonly kind: ObjectGroup["kind"]; readonly name: string };

function groupsOf({ service, source, destination }: EntrySaid): Naming[] {
  const naming = (kind: Naming["kind"], name: string): Naming => ({ kind, name });
  return [
    ...("group" in service ? [naming("service", service.group)] : []),
    ...[source, destination].flatMap((end) =>
      end.kind === "group" ? [naming("network", end.name)] : [],
    ),
  ];
}

// The group that a line of a group names; its kind is the group's own.
function inner(member: NetworkMember | ServiceMember): { readonly name: string }[] {
  return member.kind === "group" ? [{ name: member.name }] : [];
}

function isNumberOf(type: AccessListType, name: string): boolean {
  const number = Number(name);
  const within = (low: number, high: number) => number >= low && number <= high;
  if (!/^\d+$/.test(name)) return false;
  return type === "standard"
    ? within(1, 99) || within(1300, 1999)
    : within(100, 199) || within(2000, 2699);
}
