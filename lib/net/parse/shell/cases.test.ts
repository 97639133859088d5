import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { casesIn, drawMarks } from "../testing.ts";
import { shellCommands } from "./programs.ts";
import { told } from "./testing.ts";

const cases = casesIn(path.join(import.meta.dirname, "cases"));

test.each(cases)("$title", ({ input, marked, meaning }) => {
  const { lines, diagnostics, unsupported } = told(input);
  expect(drawMarks(input, inOrder(diagnostics))).toBe(marked);
  const open = unsupported.map(({ what }) => `left open: ${what}`);
  expect([...lines, ...open].join("\n")).toBe(meaning);
});

function inOrder(diagnostics: ReturnType<typeof told>["diagnostics"]) {
  return [...diagnostics].sort((a, b) => a.span.from - b.span.from || a.span.to - b.span.to);
}

const spellings = readFileSync(path.join(import.meta.dirname, "spellings.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

test("there are spellings enough", () => {
  expect(new Set(spellings).size).toBeGreaterThanOrEqual(400);
});

test.each(spellings)("%s", (line) => {
  const { lines, diagnostics, unsupported } = told(line);
  expect(diagnostics).toEqual([]);
  expect(unsupported).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join("\n")).not.toMatch(/^(unknown|not simulated|refused)|\?\)/m);
});

const EXAMPLES: readonly (readonly [RegExp, string])[] = [
  [/ADDRESS\/LENGTH/g, "10.0.0.1/24"],
  [/PREFIX/g, "10.0.0.0/24"],
  [/ADDRESS/g, "10.0.0.1"],
  [/MAC/g, "02:00:00:00:00:01"],
  [/VLANS/g, "10,20"],
  [/VLAN\[-VLAN\]|VLAN/g, "10"],
  [/BYTES/g, "1400"],
  [/\bMODE\b/g, "trunk"],
  [/PORT \[tag/g, "p1 [tag"],
  [/(add-port BRIDGE|\bdev|del-port \[BRIDGE\]|set port|set interface|clear port) PORT/g, "$1 p1"],
  [/PORT ACTION/g, "p1 down"],
  [/PORT/g, "80"],
  [/NUMBER|VNI|LABEL/g, "5"],
  [/\bTABLE\b/g, "100"],
  [/CHAIN/g, "FORWARD"],
  [/NAMESPACE/g, "blue"],
  [/TEXT/g, "note"],
  [/BRIDGE/g, "br0"],
  [/RULE/g, "-p ARP -j DROP"],
  [/\bFLOW\b/g, "ip,actions=drop"],
  [/\[MATCH\]/g, "ip"],
  [/GROUP/g, "group_id=1,type=all"],
  [/KEY=VALUE …/g, "net.ipv4.ip_forward=1"],
  [/KEY/g, "net.ipv4.ip_forward"],
  [/VALUE > \/proc\/sys\/PATH/g, "1 > /proc/sys/net/ipv4/ip_forward"],
  [/options:NAME=VALUE/g, "options:peer=p2"],
  [/VALUE/g, "1"],
  [/TARGET/g, "tcp:10.0.0.1:6653"],
  [/STATE/g, "3"],
  [/LINK/g, "eth0"],
  [/NAME/g, "one"],
  [/FILE/g, "/etc/rules"],
];

test.each(shellCommands)("$words is $state", ({ words, state }) => {
  const { lines, diagnostics } = told(example(words));
  const codes = diagnostics.map((one) => one.code);
  expect(codes.filter((code) => code !== "unsimulated")).toEqual([]);
  const isOpen = codes.includes("unsimulated") || lines.some((line) => line.includes("?)"));
  const shows = lines.every((line) => /^(in VRF \w+: )?shows/.test(line));
  const seen = isOpen ? "unsimulated" : shows ? "inert" : "simulated";
  expect(seen).toBe(state === "simulated" && words.includes("ip vrf exec") ? "inert" : state);
});

// One spelling of a command: its placeholders filled in, one choice of each, what is optional included.
function example(words: string): string {
  const input = words.startsWith("iptables-restore") ? " <<< '*filter\nCOMMIT'" : "";
  const prepare =
    words.includes("FILE") && !words.startsWith("nft")
      ? "echo net.ipv4.ip_forward=1 > /etc/rules; "
      : "";
  const flows = words.includes("-flows BRIDGE FILE")
    ? "echo ip,actions=drop > /etc/rules; "
    : prepare;
  const filled = EXAMPLES.reduce((text, [hole, value]) => text.replace(hole, value), words);
  const chosen = filled.replace(/ …/g, "").replace(/(?<=[ =[])([\w-]+)(\|[\w-]+)+/g, "$1");
  const plain =
    words.startsWith("nft") || words.startsWith("[")
      ? chosen
      : chosen.replace(/\[([^\]]*)\]/g, "$1");
  return flows + plain + input;
}
