import type { IosIface, IosState } from "../../model/ios.ts";
import { freshLayer2, type IosLayer2, type IosSwitchport } from "../../model/ios-switching.ts";
import type { Range } from "../../model/network.ts";
import { common, difference, merged } from "../../model/ranges.ts";
import { ifaceNamed, type IfaceName } from "../../parse/ios/arguments.ts";
import { ALL_VLANS, type Switching as Said } from "../../parse/ios/switching.ts";
import { diagnostic, type Code, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";

/** More VLANs than this no switch here has; text that asks for more says so and stops. */
const MOST_VLANS = 1_000;
/** Those that old ring networks keep for themselves. */
const RESERVED: Range = [1002, 1005];

/** What the lines about layer 2 need of the device's builder. */
export type Hands = {
  readonly state: IosState;
  readonly diagnostics: Diagnostic[];
  readonly fresh: (name: string) => IosIface;
  readonly taint: (iface: string | null, what: string, span: Span) => void;
  /** Addresses go when an interface stops routing. */
  readonly takeAddresses: (iface: IosIface, because: Span) => void;
};

/** One line about layer 2, and whether it has `no` before it. */
type Line = { readonly no: boolean; readonly span: Span };

/** Carries out what IOS is told about layer 2. Rules SW2 to SW11 of SPEC.md. */
export class SwitchingBuilder {
  private readonly hands: Hands;
  private isOverfull = false;
  // Who had which tag of a port last.
  private readonly tags = new Map<string, IosIface>();

  constructor(hands: Hands) {
    this.hands = hands;
  }

  private say<C extends Code>(code: C, span: Span, it: Parameters<typeof diagnostic<C>>[2]): void {
    this.hands.diagnostics.push(diagnostic(code, span, it));
  }

  private get isSwitch(): boolean {
    return this.hands.state.switching.isSwitch;
  }

  // ---- interfaces that are made by being named

  /** The interface of layer 2 that `named` makes; "refused" when it cannot, `null` when it is no such interface. */
  interfaceNamed(named: IfaceName, at: Span, span: Span): IosIface | "refused" | null {
    if (named.number.includes(".")) return this.subinterface(named, at);
    if (named.kind === "Vlan" && this.isSwitch) return this.vlanInterface(named, at);
    if (named.kind === "Port-channel") return this.bundle(named, span);
    return null;
  }

  private subinterface(named: IfaceName, at: Span): IosIface | "refused" | null {
    const parent = this.hands.state.ifaces.get(named.name.split(".")[0]!);
    if (!parent) return null;
    if (isSwitched(parent) || named.kind === "Loopback" || named.kind === "Vlan") {
      this.say("ios-no-subinterface", at, { name: named.name, parent: parent.name });
      return "refused";
    }
    return this.made(named, freshLayer2(false, parent.name));
  }

  private vlanInterface(named: IfaceName, at: Span): IosIface | "refused" {
    const vlan = Number(named.number);
    if (named.number.includes("/") || vlan < ALL_VLANS[0] || vlan > ALL_VLANS[1]) {
      this.say("ios-bad-vlan", at, { vlan: named.number });
      return "refused";
    }
    return this.made(named, freshLayer2(false));
  }

  private bundle(named: IfaceName, span: Span): IosIface | "refused" {
    const number = Number(named.number);
    if (!(number >= 1 && number <= 256)) {
      this.say("ios-bad-bundle", span, { number: named.number });
      return "refused";
    }
    return this.made(named, freshLayer2(this.isSwitch));
  }

  private made(named: IfaceName, layer2: IosLayer2): IosIface {
    return { ...this.hands.fresh(named.name), layer2 };
  }

  /** A bundle that is gone leaves its ports alone, and shut. */
  deleted(iface: IosIface, because: Span): void {
    for (const member of this.membersOf(iface)) {
      member.layer2.group = null;
      member.up = false;
      member.downBecause = because;
    }
  }

  /** What `interface range` opens: those of the list that are there; the whole list is refused for one that is not. */
  range(names: readonly IfaceName[], at: Span, stays: string | null): IosIface[] | null {
    const { ifaces } = this.hands.state;
    const missing = names.find(({ name }) => !ifaces.has(name));
    if (names.length > 0 && !missing) return names.map(({ name }) => ifaces.get(name)!);
    const ports = [...ifaces.values()].filter((one) => one.isPort).map((one) => one.name);
    const all = ports.join(", ") || "none";
    if (missing) this.say("ios-no-such-interface", at, { name: missing.name, ports: all, stays });
    else
      this.say("ios-invalid-input", at, {
        word: "range",
        expected: "a list such as Gi0/1 - 4",
        stays,
      });
    return null;
  }

  /** Says why an interface of layer 2 takes no address; whether there is a reason. */
  refusesAddress(iface: IosIface, span: Span): boolean {
    if (iface.layer2.parent !== null && !iface.layer2.tag) {
      this.say("ios-encapsulation-first", span, { iface: iface.name });
      return true;
    }
    if (iface.layer2.group) {
      this.say("ios-bundled-address", span, { iface: iface.name });
      return true;
    }
    if (!isSwitched(iface)) return false;
    this.say("ios-switched-address", span, { iface: iface.name });
    return true;
  }

  // ---- lines

  /** Carry out one line; `iface` is the interface that it stands under. */
  carryOut(it: Said, iface: IosIface | null, line: Line): void {
    switch (it.what) {
      case "vlan":
      case "vtp-mode":
      case "vtp-domain":
      case "tree-mode":
      case "tree-vlan":
      case "tree-priority":
      case "tree-long":
      case "tree-edges":
      case "tree-guards":
        return this.isSwitch
          ? this.device(it, line)
          : this.say("ios-not-a-switch", line.span, { name: this.hands.state.hostname });
      case "default-gateway":
        this.hands.state.switching.gateway =
          line.no || it.ip === null ? null : { ip: it.ip, because: line.span };
        return;
      case "range":
        return;
      case "encapsulation":
        return iface ? this.encapsulation(it, iface, line) : undefined;
      case "speed":
        if (iface) iface.layer2.speed = line.no ? null : it.megabits;
        return;
      case "group":
        return iface ? this.group(it, iface, line) : undefined;
      default:
        if (!iface) return;
        for (const one of [iface, ...this.membersOf(iface)]) this.port(it, one, line);
    }
  }

  private device(it: Said, { no, span }: Line): void {
    const { switching } = this.hands.state;
    const { tree, vtp } = switching;
    switch (it.what) {
      case "vlan":
        return no ? this.removeVlans(it.vlans) : this.addVlans(it.vlans, it.at, span);
      case "vtp-mode":
        vtp.spreads = no || it.spreads;
        return;
      case "vtp-domain":
        vtp.domain = it.domain;
        vtp.because = span;
        return;
      case "tree-mode":
        return;
      case "tree-vlan":
        for (const vlan of numbersIn(it.vlans))
          if (no) tree.off.set(vlan, span);
          else tree.off.delete(vlan);
        return;
      case "tree-priority":
        if (!no && it.priority % 4096 !== 0)
          return this.say("ios-tree-priority", it.at, { step: 4096, most: 61_440 });
        for (const vlan of numbersIn(it.vlans))
          if (no) tree.priorities.delete(vlan);
          else tree.priorities.set(vlan, it.priority);
        return;
      case "tree-long":
        tree.long = !no;
        return;
      case "tree-edges":
        tree.edges = !no;
        return;
      case "tree-guards":
        tree.guards = !no;
        return;
      default:
    }
  }

  private addVlans(vlans: readonly Range[], at: Span, span: Span): void {
    const known = this.hands.state.switching.vlans;
    if (common(vlans, [RESERVED]).length > 0)
      return this.say("ios-reserved-vlan", at, { vlans: RESERVED.join(" to ") });
    for (const vlan of numbersIn(vlans)) {
      if (known.has(vlan)) continue;
      if (known.size >= MOST_VLANS) return this.tooMany(span);
      known.set(vlan, span);
    }
  }

  // What was left out may have mattered to anything.
  private tooMany(span: Span): void {
    if (this.isOverfull) return;
    this.isOverfull = true;
    this.say("too-many", span, { what: "VLANs", limit: MOST_VLANS });
    this.hands.taint(null, `more than ${MOST_VLANS} VLANs`, span);
  }

  private removeVlans(vlans: readonly Range[]): void {
    for (const vlan of numbersIn(vlans))
      if (vlan !== 1) this.hands.state.switching.vlans.delete(vlan);
  }

  // SW3: an access port in a VLAN that is not there makes it.
  private makesVlan(kind: "Access" | "Voice", vlan: number, span: Span): void {
    const { vlans } = this.hands.state.switching;
    if (vlans.has(vlan)) return;
    if (vlans.size >= MOST_VLANS) return this.tooMany(span);
    vlans.set(vlan, span);
    this.say("ios-vlan-made", span, { kind, vlan });
  }

  private encapsulation(
    it: Said & { what: "encapsulation" },
    iface: IosIface,
    { no, span }: Line,
  ): void {
    const { layer2 } = iface;
    if (layer2.parent === null)
      return this.say("ios-encapsulation-main", span, { iface: iface.name });
    if (no) {
      this.hands.takeAddresses(iface, span);
      layer2.tag = null;
      return;
    }
    const key = `${layer2.parent} ${it.vlan}`;
    const other = this.tags.get(key);
    const isThere = other && this.hands.state.ifaces.get(other.name) === other;
    if (isThere && other !== iface && other.layer2.tag?.vlan === it.vlan)
      return this.say("ios-vlan-taken", span, { vlan: it.vlan, iface: other.name });
    this.tags.set(key, iface);
    layer2.tag = { vlan: it.vlan, native: it.native, because: span };
  }

  // A bundle is made by its first port, and has from then on what that port had.
  private group(it: Said & { what: "group" }, iface: IosIface, { no, span }: Line): void {
    if (no) {
      iface.layer2.group = null;
      return;
    }
    const named = ifaceNamed(`Port-channel${it.number}`)!;
    const { ifaces } = this.hands.state;
    if (!iface.isPort) return this.say("ios-not-switching", span, { iface: iface.name });
    const known = ifaces.get(named.name);
    const others = known ? this.membersOf(known).filter((one) => one !== iface) : [];
    const protocol = PROTOCOL[it.mode];
    if (others.some((one) => PROTOCOL[one.layer2.group!.mode] !== protocol))
      return this.say("ios-bundle-protocol", span, { iface: iface.name, group: it.number });
    if (known && isSwitched(known) !== isSwitched(iface))
      return this.say("ios-bundle-layer", span, { iface: iface.name, bundle: known.name });
    iface.layer2.group = { number: it.number, mode: it.mode, because: span };
    this.hands.takeAddresses(iface, span);
    if (known) return;
    const made = this.made(named, freshLayer2(this.isSwitch));
    made.because = span;
    const { switchport } = iface.layer2;
    if (switchport) made.layer2.switchport = { ...switchport };
    ifaces.set(named.name, made);
    this.say("ios-bundle-made", span, { bundle: named.name });
  }

  private membersOf(iface: IosIface): IosIface[] {
    const named = ifaceNamed(iface.name);
    if (named?.kind !== "Port-channel") return [];
    const number = Number(named.number);
    return [...this.hands.state.ifaces.values()].filter(
      (one) => one.layer2.group?.number === number,
    );
  }

  private port(it: Said, iface: IosIface, { no, span }: Line): void {
    const { switchport, tree } = iface.layer2;
    switch (it.what) {
      case "tree-cost":
        return settle(it.vlans, no ? null : it.cost, tree.costs, (cost) => (tree.cost = cost));
      case "tree-port-priority":
        if (!no && (it.priority ?? 0) % 16 !== 0)
          return this.say("ios-tree-priority", it.at, { step: 16, most: 240 });
        return settle(it.vlans, no ? null : it.priority, tree.priorities, (priority) => (tree.priority = priority)); // prettier-ignore
      case "tree-edge":
        tree.edge = no ? null : it.on;
        return;
      case "tree-guard":
        tree.guard = no ? null : it.on;
        return;
      case "tree-filter":
        tree.filter = !no && it.on;
        return;
      default:
    }
    if (!switchport) {
      // A router's ports take no such word; an interface that a switch has made takes none either.
      if (this.isSwitch) this.say("ios-not-switching", span, { iface: iface.name });
      else this.say("ios-not-a-switch", span, { name: this.hands.state.hostname });
      return;
    }
    if (it.what === "switchport") return this.route(iface, switchport, no, span);
    if (switchport.routes.value) return this.say("ios-not-switching", span, { iface: iface.name });
    this.switches(it, iface, switchport, { no, span });
  }

  private route(iface: IosIface, switchport: IosSwitchport, no: boolean, span: Span): void {
    if (switchport.routes.value === no) return;
    if (!no) this.hands.takeAddresses(iface, span);
    switchport.routes = { value: no, because: span };
  }

  private switches(it: Said, iface: IosIface, port: IosSwitchport, { no, span }: Line): void {
    switch (it.what) {
      case "mode": {
        const isDynamic = it.mode === "auto" || it.mode === "desirable";
        if (!no && isDynamic && !port.negotiates)
          return this.say("ios-nonegotiate", span, { iface: iface.name });
        port.mode = { value: no ? "auto" : it.mode, because: no ? null : span };
        if (no) port.negotiates = true;
        return;
      }
      case "access-vlan":
        if (!no && isReserved(it.vlan)) return this.reserved(span);
        if (!no) this.makesVlan("Access", it.vlan, span);
        port.access = { value: no ? 1 : it.vlan, because: no ? null : span };
        return;
      case "voice-vlan":
        if (!no && isReserved(it.vlan)) return this.reserved(span);
        if (!no) this.makesVlan("Voice", it.vlan, span);
        port.voice = { value: no ? null : it.vlan, because: no ? null : span };
        return;
      case "native-vlan":
        port.native = { value: no ? 1 : it.vlan, because: no ? null : span };
        return;
      case "allowed-vlans":
        port.allowed = { value: allowed(it, port.allowed.value), because: no ? null : span };
        return;
      case "nonegotiate": {
        const isDynamic = port.mode.value === "auto" || port.mode.value === "desirable";
        if (!no && isDynamic) return this.say("ios-nonegotiate", span, { iface: iface.name });
        port.negotiates = no;
        return;
      }
      case "protected":
        port.isolated = !no;
        return;
      case "block-unicast":
        port.floods = no;
        return;
      default:
    }
  }

  private reserved(span: Span): void {
    this.say("ios-reserved-vlan", span, { vlans: RESERVED.join(" to ") });
  }
}

/** The protocol by which the ends of a bundle agree, and whether this end begins to speak. */
export const PROTOCOL = {
  on: "none",
  active: "lacp",
  passive: "lacp",
  desirable: "pagp",
  auto: "pagp",
} as const;

/** Whether the interface is a port that switches. */
export function isSwitched({ layer2 }: IosIface): boolean {
  return layer2.switchport !== null && !layer2.switchport.routes.value;
}

function isReserved(vlan: number): boolean {
  return vlan >= RESERVED[0] && vlan <= RESERVED[1];
}

function allowed(
  { how, vlans }: Said & { what: "allowed-vlans" },
  before: readonly Range[],
): readonly Range[] {
  const named = merged(vlans);
  switch (how) {
    case "set":
      return named;
    case "add":
      return merged([...before, ...named]);
    case "remove":
      return difference(before, named);
    case "except":
      return difference([ALL_VLANS], named);
  }
}

function* numbersIn(ranges: readonly Range[]): Generator<number> {
  for (const [low, high] of merged(ranges)) for (let vlan = low; vlan <= high; vlan++) yield vlan;
}

function settle(
  vlans: readonly Range[] | null,
  value: number | null,
  byVlan: Map<number, number>,
  forAll: (value: number | null) => void,
): void {
  if (vlans === null) return forAll(value);
  for (const vlan of numbersIn(vlans))
    if (value === null) byVlan.delete(vlan);
    else byVlan.set(vlan, value);
}
