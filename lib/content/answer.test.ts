import { describe, expect, test } from "vitest";
import { isWritable, MOST_BYTES, MOST_FILES, overlay } from "./answer.ts";
import { drawLab } from "./draw.ts";
import { matches } from "./lab-paths.ts";
import { labFrom, YAML } from "./test-lab.ts";

const instance = drawLab(labFrom(YAML), 1);

describe("an answer is laid over the start", () => {
  test("files that may be edited or created are taken, all others are refused by name", () => {
    const answer = {
      "hv1/domains/web.xml": "<domain/>",
      "edge/startup.ios": "hostname x",
      "a1/host.sh": "ip link set eth0 up",
      "new/startup.ios": "",
    };
    const { files, refused, tooMuch } = overlay(instance, answer);
    expect(files).toEqual({
      "a1/host.sh": instance.files["a1/host.sh"],
      "edge/startup.ios": "hostname x",
      "hv1/domains/web.xml": "<domain/>",
    });
    expect(refused).toEqual(["a1/host.sh", "new/startup.ios"]);
    expect(tooMuch).toBeNull();
  });

  test("an empty answer is the start; an emptied file is empty", () => {
    expect(overlay(instance, {}).files).toEqual(instance.files);
    expect(overlay(instance, { "edge/startup.ios": "" }).files["edge/startup.ios"]).toBe("");
  });

  test("a learner's text is never filled in", () => {
    const text = "! {{lan.1}} {{nonsense}}";
    expect(overlay(instance, { "edge/startup.ios": text }).files["edge/startup.ios"]).toBe(text);
  });

  test("one megabyte is taken, one byte more is refused with a sentence", () => {
    const room = MOST_BYTES - "edge/startup.ios".length;
    const fits = overlay(instance, { "edge/startup.ios": "x".repeat(room) });
    expect(fits.tooMuch).toBeNull();
    const over = overlay(instance, { "edge/startup.ios": "x".repeat(room + 1) });
    expect(over.tooMuch).toBe("The answer is 1.0 MB, and at most 1 MB is taken. Make it shorter.");
    expect(over.files).toEqual(instance.files);
    expect(over.refused).toEqual(["edge/startup.ios"]);
  });

  test("bytes count, not letters; files count, too", () => {
    const letters = overlay(instance, { "edge/startup.ios": "é".repeat(MOST_BYTES / 2) });
    expect(letters.tooMuch).not.toBeNull();
    const names = Array.from({ length: MOST_FILES + 1 }, (_, index) => [
      `hv1/domains/${index}.xml`,
      "",
    ]);
    expect(overlay(instance, Object.fromEntries(names)).tooMuch).toBe(
      "The answer has 201 files, and at most 200 are taken. Remove some.",
    );
  });

  test.each(["__proto__", "constructor", "toString", "hv1/domains/__proto__.xml"])(
    "the name %s is only a name",
    (name) => {
      const answer = Object.fromEntries([[name, "x"]]);
      const { files, refused } = overlay(instance, answer);
      expect(refused).toEqual(name.startsWith("hv1/") ? [] : [name]);
      expect(Object.hasOwn(files, name)).toBe(name.startsWith("hv1/"));
      expect(Object.getPrototypeOf(files)).toBe(Object.prototype);
    },
  );

  test("only what is in the start can be edited", () => {
    expect(isWritable(instance, "edge/startup.ios")).toBe(true);
    expect(isWritable({ ...instance, files: {} }, "edge/startup.ios")).toBe(false);
  });
});

describe("patterns", () => {
  test.each([
    ["hv1/domains/*.xml", "hv1/domains/web.xml", true],
    ["hv1/domains/*.xml", "hv1/domains/.xml", false],
    ["hv1/domains/*.xml", "hv1/domains/..xml", false],
    ["hv1/domains/*.xml", "hv1/domains/a/b.xml", false],
    ["hv1/domains/*.xml", "hv1/domains/../x.xml", false],
    ["hv1/domains/*.xml", "hv1/domains/web.xml/", false],
    ["hv1/domains/*.xml", "hv1/domains/a\0.xml", false],
    ["hv1/domains/*.xml", "hv1/domains/a b.xml", false],
    ["hv1/domains/*.xml", "hv1\\domains\\a.xml", false],
    ["*/host.sh", "h1/host.sh", true],
    ["*/host.sh", "host.sh", false],
    ["*/host.sh", "../host.sh", false],
    ["k8s/*-*.yaml", "k8s/a-b.yaml", true],
    ["k8s/*-*.yaml", "k8s/ab.yaml", false],
    ["k8s/a*a.yaml", "k8s/a.yaml", false],
    ["edge/startup.ios", "edge/startup.ios", true],
    ["edge/startup.ios", "edge/startupxios", false],
  ])("%s %j", (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  test("many stars take no time", () => {
    const start = performance.now();
    expect(matches(`${"*a".repeat(20)}b`, "a".repeat(100))).toBe(false);
    expect(performance.now() - start).toBeLessThan(50);
  });
});
