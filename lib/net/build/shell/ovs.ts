import { fitsArp, overlapsOf } from "../../model/flow-match.ts";
import {
  freshPort,
  freshSwitch,
  isThere,
  forgetNumber,
  numberPorts,
  type VirtualInterface,
  type VirtualPort,
  type VirtualSwitch,
} from "../../model/linux/switches.ts";
import type { OfctlCommand } from "../../parse/shell/ovs/ofctl.ts";
import type { VsctlChange, VsctlCommand } from "../../parse/shell/ovs/vsctl.ts";
import { diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";
import { changeFlows, plainSwitch } from "./ovs-flows.ts";

/** Carry out one `ovs-vsctl` command: all of its changes, or none when one is refused (OV1). */
export function runVsctl(session: Session, where: Where, span: Span, it: VsctlCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where);
    case "change":
      return new Transaction(session, where).carryOut(it.changes, it.beyond, span);
  }
}

/** Carry out one `ovs-ofctl` command. */
export function runOfctl(session: Session, where: Where, span: Span, it: OfctlCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where);
    case "mixed":
      return it.commands.every((one) => runOfctl(session, where, span, one));
    default: {
      const found = session.linux.switches.get(it.bridge);
      if (!found)
        return session.refuse(
          `ovs-ofctl: ${it.bridge} is not a bridge or a socket`,
          span,
          `There is no bridge ${it.bridge}; ovs-vsctl add-br makes one`,
        );
      numberPorts(found, session.linux);
      return changeFlows(session, where, span, found, it);
    }
  }
}

/** No more pairs of flows are told of one switch. */
const MOST_TOLD = 20;

/** Say which flows of one priority fit the same packets, once all are there (OV9). */
export function noteOverlaps(session: Session): void {
  const home = { namespace: session.linux.root, vrf: null };
  for (const one of session.linux.switches.values()) {
    one.lookedAt = -1;
    numberPorts(one, session.linux);
    const { pairs, all } = overlapsOf([...one.flows.values()]);
    for (const { first, second, guard } of pairs.slice(0, MOST_TOLD))
      for (const { because } of [first, second]) {
        const { table, priority } = first;
        session.note(diagnostic("flow-overlap", because, { bridge: one.name, table, priority }));
        if (fitsArp(guard))
          session.taint(
            "two flows of one priority that fit the same packets",
            because,
            home,
            one.name,
          );
      }
    if (one.overflow)
      session.unsimulated("more ports than there is room for", one.overflow, home, one.name);
    const last = [...one.flows.values()].at(-1);
    if (!all && last)
      session.unsimulated("so many flows at one priority", last.because, home, one.name);
  }
}

/** What is said of a port that is not there, and waits for what it stands on. */
function whyAbsent({ name, type, options }: VirtualInterface): string {
  if (type === "patch") return `${name}: patch type requires valid 'peer' argument`;
  if (TUNNELS.includes(type) && options["remote_ip"] === undefined)
    return `${name}: ${type} type requires valid 'remote_ip' argument`;
  return `could not open network device ${name} (No such device)`;
}

/** No system here has more. */
const MOST_BRIDGES = 1_000;
const TUNNELS = ["vxlan", "geneve", "gre"];
/** Those that frames are sent through here. */
const CARRYING = ["system", "internal", "patch", "vxlan", "geneve"];

class Refusal {
  readonly said: string;
  constructor(said: string) {
    this.said = said;
  }
}

function refuse(said: string): never {
  throw new Refusal(`ovs-vsctl: ${said}`);
}

/** The changes of one command, with the way back in case one of them is refused. */
class Transaction {
  private readonly session: Session;
  private readonly where: Where;
  private readonly back: (() => void)[] = [];
  private readonly touched = new Set<VirtualSwitch>();
  private readonly gone: {
    readonly it: VirtualInterface;
    readonly of: VirtualSwitch;
    readonly because: Span;
  }[] = [];
  private readonly beyond: { readonly what: string; readonly span: Span }[] = [];
  private readonly told = new Map<VirtualInterface, { of: VirtualSwitch; because: Span }>();
  private readonly switches: Map<string, VirtualSwitch>;

  constructor(session: Session, where: Where) {
    this.session = session;
    this.where = where;
    this.switches = session.linux.switches;
  }

