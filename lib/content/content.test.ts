// The content that ships with the product: every course, lesson and lab of content/. Whether answers earn what
// they should is tested where grading is, in lib/grading.

import { describe, expect, test } from "vitest";
import { lessonsOf } from "./course.ts";
import { drawLab, drawText } from "./draw.ts";
import { LESSON_COMPONENTS } from "./lesson-components.ts";
import type { LessonComponents } from "./lesson-components.ts";
import { labsUnder, loadCourses, loadLabFolder, loadLesson } from "./load.ts";
import { renderLesson } from "./mdx.ts";

const DIR = "content";
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

const labs = await labsUnder(DIR);
const { courses, problems } = await loadCourses(DIR);
const lessons = courses.flatMap((course) =>
  lessonsOf(course).map((lesson) => [course.id, lesson.id] as const),
);

const components = Object.fromEntries(
  Object.keys(LESSON_COMPONENTS).map((name) => [name, () => null]),
) as unknown as LessonComponents;

test("there is content, without mistakes", () => {
  expect(problems).toEqual([]);
  expect(courses.flatMap(lessonsOf).flatMap((lesson) => lesson.problems)).toEqual([]);
  expect(labs.length).toBeGreaterThan(0);
  expect(lessons.length).toBeGreaterThan(0);
});

describe.each(labs)("%s", (folder) => {
  test("it is drawn on every seed, with every answer", async () => {
    const { lab, answers } = await loadLabFolder(folder);
    for (const seed of SEEDS) {
      const instance = drawLab(lab, seed);
      expect(instance.objectives.length).toBeGreaterThan(0);
      expect(JSON.stringify(instance)).not.toContain("{{");
      for (const [name, files] of Object.entries(answers)) {
        expect(JSON.stringify(drawText(lab, seed, files, `${name}/`))).not.toContain("{{");
      }
    }
  });

  test("it has a solution, hints, and three wrong answers or more, each with a test", async () => {
    const { lab, answers } = await loadLabFolder(folder);
    const names = Object.keys(answers);
    expect(names).toContain("solution");
    expect(names.filter((name) => name.startsWith("wrong/")).length).toBeGreaterThanOrEqual(3);
    expect(Object.keys(lab.tests).sort()).toEqual(["start", ...names].sort());
    expect(lab.tests["start"]).toEqual({ kind: "score", score: 0 });
    expect(lab.tests["solution"]).toEqual({ kind: "percent", percent: 100 });
    expect(drawLab(lab, 0).hints.length).toBeGreaterThan(0);
  });
});

describe.each(lessons)("%s/%s", (course, id) => {
  test("it renders, takes 5 to 15 minutes, and asks two questions or more", async () => {
    const lesson = await loadLesson(DIR, course, id);
    expect(lesson).not.toBeNull();
    if (!lesson) return;
    const rendered = await renderLesson(lesson.source, components);
    expect(rendered.ok ? [] : rendered.problems).toEqual([]);
    expect(rendered.ok && rendered.headings.length).toBeGreaterThan(2);
    expect(lesson.minutes).toBeGreaterThanOrEqual(5);
    expect(lesson.minutes).toBeLessThanOrEqual(15);
    expect(lesson.source.match(/<Quiz /g)?.length).toBeGreaterThanOrEqual(2);
  });

  test("its pictures are live", async () => {
    const lesson = await loadLesson(DIR, course, id);
    expect(lesson?.source).toMatch(/<Network /);
    expect(lesson?.source).toMatch(/<Walk /);
  });
});
