import type { Device, Taint } from "../model/device.ts";
import {
  fitsArp,
  flowGuard,
  having,
  overlapsOf,
  settable,
  unsimulatedInFlow,
  type FlowGuard,
  type Overlap,
} from "../model/flow-match.ts";
import { carries, LOCAL_PORT, type FlowSwitch, type FlowSwitchPort } from "../model/flow-switch.ts";
import {
  IPV4,
  placeAt,
  type Guard,
  type Place,
  type PlaceId,
  type Range,
  type Rule,
  type Step,
  type SwitchRow,
} from "../model/network.ts";
import type { Flow, FlowAction, FlowField, FlowPort, FlowTerm } from "../model/openflow.ts";
import type { Span } from "../source/span.ts";

/** Where a frame is that came into a switch or bridge by one of its ports. */
export function bridgeIn(device: Device, bridge: string, port: string): PlaceId {
  return `${device.name}:${bridge} by ${port}`;
}

/** What a switch with flow tables is laid out among. */
export type Surroundings = {
  readonly places: Map<PlaceId, Place>;
  /** Where each MAC address was learnt, by switch and VLAN. */
  readonly learnt: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Every VLAN that some frame of the network may be in. */
  readonly vlans: ReadonlySet<number>;
};

/** No switch has more places, and no list of actions is entered deeper (MAX_DEPTH of ofproto-dpif-xlate.c). */
const MOST_PLACES = 30_000;
const DEEPEST = 64;

/** What is known of a frame by the way it took: a place for each, so no packet carries it. */
type Known = {
  readonly port: FlowSwitchPort;
  readonly fields: ReadonlyMap<FlowField, number>;
};

/** What is left to do after a list of actions, and in which table it stands. */
type Rest = {
  readonly actions: readonly FlowAction[];
  readonly at: number;
  readonly flow: Flow;
  readonly then: Rest | null;
  readonly depth: number;
  readonly key: string;
};

/** Addresses of spanning tree, of negotiation and their like, as ranges. */
const AMONG_BRIDGES = [
  [0x01000ccccccc, 0x01000ccccccd],
  [0x0180c2000000, 0x0180c200000f],
] as const;

/**
 * Lays out the flow tables of one switch as steps: for each port it came in by, each table a filter, and behind each
 * rule what its actions do. Every copy that an action sends is a way of its own.
 */
export class FlowTables {
  private readonly device: Device;
  private readonly it: FlowSwitch;
  private readonly around: Surroundings;
  private readonly byTable: ReadonlyMap<number, readonly Flow[]>;
  private readonly numbers: ReadonlyMap<Flow, number>;
  private readonly overlaps: ReadonlyMap<Flow, readonly Overlap[]>;
  private readonly comparedAll: boolean;
  private readonly laid = new Map<string, PlaceId>();
  private readonly open = new Set<string>();
  private made = 0;

  constructor(device: Device, it: FlowSwitch, around: Surroundings) {
    this.device = device;
    this.it = it;
    this.around = around;
    const sorted = it.flows.toSorted((a, b) => b.priority - a.priority);
    this.byTable = Map.groupBy(sorted, ({ table }) => table);
    this.numbers = new Map(sorted.map((flow, at) => [flow, at]));
    const { pairs, all } = overlapsOf(it.flows);
    this.overlaps = Map.groupBy(pairs, ({ first, second }) =>
      this.numbers.get(first)! < this.numbers.get(second)! ? first : second,
    );
    this.comparedAll = all;
  }

  layOut(): void {
    for (const port of this.it.ports) {
      const id = bridgeIn(this.device, this.it.name, port.name);
      const known = { port, fields: new Map<FlowField, number>([["tunnel", port.tunnel]]) };
      const to = port.isSpare ? this.nobody() : this.entered(known);
      this.put(id, { kind: "flood", to: [to] });
    }
  }

  private entered(known: Known): PlaceId {
    const [first] = this.it.flows;
    if (this.comparedAll || !first) return this.untracked(known);
    return this.unsure("so many flows at one priority", first.because, []);
  }

