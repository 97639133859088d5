import type { NamedSet } from "../../model/packet-filter.ts";
import {
  bitsOf,
  type FlowAction,
  type FlowMatch,
  type FlowPort,
  type FlowTerm,
} from "../../model/openflow.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import { formatIp, formatPrefix, type Ip, type Prefix } from "../../model/prefix.ts";
import type { BridgeCommand } from "./bridge.ts";
import type { DhclientCommand } from "./dhclient.ts";
import { showDocker } from "./docker/testing.ts";
import type { EbtablesCommand } from "./ebtables.ts";
import type { IpCommand, LinkChange, LinkType, RuleSelector } from "./ip/command.ts";
import type { TableName } from "./ip/words.ts";
import type { IptablesChange, IptablesCommand } from "./iptables/command.ts";
import type { NftChange, NftCommand, NftRule } from "./nft/command.ts";
import type { FlowText } from "./ovs/flow.ts";
import type { OfctlCommand } from "./ovs/ofctl.ts";
import type { VsctlChange, VsctlCommand } from "./ovs/vsctl.ts";
import { parseProgram, type ProgramCall } from "./programs.ts";
import type { ParsedAction, ParsedMatch, ParsedRule } from "./rule.ts";
import { runShell, type SimpleCommand } from "./run.ts";
import { parseShell } from "./statements.ts";
import type { SysctlCommand } from "./sysctl.ts";
import type { TcCommand } from "./tc.ts";
import type { VirshCommand, VirshScope } from "./virsh.ts";

/*
 * What a script does, in plain lines, for tests: one for each command that is carried out, those inside a namespace
 * with its name before them. `fail` and what is refused fail, everything else succeeds.
 */
export function told(text: string, file = "h1/host.sh") {
  const lines: string[] = [];
  const calls: ProgramCall[] = [];
  const marks: Diagnostic[] = [];
  const carryOut = (place: string) => (command: SimpleCommand) => {
    if (command.words[0]!.text === "fail") {
      lines.push(`${place}fail`);
      return false;
    }
    const call = parseProgram(command);
    calls.push(call);
    const inner = insideOf(call);
    if (inner) {
      const [where, words] = inner;
      return command.exec(words, carryOut(`${place}${where}: `));
    }
    const said = show(call);
    marks.push(...marksOf(call, command));
    lines.push(...said.split("\n").map((line) => place + line));
    return !said.startsWith("refused");
  };
  const { diagnostics, unsupported } = runShell(parseShell(file, text), carryOut(""));
  return { lines, calls, diagnostics: [...diagnostics, ...marks], unsupported };
}

// Where a program stopped, and what is known and not simulated.
function marksOf(call: ProgramCall, { span }: SimpleCommand): Diagnostic[] {
  if (call.program === "unknown")
    return [diagnostic("shell-unknown-command", call.name.span, { word: call.name.text })];
  if (call.program === "unsimulated") return [diagnostic("unsimulated", span, { what: call.what })];
  if (call.program === "inert" || call.program === "write") return [];
  const command = call.command.kind === "in-namespace" ? call.command.command : call.command;
  const said = command.kind === "set" ? command.settings : [command];
  return said.flatMap((it) => {
    if (!("kind" in it)) return [];
    if (it.kind === "unsimulated") return [diagnostic("unsimulated", span, { what: it.what })];
    if (it.kind !== "refused") return [];
    return [diagnostic("shell-refused", it.at.span, { said: it.said, hint: "" })];
  });
}

function insideOf(call: ProgramCall) {
  if (call.program !== "ip") return null;
  if (call.command.kind === "namespace-exec")
    return [`in ${call.command.name ?? "every namespace"}`, call.command.words] as const;
  if (call.command.kind === "vrf-exec")
    return [`in VRF ${call.command.vrf}`, call.command.words] as const;
  return null;
}

