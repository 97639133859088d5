import { eq } from "drizzle-orm";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { open, type Db } from "./open.ts";
import { attemptLimit, session } from "./schema.ts";

let db: Db;

beforeEach(() => {
  db = open(":memory:").db;
});

async function countOf(it: Db, key: string): Promise<number | undefined> {
  const [row] = await it.select().from(attemptLimit).where(eq(attemptLimit.key, key));
  return row?.count;
}

async function setCount(it: Db, key: string, count: number): Promise<void> {
  await it
    .insert(attemptLimit)
    .values({ key, count, since: 0 })
    .onConflictDoUpdate({ target: attemptLimit.key, set: { count } });
}

test("hundreds of transactions at once lose nothing, and those that fail leave nothing", async () => {
  await setCount(db, "shared", 0);
  const transactions = Array.from({ length: 300 }, (_, n) =>
    db
      .transaction(async (tx) => {
        const before = (await countOf(tx, "shared")) ?? 0;
        if (n % 7 === 0) await sleep(1);
        await setCount(tx, "shared", before + 1);
        if (n % 2 === 1) throw new Error("changed my mind");
      })
      .catch(() => {}),
  );
  const plain = Array.from({ length: 300 }, (_, n) => setCount(db, `plain ${n}`, n));
  await Promise.all([...transactions, ...plain]);
  expect(await countOf(db, "shared")).toBe(150);
  expect(await db.select().from(attemptLimit)).toHaveLength(301);
});

test("what is not part of a transaction never sees the middle of it", async () => {
  await setCount(db, "a", 1);
  const moving = db.transaction(async (tx) => {
    await setCount(tx, "a", 2);
    await sleep(20);
    throw new Error("undo");
  });
  const seen = countOf(db, "a");
  await expect(moving).rejects.toThrow("undo");
  expect(await seen).toBe(1);
  expect(await countOf(db, "a")).toBe(1);
});

test("a plain statement that comes in between is not undone with the transaction before it", async () => {
  const failing = db.transaction(async (tx) => {
    await setCount(tx, "inside", 1);
    await sleep(5);
    throw new Error("undo");
  });
  const between = setCount(db, "between", 1);
  const after = db.transaction((tx) => setCount(tx, "after", 1));
  await expect(failing).rejects.toThrow("undo");
  await Promise.all([between, after]);
  expect([
    await countOf(db, "inside"),
    await countOf(db, "between"),
    await countOf(db, "after"),
  ]).toEqual([undefined, 1, 1]);
});

test("a transaction inside another is a mistake that says so", async () => {
  const nested = db.transaction(() => db.transaction(async () => 1));
  await expect(nested).rejects.toThrow("inside of another");
  expect(await db.transaction(async () => "still works")).toBe("still works");
});

test("references are checked", async () => {
  const at = new Date();
  const orphan = {
    id: "s",
    token: "t",
    userId: "nobody",
    expiresAt: at,
    createdAt: at,
    updatedAt: at,
  };
  await expect(db.insert(session).values(orphan)).rejects.toThrow();
});
