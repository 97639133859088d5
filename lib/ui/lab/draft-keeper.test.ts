import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Files } from "#lib/net/source/span.ts";
import {
  type Heard,
  type Keeper,
  type Kept,
  type SaveAnswer,
  type Shelf,
  browserShelf,
  keepDraft,
} from "./draft-keeper.ts";

const FILE = "edge/startup.ios";
const START = { [FILE]: "hostname edge" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a draft", () => {
  test("is on the shelf at once and on the server when typing pauses", async () => {
    const { keeper, server, shelf } = bench();
    keeper.edit(FILE, "a");
    keeper.edit(FILE, "ab");
    expect(shelf.read()?.files).toEqual({ [FILE]: "ab" });
    expect(server.saves).toBe(0);
    await vi.advanceTimersByTimeAsync(800);
    expect(server).toMatchObject({ saves: 1, revision: 2, files: { [FILE]: "ab" } });
    expect(keeper.view()).toMatchObject({ status: "saved" });
    expect(shelf.read()).toBeNull();
  });

  test("typed on while it is being saved is saved again", async () => {
    const { keeper, server } = bench();
    keeper.edit(FILE, "a");
    server.delay = 500;
    await vi.advanceTimersByTimeAsync(900);
    keeper.edit(FILE, "ab");
    await vi.advanceTimersByTimeAsync(2000);
    expect(server).toMatchObject({ saves: 2, files: { [FILE]: "ab" } });
    expect(keeper.view().status).toBe("saved");
  });

  test("stays in the browser while the server is away, and follows with longer pauses", async () => {
    const { keeper, server, shelf } = bench();
    server.away = true;
    keeper.edit(FILE, "offline");
    await vi.advanceTimersByTimeAsync(800);
    expect(keeper.view().status).toBe("offline");
    expect(shelf.read()?.files).toEqual({ [FILE]: "offline" });
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
    expect(server.tries).toBe(4);
    server.away = false;
    await vi.advanceTimersByTimeAsync(8000);
    expect(server.files).toEqual({ [FILE]: "offline" });
    expect(keeper.view().status).toBe("saved");
  });

  test("typing on while offline waits for the next try and loses nothing", async () => {
    const { keeper, server } = bench();
    server.away = true;
    keeper.edit(FILE, "one");
    await vi.advanceTimersByTimeAsync(800);
    keeper.edit(FILE, "one two");
    server.away = false;
    await keeper.save();
    expect(server.files).toEqual({ [FILE]: "one two" });
  });

  test("whose save arrived although the answer was lost is no conflict", async () => {
    const { keeper, server } = bench();
    keeper.edit(FILE, "a");
    server.loseAnswers = true;
    await vi.advanceTimersByTimeAsync(800);
    expect(keeper.view().status).toBe("offline");
    keeper.edit(FILE, "ab");
    server.loseAnswers = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(keeper.view()).toMatchObject({ status: "saved", conflict: null });
    expect(server.files).toEqual({ [FILE]: "ab" });
  });

  test("that is refused says why and keeps the text", async () => {
    const { keeper, server, shelf } = bench();
    server.refusal = "This is more than 1 MB.";
    keeper.edit(FILE, "big");
    await vi.advanceTimersByTimeAsync(800);
    expect(keeper.view()).toMatchObject({ status: "refused", message: "This is more than 1 MB." });
    expect(shelf.read()?.files).toEqual({ [FILE]: "big" });
  });
});