/** One command in plain words. */
export function show(call: ProgramCall): string {
  switch (call.program) {
    case "ip":
      return showIp(call.command);
    case "bridge":
      return showBridge(call.command);
    case "tc":
      return showTc(call.command);
    case "sysctl":
      return showSysctl(call.command);
    case "iptables":
      return showIptables(call.command);
    case "ebtables":
      return showEbtables(call.command);
    case "nft":
      return showNft(call.command);
    case "docker":
      return showDocker(call.command);
    case "ovs-vsctl":
      return showVsctl(call.command);
    case "ovs-ofctl":
      return showOfctl(call.command);
    case "dhclient":
      return showDhclient(call.command);
    case "virsh":
      return showVirsh(call.command);
    case "write":
      if (call.setting) return `set ${call.setting.path.join(" ")} = ${call.setting.value}`;
      return `${call.output.append ? "append to" : "write"} ${call.output.file.text}: ${JSON.stringify(call.output.text)}`;
    case "inert":
      return `shows: ${call.name}`;
    case "unsimulated":
      return `not simulated: ${call.what}`;
    case "unknown":
      return `unknown: ${call.name.text}`;
  }
}

type Common =
  | { readonly kind: "inert" }
  | { readonly kind: "unsimulated"; readonly what: string; readonly dev: string | null }
  | { readonly kind: "refused"; readonly said: string };

function showCommon(it: Common): string {
  if (it.kind === "inert") return "shows";
  if (it.kind === "unsimulated")
    return `not simulated: ${it.what}${it.dev === null ? "" : ` on ${it.dev}`}`;
  return `refused: ${it.said.replaceAll("\n", " ")}`;
}

function said(...parts: readonly (string | false | null)[]): string {
  return parts.filter((part) => part !== false && part !== null && part !== "").join(" ");
}

function maybe<T>(value: T | null | undefined, say: (value: T) => string): string {
  return value === null || value === undefined ? "" : say(value);
}

const network = (it: Prefix | null) => maybe(it, formatPrefix);

function tableName(it: TableName): string {
  return typeof it === "number" ? (it === 254 ? "" : `in table ${it}`) : `in VRF ${it.vrf}`;
}

function showDhclient(it: DhclientCommand): string {
  if (it.kind !== "lease") return showCommon(it);
  return `ask for a lease on ${it.links.map(({ text }) => text).join(", ")}`;
}

// ---- virsh

function showVirsh(it: VirshCommand): string {
  switch (it.kind) {
    case "define":
      return `${it.once ? "create" : "define"} the ${it.what} in ${it.file.text}${maybe(it.text, ({ text }) => `: ${JSON.stringify(text)}`)}`;
    case "start":
    case "destroy":
    case "undefine":
      return `${it.kind} the ${it.what} ${it.name}`;
    case "shutdown":
      return `shut the domain ${it.name} down`;
    case "autostart":
      return `autostart the ${it.what} ${it.name} ${it.on ? "on" : "off"}`;
    case "attach-interface":
      return said("attach to", it.domain, it.type, it.source, it.mac, maybe(it.target, (target) => `as ${target}`), scope(it.scope)); // prettier-ignore
    case "detach-interface":
      return said("detach from", it.domain, it.type, it.mac, scope(it.scope));
    case "set-link":
      return said("link of", it.domain, it.nic, it.isLinked ? "up" : "down", scope(it.scope));
    default:
      return showCommon(it);
  }
}

function scope({ live, config }: VirshScope): string {
  return said(live === true && "live", config && "config");
}

// ---- ip, bridge, sysctl

