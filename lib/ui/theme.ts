/** A choice of light or dark that the browser remembers in a cookie, so that the server draws the first frame right. */
export const THEME_COOKIE = "strata-theme";

export type Theme = "light" | "dark";

/** The remembered choice; `undefined` leaves it to the system. */
export function themeOf(cookie: string | undefined): Theme | undefined {
  return cookie === "light" || cookie === "dark" ? cookie : undefined;
}
