import { describe, expect, test } from "vitest";
import type { Course } from "#lib/content/course.ts";
import { type Done, NOTHING_DONE, doneIn, resumeOf, sinceText, stateOf } from "./progress.ts";

const lesson = (id: string, hasLab = true) => ({
  id,
  title: id,
  minutes: 5,
  skills: [],
  hasLab,
  problems: [],
});
const COURSE: Course = {
  id: "c",
  title: "Course",
  summary: "",
  modules: [
    {
      id: "m",
      title: "M",
      layer: null,
      lessons: [lesson("one"), lesson("two"), lesson("read", false)],
    },
  ],
};
const at = (minute: number) => new Date(2026, 0, 1, 12, minute);
const done = (it: Partial<Done>): Done => ({ ...NOTHING_DONE, ...it });

describe("where a learner left off", () => {
  test("is the first lesson before anything was touched", () => {
    expect(resumeOf([COURSE], NOTHING_DONE)).toMatchObject({ lesson: { id: "one" }, at: "lesson" });
    expect(resumeOf([], NOTHING_DONE)).toBeNull();
  });

  test("is the lab worked on last", () => {
    const recent = [
      { labId: "c/two", savedAt: at(5) },
      { labId: "c/one", savedAt: at(1) },
    ];
    expect(resumeOf([COURSE], done({ recent }))).toMatchObject({
      lesson: { id: "two" },
      at: "lab",
    });
  });

  test("is the lab of a lesson that was read after that", () => {
    const it = done({ recent: [{ labId: "c/two", savedAt: at(1) }], read: { "c/one": at(5) } });
    expect(resumeOf([COURSE], it)).toMatchObject({ lesson: { id: "one" }, at: "lab" });
  });

  test("is the next lesson once the last has full points", () => {
    const it = done({
      recent: [{ labId: "c/one", savedAt: at(1) }],
      best: { "c/one": { earned: 8, max: 8 } },
    });
    expect(resumeOf([COURSE], it)).toMatchObject({ lesson: { id: "two" }, at: "lesson" });
  });

  test("ignores labs that are no longer in a course", () => {
    const it = done({ recent: [{ labId: "c/gone", savedAt: at(9) }] });
    expect(resumeOf([COURSE], it)).toMatchObject({ lesson: { id: "one" } });
  });
});

test("a lesson with a lab is done with full points only, one without when read", () => {
  const [one, , read] = COURSE.modules[0]!.lessons;
  const some = done({ best: { "c/one": { earned: 4, max: 8 } }, read: { "c/read": at(1) } });
  expect(stateOf("c", one!, some)).toBe("begun");
  expect(stateOf("c", read!, some)).toBe("done");
  expect(doneIn("c", COURSE.modules[0]!, some)).toBe(1);
});

test.each([
  [0, "just now"],
  [1, "1 minute ago"],
  [59, "59 minutes ago"],
  [90, "2 hours ago"],
  [60 * 24 * 3, "3 days ago"],
])("%d minutes are %s", (minutes, words) => {
  expect(sinceText(at(0), new Date(at(0).getTime() + minutes * 60_000))).toBe(words);
});
