import type { Metadata, Route } from "next";
import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { requireViewer } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { attempt } from "#lib/content/content-error.ts";
import { publicOf } from "#lib/content/draw.ts";
import { loadLab, loadLesson } from "#lib/content/load.ts";
import { submissionsOf } from "#lib/courses/submissions.ts";
import { openFor } from "#app/learn/door.ts";
import { MistakesPage } from "#app/learn/mistakes.tsx";
import { WIDTHS_COOKIE, widthsOf } from "#lib/ui/lab/widths.ts";
import { Workbench } from "#lib/ui/lab/workbench.tsx";
import { checkSubmissionAction, startNewVersionAction, submitAction } from "../actions.ts";

type Props = PageProps<"/learn/[course]/[lesson]/lab">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { course, lesson } = await params;
  const read = await attempt(() => loadLesson(env.CONTENT_DIR, course, lesson));
  return "value" in read && read.value ? { title: `${read.value.title}: lab` } : {};
}

export default async function LabBench({ params }: Props) {
  const viewer = await requireViewer();
  const { course, lesson: id } = await params;
  const read = await attempt(() =>
    Promise.all([loadLesson(env.CONTENT_DIR, course, id), loadLab(env.CONTENT_DIR, course, id)]),
  );
  if ("problems" in read) return <MistakesPage what="This lab" problems={read.problems} />;
  const [lesson, lab] = read.value;
  if (!lesson || !lab) notFound();
  const { draft, instance, changed } = await openFor(viewer, lab);
  const { files, revision, savedAt } = draft;
  return (
    <Workbench
      place={{ course, lesson: id }}
      viewer={viewer.id}
      crumbs={[
        { name: lesson.course.title, href: `/learn/${course}` as Route },
        { name: "Lesson", href: `/learn/${course}/${id}` as Route },
        { name: lesson.title },
      ]}
      widths={widthsOf((await cookies()).get(WIDTHS_COOKIE)?.value)}
      instance={publicOf(instance)}
      draft={{ files, revision, savedAt: savedAt.getTime() }}
      changed={changed}
      submissions={await submissionsOf(liveDb(), { viewer, labId: lab.id })}
      submit={submitAction}
      check={checkSubmissionAction}
      startNewVersion={startNewVersionAction}
    />
  );
}
