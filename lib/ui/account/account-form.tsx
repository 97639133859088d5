"use client";

import { type ReactNode, useActionState, useEffect, useRef } from "react";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./account.module.css";
import type { Field } from "./fields.ts";

/** What a form shows after it was sent and did not succeed. */
export type FormState = {
  readonly message: string | null;
  readonly problems: Readonly<Record<string, string>>;
  readonly typed: Readonly<Record<string, string>>;
};

const UNSENT: FormState = { message: null, problems: {}, typed: {} };

/** A short form that works without script: it is sent, and comes back with what was typed and what is wrong. */
export function AccountForm({
  action,
  fields,
  hidden = {},
  submit,
  children,
}: {
  action: (before: FormState, form: FormData) => Promise<FormState>;
  fields: readonly Field[];
  hidden?: Readonly<Record<string, string>>;
  submit: string;
  children?: ReactNode;
}) {
  const [state, send, sending] = useActionState(action, UNSENT);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (state === UNSENT) return;
    const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]");
    wrong?.focus();
  }, [state]);
  return (
    <form ref={form} action={send} className={css.form} noValidate>
      {state.message && (
        <p className={css.message} role="alert" tabIndex={-1}>
          <Icon name="warning" />
          {state.message}
        </p>
      )}
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {fields.map((field) => (
        <FormField key={field.name} field={field} state={state} />
      ))}
      <button
        type="submit"
        className={`${chrome.primary} ${chrome.big}`}
        aria-disabled={sending}
        onClick={(event) => sending && event.preventDefault()}
      >
        {submit}
      </button>
      {children}
    </form>
  );
}

function FormField({ field, state }: { field: Field; state: FormState }) {
  const { name, label, type, autoComplete, hint } = field;
  const problem = state.problems[name];
  const about = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(" ");
  return (
    <div className={css.field}>
      <label htmlFor={name}>{label}</label>
      {hint && (
        <p id={`${name}-hint`} className={css.hint}>
          {hint}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={type}
        autoComplete={autoComplete}
        required
        defaultValue={type === "password" ? undefined : state.typed[name]}
        aria-invalid={problem ? true : undefined}
        aria-describedby={about || undefined}
      />
      {problem && (
        <p id={`${name}-problem`} className={css.problem}>
          <Icon name="warning" />
          {problem}
        </p>
      )}
    </div>
  );
}
