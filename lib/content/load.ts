// The only file of lib/content that touches the disk. Nothing is kept between calls: an edit is seen by the next one.

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Files } from "#lib/net/source/span.ts";
import { attempt, ContentError, fileProblem } from "./content-error.ts";
import type { Problem } from "./content-error.ts";
import type { Course, Lesson, LessonEntry, LessonFile, Module } from "./course.ts";
import { lessonsOf } from "./course.ts";
import { courseSchema, frontMatterSchema } from "./course-schema.ts";
import type { CourseYaml, FrontMatter } from "./course-schema.ts";
import { labOf, pinProblems, problemsOfAnswer } from "./draw.ts";
import { maskForms } from "./fill.ts";
import type { Lab } from "./lab.ts";
import { idOfFolder, isId } from "./place.ts";
import { checkYaml, plain, readYaml } from "./yaml-text.ts";
import type { YamlText } from "./yaml-text.ts";

/** An answer that is kept in a lab's folder. */
export type AnswerName = "solution" | `also/${string}` | `wrong/${string}`;

/** A lab with the answers that its author keeps beside it. Never leaves the server. */
export type LabFolder = {
  readonly folder: string;
  readonly lab: Lab;
  /** Each answer's files, their forms not yet filled in. */
  readonly answers: Readonly<Record<AnswerName, Files>>;
};

const MOST_FOLDER_BYTES = 8 * 1024 * 1024;
const MOST_FOLDER_FILES = 1000;
const DEEPEST = 12;

/** All courses of the content folder `dir`, by title, and the mistakes that keep others from being among them. */
export async function loadCourses(
  dir: string,
): Promise<{ readonly courses: readonly Course[]; readonly problems: readonly Problem[] }> {
  const names = (await foldersIn(join(dir, "courses"))).filter(isId);
  const read = await Promise.all(names.map((name) => attempt(() => loadCourse(dir, name))));
  const courses = read.flatMap((it) => ("value" in it && it.value ? [it.value] : []));
  return {
    courses: courses.sort((a, b) => (a.title < b.title ? -1 : Number(a.title > b.title))),
    problems: read.flatMap((it) => ("problems" in it ? it.problems : [])),
  };
}

/**
 * A course by its id; `null` when there is none, also for an id that is no id. Mistakes in a lesson are that
 * lesson's alone; those in `course.yaml` throw `ContentError` with paths from `dir`.
 */
export async function loadCourse(dir: string, course: string): Promise<Course | null> {
  const place = await findCourse(dir, course);
  if (!place) return null;
  const modules = await Promise.all(
    place.course.modules.map(async (it, module): Promise<Module> => {
      const entries = it.lessons.map((lesson, number) =>
        listed(dir, place, [module, number], lesson),
      );
      return { id: it.id, title: it.title, layer: it.layer, lessons: await Promise.all(entries) };
    }),
  );
  return { id: course, title: place.course.title, summary: place.course.summary, modules };
}

/** A lesson by its course's id and its own; `null` when the course does not list it. */
export async function loadLesson(
  dir: string,
  course: string,
  lesson: string,
): Promise<Lesson | null> {
  const whole = isId(lesson) ? await loadCourse(dir, course) : null;
  const home = whole?.modules.find((it) => it.lessons.some(({ id }) => id === lesson));
  const folder = home && (await findListedLesson(dir, course, lesson));
  if (!whole || !home || !folder) return null;
  const text = await readLesson(dir, folder);
  await checkExample(dir, folder, text);
  const inOrder = lessonsOf(whole);
  const at = inOrder.findIndex((it) => it.id === lesson);
  return {
    ...entryOf(lesson, text, folder),
    course: { id: whole.id, title: whole.title },
    module: { id: home.id, title: home.title, layer: home.layer },
    number: home.lessons.findIndex((it) => it.id === lesson) + 1,
    of: home.lessons.length,
    previous: inOrder[at - 1] ?? null,
    next: inOrder[at + 1] ?? null,
    source: text.source,
    file: text.file,
    example: text.front.example,
  };
}

/** The lab of a lesson; `null` when the lesson is not listed or has none. Throws `ContentError` with paths from `dir`. */
export async function loadLab(dir: string, course: string, lesson: string): Promise<Lab | null> {
  const found = isId(lesson) ? await findListedLesson(dir, course, lesson) : null;
  if (!found?.hasLab) return null;
  const folder = join(found.folder, "lab");
  const bytes = await readFolder(folder);
  return inFolder(relativeTo(dir, folder), () => labFrom(bytes, `${course}/${lesson}`));
}

