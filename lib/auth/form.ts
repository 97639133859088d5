import type { z } from "zod";

/** What a form shows after it was sent and did not succeed. */
export type FormState = {
  /** What is wrong with the whole of it. */
  readonly message: string | null;
  /** What is wrong with a field, by its name. */
  readonly problems: Readonly<Record<string, string>>;
  /** What was typed, by field, to show it again. Never a password. */
  readonly typed: Readonly<Record<string, string>>;
};

/** A form's texts by field. Files and what is there twice are no texts of ours. */
export function textsOf(form: FormData): Record<string, string> {
  const fields = [...form.entries()].filter(([name]) => !name.startsWith("$ACTION"));
  return Object.fromEntries(
    fields.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

/** The form again with a complaint about the whole of it. */
export function refusedForm(texts: Record<string, string>, message: string): FormState {
  return { message, problems: {}, typed: withoutPasswords(texts) };
}

/** The form again with one complaint for each wrong field. */
export function wrongForm(texts: Record<string, string>, error: z.ZodError): FormState {
  const problems: Record<string, string> = {};
  for (const { path, message } of error.issues) problems[String(path[0])] ??= message;
  return { message: null, problems, typed: withoutPasswords(texts) };
}

function withoutPasswords(texts: Record<string, string>): Record<string, string> {
  const { password: _, token: __, ...rest } = texts;
  return rest;
}
