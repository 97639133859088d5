import { createHash } from "node:crypto";
import { eq, lt } from "drizzle-orm";
import type { Db } from "#db/open.ts";
import { attemptLimit } from "#db/schema.ts";

export type Limit = { readonly tries: number; readonly minutes: number };

/**
 * Passwords tried for one account, from wherever they come: a class of hundreds behind one address signs in
 * together, and somebody with many addresses still guesses no faster.
 */
export const PASSWORDS: Limit = { tries: 10, minutes: 15 };

/** New accounts on the whole server: more than any class, fewer than would fill a disk. */
export const SIGN_UPS: Limit = { tries: 1000, minutes: 10 };

export const SIGN_UP_KEY = "sign-up";

export function passwordKey(email: string): string {
  return `password:${createHash("sha256").update(email.trim().toLowerCase()).digest("hex")}`;
}

/** Count one try. `null` when it may go on, else how many minutes to wait. */
export async function countTry(
  db: Db,
  it: { key: string; limit: Limit; now: Date },
): Promise<number | null> {
  const window = it.limit.minutes * 60_000;
  const now = it.now.getTime();
  return db.transaction(async (tx) => {
    await tx.delete(attemptLimit).where(lt(attemptLimit.since, now - LONGEST));
    const [before] = await tx.select().from(attemptLimit).where(eq(attemptLimit.key, it.key));
    const open = before && now - before.since < window ? before : { count: 0, since: now };
    if (open.count >= it.limit.tries) return Math.ceil((open.since + window - now) / 60_000);
    const after = { key: it.key, count: open.count + 1, since: open.since };
    await tx
      .insert(attemptLimit)
      .values(after)
      .onConflictDoUpdate({ target: attemptLimit.key, set: after });
    return null;
  });
}

const LONGEST = Math.max(PASSWORDS.minutes, SIGN_UPS.minutes) * 60_000;

/** Begin to count anew: the right password came, or a new one was set. */
export async function forgetTries(db: Db, key: string): Promise<void> {
  await db.delete(attemptLimit).where(eq(attemptLimit.key, key));
}
