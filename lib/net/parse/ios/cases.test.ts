import path from "node:path";
import { expect, test } from "vitest";
import { formatIp } from "../../model/prefix.ts";
import { casesIn, drawMarks } from "../testing.ts";
import { iosCommands, parseIos } from "./parse.ts";
import type { Statement } from "./statement.ts";

const cases = casesIn(path.join(import.meta.dirname, "cases"));

test.each(cases)("$title", ({ input, marked, meaning }) => {
  const { statements, diagnostics } = parseIos("r1/startup.ios", input);
  expect(drawMarks(input, diagnostics)).toBe(marked);
  expect(statements.map(format).join("\n")).toBe(meaning);
});

test("every command that is simulated has a case", () => {
  const said = new Set(
    cases.flatMap(({ input }) => parseIos("r1/startup.ios", input).statements.map((it) => it.kind)),
  );
  for (const kind of ["hostname", "interface", "vrf", "rd", "address-family", "forwarding"])
    expect(said).toContain(kind);
  for (const kind of ["address", "shutdown", "proxy-arp", "ip-routing", "static-route", "inert"])
    expect(said).toContain(kind);
  expect(iosCommands.filter((one) => one.state === "simulated")).toHaveLength(14);
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
    case "taint":
      return `taint of the ${it.scope}: ${it.what}`;
    case "shutdown":
    case "proxy-arp":
    case "ip-routing":
    case "inert":
      return it.kind;
  }
}