  carryOut(changes: readonly VsctlChange[], beyond: readonly string[], span: Span): boolean {
    let found = true;
    for (const what of beyond) this.beyond.push({ what, span });
    for (const change of changes)
      try {
        found = this.change(change) && found;
      } catch (problem) {
        if (!(problem instanceof Refusal)) throw problem;
        for (const undo of this.back.toReversed()) undo();
        return this.session.refuse(problem.said, change.at.span);
      }
    this.settle(span);
    return found;
  }

  private change(change: VsctlChange): boolean {
    const { span } = change.at;
    switch (change.kind) {
      case "add-bridge":
        this.addBridge(change, span);
        return true;
      case "delete-bridge":
        this.deleteBridge(change, span);
        return true;
      case "add-port":
        this.addPort({ ...change, interfaces: [change.port] }, span);
        return true;
      case "add-bond":
        this.addPort(change, span);
        return true;
      case "delete-port":
        this.deletePort(change, span);
        return true;
      case "set-bridge": {
        const found = this.switches.get(change.bridge);
        if (!found) return refuse(`no row "${change.bridge}" in table Bridge`);
        this.setBridge(found, change.settings, span);
        return true;
      }
      case "set-port": {
        const [port] = this.portNamed(change.port) ?? [];
        if (!port) return refuse(`no row "${change.port}" in table Port`);
        this.setPort(port, change.settings, span);
        return true;
      }
      case "set-interface":
        this.setInterface(change, span);
        return true;
      case "bridge-exists":
        return this.switches.has(change.bridge) || this.fakeNamed(change.bridge) !== null;
    }
  }

  // ---- bridges

  private addBridge(it: Extract<VsctlChange, { kind: "add-bridge" }>, span: Span): void {
    const { bridge, mayExist, parent } = it;
    const exists = this.switches.has(bridge) || this.fakeNamed(bridge) !== null;
    if (exists && mayExist) return;
    const what = `cannot create a bridge named ${bridge} because`;
    if (exists) refuse(`${what} a bridge named ${bridge} already exists`);
    const [, holder] = this.portNamed(bridge) ?? [];
    if (holder) refuse(`${what} a port named ${bridge} already exists on bridge ${holder.name}`);
    if (parent) {
      const real = this.switches.get(parent.bridge);
      if (!real) return refuse(`parent bridge ${parent.bridge} does not exist`);
      const port = freshPort(bridge, [bridge], span);
      port.interfaces[0]!.type = "internal";
      port.tag = parent.vlan;
      port.isFakeBridge = true;
      this.put(real, port);
      return;
    }
    if (this.switches.size >= MOST_BRIDGES) {
      this.beyond.push({ what: `more than ${MOST_BRIDGES} bridges`, span });
      return;
    }
    const made = freshSwitch(bridge, span);
    this.switches.set(bridge, made);
    this.touched.add(made);
    this.back.push(() => this.switches.delete(bridge));
  }

  private deleteBridge(it: Extract<VsctlChange, { kind: "delete-bridge" }>, span: Span): void {
    const found = this.switches.get(it.bridge);
    const fake = this.fakeNamed(it.bridge);
    if (fake) {
      const [own, real] = fake;
      for (const port of Array.from(real.ports.values()))
        if (port.tag === own.tag) this.take(real, port, span);
      return;
    }
    if (!found) {
      if (!it.ifExists) refuse(`no bridge named ${it.bridge}`);
      return;
    }
    for (const port of Array.from(found.ports.values())) this.take(found, port, span);
    this.switches.delete(it.bridge);
    this.touched.delete(found);
    this.back.push(() => this.switches.set(it.bridge, found));
  }

  private setBridge(
    it: VirtualSwitch,
    said: Extract<VsctlChange, { kind: "set-bridge" }>["settings"],
    span: Span,
  ): void {
    const { failMode, mac } = it;
    this.back.push(() => Object.assign(it, { failMode, mac }));
    if (said.failMode !== undefined) it.failMode = said.failMode ?? "standalone";
    if (said.mac !== undefined) it.mac = said.mac;
    if (said.stp) this.beyond.push({ what: "ovs-vsctl stp_enable", span });
    if (said.rstp) this.beyond.push({ what: "ovs-vsctl rstp_enable", span });
    this.touched.add(it);
  }

