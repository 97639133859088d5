import type { Metadata, Route } from "next";
import { notFound } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { mayTeach, viewerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { attempt } from "#lib/content/content-error.ts";
import { loadCourse, loadLab, loadLesson } from "#lib/content/load.ts";
import { renderLesson } from "#lib/content/mdx.ts";
import { doneBy } from "#app/learn/done.ts";
import { MistakesPage } from "#app/learn/mistakes.tsx";
import { logMistakes } from "#app/log.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { CannotShow } from "#lib/ui/chrome/mistakes.tsx";
import { figuresOf } from "#lib/ui/lesson/figures.ts";
import { lessonComponents } from "#lib/ui/lesson/lesson-components.tsx";
import { LessonPage } from "#lib/ui/lesson/lesson-page.tsx";
import { ReadMark } from "#lib/ui/lesson/read-mark.tsx";
import { markReadAction } from "./actions.ts";

type Props = PageProps<"/learn/[course]/[lesson]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { course, lesson } = await params;
  const read = await attempt(() => loadLesson(env.CONTENT_DIR, course, lesson));
  return "value" in read && read.value ? { title: read.value.title } : {};
}

export default async function LessonText({ params }: Props) {
  const place = await params;
  const read = await attempt(() =>
    Promise.all([
      loadCourse(env.CONTENT_DIR, place.course),
      loadLesson(env.CONTENT_DIR, place.course, place.lesson),
      loadLab(env.CONTENT_DIR, place.course, place.lesson),
    ]),
  );
  if ("problems" in read) return <MistakesPage what="This lesson" problems={read.problems} />;
  const [course, lesson, lab] = read.value;
  if (!course || !lesson) notFound();
  const viewer = await viewerOf();
  const figures = lab && figuresOf(lab, lesson.example);
  const text = await renderLesson(lesson.source, lessonComponents(figures));
  const problems = text.ok ? [] : text.problems.map((it) => ({ ...it, file: lesson.file }));
  logMistakes(problems);
  return (
    <>
      <Bar
        sticky
        crumbs={[
          { name: course.title, href: `/learn/${course.id}` as Route },
          { name: lesson.module.title },
          { name: lesson.title },
        ]}
      >
        <AccountMenu account={viewer} signOut={signOutAction} />
      </Bar>
      <LessonPage
        course={course}
        lesson={lesson}
        headings={text.ok ? text.headings : []}
        done={await doneBy(liveDb(), viewer)}
        signedIn={viewer !== null}
      >
        {text.ok ? (
          text.element
        ) : (
          <CannotShow what="This lesson" problems={mayTeach(viewer) ? problems : null} />
        )}
        {viewer && text.ok && <ReadMark markRead={markReadAction.bind(null, place)} />}
      </LessonPage>
    </>
  );
}
