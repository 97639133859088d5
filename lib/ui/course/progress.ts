import { type Course, type LessonEntry, type Module, lessonsOf } from "#lib/content/course.ts";

/** What a learner has done in all courses, by `<course>/<lesson>`. */
export type Done = {
  readonly read: Readonly<Record<string, Date>>;
  readonly best: Readonly<Record<string, { readonly earned: number; readonly max: number }>>;
  /** Labs that were worked on, the last one first. */
  readonly recent: readonly { readonly labId: string; readonly savedAt: Date }[];
};

export const NOTHING_DONE: Done = { read: {}, best: {}, recent: [] };

export type LessonState = "done" | "begun" | "open";

/** A lesson with a lab is done with full points, one without when it was read. */
export function stateOf(course: string, lesson: LessonEntry, done: Done): LessonState {
  const id = `${course}/${lesson.id}`;
  const best = done.best[id];
  const full = best !== undefined && best.earned === best.max;
  if (lesson.hasLab ? full : id in done.read) return "done";
  const opened = done.recent.some((it) => it.labId === id);
  return best !== undefined || opened || id in done.read ? "begun" : "open";
}

export function doneIn(course: string, module: Module, done: Done): number {
  return module.lessons.filter((lesson) => stateOf(course, lesson, done) === "done").length;
}

/** Where to go on, when it was left, and whether at the lab. */
export type Resume = {
  readonly course: Course;
  readonly lesson: LessonEntry;
  readonly at: "lesson" | "lab";
  readonly since: Date | null;
};

/** Where a learner left off: what they touched last, or the lesson after it when that is done. */
export function resumeOf(courses: readonly Course[], done: Done): Resume | null {
  const last = lastTouched(courses, done);
  if (last && stateOf(last.course.id, last.lesson, done) !== "done") return last;
  const from = last ? lessonsOf(last.course).findIndex((it) => it.id === last.lesson.id) + 1 : 0;
  const course = last?.course ?? courses[0];
  if (!course) return null;
  const lessons = lessonsOf(course);
  const onward = [...lessons.slice(from), ...lessons.slice(0, from)];
  const lesson = onward.find(
    (it) => stateOf(course.id, it, done) !== "done" && it.problems.length === 0,
  );
  return lesson ? { course, lesson, at: "lesson", since: null } : last;
}

function lastTouched(courses: readonly Course[], done: Done): Resume | null {
  const labs = done.recent.map((it) => ({ id: it.labId, since: it.savedAt, at: "lab" as const }));
  const texts = Object.entries(done.read).map(([id, since]) => ({
    id,
    since,
    at: "lesson" as const,
  }));
  const all = [...labs, ...texts].sort((a, b) => b.since.getTime() - a.since.getTime());
  for (const { id, since, at } of all) {
    for (const course of courses) {
      const lesson = lessonsOf(course).find((it) => `${course.id}/${it.id}` === id);
      if (!lesson) continue;
      // A lesson that has been read leads on to its lab.
      return { course, lesson, since, at: lesson.hasLab ? "lab" : at };
    }
  }
  return null;
}

/** How long ago, in the words of a person. */
export function sinceText(since: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - since.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return counted(minutes, "minute");
  const hours = Math.round(minutes / 60);
  if (hours < 24) return counted(hours, "hour");
  return counted(Math.round(hours / 24), "day");
}

function counted(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"} ago`;
}
