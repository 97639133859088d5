import { basename, dirname, join, relative } from "node:path";
import {
  attempt,
  ContentError,
  fileProblem,
  sortProblems,
  type Problem,
} from "#lib/content/content-error.ts";
import { lessonsOf } from "#lib/content/course.ts";
import {
  coursesUnder,
  labsUnder,
  lessonsUnder,
  loadCourse,
  loadLabFolder,
  loadLessonFolder,
  type LabFolder,
} from "#lib/content/load.ts";
import { problemsOfLesson } from "#lib/grading/lesson-problems.ts";
import { strengthOf, type Strength } from "#lib/grading/mutants.ts";
import { readinessOf, type Readiness, type Unready } from "#lib/grading/readiness.ts";
import { BadCall, NO, readCall, wholeNumber, YES, type Command } from "../call.ts";

const SEEDS = 3;
const MOST_SEEDS = 10_000;

export const checkCommand: Command = {
  usage: "check PATH [--mutants] [--seeds N]",
  help: "Is this content ready to publish? A lab, a lesson, a course or all of it",
  async run(args) {
    const { positionals, values } = readCall(args, 1, {
      seeds: { type: "string" },
      mutants: { type: "boolean" },
    });
    const count = wholeNumber("seeds", values.seeds, SEEDS);
    if (count < 1 || count > MOST_SEEDS) throw new BadCall(`--seeds is from 1 to ${MOST_SEEDS}.`);
    const seeds = Array.from({ length: count }, (_, at) => at + 1);

    const content = await readContent(positionals[0]!);
    const labs = content.labs.map(({ folder, lab, answers }) => {
      const { tried, problems } = readinessOf(lab, answers, seeds);
      const { solution } = answers;
      const mutants = values.mutants && solution ? strengthOf(lab, solution, seeds[0]!) : undefined;
      return {
        lab: lab.id,
        path: shown(folder),
        tried,
        problems: [...problems, ...(mutants ? mutantProblems(mutants, seeds[0]!) : [])],
        ...(mutants && { mutants }),
      };
    });
    const lessons = content.lessons.map((folder) => ({ path: shown(folder) }));
    const ready = labs.every((one) => one.problems.length === 0);
    const text = [...lessons.map(({ path }) => `${path}: lesson ready`), ...labs.map(inWords)].join(
      "\n",
    );
    return { json: { ready, lessons, labs }, text, status: ready ? YES : NO };
  },
};

/** Everything under `path`, read. Whatever cannot be read is said at once, all of it. */
async function readContent(
  path: string,
): Promise<{ labs: readonly LabFolder[]; lessons: readonly string[] }> {
  const [courses, lessons, labs] = [
    await coursesUnder(path),
    await lessonsUnder(path),
    await labsUnder(path),
  ];
  if (lessons.length + labs.length === 0)
    throw new BadCall(`${path}: there is no lesson and no lab in this folder.`);
  const read = await Promise.all(labs.map((folder) => attempt(() => loadLabFolder(folder))));
  const problems = [
    ...(await Promise.all(courses.map(problemsOfCourse))).flat(),
    ...(await Promise.all(lessons.map(problemsAt))).flat(),
    ...read.flatMap((it) => ("problems" in it ? it.problems : [])),
  ];
  if (problems.length > 0) throw new ContentError(sortProblems(problems));
  return { labs: read.flatMap((it) => ("value" in it ? [it.value] : [])), lessons };
}

/** What is wrong with the list of a course. Its lessons are looked at by themselves. */
async function problemsOfCourse(folder: string): Promise<readonly Problem[]> {
  const [courses, content] = [dirname(join(folder)), dirname(dirname(join(folder)))];
  const read = await attempt(() => loadCourse(content, basename(folder)));
  const under = (problems: readonly Problem[]) =>
    content === "." ? problems : new ContentError(problems).under(content).problems;
  if ("problems" in read) return under(read.problems);
  if (!read.value || basename(courses) !== "courses") {
    const message =
      "A course stands in a folder courses/, in one named by lower-case words joined by hyphens.";
    return [fileProblem(join(folder, "course.yaml"), message)];
  }
  const listed = lessonsOf(read.value).flatMap((lesson) => lesson.problems);
  return under(listed.filter((it) => basename(it.file) === "course.yaml"));
}

async function problemsAt(folder: string): Promise<readonly Problem[]> {
  const lesson = await attempt(() => loadLessonFolder(folder));
  return "value" in lesson ? problemsOfLesson(lesson.value) : lesson.problems;
}

function shown(folder: string): string {
  return relative(".", folder) || ".";
}

/** Of a grader that does not notice a mistake, the author must say why that does no harm. */
function mutantProblems({ survivors }: Strength, seed: number): Unready[] {
  return survivors
    .filter((one) => one.harmless === null)
    .map(({ file, line, was, now, shown: { from, to } }) => ({
      about: `solution/${file}:${line}`,
      seed,
      message: `${now === null ? `Without "${was.trim()}"` : `With "${now.trim()}" for "${was.trim()}"`} packets from ${from} to ${to} fare differently, and every objective still holds. Ask for it, or name the line under "harmless" with a reason.`,
    }));
}

type Checked = Readiness & {
  readonly lab: string;
  readonly path: string;
  readonly mutants?: Strength;
};

function inWords(lab: Checked): string {
  const { answers, seeds, dead } = lab.tried;
  const { mutants } = lab;
  const changed = mutants
    ? `, ${mutants.tried} mutants: ${mutants.caught} caught, ${mutants.survivors.length} not`
    : "";
  const tried = `${answers} answers on ${seeds} seeds, ${dead} dead networks${changed}`;
  if (lab.problems.length === 0) return `${lab.path}: ready (${tried})`;
  const lines = gathered(lab.problems).map(
    ([{ about, message }, on]) => `  ${about}${seedsText(on)}: ${message}`,
  );
  return [`${lab.path}: not ready (${tried})`, ...lines].join("\n");
}

/** What goes wrong alike on several seeds is said once. */
function gathered(problems: readonly Unready[]): readonly (readonly [Unready, number[]])[] {
  const alike = new Map<string, readonly [Unready, number[]]>();
  for (const problem of problems) {
    const key = `${problem.about}: ${problem.message}`;
    const [, on] = alike.get(key) ?? [problem, []];
    alike.set(key, [problem, problem.seed === null ? on : [...on, problem.seed]]);
  }
  return [...alike.values()];
}

function seedsText(seeds: readonly number[]): string {
  if (seeds.length === 0) return "";
  return seeds.length === 1 ? `, seed ${seeds[0]}` : `, seeds ${seeds.join(", ")}`;
}
