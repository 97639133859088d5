import { randomUUID } from "node:crypto";
import { and, asc, count, eq } from "drizzle-orm";
import type { Db } from "#db/open.ts";
import { account, session, user, type Role } from "#db/schema.ts";

export type Person = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: Date;
};

const person = {
  id: user.id,
  name: user.name,
  email: user.email,
  role: user.role,
  createdAt: user.createdAt,
};

/** Everybody with an account, by name. */
export async function listPeople(db: Db): Promise<Person[]> {
  return db.select(person).from(user).orderBy(asc(user.name), asc(user.email));
}

export async function findPerson(db: Db, id: string): Promise<Person | undefined> {
  const [found] = await db.select(person).from(user).where(eq(user.id, id));
  return found;
}

export async function findByEmail(db: Db, email: string): Promise<Person | undefined> {
  const [found] = await db.select(person).from(user).where(eq(user.email, email.toLowerCase()));
  return found;
}

export async function countAdministrators(db: Db): Promise<number> {
  const [row] = await db.select({ n: count() }).from(user).where(eq(user.role, "admin"));
  return row?.n ?? 0;
}

/** Give a person another role. The last administrator stays one, or nobody could let anybody in again. */
export async function changeRole(
  db: Db,
  it: { userId: string; role: Role; now: Date },
): Promise<"changed" | "last-administrator" | "unknown-person"> {
  return db.transaction(async (tx) => {
    const before = await findPerson(tx, it.userId);
    if (!before) return "unknown-person";
    const leaves = before.role === "admin" && it.role !== "admin";
    if (leaves && (await countAdministrators(tx)) === 1) return "last-administrator";
    await tx.update(user).set({ role: it.role, updatedAt: it.now }).where(eq(user.id, it.userId));
    return "changed";
  });
}

/** A new person with a password, already hashed. */
export async function addPerson(
  tx: Db,
  it: { name: string; email: string; role: Role; passwordHash: string; now: Date },
): Promise<string> {
  const id = randomUUID();
  const { name, email, role, now } = it;
  await tx.insert(user).values({ id, name, email, role, createdAt: now, updatedAt: now });
  await setPassword(tx, { userId: id, passwordHash: it.passwordHash, now });
  return id;
}

/** Set a person's password, also for one who had none. */
export async function setPassword(
  tx: Db,
  it: { userId: string; passwordHash: string; now: Date },
): Promise<void> {
  const { userId, passwordHash: password, now } = it;
  const values = {
    id: randomUUID(),
    userId,
    providerId: "credential",
    accountId: userId,
    password,
    createdAt: now,
    updatedAt: now,
  };
  await tx
    .insert(account)
    .values(values)
    .onConflictDoUpdate({
      target: [account.providerId, account.accountId],
      set: { password, updatedAt: now },
    });
}

export async function passwordHashOf(db: Db, userId: string): Promise<string | null> {
  const [found] = await db
    .select({ password: account.password })
    .from(account)
    .where(and(eq(account.providerId, "credential"), eq(account.accountId, userId)));
  return found?.password ?? null;
}

/** End everywhere what a person is signed in to. */
export async function endSessions(tx: Db, userId: string): Promise<void> {
  await tx.delete(session).where(eq(session.userId, userId));
}
