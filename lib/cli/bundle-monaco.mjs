// Bundles the editor once into public/monaco/<version>/, so that no build of the pages has to.
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { monacoVersion } from "#lib/ui/lab/monaco-version.ts";

const root = path.resolve(import.meta.dirname, "../..");
const installed = JSON.parse(
  readFileSync(path.join(root, "node_modules/monaco-editor/package.json"), "utf8"),
).version;
if (installed !== monacoVersion)
  throw new Error(
    `lib/ui/lab/monaco-version.ts says ${monacoVersion}, but monaco-editor ${installed} is installed.`,
  );

const unfinished = path.join(root, ".cache/monaco");
const served = path.join(root, "public/monaco");
rmSync(unfinished, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    monaco: "lib/ui/lab/monaco-entry.ts",
    "editor.worker": "monaco-editor/editor/editor.worker",
  },
  outdir: path.join(unfinished, monacoVersion),
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".ttf": "file" },
  logLevel: "warning",
});
rmSync(served, { recursive: true, force: true });
mkdirSync(path.dirname(served), { recursive: true });
renameSync(unfinished, served);
