import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Server } from "./server.ts";

/** A course of the test's own, which it may change while the server runs. */
export type OwnCourse = {
  readonly id: string;
  /** Where its lesson "Many routers in one" and the lab are in a browser. */
  readonly lesson: string;
  readonly lab: string;
  /** Paths of all files of that lesson, from its folder. */
  files(): string[];
  read(file: string): string;
  write(file: string, text: string): void;
  edit(file: string, from: string, to: string): void;
};

const LESSON = "30-vrfs/10-many-routers-in-one";

export async function withCourse(
  server: Server,
  id: string,
  work: (course: OwnCourse) => Promise<void>,
): Promise<void> {
  const courses = path.join(server.content, "courses");
  const folder = path.join(courses, id);
  const at = (file: string) => path.join(folder, LESSON, file);
  const read = (file: string) => readFileSync(at(file), "utf8");
  const write = (file: string, text: string) => writeFileSync(at(file), text);
  cpSync(path.join(courses, "virtual-networks"), folder, { recursive: true });
  try {
    await work({
      id,
      lesson: `/learn/${id}/many-routers-in-one`,
      lab: `/learn/${id}/many-routers-in-one/lab`,
      files: () => filesUnder(path.join(folder, LESSON)),
      read,
      write,
      edit(file, from, to) {
        if (!read(file).includes(from)) throw new Error(`${file} does not say "${from}".`);
        write(file, read(file).replaceAll(from, to));
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((it) => statSync(path.join(folder, it)).isFile())
    .map((it) => it.replaceAll("\\", "/"));
}
