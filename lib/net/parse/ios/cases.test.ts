import path from "node:path";
import { expect, test } from "vitest";
import { formatIp, type Ip } from "../../model/prefix.ts";
import { casesIn, drawMarks } from "../testing.ts";
import { iosCommands, parseIos } from "./parse.ts";
import type { Statement } from "./statement.ts";
import type { Switching } from "./switching.ts";

const cases = casesIn(path.join(import.meta.dirname, "cases"));

test.each(cases)("$title", ({ input, marked, meaning }) => {
  const { statements, diagnostics } = parseIos("r1/startup.ios", input);
  expect(drawMarks(input, diagnostics)).toBe(marked);
  expect(statements.map(format).join("\n")).toBe(meaning);
});

test("every command that is simulated has a case", () => {
  const said = new Set<string>(
    cases.flatMap(({ input }) =>
      parseIos("r1/startup.ios", input).statements.map((it) =>
        it.kind === "switching" ? it.it.what : it.kind,
      ),
    ),
  );
  for (const kind of ["hostname", "interface", "vrf", "rd", "address-family", "forwarding"])
    expect(said).toContain(kind);
  for (const kind of ["address", "shutdown", "proxy-arp", "ip-routing", "static-route", "inert"])
    expect(said).toContain(kind);
  expect(iosCommands.filter((one) => one.state === "simulated")).toHaveLength(57);
  for (const what of [
    "vlan",
    "range",
    "default-gateway",
    "vtp-mode",
    "vtp-domain",
    "encapsulation",
  ])
    expect(said).toContain(what);
  for (const what of ["mode", "vlan", "priority", "long", "edges", "guards"])
    expect(said).toContain(`tree-${what}`);
  for (const what of ["cost", "port-priority", "edge", "guard", "filter"])
    expect(said).toContain(`tree-${what}`);
  for (const what of ["switchport", "mode", "access-vlan", "voice-vlan", "native-vlan"])
    expect(said).toContain(what);
  for (const what of [
    "allowed-vlans",
    "nonegotiate",
    "protected",
    "block-unicast",
    "group",
    "speed",
  ])
    expect(said).toContain(what);
});

function format(it: Statement): string {
  return `${it.no ? "no " : ""}${describe(it)}`.trim();
}

function describe(it: Statement): string {
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
