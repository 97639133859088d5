import path from "node:path";
import { describe, expect, test } from "vitest";
import type { IosState } from "../../model/ios.ts";
import type { IosSwitchport } from "../../model/ios-switching.ts";
import { formatIp } from "../../model/prefix.ts";
import { parseIos } from "../../parse/ios/parse.ts";
import { casesIn, drawMarks } from "../../parse/testing.ts";
import { buildIos } from "./build.ts";

const ports = [1, 2, 3, 4].map((number) => ({ name: `Gi0/${number}`, mac: null }));

function build(text: string, kind: "switch" | "router") {
  const file = parseIos("sw1/startup.ios", text);
  const { state, diagnostics } = buildIos("sw1", ports, [file], kind);
  return { state, diagnostics: [...file.diagnostics, ...diagnostics] };
}

// Rules SW1 to SW12 of SPEC.md. A case whose title begins with "router" is carried out by one.
describe("layer 2 carried out", () => {
  test.each(casesIn(path.join(import.meta.dirname, "switch-cases")))(
    "$title",
    ({ title, input, marked, meaning }) => {
      const { state, diagnostics } = build(input, title.includes(": router") ? "router" : "switch");
      const says = diagnostics.map(({ message }) => `says ${message}`);
      expect(drawMarks(input, diagnostics)).toBe(marked);
      expect([...says, ...describeState(state)].join("\n")).toBe(meaning);
    },
  );
});

function describeState({ switching, ifaces, taints }: IosState): string[] {
  const vlans = [...switching.vlans.keys()].filter((vlan) => vlan !== 1);
  const { off, priorities, long, edges, guards } = switching.tree;
  return [
    ...(vlans.length > 0 ? [`vlans ${vlans.join(" ")}`] : []),
    ...[...priorities].map(([vlan, priority]) => `tree ${vlan} priority ${priority}`),
    ...[...off.keys()].map((vlan) => `no tree ${vlan}`),
    ...(long ? ["long costs"] : []),
    ...(edges ? ["access ports are edges"] : []),
    ...(guards ? ["edges are guarded"] : []),
    ...(switching.gateway ? [`gateway ${formatIp(switching.gateway.ip as never)}`] : []),
    ...[...ifaces.values()]
      .filter((one) => one.because)
      .map(({ short, layer2, addresses, up }) =>
        [
          short,
          up ? "" : "down",
          layer2.switchport ? describePort(layer2.switchport) : "",
          layer2.tag ? `tag ${layer2.tag.vlan}${layer2.tag.native ? " native" : ""}` : "",
          layer2.group ? `in bundle ${layer2.group.number} ${layer2.group.mode}` : "",
          ...addresses.all().map(({ ip, length }) => `${formatIp(ip)}/${length}`),
        ]
          .filter(Boolean)
          .join(" "),
      ),
    ...taints.map(({ iface, what }) => `open${iface ? ` on ${iface}` : ""}: ${what}`),
  ];
}

function describePort(port: IosSwitchport): string {
  if (port.routes.value) return "routes";
  return [
    port.mode.value,
    port.access.value === 1 ? "" : `access ${port.access.value}`,
    port.voice.value === null ? "" : `voice ${port.voice.value}`,
    port.native.value === 1 ? "" : `native ${port.native.value}`,
    port.allowed.value.join(";") === "1,4094"
      ? ""
      : `allowed ${port.allowed.value.map((range) => range.join("-")).join(",") || "none"}`,
    port.negotiates ? "" : "silent",
    port.isolated ? "isolated" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

test("a switch has room for a thousand VLANs, says so, and is open beyond", () => {
  const { state, diagnostics } = build("vlan 2-1001\nvlan 1006-4094\nvlan 4000", "switch");
  expect(state.switching.vlans.size).toBe(1_000);
  expect(diagnostics.map(({ code }) => code)).toEqual(["too-many"]);
  expect(state.taints).toHaveLength(1);
});
