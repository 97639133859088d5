"use server";

import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { Route } from "next";
import { sentenceOf } from "#app/auth-errors.ts";
import { refusedForm, textsOf, wrongForm, type FormState } from "#lib/auth/form.ts";
import { liveAuth } from "#lib/auth/live.ts";
import { localPath } from "#lib/auth/origin.ts";
import { newPerson } from "#lib/auth/person.ts";

/** Fields: name, email, password, and `next`, the path to go to afterwards. */
export async function signUpAction(_: FormState, form: FormData): Promise<FormState> {
  const texts = textsOf(form);
  const person = newPerson.safeParse(texts);
  if (!person.success) return wrongForm(texts, person.error);
  try {
    await liveAuth().api.signUpEmail({ body: person.data, headers: await headers() });
  } catch (error) {
    return refusedForm(texts, sentenceOf(error));
  }
  redirect(localPath(texts.next) as Route);
}
