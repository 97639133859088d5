import { createHash, randomBytes } from "node:crypto";
import { and, eq, gt, isNull } from "drizzle-orm";
import type { Db } from "#db/open.ts";
import { oneTimeLink, user, type LinkKind } from "#db/schema.ts";

export type Link =
  | { readonly state: "open"; readonly person: { name: string; email: string } | null }
  | { readonly state: "used" | "expired" | "unknown" };

/** Keep a new link that works once, until `expiresAt`, and give back its token: the only time anyone sees it. */
export async function makeLink(
  db: Db,
  it: { kind: LinkKind; userId: string | null; now: Date; expiresAt: Date },
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await db.insert(oneTimeLink).values({
    tokenHash: hashOf(token),
    kind: it.kind,
    userId: it.userId,
    createdAt: it.now,
    expiresAt: it.expiresAt,
  });
  return token;
}

/** What became of a link, for the page it opens; looking does not use it. */
export async function findLink(
  db: Db,
  it: { kind: LinkKind; token: string; now: Date },
): Promise<Link> {
  const [row] = await db
    .select({ link: oneTimeLink, name: user.name, email: user.email })
    .from(oneTimeLink)
    .leftJoin(user, eq(user.id, oneTimeLink.userId))
    .where(and(eq(oneTimeLink.tokenHash, hashOf(it.token)), eq(oneTimeLink.kind, it.kind)));
  if (!row) return { state: "unknown" };
  if (row.link.usedAt) return { state: "used" };
  if (row.link.expiresAt <= it.now) return { state: "expired" };
  const person =
    row.name !== null && row.email !== null ? { name: row.name, email: row.email } : null;
  return { state: "open", person };
}

/** Use a link up. Of any number who try at the same time one gets `true`, and inside a transaction that fails nobody. */
export async function useLink(
  tx: Db,
  it: { kind: LinkKind; token: string; now: Date },
): Promise<{ userId: string | null } | null> {
  const [used] = await tx
    .update(oneTimeLink)
    .set({ usedAt: it.now })
    .where(
      and(
        eq(oneTimeLink.tokenHash, hashOf(it.token)),
        eq(oneTimeLink.kind, it.kind),
        isNull(oneTimeLink.usedAt),
        gt(oneTimeLink.expiresAt, it.now),
      ),
    )
    .returning({ userId: oneTimeLink.userId });
  return used ?? null;
}

/** Close every open link of a kind, or those of one person. */
export async function closeLinks(
  tx: Db,
  it: { kind: LinkKind; userId?: string; now: Date },
): Promise<void> {
  const whose = it.userId === undefined ? [] : [eq(oneTimeLink.userId, it.userId)];
  await tx
    .update(oneTimeLink)
    .set({ usedAt: it.now })
    .where(and(eq(oneTimeLink.kind, it.kind), isNull(oneTimeLink.usedAt), ...whose));
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
