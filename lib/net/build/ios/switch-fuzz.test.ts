import fc from "fast-check";
import { expect, test } from "vitest";
import { buildNetwork } from "../../network.ts";
import { iosCommands } from "../../parse/ios/parse.ts";
import { decide } from "../../prove/decide.ts";
import { drawn } from "../../testing.ts";

// Whatever a switch is told: no crash, no hang, the same every time, and every remark stands somewhere in its file.

const good = `vlan 10,20
interface Gi0/1
 switchport mode trunk
 switchport trunk native vlan 10
interface Gi0/2
 channel-group 1 mode active
interface Gi0/3
 switchport access vlan 10
interface Vlan10
 ip address 10.0.0.5 255.255.255.0
spanning-tree vlan 10 root primary
no spanning-tree vlan 20`;

const words = [...new Set(iosCommands.flatMap(({ syntax }) => syntax.split(/[^\w-]+/)))].filter(
  Boolean,
);
const values = ["Gi0/1", "Gi0/1 - 3", "Vlan10", "Port-channel1", "Gi0/1.10", "10", "10,20-30", "1-4094", "4096", "no", "exit", "10.0.0.1", "255.255.255.0", ",", "-", "\u0000"]; // prettier-ignore
const line = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...values)), { maxLength: 6 })
  .map((all) => all.join(" "));
const heads = fc.constantFrom("interface Gi0/1", "interface range Gi0/1 - 3", "vlan 10", "interface Po1", "interface Vlan10", ""); // prettier-ignore
const starts = fc.constantFrom("switchport mode", "switchport trunk allowed vlan", "switchport access vlan", "channel-group", "spanning-tree vlan", "spanning-tree", "encapsulation dot1q", ""); // prettier-ignore
const random = fc
  .array(
    fc.tuple(heads, starts, line).map(([head, start, rest]) => `${head}\n ${start} ${rest}`),
    { maxLength: 12 },
  )
  .map((all) => all.join("\n"));
const truncated = fc.nat(good.length).map((at) => good.slice(0, at));
const shuffled = fc
  .shuffledSubarray(good.split("\n"), { minLength: good.split("\n").length })
  .map((all) => all.join("\n"));

const claims = [
  { kind: "isolate", from: ["h1"], to: ["h2"], threat: "attacker", both: true },
  { kind: "reach", from: ["h1"], to: ["h2"], proto: "icmp", port: null, address: null },
] as const;

function outcome(one: string, other: string) {
  const host = (at: number) => `ip addr add 10.0.0.${at}/24 dev eth0\nip link set eth0 up`;
  const { topology, files } = drawn(
    { "a.switch": one, "b.switch": other, h1: host(1), h2: host(2) },
    ["a:Gi0/1 - b:Gi0/1", "a:Gi0/2 - b:Gi0/2", "a:Gi0/3 - h1:eth0", "b:Gi0/3 - h2:eth0"],
  );
  const built = buildNetwork(topology, files);
  const strays = built.diagnostics.filter(
    ({ span: { file, from, to }, message }) =>
      !(from >= 0 && from <= to && to <= (files[file]?.length ?? -1)) ||
      /undefined|NaN|\[object/.test(message),
  );
  const verdicts = claims.map((claim) => decide(built, claim));
  const disagree = verdicts.filter(({ why }) => why.kind === "disagreement");
  return {
    wrong: [...strays, ...disagree],
    text: JSON.stringify([built.diagnostics, [...built.network.places.keys()]]),
  };
}

test.each([
  ["words of the language", random],
  ["a text that ends early", truncated],
  ["lines in another order", shuffled],
])(
  "%s",
  (_name, texts) => {
    fc.assert(
      fc.property(texts, fc.oneof(texts, fc.constant(good)), (one, other) => {
        const first = outcome(one, other);
        expect(first.wrong).toEqual([]);
        expect(outcome(one, other).text).toBe(first.text);
      }),
      { numRuns: 40 },
    );
  },
  120_000,
);