  // A bridge by its name; a fake one is its parent, and the VLAN of its ports.
  private bridgeNamed(name: string): readonly [VirtualSwitch, vlan: number | null] {
    const found = this.switches.get(name);
    if (found) return [found, null];
    const fake = this.fakeNamed(name);
    return fake ? [fake[1], fake[0].tag] : refuse(`no bridge named ${name}`);
  }

  private fakeNamed(name: string): readonly [VirtualPort, VirtualSwitch] | null {
    const found = this.portNamed(name);
    return found?.[0].isFakeBridge ? found : null;
  }

  // ---- ports

  private portNamed(name: string): readonly [VirtualPort, VirtualSwitch] | null {
    for (const one of this.switches.values()) {
      const port = one.ports.get(name);
      if (port) return [port, one];
    }
    return null;
  }

  private interfaceNamed(name: string): readonly [VirtualInterface, VirtualSwitch] | null {
    for (const one of this.switches.values()) {
      const plain = one.ports.get(name)?.interfaces.find((it) => it.name === name);
      if (plain) return [plain, one];
    }
    for (const one of this.switches.values())
      for (const { interfaces } of one.bonds)
        for (const it of interfaces) if (it.name === name) return [it, one];
    return null;
  }

  private addPort(
    it: Pick<
      Extract<VsctlChange, { kind: "add-bond" }>,
      "bridge" | "port" | "mayExist" | "settings"
    > & {
      readonly interfaces: readonly string[];
    },
    span: Span,
  ): void {
    const [bridge, vlan] = this.bridgeNamed(it.bridge);
    const [known, holder] = this.portNamed(it.port) ?? [];
    if (known && holder && it.mayExist && holder.name !== it.port) {
      if (holder !== bridge)
        refuse(
          `"--may-exist add-port ${it.bridge} ${it.port}" but ${it.port} is actually attached to bridge ${holder.name}`,
        );
      return;
    }
    this.mustBeFree("port", it.port);
    for (const name of it.interfaces) if (name !== it.port) this.mustBeFree("interface", name);
    const port = freshPort(it.port, it.interfaces, span);
    port.tag = vlan;
    if (it.interfaces.length > 1) this.beyond.push({ what: "which link of a bond carries", span });
    this.put(bridge, port);
    this.setPort(port, it.settings, span);
  }

  private mustBeFree(what: string, name: string): void {
    const cannot = `cannot create ${what === "port" ? "a" : "an"} ${what} named ${name} because`;
    if (this.switches.has(name) || this.fakeNamed(name))
      refuse(`${cannot} a bridge named ${name} already exists`);
    const [, holder] = this.portNamed(name) ?? this.interfaceNamed(name) ?? [];
    if (holder) refuse(`${cannot} a port named ${name} already exists on bridge ${holder.name}`);
  }

  private put(bridge: VirtualSwitch, port: VirtualPort): void {
    bridge.ports.set(port.name, port);
    if (port.interfaces.length > 1) bridge.bonds.add(port);
    this.touch(bridge, port.interfaces, port.because);
    this.back.push(() => {
      bridge.ports.delete(port.name);
      bridge.bonds.delete(port);
    });
  }

  private touch(of: VirtualSwitch, some: readonly VirtualInterface[], because: Span): void {
    this.touched.add(of);
    for (const one of some) this.told.set(one, { of, because });
  }

  private take(bridge: VirtualSwitch, port: VirtualPort, because: Span): void {
    const isBond = bridge.bonds.delete(port);
    bridge.ports.delete(port.name);
    this.touched.add(bridge);
    this.gone.push(...port.interfaces.map((it) => ({ it, of: bridge, because })));
    this.back.push(() => {
      bridge.ports.set(port.name, port);
      if (isBond) bridge.bonds.add(port);
    });
  }

  private deletePort(it: Extract<VsctlChange, { kind: "delete-port" }>, span: Span): void {
    const on = it.bridge === null ? null : this.bridgeNamed(it.bridge)[0];
    const [port, holder] = this.portNamed(it.port) ?? [];
    if (!port || !holder) {
      if (!it.ifExists) refuse(`no port named ${it.port}`);
      return;
    }
    if (holder.name === it.port)
      refuse(
        `cannot delete port ${it.port} because it is the local port for bridge ${it.port} (deleting this port requires deleting the entire bridge)`,
      );
    if (on && on !== holder) refuse(`bridge ${it.bridge} does not have a port ${it.port}`);
    this.take(holder, port, span);
  }

