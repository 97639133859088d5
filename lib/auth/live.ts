import { makeAuth, type Auth, type AuthSettings } from "./auth.ts";

// As with the database: pages, actions and start-up code are bundled apart and share the process.
const shared = globalThis as { strataAuth?: Auth };

/** Set up this process's sign-in, once. */
export function openLiveAuth(settings: AuthSettings): Auth {
  return (shared.strataAuth ??= makeAuth(settings));
}

/** This process's sign-in, set up since it started. */
export function liveAuth(): Auth {
  if (!shared.strataAuth) throw new Error("Sign-in is not set up: the server has not started.");
  return shared.strataAuth;
}
