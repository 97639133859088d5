import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { openLive } from "#db/live.ts";
import type { Db } from "#db/open.ts";
import { makeFirstAdminLink } from "#lib/auth/first-admin.ts";
import { openLiveAuth } from "#lib/auth/live.ts";
import { loadSecret } from "#lib/auth/secret.ts";
import { env } from "#lib/cli/env.ts";
import { lessonsOf } from "#lib/content/course.ts";
import { loadCourses } from "#lib/content/load.ts";
import { gradeQueued } from "#lib/courses/submissions.ts";
import { grading } from "./grading.ts";
import { log, logMistakes } from "./log.ts";

/** Everything that must be there before the first request; what is missing ends the server with a sentence. */
export async function start(): Promise<void> {
  try {
    const db = openDatabase();
    openLiveAuth({
      db,
      secret: loadSecret(env.DATA_DIR),
      baseUrl: env.BASE_URL,
      log: (level, message) => log[level](message),
    });
    say(await greeting(db));
    // Not waited for: pages are served meanwhile.
    void gradeLeftOver(db);
    void lookAtContent();
  } catch (error) {
    log.debug(error);
    process.stderr.write(`Strata cannot start. ${wordsOf(error)}\n`);
    process.exit(1);
  }
}

function openDatabase(): Db {
  try {
    return openLive(env.DATA_DIR);
  } catch (error) {
    const file = join(env.DATA_DIR, "strata.db");
    const what = `The database ${file} cannot be opened: ${wordsOf(error)}.`;
    const todo = "Check that the folder can be written and the disk is not full, or set DATA_DIR.";
    throw new Error(`${what} ${todo}`, { cause: error });
  }
}

async function greeting(db: Db): Promise<string> {
  const [first = "", ...others] = addresses();
  const token = await makeFirstAdminLink(db, new Date());
  const also = others.map((it) => `  also at ${it}`);
  const invitation =
    token === null
      ? []
      : [
          "",
          "There is no administrator yet. Become one with this link, which works once:",
          `  ${first}/welcome/${token}`,
        ];
  return ["", `Strata is at ${first}`, ...also, ...invitation, "", ""].join("\n");
}

/** Where this server is reached, the address to tell people first. */
function addresses(): string[] {
  const at = (host: string) => `http://${host}${env.PORT === 80 ? "" : `:${env.PORT}`}`;
  const everywhere = env.HOST === "0.0.0.0" || env.HOST === "::";
  const local = everywhere || env.HOST === "127.0.0.1" || env.HOST === "::1";
  const hosts = local ? ["localhost"] : [env.HOST.includes(":") ? `[${env.HOST}]` : env.HOST];
  if (everywhere) hosts.push(...lanAddresses());
  return [...(env.BASE_URL === undefined ? [] : [env.BASE_URL]), ...hosts.map(at)];
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((it) => it ?? [])
    .filter((it) => it.family === "IPv4" && !it.internal)
    .map((it) => it.address);
}

async function gradeLeftOver(db: Db): Promise<void> {
  try {
    const count = await gradeQueued(db, grading);
    if (count > 0) log.info(`Graded ${count} answers that were waiting when the server stopped.`);
  } catch (error) {
    log.error(error, "Answers that were waiting could not be graded.");
  }
}

/** An author who starts the server sees at once what is wrong; a wrong folder looks like no courses at all. */
async function lookAtContent(): Promise<void> {
  try {
    const { courses, problems } = await loadCourses(env.CONTENT_DIR);
    const ofLessons = courses.flatMap(lessonsOf).flatMap((lesson) => lesson.problems);
    logMistakes([...problems, ...ofLessons]);
    if (courses.length + problems.length > 0) return;
    log.warn(
      `There is no course in ${env.CONTENT_DIR}: none of its folders courses/*/ holds a course.yaml. Set CONTENT_DIR.`,
    );
  } catch (error) {
    log.error(error, "The courses could not be read.");
  }
}

function say(text: string): void {
  process.stdout.write(text);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
