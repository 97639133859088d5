import type { NicDefinition } from "../../parse/libvirt/domain.ts";
import type { VirshCommand } from "../../parse/shell/virsh.ts";
import type { Span } from "../../source/span.ts";
import type { Session } from "../shell/build.ts";
import { hintFor, type Hypervisor } from "./hypervisor.ts";
import { LibvirtRefused, type DomainState, type NetworkState } from "./machine.ts";

/** Carry out one `virsh` command; `null` is a machine that does not run libvirt. */
export function runVirsh(
  session: Session,
  hypervisor: Hypervisor | null,
  span: Span,
  it: VirshCommand,
): boolean {
  if (it.kind === "refused") return session.refuse(it.said, it.at.span);
  if (!hypervisor)
    return session.refuse(
      "error: failed to connect to the hypervisor. error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
      span,
      "What runs on a machine stands in lab.yaml: runs: [libvirt]",
    );
  if (it.kind === "inert") return true;
  if (it.kind === "unsimulated")
    return session.unsimulated(it.what, span, { namespace: session.linux.root, vrf: null });
  return new VirshRun(session, hypervisor, span).carryOut(it);
}

type Doing = Exclude<VirshCommand, { kind: "inert" | "refused" | "unsimulated" }>;
type DefineCommand = Doing & { kind: "define" };

class VirshRun {
  private readonly session: Session;
  private readonly libvirt: Hypervisor;
  private readonly span: Span;

  constructor(session: Session, libvirt: Hypervisor, span: Span) {
    this.session = session;
    this.libvirt = libvirt;
    this.span = span;
  }

  carryOut(it: Doing): boolean {
    switch (it.kind) {
      case "define":
        return this.define(it);
      case "start":
      case "destroy":
      case "undefine":
        return it.what === "network"
          ? this.onNetwork(it.name, (state) => this.network(it.kind, it.name, state))
          : this.onDomain(it.name, (state) => this.domain(it.kind, it.name, state));
      case "shutdown":
        return this.onDomain(it.name, (state) =>
          this.trying(`Failed to shutdown domain '${it.name}'`, () => {
            if (!state.running) throw this.notRunning();
            this.libvirt.stopDomain(it.name);
          }),
        );
      case "autostart":
        return it.what === "network"
          ? this.onNetwork(it.name, (state) => this.autostart(it, state))
          : this.onDomain(it.name, (state) => this.autostart(it, state));
      case "attach-interface":
        return this.onDomain(it.domain, (state) => this.attach(it, state));
      case "detach-interface":
        return this.onDomain(it.domain, (state) => this.detach(it, state));
      case "set-link":
        return this.onDomain(it.domain, (state) => this.setLink(it, state));
    }
  }

  // ---- definitions

  private define(it: DefineCommand): boolean {
    const { file, what, once } = it;
    const found = it.text === null ? this.libvirt.fileNamed(file.text) : null;
    const whole = found && { text: found.text, span: { file: found.path, from: 0, to: found.text.length } }; // prettier-ignore
    const text = it.text ?? whole;
    if (!text)
      return this.refuse(
        `Failed to open file '${file.text}': No such file or directory`,
        file.span,
      );
    const verb = once ? "create" : "define";
    return this.trying(`Failed to ${verb} ${what} from ${file.text}`, () => {
      const name = this.libvirt.define(what, text, { file: found?.path ?? null, once });
      if (name === null) throw new LibvirtRefused("", this.span);
      if (!once) return;
      try {
        if (what === "network") this.libvirt.startNetwork(name);
        else this.libvirt.startDomain(name);
      } catch (problem) {
        this.libvirt[what === "network" ? "networks" : "domains"].delete(name);
        throw problem;
      }
    });
  }

  private network(
    verb: "start" | "destroy" | "undefine",
    name: string,
    state: NetworkState,
  ): boolean {
    return this.trying(`Failed to ${verb} network ${name}`, () => {
      if (verb === "start") return this.libvirt.startNetwork(name);
      if (verb === "destroy") return this.libvirt.stopNetwork(name);
      if (!state.persistent)
        throw new LibvirtRefused(
          "Requested operation is not valid: cannot undefine transient network",
          this.span,
        );
      state.persistent = false;
      if (!state.active) this.libvirt.networks.delete(name);
    });
  }

  private domain(
    verb: "start" | "destroy" | "undefine",
    name: string,
    state: DomainState,
  ): boolean {
    if (verb === "start" && state.running) return this.refuse("Domain is already active");
    return this.trying(`Failed to ${verb} domain '${name}'`, () => {
      if (verb === "start") return this.libvirt.startDomain(name);
      if (verb === "destroy") {
        if (!state.running) throw this.notRunning();
        return this.libvirt.stopDomain(name);
      }
      if (!state.persistent)
        throw new LibvirtRefused(
          "Requested operation is not valid: cannot undefine transient domain",
          this.span,
        );
      state.persistent = false;
      if (!state.running) this.libvirt.domains.delete(name);
    });
  }

