import { join } from "node:path";
import { expect, test } from "vitest";
import { drawLab, drawText, publicOf } from "#lib/content/draw.ts";
import { labsUnder, loadLabFolder } from "#lib/content/load.ts";
import type { Files } from "#lib/net/source/span.ts";
import { examine } from "./examine.ts";
import { grade } from "./grade.ts";
import { readinessOf } from "./readiness.ts";

const content = join(import.meta.dirname, "../../content");
const folders = await labsUnder(content);
const seeds = [1, 2, 3, 4, 5];

test("there are labs to check", () => expect(folders.length).toBeGreaterThan(0));

test.each(folders)(
  "%s is ready: every answer earns what the lab says, a dead network nothing",
  async (folder) => {
    const { lab, answers } = await loadLabFolder(folder);
    const { problems, tried } = readinessOf(lab, answers, seeds);
    expect(problems).toEqual([]);
    expect(tried.answers).toBeGreaterThanOrEqual(5);
  },
);

test.each(folders)(
  "%s: browser and server give the same bytes for what a learner may see",
  async (folder) => {
    const { lab, answers } = await loadLabFolder(folder);
    for (const seed of seeds)
      for (const files of [{}, ...Object.values(answers)] as Files[]) {
        const instance = drawLab(lab, seed);
        const answer = drawText(lab, seed, files);
        const onServer = grade(instance, answer).objectives.filter((one) => !one.hidden);
        const inBrowser = examine(JSON.parse(JSON.stringify(publicOf(instance))), answer).report
          .objectives;
        expect(JSON.stringify(inBrowser)).toBe(JSON.stringify(onServer));
      }
  },
);

test("the same answer gives the same bytes again", async () => {
  const { lab, answers } = await loadLabFolder(folders.at(-1)!);
  const once = () => JSON.stringify(grade(drawLab(lab, 7), drawText(lab, 7, answers.solution)));
  expect(once()).toBe(once());
});
