import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { format } from "prettier";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerJsonSchema, answers } from "./answers.ts";

const root = join(import.meta.dirname, "../..");
const golden = "content/courses/virtual-networks/30-vrfs/10-many-routers-in-one/lab";
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "strata-cli-"));
  cpSync(join(root, golden), join(scratch, "lab"), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

function strata(...args: string[]) {
  const run = spawnSync(process.execPath, [join(root, "lib/cli/strata.ts"), ...args], {
    cwd: scratch,
    encoding: "utf8",
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

function json<C extends keyof typeof answers>(command: C, ...args: string[]) {
  const { status, out, err } = strata(command, ...args, "--json");
  expect(err).toBe("");
  return { status, answer: answers[command].strict().parse(JSON.parse(out)) as never };
}

function write(file: string, text: string): string {
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), text);
  return file;
}

test.each([
  [[], 1, "fails fails blocked blocked", 0],
  [["--answer", "lab/solution"], 0, "holds holds holds holds", 10],
  [["--answer", "lab/also/vrf-definition"], 0, "holds holds holds holds", 10],
  [["--answer", "lab/wrong/address-first"], 1, "holds fails blocked blocked", 2],
  [["--answer", "lab/wrong/stray-route", "--seed", "99"], 1, "holds holds holds fails", 8],
])("grade %j exits with %i: %s", (args, status, states, earned) => {
  const it = json("grade", "lab", ...args) as {
    status: number;
    answer: { objectives: { state: string }[]; score: object };
  };
  expect(it.answer.objectives.map((one) => one.state).join(" ")).toBe(states);
  expect(it.answer.score).toEqual({ earned, max: 10 });
  expect(it.status).toBe(status);
});

test("grade points at the deciding line", () => {
  const { answer } = json("grade", "lab", "--answer", "lab/wrong/stray-route");
  const [, , , last] = (answer as { objectives: { because: object[]; witness?: object }[] })
    .objectives;
  expect(last?.because[0]).toMatchObject({ file: "edge/startup.ios", line: 25, column: 1 });
  expect(last?.witness).toMatchObject({ from: "a1", to: "b1" });
});

test("a line that is not simulated leaves what depends on it undecided: exit 3", () => {
  write("answer/edge/startup.ios", "hostname edge\nrouter bgp 65000\n");
  expect(strata("grade", "lab", "--answer", "answer").status).toBe(3);
});

test("what a learner's file holds is never the call's fault", () => {
  write("junk/edge/startup.ios", "\u0000\u0001 {{nothing}}\nfoo bar\nip address\n");
  const { status, answer } = json("grade", "lab", "--answer", "junk");
  const { diagnostics } = answer as { diagnostics: { line: number; code: string }[] };
  expect(diagnostics.map((it) => `${it.line} ${it.code}`)).toEqual([
    "1 not-text",
    "2 ios-unknown-command",
    expect.stringMatching(/^3 /),
  ]);
  expect(status).toBe(3);
});

test("a file that an answer may not change is refused by name", () => {
  write("cheat/a1/host.sh", "true\n");
  const { answer } = json("grade", "lab", "--answer", "cheat");
  expect((answer as { diagnostics: object[] }).diagnostics).toMatchObject([
    { file: "a1/host.sh", code: "file-refused" },
  ]);
});

test("probe answers in the fields of measurements", () => {
  const probes = [
    { id: 1, from: "a1", to: "a2", trace: true },
    { id: "b", from: { node: "b1" }, to: "a2", proto: "tcp", port: 80 },
  ];
  const file = write("probes.json", JSON.stringify(probes));
  const { status, answer } = json("probe", "lab", "--answer", "lab/solution", "--probes", file);
  expect(status).toBe(0);
  expect((answer as { probes: object[] }).probes).toMatchObject([
    {
      id: 1,
      reachable: true,
      at: "a2",
      ttl_seen: 63,
      fwd_routers: 1,
      trace: [expect.any(String), expect.any(String)],
    },
    { id: "b", reachable: false, error: "refused" },
  ]);
});

test("diff: what two answers treat differently", { timeout: 60_000 }, () => {
  const diff = (a: string, b: string) => {
    const { status, answer } = json("diff", "lab", a, b);
    const { same, differences } = answer as { same: boolean; differences: Shown[] };
    type Shown = { from: string; to: string; arrives: string; witness: { dst: string } };
    const shown = differences.map(({ from, to, arrives }) => `${from} to ${to} with ${arrives}`);
    return { status, same, shown };
  };
  // Other names for the same tables are no difference.
  expect(diff("solution", "also/vrf-definition")).toEqual({ status: 0, same: true, shown: [] });
  expect(diff("lab/solution", "lab/wrong/stray-route")).toEqual({
    status: 1,
    same: false,
    shown: ["edge", "a1", "a2"].map((from) => `${from} to b1 with lab/wrong/stray-route`),
  });
  expect(diff("start", "solution").shown).toContain("a1 to a2 with solution");
});

test(
  "trace: how long packets may be, and which others walk the same way",
  { timeout: 120_000 },
  () => {
    const solved = ["lab", "--answer", "lab/solution"];
    const long = ["--size", "1501", "--df"];
    expect(json("trace", ...solved, "--from", "a1", "--to", "a2", ...long)).toMatchObject({
      status: 1,
      answer: { outcome: "too-big", size: 1501, df: true, class: { length: "longer" } },
    });
    expect(json("trace", ...solved, "--from", "a1", "--to", "a2", "--ttl", "1")).toMatchObject({
      answer: {
        outcome: "ttl-expired",
        class: { ttl: [1, 1] },
        error: { error: "ttl-exceeded", heard: true },
      },
    });
  },
);

test("trace, prove and matrix", { timeout: 120_000 }, () => {
  const solved = ["lab", "--answer", "lab/solution"];
  expect(json("trace", ...solved, "--from", "a1", "--to", "a2").status).toBe(0);
  expect(json("trace", ...solved, "--from", "a1", "--to", "8.8.8.8").status).toBe(1);
  expect(
    json("prove", ...solved, "--from", "a1", "--to", "b1", "--threat", "attacker").status,
  ).toBe(0);
  const leaky = ["lab", "--answer", "lab/wrong/stray-route", "--from", "a1", "--to", "b1"];
  expect(json("prove", ...leaky).status).toBe(0);
  expect(json("prove", ...leaky, "--threat", "attacker")).toMatchObject({
    status: 1,
    answer: { isolated: false, through: ["a1", "edge", "b1"] },
  });
  const { answer } = json("matrix", ...solved);
  const { endpoints, pairs } = answer as {
    endpoints: string[];
    pairs: { from: string; to: string; allowed: unknown[] }[];
  };
  expect(endpoints).toEqual(["edge", "edge@CUSTOMER_A", "edge@CUSTOMER_B", "a1", "a2", "b1", "b2"]);
  const open = pairs
    .filter((pair) => pair.allowed.length > 0)
    .map((pair) => `${pair.from} ${pair.to}`);
  expect(open).toContain("a1 a2");
  expect(open).toContain("edge@CUSTOMER_B b1");
  expect(open.some((pair) => /a\d.*b\d|b\d.*a\d/.test(pair))).toBe(false);
});

test("check: the lab as it is is ready", () => {
  expect(json("check", "lab")).toMatchObject({ status: 0, answer: { ready: true } });
});

test("check says what is not ready", () => {
  cpSync(join(scratch, "lab"), join(scratch, "unready"), { recursive: true });
  const yaml = `title: Unready
minutes: 5
nodes:
  a: { kind: host, os: linux, ports: [eth0] }
  b: { kind: host, os: linux, ports: [eth0] }
links:
  - [a:eth0, b:eth0]
files:
  a/host.sh: { edit: true }
objectives:
  - { id: apart, title: Apart, points: 1, isolate: { from: a, to: b } }
`;
  rmSync(join(scratch, "unready"), { recursive: true });
  write("unready/lab.yaml", yaml);
  write("unready/start/a/host.sh", "ip link set eth0 up\n");
  const { status, answer } = json("check", "unready");
  expect(status).toBe(1);
  const { labs } = answer as { labs: { problems: { about: string; message: string }[] }[] };
  const said = labs[0]!.problems.map((it) => `${it.about}: ${it.message}`).join("\n");
  expect(said).toContain("apart: A dead network would satisfy this");
  expect(said).toContain("holds before the learner has done anything");
});

test("check looks at courses, lessons and labs, and says all that cannot be read: exit 2", () => {
  const at = "content/courses/nets";
  const front = "---\ntitle: First\nminutes: 5\n---\n";
  write(
    `${at}/course.yaml`,
    "title: N\nsummary: s\nmodules:\n  - { id: begin, title: B, lessons: [first] }\n",
  );
  write(`${at}/10-begin/10-first/lesson.mdx`, `${front}Text.\n`);
  expect(json("check", "content")).toMatchObject({
    status: 0,
    answer: { ready: true, lessons: [{ path: `${at}/10-begin/10-first` }], labs: [] },
  });
  write(`${at}/10-begin/10-first/lesson.mdx`, `${front}<Leed>Text.</Leed> {1 + 1}\n`);
  write(`${at}/10-begin/20-second/lesson.mdx`, front.replace("5", "five"));
  write(`${at}/10-begin/20-second/lab/lab.yaml`, "title: Broken\nminutes: x\n");
  write(
    `${at}/course.yaml`,
    "title: N\nsummary: s\nmodules:\n  - { id: begin, title: B, lessons: [third] }\n",
  );
  const { status, out, err } = strata("check", "content");
  expect({ status, out }).toEqual({ status: 2, out: "" });
  const places = err.split("\n").map((line) => /^content\/courses\/nets\/[^ ]+: /.exec(line)?.[0]);
  expect(places.filter((it) => it && !it.includes("lab.yaml"))).toEqual([
    `${at}/10-begin/10-first/lesson.mdx:5:1: `,
    `${at}/10-begin/10-first/lesson.mdx:5:20: `,
    `${at}/10-begin/20-second/lesson.mdx:3:10: `,
    `${at}/course.yaml:4:38: `,
  ]);
  expect(err).toContain(`${at}/10-begin/20-second/lab/lab.yaml:2:10: `);
});

test("check points at what a device refuses in an answer that should be right", () => {
  cpSync(join(scratch, "lab"), join(scratch, "typo"), { recursive: true });
  const file = "typo/solution/edge/startup.ios";
  write(file, `${readFileSync(join(scratch, file), "utf8")}hostnaem edge\n`);
  const { status, out } = strata("check", "typo");
  expect(status).toBe(1);
  expect(out).toMatch(/solution, seeds 1, 2, 3: edge\/startup\.ios:\d+:1: .*hostnam/);
});

test.each([
  [["grade"], "It needs the folder of a lab"],
  [["grade", "lab", "more"], '"more" is one argument too many'],
  [["grade", "nowhere"], "nowhere:1:1: There is no lab.yaml here"],
  [["grade", "lab", "--answer", "solution"], "Did you mean lab/solution?"],
  [["grade", "lab", "--seed", "x"], "--seed wants a whole number"],
  [["trace", "lab", "--from", "a1", "--to", "nobody"], "there is no nobody"],
  [["probe", "lab", "--probes", "none.json"], "the file cannot be read"],
  [["dance"], 'There is no command "dance"'],
])("%j is a wrong call: exit 2, and nothing on standard output", (args, words) => {
  const { status, out, err } = strata(...args);
  expect(err).toContain(words);
  expect(out).toBe("");
  expect(status).toBe(2);
});

test("a broken lab is exit 2 with file, line and column", () => {
  write("broken/lab.yaml", "title: Broken\nminutes: x\n");
  const { status, err } = strata("grade", "broken");
  expect(err).toMatch(/broken\/lab\.yaml:2:10: /);
  expect(status).toBe(2);
});

test("a broken list of probes is exit 2 with file, line and column", () => {
  write("broken.json", '[\n  { "id": 1, "from": "a1", "to": "a2", "proto": "smoke" }\n]');
  const { status, err } = strata("probe", "lab", "--probes", "broken.json");
  expect(err).toMatch(/broken\.json:2:\d+: 0\.proto/);
  expect(status).toBe(2);
});

test.each(Object.keys(answers) as (keyof typeof answers)[])(
  "docs/schemas/%s.schema.json is current (vitest -u writes it)",
  async (command) => {
    const text = await format(answerJsonSchema(command), { parser: "json", printWidth: 100 });
    await expect(text).toMatchFileSnapshot(`../../docs/schemas/${command}.schema.json`);
  },
);
