import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { open, type Db, type OpenDatabase } from "./open.ts";

// The server's pages, actions and start-up code are bundled apart: what they share hangs on the process.
const shared = globalThis as { strataDatabase?: OpenDatabase };

/** Open this process's database in `dataDir`, once. */
export function openLive(dataDir: string): Db {
  if (!shared.strataDatabase) {
    const opened = openPrivately(dataDir);
    shared.strataDatabase = opened;
    // What is still in the files beside it moves into the database: a copy of that one file is then whole.
    process.once("exit", () => opened.close());
  }
  return shared.strataDatabase.db;
}

/** This process's database, open since it started. */
export function liveDb(): Db {
  if (!shared.strataDatabase)
    throw new Error("The database is not open: the server has not started.");
  return shared.strataDatabase.db;
}

/** People's work and addresses are in there: nobody else on the machine may read what we make. */
function openPrivately(dataDir: string): OpenDatabase {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "strata.db");
  // SQLite gives the files beside it the same rights.
  closeSync(openSync(file, "a", 0o600));
  return open(file);
}
