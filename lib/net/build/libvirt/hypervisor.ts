import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { DomainDefinition, NicDefinition } from "../../parse/libvirt/domain.ts";
import type { NetworkDefinition } from "../../parse/libvirt/network.ts";
import { readDomainXml, readNetworkXml, type Read } from "../../parse/libvirt/read.ts";
import type { VirshObject } from "../../parse/shell/virsh.ts";
import type { ShellWord } from "../../parse/shell/placed.ts";
import type { Session } from "../shell/build.ts";
import type { Lease } from "../shell/dhclient.ts";
import { Patchbay } from "./cards.ts";
import { makeChains } from "./firewall.ts";
import {
  LibvirtRefused,
  type Card,
  type DomainState,
  type NetworkState,
  type Nic,
  type RunningDomain,
} from "./machine.ts";
import { leaseIn, mayLease } from "./leases.ts";
import { makesBridge, startNetwork, stopNetwork } from "./networks.ts";

/** A file of the machine that libvirt runs on; `name` is its path there, such as `networks/blue.xml`. */
export type HostFile = { readonly path: string; readonly name: string; readonly text: string };

/** No host runs more machines than this. */
const MOST_DOMAINS = 1000;

/** libvirt on one Linux system: the networks and virtual machines that it knows, and what it makes of them. */
export class Hypervisor {
  readonly networks = new Map<string, NetworkState>();
  readonly domains = new Map<string, DomainState>();
  readonly patchbay: Patchbay;
  private readonly session: Session;
  private readonly files: readonly HostFile[];
  private readonly nextMac: () => string;
  private readonly read = new Set<string>();
  private readonly said = new Set<string>();
  private hasChains = false;
  private made = 0;

  constructor(session: Session, files: readonly HostFile[], nextMac: () => string) {
    this.session = session;
    this.files = files;
    this.nextMac = nextMac;
    this.patchbay = new Patchbay(session, this.networks);
  }

  // ---- the lab's files

  /**
   * A lab's files under `networks/` and `domains/` are what libvirt finds when it starts: defined, and marked to
   * start by themselves, which they do after the machine's scripts (V1).
   */
  readFiles(): void {
    for (const what of ["network", "domain"] as const)
      for (const file of this.files)
        if (new RegExp(`^${what}s/[^/]+\\.xml$`).test(file.name)) {
          this.read.add(file.path);
          const text = wholeText(file);
          const name = this.attempt(() => this.define(what, text, { file: file.path }));
          const state = name === null ? undefined : this.stateOf(what, name);
          if (state) state.autostart = true;
        }
  }

  /** What scripts did not start themselves, and did not stop: networks first, in the order of their files (V1). */
  startAll(): void {
    for (const [name, state] of this.networks)
      if (state.autostart && !state.stopped && !state.active)
        this.attempt(() => this.startNetwork(name), `Failed to start network ${name}`);
    for (const [name, state] of this.domains)
      if (state.autostart && !state.stopped && !state.running)
        this.attempt(() => this.startDomain(name), `Failed to start domain '${name}'`);
    this.noteSpanningTrees();
  }

  /** A file of that name as a command gives it, or `null`. */
  fileNamed(name: string): HostFile | null {
    const plain = name.replace(/^(\.\/)+/, "");
    return this.files.find((one) => one.name === plain) ?? null;
  }

  /** XML files that nothing has read. */
  unread(): readonly HostFile[] {
    return this.files.filter(({ path }) => path.endsWith(".xml") && !this.read.has(path));
  }

  // Carry out what no command asked for; a refusal is told where the XML has it.
  private attempt<T>(run: () => T, before = ""): T | null {
    try {
      return run();
    } catch (problem) {
      if (!(problem instanceof LibvirtRefused)) throw problem;
      const said = before ? `${before}. error: ${problem.said}` : problem.said;
      this.session.note(diagnostic("libvirt-refused", problem.at, { said, hint: hintFor(said) }));
      return null;
    }
  }

  // ---- definitions

  /**
   * Take over a definition. Its name, or `null` when the text was refused, which is told where it stands; throws
   * when the name is taken. The lab's own file may be read again.
   */
  define(
    what: VirshObject,
    text: ShellWord,
    { file = null, once = false }: { file?: string | null; once?: boolean },
  ): string | null {
    if (file !== null) this.read.add(file);
    return what === "network"
      ? this.defineNetwork(this.told(readNetworkXml(text)), file, once)
      : this.defineDomain(this.told(readDomainXml(text)), file, once);
  }

