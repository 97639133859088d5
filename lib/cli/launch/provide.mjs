// Each function here brings one thing that may be missing, and does nothing when it is there.
import fs from "node:fs";
import path from "node:path";
import { at, Failure, hash, npm, once, read, run, runNode, runOn, step, tools } from "./run.mjs";

const privateNode = "26.10.0";

const isRecentEnough = (version) => {
  const [major, minor] = version.split(".").map(Number);
  return major > 23 || (major === 22 && minor >= 19);
};

/** better-sqlite3 crashes the process on an older Node, so a newer one comes from the npm registry. */
async function provideNode() {
  if (isRecentEnough(process.versions.node)) return runOn(process.execPath);
  const system = process.platform === "win32" ? "win" : process.platform;
  const prefix = system === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${system}-${process.arch}`;
  const home = at(".cache", `node-${privateNode}`);
  const program = system === "win" ? "node.exe" : "node";
  const binary = path.join(home, "node_modules", name, "bin", program);
  await once(
    () => fs.existsSync(binary),
    async () => {
      fs.mkdirSync(home, { recursive: true });
      const label = `Fetching Node ${privateNode} into .cache, as this is ${process.versions.node}`;
      const { status, output } = await step(label, async () => {
        const wanted = ["--no-save", "--no-package-lock", `${name}@${privateNode}`];
        const fetched = await fetch(["install", "--prefix", home, ...wanted], home);
        return fetched.status ? fetched : run(binary, ["--version"], { quiet: true });
      });
      if (status === 0) return;
      fs.rmSync(home, { recursive: true, force: true });
      throw fetchFailure(output, "Install Node 22.19 or newer and run this again");
    },
  );
  runOn(binary);
}

export async function providePackages() {
  await provideNode();
  const mark = at("node_modules/.installed-for");
  const wanted = hash(["package.json", "package-lock.json"]);
  await once(
    () => read(mark) === wanted,
    async () => {
      const { status, output } = await step("Installing packages, a minute or two", () =>
        fetch(["ci", "--include=dev"]),
      );
      if (status) throw fetchFailure(output, "The packages could not be installed");
      fs.writeFileSync(mark, wanted);
    },
  );
}

/** Without a connection npm would try each package for minutes; what it has kept may still be enough. */
async function fetch(args, cwd) {
  const impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  const ping = await npm(["ping", "--loglevel=error", ...impatient], { cwd });
  const offline = unreachable.test(ping.output);
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = await npm([...args, ...flags, ...(offline ? ["--offline"] : [])], { cwd });
  return offline ? { ...result, output: ping.output } : result;
}

const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/;

function fetchFailure(output, otherwise) {
  if (unreachable.test(output))
    return new Failure(
      "The npm registry cannot be reached: check this machine's connection and run this again.",
    );
  const log = at(".cache/install.log");
  fs.writeFileSync(log, output);
  return new Failure(`${otherwise}; what npm said is in ${log}.`);
}

export async function provideEditor() {
  const mark = at("public/monaco/.bundled-for");
  const from = ["bundle-monaco.mjs", "../ui/lab/monaco-entry.ts", "../ui/lab/monaco-version.ts"];
  const wanted = hash(from.map((it) => path.join("lib/cli", it)));
  await once(
    () => read(mark) === wanted,
    async () => {
      const { status, output } = await step("Bundling the editor", () =>
        runNode([at("lib/cli/bundle-monaco.mjs")], { quiet: true }),
      );
      if (status) throw new Failure(`${output}\nThe editor could not be bundled: see above.`);
      fs.writeFileSync(mark, wanted);
    },
  );
}

export async function provideBuild() {
  const mark = at(".next/.built-for");
  const wanted = hash(sources());
  await once(
    () => read(mark) === wanted,
    async () => {
      fs.rmSync(mark, { force: true });
      const { status, output } = await step("Building, about a minute", () =>
        runNode([tools.next, "build"], { quiet: true, env: { NODE_ENV: "production" } }),
      );
      if (status) throw new Failure(`${output}\nStrata could not be built: see above.`);
      fs.writeFileSync(mark, wanted);
    },
  );
}

/** What a build is made of. Courses are not: they are read while serving. */
function sources() {
  const unrelated = /\.(test\.tsx?|mjs|md|txt)$|[\\/](cases|migrations)[\\/]/;
  const roots = ["app", "db", "lib", "instrumentation.ts", "next.config.ts", "package-lock.json"];
  return [...roots, "package.json", "proxy.ts", "tsconfig.json"]
    .filter((it) => fs.existsSync(at(it)))
    .flatMap(filesIn)
    .filter((it) => !unrelated.test(it))
    .sort();
}

function filesIn(name) {
  if (!fs.statSync(at(name)).isDirectory()) return [name];
  return fs.readdirSync(at(name)).flatMap((it) => filesIn(path.join(name, it)));
}

/** The browser of the tests: one that is named, one that is there, or one that is fetched. */
export async function provideChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named && !fs.existsSync(named))
    throw new Failure(`CHROMIUM_PATH is ${named}, but there is no such file.`);
  const own = await runNode(["-p", `require("@playwright/test").chromium.executablePath()`], {
    quiet: true,
  });
  const usual = ["chromium", "chromium-browser", "google-chrome"].map((it) => `/usr/bin/${it}`);
  const places = [named, ...usual, own.output.trim()].filter(Boolean);
  const found = () => places.find((it) => fs.existsSync(it));
  if (!found() && process.getuid?.() === 0 && fs.existsSync("/usr/bin/apt-get"))
    await step("Installing Chromium with apt-get", async () => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      await run("apt-get", ["update"], { quiet: true, env });
      const flags = ["-y", "--no-install-recommends"];
      return run("apt-get", ["install", ...flags, "chromium"], { quiet: true, env });
    });
  if (!found())
    await step("Fetching Playwright's Chromium", () =>
      runNode([tools.playwright, "install", "chromium"], { quiet: true }),
    );
  const browser = found();
  if (browser) return browser;
  throw new Failure(
    "There is no browser for the tests: install Chromium and name it in CHROMIUM_PATH.",
  );
}
