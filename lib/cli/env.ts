import path from "node:path";
import { z } from "zod";

const folder = (byDefault: string) =>
  z
    .string()
    .default(byDefault)
    .transform((it) => path.resolve(/* turbopackIgnore: true */ it));

const aPort = "must be a whole number from 1 to 65535";

const schema = z.object({
  PORT: z.coerce.number(aPort).int(aPort).min(1, aPort).max(65535, aPort).default(3000),
  HOST: z.string().default("127.0.0.1"),
  BASE_URL: z
    .url({ protocol: /^https?$/, error: "must be an address such as https://strata.example.org" })
    .transform((it) => it.replace(/\/+$/, ""))
    .optional(),
  DATA_DIR: folder("data"),
  CONTENT_DIR: folder("content"),
  LOG_LEVEL: z
    .enum(["silent", "error", "warn", "info", "debug"], {
      error: "must be one of silent, error, warn, info, debug",
    })
    .default("info"),
});

export type Env = z.infer<typeof schema>;

/** Read the settings; an empty value counts as absent, and a wrong one is an error that names it. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new Error(
    read.error.issues
      .map(
        ({ path: [name], message }) =>
          `${String(name)} is "${given[String(name)]}"; it ${message}.`,
      )
      .join("\n"),
  );
}

/** The settings of this process. */
export const env: Env = parseEnv(process.env);
