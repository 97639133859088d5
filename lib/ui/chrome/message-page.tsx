import type { ReactNode } from "react";
import css from "./message-page.module.css";

/** A page that has only a sentence or two to say, and a way on. */
export function MessagePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main id="content" className={css.page}>
      <h1>{title}</h1>
      {children}
    </main>
  );
}

export function Waiting({ children }: { children: ReactNode }) {
  return (
    <main id="content" className={css.waiting} aria-busy="true">
      <p role="status">{children}</p>
    </main>
  );
}
