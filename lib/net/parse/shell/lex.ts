import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { MAX_FILE, notText, type Word } from "../../source/text.ts";

/** One simple command: its words after quotes are taken away, and where its output goes. */
export type Command = {
  readonly words: readonly Word[];
  readonly span: Span;
  /** `echo 1 > FILE`: the file, when the command has such a redirection. */
  readonly output: Word | null;
  /** When it runs: always, only after success, or only after failure of the one before. */
  readonly when: "always" | "success" | "failure";
};

export type ShellFile = {
  readonly commands: readonly Command[];
  readonly diagnostics: readonly Diagnostic[];
  /** Lines that use parts of the shell that are not simulated. */
  readonly unsupported: readonly { readonly what: string; readonly span: Span }[];
};

const UNSUPPORTED: Readonly<Record<string, string>> = {
  $: "A variable or substitution",
  "`": "A command substitution",
  "(": "A subshell",
  ")": "A subshell",
  "<": "Reading from a file or here-document",
  "|": "A pipe",
  "&": "Running in the background",
  "*": "A file pattern",
  "{": "A list in braces",
};

const OPEN_QUOTE = "An open quote";

const CHAINS: Readonly<Record<string, Command["when"]>> = { "&&": "success", "||": "failure" };

const KEYWORDS = new Set([
  "for",
  "while",
  "until",
  "if",
  "case",
  "function",
  "do",
  "done",
  "then",
  "fi",
  "else",
  "esac",
  "{",
  "}",
  "!",
  "[[",
  "time",
  "trap",
]);

// Where output goes: `>`, `>>`, with the number of the stream, joined to another stream, or all of it.
const REDIRECTION = /^(?:[012]?>{1,2}(?:&[012])?|&>{1,2})/;

/**
 * Read a script of simple commands: words, quotes and escapes, comments, `;`, `&&`, `||`, line continuation and
 * redirection of output. What goes beyond (variables, pipes, loops) is named with its line and skipped. Never fails.
 */
export function parseShell(file: string, text: string): ShellFile {
  const commands: Command[] = [];
  const diagnostics: Diagnostic[] = [];
  const unsupported: { what: string; span: Span }[] = [];
  const source = text.slice(0, MAX_FILE);
  if (text.length > MAX_FILE) cutOff();

  let at = 0;
  let words: Word[] = [];
  let output: Word | null = null;
  let expectsFile = false;
  let when: Command["when"] = "always";
  let bad: { what: string; span: Span } | null = null;

  while (at < source.length) {
    const c = source[at]!;
    const ends = c === "\n" || c === ";" ? "always" : CHAINS[source.slice(at, at + 2)];
    if (ends) {
      finish(ends);
      at += ends === "always" ? 1 : 2;
    } else if (continued(at) !== -1) at = continued(at);
    else if (/\s/.test(c)) at++;
    else if (c === "#") at = endOfLine(at);
    else if (REDIRECTION.test(source.slice(at, at + 4))) redirect();
    else word();
  }
  finish("always");
  return { commands, diagnostics, unsupported };

  function redirect(): void {
    const [sign = ""] = REDIRECTION.exec(source.slice(at, at + 5))!;
    at += sign.length;
    expectsFile = !/&\d/.test(sign);
  }

  // What was not read may have said anything.
  function cutOff(): void {
    const span = { file, from: MAX_FILE, to: text.length };
    diagnostics.push(diagnostic("file-too-long", span, { limit: MAX_FILE }));
    unsupported.push({ what: "The rest of a file that is too long", span });
  }

  // The character after a backslash that ends the line, -1 for another backslash.
  function continued(from: number): number {
    if (source.startsWith("\\\n", from)) return from + 2;
    return source.startsWith("\\\r\n", from) ? from + 3 : -1;
  }

  function word(): void {
    const from = at;
    let value = "";
    while (at < source.length) {
      const c = source[at]!;
      if (/[\s;]/.test(c) || source.startsWith("&&", at) || source.startsWith("||", at)) break;
      if (c === ">" || (c === "#" && at === from)) break;
      if (c === "'" || c === '"') {
        const close = closing(c, at + 1);
        if (close === -1) {
          diagnostics.push(
            diagnostic("shell-open-quote", { file, from: at, to: endOfLine(at) }, { quote: c }),
          );
          bad ??= { what: OPEN_QUOTE, span: { file, from: at, to: endOfLine(at) } };
          at = endOfLine(at);
          return;
        }
        const inner = source.slice(at + 1, close);
        if (c === '"' && /[$`]/.test(inner)) refuse("$");
        value += c === '"' ? inner.replace(/\\(["\\$`])/g, "$1") : inner;
        at = close + 1;
      } else if (c === "\\") {
        const next = continued(at);
        value += next === -1 ? (source[at + 1] ?? "") : "";
        at = next === -1 ? Math.min(at + 2, source.length) : next;
      } else {
        if (c === "{" ? isList(at) : Object.hasOwn(UNSUPPORTED, c)) refuse(c);
        value += c;
        at++;
      }
    }
    const made = { text: value, span: { file, from, to: at } };
    if (expectsFile) output = made;
    else words.push(made);
    expectsFile = false;
  }

  // `{a,b}` and `{1..3}` stand for several words; other braces for themselves.
  function isList(from: number): boolean {
    return /^\{[^\s{}]*(,|\.\.)[^\s{}]*\}/.test(source.slice(from, from + 200));
  }

  function refuse(c: string): void {
    bad ??= { what: UNSUPPORTED[c]!, span: { file, from: at, to: at + 1 } };
  }

  function closing(quote: string, from: number): number {
    for (let i = from; i < source.length; i++) {
      if (quote === '"' && source[i] === "\\") i++;
      else if (source[i] === quote) return i;
    }
    return -1;
  }

  function finish(next: Command["when"]): void {
    const first = words[0];
    if (first && KEYWORDS.has(first.text)) bad ??= { what: `"${first.text}"`, span: first.span };
    if (first && /^\w+\+?=/.test(first.text)) bad ??= { what: "A variable", span: first.span };
    if (words.some((one) => notText(one.text) !== -1)) {
      diagnostics.push(diagnostic("not-text", { file, from: first!.span.from, to: lastTo() }, {}));
    } else if (bad) {
      const span = first
        ? { file, from: first.span.from, to: Math.max(lastTo(), bad.span.to) }
        : bad.span;
      unsupported.push({ what: bad.what, span });
      if (bad.what !== OPEN_QUOTE)
        diagnostics.push(diagnostic("shell-unsupported", span, { what: bad.what }));
    } else if (first) {
      const span = { file, from: first.span.from, to: lastTo() };
      commands.push({ words, span, output, when });
    }
    if (first || bad) when = next;
    words = [];
    output = null;
    expectsFile = false;
    bad = null;
  }

  function lastTo(): number {
    return Math.max(words.at(-1)?.span.to ?? 0, output?.span.to ?? 0);
  }

  function endOfLine(from: number): number {
    const end = source.indexOf("\n", from);
    return end === -1 ? source.length : end;
  }
}
