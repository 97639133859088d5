import type { Namespace } from "../../model/linux/namespace.ts";
import { LinuxNode } from "../../model/linux/node.ts";
import { parseShell } from "../../parse/shell/statements.ts";
import { parseProgram } from "../../parse/shell/programs.ts";
import { runShell, type SimpleCommand } from "../../parse/shell/run.ts";
import type { ShellFile } from "../../parse/shell/syntax.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { Hypervisor, type HostFile } from "../libvirt/hypervisor.ts";
import { runVirsh } from "../libvirt/virsh.ts";
import { runBridge } from "./bridge.ts";
import { runDhclient, type LeaseFor } from "./dhclient.ts";
import { runEbtables, runIptables } from "./filters.ts";
import { runIp } from "./ip.ts";
import { runNft } from "./nft.ts";
import { noteOverlaps, runOfctl, runVsctl } from "./ovs.ts";
import { runSysctl, writeSetting } from "./sysctl.ts";

/** Where a command runs: a namespace, and inside a VRF when one was named. */
export type Where = { readonly namespace: Namespace; readonly vrf: string | null };

/** What carries out commands on one Linux system, and hears what went wrong. Each command answers whether it succeeded. */
export type Session = {
  readonly linux: LinuxNode;
  refuse(said: string, span: Span, hint?: string): boolean;
  unsimulated(what: string, span: Span, where: Where, link?: string | null): boolean;
  /** Leave claims open for a line that was said to be beyond already, or is wrong. */
  taint(what: string, because: Span, where: Where, link: string | null): void;
  note(remark: Diagnostic): void;
  run(command: SimpleCommand, where: Where): boolean;
};

/** A Linux system before it starts: its ports, and the programs that run on it (`docker`, `libvirt`, `ovs`). */
export type LinuxMachine = {
  readonly ports: readonly { readonly name: string; readonly mac: string }[];
  readonly runs: readonly string[];
  /** What its ports would be granted by a DHCP server. */
  readonly leaseFor?: LeaseFor;
};

/**
 * Start a Linux system and carry out its files: its scripts, in order; a refused command leaves no trace. Files in
 * other languages are left alone.
 */
export function buildLinux(
  machine: LinuxMachine,
  files: readonly { readonly path: string; readonly text: string }[],
  nextMac: () => string,
): BuiltLinux {
  const builder = new Builder(new LinuxNode(machine.ports, nextMac), machine.leaseFor);
  if (machine.runs.includes("libvirt")) builder.startLibvirt(files.map(asHostFile), nextMac);
  for (const { path, text } of files)
    if (path.endsWith(".sh")) builder.carryOut(parseShell(path, text));
  builder.libvirt?.startAll();
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

class Builder implements Session {
  readonly diagnostics: Diagnostic[] = [];
  readonly linux: LinuxNode;
  libvirt: Hypervisor | null = null;
  private readonly tainted = new Map<Namespace, Set<string>>();

  private readonly leaseFor: LeaseFor;

  constructor(linux: LinuxNode, leaseFor: LeaseFor = () => null) {
    this.linux = linux;
    this.leaseFor = leaseFor;
  }

  startLibvirt(files: readonly HostFile[], nextMac: () => string): void {
    this.libvirt = new Hypervisor(this, files, nextMac);
    this.libvirt.readFiles();
  }

  carryOut(file: ShellFile): void {
    const home = { namespace: this.linux.root, vrf: null };
    const { diagnostics, unsupported } = runShell(file, (command) => this.run(command, home));
    this.diagnostics.push(...diagnostics);
    for (const { what, span } of unsupported) this.taint(what, span, home, null);
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
      case "dhclient":
        return runDhclient(this, where, span, call.command, this.leaseFor);
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
  taint(what: string, because: Span, { namespace }: Where, link: string | null): void {
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