function showIp(it: IpCommand): string {
  switch (it.kind) {
    case "inert":
    case "unsimulated":
    case "refused":
      return showCommon(it);
    case "address-add":
      return said(
        it.replace ? "replace" : "add",
        `address ${formatIp(it.ip)}/${it.length} on ${it.dev}`,
        !it.prefixRoute && "without its route",
      );
    case "address-delete":
      return `delete address ${formatIp(it.ip)}${maybe(it.length, (length) => `/${length}`)} on ${it.dev}`;
    case "address-flush":
      return said("flush addresses", network(it.to), `of ${it.dev ?? "every link"}`);
    case "link-add":
      return said(
        `add link ${it.name ?? "(unnamed)"}`,
        maybe(it.parent, (parent) => `on ${parent}`),
        maybe(it.namespace, (name) => `in ${name}`),
        showType(it.type),
        showChanges(it.changes),
      );
    case "link-set":
      return said(`set link ${it.dev}:`, showChanges(it.changes) || "nothing");
    case "link-delete":
      return `delete link ${it.dev}`;
    case "route-add":
      return said(
        it.how,
        it.type === "unicast" ? "route" : `${it.type} route`,
        formatPrefix(it.to),
        ...it.hops.map((hop) =>
          said(
            maybe(hop.gateway, (ip) => `via ${formatIp(ip)}`),
            maybe(hop.link, (link) => `on ${link}`),
            hop.onlink && "onlink",
            hop.weight > 1 && `weight ${hop.weight}`,
            hop.labels.length > 0 && `labels ${hop.labels.join("/")}`,
          ),
        ),
        it.metric > 0 && `metric ${it.metric}`,
        maybe(it.source, (ip) => `from ${formatIp(ip)}`),
        tableName(it.table),
      );
    case "route-delete":
      return said(
        "delete",
        maybe(it.type, String),
        "route",
        formatPrefix(it.to),
        maybe(it.gateway, (ip) => `via ${formatIp(ip)}`),
        maybe(it.link, (link) => `on ${link}`),
        maybe(it.metric, (metric) => `metric ${metric}`),
        tableName(it.table),
      );
    case "route-flush":
      return said(
        "flush",
        maybe(it.type, String),
        "routes",
        it.to && `${it.which} ${formatPrefix(it.to)}`,
        maybe(it.gateway, (ip) => `via ${formatIp(ip)}`),
        maybe(it.link, (link) => `on ${link}`),
        tableName(it.table),
      );
    case "mpls-route-add":
      return said(
        `${it.how} label ${it.label}`,
        it.swap.length > 0 && `as ${it.swap.join("/")}`,
        maybe(it.gateway, (ip) => `via ${formatIp(ip)}`),
        maybe(it.link, (link) => `on ${link}`),
      );
    case "mpls-route-delete":
      return `delete label ${it.label}`;
    case "rule-add":
    case "rule-delete":
      return said(
        it.kind === "rule-add" ? "add rule" : "delete rule",
        showSelector(it.selector),
        it.action && showRuleAction(it.action),
      );
    case "rule-flush":
      return "flush rules";
    case "neighbor-add":
      return `${it.how} neighbour ${formatIp(it.ip)} at ${it.mac} on ${it.dev} (${it.state})`;
    case "neighbor-proxy":
      return `${it.add ? "answer" : "no longer answer"} for ${formatIp(it.ip)} on ${it.dev}`;
    case "neighbor-delete":
      return `delete neighbour ${formatIp(it.ip)} on ${it.dev}`;
    case "neighbor-flush":
      return said(
        "flush neighbours",
        network(it.to),
        maybe(it.dev, (dev) => `on ${dev}`),
      );
    case "namespace-add":
      return `add namespace ${it.name}`;
    case "namespace-delete":
      return `delete namespace ${it.name}`;
    case "in-namespace":
      return `in ${it.name}: ${showIp(it.command)}`;
    case "namespace-exec":
    case "vrf-exec":
      return it.words.map((word) => word.text).join(" ");
  }
}

function showType(it: LinkType): string {
  switch (it.kind) {
    case "bridge":
      return said("bridge", showSettings(it.settings));
    case "veth":
      return said(
        "veth with peer",
        it.peer.name ?? "(unnamed)",
        maybe(it.peer.namespace, (name) => `in ${name}`),
        showChanges(it.peer.changes),
      );
    case "vlan":
      return said(`vlan ${it.id}`, it.protocol === "802.1ad" && "802.1ad");
    case "vxlan":
      return said(
        `vxlan ${it.id} port ${it.port}`,
        maybe(it.remote, (ip) => `to ${formatIp(ip)}`),
        maybe(it.group, (ip) => `group ${formatIp(ip)}`),
        maybe(it.local, (ip) => `from ${formatIp(ip)}`),
        maybe(it.dev, (dev) => `over ${dev}`),
        !it.learning && "without learning",
        maybe(it.ttl, (ttl) => `ttl ${ttl}`),
      );
    case "macvlan":
    case "macvtap":
    case "ipvlan":
    case "ipvtap":
    case "bond":
      return `${it.kind} ${it.mode}`;
    case "vrf":
      return `vrf table ${it.table}`;
    default:
      return it.kind;
  }
}

function showChanges(changes: readonly LinkChange[]): string {
  return changes
    .map((one) => {
      switch (one.kind) {
        case "up":
          return one.up ? "up" : "down";
        case "master":
          return one.master === null ? "no master" : `${one.vrf ? "VRF" : "master"} ${one.master}`;
        case "namespace":
          return `to namespace ${one.namespace}`;
        case "bridge":
        case "bridge-port":
          return showSettings(one.settings);
        default: {
          const { kind, ...rest } = one;
          return `${kind} ${Object.values(rest).join(" ")}`;
        }
      }
    })
    .join(", ");
}

