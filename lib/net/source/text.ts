import type { Span } from "./span.ts";

/** A run of non-blank characters and where it stands. */
export type Word = { readonly text: string; readonly span: Span };

/** One line of a file, without its line end, and the offset of its first character. */
export type Line = { readonly text: string; readonly from: number };

/** More text than this is cut, so that no file can hold the engine up. In UTF-16 units. */
export const MAX_FILE = 1_000_000;

/** The lines of `text`, whichever way they end. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let from = 0;
  while (from <= text.length) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    lines.push({ text: text.slice(from, to > from && text[to - 1] === "\r" ? to - 1 : to), from });
    if (end === -1) break;
    from = end + 1;
  }
  return lines;
}

/** The words of one line. */
export function wordsOf(file: string, line: Line): Word[] {
  return [...line.text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    span: {
      file,
      from: line.from + match.index,
      to: line.from + match.index + match[0].length,
    },
  }));
}

/** From the first to the last of `words`; they must not be empty. */
export function spanOf(words: readonly Word[]): Span {
  const [first, last] = [words[0]!.span, words[words.length - 1]!.span];
  return { file: first.file, from: first.from, to: last.to };
}

/**
 * Where the first character stands that no configuration holds, such as a NUL; -1 when all is text.
 * U+FFFD is what undecodable bytes become when a file is read.
 */
export function notText(text: string): number {
  // eslint-disable-next-line no-control-regex
  return text.search(/[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/);
}