describe("a conflict", () => {
  test("is asked about and overwrites nothing", async () => {
    const { keeper, server } = await inConflict();
    expect(keeper.view().conflict).toEqual({
      mine: { [FILE]: "mine" },
      theirs: { [FILE]: "theirs" },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.files).toEqual({ [FILE]: "theirs" });
  });

  test("keeping mine saves it over what was seen", async () => {
    const { keeper, server } = await inConflict();
    keeper.resolve("mine");
    await vi.advanceTimersByTimeAsync(0);
    expect(server.files).toEqual({ [FILE]: "mine" });
    expect(keeper.view()).toMatchObject({ status: "saved", conflict: null });
  });

  test("taking theirs can be taken back", async () => {
    const { keeper, server } = await inConflict();
    keeper.resolve("theirs");
    expect(keeper.view().files).toEqual({ [FILE]: "theirs" });
    keeper.undo();
    await vi.advanceTimersByTimeAsync(800);
    expect(server.files).toEqual({ [FILE]: "mine" });
  });

  test("taking back loses nothing that was typed since", async () => {
    const { keeper } = bench();
    keeper.edit(FILE, "long work");
    keeper.replace({ [FILE]: "the start" }, "Put it back to its start.");
    keeper.edit(FILE, "typed since");
    keeper.undo();
    expect(keeper.view().files).toEqual({ [FILE]: "long work" });
    keeper.undo();
    expect(keeper.view().files).toEqual({ [FILE]: "typed since" });
  });

  async function inConflict() {
    const it = bench();
    it.server.files = { [FILE]: "theirs" };
    it.server.revision = 2;
    it.keeper.edit(FILE, "mine");
    await vi.advanceTimersByTimeAsync(800);
    return it;
  }
});

describe("a page that is opened again", () => {
  test("finds what only the browser kept, and saves it", async () => {
    const { keeper, server } = bench({ files: { [FILE]: "unsaved" }, revision: 1, sent: [] });
    expect(keeper.view().files).toEqual({ [FILE]: "unsaved" });
    await vi.advanceTimersByTimeAsync(10);
    expect(server.files).toEqual({ [FILE]: "unsaved" });
  });

  test("asks when the server moved on meanwhile", () => {
    const { keeper } = bench({ files: { [FILE]: "unsaved" }, revision: 0, sent: [] });
    expect(keeper.view().conflict).toEqual({ mine: { [FILE]: "unsaved" }, theirs: START });
  });

  test("does not ask when the server has what this browser sent as it closed", async () => {
    const { keeper, server } = bench({ files: { [FILE]: "newer" }, revision: 0, sent: [START] });
    expect(keeper.view().conflict).toBeNull();
    await vi.advanceTimersByTimeAsync(10);
    expect(server.files).toEqual({ [FILE]: "newer" });
  });
});

describe("two tabs of one browser", () => {
  test("stay in step, and a line typed in either reaches the server without a question", async () => {
    const { keeper: one, server, other } = twoTabs();
    one.edit(FILE, "from one");
    expect(other.view().files).toEqual({ [FILE]: "from one" });
    other.edit(FILE, "from one, from two");
    await vi.advanceTimersByTimeAsync(5000);
    expect(one.view()).toMatchObject({ status: "saved", conflict: null });
    expect(other.view()).toMatchObject({ status: "saved", conflict: null });
    expect(server.files).toEqual({ [FILE]: "from one, from two" });
    expect(one.view().files).toEqual({ [FILE]: "from one, from two" });
  });
});

describe("the browser's shelf", () => {
  test("reads back what it was given, and shrugs at rubbish and at a full disk", () => {
    const rows = new Map<string, string>();
    const storage = {
      getItem: (key: string) => rows.get(key) ?? null,
      setItem: (key: string, value: string) => void rows.set(key, value),
      removeItem: (key: string) => void rows.delete(key),
    } as Storage;
    const shelf = browserShelf(storage, "k");
    const kept: Kept = { files: START, revision: 3, sent: [] };
    shelf.write(kept);
    expect(shelf.read()).toEqual(kept);
    for (const rubbish of [
      "{",
      "null",
      '{"files":3,"revision":1}',
      '{"files":{"a":1},"revision":1}',
    ]) {
      rows.set("k", rubbish);
      expect(shelf.read()).toBeNull();
    }
    const full = {
      ...storage,
      setItem: () => {
        throw new Error("quota");
      },
    } as Storage;
    expect(() => browserShelf(full, "k").write(kept)).not.toThrow();
  });
});

/* ── A bench with a server that behaves as it is told ── */

class Server {
  files: Files = START;
  revision = 1;
  saves = 0;
  tries = 0;
  delay = 0;
  away = false;
  loseAnswers = false;
  refusal: string | null = null;

  async save(files: Files, base: number): Promise<SaveAnswer> {
    this.tries++;
    if (this.away) throw new Error("no connection");
    if (this.delay > 0) await new Promise((done) => setTimeout(done, this.delay));
    if (this.refusal) return { kind: "refused", message: this.refusal };
    if (base !== this.revision) {
      return { kind: "conflict", revision: this.revision, files: this.files };
    }
    this.files = files;
    this.revision++;
    this.saves++;
    if (this.loseAnswers) throw new Error("connection reset");
    return { kind: "saved", revision: this.revision };
  }
}

function shelfOf(kept: Kept | null): Shelf {
  let held = kept;
  return { read: () => held, write: (next) => void (held = next), clear: () => void (held = null) };
}

function bench(kept: Kept | null = null) {
  const server = new Server();
  const shelf = shelfOf(kept);
  return { server, shelf, keeper: tab(server, shelf, () => {}) };
}

function tab(server: Server, shelf: Shelf, tell: (message: Heard) => void): Keeper {
  const keeper = keepDraft({
    start: { files: START, revision: 1, savedAt: null },
    send: (files, base) => server.save(files, base),
    shelf,
    tell,
    now: () => 0,
  });
  keeper.wake();
  return keeper;
}

function twoTabs() {
  const server = new Server();
  const shelf = shelfOf(null);
  const tabs: Keeper[] = [];
  const keeper = tab(server, shelf, (message) => tabs[1]?.hear(message));
  const other = tab(server, shelf, (message) => tabs[0]?.hear(message));
  tabs.push(keeper, other);
  return { server, keeper, other };
}