function showSettings(it: object): string {
  return Object.entries(it)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
    )
    .join(" ");
}

function showSelector(it: RuleSelector): string {
  return said(
    maybe(it.pref, (pref) => `${pref}:`),
    it.not && "not",
    maybe(it.from, (from) => `from ${formatPrefix(from)}`),
    maybe(it.to, (to) => `to ${formatPrefix(to)}`),
    maybe(it.iif, (link) => `in ${link}`),
    maybe(it.oif, (link) => `out ${link}`),
    maybe(it.mark, ({ value, mask }) => `mark ${value}${mask === 0xffffffff ? "" : `/${mask}`}`),
    maybe(it.proto, (proto) => `proto ${proto}`),
    maybe(it.sport, (ports) => `sport ${span(ports)}`),
    maybe(it.dport, (ports) => `dport ${span(ports)}`),
  );
}

function showRuleAction(
  it: NonNullable<Extract<IpCommand, { kind: "rule-delete" }>["action"]>,
): string {
  switch (it.kind) {
    case "lookup":
      return said(
        `lookup ${typeof it.table === "number" ? it.table : `VRF ${it.table.vrf}`}`,
        maybe(it.suppressLength, (length) => `unless at most /${length}`),
      );
    case "vrf":
      return "lookup its VRF";
    case "goto":
      return `goto ${it.pref}`;
    default:
      return it.kind;
  }
}

function showTc(it: TcCommand): string {
  switch (it.kind) {
    case "queue-set":
      return said(`${it.how} queue ${it.queue.name} of ${it.dev}`, it.at, it.queue.loses > 0 && `which loses ${it.queue.loses} %`); // prettier-ignore
    case "queue-delete":
      return `delete queue of ${it.dev} ${it.at}`;
    case "sorts":
      return `sorts packets of ${it.dev}`;
    case "in-namespace":
      return `in ${it.name}: ${showTc(it.command)}`;
    case "inert":
      return "shows";
    case "refused":
      return `refused: ${it.said}`;
    case "unsimulated":
      return `not simulated: ${it.what}`;
  }
}

function showBridge(it: BridgeCommand): string {
  switch (it.kind) {
    case "vlan-add":
    case "vlan-delete":
      return said(
        `${it.kind === "vlan-add" ? "add" : "delete"} vlan ${span([it.first, it.last])} ${it.self ? "of bridge" : "on"} ${it.dev}`,
        it.pvid && "pvid",
        it.untagged && "untagged",
      );
    case "fdb-add":
    case "fdb-delete":
      return said(
        it.kind === "fdb-add" ? it.how : "delete",
        `${it.mac} at ${it.dev}`,
        maybe(it.dst, (ip) => `to ${formatIp(ip)}`),
        it.kind === "fdb-add" && maybe(it.port, (port) => `port ${port}`),
        it.kind === "fdb-add" && maybe(it.vni, (vni) => `vni ${vni}`),
        maybe(it.vlan, (vlan) => `vlan ${vlan}`),
        it.master && "in its bridge",
        it.self && it.master && "and itself",
      );
    case "port-set":
      return said(`set port ${it.dev}:`, showSettings(it.settings));
    case "in-namespace":
      return `in ${it.name}: ${showBridge(it.command)}`;
    default:
      return showCommon(it);
  }
}

function showSysctl(it: SysctlCommand): string {
  if (it.kind !== "set") return showCommon(it);
  return it.settings
    .map((one) => ("kind" in one ? showCommon(one) : `set ${one.path.join(" ")} = ${one.value}`))
    .join("\n");
}

// ---- filters

function span([low, high]: readonly [number, number]): string {
  return low === high ? String(low) : `${low}-${high}`;
}

