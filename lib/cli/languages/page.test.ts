import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { languages } from "#lib/net/languages.ts";
import { pageOf } from "./page.ts";

const folder = path.resolve(import.meta.dirname, "../../../docs/languages");

test.each(languages)(
  "docs/languages/$id.md says what is known; `npm run languages` writes it",
  (it) => {
    expect(readFileSync(path.join(folder, `${it.id}.md`), "utf8")).toBe(pageOf(it));
  },
);

test("there is a page for each language and no other", () => {
  const pages = languages.map(({ id }) => `${id}.md`);
  expect(readdirSync(folder).sort()).toEqual(pages.toSorted());
});

test.each(languages)(
  "$title: every statement has words and a help, once for each part",
  ({ parts }) => {
    for (const { title, statements } of parts) {
      const words = statements.map((one) => one.words);
      expect([title, words.filter((one, at) => words.indexOf(one) !== at)]).toEqual([title, []]);
      expect(
        statements.filter(({ help }) => !/^[A-Z0-9].*[^.]$/.test(help)).map((one) => one.words),
      ).toEqual([]);
    }
  },
);
