/** Anything with request headers. */
type Sent = Pick<Headers, "get">;

/** The header in which `proxy.ts` tells pages their own path, with its query. */
export const PATH_HEADER = "x-strata-path";

/** The host the browser asked for, as a proxy in front of us may have passed it on. */
export function hostOf(headers: Sent): string | null {
  return headers.get("x-forwarded-host")?.split(",")[0]?.trim() || headers.get("host");
}

/**
 * Whether a request that changes something comes from one of our own pages. A browser names the page's origin with
 * every such request, and pages of others cannot change what it says; what names none is no browser.
 */
export function isFromOurPages(headers: Sent): boolean {
  const origin = headers.get("origin");
  if (origin === null) return headers.get("sec-fetch-site") !== "cross-site";
  if (origin === "null") return headers.get("sec-fetch-site") === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === hostOf(headers);
}

/** `next` when it is a path of this site, else the home page: a sign-in link must not send people elsewhere. */
export function localPath(next: unknown): string {
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next)) return "/";
  // Browsers drop tabs and line ends inside an address before they read it.
  if (/[\u0000-\u001f\u007f\\]/.test(next) || !URL.canParse(next, "http://local")) return "/";
  const url = new URL(next, "http://local");
  return url.host === "local" ? url.pathname + url.search + url.hash : "/";
}

/** The address under which whoever sent `headers` reaches us, for links that people copy. */
export function baseUrlOf(headers: Sent, configured: string | undefined): string {
  if (configured !== undefined) return configured;
  const proto =
    headers.get("x-forwarded-proto")?.split(",")[0]?.trim() === "https" ? "https" : "http";
  return `${proto}://${hostOf(headers) ?? "localhost"}`;
}
