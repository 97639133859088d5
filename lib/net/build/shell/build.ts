import type { LinuxRoute } from "../../model/linux-routes.ts";
import { LinuxState, type LinuxLink, type Refusal } from "../../model/linux.ts";
import { contains, formatIp, type Prefix } from "../../model/prefix.ts";
import { parseIpCommand, type IpCommand } from "../../parse/shell/ip.ts";
import type { Command, ShellFile } from "../../parse/shell/lex.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { settingNamed } from "./settings.ts";

// Programs that show, wait or print, and change nothing in the network.
const INERT = new Set([
  "true", "false", ":", "echo", "printf", "ping", "traceroute", "tracepath", "arping", "sleep", "cat", "ss",
  "ls", "uname", "hostname", "date", "tcpdump", "dig", "nslookup", "curl", "wget", "modprobe", "cd",
]); // prettier-ignore

// Real programs that change a network and are not simulated.
const UNSIMULATED = new Set([
  "bridge", "iptables", "iptables-restore", "ip6tables", "ebtables", "nft", "tc", "ovs-vsctl", "ovs-ofctl", "docker",
  "virsh", "brctl", "vconfig", "ethtool", "arp", "systemctl", "service", "netplan", "ifup", "ifdown", "dhclient", "sh",
  "bash", "unshare", "nsenter", "podman", "kubectl", "ifconfig", "route", "export", "source", ".", "eval", "tee",
  "test", "[", "exec", "alias",
]); // prettier-ignore

