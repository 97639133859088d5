import { createElement } from "react";
import type { ComponentType } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { LESSON_COMPONENTS } from "./lesson-components.ts";
import type { LessonComponents } from "./lesson-components.ts";
import { readFigures, renderLesson } from "./mdx.ts";
import { isSafeLink } from "./safe-mdx.ts";

/** Every component shows what it was given. */
const components = Object.fromEntries(
  Object.keys(LESSON_COMPONENTS).map((name) => [
    name,
    ({ children, ...given }: { children?: never }) =>
      createElement("x-shown", { name, given: JSON.stringify(given) }, children),
  ]),
) as Record<string, ComponentType> as unknown as LessonComponents;

async function html(source: string): Promise<string> {
  const rendered = await renderLesson(source, components);
  if (!rendered.ok) throw new Error(JSON.stringify(rendered.problems));
  return renderToStaticMarkup(rendered.element);
}

async function problems(source: string): Promise<string> {
  const rendered = await renderLesson(source, components);
  return rendered.ok
    ? "rendered"
    : rendered.problems.map((it) => `${it.line}:${it.column} ${it.message}`).join("\n");
}

describe("what a lesson may say", () => {
  test("Markdown, with tables and front matter", async () => {
    expect(
      await html("---\ntitle: x\n---\n\n## A\n\n*b* `c` [d](/e)\n\n| f |\n|---|\n| g |\n"),
    ).toBe(
      '<h2 id="a">A</h2>\n<p><em>b</em> <code>c</code> <a href="/e">d</a></p>\n' +
        "<table><thead><tr><th>f</th></tr></thead><tbody><tr><td>g</td></tr></tbody></table>",
    );
  });

  test("headings for a table of contents", async () => {
    const rendered = await renderLesson("## One *two*\n\n### Three\n\n## One two\n", components);
    expect(rendered.ok && rendered.headings).toEqual([
      { id: "one-two", text: "One two", depth: 2 },
      { id: "three", text: "Three", depth: 3 },
      { id: "one-two-1", text: "One two", depth: 2 },
    ]);
  });

  test("components with plain values", async () => {
    const quiz = '<Quiz question="Q" options={["a", `b`]} answer={2} why="w" />';
    expect(await html(quiz)).toBe(
      shown("Quiz", { question: "Q", options: ["a", "b"], answer: 2, why: "w" }),
    );
    expect(await html("A <Vrf>B</Vrf> c")).toBe(`<p>A ${shown("Vrf", {}, "B")} c</p>`);
    expect(await html('A <Term layer="vrf">B</Term>')).toContain(
      shown("Term", { layer: "vrf" }, "B"),
    );
  });

  test("comments, which are not shown", async () => {
    expect(await html("A{/* hidden */} b\n\n{/* hidden */}\n")).toBe("<p>A b</p>");
  });

  test("a figure is not put into a paragraph", async () => {
    expect(await html("<Network />")).toBe(shown("Network", { files: {} }));
    expect(await html('<Network in="start" title="t" />')).toBe(
      shown("Network", { title: "t", files: {} }),
    );
  });

  test("an example: fences with a name are the files of a figure", async () => {
    const text =
      '```ios file=edge/startup.ios name=one\nhostname a\n```\n\n<Walk from="a" to="b" in="one" />';
    expect(await html(text)).toContain(
      shown("Walk", { from: "a", to: "b", files: { "edge/startup.ios": "hostname a\n" } }),
    );
  });

  test("code with hues of the network, and marked lines", async () => {
    const text =
      "```ios file=edge/startup.ios mark=2\nip vrf RED\n rd 100:1\ninterface Gi0/1\n```\n";
    expect(await html(text)).toBe(
      '<pre><code class="language-ios" data-file="edge/startup.ios">' +
        '<span class="line">ip vrf <span style="color:var(--vrf-text)">RED</span></span>\n' +
        '<mark class="line"> rd <span style="color:var(--vrf-text)">100:1</span></mark>\n' +
        '<span class="line">interface <span style="color:var(--physical-text)">Gi0/1</span></span></code></pre>',
    );
    for (const language of ["sh", "yaml", "json", "xml", "text", "nonsense", ""]) {
      expect(await html(`\`\`\`${language}\n<a> {b}\n\`\`\`\n`)).toContain("<pre><code");
    }
  });
});

