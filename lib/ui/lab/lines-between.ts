/** One line of a text, and whether the other text lacks it at this place. */
export type ComparedLine = { readonly text: string; readonly differs: boolean };

/** Above this many pairs of lines they are compared one by one, in order. */
const MOST_PAIRS = 4_000_000;

/** The lines of `text` that are not part of the longest run of lines it shares with `other`. */
export function linesBetween(text: string, other: string): ComparedLine[] {
  const a = text.split("\n");
  const b = other.split("\n");
  if (a.length * b.length > MOST_PAIRS) {
    return a.map((line, at) => ({ text: line, differs: line !== b[at] }));
  }
  const shared = sharedLengths(a, b);
  const out: ComparedLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length) {
    if (a[i] === b[j]) {
      out.push({ text: a[i++]!, differs: false });
      j++;
    } else if (j < b.length && shared[i]![j + 1]! >= shared[i + 1]![j]!) {
      j++;
    } else {
      out.push({ text: a[i++]!, differs: true });
    }
  }
  return out;
}

/** How many lines the texts share from line `i` of one and `j` of the other on. */
function sharedLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      rows[i]![j] =
        a[i] === b[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
    }
  }
  return rows;
}
