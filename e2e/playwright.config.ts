import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { defineConfig } from "@playwright/test";

const root = path.resolve(import.meta.dirname, "..");
const port = 3977;
const browser = process.env.CHROMIUM_PATH;

// Playwright reads this file once more in every worker; all must mean the folder the server has.
if (!process.env.E2E_DATA_DIR) {
  const fresh = mkdtempSync(path.join(tmpdir(), "strata-e2e-"));
  process.env.E2E_DATA_DIR = fresh;
  process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
}
const settings = {
  PORT: String(port),
  HOST: "127.0.0.1",
  DATA_DIR: process.env.E2E_DATA_DIR,
  CONTENT_DIR: path.join(root, "content"),
};
// For tests that ask the command line, too.
Object.assign(process.env, settings);

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: path.join(root, "test-results"),
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    trace: "retain-on-failure",
    launchOptions: {
      ...(browser && { executablePath: browser }),
      args: [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
      ],
    },
  },
  webServer: {
    command: "node lib/cli/launch.mjs start",
    cwd: root,
    env: settings,
    url: `http://127.0.0.1:${port}`,
    stdout: "pipe",
    timeout: 240_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