  private setPort(
    port: VirtualPort,
    said: Extract<VsctlChange, { kind: "set-port" }>["settings"],
    span: Span,
  ): void {
    const { tag, trunks, mode, bondMode, vlansBecause } = port;
    this.back.push(() => Object.assign(port, { tag, trunks, mode, bondMode, vlansBecause }));
    if (said.tag !== undefined) port.tag = said.tag;
    if (said.trunks) port.trunks = said.trunks;
    if (said.addTrunks) port.trunks = [...port.trunks, ...said.addTrunks];
    if (said.removeTrunks)
      port.trunks = port.trunks.filter((vlan) => !said.removeTrunks!.includes(vlan));
    if (said.vlanMode !== undefined) port.mode = said.vlanMode;
    if (said.bondMode !== undefined) port.bondMode = said.bondMode;
    if (said.vlanMode === "dot1q-tunnel")
      this.beyond.push({ what: "vlan_mode=dot1q-tunnel", span });
    const asksVlans =
      said.tag ?? said.trunks ?? said.addTrunks ?? said.removeTrunks ?? said.vlanMode;
    if (asksVlans !== undefined) port.vlansBecause = span;
  }

  private setInterface(it: Extract<VsctlChange, { kind: "set-interface" }>, span: Span): void {
    const [found, holder] = this.interfaceNamed(it.interface) ?? [];
    if (!found || !holder) return refuse(`no row "${it.interface}" in table Interface`);
    const { type, options, requested, mac } = found;
    this.back.push(() => Object.assign(found, { type, options, requested, mac }));
    const { settings } = it;
    if (settings.type !== undefined) found.type = settings.type === "" ? "system" : settings.type;
    if (settings.options) found.options = { ...found.options, ...settings.options };
    if (settings.ofport !== undefined) found.requested = settings.ofport;
    if (settings.mac !== undefined) found.mac = settings.mac;
    if (found.name === holder.name) found.type = "internal";
    if (!CARRYING.includes(found.type))
      this.beyond.push({ what: `a port of type ${found.type}`, span });
    for (const name of ["remote_ip", "key", "in_key", "out_key", "local_ip"])
      if (found.options[name] === "flow") this.beyond.push({ what: `options:${name}=flow`, span });
    this.touch(holder, [found], span);
  }

  // ---- what the switches make of it

  private settle(span: Span): void {
    const { session, where } = this;
    const { linux } = session;
    const home = { ...where, namespace: linux.root };
    for (const { it, of, because } of this.gone) {
      if (it.link) linux.deleteInternal(it.link, because);
      forgetNumber(of, it);
      this.told.delete(it);
    }
    for (const [it, { of }] of this.told) this.linkUp(of, it, span);
    for (const one of this.touched) {
      for (const it of one.ports.get(one.name)!.interfaces) this.linkUp(one, it, span);
      if (one.begunAs !== one.failMode) {
        one.begunAs = one.failMode;
        one.flows.clear();
        if (one.failMode === "standalone") plainSwitch(one, span);
      }
      const changed = [...this.told].flatMap(([it, { of }]) => (of === one ? [it] : []));
      numberPorts(one, linux, changed);
    }
    for (const [it, { because }] of this.told)
      if (!isThere(it, linux) && CARRYING.includes(it.type))
        session.note(
          diagnostic("shell-warned", because, {
            said: `ovs-vsctl: Error detected while setting up '${it.name}': ${whyAbsent(it)}.  See ovs-vswitchd log for details`,
            hint:
              it.type === "system" ? "The port carries something once there is such a link" : "",
          }),
        );
    for (const { what, span: because } of this.beyond) session.unsimulated(what, because, home);
  }

  // An internal port comes with a link of its own, which is down at first.
  private linkUp(bridge: VirtualSwitch, it: VirtualInterface, span: Span): void {
    const { linux } = this.session;
    if (it.type !== "internal" && it.link) {
      linux.deleteInternal(it.link, span);
      it.link = null;
      forgetNumber(bridge, it);
    }
    if (it.type === "internal" && !it.link) {
      const kind = { kind: "internal" as const, switch: bridge.name, port: it.name };
      const refusal = linux.addLink(linux.root, it.name, kind, it.mac, it.because);
      if (refusal === null) it.link = linux.root.links.get(it.name)!;
    }
    if (it.link && it.mac) it.link.mac = it.mac;
  }
}
