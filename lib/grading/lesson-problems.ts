import { isWritable } from "#lib/content/answer.ts";
import type { Problem } from "#lib/content/content-error.ts";
import type { LessonFile } from "#lib/content/course.ts";
import { drawLab } from "#lib/content/draw.ts";
import type { Figure } from "#lib/content/figures.ts";
import type { LabInstance } from "#lib/content/lab.ts";
import { readFigures } from "#lib/content/mdx.ts";
import { walkBetween } from "./examine.ts";

/** What keeps a lesson from being shown whole: mistakes in its text, and figures that cannot be computed. */
export async function problemsOfLesson(lesson: LessonFile): Promise<readonly Problem[]> {
  const read = await readFigures(lesson.source);
  const at = (it: { line: number; column: number; message: string }): Problem => ({
    file: lesson.file,
    line: it.line,
    column: it.column,
    message: it.message,
  });
  if (!read.ok) return read.problems.map(at);
  const instance = lesson.lab && drawLab(lesson.lab, 0, lesson.example);
  return read.figures.flatMap((figure) =>
    problemsOf(figure, instance).map((message) => at({ ...figure, message })),
  );
}

function problemsOf(figure: Figure, instance: LabInstance | null): readonly string[] {
  if (!instance) return ["This figure needs a lab beside the lesson, and there is none."];
  const alien = Object.keys(figure.files).filter((name) => !isWritable(instance, name));
  if (alien.length > 0) {
    const names = alien.join(", ");
    return [
      `This example has ${names}, which a learner may not change. Allow it under "files" in lab.yaml, or leave it out.`,
    ];
  }
  if (!figure.packet) return [];
  const { from, to, proto = "icmp", port = null } = figure.packet;
  if (proto !== "icmp" && port === null) {
    return [`A ${proto} packet goes to a port. Add it, as in port={80}.`];
  }
  const walk = walkBetween(instance, figure.files, { from, to, proto, port });
  return typeof walk === "string" ? [walk] : [];
}
