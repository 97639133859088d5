import path from "node:path";
import { describe, expect, test } from "vitest";
import { accessListLines, objectGroupLines } from "../../console/ios/access-lists.ts";
import { dhcpLines } from "../../console/ios/dhcp.ts";
import { gatewayLines } from "../../console/ios/gateways.ts";
import { natLines } from "../../console/ios/nat.ts";
import type { IosState } from "../../model/ios.ts";
import { formatIp, formatPrefix } from "../../model/prefix.ts";
import { parseIos } from "../../parse/ios/parse.ts";
import { casesIn, drawMarks } from "../../parse/testing.ts";
import { buildIos } from "./build.ts";

const ports = [1, 2, 3, 4].map((number) => ({ name: `Gi0/${number}`, mac: null }));

function build(text: string) {
  const file = parseIos("edge/startup.ios", text);
  const { state, diagnostics } = buildIos("edge", ports, [file]);
  return { state, diagnostics: [...file.diagnostics, ...diagnostics] };
}

// Rules C1 to C17 and A1 to A9 of SPEC.md. `says` is what the device would print; the rest is what it is in the end.
describe("a configuration carried out", () => {
  test.each(casesIn(path.join(import.meta.dirname, "cases")))(
    "$title",
    ({ input, marked, meaning }) => {
      const { state, diagnostics } = build(input);
      const says = diagnostics.map(({ message }) => `says ${message}`);
      expect(drawMarks(input, diagnostics)).toBe(marked);
      expect([...says, ...describeState(state)].join("\n")).toBe(meaning);
    },
  );
});

function describeState(state: IosState): string[] {
  const vrfs = [...state.vrfs.values()].map(
    ({ name, rd, ipv4 }) => `vrf ${name}${rd ? ` ${rd}` : ""}${ipv4 ? "" : " without IPv4"}`,
  );
  const ifaces = [...state.ifaces.values()]
    .filter((one) => one.because)
    .map(({ short, vrf, addresses, up, proxyArp, losses, services }) =>
      [
        short,
        vrf ? `in ${vrf}` : "",
        up ? "" : "down",
        proxyArp ? "" : "without proxy ARP",
        ...addresses
          .all()
          .map(
            ({ ip, length, secondary }) =>
              `${formatIp(ip)}/${length}${secondary ? " secondary" : ""}`,
          ),
        services.lists.in ? `in by ${services.lists.in.name}` : "",
        services.lists.out ? `out by ${services.lists.out.name}` : "",
        services.nat ? `nat ${services.nat.side}` : "",
        ...gatewayLines(services).map((line) => `(${line})`),
        services.asks ? "asks" : "",
        services.unreachables ? "" : "silent",
        ...losses.map(({ what, why }) => `(lost ${what}: ${why})`),
      ]
        .filter(Boolean)
        .join(" "),
    );
  const routes = state.routes
    .all()
    .map(({ table, to, iface, gateway, gatewayTable, action, distance }) =>
      [
        `route${table ? ` of ${table}` : ""} ${formatPrefix(to)}`,
        action === "discard" ? "discarded" : "",
        iface ? `dev ${iface}` : "",
        gateway === null ? "" : `via ${formatIp(gateway)}`,
        gatewayTable === table ? "" : `looked up in ${gatewayTable ?? "the global table"}`,
        distance === 1 ? "" : `distance ${distance}`,
      ]
        .filter(Boolean)
        .join(" "),
    );
  const taints = state.taints.map(
    ({ iface, what }) => `open${iface ? ` on ${iface}` : ""}: ${what}`,
  );
  const routing = state.routing.on ? [] : ["routes nothing"];
  const lists = [
    ...objectGroupLines(state.objectGroups),
    ...accessListLines(state.accessLists),
    ...natLines(state.nat),
    ...dhcpLines(state.dhcp),
  ];
  return [...vrfs, ...ifaces, ...routes, ...lists, ...routing, ...taints];
}

test("a device named by nobody has the name of its node", () => {
  expect(build("").state.hostname).toBe("edge");
  expect(build("hostname R1").state.hostname).toBe("R1");
  expect(build("hostname R1\nno hostname").state.hostname).toBe("Router");
});

test("more than there is room for is left out, said, and leaves the device open", () => {
  const lines = Array.from({ length: 2_001 }, (_, at) => `ip vrf V${at}`);
  const { state, diagnostics } = build(lines.join("\n"));
  expect(state.vrfs.size).toBe(2_000);
  expect(diagnostics.map(({ code }) => code)).toEqual(["too-many"]);
  expect(state.taints).toHaveLength(1);
});
