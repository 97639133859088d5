#!/usr/bin/env node
// Every npm script comes through here. It runs on any Node from 18 on, with nothing installed: it brings
// what is missing (a newer Node, the packages, the editor's bundle, the build), then does what it was
// asked. To see that nothing is missing takes a hash of the files, so a second start takes seconds.
import path from "node:path";
import { provideBuild, provideEditor, providePackages } from "./launch/provide.mjs";
import { at, Failure, runNode, tools } from "./launch/run.mjs";
import { checkSettings, folders, serverSettings } from "./launch/settings.mjs";
import { test } from "./launch/tests.mjs";

const calledByItsName = path.parse(process.argv[1]).name === "strata";
const [mode, ...args] = calledByItsName
  ? ["strata", ...process.argv.slice(2)]
  : process.argv.slice(2);

// npm runs a script in the project's folder and keeps the caller's in INIT_CWD.
const throughNpm = process.env.npm_lifecycle_event === mode;
const calledFrom = (throughNpm && process.env.INIT_CWD) || process.cwd();

const modes = {
  async start() {
    const env = await serverSettings(calledFrom);
    await providePackages();
    await checkSettings(env);
    await provideEditor();
    await provideBuild();
    return serve("start", env);
  },
  async dev() {
    const env = await serverSettings(calledFrom);
    await providePackages();
    await checkSettings(env);
    await provideEditor();
    return serve("dev", env);
  },
  async test() {
    await providePackages();
    return test(...args);
  },
  async strata() {
    await providePackages();
    return command("strata.ts");
  },
  async bench() {
    await providePackages();
    return command("bench.ts");
  },
  async oracle() {
    await providePackages();
    return command("oracle.ts");
  },
  async languages() {
    await providePackages();
    return command("languages.ts");
  },
  async format() {
    await providePackages();
    return runNode([
      tools.prettier,
      "--write",
      "--log-level=warn",
      ...(args.length ? args : ["."]),
    ]);
  },
  async migration() {
    await providePackages();
    const where = ["--dialect=sqlite", "--schema=db/schema.ts", "--out=db/migrations"];
    return runNode([tools["drizzle-kit"], "generate", ...where, ...args]);
  },
};

function serve(how, env) {
  const where = ["-p", env.PORT, "-H", env.HOST];
  const NODE_ENV = how === "start" ? "production" : "development";
  return runNode([tools.next, how, ...where], { serves: true, env: { ...env, NODE_ENV } });
}

function command(file) {
  const env = { ...folders(calledFrom), NODE_COMPILE_CACHE: at(".cache/compile") };
  return runNode([at("lib/cli", file), ...args], { cwd: calledFrom, env });
}

try {
  if (!Object.hasOwn(modes, mode ?? ""))
    throw new Failure(`Say what to do: ${Object.keys(modes).join(", ")}.`);
  process.exitCode = (await modes[mode]()).status;
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
