"use server";

import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { z } from "zod";
import { liveDb } from "#db/live.ts";
import { refusedForm, textsOf, wrongForm, type FormState } from "#lib/auth/form.ts";
import { liveAuth } from "#lib/auth/live.ts";
import { newPassword } from "#lib/auth/person.ts";
import { resetPassword } from "#lib/auth/reset.ts";

/** Fields: token, from the address, and password. */
export async function resetPasswordAction(_: FormState, form: FormData): Promise<FormState> {
  const texts = textsOf(form);
  const given = z.object({ password: newPassword }).safeParse(texts);
  if (!given.success) return wrongForm(texts, given.error);
  const { password } = given.data;
  const person = await resetPassword(liveDb(), {
    token: texts.token ?? "",
    password,
    now: new Date(),
  });
  if (!person) {
    return refusedForm(
      texts,
      "This link has been used or is too old. Ask an administrator for a new one.",
    );
  }
  const body = { email: person.email, password };
  await liveAuth().api.signInEmail({ body, headers: await headers() });
  redirect("/");
}
