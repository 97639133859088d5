import type { ComposeFile } from "../../parse/compose/file.ts";
import { isComposeFile, parseCompose } from "../../parse/compose/parse.ts";
import type { Span } from "../../source/span.ts";

type Files = readonly { readonly path: string; readonly text: string }[];

/** In a folder with several, compose takes the first of these. */
const PREFERRED = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/** The compose files of one system, each read once. */
export class ComposeFiles {
  private readonly files: Files;
  private readonly read = new Map<string, ComposeFile>();

  constructor(files: Files) {
    this.files = files.filter(({ path }) => isComposeFile(path));
  }

  /** Those that are started by themselves and have not been read, by path. */
  get unread(): string[] {
    return this.own.map(({ path }) => path).filter((path) => !this.read.has(path));
  }

  /** Files beside one that compose prefers, with their places. */
  get passedOver(): [path: string, at: Span][] {
    const own = new Set(this.own);
    return this.files
      .filter((file) => !own.has(file) && !this.read.has(file.path))
      .map(({ path, text }) => [path, { file: path, from: 0, to: text.length }]);
  }

  /** The file of this name, `app/compose.yaml` or just its folder; `null` is the one next to the scripts. */
  find(name: string | null): ComposeFile | null {
    const wanted = name?.replace(/^(\.\/|\/root\/)/, "") ?? null;
    const file =
      wanted === null
        ? this.own.toSorted((a, b) => a.path.split("/").length - b.path.split("/").length)[0]
        : this.files.find(({ path }) => path === wanted || path.endsWith(`/${wanted}`));
    return file ? this.parsed(file) : null;
  }

  /** The file of this path, and whether it is read for the first time. */
  parsed({ path, text }: Files[number]): ComposeFile {
    const file = this.read.get(path) ?? parseCompose(path, text);
    this.read.set(path, file);
    return file;
  }

  private get own(): Files {
    return [...Map.groupBy(this.files, ({ path }) => path.slice(0, path.lastIndexOf("/")))].map(
      ([, group]) => group.toSorted((a, b) => rank(a.path) - rank(b.path))[0]!,
    );
  }
}

function rank(path: string): number {
  return PREFERRED.indexOf(path.split("/").at(-1)!);
}
