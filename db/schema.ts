import type { Lab } from "#lib/content/lab.ts";
import type { Report } from "#lib/grading/report.ts";
import type { Files } from "#lib/net/source/span.ts";
import {
  big,
  bool,
  foreignKey,
  index,
  integer,
  json,
  primaryKey,
  real,
  table,
  text,
  uniqueIndex,
  when,
  word,
} from "./columns.ts";

export type Role = "learner" | "teacher" | "admin";
export type LinkKind = "first-admin" | "password-reset";
export type SubmissionState = "queued" | "graded" | "failed";

/*
 * People. Names of tables and properties are those better-auth looks for; `role` is ours.
 */

export const user = table("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: bool("email_verified").notNull().default(false),
  image: text("image"),
  role: word<Role>("role").notNull().default("learner"),
  createdAt: when("created_at").notNull(),
  updatedAt: when("updated_at").notNull(),
});

/** Whose row it is; it goes when the person goes. */
const ownerId = () =>
  text("user_id")
    .notNull()
    .references(() => user.id, { onDelete: "cascade" });

export const session = table(
  "session",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: ownerId(),
    expiresAt: when("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    createdAt: when("created_at").notNull(),
    updatedAt: when("updated_at").notNull(),
  },
  (it) => [index("session_user").on(it.userId)],
);

/** A way to sign in: with the provider `credential`, a password. */
export const account = table(
  "account",
  {
    id: text("id").primaryKey(),
    userId: ownerId(),
    providerId: text("provider_id").notNull(),
    accountId: text("account_id").notNull(),
    password: text("password"),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: when("access_token_expires_at"),
    refreshTokenExpiresAt: when("refresh_token_expires_at"),
    scope: text("scope"),
    createdAt: when("created_at").notNull(),
    updatedAt: when("updated_at").notNull(),
  },
  (it) => [
    index("account_user").on(it.userId),
    uniqueIndex("account_provider").on(it.providerId, it.accountId),
  ],
);

export const verification = table(
  "verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: when("expires_at").notNull(),
    createdAt: when("created_at").notNull(),
    updatedAt: when("updated_at").notNull(),
  },
  (it) => [index("verification_identifier").on(it.identifier)],
);

/** How often something was tried since `since`: an account's passwords, sign-ups. */
export const attemptLimit = table(
  "attempt_limit",
  {
    key: text("key").primaryKey(),
    count: integer("count").notNull(),
    since: big("since").notNull(),
  },
  (it) => [index("attempt_limit_since").on(it.since)],
);

/** A link that works once. Only its hash is kept, so the database opens no doors. */
export const oneTimeLink = table("one_time_link", {
  tokenHash: text("token_hash").primaryKey(),
  kind: word<LinkKind>("kind").notNull(),
  /** Whose password it sets; the first administrator's link has no user yet. */
  userId: text("user_id").references(() => user.id, { onDelete: "cascade" }),
  createdAt: when("created_at").notNull(),
  expiresAt: when("expires_at").notNull(),
  usedAt: when("used_at"),
});

/*
 * Learning. A lab is named `<course>/<lesson>`, and so is a lesson.
 */

/** A lab's files as they were when somebody first opened this version, so that old answers can be graded again. */
export const labVersion = table(
  "lab_version",
  {
    labId: text("lab_id").notNull(),
    hash: text("hash").notNull(),
    lab: json<Lab>("lab").notNull(),
    createdAt: when("created_at").notNull(),
  },
  (it) => [primaryKey({ columns: [it.labId, it.hash] })],
);

/** A learner's work on one version of a lab. The one started last is the one they are working on. */
export const draft = table(
  "draft",
  {
    userId: ownerId(),
    labId: text("lab_id").notNull(),
    labHash: text("lab_hash").notNull(),
    seed: integer("seed").notNull(),
    /** The values drawn for this learner, by variable: what they see stays the same, however values are drawn later. */
    drawn: json<Readonly<Record<string, string>>>("drawn").notNull(),
    engine: text("engine").notNull(),
    /** The answer: only the files that are the learner's. */
    files: json<Files>("files").notNull(),
    /** Counts every change, across versions of the lab too, so that an old tab can never be taken for a new one. */
    revision: integer("revision").notNull(),
    startedAt: when("started_at").notNull(),
    updatedAt: when("updated_at").notNull(),
  },
  (it) => [
    primaryKey({ columns: [it.userId, it.labId, it.labHash] }),
    foreignKey({
      columns: [it.labId, it.labHash],
      foreignColumns: [labVersion.labId, labVersion.hash],
    }),
  ],
);

export const submission = table(
  "submission",
  {
    id: text("id").primaryKey(),
    userId: ownerId(),
    labId: text("lab_id").notNull(),
    labHash: text("lab_hash").notNull(),
    seed: integer("seed").notNull(),
    drawn: json<Readonly<Record<string, string>>>("drawn").notNull(),
    /** The engine it was handed in to; the report names the one that graded it. */
    engine: text("engine").notNull(),
    attempt: integer("attempt").notNull(),
    files: json<Files>("files").notNull(),
    state: word<SubmissionState>("state").notNull(),
    /** Whole, hidden objectives included. */
    report: json<Report>("report"),
    /** Why it could not be graded, for a learner; never a verdict. */
    failure: text("failure"),
    idempotencyKey: text("idempotency_key").notNull(),
    at: when("at").notNull(),
    gradedAt: when("graded_at"),
  },
  (it) => [
    uniqueIndex("submission_key").on(it.userId, it.idempotencyKey),
    uniqueIndex("submission_attempt").on(it.userId, it.labId, it.attempt),
    index("submission_state").on(it.state),
    foreignKey({
      columns: [it.labId, it.labHash],
      foreignColumns: [labVersion.labId, labVersion.hash],
    }),
  ],
);

/** The best a learner has earned in a lab. */
export const score = table(
  "score",
  {
    userId: ownerId(),
    labId: text("lab_id").notNull(),
    labHash: text("lab_hash").notNull(),
    earned: real("earned").notNull(),
    max: real("max").notNull(),
    submissionId: text("submission_id")
      .notNull()
      .references(() => submission.id, { onDelete: "cascade" }),
    at: when("at").notNull(),
  },
  (it) => [primaryKey({ columns: [it.userId, it.labId] })],
);

export const lessonProgress = table(
  "lesson_progress",
  {
    userId: ownerId(),
    lessonId: text("lesson_id").notNull(),
    readAt: when("read_at").notNull(),
  },
  (it) => [primaryKey({ columns: [it.userId, it.lessonId] })],
);
