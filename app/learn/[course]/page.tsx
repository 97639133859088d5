import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { viewerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { attempt } from "#lib/content/content-error.ts";
import { loadCourse } from "#lib/content/load.ts";
import { doneBy } from "#app/learn/done.ts";
import { MistakesPage } from "#app/learn/mistakes.tsx";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { CoursePage } from "#lib/ui/course/home.tsx";

type Props = PageProps<"/learn/[course]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { course: id } = await params;
  const read = await attempt(() => loadCourse(env.CONTENT_DIR, id));
  if ("problems" in read || !read.value) return {};
  return { title: read.value.title, description: read.value.summary };
}

export default async function CourseOutline({ params }: Props) {
  const { course: id } = await params;
  const read = await attempt(() => loadCourse(env.CONTENT_DIR, id));
  if ("problems" in read) return <MistakesPage what="This course" problems={read.problems} />;
  const course = read.value;
  if (!course) notFound();
  const viewer = await viewerOf();
  return (
    <>
      <Bar crumbs={[{ name: course.title }]}>
        <AccountMenu account={viewer} signOut={signOutAction} />
      </Bar>
      <CoursePage
        course={course}
        done={await doneBy(liveDb(), viewer)}
        signedIn={viewer !== null}
      />
    </>
  );
}
