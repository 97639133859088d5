import { beforeEach, expect, test } from "vitest";
import { MOST_BYTES } from "#lib/content/answer.ts";
import type { Files } from "#lib/net/source/span.ts";
import { open, type Db } from "#db/open.ts";
import { openLab, recentDrafts, saveDraft, startNewVersion } from "./drafts.ts";
import type { Learner } from "./learner.ts";
import { addLearner, testLab } from "./test-lab.ts";

const LAB = testLab();
const NEWER = testLab("version-2");

let db: Db;
let ada: Learner;
let minute = 0;
const now = () => new Date(Date.UTC(2026, 10, 22, 10, minute++));

beforeEach(async () => {
  db = open(":memory:").db;
  ada = await addLearner(db, "ada");
});

let freshSeed = 100;
const opened = (lab = LAB, viewer = ada) =>
  openLab(db, { viewer, lab, seed: freshSeed++, now: now() });
const started = (lab: typeof LAB) =>
  startNewVersion(db, { viewer: ada, lab, seed: freshSeed++, now: now() });
const save = (files: Files, baseRevision: number, viewer = ada) =>
  saveDraft(db, { viewer, labId: LAB.id, files, baseRevision, now: now() });
const typed = (text: string): Files => ({ "h1/host.sh": text });

test("values are drawn once for each learner and stay theirs", async () => {
  const eve = await addLearner(db, "eve");
  const first = await opened();
  const again = await opened();
  const other = await opened(LAB, eve);
  expect(first.draft.files).toEqual({});
  expect(again.instance).toEqual(first.instance);
  expect(other.instance.seed).not.toBe(first.instance.seed);
  expect(first.instance.files["h1/host.sh"]).toMatch(/address 10\.\d+\.\d+\.1\/24/);
});

test("opening in two tabs at once begins one draft", async () => {
  const [one, two] = await Promise.all([opened(), opened()]);
  expect(one.instance).toEqual(two.instance);
  expect(one.draft.revision).toBe(two.draft.revision);
});

test("what was typed is there when the learner comes back", async () => {
  const { draft } = await opened();
  const saved = await save(typed("ip link set eth0 up"), draft.revision);
  expect(saved).toMatchObject({ kind: "saved", refused: [] });
  const back = await opened();
  expect(back.draft.files).toEqual(typed("ip link set eth0 up"));
  expect(back.draft).toMatchObject({ revision: saved.kind === "saved" && saved.revision });
});

test("two tabs: the later save on an old revision changes nothing and gets the newer files", async () => {
  const { draft } = await opened();
  await save(typed("from tab one"), draft.revision);
  expect(await save(typed("from tab two"), draft.revision)).toMatchObject({
    kind: "conflict",
    draft: { files: typed("from tab one"), revision: draft.revision + 1 },
  });
  expect((await opened()).draft.files).toEqual(typed("from tab one"));
});

test("of saves at the same moment one is kept and all others are told", async () => {
  const { draft } = await opened();
  const texts = Array.from({ length: 20 }, (_, n) => `tab ${n}`);
  const results = await Promise.all(texts.map((it) => save(typed(it), draft.revision)));
  expect(results.filter((it) => it.kind === "saved")).toHaveLength(1);
  const kept = (await opened()).draft;
  expect(kept.revision).toBe(draft.revision + 1);
  const told = results.flatMap((it) => (it.kind === "conflict" ? [it.draft.files] : []));
  expect(told).toEqual(Array(19).fill(kept.files));
});

test("a save whose reply was lost may be tried again", async () => {
  const { draft } = await opened();
  const first = await save(typed("once"), draft.revision);
  expect(await save(typed("once"), draft.revision)).toEqual(first);
});

test("a revision from the future, or from nowhere, is a conflict too", async () => {
  await opened();
  for (const revision of [7, -1, Number.MAX_SAFE_INTEGER]) {
    expect((await save(typed("text"), revision)).kind).toBe("conflict");
  }
});

test("files that are not the learner's are refused by name, and theirs are kept", async () => {
  const { draft } = await opened();
  const files = {
    ...typed("mine"),
    "h2/host.sh": "not mine",
    "../secret": "x",
    __proto__x: "y",
    constructor: "z",
  };
  expect(await save(files, draft.revision)).toMatchObject({
    kind: "saved",
    refused: ["../secret", "__proto__x", "constructor", "h2/host.sh"],
  });
  expect((await opened()).draft.files).toEqual(typed("mine"));
});

test("more than the limit is refused in a sentence, and what was kept stays", async () => {
  const { draft } = await opened();
  await save(typed("small"), draft.revision);
  const large = await save(typed("x".repeat(MOST_BYTES + 1)), draft.revision + 1);
  expect(large).toMatchObject({ kind: "too-large", why: expect.stringContaining("1 MB") });
  expect((await opened()).draft.files).toEqual(typed("small"));
});

test("a lab nobody opened has no draft to save", async () => {
  expect(await save(typed("text"), 0)).toEqual({ kind: "not-opened" });
});

test("one learner's save is not another's", async () => {
  const eve = await addLearner(db, "eve");
  const mine = (await opened()).draft;
  await opened(LAB, eve);
  await save(typed("Eve's"), 0, eve);
  expect((await opened()).draft).toMatchObject({ files: {}, revision: mine.revision });
});

test("without its files a draft is at the start again, with the same values", async () => {
  const before = await opened();
  await save(typed("typed"), 0);
  expect((await save({}, 0)).kind).toBe("conflict");
  expect((await save({}, 1)).kind).toBe("saved");
  const after = await opened();
  expect(after.draft.files).toEqual({});
  expect(after.instance).toEqual(before.instance);
});

test("a changed lab waits until the learner starts it, and their old work stays", async () => {
  const old = await opened();
  await save(typed("on version 1"), 0);
  const meanwhile = await opened(NEWER);
  expect(meanwhile.changed).toBe(true);
  expect(meanwhile.instance).toEqual(old.instance);
  expect(meanwhile.draft.files).toEqual(typed("on version 1"));

  const fresh = await started(NEWER);
  expect(fresh).toMatchObject({ changed: false, draft: { files: {} } });
  expect(fresh.instance.hash).toBe("version-2");
  // The tab still open on version 1 is told, rather than writing its text into version 2.
  expect((await save(typed("more on version 1"), 1)).kind).toBe("conflict");

  const backAgain = await started(LAB);
  expect(backAgain.instance).toEqual(old.instance);
  expect(backAgain.draft.files).toEqual(typed("on version 1"));
});

test("a changed lab replaces a draft in which nothing was typed", async () => {
  await opened();
  const newer = await opened(NEWER);
  expect(newer).toMatchObject({ changed: false, instance: { hash: "version-2" } });
});

test("starting the version one is on changes nothing", async () => {
  await opened();
  await save(typed("kept"), 0);
  expect((await started(LAB)).draft.files).toEqual(typed("kept"));
});

test("where the learner left off comes first, once for each lab", async () => {
  await opened();
  await save(typed("text"), 0);
  await started(NEWER);
  expect((await recentDrafts(db, ada)).map((it) => it.labId)).toEqual([LAB.id]);
});
