"use client";

import { useActionState, useState } from "react";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./people.module.css";

export type PersonRow = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: "learner" | "teacher" | "admin";
  readonly since: string;
};

export type ResetLinkState = {
  readonly userId: string | null;
  readonly link: string | null;
  readonly expiresAt: Date | null;
  readonly message: string | null;
};

export type RoleState = { readonly userId: string | null; readonly message: string | null };

type MakeLink = (before: ResetLinkState, form: FormData) => Promise<ResetLinkState>;
type ChangeRole = (before: RoleState, form: FormData) => Promise<RoleState>;

const NO_LINK: ResetLinkState = { userId: null, link: null, expiresAt: null, message: null };
const NO_CHANGE: RoleState = { userId: null, message: null };

/** Everybody with an account: their role, and a link for whoever forgot their password. */
export function PeopleTable({
  people,
  makeLink,
  changeRole,
}: {
  people: readonly PersonRow[];
  makeLink: MakeLink;
  changeRole: ChangeRole;
}) {
  const [links, sendLink, making] = useActionState(makeLink, NO_LINK);
  const [roles, sendRole, changing] = useActionState(changeRole, NO_CHANGE);
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label="People">
      <table className={css.people}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Forgot the password</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id}>
              <th scope="row">
                {person.name}
                <span>
                  {person.email}, since {person.since}
                </span>
              </th>
              <td>
                <form action={sendRole} className={css.role}>
                  <input type="hidden" name="userId" value={person.id} />
                  <select
                    key={person.role}
                    name="role"
                    defaultValue={person.role}
                    aria-label={`Role of ${person.name}, ${person.email}`}
                  >
                    <option value="learner">Learner</option>
                    <option value="teacher">Teacher</option>
                    <option value="admin">Administrator</option>
                  </select>
                  <button type="submit" className={chrome.button} disabled={changing}>
                    Change
                  </button>
                </form>
                {roles.userId === person.id && <p role="status">{roles.message ?? "Changed."}</p>}
              </td>
              <td>
                <form action={sendLink}>
                  <input type="hidden" name="userId" value={person.id} />
                  <button type="submit" className={chrome.button} disabled={making}>
                    Make a reset link
                    <span className={chrome.sr}>
                      {" "}
                      for {person.name}, {person.email}
                    </span>
                  </button>
                </form>
                {links.userId === person.id && <MadeLink state={links} person={person} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MadeLink({ state, person }: { state: ResetLinkState; person: PersonRow }) {
  if (state.message) return <p role="status">{state.message}</p>;
  if (!state.link) return null;
  return (
    <div role="status" className={css.link}>
      <p>
        Send this link to {person.name}, {person.email}. It works once, for a day, and is shown only
        now.
      </p>
      <CopyField text={state.link} />
    </div>
  );
}

/** A text to copy. Where the clipboard is closed to pages, as without TLS, the text is selected instead. */
function CopyField({ text }: { text: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async (field: HTMLInputElement) => {
    field.select();
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied.");
    } catch {
      setSaid(document.execCommand("copy") ? "Copied." : "Selected: press Ctrl C to copy.");
    }
  };
  return (
    <p className={css.copy}>
      <input readOnly value={text} aria-label="Link" onFocus={(event) => event.target.select()} />
      <button
        type="button"
        className={`${chrome.button} ${chrome.needsScript}`}
        onClick={(event) => {
          const field = event.currentTarget.previousElementSibling;
          if (field instanceof HTMLInputElement) void copy(field);
        }}
      >
        Copy
      </button>
      {said && <span>{said}</span>}
    </p>
  );
}
