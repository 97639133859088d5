import { mayTeach, viewerOf } from "#lib/auth/viewer.ts";
import type { Problem } from "#lib/content/content-error.ts";
import { logMistakes } from "#app/log.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { MessagePage } from "#lib/ui/chrome/message-page.tsx";
import { CannotShow } from "#lib/ui/chrome/mistakes.tsx";

/** In place of a page whose course, lesson or lab has mistakes. What is wrong may name what a learner must not know. */
export async function MistakesPage({
  what,
  problems,
}: {
  what: string;
  problems: readonly Problem[];
}) {
  const viewer = await viewerOf();
  logMistakes(problems);
  return (
    <>
      <Bar>
        <AccountMenu account={viewer} signOut={signOutAction} />
      </Bar>
      <MessagePage title="There are mistakes in this course">
        <CannotShow what={what} problems={mayTeach(viewer) ? problems : null} />
      </MessagePage>
    </>
  );
}
