import type { Route } from "next";
import Link from "next/link";
import type { Problem } from "#lib/content/content-error.ts";
import type { Course } from "#lib/content/course.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import { Mistakes } from "#lib/ui/chrome/mistakes.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./home.module.css";
import { Outline, labHref, lessonHref, minutesText } from "./outline.tsx";
import { type Done, NOTHING_DONE, type Resume, doneIn, resumeOf, sinceText } from "./progress.ts";

/** A learner's home: where they left off, one click away, and every course with how far they are. */
export function LearnerHome({
  courses,
  mistakes,
  mayMend,
  done,
  now,
}: {
  courses: readonly Course[];
  /** What is wrong with lessons and courses. */
  mistakes: readonly Problem[];
  /** Whether the reader may see where, and so could mend it. */
  mayMend: boolean;
  done: Done;
  now: Date;
}) {
  const resume = resumeOf(courses, done);
  return (
    <main id="content" className={css.main}>
      {resume && <ResumeSection resume={resume} done={done} now={now} />}
      {mayMend && mistakes.length > 0 && (
        <section className={css.course} aria-labelledby="mistakes">
          <div className={css.head}>
            <h2 id="mistakes">Learners cannot see everything, because of these mistakes</h2>
          </div>
          <Mistakes problems={mistakes} />
        </section>
      )}
      {courses.map((course) => (
        <section key={course.id} className={css.course} aria-labelledby={`course-${course.id}`}>
          <CourseHead course={course} done={done} />
          <Outline
            course={course}
            done={done}
            at={resume?.course.id === course.id ? resume.lesson.id : null}
            showDone
          />
        </section>
      ))}
      {courses.length === 0 && <NoCourses mistakes={mistakes} />}
    </main>
  );
}

function ResumeSection({ resume, done, now }: { resume: Resume; done: Done; now: Date }) {
  const { course, lesson, at, since } = resume;
  const best = done.best[`${course.id}/${lesson.id}`];
  return (
    <section className={css.resume} aria-labelledby="resume">
      <p className={css.when}>
        {since ? `Where you left off, ${sinceText(since, now)}` : beginText(done)}
      </p>
      <h1 id="resume">{lesson.title}</h1>
      <p className={css.gist}>
        {best
          ? `Your best in its lab is ${best.earned} of ${best.max} points.`
          : `${course.title}, ${minutesText(lesson)}.`}
      </p>
      <p className={css.acts}>
        {at === "lab" ? (
          <>
            <Link
              className={`${chrome.primary} ${chrome.big}`}
              href={labHref(course.id, lesson.id)}
            >
              {since ? "Resume the lab" : "Open the lab"} <Icon name="next" />
            </Link>
            <Link
              className={`${chrome.button} ${chrome.big}`}
              href={lessonHref(course.id, lesson.id)}
            >
              Read the lesson again
            </Link>
          </>
        ) : (
          <Link
            className={`${chrome.primary} ${chrome.big}`}
            href={lessonHref(course.id, lesson.id)}
          >
            Read the lesson <Icon name="next" />
          </Link>
        )}
      </p>
    </section>
  );
}

function beginText(done: Done): string {
  const begun = done.recent.length > 0 || Object.keys(done.read).length > 0;
  return begun ? "Next" : "Begin here";
}

function CourseHead({ course, done }: { course: Course; done: Done | null }) {
  const lessons = course.modules.reduce((sum, it) => sum + it.lessons.length, 0);
  const finished = done && course.modules.reduce((sum, it) => sum + doneIn(course.id, it, done), 0);
  return (
    <div className={css.head}>
      <h2 id={`course-${course.id}`}>
        <Link href={`/learn/${course.id}` as Route}>{course.title}</Link>
      </h2>
      <span className={chrome.num}>
        {finished !== null && `${finished} of `}
        {lessons === 1 ? "1 lesson" : `${lessons} lessons`}
      </span>
    </div>
  );
}

/** What a visitor sees: what this is, the way in, and what there is to learn. */
export function VisitorHome({
  courses,
  mistakes,
}: {
  courses: readonly Course[];
  mistakes: readonly Problem[];
}) {
  return (
    <main id="content" className={css.main}>
      <section className={css.resume} aria-labelledby="welcome">
        <h1 id="welcome">Networks, proved</h1>
        <p className={css.gist}>
          Lessons to read, and labs where you configure real devices. Each objective changes while
          you type, and a verdict is a proof over all packets, not a handful of pings.
        </p>
        <p className={css.acts}>
          <Link className={`${chrome.primary} ${chrome.big}`} href="/sign-up">
            Sign up
          </Link>
          <Link className={`${chrome.button} ${chrome.big}`} href="/sign-in">
            Sign in
          </Link>
        </p>
      </section>
      {courses.map((course) => (
        <section key={course.id} className={css.course} aria-labelledby={`course-${course.id}`}>
          <CourseHead course={course} done={null} />
          <p className={css.summary}>{course.summary}</p>
          <Outline course={course} done={NOTHING_DONE} at={null} showDone={false} />
        </section>
      ))}
      {courses.length === 0 && <NoCourses mistakes={mistakes} />}
    </main>
  );
}

function NoCourses({ mistakes }: { mistakes: readonly Problem[] }) {
  return (
    <p className={css.gist}>
      {mistakes.length > 0
        ? "The courses cannot be shown just now, because their text has mistakes. Come back in a while."
        : "There is no course yet. Whoever runs this server puts one into its content folder."}
    </p>
  );
}

/** A course's own page. */
export function CoursePage({
  course,
  done,
  signedIn,
}: {
  course: Course;
  done: Done;
  signedIn: boolean;
}) {
  const resume = signedIn ? resumeOf([course], done) : null;
  return (
    <main id="content" className={css.main}>
      <section className={css.resume}>
        <h1>{course.title}</h1>
        <p className={css.gist}>{course.summary}</p>
      </section>
      <section className={css.course} aria-labelledby="lessons">
        <h2 id="lessons" className={chrome.sr}>
          Modules and lessons
        </h2>
        <Outline course={course} done={done} at={resume?.lesson.id ?? null} showDone={signedIn} />
      </section>
    </main>
  );
}