describe("what a lesson may not say", () => {
  test.each([
    ['import x from "fs"', "1:1 A lesson cannot import or export anything. Remove this line."],
    ["A\n\nexport const x = 1", "3:1 A lesson cannot import or export anything. Remove this line."],
    [
      "hello {process.env.SECRET}",
      "1:7 A lesson cannot compute: {process.env.SECRET} is no text. Write \\{ for a brace.",
    ],
    [
      "a\n\n{(() => { throw 1 })()}",
      "3:1 A lesson cannot compute: {(() => { throw 1 })()} is no text. Write \\{ for a brace.",
    ],
    ["{/* a */ 1}", "1:1 A lesson cannot compute: {/* a */ 1} is no text. Write \\{ for a brace."],
    [
      "<Note {...globalThis}>a</Note>",
      "1:7 Attributes are written one by one: {...} is not known here.",
    ],
    [
      '<Walk from={process.exit()} to="b" />',
      '1:7 "from" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Walk from={`${a}`} to="b" />',
      '1:7 "from" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Walk from={{ "a": 1 }} to="b" />',
      '1:7 "from" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Walk from={/a/} to="b" />',
      '1:7 "from" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Walk from={1n} to="b" />',
      '1:7 "from" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Quiz question="q" options={[...x]} answer={1} why="w" />',
      '1:20 "options" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Quiz question="q" options={["a", , "b"]} answer={1} why="w" />',
      '1:20 "options" should be a plain value: text, a number or a list of texts.',
    ],
    [
      '<Quiz question="q" options={["a", "b"]} answer={3} why="w" />',
      "1:41 There are 2 options, and the answer is number 3.",
    ],
    [
      '<Quiz question="q" options={["a", "b"]} answer="1" why="w" />',
      '1:41 "answer" should be a whole number from 1 to 9 in braces, as in {1}.',
    ],
    [
      '<Quiz question="q" options={["a"]} answer={1} why="w" />',
      '1:20 "options" should be a list of 2 or more texts, {["one", "two"]}.',
    ],
    ['<Walk to="b" />', '1:1 <Walk> needs the attribute "from".'],
    ['<Walk from="a" to="b" proto="sctp" />', '1:23 "proto" should be icmp or tcp or udp.'],
    ['<Walk from="a" to="b" from="c" />', '1:23 "from" stands here twice.'],
    [
      '<Walk from="a" to="b" in="solution" />',
      '1:1 This lesson has no example "solution". It has start. A fence is one when it says name=solution file=….',
    ],
    [
      '<Network in="../lab/solution" />',
      '1:1 This lesson has no example "../lab/solution". It has start. A fence is one when it says name=../lab/solution file=….',
    ],
    [
      '<Network in="__proto__" />',
      '1:1 This lesson has no example "__proto__". It has start. A fence is one when it says name=__proto__ file=….',
    ],
    ['<Network files="x" />', '1:10 <Network> has no attribute "files". It has in, title.'],
    ["<Network>a</Network>", "1:1 <Network> holds no text. Close it at once: <Network />."],
    ["<Netwrok />", "1:1 A lesson has no <Netwrok>. Did you mean <Network>?"],
    ["<script>alert(1)</script>", "1:1 A lesson has no <script>."],
    ['<iframe srcdoc="x"></iframe>', "1:1 A lesson has no <iframe>."],
    ['<img src="x" onerror="alert(1)" />', "1:1 A lesson has no <img>."],
    ['<a href="javascript:alert(1)">x</a>', "1:1 A lesson has no <a>."],
    ["<style>x</style>", "1:1 A lesson has no <style>."],
    ['<svg onload="x" />', "1:1 A lesson has no <svg>."],
    ["<constructor />", "1:1 A lesson has no <constructor>."],
    ["<__proto__ />", "1:1 A lesson has no <__proto__>."],
    ["<toString />", "1:1 A lesson has no <toString>."],
    ["<Note.constructor />", "1:1 A lesson has no <Note.constructor>."],
    ["<this.x />", "1:1 A lesson has no <this.x>."],
    ["<svg:script />", "1:1 A lesson has no <svg:script>."],
    ['a <kbd onClick="x">b</kbd>', '1:8 <kbd> has no attribute "onClick" here.'],
    ["a <kbd {...x}>b</kbd>", "1:8 Attributes are written one by one: {...} is not known here."],
    ["<details open={x}>a</details>", '1:10 "open" should be text in quotes.'],
    [
      '<Note dangerouslySetInnerHTML="x">a</Note>',
      '1:7 <Note> has no attribute "dangerouslySetInnerHTML". It has title.',
    ],
    ['<Note ref="x">a</Note>', '1:7 <Note> has no attribute "ref". It has title.'],
    ['<Note key="x">a</Note>', '1:7 <Note> has no attribute "key". It has title.'],
    ['<Note __proto__="x">a</Note>', '1:7 <Note> has no attribute "__proto__". It has title.'],
    ["<Note title>a</Note>", '1:7 "title" should be text in quotes.'],
    ["# Title", "1:1 The title stands in the lines above the text. Begin headings with ##."],
    [
      "![x](https://evil.com/x.png)",
      "1:1 A lesson shows networks, not pictures of them. Use <Network />.",
    ],
    [
      "![x][y]\n\n[y]: /x.png",
      "1:1 A lesson shows networks, not pictures of them. Use <Network />.",
    ],
    [
      "a\n\n[x](javascript:alert(1))",
      '3:1 A link cannot go to "javascript:alert(1)". Use https://, mailto: or a path on this site.',
    ],
    [
      "[x][y]\n\n[y]: javascript:alert(1)",
      '3:1 A link cannot go to "javascript:alert(1)". Use https://, mailto: or a path on this site.',
    ],
    [
      "```ios name=one\nx\n```",
      '1:1 The example "one" needs its file, as in file=edge/startup.ios.',
    ],
    [
      "```ios colour=red\nx\n```",
      '1:1 "colour=red" says nothing here. Behind the language may stand file=, name= and mark=3,5-7.',
    ],
    [
      "```ios mark=a\nx\n```",
      '1:1 "mark=a" says nothing here. Behind the language may stand file=, name= and mark=3,5-7.',
    ],
  ])("%j", async (source, expected) => {
    const said = await problems(source);
    expect(expected.endsWith(">.") ? said.slice(0, expected.length) : said).toBe(expected);
  });

  test.each([
    ["a <1", "1:4"],
    ["a {b", "1:5"],
    ["a\n\n<Note>\n\nb", "3:1"],
    ["a </Note>", "1:4"],
    ["<!-- no -->", "1:2"],
    ["<Note title=>a</Note>", "1:13"],
    ["<Note title={}>a</Note>", "1:"],
    ["{await x", "1:"],
    ["import {", "1:"],
  ])("broken: %j", async (source, place) => {
    expect(await problems(source)).toMatch(new RegExp(`^${place}`));
  });

  test("more than a lesson can be", async () => {
    expect(await problems("x".repeat(300_000))).toBe(
      "1:1 This lesson is longer than 256 KB. Make two of it.",
    );
    expect(await problems("> ".repeat(99))).toBe("rendered");
    for (const depth of [200, 2000]) {
      expect(await problems("> ".repeat(depth))).toMatch(/^1:1 This lesson is nested too deeply/);
    }
  });
});