  // What the system has noted about a connection is unknown to the switch, which keeps its own.
  private untracked(known: Known): PlaceId {
    const table = this.table(0, known.port.number, known, null);
    const asks = this.it.flows.some(
      ({ match, actions }) =>
        match.terms.some(({ field }) => field === "ct-state") ||
        actions.some(({ kind }) => kind === "track"),
    );
    if (!asks) return table;
    return this.set("ct", 0, table);
  }

  // ---- tables

  private table(table: number, inPort: number, known: Known, rest: Rest | null): PlaceId {
    const key = `table ${table} by ${inPort} ${printOf(known)} then ${rest?.key ?? ""}`;
    const laid = this.laid.get(key);
    if (laid !== undefined) return laid;
    const because = rest?.flow.because ?? this.byTable.get(table)?.[0]?.because;
    const deep = (rest?.depth ?? 0) > DEEPEST || this.made > MOST_PLACES || this.open.has(key);
    if (deep && because)
      return this.unsure("flow tables that lead to each other again and again", because, []);
    this.open.add(key);
    const id = this.tableRules(table, inPort, known, rest);
    this.open.delete(key);
    this.laid.set(key, id);
    return id;
  }

  // From the last flow to the first, so that whatever is uncertain leads on to those behind it, too.
  private tableRules(table: number, inPort: number, known: Known, rest: Rest | null): PlaceId {
    const name = `table ${table} of ${this.it.name}`;
    let at = rest ? this.run(known, rest) : this.drop(name, true, []);
    let run: Rule[] = [];
    const close = () => {
      if (run.length > 0)
        at = this.add(`${name} from ${known.port.name}`, {
          kind: "filter",
          rules: run.toReversed(),
          otherwise: at,
        });
      run = [];
    };
    for (const flow of (this.byTable.get(table) ?? []).toReversed()) {
      const it = guardFor(flow, inPort, known);
      if (!it) continue;
      const because = [flow.because];
      const then = this.run(known, this.begun(flow, rest));
      const [unsure] = it.unsure;
      if (unsure === undefined) run.push({ guard: it.guard, then, because });
      else {
        close();
        const either = this.unsure(unsure, flow.because, [then, at]);
        run.push({ guard: it.guard, then: either, because });
      }
      for (const { first, second, guard } of this.overlaps.get(flow) ?? []) {
        const other = first === flow ? second : first;
        if (!guardFor(other, inPort, known)) continue;
        const what = "two flows of one priority that fit the same packets";
        const otherThen = this.run(known, this.begun(other, rest));
        const either = this.unsure(what, flow.because, [then, otherThen]);
        run.push({ guard, then: either, because: [flow.because, other.because] });
      }
    }
    close();
    return at;
  }

  private begun(flow: Flow, then: Rest | null): Rest {
    return this.rest(flow.actions, 0, flow, then, `${this.numbers.get(flow)}`);
  }

  // Lists that are done are left out, so that the same work left is the same place.
  private rest(
    actions: readonly FlowAction[],
    at: number,
    flow: Flow,
    then: Rest | null,
    name: string,
  ): Rest {
    const after = then && then.at >= then.actions.length ? then.then : then;
    const key = `${name}/${at}(${after?.key ?? ""})`;
    return { actions, at, flow, then: after, depth: (after?.depth ?? 0) + 1, key };
  }

  // ---- actions

  private run(known: Known, rest: Rest): PlaceId {
    const key = `${printOf(known)} does ${rest.key}`;
    const laid = this.laid.get(key);
    if (laid !== undefined) return laid;
    const id = this.act(known, rest);
    this.laid.set(key, id);
    return id;
  }

