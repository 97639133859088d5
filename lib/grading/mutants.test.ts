import { expect, test } from "vitest";
import type { Lab } from "#lib/content/lab.ts";
import { loadLabFolder } from "#lib/content/load.ts";
import { mutantsOf, strengthOf } from "./mutants.ts";

const LAB = "content/courses/virtual-networks/30-vrfs/10-many-routers-in-one/lab";
const { lab, answers } = await loadLabFolder(LAB);
const solution = answers["solution"]!;

test("each line is dropped, and changed as people mistype it; remarks are left alone", () => {
  const text = "! remark\n\nip vrf A\nip vrf B\ninterface Gi0/1.10\n encapsulation dot1Q 10\n ip vrf forwarding A\n ip address 10.0.0.1 255.255.255.0\naccess-list 101 permit ip any any"; // prettier-ignore
  const said = mutantsOf({ "r/startup.ios": text }).map(({ line, now }) => `${line} ${now}`);
  expect(said).toEqual([
    "3 null",
    "3 ip vrf B",
    "4 null",
    "4 ip vrf A",
    "5 null",
    "6 null",
    "6  encapsulation dot1Q 11",
    "7 null",
    "7  ip vrf forwarding B",
    "8 null",
    "8  ip address 10.0.0.2 255.255.255.0",
    "9 null",
    "9 access-list 101 deny ip any any",
  ]);
});

test("a lab whose objectives tell the solution from every wrong line of it", () => {
  const { tried, caught, survivors } = strengthOf(lab, solution, 1);
  expect(survivors).toEqual([]);
  expect(caught).toBeGreaterThan(tried / 2);
});

test("one that asks for one customer only lets mistakes in the other's lines pass, and may say why", () => {
  const one = { ...lab, yaml: lab.yaml.replace(/ {2}- id: b-works[\s\S]*(?=hints:)/, "").replace(/hints:[\s\S]*$/, "tests: {}\n") }; // prettier-ignore
  const { survivors } = strengthOf(one, solution, 1);
  expect(survivors.map(({ line }) => line)).toContain(22);
  expect(survivors.every(({ line, harmless }) => line > 5 && harmless === null)).toBe(true);
  const line = " ip address {{right.1}} {{right.mask}}".trim();
  const harmless = [{ file: "edge/startup.ios", line, why: "B is for the next lab." }];
  const excused = strengthOf({ ...one, harmless } satisfies Lab, solution, 1).survivors;
  expect(excused.filter((it) => it.harmless !== null).map((it) => it.line)).toContain(23);
});
