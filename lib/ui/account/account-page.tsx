import type { ReactNode } from "react";
import css from "./account.module.css";

/** The narrow page that a form about an account stands on. */
export function AccountPage({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main id="content" className={css.page}>
      <h1>{title}</h1>
      {lead && <p className={css.lead}>{lead}</p>}
      {children}
    </main>
  );
}