  private act(known: Known, rest: Rest): PlaceId {
    const by = rest.flow;
    const action = rest.actions[rest.at];
    if (!action) {
      if (rest.then) return this.run(known, rest.then);
      return this.dropBy(by);
    }
    const name = rest.key.slice(0, rest.key.indexOf("/"));
    const after = this.rest(rest.actions, rest.at + 1, rest.flow, rest.then, name);
    const next = () => this.run(known, after);
    switch (action.kind) {
      case "output":
        return this.copied([this.output(known, numberOf(action.port))], known, after);
      case "in-port":
        return this.copied([this.out(known.port)], known, after);
      case "normal":
        return this.copied([this.normal(known.port)], known, after);
      case "flood":
      case "all":
        return this.copied([this.everyOther(known.port)], known, after);
      case "controller":
        return this.copied([], known, after);
      case "clone": {
        const inner = this.rest(action.actions, 0, rest.flow, null, `${name}.${rest.at}`);
        return this.copied([this.run(known, inner)], known, after);
      }
      case "set":
        return this.setField(action, known, after);
      case "set-vlan":
        return this.tagged(this.set("tag", action.vid + 1, next()), action.vid, next());
      case "set-vlan-priority":
        return this.tagged(next(), 0, next());
      case "push-vlan":
        return action.ethertype === 0x8100 ? this.push(0, next()) : this.beyond(rest.flow, next());
      case "pop-vlan":
        return this.pop(next());
      case "move": {
        const { from, to } = action;
        if (settable(from.field) !== "known" || settable(to.field) !== "known")
          return this.beyond(rest.flow, next());
        const bits = Math.floor((known.fields.get(from.field) ?? 0) / 2 ** from.from);
        const value = (bits % 2 ** from.bits) * 2 ** to.from;
        const mask = (2 ** to.bits - 1) * 2 ** to.from;
        return this.run(noted(known, to.field, value, mask), after);
      }
      case "dec-ttl":
        return this.oneHopLess(next());
      case "resubmit": {
        const table = action.table ?? by.table;
        const { port: asked } = action;
        const isOwn = asked === null || asked === "IN_PORT";
        const port = isOwn ? known.port.number : numberOf(asked);
        return this.table(table, port, known, done(after) ? after.then : after);
      }
      case "goto":
        return this.table(action.table, known.port.number, known, rest.then);
      case "track":
        return this.track(action, known, after);
      case "exit":
        return this.dropBy(by);
      case "unsimulated":
        return this.beyond(rest.flow, next());
    }
  }

  // A copy to each, and what is left to do on the frame itself.
  private copied(copies: readonly PlaceId[], known: Known, after: Rest): PlaceId {
    const sends = leftToDo(after) || copies.length === 0;
    const to = sends ? [...copies, this.run(known, after)] : copies;
    if (to.length === 1) return to[0]!;
    return this.add(`copies of ${this.it.name}`, { kind: "flood", to });
  }

  private setField(
    { field, value, mask }: Extract<FlowAction, { kind: "set" }>,
    known: Known,
    after: Rest,
  ): PlaceId {
    const to = settable(field);
    if (to === "known") {
      const bits = mask ?? 2 ** 53 - 1;
      return this.run(noted(known, field, value, bits), after);
    }
    const next = this.run(known, after);
    if (to === null || mask !== null) return this.beyond(after.flow, next);
    const then = this.set(to, value, next);
    const [guard = {}] = having(field);
    if (Object.keys(guard).length === 0) return then;
    return this.add(`sets ${to} if there is one`, {
      kind: "filter",
      rules: [{ guard, then, because: [] }],
      otherwise: next,
    });
  }

  // One way for frames that have a tag, and a tag put on those that have none.
  private tagged(then: PlaceId, vlan: number, next: PlaceId): PlaceId {
    return this.add(`has a tag`, {
      kind: "filter",
      rules: [{ guard: { tag: [[0, 0]] }, then: this.push(vlan, next), because: [] }],
      otherwise: then,
    });
  }

