import type { LabInstance } from "#lib/content/lab.ts";
import type { Files } from "#lib/net/source/span.ts";
import { grade } from "./grade.ts";
import type { Report } from "./report.ts";

/** What a worker thread of `pool.ts` runs: plain Node reads this file, outside of everything that is bundled. */
export function gradeAnswer(it: { instance: LabInstance; files: Files }): Report {
  return grade(it.instance, it.files);
}
