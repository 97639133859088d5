import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatProblem } from "./content-error.ts";
import { lessonsOf } from "./course.ts";
import { drawLab } from "./draw.ts";
import {
  labsUnder,
  loadCourse,
  loadCourses,
  loadLab,
  loadLabFolder,
  loadLesson,
  loadLessonFolder,
} from "./load.ts";
import { START, YAML } from "./test-lab.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "content-"));
  await write({
    "courses/nets/course.yaml": COURSE,
    [`${FIRST}/lesson.mdx`]: LESSON,
    [`${FIRST}/lab/lab.yaml`]: YAML,
    [`${FIRST}/lab/start/edge/startup.ios`]: START["edge/startup.ios"],
    [`${FIRST}/lab/start/a1/host.sh`]: START["a1/host.sh"],
    [`${FIRST}/lab/wrong/x/edge/startup.ios`]: "hostname {{lan.1}}\n",
    "courses/nets/10-begin/20-second/lesson.mdx": LESSON.replace("First", "Second"),
  });
});
afterEach(() => rm(dir, { recursive: true }));

const FIRST = "courses/nets/10-begin/10-first";
const COURSE = `title: Nets
summary: About nets.
modules:
  - id: begin
    title: Begin
    lessons: [first, second]
`;
const LESSON = `---
title: First
minutes: 9
skills: [reading]
---

Text.
`;

