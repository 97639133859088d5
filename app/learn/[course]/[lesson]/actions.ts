"use server";

import { z } from "zod";
import { liveDb } from "#db/live.ts";
import { callerOf } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { loadLesson } from "#lib/content/load.ts";
import { lessonId } from "#lib/content/place.ts";
import { markRead } from "#lib/courses/progress.ts";

const ref = z.object({ course: z.string(), lesson: z.string() });

/** Keep that the viewer read a lesson. A visitor's reading is nobody's business, and a lesson must exist to be read. */
export async function markReadAction(place: {
  readonly course: string;
  readonly lesson: string;
}): Promise<void> {
  const viewer = await callerOf();
  const { course, lesson } = ref.parse(place);
  const id = lessonId(course, lesson);
  if (!viewer || !id || !(await loadLesson(env.CONTENT_DIR, course, lesson))) return;
  await markRead(liveDb(), { viewer, lessonId: id, now: new Date() });
}
