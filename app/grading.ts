import type { Grading } from "#lib/courses/submissions.ts";
import { livePool } from "#lib/grading/pool.ts";
import { log } from "./log.ts";

/** How this server grades: in threads of its own. */
export const grading: Grading = {
  grade: (instance, files) => livePool().grade(instance, files),
  clock: () => new Date(),
  onFailure: (submission, detail) => log.error({ submission, detail }, "An answer was not graded."),
};
