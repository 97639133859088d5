import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError, createAuthMiddleware, isAPIError } from "better-auth/api";
import { nextCookies } from "better-auth/next-js";
import type { Db } from "#db/open.ts";
import * as schema from "#db/schema.ts";
import {
  countTry,
  forgetTries,
  passwordKey,
  PASSWORDS,
  SIGN_UP_KEY,
  SIGN_UPS,
} from "./attempts.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { newPerson } from "./person.ts";
import { SESSION } from "./session.ts";

export type AuthSettings = {
  readonly db: Db;
  readonly secret: string;
  /** Where the product is reached when that is not simply the host of each request; `https` makes cookies secure. */
  readonly baseUrl: string | undefined;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
};

/** What of better-auth this product uses. The rest, such as changing a name to a book, is not there. */
const OFFERED = new Set(["/sign-up/email", "/sign-in/email", "/sign-out", "/get-session"]);

export type Auth = ReturnType<typeof makeAuth>;

/** Sign-in with e-mail and password over the tables of `db`. */
export function makeAuth({ db, secret, baseUrl, log }: AuthSettings) {
  return betterAuth({
    appName: "Strata",
    secret,
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    // No transaction: hashing a password inside of one would keep every other reader and writer waiting.
    database: drizzleAdapter(db, { provider: "sqlite", schema, transaction: false }),
    session: SESSION,
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    user: {
      additionalFields: {
        role: { type: "string", required: false, defaultValue: "learner", input: false },
      },
    },
    trustedOrigins: (request) => (request ? [new URL(request.url).origin] : []),
    // Its own counts by address, and a class shares one; ours count by account, below.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "strata",
      // Plain HTTP on a local network is a normal home for this product, and browsers drop secure cookies there.
      useSecureCookies: baseUrl?.startsWith("https:") ?? false,
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { disableIpTracking: true },
    },
    hooks: {
      before: createAuthMiddleware(async ({ path, body }) => {
        if (!OFFERED.has(path)) throw new APIError("NOT_FOUND");
        if (path === "/sign-in/email") await admitPassword(db, body);
        if (path === "/sign-up/email") await admitSignUp(db, body);
      }),
      after: createAuthMiddleware(async ({ path, body, context }) => {
        if (path !== "/sign-in/email" || isAPIError(context.returned)) return;
        await forgetTries(db, passwordKey(body.email));
      }),
    },
    telemetry: { enabled: false },
    onAPIError: { onError: (error) => logProblem(log, error) },
    logger: { level: "error", disableColors: true, log: (level, message) => log(level, message) },
    // Last, as it asks to be: it hands the cookies of the others to Next.
    plugins: [nextCookies()],
  });
}

/** A person's mistake is an answer to that person; the log is for ours. */
function logProblem(log: AuthSettings["log"], error: unknown): void {
  if (isAPIError(error) && error.statusCode < 500) log("debug", error.message);
  else log("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
}

async function admitPassword(db: Db, body: unknown): Promise<void> {
  const email = (body as { email?: unknown } | undefined)?.email;
  if (typeof email !== "string") return;
  // Counted before the password is looked at, so that guesses made all at once do not slip through together.
  const wait = await countTry(db, {
    key: passwordKey(email),
    limit: PASSWORDS,
    now: new Date(),
  });
  if (wait !== null) {
    throw new APIError("TOO_MANY_REQUESTS", {
      code: "TOO_MANY_PASSWORDS",
      message: `Too many wrong passwords for this account. Try again in ${minutes(wait)}, or ask an administrator for a link to set a new password.`,
    });
  }
}

async function admitSignUp(db: Db, body: unknown): Promise<void> {
  const person = newPerson.strict().safeParse(body);
  if (!person.success) {
    const message = person.error.issues[0]?.message ?? "An account needs name, email, password.";
    throw new APIError("BAD_REQUEST", { code: "BAD_PERSON", message });
  }
  const wait = await countTry(db, { key: SIGN_UP_KEY, limit: SIGN_UPS, now: new Date() });
  if (wait !== null) {
    throw new APIError("TOO_MANY_REQUESTS", {
      code: "TOO_MANY_SIGN_UPS",
      message: `Too many accounts were made just now. Try again in ${minutes(wait)}.`,
    });
  }
}

function minutes(count: number): string {
  return count === 1 ? "a minute" : `${count} minutes`;
}
