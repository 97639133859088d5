import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawLab } from "#lib/content/draw.ts";
import type { LabInstance } from "#lib/content/lab.ts";
import { loadLab } from "#lib/content/load.ts";
import { grade as gradeHere } from "./grade.ts";
import { LIMITS, makePool, type GradingPool, type Outcome } from "./pool.ts";

/** A grader that does what the answer tells it to, so that every way of not answering can be tried. */
const GRADER = `
  export function gradeAnswer({ files }) {
    const word = files.do;
    if (word === "loop") for (;;);
    if (word === "eat") for (const all = []; ; ) all.push(new Array(1000).fill(Math.random()));
    if (word === "throw") throw new Error("a mistake of ours");
    if (word === "exit") process.exit(1);
    if (word === "environment") return { lab: Object.keys(process.env).join() };
    const end = Date.now() + Number(word);
    while (Date.now() < end);
    return { lab: "graded " + word };
  }
`;

let folder: string;
let pool: GradingPool;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-pool-"));
  const worker = join(folder, "worker.mjs");
  writeFileSync(worker, GRADER);
  pool = makePool(worker, { threads: 1, seconds: 2, memoryMb: 64, inputBytes: 1000 });
});

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

const grade = (word: string) => pool.grade({} as LabInstance, { do: word });
const why = (it: Outcome) => (it.kind === "failed" ? it.why : `graded: ${it.report.lab}`);

test("an answer is graded, with nothing of the server's environment at hand", async () => {
  expect(await grade("1")).toMatchObject({ kind: "graded", report: { lab: "graded 1" } });
  expect(await grade("environment")).toMatchObject({ kind: "graded", report: { lab: "" } });
});

test.each([
  ["runs for ever", "loop", "within 2 seconds"],
  ["eats all memory", "eat", "more memory than there is"],
  ["throws", "throw", "our mistake"],
  ["ends its thread", "exit", "our mistake"],
])(
  "a grader that %s gives no verdict, and the next answer is graded",
  async (_what, word, words) => {
    expect(why(await grade(word))).toContain(words);
    expect(why(await grade("1"))).toBe("graded: graded 1");
  },
  20_000,
);

test("waiting for a thread does not count as grading", async () => {
  // Five times 0.7 s in one thread: the last waits for longer than an answer may take.
  const outcomes = await Promise.all(["700", "701", "702", "703", "704"].map(grade));
  expect(outcomes.map((it) => it.kind)).toEqual(Array(5).fill("graded"));
}, 20_000);

test("an answer beyond the limit is refused before it reaches a thread", async () => {
  expect(why(await pool.grade({} as LabInstance, { do: "é".repeat(600) }))).toContain(
    "larger than",
  );
});

test("plain Node runs the grader itself, to the byte as it runs here", async () => {
  const lab = await loadLab("content", "virtual-networks", "many-routers-in-one");
  const instance = drawLab(lab!, 7);
  const answer = {
    "edge/startup.ios": "interface GigabitEthernet0/1\n ip address 192.0.2.1\nfrobnicate\n",
  };
  const real = makePool(join(process.cwd(), "lib/grading/worker.ts"), { ...LIMITS, threads: 1 });
  try {
    const outcome = await real.grade(instance, answer);
    expect(outcome.kind === "graded" ? JSON.stringify(outcome.report) : outcome).toBe(
      JSON.stringify(gradeHere(instance, answer)),
    );
  } finally {
    await real.close();
  }
}, 20_000);
