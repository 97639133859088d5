import { eq } from "drizzle-orm";
import type { Db } from "#db/open.ts";
import { user } from "#db/schema.ts";
import { countTry, forgetTries, passwordKey, PASSWORDS } from "./attempts.ts";
import { closeLinks, findLink, makeLink, useLink } from "./links.ts";
import { addPerson, countAdministrators, findByEmail, passwordHashOf } from "./people.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import type { NewPerson } from "./person.ts";

const WEEK = 7 * 24 * 60 * 60_000;

/**
 * A link that makes the first administrator, or `null` when there is one. Every start makes another, because only
 * its hash is kept; those of earlier starts stay good, so a restart does not spoil a form that is being filled in.
 */
export async function makeFirstAdminLink(db: Db, now: Date): Promise<string | null> {
  if ((await countAdministrators(db)) > 0) return null;
  const expiresAt = new Date(now.getTime() + WEEK);
  return makeLink(db, { kind: "first-admin", userId: null, now, expiresAt });
}

export type FirstAdmin =
  | { readonly kind: "made"; readonly userId: string }
  | { readonly kind: "link-closed" | "wrong-password" | "too-many-tries" };

/**
 * Make the first administrator with a link's token. Whoever has an account already becomes administrator with it,
 * if they know its password. Nothing is used up unless it works.
 */
export async function makeFirstAdmin(
  db: Db,
  it: { token: string; person: NewPerson; now: Date },
): Promise<FirstAdmin> {
  const { person, now } = it;
  const link = { kind: "first-admin", token: it.token, now } as const;
  if ((await findLink(db, link)).state !== "open") return { kind: "link-closed" };
  const existing = await findByEmail(db, person.email);
  if (existing) {
    const key = passwordKey(person.email);
    if ((await countTry(db, { key, limit: PASSWORDS, now })) !== null) {
      return { kind: "too-many-tries" };
    }
    const hash = await passwordHashOf(db, existing.id);
    if (!hash || !(await verifyPassword({ hash, password: person.password }))) {
      return { kind: "wrong-password" };
    }
    await forgetTries(db, key);
  }
  // Before the transaction: it takes long, and a transaction keeps everybody waiting.
  const passwordHash = existing ? null : await hashPassword(person.password);

  return db.transaction(async (tx) => {
    const used = await useLink(tx, link);
    if (!used || (await countAdministrators(tx)) > 0) return { kind: "link-closed" };
    await closeLinks(tx, { kind: "first-admin", now });
    if (existing) {
      await tx.update(user).set({ role: "admin", updatedAt: now }).where(eq(user.id, existing.id));
      return { kind: "made", userId: existing.id };
    }
    const { name, email } = person;
    const userId = await addPerson(tx, {
      name,
      email,
      role: "admin",
      passwordHash: passwordHash!,
      now,
    });
    return { kind: "made", userId };
  });
}
