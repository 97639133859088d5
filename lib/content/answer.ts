import type { Files } from "#lib/net/source/span.ts";
import type { LabInstance } from "./lab.ts";
import { ruleFor } from "./lab-paths.ts";

/** How much an answer may be. Real ones are a few kilobytes in a few files. */
export const MOST_BYTES = 1024 * 1024;
export const MOST_FILES = 200;

/** The files that are graded, and the names of those that were not taken. */
export type Overlay = {
  readonly files: Files;
  readonly refused: readonly string[];
  /** Why nothing of the answer was taken: a sentence for the learner, or `null`. */
  readonly tooMuch: string | null;
};

/** Lay an answer over the start. Only files that the lab lets a learner edit or create are taken. */
export function overlay(instance: LabInstance, answer: Files): Overlay {
  const tooMuch = tooMuchOf(answer);
  if (tooMuch) return { files: instance.files, refused: Object.keys(answer).sort(), tooMuch };
  const names = Object.keys(answer);
  const taken = names.filter((name) => isWritable(instance, name));
  const refused = names.filter((name) => !isWritable(instance, name)).sort();
  return {
    files: Object.fromEntries([
      ...Object.entries(instance.files),
      ...taken.map((name) => [name, answer[name] ?? ""] as const),
    ]),
    refused,
    tooMuch: null,
  };
}

/** Whether the lab lets a learner write the file `name`. */
export function isWritable(instance: LabInstance, name: string): boolean {
  return ruleFor(instance.rules, name, Object.hasOwn(instance.files, name)) !== undefined;
}

/** Why an answer is too large to be taken, or `null`. */
export function tooMuchOf(answer: Files): string | null {
  const names = Object.keys(answer);
  if (names.length > MOST_FILES) {
    return `The answer has ${names.length} files, and at most ${MOST_FILES} are taken. Remove some.`;
  }
  const bytes = names.reduce((sum, name) => sum + sizeOf(name) + sizeOf(answer[name] ?? ""), 0);
  if (bytes <= MOST_BYTES) return null;
  return `The answer is ${(bytes / MOST_BYTES).toFixed(1)} MB, and at most 1 MB is taken. Make it shorter.`;
}

function sizeOf(text: string): number {
  // More units than bytes are allowed are too many in any case; they need not be encoded to know it.
  return text.length > MOST_BYTES ? text.length : new TextEncoder().encode(text).length;
}
