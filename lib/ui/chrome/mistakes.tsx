import type { Problem } from "#lib/content/content-error.ts";
import css from "./mistakes.module.css";

/** Where an author finds what is wrong in a course. */
export function Mistakes({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul className={css.mistakes}>
      {problems.map(({ file, line, column, message }) => (
        <li key={`${file}:${line}:${column} ${message}`}>
          <code>
            {file}:{line}:{column}
          </code>{" "}
          {message}
        </li>
      ))}
    </ul>
  );
}

/** What stands in place of something that has mistakes: the places for whoever can mend them, else a sentence. */
export function CannotShow({
  what,
  problems,
}: {
  /** The beginning of a sentence, such as "This lesson". */
  what: string;
  /** `null` for a learner, who is told only that there are some. */
  problems: readonly Problem[] | null;
}) {
  if (!problems) {
    return (
      <p>
        {what} cannot be shown just now, because its text has mistakes. Whoever runs this server is
        told where they are; come back in a while.
      </p>
    );
  }
  return (
    <>
      <p>{what} cannot be shown, because its text has mistakes:</p>
      <Mistakes problems={problems} />
    </>
  );
}