function values(field: string, ranges: readonly (readonly [number, number])[]): string {
  const isIp = field === "src" || field === "dst" || field === "arp";
  const isMac = field === "smac" || field === "dmac";
  const isType = field === "ethertype";
  const one = (value: number) =>
    isIp
      ? formatIp(value as Ip)
      : isMac
        ? macText(value)
        : isType
          ? `0x${value.toString(16).padStart(4, "0")}`
          : String(value);
  return ranges
    .map(([low, high]) => {
      const length = 32 - Math.log2(high - low + 1);
      if (isIp && low !== high && Number.isInteger(length) && low % (high - low + 1) === 0)
        return `${one(low)}/${length}`;
      return low === high ? one(low) : `${one(low)}-${one(high)}`;
    })
    .join(",");
}

function macText(value: number): string {
  return (value.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
}

export function showMatch(it: ParsedMatch): string {
  const not = "not" in it && it.not ? "not " : "";
  switch (it.kind) {
    case "field":
      return `${not}${it.field} ${values(it.field, it.ranges)}${maybe(it.mask, (mask) => `/0x${mask.toString(16)}`)}`;
    case "iface":
      return `${not}${it.direction} ${it.port ? "port " : ""}${it.names.join(",")}`;
    case "ct-state":
      return `${not}${it.states.join(",")}`;
    case "ct-status":
      return `${not}was ${it.status}`;
    case "ct-mark":
      return `${not}ct mark ${it.value}${it.mask === 0xffffffff ? "" : `/0x${it.mask.toString(16)}`}`;
    case "ct-direction":
      return it.direction;
    case "tcp-flags":
      return `${not}flags ${it.value}/${it.mask}`;
    case "address-type":
      return `${not}${it.which} is ${it.types.join(",")}`;
    case "bridged":
      return `${not}bridged`;
    case "named-set":
      return `${not}${it.fields.join(".")} @${it.set}`;
    case "arp-address":
      return `${not}arp ${it.which} ${values("arp", it.ranges)}`;
    case "unsimulated":
      return `(${it.what}?)`;
  }
}

export function showAction(it: ParsedAction): string {
  switch (it.kind) {
    case "reject":
      return `reject ${it.with}`;
    case "jump":
    case "goto":
      return `${it.kind} ${it.chain}`;
    case "mark":
      return `mark ${it.value}${it.mask === 0xffffffff ? "" : `/0x${it.mask.toString(16)}`}`;
    case "ct-mark":
      return said(
        "ct mark",
        it.what,
        it.what === "set" && String(it.value),
        it.mask !== 0xffffffff && `/0x${it.mask.toString(16)}`,
      );
    case "dscp":
      return `dscp ${it.value}`;
    case "snat":
    case "dnat":
      return `${it.kind} ${maybe(it.to.addresses, ([low, high]) => values("src", [[low, high]]))}${maybe(it.to.ports, (ports) => `:${span(ports)}`)}`;
    case "masquerade":
    case "redirect":
      return said(
        it.kind,
        maybe(it.ports, (ports) => `:${span(ports)}`),
      );
    case "netmap":
      return `netmap ${it.which} ${formatPrefix(it.to)}`;
    case "verdict-map":
      return `${it.fields.join(".")} vmap ${typeof it.map === "string" ? `@${it.map}` : showSet(it.map)}`;
    case "unsimulated":
      return `(${it.what}?)`;
    default:
      return it.kind;
  }
}

function showSet(it: NamedSet): string {
  const elements = it.elements.map(({ ranges, value }) =>
    said(
      ranges.map((range, index) => values(it.keys[index]!, [range])).join("."),
      value && `: ${showAction(value)}`,
    ),
  );
  return `{ ${elements.join("; ")} }`;
}

export function showRule(it: ParsedRule): string {
  const matches = it.matches.map(showMatch).join(", ") || "all";
  return `${matches} → ${it.actions.map(showAction).join(" & ")}`;
}

function showChange(it: IptablesChange): string {
  const where = "chain" in it && it.chain !== null ? `${it.table} ${it.chain}` : it.table;
  switch (it.kind) {
    case "append":
    case "delete":
    case "check":
      return it.rules.map((rule) => `${it.kind} ${where}: ${showRule(rule)}`).join("\n");
    case "insert":
    case "replace":
      return it.rules
        .map((rule) => `${it.kind} ${where} ${it.position}: ${showRule(rule)}`)
        .join("\n");
    case "delete-at":
      return `delete ${where} ${it.position}`;
    case "policy":
      return `policy ${where}: ${it.policy}`;
    case "rename-chain":
      return `rename ${where} to ${it.to}`;
    default:
      return `${it.kind} ${where}`;
  }
}

function showIptables(it: IptablesCommand): string {
  switch (it.kind) {
    case "inert":
    case "unsimulated":
    case "refused":
      return showCommon(it);
    case "restore":
      return it.tables
        .flatMap(({ table, chains, commands }) => [
          `${it.flush ? "restore" : "add to"} ${table}: ${chains.map((chain) => said(chain.name, chain.policy)).join(", ")}`,
          ...commands.map(({ command }) => `  ${showChange(command)}`),
        ])
        .join("\n");
    default:
      return showChange(it);
  }
}

function showEbtables(it: EbtablesCommand): string {
  if (it.kind === "inert" || it.kind === "unsimulated" || it.kind === "refused")
    return showCommon(it);
  const where = "chain" in it && it.chain !== null ? `${it.table} ${it.chain}` : it.table;
  switch (it.kind) {
    case "append":
    case "delete":
      return `${it.kind} ${where}: ${showRule(it.rule)}`;
    case "insert":
      return `insert ${where} ${it.position}: ${showRule(it.rule)}`;
    case "delete-at":
      return `delete ${where} ${span([it.position, it.last])}`;
    case "policy":
    case "new-chain":
      return `${it.kind} ${where}: ${it.policy}`;
    case "rename-chain":
      return `rename ${where} to ${it.to}`;
    default:
      return `${it.kind} ${where}`;
  }
}

function showParts(it: NftRule): string {
  return it.parts.map(showRule).join(" | ");
}

function showNftChange(it: NftChange): string {
  if (it.kind === "flush-ruleset") return said("flush ruleset", it.family);
  const table = `${it.family} ${it.table}`;
  switch (it.kind) {
    case "table":
      return `${it.what} table ${table}`;
    case "chain-add":
      return said(
        it.create ? "create chain" : "add chain",
        `${table} ${it.chain}`,
        it.base && `${it.base.type} ${it.base.hook} ${it.base.priority}`,
        it.policy,
      );
    case "chain-rename":
      return `rename chain ${table} ${it.chain} to ${it.to}`;
    case "rule-add":
    case "rule-insert":
      return said(
        it.kind === "rule-add" ? "append" : "insert",
        `${table} ${it.chain}${it.place ? ` at ${it.place.by} ${it.place.number}` : ""}:`,
        showParts(it.rule),
      );
    case "rule-replace":
      return `replace ${table} ${it.chain} handle ${it.handle}: ${showParts(it.rule)}`;
    case "rule-delete":
      return `delete ${table} ${it.chain} handle ${it.handle}`;
    case "set-add":
      return said(
        it.map ? "add map" : "add set",
        `${table} ${it.name}`,
        it.unsimulated === null
          ? `${it.set.keys.join(".")} ${showSet(it.set)}`
          : `(${it.unsimulated}?)`,
      );
    case "element-add":
    case "element-delete":
      return `${it.kind} ${table} ${it.name}: ${it.elements
        .map(({ key, value }) => said(key.join("."), value && `: ${value.join(" ")}`))
        .join("; ")}`;
    case "set-delete":
    case "set-flush":
      return `${it.kind} ${table} ${it.name}`;
    default:
      return `${it.kind} ${table} ${it.chain}`;
  }
}

function showNft(it: NftCommand): string {
  return it.kind === "change" ? it.changes.map(showNftChange).join("\n") : showCommon(it);
}

// ---- Open vSwitch

function showVsctlChange(it: VsctlChange): string {
  const may = "mayExist" in it && it.mayExist ? "if missing" : "";
  const exists = "ifExists" in it && it.ifExists ? "if there" : "";
  switch (it.kind) {
    case "add-bridge":
      return said(
        `add switch ${it.bridge}`,
        it.parent && `as VLAN ${it.parent.vlan} of ${it.parent.bridge}`,
        may,
      );
    case "delete-bridge":
      return said(`delete switch ${it.bridge}`, exists);
    case "add-port":
      return said(`add port ${it.port} to ${it.bridge}`, showSettings(it.settings), may);
    case "add-bond":
      return said(
        `add bond ${it.port} of ${it.interfaces.join(",")} to ${it.bridge}`,
        showSettings(it.settings),
        may,
      );
    case "delete-port":
      return said(
        `delete port ${it.port}`,
        maybe(it.bridge, (bridge) => `of ${bridge}`),
        exists,
      );
    case "set-bridge":
      return said(`set switch ${it.bridge}:`, showSettings(it.settings));
    case "set-port":
      return said(`set port ${it.port}:`, showSettings(it.settings));
    case "set-interface":
      return said(`set interface ${it.interface}:`, showSettings(it.settings));
    case "bridge-exists":
      return `is there a switch ${it.bridge}?`;
  }
}

function showVsctl(it: VsctlCommand): string {
  return it.kind === "change" ? it.changes.map(showVsctlChange).join("\n") : showCommon(it);
}

function showPort(it: FlowPort): string {
  return typeof it === "object" ? it.name : String(it);
}

function showTerm({ field, value, mask }: FlowTerm): string {
  const bits = bitsOf(field);
  const name =
    field.startsWith("ip-") || field === "arp-spa" || field === "arp-tpa"
      ? "src"
      : bits === 48
        ? "smac"
        : field;
  const hex =
    field === "ethertype" || field === "vlan" ? `0x${value.toString(16).padStart(4, "0")}` : null;
  return `${field} ${hex ?? values(name, [[value, value]])}${maybe(mask, (one) => `/0x${one.toString(16)}`)}`;
}

function showFlowMatch(it: FlowMatch): string {
  const terms = [
    ...(it.inPort === null ? [] : [`in ${showPort(it.inPort)}`]),
    ...it.terms.map(showTerm),
    ...it.unsimulated.map((what) => `(${what}?)`),
  ];
  return terms.join(", ") || "all";
}

function showFlowAction(it: FlowAction): string {
  switch (it.kind) {
    case "output":
      return `output ${showPort(it.port)}`;
    case "set":
      return `set ${showTerm(it)}`;
    case "set-vlan":
      return `vlan ${it.vid}`;
    case "set-vlan-priority":
      return `vlan priority ${it.priority}`;
    case "push-vlan":
      return `push 0x${it.ethertype.toString(16)}`;
    case "move":
      return `move ${it.from.field} to ${it.to.field}`;
    case "resubmit":
      return said(
        "resubmit",
        it.port !== null && `port ${typeof it.port === "object" ? it.port.name : it.port}`,
        maybe(it.table, (table) => `table ${table}`),
      );
    case "goto":
      return `goto ${it.table}`;
    case "track":
      return said(
        "track",
        it.commit && "commit",
        maybe(it.table, (table) => `table ${table}`),
        typeof it.zone === "number" ? it.zone > 0 && `zone ${it.zone}` : `zone ${it.zone.field}`,
        it.nat &&
          said(
            "nat",
            it.nat.which,
            maybe(it.nat.addresses, (range) => values("src", [range])),
            maybe(it.nat.ports, (ports) => `:${span(ports)}`),
          ),
        it.mark && `mark ${it.mark.value}`,
      );
    case "clone":
      return `clone(${it.actions.map(showFlowAction).join("; ")})`;
    case "unsimulated":
      return `(${it.what}?)`;
    default:
      return it.kind;
  }
}

function showFlow(it: {
  table: number | null;
  priority: number | null;
  match: FlowMatch;
  actions: readonly FlowAction[];
}): string {
  const actions = it.actions.map(showFlowAction).join("; ") || "drop";
  return `table ${it.table ?? "any"} priority ${it.priority ?? "any"}: ${showFlowMatch(it.match)} → ${actions}`;
}

function showPattern(it: FlowText): string {
  return said(
    maybe(it.table, (table) => `table ${table}`),
    maybe(it.priority, (priority) => `priority ${priority}`),
    showFlowMatch(it.match),
  );
}

function showOfctl(it: OfctlCommand): string {
  switch (it.kind) {
    case "add-flows":
    case "replace-flows":
      return it.flows
        .map(
          (flow) =>
            `${it.kind === "add-flows" ? "add to" : "only on"} ${it.bridge}: ${showFlow(flow)}`,
        )
        .join("\n");
    case "mod-flows":
      return `change on ${it.bridge}${it.strict ? " exactly" : ""}: ${showFlow(it.flow)}`;
    case "del-flows":
      return `delete on ${it.bridge}${it.strict ? " exactly" : ""}: ${it.match ? showPattern(it.match) : "all"}`;
    case "mixed":
      return it.commands.map(showOfctl).join("\n");
    default:
      return showCommon(it);
  }
}
