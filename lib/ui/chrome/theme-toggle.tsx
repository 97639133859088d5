"use client";

import { THEME_COOKIE, type Theme } from "#lib/ui/theme.ts";
import { Icon } from "./icons.tsx";
import css from "./pieces.module.css";

/** Light or dark, remembered for a year. Until it is pressed the system decides. */
export function ThemeToggle() {
  return (
    <button
      type="button"
      className={`${css.iconButton} ${css.needsScript}`}
      aria-label="Switch between light and dark"
      onClick={switchTheme}
    >
      <Icon name="halfMoon" />
    </button>
  );
}

/** Heard on `window` by what cannot be coloured with CSS alone, such as the editor. */
export const THEME_CHANGED = "strata:theme";

function switchTheme() {
  const next: Theme = themeInForce() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=31536000; samesite=lax`;
  window.dispatchEvent(new Event(THEME_CHANGED));
}

/** What the reader sees now, chosen or not. */
export function themeInForce(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
