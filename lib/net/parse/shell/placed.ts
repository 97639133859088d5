import type { Span } from "../../source/span.ts";
import type { Word } from "../../source/text.ts";

/**
 * Text that the shell hands to a program, and where it was written. Without `pieces` it stands at `span` letter by
 * letter when both are of one length; with them, each piece says where the text from `at` on was written.
 */
export type ShellWord = Word & { readonly pieces?: readonly Piece[] };

/** From `at` on, up to the next piece, the text is what the file has from `from` to `to`, or was made from it. */
export type Piece = { readonly at: number; readonly from: number; readonly to: number };

/** Where the characters `from` to `to` of `it` were written; what was made by an expansion points to that. */
export function placeIn(it: ShellWord, from: number, to: number): Span {
  const { file } = it.span;
  const pieces = it.pieces ?? [{ at: 0, from: it.span.from, to: it.span.to }];
  if (pieces.length === 0) return it.span;
  const first = pieceAt(pieces, from);
  const start = offsetIn(it, pieces, first, from, "from");
  if (to <= from) return { file, from: start, to: start };
  const end = offsetIn(it, pieces, pieceAt(pieces, to - 1), to, "to");
  return { file, from: start, to: Math.max(start, end) };
}

/** A part of `it` as a word of its own. */
export function partOf(it: ShellWord, from: number, to: number): ShellWord {
  return { text: it.text.slice(from, to), span: placeIn(it, from, to) };
}

/** Texts after each other; a bare string belongs to the text before it. */
export function joined(span: Span, texts: readonly (ShellWord | string)[]): ShellWord {
  let text = "";
  const pieces: Piece[] = [];
  for (const it of texts) {
    if (typeof it !== "string")
      for (const piece of it.pieces ?? [{ at: 0, from: it.span.from, to: it.span.to }])
        pieces.push({ ...piece, at: piece.at + text.length });
    text += typeof it === "string" ? it : it.text;
  }
  return { text, span, pieces };
}

function pieceAt(pieces: readonly Piece[], at: number): number {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pieces[middle]!.at <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function offsetIn(
  it: ShellWord,
  pieces: readonly Piece[],
  index: number,
  at: number,
  side: "from" | "to",
): number {
  const piece = pieces[index]!;
  const length = (pieces[index + 1]?.at ?? it.text.length) - piece.at;
  // A line's end that was added after a verbatim text is longer by one than what was written.
  const verbatim = length === piece.to - piece.from || length === piece.to - piece.from + 1;
  return verbatim ? Math.min(piece.from + (at - piece.at), piece.to) : piece[side];
}
