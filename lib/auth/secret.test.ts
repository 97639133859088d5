import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSecret } from "./secret.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the secret is made once, for its owner's eyes, and nothing else is left behind", () => {
  const secret = loadSecret(folder);
  expect(secret.length).toBeGreaterThanOrEqual(43);
  expect(loadSecret(folder)).toBe(secret);
  expect(statSync(join(folder, "secret")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["secret"]);
});

test("a secret that somebody emptied is not used", () => {
  writeFileSync(join(folder, "secret"), "\n");
  expect(() => loadSecret(folder)).toThrow("too short");
});