  private told<T>({ defined, diagnostics, open }: Read<T>): T | null {
    for (const one of diagnostics) this.noteOnce(one);
    if (open) {
      const { what, span: because } = open;
      this.session.linux.root.taints.push({ iface: null, what, because });
    }
    return defined;
  }

  // A file of the lab may be read twice, at the start and by a command.
  private noteOnce(remark: Diagnostic): void {
    const { file, from, to } = remark.span;
    const key = `${remark.code} ${file} ${from} ${to}`;
    if (this.said.has(key)) return;
    this.said.add(key);
    this.session.note(remark);
  }

  private defineNetwork(
    definition: NetworkDefinition | null,
    file: string | null,
    once: boolean,
  ): string | null {
    if (!definition) return null;
    const { name, span } = definition;
    const known = this.networks.get(name);
    this.refuseTaken("network", known, definition, file, once);
    const bridge = this.bridgeFor(definition, known);
    const taken = [...this.networks.values()].find(
      (one) => one !== known && one.bridge === bridge && makesBridge(one.definition),
    );
    if (bridge !== null && taken && makesBridge(definition))
      throw new LibvirtRefused(
        `internal error: bridge name '${bridge}' already in use.`,
        definition.bridgeSpan ?? span,
      );
    const uuid = definition.uuid ?? known?.uuid ?? this.uuid();
    const kept = { definition, uuid, persistent: !once, autostart: false, stopped: false, file };
    this.networks.set(name, {
      ...kept,
      autostart: known?.autostart ?? false,
      bridge,
      active: known?.active ?? null,
    });
    return name;
  }

  // A name ends in a number that no link and no other network has (networkFindUnusedBridgeName).
  private bridgeFor(
    { bridge, forward }: NetworkDefinition,
    known: NetworkState | undefined,
  ): string | null {
    if (bridge !== null && !bridge.endsWith("%d")) return bridge;
    if (!["nat", "route", "open", "none"].includes(forward.mode)) return null;
    if (known?.bridge && known.definition.bridge === bridge) return known.bridge;
    const stem = bridge === null ? "virbr" : bridge.slice(0, -2);
    const taken = new Set([...this.networks.values()].map((one) => one.bridge));
    for (let number = 0; ; number++) {
      const name = `${stem}${number}`;
      if (!taken.has(name) && !this.session.linux.root.links.has(name)) return name;
    }
  }

  private defineDomain(
    definition: DomainDefinition | null,
    file: string | null,
    once: boolean,
  ): string | null {
    if (!definition) return null;
    const { name } = definition;
    const known = this.domains.get(name);
    this.refuseTaken("domain", known, definition, file, once);
    if (!known && this.domains.size >= MOST_DOMAINS) {
      const limit = { what: "virtual machines", limit: MOST_DOMAINS };
      this.session.note(diagnostic("too-many", definition.span, limit));
      this.session.unsimulated(`more than ${MOST_DOMAINS} virtual machines`, definition.span, this.where); // prettier-ignore
      return null;
    }
    this.domains.set(name, {
      definition,
      uuid: definition.uuid ?? known?.uuid ?? this.uuid(),
      persistent: !once,
      autostart: known?.autostart ?? false,
      stopped: false,
      file,
      nics: definition.nics.map((nic, at) => this.withMac(nic, known?.nics[at])),
      running: known?.running ?? null,
    });
    return name;
  }

  /** A card with its MAC address: its own, the one that it was given before, or the next (V9). */
  withMac(nic: NicDefinition, before?: Nic): Nic {
    const given =
      before?.type === nic.type && before.span.file === nic.span.file ? before.mac : null;
    return { ...nic, mac: nic.mac ?? given ?? this.nextMac() };
  }

  // The same name is taken unless it is the same identifier, or the same file of the lab once more.
  private refuseTaken(
    what: VirshObject,
    known: NetworkState | DomainState | undefined,
    { name, uuid, span }: { name: string; uuid: string | null; span: Span },
    file: string | null,
    once: boolean,
  ): void {
    if (!known) return;
    const isActive = "active" in known ? known.active !== null : known.running !== null;
    const isAgain = file !== null && file === known.file && !(once && isActive);
    if (isAgain || (uuid !== null && uuid === known.uuid && !once)) return;
    throw new LibvirtRefused(
      `operation failed: ${what} '${name}' already exists with uuid ${known.uuid}`,
      span,
    );
  }