  private oneHopLess(next: PlaceId): PlaceId {
    const why = { kind: "ttl-expired" as const, device: this.device.name, silent: true };
    const expired = this.once(`${this.device.name}:${this.it.name} drops: ttl-expired`, {
      kind: "drop",
      why,
    });
    const then = this.add("one hop less", {
      kind: "rewrite",
      change: { kind: "hop" },
      next,
      expired,
    });
    return this.add("one hop less if it counts them", {
      kind: "filter",
      rules: [{ guard: { ethertype: [[IPV4, IPV4]] }, then, because: [] }],
      otherwise: next,
    });
  }

  // Connections are kept by zone. With a table a copy goes on there, with its state known.
  private track(
    action: Extract<FlowAction, { kind: "track" }>,
    known: Known,
    after: Rest,
  ): PlaceId {
    if (unsimulatedInFlow({ ...after.flow, actions: [action] }).length > 0)
      return this.beyond(after.flow, this.run(known, after));
    const zone = `${this.device.name} zone ${Number(action.zone)} of flows`;
    const commits = (next: PlaceId) =>
      action.commit ? this.add("remembers", { kind: "confirm", next, zone }) : next;
    const track = (next: PlaceId) => this.add("tracks", { kind: "track", next, zone });
    if (action.table === null) {
      if (!action.commit) return this.run(known, after);
      // What the tracker says now is not told; what it said before stays.
      const next = this.run(known, after);
      return track(commits(known.fields.has("ct-state") ? next : this.set("ct", 0, next)));
    }
    const told = noted(known, "ct-state", 1, 1);
    const there = noted(told, "ct-zone", Number(action.zone), 0xffff);
    const copy = track(commits(this.table(action.table, known.port.number, there, null)));
    return this.copied([copy], known, after);
  }

  // ---- ports

  private portNumbered(number: number): FlowSwitchPort | undefined {
    return this.it.ports.find((one) => one.number === number);
  }

  // Never back to where it came from, unless that is asked for.
  private output(known: Known, number: number): PlaceId {
    const port = number === known.port.number ? undefined : this.portNumbered(number);
    return port ? this.out(port) : this.nobody();
  }

  private out({ iface, isOwn, isSpare }: FlowSwitchPort): PlaceId {
    if (isSpare) return this.nobody();
    return isOwn
      ? placeAt.arrive(iface.device, iface.iface)
      : placeAt.leave(iface.device, iface.iface);
  }

  private nobody(): PlaceId {
    return this.once(`${this.device.name}:${this.it.name} to nobody`, { kind: "flood", to: [] });
  }

  private everyOther(port: FlowSwitchPort): PlaceId {
    const others = this.it.ports.filter((one) => one !== port && !one.isSpare);
    return this.once(`${this.device.name}:${this.it.name} from ${port.name} to all others`, {
      kind: "flood",
      to: others.map((one) => this.out(one)),
    });
  }

  // ---- as a switch that learns

  // OV5: an access port takes no tagged frames, a trunk those of its list; VLAN 0 is what never shows a tag.
  private normal(from: FlowSwitchPort): PlaceId {
    const id = `${this.device.name}:${this.it.name} switches from ${from.name}`;
    if (this.around.places.has(id)) return id;
    const { vlans } = from;
    const because = vlans.because ? [vlans.because] : [];
    // What bridges say to each other is not passed on (eth_addr_is_reserved, in xlate_normal).
    const rules: Rule[] = [
      { guard: { dmac: [...AMONG_BRIDGES] }, then: this.notCarried(from), because: [] },
    ];
    const untagged = vlans.mode === "trunk" ? 0 : vlans.native;
    if (carries(vlans, untagged)) {
      const then = this.across(untagged, from);
      rules.push({ guard: { tag: [[0, 0]] }, then, because });
      rules.push({ guard: { tag: [[1, 1]] }, then: this.pop(then), because });
    }
    if (vlans.mode !== "access") {
      for (const vlan of this.around.vlans)
        if (vlan !== 0 && carries(vlans, vlan)) {
          const then = this.pop(this.across(vlan, from));
          rules.push({ guard: { tag: [[vlan + 1, vlan + 1]] }, then, because });
        }
      const tag = this.otherTags(from);
      if (tag.length > 0) rules.push({ guard: { tag }, then: this.acrossOthers(from), because });
    }
    return this.once(id, { kind: "filter", rules, otherwise: this.notCarried(from) });
  }

