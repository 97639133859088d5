import { afterEach, describe, expect, test, vi } from "vitest";
import { answers, cables, hosts } from "../golden.ts";
import { iosCommands } from "../parse/ios/parse.ts";
import { network } from "../testing.ts";
import { decide } from "./decide.ts";
import type { Claim } from "../model/objective.ts";

/*
 * P4 of SPEC.md: an engine that did not know one of its keywords would not pass anyone by mistake. One command after
 * the other loses its simulation; what used it becomes undecided, and nothing holds that should not.
 */

const ping = (from: string, to: string): Claim => ({ kind: "reach", from: [from], to: [to], proto: "icmp", port: null, address: null }); // prettier-ignore
const apart = (threat: "host" | "attacker"): Claim => ({ kind: "isolate", from: ["a1", "a2"], to: ["b1", "b2"], threat, both: true }); // prettier-ignore
const claims = { a: ping("a1", "a2"), b: ping("b1", "b2"), host: apart("host"), attacker: apart("attacker") }; // prettier-ignore

const states = (router: string, scripts: Readonly<Record<string, string>> = hosts) => {
  const built = network({ ...scripts, "edge.ios": router }, cables);
  return Object.fromEntries(
    Object.entries(claims).map(([name, claim]) => [name, decide(built, claim).state]),
  );
};

afterEach(() => vi.restoreAllMocks());

describe.each(["solution", "vrf-definition"] as const)("the answer %s", (name) => {
  const answer = answers[name];

  test("holds as it is", () => {
    expect(states(answer)).toEqual({ a: "holds", b: "holds", host: "holds", attacker: "holds" });
  });

  test.each(iosCommands.filter(({ state }) => state === "simulated"))(
    "without $syntax, in the mode $mode",
    (command) => {
      const scope = command.mode === "interface" ? "interface" : "device";
      const said = vi
        .spyOn(command as { say: typeof command.say }, "say")
        .mockReturnValue({ kind: "taint", scope, what: command.syntax });
      const all = states(answer);
      // `address-family ipv4` and its like change what the lines after it may do.
      const expected = said.mock.calls.length > 0 ? "undecided" : "holds";
      expect(all).toEqual({ a: expected, b: expected, host: expected, attacker: expected });
    },
  );
});

describe("a host's line that is not simulated", () => {
  const lines = Object.entries(hosts).flatMap(([host, script]) =>
    script
      .split("\n")
      .filter(Boolean)
      .map((line) => ({ host, line })),
  );

  test.each(lines)("$host: $line", ({ host, line }) => {
    const script = hosts[host]!.replace(line, line.replace("ip ", "ethtool "));
    const all = states(answers.solution, { ...hosts, [host]: script });
    const mine = host.startsWith("a") ? "a" : "b";
    const others = mine === "a" ? "b" : "a";
    expect(all).toEqual({
      [mine]: "undecided",
      [others]: "holds",
      host: "undecided",
      attacker: "undecided",
    });
  });

  test.each(lines)("$host: $line, where the router keeps nobody apart", ({ host, line }) => {
    const script = hosts[host]!.replace(line, line.replace("ip ", "ethtool "));
    const all = states(answers["no-vrf"], { ...hosts, [host]: script });
    for (const state of [all["host"], all["attacker"]]) expect(state).not.toBe("holds");
  });
});

test("P4 a taint on one interface leaves another table's claims alone", () => {
  const router = answers.solution.replace(
    "interface GigabitEthernet0/3\n",
    "interface GigabitEthernet0/3\n ip policy route-map X\n",
  );
  expect(states(router)).toEqual({
    a: "holds",
    b: "undecided",
    host: "undecided",
    attacker: "undecided",
  });
});

test.each([
  ["start", { a: "fails", b: "fails", host: "holds", attacker: "holds" }],
  ["address-first", { a: "holds", b: "fails", host: "holds", attacker: "holds" }],
  ["stray-route", { a: "holds", b: "holds", host: "holds", attacker: "fails" }],
] as const)("the answer %s is decided as it was meant", (name, expected) => {
  expect(states(answers[name])).toEqual(expected);
});

test.each(["no-vrf", "one-port-astray", "same-vrf"] as const)(
  "%s leaves b without a way",
  (name) => {
    expect(states(answers[name])).toMatchObject({ a: "holds", b: "fails" });
  },
);
