import { liveDb } from "#db/live.ts";
import { mayTeach, viewerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { lessonsOf } from "#lib/content/course.ts";
import { loadCourses } from "#lib/content/load.ts";
import { doneBy } from "#app/learn/done.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { LearnerHome, VisitorHome } from "#lib/ui/course/home.tsx";
import { signOutAction } from "./sign-in/actions.ts";

export default async function Home() {
  const [viewer, { courses, problems }] = await Promise.all([
    viewerOf(),
    loadCourses(env.CONTENT_DIR),
  ]);
  const bar = (
    <Bar>
      <AccountMenu account={viewer} signOut={signOutAction} />
    </Bar>
  );
  const mistakes = [...problems, ...courses.flatMap(lessonsOf).flatMap((it) => it.problems)];
  if (!viewer) {
    return (
      <>
        {bar}
        <VisitorHome courses={courses} mistakes={problems} />
      </>
    );
  }
  return (
    <>
      {bar}
      <LearnerHome
        courses={courses}
        mistakes={mistakes}
        mayMend={mayTeach(viewer)}
        done={await doneBy(liveDb(), viewer)}
        now={new Date()}
      />
    </>
  );
}