describe("links", () => {
  test.each([
    "https://example.org/a?b#c",
    "http://example.org",
    "mailto:a@example.org",
    "#here",
    "/learn/virtual-networks",
    "./other",
    "../other",
    "other",
    "other/page?x=a:b",
    "?x=1",
    "",
  ])("%j may be followed", (url) => expect(isSafeLink(url)).toBe(true));

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\u0000javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:x",
    "file:///etc/passwd",
    "https:evil.com",
    "https:/evil.com",
    "https:///evil.com",
    "http:\\\\evil.com",
    "//evil.com",
    "///evil.com",
    "/\\evil.com",
    "\\/evil.com",
    "\\\\evil.com",
    "/\t/evil.com",
    "a:b",
    "mailto://x",
  ])("%j may not", (url) => expect(isSafeLink(url)).toBe(false));

  test.each([
    "[x](&#106;avascript:alert(1))",
    "[x](java&#9;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](&#x2f;&#x2f;evil.com)",
    "[x](</\\evil.com>)",
    "[x](//evil.com)",
    "<javascript:alert(1)>",
  ])("%s in Markdown", async (source) => {
    expect(await problems(source)).toMatch(/^1:\d+ /);
  });
});

function shown(name: string, given: object, children = ""): string {
  const text = JSON.stringify(given).replaceAll('"', "&quot;");
  return `<x-shown name="${name}" given="${text}">${children}</x-shown>`;
}

test("figures are read with their places, their packets and the files they lie on", async () => {
  const read = await readFigures(`---
title: Figures
---

<Network title="before" />

\`\`\`ios file=edge/startup.ios name=one
hostname edge
\`\`\`

Text, and <Walk from="a1" to="a2" proto="tcp" port={80} in="one" /> in it.
`);
  expect(read).toEqual({
    figures: [
      { line: 5, column: 1, files: {}, packet: null },
      {
        line: 11,
        column: 11,
        files: { "edge/startup.ios": "hostname edge\n" },
        packet: { from: "a1", to: "a2", proto: "tcp", port: 80 },
      },
    ],
    ok: true,
    headings: [],
    tree: expect.anything(),
  });
});
