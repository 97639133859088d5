import { expect, test } from "vitest";
import { open } from "#db/open.ts";
import { markRead, progressOf } from "./progress.ts";
import { addLearner } from "./test-lab.ts";

test("a lesson is read once, by the one who read it", async () => {
  const { db } = open(":memory:");
  const [ada, eve] = [await addLearner(db, "ada"), await addLearner(db, "eve")];
  const first = new Date("2026-11-22T10:00:00Z");
  await markRead(db, { viewer: ada, lessonId: "course/lesson", now: first });
  await markRead(db, { viewer: ada, lessonId: "course/lesson", now: new Date() });
  expect(await progressOf(db, ada)).toEqual({ "course/lesson": first });
  expect(await progressOf(db, eve)).toEqual({});
});
