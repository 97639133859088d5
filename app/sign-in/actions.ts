"use server";

import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { Route } from "next";
import { sentenceOf } from "#app/auth-errors.ts";
import { refusedForm, textsOf, wrongForm, type FormState } from "#lib/auth/form.ts";
import { liveAuth } from "#lib/auth/live.ts";
import { localPath } from "#lib/auth/origin.ts";
import { credentials } from "#lib/auth/person.ts";

/** Fields: email, password, and `next`, the path to go to afterwards. */
export async function signInAction(_: FormState, form: FormData): Promise<FormState> {
  const texts = textsOf(form);
  const given = credentials.safeParse(texts);
  if (!given.success) return wrongForm(texts, given.error);
  try {
    await liveAuth().api.signInEmail({ body: given.data, headers: await headers() });
  } catch (error) {
    return refusedForm(texts, sentenceOf(error));
  }
  redirect(localPath(texts.next) as Route);
}

export async function signOutAction(): Promise<void> {
  await liveAuth().api.signOut({ headers: await headers() });
  redirect("/");
}
