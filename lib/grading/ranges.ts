import type { Diagnostic } from "#lib/net/source/diagnostic.ts";
import type { Files, Span, TextRange } from "#lib/net/source/span.ts";
import type { DiagnosticReport } from "./report.ts";

/** More remarks than this help nobody; the count of the rest is said. */
const MOST = 500;

/** Turns places in files into lines and columns, once per file. */
export class Ranges {
  private readonly files: Files;
  private readonly starts = new Map<string, readonly number[]>();

  constructor(files: Files) {
    this.files = files;
  }

  of(span: Span): TextRange {
    const starts = this.startsOf(span.file);
    const [line, column] = at(starts, span.from);
    const [endLine, endColumn] = at(starts, Math.max(span.from, span.to));
    return { file: span.file, line, column, endLine, endColumn };
  }

  private startsOf(file: string): readonly number[] {
    const known = this.starts.get(file);
    if (known) return known;
    const text = Object.hasOwn(this.files, file) ? this.files[file]! : "";
    const starts = [0];
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1))
      starts.push(end + 1);
    this.starts.set(file, starts);
    return starts;
  }
}

function at(starts: readonly number[], offset: number): [line: number, column: number] {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return [low + 1, offset - starts[low]! + 1];
}

/** Remarks in the order of files and lines, as they are stored and shown. */
export function diagnosticReports(
  diagnostics: readonly Diagnostic[],
  ranges: Ranges,
): DiagnosticReport[] {
  const reports = diagnostics
    .map(({ code, severity, message, span }): DiagnosticReport => ({
      ...ranges.of(span),
      severity,
      code,
      message,
    }))
    .sort((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
    );
  const last = reports[MOST];
  if (!last) return reports;
  const message = `${reports.length - MOST} more remarks were left out.`;
  return [
    ...reports.slice(0, MOST),
    { ...last, severity: "info", code: "too-many-remarks", message },
  ];
}
