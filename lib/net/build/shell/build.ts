import type { Namespace } from "../../model/linux/namespace.ts";
import type { LeaseAnswer } from "../../model/lease.ts";
import { LinuxNode, type MachinePort } from "../../model/linux/node.ts";
import { parseShell } from "../../parse/shell/statements.ts";
import { parseProgram } from "../../parse/shell/programs.ts";
import { runShell, type Run, type SimpleCommand } from "../../parse/shell/run.ts";
import type { ShellFile } from "../../parse/shell/syntax.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { composeUp } from "../docker/compose.ts";
import { NO_DOCKER, NO_DOCKER_HINT, runDocker } from "../docker/run.ts";
import { Docker } from "../docker/docker.ts";
import { ComposeFiles } from "../docker/files.ts";
import type { ComposeFile } from "../../parse/compose/file.ts";
import { Hypervisor, type HostFile } from "../libvirt/hypervisor.ts";
import { runVirsh } from "../libvirt/virsh.ts";
import { runBridge } from "./bridge.ts";
import { runDhclient, type LeaseFor } from "./dhclient.ts";
import { runEbtables, runIptables } from "./filters.ts";
import { runIp } from "./ip.ts";
import { runNft } from "./nft.ts";
import { noteOverlaps, runOfctl, runVsctl } from "./ovs.ts";
import { runTc } from "./tc.ts";
import { runSysctl, writeSetting } from "./sysctl.ts";

/** Where a command runs: a namespace, and inside a VRF when one was named. */
export type Where = { readonly namespace: Namespace; readonly vrf: string | null };

/** What carries out commands on one Linux system, and hears what went wrong. Each command answers whether it succeeded. */
export type Session = {
  readonly linux: LinuxNode;
  refuse(said: string, span: Span, hint?: string): boolean;
  unsimulated(what: string, span: Span, where: Where, link?: string | null): boolean;
  /** Leave claims open for a line that was said to be beyond already, or is wrong. */
  taint(what: string, because: Span, where: Where, link?: string | null): void;
  note(remark: Diagnostic): void;
  run(command: SimpleCommand, where: Where): boolean;
  /** What a link is answered that asks for an address; `undefined` while nobody could answer yet. */
  lease(namespace: string, link: string): LeaseAnswer | undefined;
  /** Carry out a whole script, each of its commands by `how`. */
  carryOut(file: ShellFile, where: Where, how: Run): void;
  /** Docker, where it runs. */
  readonly docker: Docker | null;
  /** A compose file of this system by its name, or (`null`) the one that compose finds by itself. */
  composeFile(name: string | null): ComposeFile | null;
};

type AnswerTo = Session["lease"];

/** A Linux system before it starts: its ports, and the programs that run on it (`docker`, `libvirt`, `ovs`). */
export type LinuxMachine = {
  readonly ports: readonly MachinePort[];
  readonly runs: readonly string[];
  /** What its ports would be granted by a DHCP server. */
  readonly leaseFor?: LeaseFor;
  /** What its links are answered that ask everybody for an address. */
  readonly answerTo?: AnswerTo;
};

type Files = readonly { readonly path: string; readonly text: string }[];

/**
 * Start a Linux system and carry out its files: its scripts, in order, then its compose files; a refused command leaves
 * no trace. Files in other languages are left alone.
 */
export function buildLinux(machine: LinuxMachine, files: Files, nextMac: () => string): BuiltLinux {
  const builder = new Builder(new LinuxNode(machine.ports, nextMac), files, machine);
  if (machine.runs.includes("docker")) builder.startDocker();
  if (machine.runs.includes("libvirt")) builder.startLibvirt(files.map(asHostFile), nextMac);
  for (const { path, text } of files)
    if (path.endsWith(".sh")) builder.carryOut(parseShell(path, text));
  builder.libvirt?.startAll();
  builder.startComposed();
  builder.noteOverflow();
  noteOverlaps(builder);
  const { linux, diagnostics, libvirt } = builder;
  return { linux, diagnostics, libvirt };
}

/** A Linux system that has started, what there is to say about its files, and its virtual machines. */
export type BuiltLinux = {
  readonly linux: LinuxNode;
  readonly diagnostics: readonly Diagnostic[];
  readonly libvirt: Hypervisor | null;
};