  private autostart(it: Doing & { kind: "autostart" }, state: NetworkState | DomainState): boolean {
    const named = it.what === "network" ? `network ${it.name}` : `domain '${it.name}'`;
    if (!state.persistent)
      return this.refuse(
        `${it.what === "network" ? "failed" : "Failed"} to mark ${named} as autostarted. error: Requested operation is not valid: cannot set autostart for transient ${it.what}`,
      );
    state.autostart = it.on;
    return true;
  }

  // ---- cards

  private attach(it: Doing & { kind: "attach-interface" }, state: DomainState): boolean {
    return this.trying("Failed to attach interface", () => {
      const nic = this.libvirt.withMac(cardOf(it, this.span));
      const isLive = it.scope.live ?? (!it.scope.config && state.running !== null);
      if (isLive) {
        if (!state.running) throw this.notRunning();
        const cards = this.libvirt.patchbay.plugAll(it.domain, [nic], state.running.plugged);
        state.running.plugged++;
        state.running.cards.push(...cards);
      }
      if (it.scope.config || !isLive) state.nics = [...state.nics, nic];
    });
  }

  private detach(it: Doing & { kind: "detach-interface" }, state: DomainState): boolean {
    const isLive = it.scope.live ?? (!it.scope.config && state.running !== null);
    const fits = (nic: { type: string; mac: string }) =>
      nic.type === it.type && (it.mac === null || nic.mac === it.mac);
    const running = state.running?.cards.filter(({ nic }) => fits(nic)) ?? [];
    const kept = state.nics.filter(fits);
    const found = isLive ? running.length : kept.length;
    const after = ". error: Failed to detach interface";
    if (found === 0)
      return this.refuse(
        it.mac === null
          ? `No interface found whose type is ${it.type}${after}`
          : `No interface with MAC address ${it.mac} was found${after}`,
      );
    if (found > 1)
      return this.refuse(
        `Domain has ${found} interfaces. Please specify which one to detach using --mac${after}`,
      );
    if (isLive) {
      this.libvirt.patchbay.unplug(running[0]!);
      state.running!.cards.splice(state.running!.cards.indexOf(running[0]!), 1);
    }
    if (it.scope.config || !isLive) state.nics = state.nics.filter((nic) => nic !== kept[0]);
    return true;
  }

  private setLink(it: Doing & { kind: "set-link" }, state: DomainState): boolean {
    const isConfig = it.scope.config || state.running === null;
    const fits = (mac: string, end: string | null) =>
      mac === it.nic.toLowerCase() || end === it.nic;
    const card = state.running?.cards.find(({ nic, plug }) =>
      fits(nic.mac, plug.kind === "nothing" ? null : plug.link.name),
    );
    const kept = state.nics.find(({ mac, target }) => fits(mac, target));
    if (!(isConfig ? kept : card)) return this.refuse(`interface '${it.nic}' not found`);
    if (isConfig)
      state.nics = state.nics.map((nic) =>
        nic === kept ? { ...nic, isLinked: it.isLinked } : nic,
      );
    else card!.isLinked = it.isLinked;
    return true;
  }

  // ---- words

  private onNetwork(name: string, run: (state: NetworkState) => boolean): boolean {
    const state = this.libvirt.networks.get(name);
    if (state) return run(state);
    return this.refuse(
      `failed to get network '${name}'. error: Network not found: no network with matching name '${name}'`,
    );
  }

  private onDomain(name: string, run: (state: DomainState) => boolean): boolean {
    const state = this.libvirt.domains.get(name);
    return state ? run(state) : this.refuse(`failed to get domain '${name}'`);
  }

  private trying(before: string, run: () => void): boolean {
    try {
      run();
      return true;
    } catch (problem) {
      if (!(problem instanceof LibvirtRefused)) throw problem;
      return this.refuse(problem.said ? `${before}. error: ${problem.said}` : before);
    }
  }

  private notRunning(): LibvirtRefused {
    return new LibvirtRefused("Requested operation is not valid: domain is not running", this.span);
  }

  private refuse(said: string, at = this.span): boolean {
    return this.session.refuse(`error: ${said}`, at, hintFor(said));
  }
}

function cardOf(it: Doing & { kind: "attach-interface" }, span: Span): NicDefinition {
  return {
    type: it.type as NicDefinition["type"],
    span,
    source: it.source,
    sourceSpan: span,
    portgroup: null,
    mode: "vepa",
    mac: it.mac,
    target: it.target,
    isManaged: true,
    mtu: null,
    isLinked: true,
    isolated: false,
    vlans: null,
    virtualPort: null,
    unsimulated: [],
  };
}
