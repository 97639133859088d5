import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import Database from "better-sqlite3";
import { drizzle as overConnection } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";

/**
 * What domain functions are handed. Everything is awaited, as it would be on a database across a network; inside
 * `transaction` use the `tx` you are given, and no second transaction.
 */
export type Db = Omit<
  BaseSQLiteDatabase<"async", unknown, Record<string, never>>,
  "run" | "all" | "get" | "values" | "transaction" | "query" | "_query"
> & { transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> };

export type OpenDatabase = { readonly db: Db; readonly close: () => void };

const MIGRATIONS = join(/* turbopackIgnore: true */ process.cwd(), "db/migrations");

/** Open the database in `file` (`:memory:` for one that is gone when closed) and bring it up to date. */
export function open(file: string): OpenDatabase {
  const connection = new Database(file);
  // Readers do not wait for a writer; another process waits for us; references are checked; a power cut may cost the
  // last moment but never the file.
  for (const pragma of [
    "journal_mode = WAL",
    "busy_timeout = 5000",
    "foreign_keys = ON",
    "synchronous = NORMAL",
  ]) {
    connection.pragma(pragma);
  }
  migrate(overConnection(connection), { migrationsFolder: MIGRATIONS });
  return { db: asynchronous(connection), close: () => connection.close() };
}

/**
 * better-sqlite3 answers at once, and its transactions cannot wait for anything. Domain functions await, so that a
 * database across a network can follow. Between the two stands a queue: a transaction keeps the connection from
 * BEGIN to COMMIT, and whatever is not part of it waits its turn, in order of arrival.
 */
function asynchronous(connection: Database.Database): Db {
  const statements = new StatementCache(connection);
  const current = new AsyncLocalStorage<{ over: boolean }>();
  let turn: Promise<void> = Promise.resolve();

  const inTransaction = () => current.getStore()?.over === false;

  const proxied = drizzle(async (query, params, method) => {
    // Waiters on one promise continue in the order they came, and this one is finished before it yields again:
    // nothing can begin a transaction between its turn and its statement.
    if (!inTransaction()) await turn;
    return statements.run(query, params, method);
  });

  async function transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    if (inTransaction()) throw new Error("A transaction was begun inside of another one.");
    const before = turn;
    const { promise, resolve: release } = Promise.withResolvers<void>();
    turn = promise;
    await before;
    const state = { over: false };
    try {
      return await current.run(state, async () => {
        connection.exec("BEGIN IMMEDIATE");
        try {
          const result = await work(db);
          connection.exec("COMMIT");
          return result;
        } catch (error) {
          // Some errors (a full disk) have rolled it back already.
          if (connection.inTransaction) connection.exec("ROLLBACK");
          throw error;
        }
      });
    } finally {
      state.over = true;
      release();
    }
  }

  const db = Object.assign(proxied, { transaction }) as unknown as Db;
  return db;
}

/** Statements prepared once and used again: the product has a few dozen. */
class StatementCache {
  readonly #connection: Database.Database;
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>();

  constructor(connection: Database.Database) {
    this.#connection = connection;
  }

  /** Rows as arrays of values, as drizzle's proxy driver wants them. */
  run(query: string, params: unknown[], method: "run" | "all" | "values" | "get") {
    const statement = this.#prepare(query);
    if (!statement.reader) return { rows: [], changes: statement.run(...params).changes };
    if (method === "get") return { rows: statement.raw().get(...params) as unknown[] };
    return { rows: statement.raw().all(...params) };
  }

  #prepare(query: string): Database.Statement<unknown[]> {
    const known = this.#prepared.get(query);
    if (known) return known;
    // Lists of different lengths make different statements; this bounds what they may hold on to.
    if (this.#prepared.size >= 500) this.#prepared.clear();
    const statement = this.#connection.prepare<unknown[]>(query);
    this.#prepared.set(query, statement);
    return statement;
  }
}
