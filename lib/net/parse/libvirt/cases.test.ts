import path from "node:path";
import { expect, test } from "vitest";
import { formatIp, formatPrefix } from "../../model/prefix.ts";
import { casesIn, drawMarks } from "../testing.ts";
import type { DomainDefinition, NicDefinition } from "./domain.ts";
import { domainElements, networkElements } from "./known.ts";
import type { NetworkDefinition, PortSettings } from "./network.ts";
import { readDomainXml, readNetworkXml } from "./read.ts";

// What libvirt makes of an XML text, or the words in which it refuses it (seen with libvirt 9.0 unless a title says else).
test.each(casesIn(path.join(import.meta.dirname, "cases")))(
  "$title",
  ({ input, marked, meaning }) => {
    const { lines, diagnostics } = told(input);
    expect(drawMarks(input, diagnostics)).toBe(marked);
    expect(lines.join("\n")).toBe(meaning);
  },
);

function told(text: string) {
  const source = { text, span: { file: "hv1/x.xml", from: 0, to: text.length } };
  const isDomain = /^\s*<domain\b/.test(text);
  const read = isDomain ? readDomainXml(source) : readNetworkXml(source);
  const refused = read.diagnostics
    .filter(({ code }) => code === "libvirt-refused")
    .map(({ message }) => message);
  const lines = read.defined === null ? refused : show(read.defined);
  return { lines, diagnostics: read.diagnostics };
}

function show(it: NetworkDefinition | DomainDefinition): string[] {
  const open = it.unsimulated.map(({ what }) => `open: ${what}`);
  if ("nics" in it) return [`domain ${it.name}`, ...it.nics.flatMap(showNic), ...open];
  return [...showNetwork(it), ...open];
}

function showNetwork(it: NetworkDefinition): string[] {
  const { forward } = it;
  const nat = [
    forward.addresses && `from ${forward.addresses.map(formatIp).join("-")}`,
    forward.ports && `ports ${forward.ports.join("-")}`,
  ];
  const bridge = [
    it.bridge ?? "virbrN",
    it.stp ? "" : "without stp",
    it.mac ?? "",
    it.mtu === null ? "" : `mtu ${it.mtu}`,
    it.isolated ? "isolated" : "",
    it.dns ? "" : "without dns",
  ];
  return [
    `network ${it.name} ${words([forward.mode, ...forward.devs, ...nat])}`,
    `bridge ${words(bridge)}`,
    ...it.addresses.map(
      ({ ip, length, leases }) => `ip ${formatIp(ip)}/${length}${leases ? " dhcp" : ""}`,
    ),
    ...it.routes.map(
      ({ to, gateway, metric }) =>
        `route ${formatPrefix(to)} via ${formatIp(gateway)} metric ${metric}`,
    ),
    ...ports("port", it.port),
    ...it.groups.flatMap((one) => [
      `group ${one.name}${one.isDefault ? " default" : ""}`,
      ...ports("  port", one),
    ]),
  ];
}

function ports(name: string, { vlans, virtualPort }: PortSettings): string[] {
  const native =
    vlans?.native && `native ${vlans.native.vlan}${vlans.native.tagged ? " tagged" : ""}`;
  const said = words([
    virtualPort?.type,
    vlans && `${vlans.trunk ? "trunk" : "access"} ${vlans.tags.join(",")}`,
    native,
  ]);
  return said ? [`${name} ${said}`] : [];
}

function showNic(it: NicDefinition): string[] {
  const said = words([
    it.type,
    it.source,
    it.portgroup && `group ${it.portgroup}`,
    it.type === "direct" ? it.mode : "",
    it.mac,
    it.target && `as ${it.target}`,
    it.isManaged ? "" : "unmanaged",
    it.mtu === null ? "" : `mtu ${it.mtu}`,
    it.isLinked ? "" : "unplugged",
    it.isolated ? "isolated" : "",
  ]);
  const open = it.unsimulated.map(({ what }) => `  open: ${what}`);
  return [`nic ${said}`, ...ports("  port", it), ...open];
}

function words(all: readonly (string | null | undefined | false)[]): string {
  return all.filter(Boolean).join(" ");
}

test("every element has help, and stands under one that is known", () => {
  for (const known of [networkElements, domainElements]) {
    const paths = new Set(known.map(({ path: one }) => one));
    expect(paths.size).toBe(known.length);
    const strays = [...paths].filter(
      (one) => one.includes("/") && !paths.has(one.slice(0, one.lastIndexOf("/"))),
    );
    expect(strays).toEqual([]);
    expect(known.filter(({ help }) => help === "")).toEqual([]);
  }
});
