import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const at = (...names) => path.join(root, ...names);

export const tools = {
  "drizzle-kit": at("node_modules/drizzle-kit/bin.cjs"),
  next: at("node_modules/next/dist/bin/next"),
  oxlint: at("node_modules/oxlint/bin/oxlint"),
  playwright: at("node_modules/@playwright/test/cli.js"),
  prettier: at("node_modules/prettier/bin/prettier.cjs"),
  tsc: at("node_modules/typescript/bin/tsc"),
  vitest: at("node_modules/vitest/vitest.mjs"),
};

/** What ends a command: a sentence that says what to do, shown without a stack. */
export class Failure extends Error {}

let node = process.execPath;
const environment = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --disable-warning=ExperimentalWarning`.trim(),
};

/** From here on, everything runs on this Node, and so does what those programs start. */
export function runOn(binary) {
  node = binary;
  const name = Object.keys(environment).find((it) => it.toUpperCase() === "PATH") ?? "PATH";
  environment[name] = [path.dirname(binary), environment[name]].join(path.delimiter);
}

const children = new Set();
let stoppedBy;

function stop(signal) {
  stoppedBy = signal;
  for (const child of children) child.kill(signal);
}

// A Ctrl-C in a terminal reaches the children by itself.
process.on("SIGINT", () => (process.stdin.isTTY ? (stoppedBy = "SIGINT") : stop("SIGINT")));
process.on("SIGTERM", stop);
process.on("SIGHUP", stop);

// npm gives its signals to the shell between us, which dies of them without passing them on.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  setInterval(() => process.ppid !== shell && !stoppedBy && stop("SIGTERM"), 500).unref();
}

/**
 * Run a program to its end. A quiet one keeps its output for whoever wants to show it. When this process
 * was asked to stop, it ends with the program: 0 for a server, which did what was asked.
 */
export function run(program, args, { quiet, serves, cwd = root, env, shell = false } = {}) {
  return new Promise((resolve) => {
    const stdio = quiet ? ["ignore", "pipe", "pipe"] : "inherit";
    const child = spawn(program, args, { cwd, shell, stdio, env: { ...environment, ...env } });
    children.add(child);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text) => (output += text));
    const end = (status) => {
      children.delete(child);
      if (stoppedBy) process.exit(serves ? 0 : 128 + os.constants.signals[stoppedBy]);
      resolve({ status, output });
    };
    child.on("error", (error) => {
      output += error.message;
      end(127);
    });
    child.on("close", (status, signal) => end(status ?? 128 + os.constants.signals[signal]));
  });
}

export const runNode = (args, options) => run(node, args, options);

/** npm runs on the Node it came with: an old npm may not know the new one. */
export function npm(args, { cwd }) {
  const options = { cwd, quiet: true, env: process.env };
  const running = process.env.npm_execpath ?? "";
  if (/npm-cli\.[cm]?js$/.test(running)) return run(process.execPath, [running, ...args], options);
  return run("npm", args, { ...options, shell: process.platform === "win32" });
}

/** One line for a long step: its name at once, its time at the end. The answer has standard output. */
export async function step(label, work) {
  const began = Date.now();
  process.stderr.write(`${label} … `);
  const result = await work();
  process.stderr.write(`${result.status ? "failed, " : ""}${seconds(began)}\n`);
  return result;
}

export const seconds = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;

/** Do what is not done yet. A second launcher waits for the first, and then finds it done. */
export async function once(isDone, work) {
  if (isDone()) return;
  await lock();
  try {
    if (!isDone()) await work();
  } finally {
    unlock();
  }
}

const lockFile = at(".cache/lock");
const isOurs = () => read(lockFile) === String(process.pid);
const unlock = () => isOurs() && fs.rmSync(lockFile, { force: true });
process.on("exit", unlock);

async function lock() {
  makeCache();
  for (let told = false; ; await sleep(300)) {
    try {
      fs.writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw unwritable(error);
    }
    const owner = Number(read(lockFile));
    if (owner && !isAlive(owner)) fs.rmSync(lockFile, { force: true });
    else if (!told) {
      told = true;
      process.stderr.write(`Waiting for process ${owner}, which is installing or building here\n`);
    }
    if (stoppedBy) process.exit(128 + os.constants.signals[stoppedBy]);
  }
}

function makeCache() {
  try {
    fs.mkdirSync(at(".cache"), { recursive: true });
  } catch (error) {
    throw unwritable(error);
  }
}

/** What is missing here is installed and built here. */
function unwritable(error) {
  if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) return error;
  return new Failure(
    `Something is to be installed or built first, and the folder ${root} cannot be written: run this once as the user it belongs to.`,
  );
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** A file's text, or nothing when it cannot be read. */
export function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

export function hash(files) {
  const sum = createHash("sha256");
  for (const file of files) sum.update(`${file}\0`).update(fs.readFileSync(at(file)));
  return sum.digest("hex");
}
