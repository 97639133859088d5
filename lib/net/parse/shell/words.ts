import type { Otherwise, Part, RawWord } from "./syntax.ts";

/*
 * Words as a POSIX shell reads them: quotes, escapes, and what is replaced when they run. Reading never fails; what
 * the shell would take and is not simulated here becomes a part that says so.
 */

// No expansion is longer, or nested deeper, than this.
const LONGEST = 10_000;
const MAX_DEPTH = 20;

/** A place in the text of a script, moved on by what reads there. */
export class Cursor {
  at = 0;
  readonly text: string;
  /** Where quotes were opened that nothing closes. */
  readonly open: { quote: string; at: number }[] = [];
  // Brackets that nothing closes are looked for this often, so that a file full of them is read in time.
  private searches = 100;
  readonly depth: number;

  constructor(text: string, depth = 0) {
    this.text = text;
    this.depth = depth;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  starts(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Pass blanks, continued lines and, at the start of a word, a comment. */
  blanks(): void {
    for (;;) {
      const c = this.text[this.at];
      if (c === " " || c === "\t" || c === "\f" || c === "\v") this.at++;
      else if (c === "\r" && (this.text[this.at + 1] ?? "\n") === "\n") this.at++;
      else if (c === "\\" && this.continuation(this.at) > 0) this.at += this.continuation(this.at);
      else if (c === "#") this.at = this.endOfLine(this.at);
      else return;
    }
  }

  /** How long the mark of a continued line is here; 0 when there is none. */
  continuation(at: number): number {
    if (this.text.startsWith("\\\n", at)) return 2;
    return this.text.startsWith("\\\r\n", at) ? 3 : 0;
  }

  endOfLine(from: number): number {
    const end = this.text.indexOf("\n", from);
    return end === -1 ? this.text.length : end;
  }

  /** Where the bracket closes that opened before `from`; -1 when it does not. */
  closing(from: number, opens: string, closes: string): number {
    if (this.searches === 0 || this.depth > MAX_DEPTH) return -1;
    let depth = 1;
    const end = Math.min(this.text.length, from + LONGEST);
    for (let at = from; at < end; at++) {
      const c = this.text[at]!;
      if (c === "\\") at++;
      else if (c === "'" && opens === "(") {
        const close = this.text.indexOf("'", at + 1);
        if (close === -1) break;
        at = close;
      } else if (c === opens) depth++;
      else if (c === closes && --depth === 0) return at;
    }
    this.searches--;
    return -1;
  }
}

const ENDS_WORD = /[\s;&|<>()]/;
const PLAIN = /[^\s;&|<>()'"\\$`]+/y;

/** Read one word; what ends it is left. */
export function readWord(it: Cursor): RawWord {
  const from = it.at;
  const parts: Part[] = [];
  while (!it.done && !ENDS_WORD.test(it.text[it.at]!)) {
    if (it.text[it.at] === "\\" && it.continuation(it.at) > 0) {
      it.at += it.continuation(it.at);
      continue;
    }
    readPart(it, parts);
  }
  return { parts, from, to: it.at };
}

function readPart(it: Cursor, parts: Part[]): void {
  const from = it.at;
  const c = it.text[from]!;
  if (c === "'") {
    const end = it.text.indexOf("'", from + 1);
    if (end === -1) return leaveOpen(it, c);
    parts.push(textPart(it.text.slice(from + 1, end), true, from + 1, end));
    it.at = end + 1;
  } else if (c === '"') readDouble(it, parts);
  else if (c === "\\") {
    parts.push(
      textPart(it.text.slice(from + 1, from + 2), true, from, Math.min(from + 2, it.text.length)),
    );
    it.at = Math.min(from + 2, it.text.length);
  } else if (c === "$" || c === "`") parts.push(readDollar(it, false));
  else {
    PLAIN.lastIndex = from;
    const length = PLAIN.exec(it.text)?.[0].length ?? 1;
    parts.push(textPart(it.text.slice(from, from + length), false, from, from + length));
    it.at += length;
  }
}

function textPart(text: string, quoted: boolean, from: number, to: number): Part {
  return { kind: "text", text, quoted, from, to };
}

// As if the line ended here: the statement is given up, the next line is read.
function leaveOpen(it: Cursor, quote: string): void {
  it.open.push({ quote, at: it.at });
  it.at = it.endOfLine(it.at);
}

function readDouble(it: Cursor, parts: Part[]): void {
  const start = it.at;
  const end = closingDouble(it.text, start + 1);
  if (end === -1) return leaveOpen(it, '"');
  const before = parts.length;
  it.at = start + 1;
  readQuoted(it, end, parts);
  if (parts.length === before) parts.push(textPart("", true, start, end + 1));
  it.at = end + 1;
}

function closingDouble(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/** Read what stands between double quotes, or in a here-document, up to `end`. */
export function readQuoted(it: Cursor, end: number, parts: Part[]): void {
  let from = it.at;
  const keep = () => {
    if (it.at > from) parts.push(textPart(it.text.slice(from, it.at), true, from, it.at));
  };
  while (it.at < end) {
    const c = it.text[it.at]!;
    const next = it.text[it.at + 1] ?? "";
    if (c === "\\" && it.continuation(it.at) > 0) {
      keep();
      from = it.at += it.continuation(it.at);
    } else if (c === "\\" && /["\\$`]/.test(next) && next !== "") {
      keep();
      parts.push(textPart(next, true, it.at, it.at + 2));
      from = it.at += 2;
    } else if ((c === "$" && /[A-Za-z0-9_{(?#@*!$-]/.test(next)) || c === "`") {
      keep();
      parts.push(readDollar(it, true));
      // A substitution with quotes in it may go beyond what looked like the end.
      it.at = Math.min(it.at, end);
      from = it.at;
    } else it.at++;
  }
  keep();
}

function readDollar(it: Cursor, quoted: boolean): Part {
  const from = it.at;
  const rest = it.text.slice(from, from + 3);
  if (rest.startsWith("`")) {
    const end = it.text.indexOf("`", from + 1);
    if (end === -1) return unsupported(it, "A command substitution", from, it.endOfLine(from));
    return readOutput(it, from, from + 1, end, end + 1, quoted);
  }
  if (rest === "$((") return readArithmetic(it, from, quoted);
  if (rest.startsWith("$(")) {
    const end = it.closing(from + 2, "(", ")");
    if (end === -1) return unsupported(it, "A command substitution", from, it.endOfLine(from));
    return readOutput(it, from, from + 2, end, end + 1, quoted);
  }
  if (rest.startsWith("${")) return readBraced(it, from, quoted);
  if (rest.startsWith("$'") && !quoted) return readAnsi(it, from);
  if (rest.startsWith('$"') && !quoted) {
    it.at++;
    return textPart("", true, from, from + 1);
  }
  const name = /[A-Za-z_]\w*|[0-9?#@*!$-]/y;
  name.lastIndex = from + 1;
  const found = name.exec(it.text)?.[0];
  if (found === undefined) {
    it.at = from + 1;
    return textPart("$", quoted, from, from + 1);
  }
  it.at = from + 1 + found.length;
  return variable(found, null, quoted, from, it.at);
}

// Those that a script's surroundings set: what they hold is not known here.
const SURROUNDINGS = new Set(
  "HOME USER LOGNAME PATH PWD OLDPWD HOSTNAME RANDOM SECONDS EUID UID PPID SHELL BASH IFS LINENO SUDO_USER".split(
    " ",
  ),
);

function variable(
  name: string,
  otherwise: Otherwise | null,
  quoted: boolean,
  from: number,
  to: number,
): Part {
  const known = /^[A-Za-z_]\w*$/.test(name) ? !SURROUNDINGS.has(name) : name === "?";
  if (!known) return { kind: "unsupported", what: `$${name}`, quoted, from, to };
  return { kind: "variable", name, otherwise, quoted, from, to };
}

function readBraced(it: Cursor, from: number, quoted: boolean): Part {
  const end = it.closing(from + 2, "{", "}");
  if (end === -1) return unsupported(it, "A variable in braces", from, it.endOfLine(from));
  const inner = it.text.slice(from + 2, end);
  it.at = end + 1;
  const simple = /^[A-Za-z_]\w*$|^\?$/.exec(inner);
  if (simple) return variable(inner, null, quoted, from, end + 1);
  const defaulted = /^([A-Za-z_]\w*)(:?)([-=+])/.exec(inner);
  if (!defaulted) return unsupported(it, `\${${inner.slice(0, 30)}}`, from, end + 1);
  const [sign, name = "", colon] = defaulted;
  const word = readOtherwise(it, from + 2 + sign.length, end);
  it.at = end + 1;
  const otherwise = { sign: defaulted[3] as "-" | "=" | "+", ifEmpty: colon === ":", word };
  return variable(name, otherwise, quoted, from, end + 1);
}

function readOtherwise(it: Cursor, from: number, to: number): RawWord {
  const inner = new Cursor(it.text.slice(0, to), it.depth + 1);
  inner.at = from;
  const parts: Part[] = [];
  while (!inner.done) {
    const at = inner.at;
    if (ENDS_WORD.test(inner.text[at]!)) {
      parts.push(textPart(inner.text[at]!, false, at, at + 1));
      inner.at++;
    } else readPart(inner, parts);
  }
  it.open.push(...inner.open);
  return { parts, from, to };
}

function readArithmetic(it: Cursor, from: number, quoted: boolean): Part {
  const end = it.closing(from + 3, "(", ")");
  if (end === -1 || it.text[end + 1] !== ")")
    return unsupported(
      it,
      "An arithmetic expression",
      from,
      end === -1 ? it.endOfLine(from) : end + 1,
    );
  it.at = end + 2;
  return { kind: "arithmetic", text: it.text.slice(from + 3, end), quoted, from, to: it.at };
}

// The words of a command whose output the shell wants; only plain ones can be known.
function readOutput(
  it: Cursor,
  from: number,
  start: number,
  end: number,
  to: number,
  quoted: boolean,
): Part {
  const first = /^\s*(seq|echo|printf)\s/.exec(it.text.slice(start, Math.min(end, start + 40)));
  if (!first) return unsupported(it, "A command substitution", from, to);
  const inner = new Cursor(it.text.slice(0, end), it.depth + 1);
  inner.at = start;
  const words: RawWord[] = [];
  for (inner.blanks(); !inner.done; inner.blanks()) {
    const c = inner.text[inner.at]!;
    if (ENDS_WORD.test(c)) return unsupported(it, "A command substitution", from, to);
    words.push(readWord(inner));
  }
  it.open.push(...inner.open);
  it.at = to;
  return { kind: "output-of", words, quoted, from, to };
}

const ANSI: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", e: "\x1b", "0": "\0" };

// `$'…'`
function readAnsi(it: Cursor, from: number): Part {
  let text = "";
  for (let at = from + 2; at < it.text.length; at++) {
    const c = it.text[at]!;
    if (c === "'") {
      it.at = at + 1;
      return textPart(text, true, from, it.at);
    }
    if (c === "\\") text += ANSI[it.text[++at] ?? ""] ?? it.text[at] ?? "";
    else text += c;
  }
  leaveOpen(it, "'");
  return textPart("", true, from, it.at);
}

function unsupported(it: Cursor, what: string, from: number, to: number): Part {
  it.at = to;
  return { kind: "unsupported", what, quoted: false, from, to };
}
