import { beforeEach, describe, expect, test, vi } from "vitest";
import { open, type Db } from "#db/open.ts";
import { makeAuth, type Auth } from "./auth.ts";
import { makeFirstAdmin, makeFirstAdminLink } from "./first-admin.ts";
import { findLink } from "./links.ts";
import { changeRole, findByEmail, listPeople } from "./people.ts";
import { makeResetLink, resetPassword } from "./reset.ts";
import { viewerIn } from "./viewer.ts";

const ADA = { name: "Ada", email: "ada@example.org", password: "three short words" };
const HOUR = 60 * 60_000;

// Hashing a password is slow on purpose, and slower where many tests run.
vi.setConfig({ testTimeout: 30_000 });

let db: Db;
let auth: Auth;

beforeEach(() => {
  db = open(":memory:").db;
  const secret = "a secret for tests, with enough letters in it";
  auth = makeAuth({ db, secret, baseUrl: undefined, log: () => {} });
});

/** What a browser sends to the product at `host`, and what comes back. */
async function post(path: string, body: object, extra: Record<string, string> = {}) {
  const host = "10.1.2.3:3000";
  const headers = { "content-type": "application/json", origin: `http://${host}`, ...extra };
  const url = `http://${host}/api/auth${path}`;
  return auth.handler(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
}

const signIn = (password: string) => post("/sign-in/email", { email: ADA.email, password });

function cookieOf(response: Response): Headers {
  const cookies = response.headers.getSetCookie().map((it) => it.split(";")[0]);
  return new Headers({ cookie: cookies.join("; ") });
}

describe("signing up and in", () => {
  test("an account is made, and its owner is signed in at once, as a learner", async () => {
    const viewer = await viewerIn(auth, cookieOf(await post("/sign-up/email", ADA)));
    expect(viewer).toMatchObject({ name: "Ada", email: "ada@example.org", role: "learner" });
  });

  test("the session lasts thirty days, in a cookie that works without https", async () => {
    const [cookie] = (await post("/sign-up/email", ADA)).headers.getSetCookie();
    expect(cookie).toMatch(/^strata\.session_token=/);
    expect(cookie).toContain(`Max-Age=${30 * 24 * 60 * 60}`);
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Lax");
    expect(cookie).not.toContain("Secure");
  });

  test("nobody gives themselves a role", async () => {
    expect((await post("/sign-up/email", { ...ADA, role: "admin" })).status).toBe(400);
    expect(await listPeople(db)).toEqual([]);
  });

  test("the right password opens, also with the address in capitals; a wrong one does not", async () => {
    await post("/sign-up/email", ADA);
    expect((await signIn("three short word")).status).toBe(401);
    const response = await post("/sign-in/email", { ...ADA, email: "ADA@Example.ORG" });
    expect(response.status).toBe(200);
    expect((await viewerIn(auth, cookieOf(response)))?.name).toBe("Ada");
  });

  test.each([
    ["a short password", { ...ADA, password: "short" }, "at least 8 characters"],
    ["no name", { ...ADA, name: "  " }, "Write your name"],
    ["a name that is a book", { ...ADA, name: "A".repeat(101) }, "at most 100"],
    ["no address", { ...ADA, email: "ada" }, "ada@example.org"],
  ])("%s is refused in plain words", async (_what, person, words) => {
    const response = await post("/sign-up/email", person);
    expect(response.status).toBe(400);
    expect((await response.json()).message).toContain(words);
    expect(await listPeople(db)).toEqual([]);
  });

  test("only what the product uses is there", async () => {
    const cookie = cookieOf(await post("/sign-up/email", ADA)).get("cookie")!;
    const change = await post("/update-user", { name: "A".repeat(100_000) }, { cookie });
    expect(change.status).toBe(404);
    expect((await viewerIn(auth, new Headers({ cookie })))?.name).toBe("Ada");
  });

  test("an address has one account", async () => {
    await post("/sign-up/email", ADA);
    expect((await post("/sign-up/email", { ...ADA, email: "Ada@example.org" })).status).toBe(422);
    expect(await listPeople(db)).toHaveLength(1);
  });

  test("another site's page cannot sign anybody in or out", async () => {
    await post("/sign-up/email", ADA);
    const evil = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
    expect((await post("/sign-in/email", ADA, evil)).status).toBe(403);
    const cookie = cookieOf(await signIn(ADA.password)).get("cookie")!;
    expect((await post("/sign-out", {}, { ...evil, cookie })).status).toBe(403);
    expect((await post("/sign-out", {}, { cookie })).status).toBe(200);
    expect(await viewerIn(auth, new Headers({ cookie }))).toBeNull();
  });
});

describe("guessing", () => {
  test("after ten wrong passwords even the right one waits, whatever the address in capitals", async () => {
    await post("/sign-up/email", ADA);
    const guesses = await Promise.all(
      Array.from({ length: 14 }, (_, n) =>
        post("/sign-in/email", {
          email: n % 2 ? "ada@example.org" : "ADA@example.org",
          password: `guess ${n}`,
        }),
      ),
    );
    expect(guesses.filter((it) => it.status === 401)).toHaveLength(10);
    expect(guesses.filter((it) => it.status === 429)).toHaveLength(4);
    const refused = await signIn(ADA.password);
    expect(refused.status).toBe(429);
    expect((await refused.json()).message).toContain("Try again in 15 minutes");
  });

  test("the right password starts the count anew", async () => {
    await post("/sign-up/email", ADA);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 4; n++) await signIn("a wrong guess");
      expect((await signIn(ADA.password)).status).toBe(200);
    }
  });

  test("a class behind one address signs up and in together", { timeout: 60_000 }, async () => {
    const learners = Array.from({ length: 40 }, (_, n) => ({ ...ADA, email: `l${n}@example.org` }));
    const up = await Promise.all(learners.map((it) => post("/sign-up/email", it)));
    expect(new Set(up.map((it) => it.status))).toEqual(new Set([200]));
    const signedIn = await Promise.all(learners.map((it) => post("/sign-in/email", it)));
    expect(new Set(signedIn.map((it) => it.status))).toEqual(new Set([200]));
  });
});