  private across(vlan: number, from: FlowSwitchPort): PlaceId {
    const domain = `${this.device.name}:${this.it.name} VLAN ${vlan}`;
    const id = `${domain} from ${from.name}`;
    if (this.around.places.has(id)) return id;
    const others = this.it.ports.filter(
      (one) => one !== from && !one.isSpare && carries(one.vlans, vlan),
    );
    const miss = this.once(`${id} to everyone`, {
      kind: "flood",
      to: others.map((one) => this.outIn(one, vlan)),
    });
    const rows = [...(this.around.learnt.get(domain) ?? [])].map(([dmac, name]): SwitchRow => {
      const to = others.find((one) => one.name === name);
      return { dmac, next: to ? this.outIn(to, vlan) : this.nobody(), because: [] };
    });
    return this.once(id, {
      kind: "switch",
      domain,
      port: from.name,
      learns: true,
      rows,
      miss,
    });
  }

  private outIn(to: FlowSwitchPort, vlan: number): PlaceId {
    const { mode, native } = to.vlans;
    const bare = vlan === 0 || mode === "access" || (mode === "native-untagged" && vlan === native);
    return bare ? this.out(to) : this.push(vlan, this.out(to));
  }

  // Tags that no frame of this network has by itself; somebody may still send them.
  private otherTags({ vlans }: FlowSwitchPort): Range[] {
    const ranges: [number, number][] = [];
    for (let vlan = 1; vlan <= 4095; vlan++) {
      if (this.around.vlans.has(vlan) || !carries(vlans, vlan)) continue;
      const last = ranges.at(-1);
      if (last && last[1] === vlan) last[1] = vlan + 1;
      else ranges.push([vlan + 1, vlan + 1]);
    }
    return ranges;
  }

  private acrossOthers(from: FlowSwitchPort): PlaceId {
    const to = this.it.ports
      .filter((one) => one !== from && !one.isSpare && one.vlans.mode !== "access")
      .map((one) => this.otherVlansTo(one));
    const id = `${this.device.name}:${this.it.name} other VLANs from ${from.name}`;
    return this.once(id, { kind: "flood", to });
  }

  private otherVlansTo(to: FlowSwitchPort): PlaceId {
    const id = `${this.device.name}:${this.it.name} other VLANs to ${to.name}`;
    if (this.around.places.has(id)) return id;
    const rules = [{ guard: { tag: this.otherTags(to) }, then: this.out(to), because: [] }];
    return this.once(id, { kind: "filter", rules, otherwise: this.notCarried(to) });
  }

  private notCarried(port: FlowSwitchPort): PlaceId {
    const { device, iface } = port.iface;
    const why = { kind: "vlan-not-allowed" as const, device, iface };
    const id = `${this.device.name}:${this.it.name} does not carry it on ${port.name}`;
    return this.once(id, { kind: "drop", why });
  }

  // ---- places

  private push(vlan: number, next: PlaceId): PlaceId {
    const full = this.once(`${this.device.name}:${this.it.name} has too many tags`, {
      kind: "drop",
      why: { kind: "not-for-it", device: this.device.name, iface: this.it.name },
    });
    return this.once(`${next}, tagged ${vlan} by ${this.it.name}`, {
      kind: "tag",
      push: vlan,
      next,
      full,
    });
  }

  private pop(next: PlaceId): PlaceId {
    return this.once(`${next}, with its tag off`, { kind: "tag", push: null, next, full: next });
  }

  private set(
    field: "ct" | "tag" | Exclude<ReturnType<typeof settable>, "known" | null>,
    value: number,
    next: PlaceId,
  ): PlaceId {
    const change = { kind: "set" as const, field, value };
    return this.add(`sets ${field}`, { kind: "rewrite", change, next, expired: next });
  }

