import { LinuxState, type LinuxLink, type Refusal } from "../../model/linux.ts";
import { contains, formatIp, samePrefix } from "../../model/prefix.ts";
import { parseIpCommand, type IpCommand } from "../../parse/shell/ip.ts";
import type { Command, ShellFile } from "../../parse/shell/lex.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";

// Programs that show, wait or print, and change nothing in the network.
const INERT = new Set([
  "true", "false", ":", "echo", "printf", "ping", "traceroute", "tracepath", "arping", "sleep", "set", "cat", "ss",
  "ls", "uname", "hostname", "date", "tcpdump", "dig", "nslookup", "curl", "wget", "modprobe", "exit", "cd", "test", "[",
]); // prettier-ignore

// Real programs that change a network and are not simulated.
const UNSIMULATED = new Set([
  "bridge", "iptables", "iptables-restore", "ip6tables", "ebtables", "nft", "tc", "ovs-vsctl", "ovs-ofctl", "docker",
  "virsh", "brctl", "vconfig", "ethtool", "arp", "systemctl", "service", "netplan", "ifup", "ifdown", "dhclient", "sh",
  "bash", "unshare", "nsenter", "podman", "kubectl", "ifconfig", "route", "export", "source", ".", "eval", "tee",
]); // prettier-ignore

/** Carry out scripts on a freshly started Linux system, command by command; a refused one leaves no trace. */
export function buildLinux(
  ports: readonly { readonly name: string; readonly mac: string }[],
  files: readonly ShellFile[],
): { state: LinuxState; diagnostics: Diagnostic[] } {
  const builder = new Builder(new LinuxState(ports));
  for (const file of files) builder.run(file);
  return { state: builder.state, diagnostics: builder.diagnostics };
}

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  readonly state: LinuxState;

  constructor(state: LinuxState) {
    this.state = state;
  }

  run(file: ShellFile): void {
    let ok = true;
    for (const command of file.commands) {
      if (command.when === "success" && !ok) continue;
      if (command.when === "failure" && ok) continue;
      ok = this.command(command);
    }
    for (const { what, span } of file.unsupported) {
      this.diagnostics.push(diagnostic("shell-unsupported", span, { what }));
      this.taint(what, span, null);
    }
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
      case "route-flush": {
        const { to, exact, link } = it;
        this.state.flushRoutes(
          (route) =>
            (!to ||
              (exact
                ? samePrefix(route.to, to)
                : contains(to, route.to.first) && route.to.length >= to.length)) &&
            (link === null || route.hops.some((hop) => hop.link === link)),
        );
        return true;
      }
    }
  }

  private setLink(link: LinuxLink, it: IpCommand & { kind: "link-set" }, span: Span): Refusal {
    for (const change of it.changes) {
      if (change.kind === "up") this.state.setUp(link, change.up, span);
      else if (change.kind === "mtu") link.mtu = change.mtu;
      else if (change.kind === "address") link.mac = change.mac;
      else {
        const refusal = this.state.rename(link, change.name);
        if (refusal) return refusal;
      }
    }
    return null;
  }

  private sysctl(args: readonly string[], span: Span): boolean {
    const settings = args.filter((arg) => !arg.startsWith("-"));
    if (settings.every((arg) => !arg.includes("="))) return true; // It only shows.
    return settings.map((arg) => this.setSysctl(...split(arg), span)).every(Boolean);
  }

  private setSysctl(key: string, value: string, span: Span): boolean {
    const name = key.trim().replaceAll("/", ".");
    const number = Number(value.trim());
    if (!/^-?\d+$/.test(value.trim()))
      return this.refuse(`sysctl: setting key "${name}": Invalid argument`, span);
    if (name === "net.ipv4.ip_forward" || name === "net.ipv4.conf.all.forwarding") {
      this.state.forwards = { on: number !== 0, because: span };
      return true;
    }
    const filter = /^net\.ipv4\.conf\.(.+)\.rp_filter$/.exec(name);
    if (filter) return this.setSourceCheck(filter[1]!, number, span);
    if (/^net\.(ipv4|bridge|core|netfilter)\./.test(name)) return this.unsimulated(name, span);
    if (/^(kernel|vm|fs|net\.ipv6)\./.test(name)) return true;
    return this.refuse(
      `sysctl: cannot stat /proc/sys/${name.replaceAll(".", "/")}: No such file or directory`,
      span,
    );
  }

  private setSourceCheck(iface: string, value: number, span: Span): boolean {
    if (iface === "all") this.state.rpFilterAll = value;
    else if (iface === "default")
      return true; // It concerns links that are made later.
    else return this.onLink(iface, span, (link) => ((link.rpFilter = value), null));
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

  private taint(what: string, because: Span, dev: string | null): void {
    this.state.taints.push({
      iface: dev !== null && this.state.links.has(dev) ? dev : null,
      what,
      because,
    });
  }
}

function split(setting: string): [key: string, value: string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}

// What to make of the kernel's words, where they alone do not tell.
function hintFor(said: string): string {
  if (said.includes("invalid gateway"))
    return "A gateway must lie in a network of a link that is up; give the address and bring the link up first";
  if (said.includes("not up")) return "Bring the link up first";
  if (said.endsWith("File exists")) return "The same is already there";
  if (said.includes("Invalid prefix for given prefix length"))
    return "The network has host bits set under its length";
  return "";
}
