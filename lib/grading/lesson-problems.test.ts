import { expect, test } from "vitest";
import { loadLessonFolder } from "#lib/content/load.ts";
import { problemsOfLesson } from "./lesson-problems.ts";

const lesson = await loadLessonFolder(
  "content/courses/virtual-networks/30-vrfs/10-many-routers-in-one",
);

async function problems(text: string, lab = lesson.lab): Promise<string> {
  const found = await problemsOfLesson({ ...lesson, file: "lesson.mdx", source: text, lab });
  return found.map((it) => `${it.line}:${it.column} ${it.message}`).join("\n");
}

test("the lesson as it is has none", async () => {
  expect(await problems(lesson.source)).toBe("");
});

test("every fence of an example is the learner's to write", async () => {
  const text = `\`\`\`sh file=a1/host.sh name=one\nip link set eth0 up\n\`\`\`\n\n<Network in="one" />\n`;
  expect(await problems(text)).toMatch(
    /^5:1 This example has a1\/host\.sh, which a learner may not/,
  );
});

test.each([
  [`<Walk from="a9" to="a2" />`, "1:1 There is no a9 here."],
  [`<Walk from="a1" to="a9" />`, "1:1 a9 is no address, and nothing of that name has one."],
  [`Text <Walk from="a1" to="a2" proto="tcp" />`, "1:6 A tcp packet goes to a port."],
  [`<Leed>Text</Leed>`, "1:1 A lesson has no <Leed>. Did you mean <Lead>?"],
])("%s", async (text, message) => {
  expect(await problems(text)).toContain(message);
});

test("a figure needs a lab", async () => {
  expect(await problems("<Network />", null)).toBe(
    "1:1 This figure needs a lab beside the lesson, and there is none.",
  );
});