/** A lab with its answers, from any folder that holds `lab.yaml` or has it in `lab/`. Its id is that of its lesson, else the folder's name. */
export async function loadLabFolder(path: string, id?: string): Promise<LabFolder> {
  const folder = await labFolderOf(path);
  const bytes = await readFolder(folder);
  return inFolder(folder, () => {
    const lab = labFrom(bytes, id ?? idOfLabFolder(folder));
    const answers = answersIn(bytes);
    const problems = [
      ...Object.entries(answers).flatMap(([name, files]) => problemsOfAnswer(lab, name, files)),
      ...untested(lab, answers),
    ];
    if (problems.length > 0) throw new ContentError(problems);
    return { folder, lab, answers };
  });
}

/** Every folder at or below `path` that holds `lab.yaml`, sorted. */
export async function labsUnder(path: string): Promise<readonly string[]> {
  return foldersUnder(path, "lab.yaml");
}

/** Every folder at or below `path` that holds `lesson.mdx`, sorted. */
export async function lessonsUnder(path: string): Promise<readonly string[]> {
  return foldersUnder(path, "lesson.mdx");
}

/** Every folder at or below `path` that holds `course.yaml`, sorted. */
export async function coursesUnder(path: string): Promise<readonly string[]> {
  return foldersUnder(path, "course.yaml");
}

/** A lesson by its folder, without its course; throws `ContentError` with paths as `folder` was given. */
export async function loadLessonFolder(folder: string): Promise<LessonFile> {
  const found = { folder, hasLab: await isFile(join(folder, "lab", "lab.yaml")) };
  const text = await readLesson("", found);
  await checkExample("", found, text);
  const lab = found.hasLab ? (await loadLabFolder(join(folder, "lab"))).lab : null;
  return { file: text.file, source: text.source, example: text.front.example, lab };
}

async function foldersUnder(path: string, holding: string): Promise<readonly string[]> {
  const kind = await stat(path).catch(() => null);
  if (!kind?.isDirectory()) {
    const message = "There is no such folder. Name one that holds a course, a lesson or a lab.";
    throw new ContentError([fileProblem(path, message)]);
  }
  const found = (await filesUnder(path)).filter((file) => basename(file) === holding);
  return found.map((file) => join(path, dirname(file))).sort();
}

type FoundCourse = {
  readonly folder: string;
  readonly yaml: YamlText;
  readonly course: CourseYaml;
};
type FoundLesson = { readonly folder: string; readonly hasLab: boolean };
type LessonText = {
  readonly source: string;
  readonly file: string;
  readonly yaml: YamlText;
  readonly front: FrontMatter;
};

async function findCourse(dir: string, course: string): Promise<FoundCourse | null> {
  if (!isId(course)) return null;
  const folder = join(dir, "courses", course);
  const file = join(folder, "course.yaml");
  const source = await textOf(file, relativeTo(dir, file));
  if (source === null) return null;
  const yaml = readYaml(relativeTo(dir, file), source, plain(source));
  const read = checkYaml(yaml, courseSchema);
  const problems = twice(read).map(({ path, message }) => yaml.problem(path, message));
  if (problems.length > 0) throw new ContentError(problems);
  return { folder, yaml, course: read };
}

/** Ids that stand in a course more than once. */
function twice(course: CourseYaml): readonly { path: readonly PropertyKey[]; message: string }[] {
  const seen = new Set<string>();
  const again = (kind: string, id: string, path: readonly PropertyKey[]) => {
    const key = `${kind} ${id}`;
    const known = seen.has(key);
    seen.add(key);
    return known
      ? [{ path, message: `The ${kind} "${id}" is listed twice. Give it another id.` }]
      : [];
  };
  return course.modules.flatMap((module, index) => [
    ...again("module", module.id, ["modules", index, "id"]),
    ...module.lessons.flatMap((lesson, number) =>
      again("lesson", lesson, ["modules", index, "lessons", number]),
    ),
  ]);
}

async function findListedLesson(
  dir: string,
  course: string,
  lesson: string,
): Promise<FoundLesson | null> {
  const place = await findCourse(dir, course);
  const home = place?.course.modules.find((it) => it.lessons.includes(lesson));
  return place && home ? findLesson(place, home.id, lesson) : null;
}

