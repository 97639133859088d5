import type { Metadata, Route } from "next";
import { notFound } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { requireViewer } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { attempt } from "#lib/content/content-error.ts";
import { loadLesson } from "#lib/content/load.ts";
import { lessonId } from "#lib/content/place.ts";
import { awaitSubmission } from "#lib/courses/submissions.ts";
import { grading } from "#app/grading.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { VerdictPage } from "#lib/ui/lab/verdict-page.tsx";

export const metadata: Metadata = { title: "Verdict" };

export default async function StoredVerdict({
  params,
}: PageProps<"/learn/[course]/[lesson]/lab/submissions/[id]">) {
  const viewer = await requireViewer();
  const { course, lesson: place, id } = await params;
  const lesson = await attempt(() => loadLesson(env.CONTENT_DIR, course, place));
  const submission = await awaitSubmission(liveDb(), { viewer, id }, grading);
  if (!submission || submission.labId !== lessonId(course, place)) notFound();
  // What was earned is shown whatever has become of the lesson since.
  const title = ("value" in lesson && lesson.value?.title) || place;
  return (
    <>
      <Bar
        crumbs={[
          { name: title, href: `/learn/${course}/${place}` as Route },
          { name: "Lab", href: `/learn/${course}/${place}/lab` as Route },
          { name: `Submission ${submission.attempt}` },
        ]}
      >
        <AccountMenu account={viewer} signOut={signOutAction} />
      </Bar>
      <VerdictPage
        title={title}
        labHref={`/learn/${course}/${place}/lab` as Route}
        submission={submission}
      />
    </>
  );
}
