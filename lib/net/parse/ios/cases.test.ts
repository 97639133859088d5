import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { formatEntry, formatMember, formatNetwork } from "../../console/ios/access-lists.ts";
import { formatDynamic, formatStatic } from "../../console/ios/nat.ts";
import { formatIp, type Ip } from "../../model/prefix.ts";
import { casesIn, drawMarks } from "../testing.ts";
import type { GatewaySetting } from "./gateway-said.ts";
import { iosCommands, parseIos } from "./parse.ts";
import type { Statement } from "./statement.ts";
import type { Switching } from "./switching.ts";

const cases = casesIn(path.join(import.meta.dirname, "cases"));

test.each(cases)("$title", ({ input, marked, meaning }) => {
  const { statements, diagnostics } = parseIos("r1/startup.ios", input);
  expect(drawMarks(input, diagnostics)).toBe(marked);
  expect(statements.map(format).join("\n")).toBe(meaning);
});

describe("every command that is simulated has a case", () => {
  test.each(iosCommands.filter((one) => one.state === "simulated"))("$syntax", (command) => {
    const said = vi.spyOn(command as { say: typeof command.say }, "say");
    for (const { input } of cases) parseIos("r1/startup.ios", input);
    expect(said).toHaveBeenCalled();
    said.mockRestore();
  });
});

function format(it: Statement): string {
  return `${it.no ? "no " : ""}${meaningOf(it)}`.trim();
}

function meaningOf(it: Statement): string {
  switch (it.kind) {
    case "hostname":
      return `hostname ${it.name}`;
    case "interface":
      return `interface ${it.iface.name}`;
    case "vrf":
      return `${it.spelling} ${it.name}`;
    case "rd":
      return `rd ${it.rd}`;
    case "address-family":
      return `address-family ${it.family}`;
    case "forwarding":
      return `forwarding ${it.vrf}`.trim();
    case "address": {
      const { address, secondary } = it;
      const text = address ? ` ${formatIp(address.ip)} ${formatIp(address.mask)}` : "";
      return `address${text}${secondary ? " secondary" : ""}`;
    }
    case "static-route":
      return [
        it.vrf ? `route of ${it.vrf.name}` : "route",
        `${formatIp(it.to.ip)} ${formatIp(it.to.mask)}`,
        it.iface ? `dev ${it.iface.name.name}` : "",
        it.next ? `via ${formatIp(it.next.ip)}` : "",
        it.global ? "global" : "",
        it.distance === 1 ? "" : `distance ${it.distance}`,
      ]
        .filter(Boolean)
        .join(" ");
    case "switching":
      return formatSwitching(it.it);
    case "taint":
      return `taint of the ${it.scope}: ${it.what}`;
    case "access-list":
      return `${it.type} list ${it.list.name}`;
    case "access-entry":
      return [
        it.list ? `entry of ${it.type} ${it.list.name}` : "entry",
        it.sequence ? ` ${it.sequence.number}` : "",
        it.entry ? `: ${formatEntry(it.entry, it.type)}` : "",
      ].join("");
    case "access-resequence":
      return `resequence ${it.list.name} from ${it.first} by ${it.step}`;
    case "access-group":
      return `list ${it.list.name} ${it.direction}`;
    case "access-class":
      return `class ${it.list.name}`;
    case "object-group":
      return `${it.type} group ${it.group.name}`;
    case "network-member":
      return `member ${it.member ? formatNetwork(it.member) : `with a wrong ${it.wrong!.text}`}`;
    case "service-member":
      return `member ${formatMember(it.member)}`;
    case "gateway":
      return `${it.protocol} ${it.number} ${formatSetting(it.sets)}`;
    case "gateway-version":
      return `version ${it.version}`;
    case "track-object":
      return `track ${it.number} ${it.iface?.name ?? ""}`.trim();
    case "dhcp-service":
      return "service";
    case "dhcp-pool":
      return `pool ${it.name}`;
    case "dhcp-excluded":
      return `excluded ${formatIp(it.low)} ${formatIp(it.high)}`;
    case "dhcp-network":
      return `network ${formatIp(it.ip)}/${it.length}`;
    case "dhcp-host":
      return `host ${formatIp(it.ip)}/${it.length}`;
    case "dhcp-mac":
      return `mac ${it.mac}`;
    case "dhcp-router":
      return `router ${it.ip === null ? "" : formatIp(it.ip)}`.trim();
    case "dhcp-client":
      return "address by DHCP";
    case "nat-side":
      return it.side;
    case "nat-pool": {
      const { name, first, last, length } = it.pool;
      return it.no
        ? `pool ${name}`
        : `pool ${name} ${formatIp(first)} ${formatIp(last)} /${length}`;
    }
    case "nat-static":
      return formatStatic(it.entry);
    case "nat-dynamic":
      return it.no ? `dynamic list ${it.entry.list}` : `dynamic ${formatDynamic(it.entry)}`;
    case "unreachables":
    case "shutdown":
    case "proxy-arp":
    case "ip-routing":
    case "inert":
      return it.kind;
  }
}

// What is said, then each thing that it says about it.
function formatSwitching({ what, ...it }: Switching): string {
  const words = Object.entries(it).flatMap(([name, value]) => {
    if (name === "at" || value === null || value === false) return [];
    if (value === true) return [name];
    if (name === "vlans") return [(value as number[][]).map((range) => range.join("-")).join(",")];
    if (name === "names") return [(value as { name: string }[]).map((one) => one.name).join(" ")];
    return [name === "ip" ? formatIp(value as Ip) : String(value)];
  });
  return [what, ...words].join(" ");
}

function formatSetting(sets: GatewaySetting): string {
  switch (sets.what) {
    case "ip":
      return `ip ${sets.ip === null ? "" : formatIp(sets.ip)}${sets.secondary ? " secondary" : ""}`.trim();
    case "priority":
      return `priority ${sets.value}`;
    case "preempt":
      return "preempt";
    case "authentication":
      return `authentication ${sets.text}`;
    case "track": {
      const watched = "iface" in sets.watched ? sets.watched.iface : sets.watched.object;
      return `track ${watched} by ${sets.by ?? "everything"}`;
    }
  }
}