/** Carry out scripts on a freshly started Linux system, command by command; a refused one leaves no trace. */
export function buildLinux(
  ports: readonly { readonly name: string; readonly mac: string }[],
  files: readonly ShellFile[],
): { state: LinuxState; diagnostics: Diagnostic[] } {
  const builder = new Builder(new LinuxState(ports));
  for (const file of files) builder.run(file);
  builder.noteOverflow();
  return { state: builder.state, diagnostics: builder.diagnostics };
}

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  readonly state: LinuxState;
  private readonly tainted = new Set<string>();

  constructor(state: LinuxState) {
    this.state = state;
  }

  run({ commands, unsupported }: ShellFile): void {
    this.runAll(commands);
    for (const { what, span } of unsupported) this.taint(what, span, null);
  }

  /** What found no room may have mattered to anything. */
  noteOverflow(): void {
    const { overflow } = this.state;
    if (overflow) this.taint("more addresses or routes than there is room for", overflow, null);
  }

  // As `sh` does: `exit` ends the script, and so does a failure after `set -e`, unless `&&` or `||` looks at it.
  private runAll(commands: readonly Command[]): void {
    let ok = true;
    let stopsOnFailure = false;
    for (const [at, command] of commands.entries()) {
      if (command.when === "success" && !ok) continue;
      if (command.when === "failure" && ok) continue;
      const [program, option] = command.words.map((word) => word.text);
      if (program === "exit") return;
      if (program === "set" && /^[-+]\w*e/.test(option ?? "")) stopsOnFailure = option![0] === "-";
      ok = program === "set" || this.command(command);
      const isLast = (commands[at + 1]?.when ?? "always") === "always";
      if (!ok && stopsOnFailure && isLast)
        return this.stopped(command.span, at < commands.length - 1);
    }
  }

  private stopped(at: Span, leavesSome: boolean): void {
    if (leavesSome) this.diagnostics.push(diagnostic("shell-stopped", at, {}));
  }

  // Whether it succeeded, for `&&` and `||`.
  private command({ words, output, span }: Command): boolean {
    const rest = words[0]!.text === "sudo" ? words.slice(1) : words;
    const [program, ...args] = rest;
    if (!program) return true;
    if (program.text === "ip") return this.ip(parseIpCommand([program, ...args].slice(1)), span);
    if (program.text === "sysctl")
      return this.sysctl(
        args.map((word) => word.text),
        span,
      );
    if (program.text === "echo" && output?.text.startsWith("/proc/sys/"))
      return this.setSysctl(
        output.text.slice("/proc/sys/".length).replaceAll("/", "."),
        args.map((word) => word.text).join(" "),
        span,
        ECHO,
      );
    if (output && output.text !== "/dev/null")
      return this.unsimulated(`Writing to ${output.text}`, span);
    if (INERT.has(program.text)) return program.text !== "false";
    if (UNSIMULATED.has(program.text)) return this.unsimulated(program.text, span);
    this.diagnostics.push(
      diagnostic("shell-unknown-command", program.span, { word: program.text }),
    );
    this.taint(program.text, span, null);
    return false;
  }

  private ip(it: IpCommand, span: Span): boolean {
    switch (it.kind) {
      case "show":
        return true;
      case "refused":
        return this.refuse(it.said, it.at.span);
      case "unsimulated":
        return this.unsimulated(it.what, span, it.dev);
      case "address-add":
        return this.onLink(it.dev, span, (link) => {
          const refusal = this.state.addAddress(link, it.ip, it.length, span);
          if (refusal && it.replace) return null;
          if (refusal) link.losses.push({ what: formatIp(it.ip), why: "refused", because: span });
          return refusal;
        });
      case "address-delete":
        return this.onLink(it.dev, span, (link) =>
          this.state.removeAddress(link, it.ip, it.length, span),
        );
      case "address-flush":
        return this.onLink(it.dev, span, (link) => this.state.flushAddresses(link, span));
      case "link-set":
        return this.onLink(it.dev, span, (link) => this.setLink(link, it, span));
      case "route-add":
        return this.settle(this.state.addRoute(it.how, it.asked, span), span);
      case "route-delete":
        return this.settle(this.state.removeRoute(it), span);
      case "route-flush":
        this.flushRoutes(it);
        return true;
    }
  }

  private flushRoutes({ to, how, link }: IpCommand & { kind: "route-flush" }): void {
    const { routes } = this.state;
    const gone = (route: LinuxRoute) =>
      link === null || route.hops.some((hop) => hop.link === link);
    if (to === null) routes.removeAll(gone);
    else if (how === "exact") routes.removeTo(to, gone);
    else if (how === "root") routes.removeWithin(to, gone);
    else routes.removeAll((route) => gone(route) && isWithin(to, route.to));
  }

  private setLink(link: LinuxLink, it: IpCommand & { kind: "link-set" }, span: Span): Refusal {
    for (const change of it.changes) {
      if (change.kind === "up") this.state.setUp(link, change.up, span);
      else if (change.kind === "mtu") link.mtu = change.mtu;
      else link.mac = change.mac;
    }
    return null;
  }

  private sysctl(args: readonly string[], span: Span): boolean {
    const settings = args.filter((arg) => !arg.startsWith("-"));
    if (settings.every((arg) => !arg.includes("="))) return true; // It only shows.
    return settings.map((arg) => this.setSysctl(...split(arg), span, SYSCTL)).every(Boolean);
  }

  private setSysctl(key: string, text: string, span: Span, says: SaysNo): boolean {
    const name = key.trim().replaceAll("/", ".");
    const value = text.trim();
    const setting = settingNamed(name, this.state.links);
    if (setting.kind === "missing") return this.refuse(says.missing(name), span);
    if (setting.kind === "inert") return true;
    if (setting.kind === "unsimulated") return this.unsimulated(name, span, setting.link);
    if (!/^-?\d{1,9}$/.test(value)) return this.refuse(says.invalid(name), span);
    if (setting.kind === "forwarding")
      this.state.forwards = { on: Number(value) !== 0, because: span };
    else this.state.setOnLink(setting.kind, setting.link, Number(value));
    return true;
  }

  private onLink(name: string, span: Span, act: (link: LinuxLink) => Refusal): boolean {
    const link = this.state.links.get(name);
    if (!link) {
      const ports = [...this.state.links.keys()].join(", ");
      return this.refuse(`Cannot find device "${name}"`, span, `Its links are ${ports}.`);
    }
    return this.settle(act(link), span);
  }

  private settle(refusal: Refusal, span: Span): boolean {
    return refusal === null || this.refuse(refusal, span);
  }

  private refuse(said: string, span: Span, hint = hintFor(said)): boolean {
    this.diagnostics.push(diagnostic("shell-refused", span, { said, hint }));
    return false;
  }

  private unsimulated(what: string, span: Span, dev: string | null = null): boolean {
    this.diagnostics.push(diagnostic("unsimulated", span, { what }));
    this.taint(what, span, dev);
    return true;
  }

  // The first line of its kind stands for those that follow.
  private taint(what: string, because: Span, dev: string | null): void {
    const iface = dev !== null && this.state.links.has(dev) ? dev : null;
    const key = `${iface} ${what}`;
    if (this.tainted.has(key)) return;
    this.tainted.add(key);
    this.state.taints.push({ iface, what, because });
  }
}

// The words in which a program says that a setting is not there, or does not take the value.
type SaysNo = { missing: (name: string) => string; invalid: (name: string) => string };
const pathOf = (name: string) => `/proc/sys/${name.replaceAll(".", "/")}`;
const SYSCTL: SaysNo = {
  missing: (name) => `sysctl: cannot stat ${pathOf(name)}: No such file or directory`,
  invalid: (name) => `sysctl: setting key "${name}": Invalid argument`,
};
const ECHO: SaysNo = {
  missing: (name) => `${pathOf(name)}: No such file or directory`,
  invalid: () => "echo: write error: Invalid argument",
};

function isWithin(inner: Prefix, outer: Prefix): boolean {
  return inner.length >= outer.length && contains(outer, inner.first);
}

function split(setting: string): [key: string, value: string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}

// What to make of the kernel's words, where they alone do not tell.
function hintFor(said: string): string {
  if (said.startsWith("Usage: ip route")) return "It does not say which destination it is about";
  if (said.endsWith("Operation not supported")) return "It does not say which address it is about";
  if (said.includes("invalid gateway"))
    return "A gateway must lie in a network of a link that is up; give the address and bring the link up first";
  if (said.includes("not up")) return "Bring the link up first";
  if (said.endsWith("File exists")) return "The same is already there";
  if (said.includes("Invalid prefix for given prefix length"))
    return "The network has host bits set under its length";
  return "";
}
