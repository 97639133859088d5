import type { Metadata } from "next";
import Link from "next/link";
import { localPath } from "#lib/auth/origin.ts";
import { AccountForm } from "#lib/ui/account/account-form.tsx";
import { AccountPage } from "#lib/ui/account/account-page.tsx";
import { EMAIL, NAME, NEW_PASSWORD } from "#lib/ui/account/fields.ts";
import { Bar } from "#lib/ui/chrome/bar.tsx";
import { signUpAction } from "./actions.ts";

export const metadata: Metadata = { title: "Sign up" };

export default async function SignUp({ searchParams }: PageProps<"/sign-up">) {
  const next = localPath((await searchParams).next);
  return (
    <>
      <Bar />
      <AccountPage
        title="Sign up"
        lead="An account keeps what you type and what you earn, on this server only."
      >
        <AccountForm
          action={signUpAction}
          fields={[NAME, EMAIL, NEW_PASSWORD]}
          hidden={{ next }}
          submit="Sign up"
        >
          <p>
            Have an account already?{" "}
            <Link href={{ pathname: "/sign-in", query: { next } }}>Sign in</Link>
          </p>
        </AccountForm>
      </AccountPage>
    </>
  );
}
