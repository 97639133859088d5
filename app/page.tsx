import { liveDb } from "#db/live.ts";
import { viewerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { loadCourses } from "#lib/content/load.ts";
import { doneBy } from "#app/learn/done.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { LearnerHome, VisitorHome } from "#lib/ui/course/home.tsx";
import { signOutAction } from "./sign-in/actions.ts";

export default async function Home() {
  const [viewer, courses] = await Promise.all([viewerOf(), loadCourses(env.CONTENT_DIR)]);
  const bar = (
    <Bar>
      <AccountMenu account={viewer} signOut={signOutAction} />
    </Bar>
  );
  if (!viewer) {
    return (
      <>
        {bar}
        <VisitorHome courses={courses} />
      </>
    );
  }
  return (
    <>
      {bar}
      <LearnerHome courses={courses} done={await doneBy(liveDb(), viewer)} now={new Date()} />
    </>
  );
}