/** The folder of a lesson, whatever order numbers it has: found among what is there, never made from an id. */
async function findLesson(
  place: FoundCourse,
  module: string,
  lesson: string,
): Promise<FoundLesson | null> {
  const outer = await folderNamed(place.folder, module);
  const folder = outer && (await folderNamed(outer, lesson));
  if (!folder || !(await isFile(join(folder, "lesson.mdx")))) return null;
  return { folder, hasLab: await isFile(join(folder, "lab", "lab.yaml")) };
}

async function folderNamed(dir: string, id: string): Promise<string | null> {
  const name = (await foldersIn(dir)).find((it) => idOfFolder(it) === id);
  return name === undefined ? null : join(dir, name);
}

/** A lesson as its course lists it; one with mistakes, or that is not there, is listed with them. */
async function listed(
  dir: string,
  place: FoundCourse,
  [module, number]: readonly [number, number],
  id: string,
): Promise<LessonEntry> {
  const found = await findLesson(place, place.course.modules[module]?.id ?? "", id);
  const unread = { id, title: id, minutes: 0, skills: [], hasLab: found?.hasLab ?? false };
  if (!found) return { ...unread, problems: [noSuchLesson(place, module, number)] };
  const text = await attempt(() => readLesson(dir, found));
  return "value" in text ? entryOf(id, text.value, found) : { ...unread, ...text };
}

function noSuchLesson(place: FoundCourse, module: number, lesson: number): Problem {
  const it = place.course.modules[module];
  const id = it?.lessons[lesson] ?? "";
  const message = `There is no lesson "${id}": no folder such as 10-${it?.id}/10-${id} with a lesson.mdx. Add it, or take it off the list.`;
  return place.yaml.problem(["modules", module, "lessons", lesson], message);
}

function entryOf(id: string, text: LessonText, found: FoundLesson): LessonEntry {
  const { title, minutes, skills } = text.front;
  return { id, title, minutes, skills, hasLab: found.hasLab, problems: [] };
}

async function readLesson(dir: string, found: FoundLesson): Promise<LessonText> {
  const path = join(found.folder, "lesson.mdx");
  const file = relativeTo(dir, path);
  const source = (await textOf(path, file)) ?? "";
  const [, opening = "", front] =
    /^(---[ \t]*\r?\n)([^]*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|$)/m.exec(source) ?? [];
  if (front === undefined || !source.startsWith("---")) {
    const message = "A lesson begins with its title and minutes between two lines of ---.";
    throw new ContentError([fileProblem(file, message)]);
  }
  const yaml = readYaml(file, source, plain(front, opening.length));
  return { source, file, yaml, front: checkYaml(yaml, frontMatterSchema) };
}

async function checkExample(
  dir: string,
  found: FoundLesson,
  { yaml, front }: LessonText,
): Promise<void> {
  if (Object.keys(front.example).length === 0) return;
  if (!found.hasLab) {
    throw new ContentError([
      yaml.problem(
        ["example"],
        "This lesson has no lab whose variables could have these values.",
        "key",
      ),
    ]);
  }
  const folder = join(found.folder, "lab");
  const bytes = await readFolder(folder);
  const lab = inFolder(relativeTo(dir, folder), () => labFrom(bytes, "example"));
  const problems = pinProblems(lab, front.example).map(({ name, message }) =>
    yaml.problem(["example", name], message),
  );
  if (problems.length > 0) throw new ContentError(problems);
}

/** Whatever is wrong in a lab's folder is said with the folder's path. */
function inFolder<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ContentError ? error.under(folder) : error;
  }
}

type Bytes = ReadonlyMap<string, Uint8Array>;

function labFrom(bytes: Bytes, id: string): Lab {
  const yaml = bytes.get("lab.yaml");
  if (!yaml) throw new ContentError([fileProblem("lab.yaml", "This lab has no lab.yaml.")]);
  return labOf({
    id,
    hash: hashOf(bytes),
    yaml: decode("lab.yaml", yaml),
    start: filesBelow(bytes, "start/"),
  });
}

