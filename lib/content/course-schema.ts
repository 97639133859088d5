// The shapes of `course.yaml` and of a lesson's front matter.

import { z } from "zod";
import { isId } from "./place.ts";
import { keyed } from "./zod-words.ts";

const text = z.string().trim().min(1);

const id = z
  .string()
  .refine(
    isId,
    "An id is lower-case words and digits joined by hyphens, without the order number.",
  );

const lessonModule = keyed({
  id,
  title: text,
  layer: z
    .enum(["physical", "host", "container", "vrf"])
    .nullable()
    .default(null)
    .describe("Whose colour the module has, if any"),
  lessons: z.array(id).min(1).describe("Ids of its lessons, in order"),
});

/** `course.yaml`: what the course is, and its lessons in order. */
export const courseSchema = keyed({
  title: text,
  summary: text,
  modules: z.array(lessonModule).min(1),
});

/** What stands between the two `---` lines at the top of `lesson.mdx`. */
export const frontMatterSchema = keyed({
  title: text,
  minutes: z.int().min(1).max(600),
  skills: z.array(text).default([]),
  example: z
    .record(z.string(), z.union([z.string(), z.number()]).transform(String))
    .default({})
    .describe("Values that the lab's variables have in this lesson's pictures"),
});

export type CourseYaml = z.output<typeof courseSchema>;
export type FrontMatter = z.output<typeof frontMatterSchema>;
