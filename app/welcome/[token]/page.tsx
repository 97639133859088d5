import type { Metadata } from "next";
import Link from "next/link";
import { liveDb } from "#db/live.ts";
import { findLink } from "#lib/auth/links.ts";
import { AccountForm } from "#lib/ui/account/account-form.tsx";
import { AccountPage } from "#lib/ui/account/account-page.tsx";
import { EMAIL, NAME, NEW_PASSWORD } from "#lib/ui/account/fields.ts";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { welcomeAction } from "./actions.ts";

export const metadata: Metadata = { title: "Welcome" };

export default async function Welcome({ params }: PageProps<"/welcome/[token]">) {
  const { token } = await params;
  const link = await findLink(liveDb(), { kind: "first-admin", token, now: new Date() });
  return (
    <>
      <Bar />
      {link.state === "open" ? (
        <AccountPage
          title="Welcome to Strata"
          lead="Make the first administrator of this server. Only whoever starts the server sees this link, and it works once."
        >
          <AccountForm
            action={welcomeAction}
            fields={[NAME, EMAIL, NEW_PASSWORD]}
            hidden={{ token }}
            submit="Become administrator"
          />
        </AccountPage>
      ) : (
        <AccountPage
          title="This link does not work any more"
          lead="It has been used, is too old, or was not copied whole. While there is no administrator, each start of the server prints a new one."
        >
          <p>
            <Link href="/sign-in">Sign in</Link>
          </p>
        </AccountPage>
      )}
    </>
  );
}
