"use server";

import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { liveDb } from "#db/live.ts";
import { makeFirstAdmin, type FirstAdmin } from "#lib/auth/first-admin.ts";
import { refusedForm, textsOf, wrongForm, type FormState } from "#lib/auth/form.ts";
import { liveAuth } from "#lib/auth/live.ts";
import { newPerson } from "#lib/auth/person.ts";

const REFUSALS: Record<Exclude<FirstAdmin["kind"], "made">, string> = {
  "link-closed":
    "This link has been used or is too old. While there is no administrator, each start of the server prints a new one.",
  "wrong-password":
    "There is an account with this e-mail address already, and this is not its password. Use its password, or another address.",
  "too-many-tries": "Too many wrong passwords for this account. Try again in 15 minutes.",
};

/** Fields: token, from the address, and name, email, password. */
export async function welcomeAction(_: FormState, form: FormData): Promise<FormState> {
  const texts = textsOf(form);
  const person = newPerson.safeParse(texts);
  if (!person.success) return wrongForm(texts, person.error);
  const it = { token: texts.token ?? "", person: person.data, now: new Date() };
  const outcome = await makeFirstAdmin(liveDb(), it);
  if (outcome.kind !== "made") return refusedForm(texts, REFUSALS[outcome.kind]);
  const { email, password } = person.data;
  await liveAuth().api.signInEmail({ body: { email, password }, headers: await headers() });
  redirect("/");
}
