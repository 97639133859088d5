import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildIos } from "../../build/ios/build.ts";
import { answers } from "../../golden.ts";
import { AccessList } from "../../model/ios-access-lists.ts";
import { IosRoutes } from "../../model/ios-routes.ts";
import type { IosState } from "../../model/ios.ts";
import { parseIos } from "../../parse/ios/parse.ts";
import { casesIn } from "../../parse/testing.ts";
import { runningConfig } from "./running-config.ts";

// What is shown can be typed in again: it is refused nowhere, makes the same device, and shows the same.

const ports = [1, 2, 3, 4].map((number) => ({ name: `Gi0/${number}`, mac: null }));

type Replayed = { before: IosState; after: IosState; refused: string[] };

function replayed(text: string, kind: "router" | "switch" = "router"): Replayed {
  const before = buildIos("edge", ports, [parseIos("a.ios", text)], kind).state;
  const file = parseIos("b.ios", runningConfig(before));
  const { state: after, diagnostics } = buildIos("edge", ports, [file], kind);
  const refused = [...file.diagnostics, ...diagnostics]
    .filter(({ severity, code }) => severity === "error" || code === "ios-vrf-removed-address")
    .map(({ message }) => message);
  return { before, after, refused };
}

// The state without the lines behind it, what was lost on the way, and what was not simulated.
function essence(state: IosState): unknown {
  const { taints: _, ...rest } = state;
  return JSON.parse(
    JSON.stringify(rest, (key, value: unknown) => {
      if (key === "asks") return value !== null;
      if (/because$/i.test(key) || key === "losses" || isSpan(value)) return undefined;
      if (value instanceof AccessList) return { type: value.type, entries: value.inOrder() };
      if (value instanceof IosRoutes) return value.all();
      if (value instanceof Map)
        return [...value]
          .filter(([name]) => name !== "Null0")
          .sort(([a], [b]) => String(a).localeCompare(String(b)));
      return value;
    }),
  );
}

function isSpan(value: unknown): boolean {
  return typeof value === "object" && value !== null && "file" in value && "from" in value;
}

const texts = [
  ...["../../parse/ios/cases", "../../build/ios/cases"]
    .flatMap((folder) => casesIn(path.join(import.meta.dirname, folder)))
    .map(({ title, input }) => [title, input] as const),
  ...Object.entries(answers),
];

test.each(texts)("%s", (_title, text) => {
  const { before, after, refused } = replayed(text);
  expect(refused).toEqual([]);
  expect(essence(after)).toEqual(essence(before));
});

test("a switch shows its VLANs, ports and trees, and routes only where told", () => {
  const text = `vtp domain LAB
vtp mode transparent
vlan 10,20,30
spanning-tree vlan 10 priority 4096
no spanning-tree vlan 30
ip routing
interface Gi0/1
 switchport mode trunk
 switchport trunk native vlan 20
 switchport trunk allowed vlan 10,20-25
 switchport nonegotiate
 spanning-tree vlan 10 cost 7
interface Gi0/2
 switchport mode access
 switchport access vlan 40
 spanning-tree portfast
 switchport protected
no vlan 40
interface Gi0/3
 no switchport
 ip address 10.0.0.1 255.255.255.0
interface Gi0/4
 channel-group 1 mode active
interface Vlan10
 ip address 10.10.0.1 255.255.255.0`;
  const { before, after, refused } = replayed(text, "switch");
  expect(refused).toEqual([]);
  expect(essence(after)).toEqual(essence(before));
  const { before: fresh } = replayed("", "switch");
  expect(runningConfig(fresh)).not.toContain("ip routing");
});

describe("shuffled lines of them all", () => {
  const lines = texts.flatMap(([, text]) => text.split("\n"));
  test("make a device that shows itself", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 60 }), (some) => {
        const { before, after, refused } = replayed(some.join("\n"));
        // What was let in before the address that would forbid it is not let in again: a route by the router itself,
        // a gateway that has its own address.
        const isLate = (said: string) => /^(%Invalid next hop|% Address .* is that of)/.test(said);
        expect(refused.filter((said) => !isLate(said))).toEqual([]);
        if (refused.length === 0) expect(essence(after)).toEqual(essence(before)); // eslint-disable-line vitest/no-conditional-expect
      }),
      { numRuns: 200 },
    );
  });
});

test("a configuration as a router shows it", () => {
  const { state } = buildIos("edge", ports, [
    parseIos(
      "a.ios",
      `hostname R1
ip vrf A
 rd 1:1
interface Gi0/1
 ip vrf forwarding A
 ip address 10.0.0.1 255.255.255.0
 ip access-group 10 in
interface Gi0/2
 ip address 203.0.113.1 255.255.255.252
 ip nat outside
 standby 1 ip 203.0.113.2
interface Gi0/3
 shut
access-list 10 permit 10.0.0.0 0.0.0.255
ip nat inside source list 10 interface Gi0/2 overload
ip route 0.0.0.0 0.0.0.0 203.0.113.2
router ospf 1`,
    ),
  ]);
  expect(runningConfig(state)).toBe(`!
hostname R1
!
ip vrf A
 rd 1:1
!
interface GigabitEthernet0/1
 ip vrf forwarding A
 ip address 10.0.0.1 255.255.255.0
 ip access-group 10 in
!
interface GigabitEthernet0/2
 ip address 203.0.113.1 255.255.255.252
 ip nat outside
 standby 1 ip 203.0.113.2
!
interface GigabitEthernet0/3
 no ip address
 shutdown
!
interface GigabitEthernet0/4
 no ip address
!
ip nat inside source list 10 interface GigabitEthernet0/2 overload
!
ip route 0.0.0.0 0.0.0.0 203.0.113.2
!
access-list 10 permit 10.0.0.0 0.0.0.255
!
! not simulated: router ospf
!
end
`);
});
