import type { Metadata } from "next";
import { liveDb } from "#db/live.ts";
import { listPeople } from "#lib/auth/people.ts";
import { requireAdmin } from "#lib/auth/viewer.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { PeoplePage } from "#lib/ui/account/people-page.tsx";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { changeRoleAction, makeResetLinkAction } from "./actions.ts";

export const metadata: Metadata = { title: "People" };

export default async function People() {
  const viewer = await requireAdmin();
  const people = await listPeople(liveDb());
  return (
    <>
      <Bar crumbs={[{ name: "People" }]}>
        <AccountMenu account={viewer} signOut={signOutAction} />
      </Bar>
      <PeoplePage people={people} makeLink={makeResetLinkAction} changeRole={changeRoleAction} />
    </>
  );
}
