import type { Db } from "#db/open.ts";
import type { Viewer } from "#lib/auth/viewer.ts";
import { recentDrafts } from "#lib/courses/drafts.ts";
import { progressOf } from "#lib/courses/progress.ts";
import { bestScores } from "#lib/courses/submissions.ts";
import { type Done, NOTHING_DONE } from "#lib/ui/course/progress.ts";

/** What a viewer has done so far; nothing, for a visitor. */
export async function doneBy(db: Db, viewer: Viewer | null): Promise<Done> {
  if (!viewer) return NOTHING_DONE;
  const [read, best, recent] = await Promise.all([
    progressOf(db, viewer),
    bestScores(db, viewer),
    recentDrafts(db, viewer),
  ]);
  return { read, best, recent };
}
