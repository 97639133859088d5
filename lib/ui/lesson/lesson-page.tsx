import type { Route } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Course, Lesson, LessonEntry } from "#lib/content/course.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import { Mark } from "#lib/ui/chrome/mark.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { hueOf, labHref, lessonHref, minutesText } from "#lib/ui/course/outline.tsx";
import { type Done, doneIn, stateOf } from "#lib/ui/course/progress.ts";
import css from "./lesson-page.module.css";
import { Toc, type TocEntry } from "./toc.tsx";

/** A lesson: the course at its left, what is on the page at its right, the text between. Reads whole without script. */
export function LessonPage({
  course,
  lesson,
  headings,
  done,
  signedIn,
  children,
}: {
  course: Course;
  lesson: Lesson;
  headings: readonly TocEntry[];
  done: Done;
  signedIn: boolean;
  children: ReactNode;
}) {
  return (
    <div className={css.page}>
      <CourseRail course={course} lesson={lesson} done={done} signedIn={signedIn} />
      <main id="content">
        <article className={css.article}>
          <p className={css.eyebrow}>
            <Link href={`/learn/${course.id}` as Route} className={hueOf(lesson.module.layer)}>
              {lesson.module.title}
            </Link>
            <span>
              Lesson {lesson.number} of {lesson.of}
            </span>
            <span>
              {lesson.minutes} minutes{lesson.hasLab && " and a lab"}
            </span>
          </p>
          <h1>{lesson.title}</h1>
          {children}
          <Onward lesson={lesson} done={done} signedIn={signedIn} />
        </article>
      </main>
      <aside className={css.toc} aria-label="On this page">
        <Toc headings={headings} />
      </aside>
    </div>
  );
}

function CourseRail({
  course,
  lesson,
  done,
  signedIn,
}: {
  course: Course;
  lesson: Lesson;
  done: Done;
  signedIn: boolean;
}) {
  return (
    <nav className={css.rail} aria-label="Course">
      <h2>
        <Link href={`/learn/${course.id}` as Route}>{course.title}</Link>
      </h2>
      <ol>
        {course.modules.map((module) => {
          const finished = doneIn(course.id, module, done);
          const isHere = module.id === lesson.module.id;
          const first = module.lessons[0];
          return (
            <li
              key={module.id}
              className={`${hueOf(module.layer)} ${isHere ? css.here : ""}`}
              data-done={finished === module.lessons.length || undefined}
            >
              <p>
                {first && !isHere ? (
                  <Link href={lessonHref(course.id, first.id)}>{module.title}</Link>
                ) : (
                  <span>{module.title}</span>
                )}
                {signedIn && (
                  <span className={`${css.count} ${chrome.num}`}>
                    {finished} of {module.lessons.length}
                  </span>
                )}
              </p>
              {isHere && (
                <ol className={css.lessons}>
                  {module.lessons.map((it) => (
                    <RailLesson
                      key={it.id}
                      course={course.id}
                      entry={it}
                      isCurrent={it.id === lesson.id}
                      done={done}
                    />
                  ))}
                </ol>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function RailLesson({
  course,
  entry,
  isCurrent,
  done,
}: {
  course: string;
  entry: LessonEntry;
  isCurrent: boolean;
  done: Done;
}) {
  const state = stateOf(course, entry, done);
  return (
    <li>
      <Mark state={state === "done" ? "holds" : state === "begun" ? "half" : "open"} />
      <Link href={lessonHref(course, entry.id)} aria-current={isCurrent ? "page" : undefined}>
        {entry.title}
        {state === "done" && <span className={chrome.sr}>, done</span>}
      </Link>
    </li>
  );
}

function Onward({ lesson, done, signedIn }: { lesson: Lesson; done: Done; signedIn: boolean }) {
  const { course, next, previous } = lesson;
  const best = done.best[`${course.id}/${lesson.id}`];
  return (
    <nav className={css.onward} aria-label="Go on">
      {lesson.hasLab && (
        <Link href={labHref(course.id, lesson.id)}>
          <Icon name="next" />
          The lab of this lesson
          <b>{lesson.title}</b>
          {labText(best, signedIn)}
        </Link>
      )}
      {next && (
        <Link href={lessonHref(course.id, next.id)}>
          <Icon name="next" />
          Next lesson
          <b>{next.title}</b>
          {minutesText(next)}
        </Link>
      )}
      {previous && (
        <Link href={lessonHref(course.id, previous.id)} className={css.previous}>
          <Icon name="prev" />
          Previous lesson
          <b>{previous.title}</b>
        </Link>
      )}
    </nav>
  );
}

function labText(best: { earned: number; max: number } | undefined, signedIn: boolean): string {
  if (best) return `Your best so far: ${best.earned} of ${best.max} points`;
  return signedIn ? "Your own addresses; as many tries as you like" : "Sign in to keep what you do";
}
