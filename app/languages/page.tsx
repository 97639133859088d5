import type { Metadata } from "next";
import { viewerOf } from "#lib/auth/viewer.ts";
import { languages } from "#lib/net/languages.ts";
import { signOutAction } from "#app/sign-in/actions.ts";
import { AccountMenu } from "#lib/ui/chrome/account-menu.tsx";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { LanguagesPage } from "#lib/ui/languages/languages-page.tsx";

export const metadata: Metadata = { title: "Languages" };

export default async function Languages() {
  return (
    <>
      <Bar crumbs={[{ name: "Languages" }]}>
        <AccountMenu account={await viewerOf()} signOut={signOutAction} />
      </Bar>
      <LanguagesPage languages={languages} />
    </>
  );
}