describe("the first administrator", () => {
  const now = new Date("2026-11-22T10:00:00Z");

  test("the printed link makes one, once", async () => {
    const token = (await makeFirstAdminLink(db, now))!;
    expect(await findLink(db, { kind: "first-admin", token, now })).toMatchObject({
      state: "open",
    });
    expect((await makeFirstAdmin(db, { token, person: ADA, now })).kind).toBe("made");
    expect((await viewerIn(auth, cookieOf(await signIn(ADA.password))))?.role).toBe("admin");

    const eve = { name: "Eve", email: "eve@example.org", password: "another password" };
    expect(await makeFirstAdmin(db, { token, person: eve, now })).toEqual({ kind: "link-closed" });
    expect(await findLink(db, { kind: "first-admin", token, now })).toEqual({ state: "used" });
    expect(await makeFirstAdminLink(db, now)).toBeNull();
  });

  test("of several links, tried at the same moment, one works", async () => {
    const tokens = [await makeFirstAdminLink(db, now), await makeFirstAdminLink(db, now)];
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        makeFirstAdmin(db, {
          token: tokens[n % 2]!,
          person: { ...ADA, email: `admin${n}@example.org` },
          now,
        }),
      ),
    );
    expect(outcomes.filter((it) => it.kind === "made")).toHaveLength(1);
    expect(await listPeople(db)).toHaveLength(1);
  });

  test("a link of an earlier start still works, until it is a week old", async () => {
    const token = (await makeFirstAdminLink(db, now))!;
    await makeFirstAdminLink(db, now);
    const later = new Date(now.getTime() + 8 * 24 * HOUR);
    expect(await makeFirstAdmin(db, { token, person: ADA, now: later })).toEqual({
      kind: "link-closed",
    });
    expect((await makeFirstAdmin(db, { token, person: ADA, now })).kind).toBe("made");
  });

  test("somebody with an account becomes administrator with its own password only", async () => {
    await post("/sign-up/email", ADA);
    const token = (await makeFirstAdminLink(db, now))!;
    const wrong = { ...ADA, password: "not the password" };
    expect((await makeFirstAdmin(db, { token, person: wrong, now })).kind).toBe("wrong-password");
    expect((await makeFirstAdmin(db, { token, person: ADA, now })).kind).toBe("made");
    expect((await findByEmail(db, ADA.email))?.role).toBe("admin");
  });

  test("a made-up token opens nothing", async () => {
    await makeFirstAdminLink(db, now);
    expect((await makeFirstAdmin(db, { token: "made-up", person: ADA, now })).kind).toBe(
      "link-closed",
    );
    expect(await listPeople(db)).toEqual([]);
  });
});