async function write(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

describe("courses", () => {
  test("a course has its lessons in order, by ids without numbers", async () => {
    const { courses, problems } = await loadCourses(dir);
    const [course, ...others] = courses;
    expect({ others, problems }).toEqual({ others: [], problems: [] });
    const shown = { minutes: 9, skills: ["reading"], problems: [] };
    expect(course).toEqual({
      id: "nets",
      title: "Nets",
      summary: "About nets.",
      modules: [
        {
          id: "begin",
          title: "Begin",
          layer: null,
          lessons: [
            { ...shown, id: "first", title: "First", hasLab: true },
            { ...shown, id: "second", title: "Second", hasLab: false },
          ],
        },
      ],
    });
  });

  test("a lesson knows its place", async () => {
    const second = await loadLesson(dir, "nets", "second");
    expect(second).toMatchObject({
      number: 2,
      of: 2,
      next: null,
      source: LESSON.replace("First", "Second"),
    });
    expect(second?.previous?.id).toBe("first");
    expect(second?.file).toBe("courses/nets/10-begin/20-second/lesson.mdx");
    expect((await loadLesson(dir, "nets", "first"))?.next?.id).toBe("second");
  });

  test("an edit is seen by the next call", async () => {
    await loadLesson(dir, "nets", "first");
    await write({ [`${FIRST}/lesson.mdx`]: LESSON.replace("Text.", "Other.") });
    expect((await loadLesson(dir, "nets", "first"))?.source).toContain("Other.");
  });

  test("reordering orphans nothing", async () => {
    const before = await loadLab(dir, "nets", "first");
    await write({ "courses/nets/course.yaml": COURSE.replace("first, second", "second, first") });
    expect(await loadLab(dir, "nets", "first")).toEqual(before);
    expect((await loadLesson(dir, "nets", "first"))?.previous?.id).toBe("second");
  });

  test.each([
    ["nets", "none"],
    ["none", "first"],
    ["..", "first"],
    ["nets", "../../secret"],
    ["nets/10-begin", "first"],
    ["nets", "10-first"],
    ["nets", "lab"],
    ["nets", ""],
  ])("there is nothing at %j %j", async (course, lesson) => {
    expect(await loadLesson(dir, course, lesson)).toBeNull();
    expect(await loadLab(dir, course, lesson)).toBeNull();
  });

  test("no content folder is no course", async () => {
    expect(await loadCourses(join(dir, "absent"))).toEqual({ courses: [], problems: [] });
    expect(await loadCourse(join(dir, "absent"), "nets")).toBeNull();
  });

  test.each([
    [
      "courses/nets/course.yaml",
      COURSE.replace("second]", "first]"),
      'courses/nets/course.yaml:6:22: The lesson "first" is listed twice. Give it another id.',
    ],
    [
      "courses/nets/course.yaml",
      COURSE.replace("title: Nets\n", ""),
      'courses/nets/course.yaml:1:1: "title" is missing.',
    ],
    [
      "courses/nets/course.yaml",
      COURSE.replace("Begin", "Begin\n    layer: vrfs"),
      'courses/nets/course.yaml:6:12: "layer" should be "physical" or "host" or "container" or "vrf", and is "vrfs".',
    ],
  ])(
    "a mistake in %s keeps its course from being shown, and no other",
    async (path, text, message) => {
      await write({ [path]: text, "courses/others/course.yaml": COURSE });
      await write({ "courses/others/10-begin/10-first/lesson.mdx": LESSON });
      await expect(loadCourse(dir, "nets")).rejects.toThrow(message);
      const { courses, problems } = await loadCourses(dir);
      expect(courses.map((it) => it.id)).toEqual(["others"]);
      expect(problems.map(formatProblem)).toEqual([message]);
    },
  );

  test.each([
    [
      `${FIRST}/lesson.mdx`,
      "Text.\n",
      `${FIRST}/lesson.mdx:1:1: A lesson begins with its title and minutes between two lines of ---.`,
    ],
    [
      `${FIRST}/lesson.mdx`,
      LESSON.replace("9", "nine"),
      `${FIRST}/lesson.mdx:3:10: "minutes" should be a number, and is "nine".`,
    ],
    [
      `${FIRST}/lesson.mdx`,
      LESSON.replace("skills", "skils"),
      `${FIRST}/lesson.mdx:4:1: There is no key "skils" here. Did you mean "skills"?`,
    ],
    [
      `${FIRST}/lesson.mdx`,
      LESSON.replace("skills: [reading]", "example: { lan: 10.0.0.0/25 }"),
      `${FIRST}/lesson.mdx:4:17: "lan" is a network of length /24; "10.0.0.0/25" is not.`,
    ],
    [
      `${FIRST}/lesson.mdx`,
      new Uint8Array([0x2d, 0xff]),
      `${FIRST}/lesson.mdx:1:1: This file is no text in UTF-8. Save it as UTF-8.`,
    ],
  ])(
    "a mistake in %s keeps that lesson from being shown, and no other",
    async (path, text, message) => {
      await write({ [path]: text });
      await expect(loadLesson(dir, "nets", "first")).rejects.toThrow(message);
      await expect(loadLessonFolder(join(dir, FIRST))).rejects.toThrow(message.slice(FIRST.length));
      expect(await loadLesson(dir, "nets", "second")).toMatchObject({ title: "Second" });
      expect((await loadCourses(dir)).courses).toHaveLength(1);
    },
  );

  test("a lesson with mistakes is listed by its id, with them", async () => {
    await write({ [`${FIRST}/lesson.mdx`]: LESSON.replace("9", "nine") });
    await write({ "courses/nets/course.yaml": COURSE.replace("second]", "second, third]") });
    const [first, second, third] = lessonsOf((await loadCourse(dir, "nets"))!);
    expect(first).toMatchObject({ id: "first", title: "first", hasLab: true });
    expect(first?.problems.map(formatProblem)).toEqual([
      `${FIRST}/lesson.mdx:3:10: "minutes" should be a number, and is "nine".`,
    ]);
    expect(second).toMatchObject({ title: "Second", problems: [] });
    expect(third).toMatchObject({ id: "third", title: "third", hasLab: false });
    expect(third?.problems.map(formatProblem)).toEqual([
      'courses/nets/course.yaml:6:30: There is no lesson "third": no folder such as 10-begin/10-third with a lesson.mdx. Add it, or take it off the list.',
    ]);
    expect(await loadLesson(dir, "nets", "third")).toBeNull();
  });
});

describe("labs", () => {
  test("a lab has its start and nothing of its answers", async () => {
    const lab = await loadLab(dir, "nets", "first");
    expect(lab?.id).toBe("nets/first");
    expect(lab?.start).toEqual(START);
    expect(JSON.stringify(lab)).not.toContain("hostname {{lan.1}}");
    expect(JSON.stringify(drawLab(lab!, 1))).not.toContain("wrong/");
  });

  test("its hash changes with every byte and every name, and with nothing else", async () => {
    const hash = async () => (await loadLab(dir, "nets", "first"))?.hash;
    const first = await hash();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    await write({ [`${FIRST}/lesson.mdx`]: LESSON.replace("Text.", "Other.") });
    await write({ [`${FIRST}/lab/.startup.ios.swp`]: "x", [`${FIRST}/lab/lab.yaml~`]: "x" });
    expect(await hash()).toBe(first);
    await write({ [`${FIRST}/lab/wrong/x/edge/startup.ios`]: "hostname {{lan.2}}\n" });
    expect(await hash()).not.toBe(first);
  });

  test("lines may end as on Windows", async () => {
    await write({ [`${FIRST}/lab/start/a1/host.sh`]: START["a1/host.sh"].replace("\n", "\r\n") });
    expect((await loadLab(dir, "nets", "first"))?.start).toEqual(START);
  });

  test("a mistake is said with the path of the file", async () => {
    await write({ [`${FIRST}/lab/lab.yaml`]: YAML.replace("kind: router", "kind: roter") });
    await expect(loadLab(dir, "nets", "first")).rejects.toThrow(
      `${FIRST}/lab/lab.yaml:4:17: A node's`,
    );
  });

  test("the folder of a lab, with its answers, by any path that leads to it", async () => {
    const whole = await loadLabFolder(join(dir, FIRST, "lab"));
    expect(whole.lab.id).toBe("nets/first");
    expect(whole.answers).toEqual({ "wrong/x": { "edge/startup.ios": "hostname {{lan.1}}\n" } });
    expect(await loadLabFolder(join(dir, FIRST))).toEqual(whole);
    expect(await labsUnder(dir)).toEqual([join(dir, FIRST, "lab")]);
    expect((await loadLabFolder(join(dir, FIRST), "other/id")).lab.id).toBe("other/id");
    await symlink(join(dir, FIRST, "lab"), join(dir, "alone"));
    expect((await loadLabFolder(join(dir, "alone"))).lab.id).toBe("alone");
  });

  test("what is no lab's folder", async () => {
    await expect(loadLabFolder(join(dir, "courses"))).rejects.toThrow("There is no lab.yaml here.");
    await expect(labsUnder(join(dir, "absent"))).rejects.toThrow("There is no such folder.");
  });

  const lab = `${FIRST}/lab`;
  test.each([
    [
      `${lab}/wrong/x/edge/startup.ios`,
      START["edge/startup.ios"],
      "wrong/x/edge/startup.ios:1:1: This file equals the one in start/.",
    ],
    [
      `${lab}/wrong/x/a1/host.sh`,
      "ip link\n",
      "wrong/x/a1/host.sh:1:1: A learner may not write a1/host.sh.",
    ],
    [
      `${lab}/wrong/x/edge/other.ios`,
      "x\n",
      "wrong/x/edge/other.ios:1:1: A learner may not write edge/other.ios.",
    ],
    [
      `${lab}/wrong/x/edg/startup.ios`,
      "x\n",
      'wrong/x/edg/startup.ios:1:1: There is no node "edg" for this file.',
    ],
    [
      `${lab}/solution/edge/startup.ios`,
      "a\n {{lan.x}}\n",
      "solution/edge/startup.ios:2:2: {{lan.x}} is no form of a subnet.",
    ],
    [`${lab}/solution/edge/startup.ios`, "x\n", "lab.yaml:38:1: The answer solution/ has no test."],
    [
      `${lab}/lab.yaml`,
      YAML.replace("wrong/x", "wrong/y"),
      "lab.yaml:40:3: There is no folder wrong/y/ with files for this test.",
    ],
  ])("an answer that is none: %s", async (path, text, message) => {
    await write({ [path]: text });
    await expect(loadLabFolder(join(dir, lab))).rejects.toThrow(join(dir, lab, message));
  });
});
