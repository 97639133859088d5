import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { viewerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { loadCourse } from "#lib/content/load.ts";
import { doneBy } from "#app/learn/done.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { CoursePage } from "#lib/ui/course/home.tsx";

type Props = PageProps<"/learn/[course]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const course = await loadCourse(env.CONTENT_DIR, (await params).course);
  return course ? { title: course.title, description: course.summary } : {};
}

export default async function CourseOutline({ params }: Props) {
  const course = await loadCourse(env.CONTENT_DIR, (await params).course);
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
