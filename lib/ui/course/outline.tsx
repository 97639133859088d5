import type { Route } from "next";
import Link from "next/link";
import type { Course, Layer, LessonEntry, Module } from "#lib/content/course.ts";
import { Mark, type MarkState } from "#lib/ui/chrome/mark.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./outline.module.css";
import { type Done, type LessonState, doneIn, stateOf } from "./progress.ts";

/** A course as a section through the ground: a layer per module, filled as far as its lessons are done. */
export function Outline({
  course,
  done,
  at,
  showDone,
}: {
  course: Course;
  done: Done;
  /** The lesson to go on with. */
  at: string | null;
  /** Without a learner there is no progress to show. */
  showDone: boolean;
}) {
  return (
    <ol className={css.outline}>
      {course.modules.map((module) => (
        <li key={module.id} className={hueOf(module.layer)}>
          <Bed course={course} module={module} done={done} />
          <div className={css.module}>
            <h3>{module.title}</h3>
            <ul>
              {module.lessons.map((lesson) => (
                <LessonRow
                  key={lesson.id}
                  course={course.id}
                  lesson={lesson}
                  state={stateOf(course.id, lesson, done)}
                  best={done.best[`${course.id}/${lesson.id}`]}
                  isNext={lesson.id === at}
                  showDone={showDone}
                />
              ))}
            </ul>
          </div>
          {showDone && (
            <span className={`${css.count} ${chrome.num}`}>
              {doneIn(course.id, module, done)} of {module.lessons.length}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}

function Bed({ course, module, done }: { course: Course; module: Module; done: Done }) {
  const share = doneIn(course.id, module, done) / Math.max(1, module.lessons.length);
  return (
    <span className={css.bed} aria-hidden="true">
      <i style={{ height: `${share * 100}%` }} />
    </span>
  );
}

const MARKS: Record<LessonState, MarkState> = { done: "holds", begun: "half", open: "open" };
const WORDS: Record<LessonState, string> = { done: "Done", begun: "Begun", open: "Not begun" };

function LessonRow({
  course,
  lesson,
  state,
  best,
  isNext,
  showDone,
}: {
  course: string;
  lesson: LessonEntry;
  state: LessonState;
  best: { readonly earned: number; readonly max: number } | undefined;
  isNext: boolean;
  showDone: boolean;
}) {
  return (
    <li className={`${css.lesson} ${isNext ? css.next : ""}`}>
      {showDone && <Mark state={MARKS[state]} />}
      <Link href={lessonHref(course, lesson.id)}>
        {showDone && <span className={chrome.sr}>{WORDS[state]}: </span>}
        {lesson.title}
      </Link>
      <span className={`${css.meta} ${chrome.num}`}>
        {best ? `Lab, ${best.earned} of ${best.max}` : minutesText(lesson)}
      </span>
    </li>
  );
}

export function lessonHref(course: string, lesson: string): Route {
  return `/learn/${course}/${lesson}` as Route;
}

export function labHref(course: string, lesson: string): Route {
  return `/learn/${course}/${lesson}/lab` as Route;
}

export function minutesText(lesson: LessonEntry): string {
  if (lesson.problems.length > 0) return "Cannot be shown just now";
  return `${lesson.minutes} min${lesson.hasLab ? " and a lab" : ""}`;
}

/** The class that sets a module's hue for whatever is in it. */
export function hueOf(layer: Layer | null): string | undefined {
  return css[layer ?? "none"];
}
