import pino from "pino";
import { env } from "#lib/cli/env.ts";

/** What happens, for whoever looks after the server: on standard error, so that standard output stays readable. */
export const log = pino({ level: env.LOG_LEVEL }, pino.destination({ dest: 2, sync: true }));