describe("a forgotten password", () => {
  const now = new Date("2026-11-22T10:00:00Z");
  let ada: { id: string };
  let cookies: Headers;

  beforeEach(async () => {
    cookies = cookieOf(await post("/sign-up/email", ADA));
    ada = (await findByEmail(db, ADA.email))!;
  });

  test("the link sets a new one and ends every session", async () => {
    const { token } = (await makeResetLink(db, { userId: ada.id, now }))!;
    expect(await viewerIn(auth, cookies)).not.toBeNull();
    expect(await resetPassword(db, { token, password: "a new password", now })).toEqual({
      email: ADA.email,
    });
    expect(await viewerIn(auth, cookies)).toBeNull();
    expect((await signIn(ADA.password)).status).toBe(401);
    expect((await signIn("a new password")).status).toBe(200);
  });

  test("it works once, also when tried twice at the same moment", async () => {
    const { token } = (await makeResetLink(db, { userId: ada.id, now }))!;
    const tries = await Promise.all(
      ["password one", "password two"].map((password) =>
        resetPassword(db, { token, password, now }),
      ),
    );
    expect(tries.filter((it) => it !== null)).toHaveLength(1);
  });

  test("it is good for a day, and a newer one closes it", async () => {
    const first = (await makeResetLink(db, { userId: ada.id, now }))!;
    const second = (await makeResetLink(db, { userId: ada.id, now }))!;
    const password = "a new password";
    expect(await resetPassword(db, { token: first.token, password, now })).toBeNull();
    const tomorrow = new Date(now.getTime() + 25 * HOUR);
    const late = { kind: "password-reset", token: second.token, now: tomorrow } as const;
    expect(await findLink(db, late)).toEqual({ state: "expired" });
    expect(await resetPassword(db, { ...late, password })).toBeNull();
    expect(await viewerIn(auth, cookies)).not.toBeNull();
  });

  test("it lets in somebody who is waiting for too many guesses", async () => {
    for (let n = 0; n < 11; n++) await signIn("a wrong guess");
    expect((await signIn(ADA.password)).status).toBe(429);
    const { token } = (await makeResetLink(db, { userId: ada.id, now }))!;
    await resetPassword(db, { token, password: "a new password", now });
    expect((await signIn("a new password")).status).toBe(200);
  });

  test("there is none for nobody", async () => {
    expect(await makeResetLink(db, { userId: "nobody", now })).toBeNull();
  });
});

test("the last administrator stays one", async () => {
  const now = new Date();
  const token = (await makeFirstAdminLink(db, now))!;
  const made = await makeFirstAdmin(db, { token, person: ADA, now });
  const userId = made.kind === "made" ? made.userId : "";
  expect(await changeRole(db, { userId, role: "learner", now })).toBe("last-administrator");
  await post("/sign-up/email", { ...ADA, email: "eve@example.org" });
  const eve = (await findByEmail(db, "eve@example.org"))!;
  expect(await changeRole(db, { userId: eve.id, role: "admin", now })).toBe("changed");
  expect(await changeRole(db, { userId, role: "learner", now })).toBe("changed");
});
