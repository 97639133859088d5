import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Diagnostic } from "../source/diagnostic.ts";

/*
 * Case files: `# title`, a text with marks under its lines (carets, then the code of the diagnostic), `==>`, what the
 * text means. Characters that an editor would hide are written as their pictures, such as ␀ and ␍.
 */
export type Case = {
  readonly title: string;
  /** The text as a learner wrote it. */
  readonly input: string;
  /** The text with its marks, as the case file has it. */
  readonly marked: string;
  readonly meaning: string;
};

/** Every case in the `.txt` files of a folder. */
export function casesIn(folder: string): Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".txt"))
    .sort()
    .flatMap((file) => casesOf(file, readFileSync(path.join(folder, file), "utf8")));
}

function casesOf(file: string, text: string): Case[] {
  return text.split(/(?:^|\n\n)# /).flatMap((part): Case[] => {
    const end = part.indexOf("\n");
    if (end <= 0) return [];
    const [before = "", after] = part.slice(end + 1).split(/^==>$/m);
    if (after === undefined) throw new Error(`${file}: "${part.slice(0, end)}" has no ==>`);
    const marked = before.replace(/^\n+|\n+$/g, "");
    const input = marked
      .split("\n")
      .filter((line) => !isMark(line))
      .join("\n");
    const title = `${file.replace(".txt", "")}: ${part.slice(0, end)}`;
    return [{ title, input: unpictured(input), marked, meaning: after.trim() }];
  });
}

function isMark(line: string): boolean {
  return /^ *\^+ [a-z0-9-]+$/.test(line);
}

function unpictured(text: string): string {
  return text.replace(/[\u2400-\u241f]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x2400));
}

function pictured(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) =>
    String.fromCharCode(c.charCodeAt(0) + 0x2400),
  );
}

/** The text with a mark under every place that a diagnostic speaks of; of one that is longer than a line, its first. */
export function drawMarks(text: string, diagnostics: readonly Diagnostic[]): string {
  let from = 0;
  return text
    .split("\n")
    .flatMap((line) => {
      const to = from + line.length;
      const here = diagnostics
        .filter(({ span }) => span.from >= from && span.from <= to)
        .map(({ span, code }) => {
          const carets = "^".repeat(Math.max(1, Math.min(span.to, to) - span.from));
          return `${" ".repeat(span.from - from)}${carets} ${code}`;
        });
      from = to + 1;
      return [pictured(line), ...here];
    })
    .join("\n");
}
