import { and, eq } from "drizzle-orm";
import type { Lab } from "#lib/content/lab.ts";
import type { Db } from "#db/open.ts";
import { labVersion } from "#db/schema.ts";

/** Keep a lab's files under their hash: drafts and answers on it outlive whatever its author changes next. */
export async function keepVersion(db: Db, it: { lab: Lab; now: Date }): Promise<void> {
  const { lab, now } = it;
  await db
    .insert(labVersion)
    .values({ labId: lab.id, hash: lab.hash, lab, createdAt: now })
    .onConflictDoNothing();
}

/** A lab as it was under `hash`. Drafts and submissions refer to it, so it is there. */
export async function versionOf(db: Db, it: { labId: string; labHash: string }): Promise<Lab> {
  const [row] = await db
    .select({ lab: labVersion.lab })
    .from(labVersion)
    .where(and(eq(labVersion.labId, it.labId), eq(labVersion.hash, it.labHash)));
  if (!row) throw new Error(`Version ${it.labHash} of lab ${it.labId} is not stored.`);
  return row.lab;
}