/** What a verdict is about: every path and every byte, each with its length, so that no two folders look the same. */
function hashOf(bytes: Bytes): string {
  const hash = createHash("sha256");
  for (const [path, content] of [...bytes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(path)}:${path}:${content.length}:`);
    hash.update(content);
  }
  return hash.digest("hex");
}

function filesBelow(bytes: Bytes, folder: string): Files {
  return Object.fromEntries(
    [...bytes]
      .filter(([path]) => path.startsWith(folder))
      .map(([path, content]) => [path.slice(folder.length), decode(path, content)]),
  );
}

function answersIn(bytes: Bytes): Record<AnswerName, Files> {
  const names = [...bytes.keys()].flatMap((path) => {
    const name = /^(?:solution|(?:also|wrong)\/[^/]+)(?=\/)/.exec(path)?.[0];
    return name ? [name as AnswerName] : [];
  });
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, filesBelow(bytes, `${name}/`)]),
  ) as Record<AnswerName, Files>;
}

/** Tests without an answer, answers without a test. */
function untested(lab: Lab, answers: Readonly<Record<string, Files>>): readonly Problem[] {
  const yaml = readYaml("lab.yaml", lab.yaml, maskForms(lab.yaml));
  const absent = Object.keys(lab.tests)
    .filter((name) => name !== "start" && !Object.hasOwn(answers, name))
    .map((name) =>
      yaml.problem(["tests", name], `There is no folder ${name}/ with files for this test.`, "key"),
    );
  const missing = Object.keys(answers)
    .filter((name) => !Object.hasOwn(lab.tests, name))
    .map((name) =>
      yaml.problem(
        ["tests"],
        `The answer ${name}/ has no test. Say what it earns, or which objectives fail.`,
        "key",
      ),
    );
  return [...absent, ...missing];
}

async function labFolderOf(path: string): Promise<string> {
  for (const folder of [path, join(path, "lab")]) {
    if (await isFile(join(folder, "lab.yaml"))) return folder;
  }
  const message = "There is no lab.yaml here. Name a lab's folder.";
  throw new ContentError([fileProblem(path, message)]);
}

/** `<course>/<lesson>` where the folder lies in a course, else the folder's own name. */
function idOfLabFolder(folder: string): string {
  const steps = resolve(folder).split(sep);
  const [courses, course = "", , lesson = "", lab] = steps.slice(-5);
  const id = idOfFolder(lesson);
  return courses === "courses" && lab === "lab" && isId(course) && id
    ? `${course}/${id}`
    : basename(resolve(folder));
}

/** Every file below `folder` by its path, with `/` on every system. */
async function readFolder(folder: string): Promise<Bytes> {
  const paths = await filesUnder(folder);
  let size = 0;
  const bytes = new Map<string, Uint8Array>();
  for (const path of paths) {
    const content = await readFile(join(folder, path));
    size += content.length;
    if (size > MOST_FOLDER_BYTES) {
      throw new ContentError([
        fileProblem(join(folder, path), "This lab's folder holds more than 8 MB."),
      ]);
    }
    bytes.set(path, content);
  }
  return bytes;
}

/** Paths of all files below `folder`, sorted; what begins with a dot or ends in ~ is an editor's own. */
async function filesUnder(folder: string, below = "", depth = 0): Promise<readonly string[]> {
  const names = (await readdir(join(folder, below)))
    .filter((it) => !/^\.|~$|^#.*#$/.test(it))
    .sort();
  const found: string[] = [];
  for (const name of names) {
    const path = below ? `${below}/${name}` : name;
    const kind = await stat(join(folder, path)).catch(() => null);
    if (kind?.isFile()) found.push(path);
    if (kind?.isDirectory() && name !== "node_modules" && depth < DEEPEST) {
      found.push(...(await filesUnder(folder, path, depth + 1)));
    }
    if (found.length > MOST_FOLDER_FILES) {
      throw new ContentError([
        fileProblem(folder, `This folder holds more than ${MOST_FOLDER_FILES} files.`),
      ]);
    }
  }
  return found;
}

async function foldersIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir).catch(absent);
  const kinds = await Promise.all(
    (entries ?? []).map(async (name) => ((await isFolder(join(dir, name))) ? [name] : [])),
  );
  return kinds.flat().sort();
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(absent))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(absent))?.isFile() ?? false;
}

async function textOf(path: string, file: string): Promise<string | null> {
  const content = await readFile(path).catch(absent);
  return content && decode(file, content);
}

/** What is not there is `null`; a folder that may not be read, or a broken disk, stays an error. */
function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}

/** UTF-8 with one kind of line end, so that a checkout on Windows reads like any other. */
function decode(file: string, content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content).replaceAll("\r\n", "\n");
  } catch {
    throw new ContentError([fileProblem(file, "This file is no text in UTF-8. Save it as UTF-8.")]);
  }
}

function relativeTo(dir: string, path: string): string {
  return relative(dir, path).replaceAll("\\", "/");
}
