/** A half-open range of UTF-16 offsets in one configuration file. `file` is its path in the lab, such as `edge/startup.ios`. */
export type Span = { readonly file: string; readonly from: number; readonly to: number };

/** The same range as an editor counts it: lines and columns from 1, the end exclusive. */
export type TextRange = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
};

/** Configuration files by path. */
export type Files = Readonly<Record<string, string>>;
