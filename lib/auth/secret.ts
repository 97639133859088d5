import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The secret that signs this server's cookies: made at the first start, kept in `dataDir`, for its owner only. */
export function loadSecret(dataDir: string): string {
  const file = join(dataDir, "secret");
  return readSecret(file) ?? makeSecret(file);
}

function readSecret(file: string): string | null {
  try {
    const secret = readFileSync(file, "utf8").trim();
    if (secret.length >= 32) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new Error(
    `${file} is too short to be this server's secret. Delete it to get a new one; everybody then signs in again.`,
  );
}

function makeSecret(file: string): string {
  // Written aside and linked into place, whole: of two servers that start at once, the first wins and both read it.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(32).toString("base64url") + "\n", { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
  const secret = readSecret(file);
  if (secret === null) throw new Error(`${file} could not be written.`);
  return secret;
}
