import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overlaps, parsePrefix } from "#lib/net/model/prefix.ts";
import { diceOf } from "./dice.ts";
import { drawLab, drawText, publicOf, valuesOf } from "./draw.ts";
import { labFrom, START, YAML } from "./test-lab.ts";

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** The small lab with these variables, and these objects of interest in its first hint. */
function labWith(variables: string, hint = "x", start: Record<string, string> = START) {
  const [before = "", rest = ""] = YAML.split("variables:\n");
  const [, after = ""] = rest.split("objectives:\n");
  return labFrom(
    `${before}variables:\n  lan: { subnet: 10.0.0.0/8, prefix: 24 }\n  up: { subnet: 203.0.113.0/24, prefix: 30 }\n${variables}objectives:\n${after}`.replace(
      "Look at {{lan.1}}.",
      `"${hint}"`,
    ),
    start,
  );
}

const prefixesOf = (values: Readonly<Record<string, string>>) =>
  Object.values(values).flatMap((text) => parsePrefix(text) ?? []);

describe("drawing", () => {
  test("the same seed gives the same lab, byte for byte", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const lab = labFrom(YAML);
        expect(JSON.stringify(drawLab(lab, seed))).toBe(JSON.stringify(drawLab(lab, seed)));
      }),
      { numRuns: 20 },
    );
  });

  // These bytes are part of every stored verdict. If this test fails, old drafts would change under their learners.
  test("values that were drawn once are drawn for ever", () => {
    const lab = labFrom(YAML);
    expect(valuesOf(lab, 0)).toEqual({ up: "203.0.113.44/30", lan: "10.94.113.0/24" });
    expect(valuesOf(lab, 1)).toEqual({ up: "203.0.113.48/30", lan: "10.16.55.0/24" });
    expect(valuesOf(lab, 2 ** 32)).toEqual({ up: "203.0.113.204/30", lan: "10.9.180.0/24" });
    const dice = diceOf(7, "lan");
    expect([dice(100), dice(100), dice(100), dice(100), dice(100)]).toEqual([22, 98, 13, 64, 26]);
  });

  test("dice fall evenly", () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const face = diceOf(seed, "lan")(6);
      counts.set(face, (counts.get(face) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("subnets are disjoint, keep clear of literal addresses, and lie where they should", () => {
    const lab = labWith(
      "  a: { subnet: 10.0.0.0/8, prefix: 16 }\n  b: { subnet: 10.0.0.0/8, prefix: 10 }\n" +
        "  c: { subnet: 10.0.0.0/8, prefix: 9 }\n  d: { subnet: 0.0.0.0/0, prefix: 8 }\n",
      "x",
      { ...START, "a1/host.sh": "ip route add 172.16.0.0/12 via {{lan.1}}\n" },
    );
    const avoided = ["172.16.0.0/12", "192.0.2.0/24", "127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3"];
    fc.assert(
      fc.property(seeds, (seed) => {
        const { a, b, c, d, lan } = valuesOf(lab, seed);
        const ten = parsePrefix("10.0.0.0/8")!;
        for (const inside of prefixesOf({ a: a!, b: b!, c: c!, lan: lan! })) {
          expect(overlaps(ten, inside)).toBe(true);
        }
        const all = prefixesOf(valuesOf(lab, seed));
        all.forEach((one, index) =>
          all.slice(index + 1).forEach((other) => expect(overlaps(one, other)).toBe(false)),
        );
        for (const text of avoided)
          expect(overlaps(parsePrefix(text)!, parsePrefix(d!)!)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("a pool that is just large enough is filled on every seed", () => {
    const lab = labWith(
      "  a: { subnet: 172.20.0.0/24, prefix: 26 }\n  b: { subnet: 172.20.0.0/24, prefix: 26 }\n" +
        "  c: { subnet: 172.20.0.0/24, prefix: 25 }\n",
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const { a, b, c } = valuesOf(lab, seed);
        expect(new Set([a, b, c]).size).toBe(3);
      }),
      { numRuns: 100 },
    );
  });

  test("a pool that is too small is the author's mistake, at its variable", () => {
    expect(() =>
      labWith(
        "  a: { subnet: 172.20.0.0/24, prefix: 25 }\n  b: { subnet: 172.20.0.0/24, prefix: 25 }\n" +
          "  c: { subnet: 172.20.0.0/24, prefix: 25 }\n",
      ),
    ).toThrow(
      /^lab\.yaml:22:6: There is no room for a \/25 in 172\.20\.0\.0\/24 beside the other subnets\.$/,
    );
  });

  test("same: gives the same subnet", () => {
    const lab = labWith("  mine: { same: lan }\n  yours: { same: mine }\n");
    fc.assert(
      fc.property(seeds, (seed) => {
        const { lan, mine, yours } = valuesOf(lab, seed);
        expect([mine, yours]).toEqual([lan, lan]);
      }),
      { numRuns: 20 },
    );
  });

  test("numbers of one kind differ, and lie in their range", () => {
    const lab = labWith(
      "  v1: { vlan: [10, 12] }\n  v2: { vlan: [10, 12] }\n  v3: { vlan: [10, 12] }\n" +
        "  n: { vni: any }\n  as: { asn: any }\n  p: { port: [8080, 8080] }\n  c: { choice: [red, 7] }\n",
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const { v1, v2, v3, n, as, p, c } = valuesOf(lab, seed);
        expect([v1, v2, v3].sort()).toEqual(["10", "11", "12"]);
        expect(Number(n)).toBeGreaterThanOrEqual(10000);
        expect(Number(as)).toBeGreaterThanOrEqual(64512);
        expect(p).toBe("8080");
        expect(["red", "7"]).toContain(c);
      }),
      { numRuns: 50 },
    );
  });

  test("an address of a drawn subnet is a host, and none that the lab names otherwise", () => {
    const named = "{{tiny.1}} {{tiny.2}} {{tiny.3}} {{tiny.4}} {{tiny.5/29}}";
    const lab = labWith(
      "  tiny: { subnet: 198.51.100.0/24, prefix: 29 }\n  who: { address: tiny }\n",
      `${named} {{who}}`,
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const who = drawLab(lab, seed).hints[0]!.text.split(" ").at(-1);
        expect(drawText(lab, seed, { x: "{{tiny.6}}" })).toEqual({ x: who });
      }),
      { numRuns: 50 },
    );
  });

  test("every seed renders: no form is left anywhere", () => {
    const lab = labFrom(YAML);
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(JSON.stringify(drawLab(lab, seed))).not.toContain("{{");
      }),
      { numRuns: 200 },
    );
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 60])("%s is no seed", (seed) => {
    expect(() => drawLab(labFrom(YAML), seed)).toThrow(RangeError);
  });
});

