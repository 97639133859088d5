import type { Db } from "#db/open.ts";
import { forgetTries, passwordKey } from "./attempts.ts";
import { closeLinks, findLink, makeLink, useLink } from "./links.ts";
import { hashPassword } from "./password.ts";
import { endSessions, findPerson, setPassword } from "./people.ts";

const DAY = 24 * 60 * 60_000;

/** A link with which a person sets a new password, good for a day; earlier ones stop working. `null` for nobody. */
export async function makeResetLink(
  db: Db,
  it: { userId: string; now: Date },
): Promise<{ token: string; expiresAt: Date } | null> {
  const expiresAt = new Date(it.now.getTime() + DAY);
  return db.transaction(async (tx) => {
    if (!(await findPerson(tx, it.userId))) return null;
    await closeLinks(tx, { kind: "password-reset", userId: it.userId, now: it.now });
    const { userId, now } = it;
    return {
      token: await makeLink(tx, { kind: "password-reset", userId, now, expiresAt }),
      expiresAt,
    };
  });
}

/** Set the password a link stands for and sign its owner out everywhere. `null` when the link is no good any more. */
export async function resetPassword(
  db: Db,
  it: { token: string; password: string; now: Date },
): Promise<{ email: string } | null> {
  const link = { kind: "password-reset", token: it.token, now: it.now } as const;
  if ((await findLink(db, link)).state !== "open") return null;
  const passwordHash = await hashPassword(it.password);
  const email = await db.transaction(async (tx) => {
    const used = await useLink(tx, link);
    const person = used?.userId ? await findPerson(tx, used.userId) : undefined;
    if (!person) return null;
    await setPassword(tx, { userId: person.id, passwordHash, now: it.now });
    await endSessions(tx, person.id);
    return person.email;
  });
  if (email === null) return null;
  await forgetTries(db, passwordKey(email));
  return { email };
}
