import { expect, test } from "vitest";
import { linesBetween } from "./lines-between.ts";

const cases: [name: string, text: string, other: string, differing: string[]][] = [
  ["equal texts", "a\nb", "a\nb", []],
  ["a line that was added", "a\nx\nb", "a\nb", ["x"]],
  ["a line that was taken away", "a\nb", "a\nx\nb", []],
  ["a line that was changed", "a\ny\nb", "a\nx\nb", ["y"]],
  ["nothing in common", "a", "b", ["a"]],
];

test.each(cases)("%s", (_, text, other, differing) => {
  const lines = linesBetween(text, other);
  expect(lines.map((line) => line.text).join("\n")).toBe(text);
  expect(lines.filter((line) => line.differs).map((line) => line.text)).toEqual(differing);
});

test("texts of many thousand lines are compared in no time", () => {
  const long = Array.from({ length: 50_000 }, (_, n) => `line ${n}`).join("\n");
  expect(linesBetween(long, `${long}\nmore`).some((line) => line.differs)).toBe(false);
});
