import type { Problem } from "./content-error.ts";
import type { Lab } from "./lab.ts";

/** A course as its folder describes it. */
export type Course = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly modules: readonly Module[];
};

/** Whose hue a module has: that of the layer it is about, or none. */
export type Layer = "physical" | "host" | "container" | "vrf";

export type Module = {
  readonly id: string;
  readonly title: string;
  readonly layer: Layer | null;
  readonly lessons: readonly LessonEntry[];
};

/** A lesson as a table of contents shows it. */
export type LessonEntry = {
  readonly id: string;
  readonly title: string;
  readonly minutes: number;
  readonly skills: readonly string[];
  readonly hasLab: boolean;
  /** Why the lesson cannot be shown; it then goes by its id, and the others of the course are as they were. */
  readonly problems: readonly Problem[];
};

/** One lesson, whole: its text as the author wrote it, and its place in the course. */
export type Lesson = LessonEntry & {
  readonly course: { readonly id: string; readonly title: string };
  readonly module: { readonly id: string; readonly title: string; readonly layer: Layer | null };
  /** Its number in the module, from 1, and how many lessons the module has. */
  readonly number: number;
  readonly of: number;
  readonly previous: LessonEntry | null;
  readonly next: LessonEntry | null;
  /** `lesson.mdx` with its front matter, so that lines are those of the file. */
  readonly source: string;
  /** The file's path in the content folder, for messages. */
  readonly file: string;
  /** Values of the lab's variables in this lesson's pictures, as `drawLab` takes them. */
  readonly example: Readonly<Record<string, string>>;
};

/** A lesson's file, wherever it lies, with the lab beside it. */
export type LessonFile = {
  readonly file: string;
  readonly source: string;
  readonly example: Readonly<Record<string, string>>;
  readonly lab: Lab | null;
};

/** Every lesson of a course in order. */
export function lessonsOf(course: Course): readonly LessonEntry[] {
  return course.modules.flatMap((it) => it.lessons);
}
