import fs from "node:fs";
import { provideBuild, provideChromium, provideEditor } from "./provide.mjs";
import { at, Failure, read, runNode, seconds, step, tools } from "./run.mjs";

const parts = { check, unit, e2e };

/** Time only tells a hang from work: others may have the machine to themselves. */
const PATIENCE = "--testTimeout=60000";

/** All tests, or one part of them; every part runs, whatever became of the one before. */
export async function test(part, ...args) {
  if (part && !Object.hasOwn(parts, part))
    throw new Failure(`There is no part "${part}" of the tests: it is check, unit or e2e.`);
  const results = [];
  for (const run of part ? [parts[part]] : Object.values(parts)) results.push(...(await run(args)));

  const broken = results.filter((it) => it.failed).map((it) => it.name);
  if (broken.length) console.log(`Failed: ${broken.join(", ")}`);
  const total = (of) => results.reduce((sum, it) => sum + it[of], 0);
  console.log(`${total("passed")} passed, ${total("failed")} failed`);
  return { status: broken.length ? 1 : 0 };
}

async function check() {
  const cache = ["--cache", "--cache-location=.cache/prettier"];
  return [
    await inspect("Types", ["next", "typegen"], ["tsc"]),
    await inspect("Lint", ["oxlint", "--type-aware", "--deny-warnings"]),
    await inspect("Format", ["prettier", "--check", "--log-level=warn", ...cache, "."]),
  ];
}

async function unit(args) {
  const report = freshReport("vitest");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const elsewhere = ["e2e", ".cache", ".next"].map((it) => `--exclude=${it}/**`);
  return [
    await suite(
      "Unit tests",
      report,
      ["vitest", "run", PATIENCE, ...elsewhere, ...reporters, ...args],
      {
        count: (it) => ({ passed: it.numPassedTests, failed: it.numFailedTests }),
      },
    ),
  ];
}

async function e2e(args) {
  const name = "Browser tests";
  try {
    await provideEditor();
    await provideBuild();
    const report = freshReport("playwright");
    const config = ["-c", "e2e/playwright.config.ts", "--reporter=list,json"];
    return [
      await suite(name, report, ["playwright", "test", ...config, ...args], {
        env: { CHROMIUM_PATH: await provideChromium(), PLAYWRIGHT_JSON_OUTPUT_FILE: report },
        count: ({ stats }) => ({ passed: stats.expected + stats.flaky, failed: stats.unexpected }),
      }),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(error.message);
    return [{ name, passed: 0, failed: 1 }];
  }
}

/** Commands that are silent when all is well. Their success is no test, but their failure counts. */
async function inspect(name, ...commands) {
  const { status, output } = await step(name, async () => {
    for (const [tool, ...args] of commands) {
      const result = await runNode([tools[tool], ...args], { quiet: true });
      if (result.status) return result;
    }
    return { status: 0 };
  });
  if (status) console.log(output.trimEnd());
  return { name, passed: 0, failed: status ? 1 : 0 };
}

async function suite(name, report, [tool, ...args], { env, count }) {
  const began = Date.now();
  const { status } = await runNode([tools[tool], ...args], { env });
  console.log(`${name} … ${status ? "failed, " : ""}${seconds(began)}`);
  const text = read(report);
  const { passed, failed } = text ? count(JSON.parse(text)) : { passed: 0, failed: 0 };
  // A run can also break before, or beside, its tests.
  return { name, passed, failed: failed || (status ? 1 : 0) };
}

function freshReport(tool) {
  const file = at(".cache", `${tool}.json`);
  fs.rmSync(file, { force: true });
  return file;
}
