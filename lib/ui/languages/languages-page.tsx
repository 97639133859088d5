import type { Route } from "next";
import Link from "next/link";
import type { KnownState, Language } from "#lib/net/languages.ts";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./languages.module.css";

/** Which languages there are, and how much of each is simulated. */
export function LanguagesPage({ languages }: { languages: readonly Language[] }) {
  return (
    <main id="content" className={css.page}>
      <h1>Languages</h1>
      <p className={css.lead}>
        What can be written in a lab, and what comes of it. Only what is simulated is proved;
        whatever depends on the rest is undecided, with its line.
      </p>
      <ul className={css.list}>
        {languages.map((language) => (
          <li key={language.id}>
            <Link href={languageHref(language.id)}>{language.title}</Link>
            <span className={chrome.num}>{countsText(language)}</span>
          </li>
        ))}
      </ul>
    </main>
  );
}

export function languageHref(id: string): Route {
  return `/languages/${id}` as Route;
}

/** How many statements of each state a language has, in words. */
export function countsText({ parts }: Language): string {
  const count = (state: KnownState) =>
    parts.flatMap(({ statements }) => statements).filter((one) => one.state === state).length;
  return `${count("simulated")} simulated, ${count("inert")} without effect on packets, ${count("unsimulated")} not simulated`;
}