  private uuid(): string {
    this.made++;
    return `00000000-0000-4000-8000-${this.made.toString(16).padStart(12, "0")}`;
  }

  stateOf(what: VirshObject, name: string): NetworkState | DomainState | undefined {
    return what === "network" ? this.networks.get(name) : this.domains.get(name);
  }

  // ---- start and stop

  startNetwork(name: string): void {
    const state = this.networks.get(name)!;
    if (!this.hasChains && makesBridge(state.definition)) {
      this.hasChains = true;
      makeChains(this.session, state.definition.span);
    }
    startNetwork(this.session, state);
    state.stopped = false;
  }

  stopNetwork(name: string): void {
    const state = this.networks.get(name)!;
    if (!state.active)
      throw new LibvirtRefused(
        `Requested operation is not valid: network '${name}' is not active`,
        state.definition.span,
      );
    stopNetwork(this.session, state);
    state.active = null;
    state.stopped = true;
    if (!state.persistent) this.networks.delete(name);
  }

  startDomain(name: string): void {
    const state = this.domains.get(name)!;
    const { definition, nics } = state;
    const cards = this.patchbay.plugAll(name, nics, 0);
    const { span: because, unsimulated } = definition;
    state.running = { name, because, cards, plugged: cards.length, unsimulated };
    // A device of the host inside the guest may be a way around everything.
    for (const { what, span } of unsimulated)
      this.session.linux.root.taints.push({ iface: null, what, because: span });
    state.stopped = false;
  }

  stopDomain(name: string): void {
    const state = this.domains.get(name)!;
    for (const card of state.running?.cards ?? []) this.patchbay.unplug(card);
    state.running = null;
    state.stopped = true;
    if (!state.persistent) this.domains.delete(name);
  }

  /** What the server of a card's network grants it; `null` where none is known to answer. */
  leaseFor({ name: machine }: RunningDomain, { nic, plug, isLinked }: Card): Lease | null {
    const active = nic.type === "network" ? this.networks.get(nic.source!)?.active : null;
    if (!active?.made || !isLinked || plug.kind !== "tap" || plug.link.master !== active.made)
      return null;
    const { filters } = this.session.linux.root;
    if (!plug.link.up || !active.made.up || !mayLease(filters, active.made.name)) return null;
    const lease = leaseIn(active.definition, machine, nic.mac, active.leased);
    if (lease) active.leased.add(lease.ip);
    return lease;
  }

  /** The machines that run in the end, in the order in which they are known. */
  running(): readonly RunningDomain[] {
    return [...this.domains.values()].flatMap(({ running }) => running ?? []);
  }

  /** The machines that are known and do not run. */
  idle(): readonly string[] {
    return [...this.domains].flatMap(([name, { running }]) => (running ? [] : [name]));
  }

  private get where() {
    return { namespace: this.session.linux.root, vrf: null };
  }

  // Spanning tree is on for libvirt's bridges. With guests alone on them it cuts nothing; with a cable it could (V4).
  private noteSpanningTrees(): void {
    for (const { active } of this.networks.values()) {
      if (!active?.made || !active.definition.stp) continue;
      const isCabled = [...this.session.linux.root.links.values()].some(
        ({ master, kind }) => master === active.made && kind.kind !== "tap",
      );
      if (isCabled)
        this.session.unsimulated(
          "Spanning tree on a bridge with a cable",
          active.definition.bridgeSpan,
          this.where,
          active.made.name,
        );
    }
  }
}

function wholeText({ path, text }: HostFile): ShellWord {
  return { text, span: { file: path, from: 0, to: text.length } };
}

/** What to make of libvirt's words, where they alone do not tell. */
export function hintFor(said: string): string {
  if (said.includes("vlan tag not supported") || said.includes("doesn't support vlan"))
    return "libvirt 10 gives VLANs only to ports of Open vSwitch (<virtualport type='openvswitch'/>); on a Linux bridge make a VLAN link and a bridge of its own";
  if (said.includes("is not active")) return "Start the network first, or mark it autostart";
  if (said.includes("already in use by interface"))
    return "The host has that network already; take another one";
  if (said.includes("already exists with uuid"))
    return "Undefine the old one first, or give the same <uuid>";
  return "";
}
