import { eq } from "drizzle-orm";
import type { Db } from "#db/open.ts";
import { lessonProgress } from "#db/schema.ts";
import type { Learner } from "./learner.ts";

/** Keep that a lesson was read; the first time counts. */
export async function markRead(
  db: Db,
  it: { viewer: Learner; lessonId: string; now: Date },
): Promise<void> {
  await db
    .insert(lessonProgress)
    .values({ userId: it.viewer.id, lessonId: it.lessonId, readAt: it.now })
    .onConflictDoNothing();
}

/** When the learner read each lesson they have read, by the lesson's id. */
export async function progressOf(db: Db, viewer: Learner): Promise<Record<string, Date>> {
  const rows = await db.select().from(lessonProgress).where(eq(lessonProgress.userId, viewer.id));
  return Object.fromEntries(rows.map((it) => [it.lessonId, it.readAt]));
}
