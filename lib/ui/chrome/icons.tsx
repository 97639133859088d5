import type { ReactNode } from "react";
import css from "./pieces.module.css";

const SHAPES = {
  halfMoon: (
    <>
      <circle cx="8" cy="8" r="5.4" />
      <path d="M8 2.6v10.8a5.4 5.4 0 0 0 0-10.8z" fill="currentColor" stroke="none" />
    </>
  ),
  next: <path d="M3 8h10M9 4l4 4-4 4" />,
  prev: <path d="M13 8H3M7 4 3 8l4 4" />,
  down: <path d="m4 6 4 4 4-4" />,
  hopBack: <path d="M11 4 6.5 8l4.5 4zM5 4v8" />,
  hopOn: <path d="M5 4l4.5 4L5 12zM11 4v8" />,
  lock: (
    <>
      <rect x="4" y="7.2" width="8" height="5.8" rx="1.2" />
      <path d="M5.8 7V5.2a2.2 2.2 0 0 1 4.4 0V7" />
    </>
  ),
  hint: <path d="M6 11.5c0-1.5-2-2.2-2-4.6a4 4 0 0 1 8 0c0 2.4-2 3.1-2 4.6zM6.5 13.8h3" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3.2l2 1.3" />
    </>
  ),
  check: <path d="m3.5 8.4 3 3L12.7 5" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  undo: <path d="M5.5 3.5 2.8 6.2l2.7 2.7M3 6.2h6.5a3.6 3.6 0 0 1 0 7.2H6" />,
  download: <path d="M8 2.8v7.4M4.8 7.2 8 10.4l3.2-3.2M3 13.2h10" />,
  fit: <path d="M2.8 6V2.8H6M10 2.8h3.2V6M13.2 10v3.2H10M6 13.2H2.8V10" />,
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  minus: <path d="M3.5 8h9" />,
  note: <path d="M3.5 3.5h9v6l-3 3h-6zM9.5 12.5v-3h3" />,
  warning: <path d="M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01" />,
  router: (
    <>
      <rect x="2" y="5" width="12" height="6" rx="1.5" />
      <path d="M4.8 8h.01M7.3 8h4" />
    </>
  ),
  switch: (
    <>
      <rect x="2" y="5.5" width="12" height="5" rx="1" />
      <path d="M4.5 8h1M7.5 8h1M10.5 8h1" />
    </>
  ),
  server: (
    <>
      <rect x="3" y="2.5" width="10" height="11" rx="1.5" />
      <path d="M5.5 5.5h5M5.5 8h5M5.5 10.5h.01" />
    </>
  ),
  host: (
    <>
      <rect x="2.5" y="3.5" width="11" height="7.5" rx="1.5" />
      <path d="M6 13.2h4" />
    </>
  ),
  vm: (
    <>
      <rect x="2.5" y="3.5" width="11" height="9" rx="2" />
      <path d="M2.5 6.2h11" />
    </>
  ),
  file: <path d="M4 2.5h5l3 3v8H4zM9 2.5v3h3" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

/** A small line drawing beside a word. It never stands alone: the word, or a label on the button, says what it means. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={css.icon} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="1.6">
        <rect x="1" y="1" width="18" height="18" rx="4.5" />
        <rect x="4.6" y="6.4" width="10.8" height="9" rx="2.6" />
      </g>
      <rect x="7.4" y="10" width="5.2" height="2.7" rx="1" fill="currentColor" />
    </svg>
  );
}
