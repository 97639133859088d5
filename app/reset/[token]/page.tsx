import type { Metadata } from "next";
import Link from "next/link";
import { liveDb } from "#db/live.ts";
import { findLink } from "#lib/auth/links.ts";
import { AccountForm } from "#lib/ui/account/account-form.tsx";
import { AccountPage } from "#lib/ui/account/account-page.tsx";
import { NEW_PASSWORD } from "#lib/ui/account/fields.ts";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { resetPasswordAction } from "./actions.ts";

export const metadata: Metadata = { title: "New password" };

export default async function Reset({ params }: PageProps<"/reset/[token]">) {
  const { token } = await params;
  const link = await findLink(liveDb(), { kind: "password-reset", token, now: new Date() });
  return (
    <>
      <Bar />
      {link.state === "open" ? (
        <AccountPage
          title="Set a new password"
          lead={
            link.person
              ? `For ${link.person.name}, ${link.person.email}. You are signed out everywhere else.`
              : "You are signed out everywhere else."
          }
        >
          <AccountForm
            action={resetPasswordAction}
            fields={[{ ...NEW_PASSWORD, label: "New password" }]}
            hidden={{ token }}
            submit="Set the password"
          />
        </AccountPage>
      ) : (
        <AccountPage
          title="This link does not work any more"
          lead="It has been used or is too old. Ask an administrator for a new one."
        >
          <p>
            <Link href="/sign-in">Sign in</Link>
          </p>
        </AccountPage>
      )}
    </>
  );
}