  private dropBy(flow: Flow): PlaceId {
    const key = `drops by ${this.numbers.get(flow)}`;
    const id =
      this.laid.get(key) ??
      this.drop(`table ${flow.table} of ${this.it.name}`, false, [flow.because]);
    this.laid.set(key, id);
    return id;
  }

  private drop(chain: string, isPolicy: boolean, because: readonly Span[]): PlaceId {
    return this.add("drops", {
      kind: "drop",
      why: { kind: "filtered", device: this.device.name, chain, isPolicy, because },
    });
  }

  private beyond(flow: Flow, next: PlaceId): PlaceId {
    return this.unsure(unsimulatedInFlow(flow)[0] ?? "a flow", flow.because, [next]);
  }

  // P4: what comes here may go any of these ways, and others: no claim about it is decided.
  private unsure(what: string, because: Span, to: readonly PlaceId[]): PlaceId {
    const taint: Taint = { iface: this.it.name, what, because };
    return this.add("may", { kind: "flood", to }, taint);
  }

  private once(id: PlaceId, step: Step): PlaceId {
    return this.around.places.has(id) ? id : this.put(id, step);
  }

  private add(what: string, step: Step, doubt?: Taint): PlaceId {
    this.made++;
    return this.put(`${this.device.name}:${this.it.name} ${what} #${this.made}`, step, doubt);
  }

  private put(id: PlaceId, step: Step, doubt?: Taint): PlaceId {
    const place = { id, device: this.device.name, table: undefined, iface: this.it.name, step };
    this.around.places.set(id, doubt ? { ...place, doubt } : place);
    return id;
  }
}

function done({ at, actions }: Rest): boolean {
  return at >= actions.length;
}

function leftToDo(rest: Rest | null): boolean {
  return rest !== null && (!done(rest) || leftToDo(rest.then));
}

function numberOf(port: FlowPort): number {
  return port === "LOCAL" ? LOCAL_PORT : typeof port === "number" ? port : -1;
}

// What a flow asks of frames that are known to have come that way; `null` when it is not for them.
function guardFor({ match }: Flow, inPort: number, known: Known): FlowGuard | null {
  if (match.inPort !== null && numberOf(match.inPort) !== inPort) return null;
  const it = flowGuard(match);
  return it?.known.every((term) => fitsKnown(known, term)) ? it : null;
}

function printOf({ port, fields }: Known): string {
  const set = [...fields].filter(([, value]) => value !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${port.name} ${set.map(([field, value]) => `${field}=${value}`).join()}`;
}

function noted(known: Known, field: FlowField, value: number, mask: number): Known {
  const kept = BigInt(known.fields.get(field) ?? 0) & ~BigInt(mask);
  const now = Number(kept | (BigInt(value) & BigInt(mask)));
  return { ...known, fields: new Map(known.fields).set(field, now) };
}

function fitsKnown({ fields }: Known, { field, value, mask }: FlowTerm): boolean {
  const known = fields.get(field) ?? 0;
  if (mask === null) return known === value;
  return Number(BigInt(known) & BigInt(mask)) === value;
}

/** Every VLAN that the frames of a switch are put into, by its ports or by its flows. */
export function vlansOf({ ports, flows }: FlowSwitch): number[] {
  return [
    ...ports.flatMap(({ vlans }) => (vlans.mode === "trunk" ? [] : [vlans.native])),
    ...flows.flatMap(({ actions }) => vlansSet(actions)),
  ];
}

function vlansSet(actions: readonly FlowAction[]): number[] {
  return actions.flatMap((action) => {
    if (action.kind === "clone") return vlansSet(action.actions);
    return action.kind === "set-vlan" ? [action.vid] : [];
  });
}

/** Whether a rule of the switch looks into questions for neighbours: at who asks, for whom, or which way. */
export function looksIntoArp({ flows }: FlowSwitch): boolean {
  return flows.some(({ match }) => {
    const it = flowGuard(match);
    if (!it || !fitsArp(it.guard)) return false;
    const { src, dst, proto } = it.guard as Guard;
    return Boolean(src ?? dst ?? proto);
  });
}
