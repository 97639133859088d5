import type { Metadata } from "next";
import Link from "next/link";
import { localPath } from "#lib/auth/origin.ts";
import { AccountForm } from "#lib/ui/account/account-form.tsx";
import { AccountPage } from "#lib/ui/account/account-page.tsx";
import { EMAIL, PASSWORD } from "#lib/ui/account/fields.ts";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { signInAction } from "./actions.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignIn({ searchParams }: PageProps<"/sign-in">) {
  const next = localPath((await searchParams).next);
  return (
    <>
      <Bar />
      <AccountPage title="Sign in">
        <AccountForm
          action={signInAction}
          fields={[EMAIL, PASSWORD]}
          hidden={{ next }}
          submit="Sign in"
        >
          <p>
            New here? <Link href={{ pathname: "/sign-up", query: { next } }}>Sign up</Link>
          </p>
          <p>
            Forgot the password? An administrator of this server can make you a link to set a new
            one.
          </p>
        </AccountForm>
      </AccountPage>
    </>
  );
}
