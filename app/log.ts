import pino from "pino";
import { env } from "#lib/cli/env.ts";
import { formatProblem, type Problem } from "#lib/content/content-error.ts";

/** What happens, for whoever looks after the server: on standard error, so that standard output stays readable. */
export const log = pino({ level: env.LOG_LEVEL }, pino.destination({ dest: 2, sync: true }));

/** Tell whoever looks after the server, who may be the one who is editing, what is wrong in a course. */
export function logMistakes(problems: readonly Problem[]): void {
  for (const problem of problems) log.warn(formatProblem(problem));
}