// The folder of a node, or of a virtual machine below vms/, is where its scripts run.
function asHostFile({ path, text }: { path: string; text: string }): HostFile {
  return { path, text, name: path.replace(/^(vms\/)?[^/]+\//, "") };
}

/** What is there before any file of the machine says a word. */
const WHEN_IT_BOOTS: Span = { file: "lab.yaml", from: 0, to: 0 };

class Builder implements Session {
  readonly diagnostics: Diagnostic[] = [];
  readonly linux: LinuxNode;
  docker: Docker | null = null;
  libvirt: Hypervisor | null = null;
  private readonly composed: ComposeFiles;
  private readonly announced = new Set<ComposeFile>();
  private readonly leaseFor: LeaseFor | null;
  private readonly tainted = new Map<Namespace, Set<string>>();

  readonly lease: AnswerTo;

  constructor(linux: LinuxNode, files: Files, { leaseFor, answerTo }: LinuxMachine) {
    this.linux = linux;
    this.leaseFor = leaseFor ?? null;
    this.lease = answerTo ?? (() => undefined);
    this.composed = new ComposeFiles(files);
  }

  /** Before anything else, as a system that starts Docker when it boots. */
  startDocker(): void {
    this.docker = new Docker(this, WHEN_IT_BOOTS);
  }

  startLibvirt(files: readonly HostFile[], nextMac: () => string): void {
    this.libvirt = new Hypervisor(this, files, nextMac);
    this.libvirt.readFiles();
  }

  /** The compose files that no script has started. */
  startComposed(): void {
    for (const path of this.composed.unread) {
      const file = this.composeFile(path)!;
      if (this.docker) composeUp(this, this.docker, file);
      else this.refuse(NO_DOCKER, { file: path, from: 0, to: 0 }, NO_DOCKER_HINT);
    }
    for (const [path, because] of this.composed.passedOver) {
      const said = `There are several compose files here; ${path} is not used.`;
      this.note(diagnostic("shell-note", because, { said }));
    }
    this.docker?.settleNames();
  }

  composeFile(name: string | null): ComposeFile | null {
    const file = this.composed.find(name);
    if (!file || this.announced.has(file)) return file;
    this.announced.add(file);
    this.diagnostics.push(...file.diagnostics);
    return file;
  }

  carryOut(file: ShellFile, where = this.home, how?: Run): void {
    const run = how ?? ((command) => this.run(command, where));
    const { diagnostics, unsupported } = runShell(file, run);
    this.diagnostics.push(...diagnostics);
    for (const { what, span } of unsupported) this.taint(what, span, where, null);
  }

  private get home(): Where {
    return { namespace: this.linux.root, vrf: null };
  }

  /** What found no room may have mattered to anything. */
  noteOverflow(): void {
    const what = "more addresses or routes than there is room for";
    for (const namespace of this.linux.namespaces.values())
      if (namespace.overflow)
        namespace.taints.push({ iface: null, what, because: namespace.overflow });
  }

  run(command: SimpleCommand, where: Where): boolean {
    const { span } = command;
    const call = parseProgram(command);
    switch (call.program) {
      case "ip":
        return runIp(this, where, command, call.command);
      case "bridge":
        return runBridge(this, where, span, call.command);
      case "tc":
        return runTc(this, where, span, call.command);
      case "sysctl":
        return runSysctl(this, where, span, call.command);
      case "write":
        return writeSetting(this, where, span, {
          file: call.output.file.text,
          setting: call.setting,
        });
      case "iptables":
        return runIptables(this, where, span, call.command);
      case "ebtables":
        return runEbtables(this, where, span, call.command);
      case "nft":
        return runNft(this, where, span, call.command);
      case "docker":
        return runDocker(this, where, command, call.command);
      case "dhclient":
        return runDhclient(this, where, command, call.command, this.leaseFor);
      case "virsh":
        return runVirsh(this, this.libvirt, span, call.command);
      case "inert":
        return true;
      case "ovs-vsctl":
        return runVsctl(this, where, span, call.command);
      case "ovs-ofctl":
        return runOfctl(this, where, span, call.command);
      case "unsimulated":
        return this.unsimulated(call.what, span, where);
      case "unknown": {
        const { text: word } = call.name;
        this.diagnostics.push(diagnostic("shell-unknown-command", call.name.span, { word }));
        this.taint(word, span, where, null);
        return false;
      }
    }
  }

  note(remark: Diagnostic): void {
    this.diagnostics.push(remark);
  }

  refuse(said: string, span: Span, hint = hintFor(said)): boolean {
    this.diagnostics.push(diagnostic("shell-refused", span, { said, hint }));
    return false;
  }

  unsimulated(what: string, span: Span, where: Where, link: string | null = null): boolean {
    this.diagnostics.push(diagnostic("unsimulated", span, { what }));
    this.taint(what, span, where, link);
    return true;
  }

  // The first line of its kind stands for those that follow.
  taint(what: string, because: Span, { namespace }: Where, link: string | null = null): void {
    const iface = link !== null && namespace.links.has(link) ? link : null;
    const noted = this.tainted.get(namespace) ?? new Set();
    this.tainted.set(namespace, noted);
    if (noted.has(`${iface} ${what}`)) return;
    noted.add(`${iface} ${what}`);
    namespace.taints.push({ iface, what, because });
  }
}

// What to make of the kernel's words, where they alone do not tell.
function hintFor(said: string): string {
  if (said.includes("invalid gateway"))
    return "A gateway must lie in a network of a link that is up; give the address and bring the link up first";
  if (said.includes("not up")) return "Bring the link up first";
  if (said.endsWith("Network is down")) return "Bring the link that it stands on up first";
  if (said.endsWith("File exists")) return "The same is already there";
  if (said.includes("Invalid prefix for given prefix length"))
    return "The network has host bits set under its length";
  return "";
}
