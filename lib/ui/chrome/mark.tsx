import type { State } from "#lib/net/model/objective.ts";
import css from "./pieces.module.css";

export type MarkState = State | "hidden" | "open" | "half";

const SHAPES = {
  holds: (
    <>
      <circle className={css.fill} cx="8" cy="8" r="7.2" />
      <path className={css.glyph} d="m5 8.2 2.1 2.1L11.2 6" />
    </>
  ),
  fails: (
    <>
      <path className={css.fill} d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9z" />
      <path className={css.glyph} d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6" />
    </>
  ),
  blocked: (
    <>
      <circle className={css.ring} cx="8" cy="8" r="6.5" />
      <path className={css.ringGlyph} d="M5.2 8h5.6" />
    </>
  ),
  undecided: (
    <>
      <circle className={css.ring} cx="8" cy="8" r="6.5" />
      <path
        className={css.ringGlyph}
        d="M6.3 6.3c.2-1 .9-1.5 1.8-1.5 1 0 1.7.6 1.7 1.5 0 1.2-1.7 1.3-1.7 2.6M8.1 11.2h.01"
      />
    </>
  ),
  hidden: <circle className={`${css.ring} ${css.dash}`} cx="8" cy="8" r="6.5" />,
  open: <circle className={css.ring} cx="8" cy="8" r="6.5" />,
  half: (
    <>
      <circle className={css.ring} cx="8" cy="8" r="6.5" />
      <path className={css.fill} d="M8 1.5a6.5 6.5 0 0 0 0 13z" />
    </>
  ),
} satisfies Record<MarkState, React.ReactNode>;

/** A state by its shape. The words for it stand beside the mark, hidden or seen. */
export function Mark({ state }: { state: MarkState }) {
  return (
    <svg
      className={state === "fails" ? css.markFails : css.mark}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {SHAPES[state]}
    </svg>
  );
}

/** What a screen reader says before an objective's title. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  holds: "Holds",
  fails: "Fails",
  blocked: "Blocked",
  undecided: "Undecided",
};