describe("forms", () => {
  test.each([
    ["{{lan.1}}", "192.168.7.1"],
    ["{{ lan.1 }}", "192.168.7.1"],
    ["{{lan.0}}", "192.168.7.0"],
    ["{{lan.255}}", "192.168.7.255"],
    ["{{lan.1/24}}", "192.168.7.1/24"],
    ["{{lan.1/32}}", "192.168.7.1/32"],
    ["{{lan.net}} {{lan.mask}}", "192.168.7.0 255.255.255.0"],
    ["{{lan.wildcard}}", "0.0.0.255"],
    ["{{lan.prefix}}", "192.168.7.0/24"],
    ["{{lan}}", "192.168.7.0/24"],
    ["{{lan.length}}", "24"],
    ["{{who}} {{v}} {{c}}", "192.168.7.9 120 red"],
    ["{ {lan.1} }", "{ {lan.1} }"],
  ])("%s", (form, expected) => {
    const lab = labWith(
      "  net: { subnet: 192.168.0.0/16, prefix: 24 }\n  who: { address: net }\n  v: { vlan: any }\n  c: { choice: [red, blue] }\n",
    );
    const pinned = { net: "192.168.7.0/24", who: "192.168.7.9", v: "120", c: "red" };
    const hint = { ...lab, yaml: lab.yaml.replace('"x"', `"${form.replace(/\blan\b/g, "net")}"`) };
    const drawn = drawLab(hint, 0, pinned).hints[0]?.text;
    expect(drawn).toBe(expected.replace(/\blan\b/g, "net"));
  });

  test("a value that is pinned must fit its variable", () => {
    const lab = labFrom(YAML);
    expect(() => drawLab(lab, 0, { lan: "10.0.0.0/25" })).toThrow(
      'lab.yaml:18:8: "lan" is a network of length /24; "10.0.0.0/25" is not.',
    );
    expect(() => drawLab(lab, 0, { wan: "10.0.0.0/24" })).toThrow(/The lab has no variable "wan"/);
    expect(drawLab(lab, 0, { lan: "10.0.0.0/24" }).files["a1/host.sh"]).toContain("10.0.0.10/24");
  });

  test("an answer is filled with the learner's own values, and says where a form is wrong", () => {
    const lab = labFrom(YAML);
    const { lan } = valuesOf(lab, 9);
    expect(drawText(lab, 9, { "x.sh": "{{lan.prefix}}" })).toEqual({ "x.sh": lan });
    expect(() => drawText(lab, 9, { "x.sh": "a\n {{lan.x}}" }, "solution/")).toThrow(
      /^solution\/x\.sh:2:2: /,
    );
  });
});

test("what is public has no hidden objective, and nothing that tells of one", () => {
  const whole = drawLab(labFrom(YAML), 5);
  const shown = publicOf(whole);
  expect(shown.objectives.map((it) => it.id)).toEqual(["works", "apart"]);
  expect(shown.hints.map((it) => it.for)).toEqual(["works"]);
  expect(shown.hidden).toEqual({ count: 1, points: 1 });
  expect(whole.hidden).toEqual({ count: 1, points: 1 });
  expect(JSON.stringify(shown)).not.toContain("secret");
  expect(JSON.stringify(shown)).not.toContain("The table is right");
});
