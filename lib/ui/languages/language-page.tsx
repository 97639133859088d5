import type { KnownPart, KnownState, Language } from "#lib/net/languages.ts";
import css from "./languages.module.css";
import { countsText } from "./languages-page.tsx";

const STATES: Readonly<Record<KnownState, string>> = {
  simulated: "Simulated",
  inert: "No effect on packets",
  unsimulated: "Not simulated",
};

/** All that is known of one language: its words, what they are for, and what comes of them here. */
export function LanguagePage({ language }: { language: Language }) {
  return (
    <main id="content" className={css.page}>
      <h1>{language.title}</h1>
      <p className={css.lead}>
        {countsText(language)}. Anything else is {language.others}.
      </p>
      <nav className={css.parts} aria-label="Parts">
        {language.parts.map(({ title }) => (
          <a key={title} href={`#${anchorOf(title)}`}>
            {title}
          </a>
        ))}
      </nav>
      {language.parts.map((part) => (
        <Part key={part.title} part={part} />
      ))}
    </main>
  );
}

function Part({ part: { title, statements } }: { part: KnownPart }) {
  const id = anchorOf(title);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div className={css.scroll} tabIndex={0} role="region" aria-labelledby={id}>
        <table className={css.statements}>
          <thead>
            <tr>
              <th scope="col">Words</th>
              <th scope="col">What for</th>
              <th scope="col">Here</th>
            </tr>
          </thead>
          <tbody>
            {statements.map(({ words, help, state }) => (
              <tr key={words}>
                <th scope="row">
                  <code>{words}</code>
                </th>
                <td>{help}</td>
                <td className={css[state]}>{STATES[state]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
