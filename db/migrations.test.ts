import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";

test("the migrations make what the schema says: none is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-migrations-"));
  try {
    cpSync("db/migrations", folder, { recursive: true });
    const before = readdirSync(folder);
    const kit = "node_modules/drizzle-kit/bin.cjs";
    const where = [
      "--dialect=sqlite",
      "--schema=db/schema.ts",
      `--out=${relative(process.cwd(), folder)}`,
    ];
    const run = spawnSync(process.execPath, [kit, "generate", ...where], { encoding: "utf8" });
    expect(run.stdout + run.stderr).toContain("No schema changes");
    expect(readdirSync(folder)).toEqual(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
