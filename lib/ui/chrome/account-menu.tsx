import Link from "next/link";
import css from "./account-menu.module.css";
import chrome from "./pieces.module.css";

export type Account = { readonly name: string; readonly email: string; readonly role: string };

/** Who is signed in, and the way out. Opens without script. */
export function AccountMenu({
  account,
  signOut,
}: {
  account: Account | null;
  signOut: () => Promise<void>;
}) {
  if (!account) {
    return (
      <>
        <Link className={chrome.quiet} href="/sign-in">
          Sign in
        </Link>
        <Link className={`${chrome.button} ${css.wide}`} href="/sign-up">
          Sign up
        </Link>
      </>
    );
  }
  return (
    <details className={css.menu}>
      <summary>
        <span aria-hidden="true">{initialsOf(account.name)}</span>
        <span className={chrome.sr}>{account.name}, account</span>
      </summary>
      <div className={css.sheet}>
        <p>
          <strong>{account.name}</strong>
          <span>{account.email}</span>
        </p>
        {account.role === "admin" && <Link href="/admin/people">People</Link>}
        <form action={signOut}>
          <button type="submit">Sign out</button>
        </form>
      </div>
    </details>
  );
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0]!, words[words.length - 1]!] : words;
  return letters.map((word) => [...word][0]?.toUpperCase() ?? "").join("");
}
