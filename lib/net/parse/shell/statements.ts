import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { MAX_FILE, notText } from "../../source/text.ts";
import { placeIn, type ShellWord } from "./placed.ts";
import type {
  Assignment,
  Chain,
  Extent,
  Part,
  Pipeline,
  RawWord,
  Redirection,
  ShellFile,
  ShellNode,
} from "./syntax.ts";
import { Cursor, readQuoted, readWord } from "./words.ts";

/** Read a shell script. Never fails: what the shell would refuse is a diagnostic, and the rest is still read. */
export function parseShell(file: string, text: string): ShellFile {
  const source = text.slice(0, MAX_FILE);
  const script = parseScript({ text: source, span: { file, from: 0, to: source.length } });
  if (text.length <= MAX_FILE) return script;
  const cut = { file, from: MAX_FILE, to: text.length };
  const diagnostics = [
    ...script.diagnostics,
    diagnostic("file-too-long", cut, { limit: MAX_FILE }),
  ];
  return { ...script, diagnostics, cut };
}

/** Read a script that stands inside a file, such as the word after `sh -c`. */
export function parseScript(text: ShellWord): ShellFile {
  return new Reader(text).read();
}

// Groups and loops are not read deeper than this; no script is.
const MAX_DEPTH = 60;

const CLOSERS = new Set(["done", "do", "fi", "then", "else", "elif", "esac", "}", "in"]);
const SKIPPED: Readonly<Record<string, string>> = { while: "done", until: "done", select: "done" };
const WORDS_OF_THE_SHELL = /^(?:[A-Za-z_]+|[{}!]|\[\[)$/;

type HereDocument = {
  readonly end: string;
  readonly literal: boolean;
  readonly tabs: boolean;
  readonly parts: Part[];
  readonly extent: { from: number; to: number };
};

class Reader {
  private readonly script: ShellWord;
  private readonly it: Cursor;
  private readonly diagnostics: Diagnostic[] = [];
  private waiting: HereDocument[] = [];
  private depth = 0;

  constructor(script: ShellWord) {
    this.script = script;
    this.it = new Cursor(script.text);
  }

  read(): ShellFile {
    const statements: Chain[] = [];
    while (!this.it.done) {
      for (const chain of this.list()) statements.push(chain);
      this.skipStray();
    }
    const { script: text, diagnostics } = this;
    return { text, statements, diagnostics, cut: null };
  }

  // Statements until a word or bracket that closes what stands around them, or the end.
  private list(): Chain[] {
    const chains: Chain[] = [];
    for (;;) {
      this.separators();
      if (this.it.done || this.it.text[this.it.at] === ")" || this.closer() !== null) return chains;
      const before = this.it.at;
      const chain = this.chain();
      if (chain) chains.push(chain);
      if (this.it.at === before) this.skipStray();
    }
  }

  private separators(): void {
    for (;;) {
      this.it.blanks();
      if (this.it.text[this.it.at] === "\n") this.newline();
      else if (this.it.text[this.it.at] === ";") this.it.at++;
      else return;
    }
  }

  private newline(): void {
    this.it.at++;
    for (const here of this.waiting) this.hereDocument(here);
    this.waiting = [];
  }

  private newlines(): void {
    for (this.it.blanks(); this.it.text[this.it.at] === "\n"; this.it.blanks()) this.newline();
  }

  // What cannot begin a statement here: said once, and the line left.
  private skipStray(): void {
    if (this.it.done) return;
    const from = this.it.at;
    const token = /^(?:;;|&&|\|\||[()|&<>]|[^\s;&|<>()]+)/.exec(
      this.it.text.slice(from, from + 40),
    )?.[0];
    this.it.at = this.it.endOfLine(from);
    const said = `bash: syntax error near unexpected token \`${token ?? "newline"}'`;
    const span = this.place(from, from + (token?.length ?? 1));
    this.diagnostics.push(diagnostic("shell-refused", span, { said, hint: "" }));
  }

  private chain(): Chain | null {
    const first = this.pipeline();
    if (!first) return null;
    const rest: { when: "success" | "failure"; pipeline: Pipeline }[] = [];
    for (;;) {
      this.it.blanks();
      const when = this.it.starts("&&") ? "success" : this.it.starts("||") ? "failure" : null;
      if (!when) break;
      this.it.at += 2;
      this.newlines();
      const pipeline = this.pipeline();
      if (!pipeline) break;
      rest.push({ when, pipeline });
    }
    if (this.it.text[this.it.at] !== "&" || this.it.starts("&&")) return { first, rest };
    const background = this.unsupported("Running in the background", this.it.at, this.it.at + 1);
    this.it.at++;
    return { first: { not: false, commands: [background] }, rest: [] };
  }

  private pipeline(): Pipeline | null {
    this.it.blanks();
    let not = false;
    while (/^!\s/.test(this.it.text.slice(this.it.at, this.it.at + 2))) {
      not = !not;
      this.it.at++;
      this.it.blanks();
    }
    const commands: ShellNode[] = [];
    for (;;) {
      const command = this.command();
      if (!command) break;
      commands.push(command);
      this.it.blanks();
      if (this.it.text[this.it.at] !== "|" || this.it.starts("||")) break;
      this.it.at += this.it.starts("|&") ? 2 : 1;
      this.newlines();
    }
    return commands.length > 0 ? { not, commands } : null;
  }

  private command(): ShellNode | null {
    this.it.blanks();
    const from = this.it.at;
    if (this.it.starts("((")) return this.skipTo(from, "))", "An arithmetic command");
    if (this.it.text[from] === "(") return this.group(")");
    switch (this.keyword()) {
      case "{":
        return this.group("}");
      case "for":
        return this.loop();
      case "if":
        return this.condition();
      case "while":
      case "until":
      case "select":
        return this.skipLoop();
      case "case":
        return this.skipTo(from, "esac", '"case"');
      case "[[":
        return this.skipTo(from, "]]", '"[["');
      case "function":
        return this.skipFunction(from);
      case "time":
        this.it.at += 4;
        return this.command();
    }
    return this.simple();
  }

  // A word of the language, when one begins here.
  private keyword(): string | null {
    const match = /^(?:\[\[|[a-z]+|[{}!])(?=[\s;&|<>()]|$)/.exec(
      this.it.text.slice(this.it.at, this.it.at + 12),
    );
    return match && WORDS_OF_THE_SHELL.test(match[0]) ? match[0] : null;
  }

  private closer(): string | null {
    const word = this.keyword();
    return word !== null && CLOSERS.has(word) ? word : null;
  }

  // Pass `word` if it is the next one.
  private take(word: string): boolean {
    this.separators();
    if (word === ")" ? this.it.text[this.it.at] !== ")" : this.keyword() !== word) return false;
    this.it.at += word.length;
    return true;
  }

  private group(end: ")" | "}"): ShellNode {
    const from = this.it.at;
    if (this.depth >= MAX_DEPTH) return this.tooDeep(from);
    this.it.at++;
    this.depth++;
    const body = this.list();
    this.depth--;
    if (!this.take(end)) return this.unclosed(end === ")" ? "(" : "{", end, from);
    const redirections = this.redirections();
    return { kind: "group", subshell: end === ")", body, redirections, from, to: this.it.at };
  }

  private loop(): ShellNode {
    const from = this.it.at;
    if (this.depth >= MAX_DEPTH) return this.tooDeep(from);
    this.it.at += 3;
    this.it.blanks();
    if (this.it.starts("((")) {
      this.skipTo(this.it.at, "))", "");
      this.body();
      return this.unsupported('"for (("', from, this.it.at);
    }
    const name = this.wordText(readWord(this.it));
    this.it.blanks();
    const values: RawWord[] = [];
    const hasValues = this.keyword() === "in";
    if (hasValues) {
      this.it.at += 2;
      for (this.it.blanks(); this.wordHere(); this.it.blanks()) values.push(readWord(this.it));
    }
    const to = this.it.at;
    const body = this.body();
    if (!body) return this.unclosed("for", "done", from);
    const redirections = this.redirections();
    if (!hasValues || !/^[A-Za-z_]\w*$/.test(name)) return this.unsupported('"for"', from, to);
    return { kind: "for", name, values, body, redirections, from, to };
  }

  private body(): Chain[] | null {
    if (!this.take("do")) return null;
    this.depth++;
    const body = this.list();
    this.depth--;
    return this.take("done") ? body : null;
  }

  private condition(): ShellNode {
    const from = this.it.at;
    if (this.depth >= MAX_DEPTH) return this.tooDeep(from);
    this.it.at += 2;
    this.depth++;
    const branches: { condition: Chain[]; body: Chain[] }[] = [];
    let otherwise: Chain[] = [];
    do {
      const condition = this.list();
      if (!this.take("then")) return this.leave(this.unclosed("if", "then", from));
      branches.push({ condition, body: this.list() });
    } while (this.take("elif"));
    if (this.take("else")) otherwise = this.list();
    if (!this.take("fi")) return this.leave(this.unclosed("if", "fi", from));
    return this.leave({ kind: "if", branches, otherwise, from, to: this.it.at });
  }

  private leave(node: ShellNode): ShellNode {
    this.depth--;
    return node;
  }

  private skipLoop(): ShellNode {
    const from = this.it.at;
    const word = this.keyword()!;
    if (this.depth >= MAX_DEPTH) return this.tooDeep(from);
    this.it.at += word.length;
    this.depth++;
    this.list();
    this.depth--;
    const to = this.it.at;
    if (!this.body()) return this.unclosed(word, SKIPPED[word]!, from);
    this.redirections();
    return this.unsupported(`"${word}"`, from, to);
  }

  private skipFunction(from: number): ShellNode {
    this.it.at += "function".length;
    this.it.blanks();
    readWord(this.it);
    return this.functionBody(from);
  }

  private functionBody(from: number): ShellNode {
    this.it.blanks();
    if (/^\(\s*\)/.test(this.it.text.slice(this.it.at, this.it.at + 10)))
      this.it.at = this.it.text.indexOf(")", this.it.at) + 1;
    this.newlines();
    if (this.it.text[this.it.at] === "{" || this.it.text[this.it.at] === "(")
      this.group(this.it.text[this.it.at] === "{" ? "}" : ")");
    return this.unsupported("A function", from, this.it.at);
  }

  // What is not simulated and ends with `end`, unread.
  private skipTo(from: number, end: string, what: string): ShellNode {
    const last = this.it.text.slice(from, from + 5000).indexOf(end);
    this.it.at = last === -1 ? this.it.endOfLine(from) : from + last + end.length;
    return this.unsupported(what, from, this.it.at);
  }

  private tooDeep(from: number): ShellNode {
    this.it.at = this.it.text.length;
    return this.unsupported("Nesting this deep", from, from + 1);
  }

  private unclosed(opened: string, closes: string, from: number): ShellNode {
    const said = `bash: syntax error: unexpected end of file`;
    const hint = `This "${opened}" needs a "${closes}"`;
    const span = this.place(from, from + opened.length);
    this.diagnostics.push(diagnostic("shell-refused", span, { said, hint }));
    return this.unsupported(`"${opened}" without "${closes}"`, from, from + opened.length, true);
  }

  private unsupported(what: string, from: number, to: number, said = false): ShellNode {
    return { kind: "unsupported", what, said, from, to };
  }

  private simple(): ShellNode | null {
    const from = this.it.at;
    const opened = this.it.open.length;
    const assignments: Assignment[] = [];
    const words: RawWord[] = [];
    const redirections: Redirection[] = [];
    for (this.it.blanks(); ; this.it.blanks()) {
      const redirection = this.redirection();
      if (redirection) redirections.push(redirection);
      else if (!this.wordHere()) break;
      else if (words.length > 0 || !this.assignment(assignments)) words.push(readWord(this.it));
      if (words.length === 1 && /^\(\s*\)/.test(this.it.text.slice(this.it.at, this.it.at + 10)))
        return this.functionBody(from);
    }
    if (assignments.length + words.length + redirections.length === 0) return null;
    const ends = [...assignments, ...words, ...redirections].map((one) => one.to);
    const to = Math.max(...ends.slice(-3));
    if (this.it.open.length > opened) return this.openQuote(opened, from);
    if (notText(this.it.text.slice(from, to)) !== -1) {
      this.diagnostics.push(diagnostic("not-text", this.place(from, to), {}));
      return this.unsupported("A line that is not text", from, to, true);
    }
    return { kind: "simple", assignments, words, redirections, from, to };
  }

  private openQuote(index: number, from: number): ShellNode {
    const { quote, at } = this.it.open[index]!;
    const end = this.it.endOfLine(at);
    this.diagnostics.push(diagnostic("shell-open-quote", this.place(at, end), { quote }));
    return this.unsupported("An open quote", from, end, true);
  }

  private assignment(into: Assignment[]): boolean {
    const from = this.it.at;
    const name = /^([A-Za-z_]\w*)=/.exec(this.it.text.slice(from, from + 80))?.[1];
    if (name === undefined) return false;
    this.it.at += name.length + 1;
    const value = readWord(this.it);
    if (value.parts.length === 0 && this.it.text[this.it.at] === "(") {
      const node = this.skipTo(this.it.at, ")", "");
      const part = { kind: "unsupported", what: "An array", quoted: false, from, to: node.to };
      into.push({ name, value: { parts: [part as Part], from, to: node.to }, from, to: node.to });
      return true;
    }
    into.push({ name, value, from, to: this.it.at });
    return true;
  }

  private wordHere(): boolean {
    return !this.it.done && !/[\s;&|<>()]/.test(this.it.text[this.it.at]!);
  }

  private redirections(): Redirection[] {
    const found: Redirection[] = [];
    for (;;) {
      this.it.blanks();
      const one = this.redirection();
      if (!one) return found;
      found.push(one);
    }
  }

  private redirection(): Redirection | null {
    const from = this.it.at;
    const sign = /^(?:\d?(?:<<<|<<-?|<>|<&|<|>>|>&|>\||>)|&>>?)/.exec(
      this.it.text.slice(from, from + 5),
    )?.[0];
    if (sign === undefined) return null;
    this.it.at += sign.length;
    this.it.blanks();
    if (this.it.text[this.it.at] === "(") {
      const node = this.skipTo(this.it.at, ")", "");
      return { kind: "unsupported", what: "A process substitution", from, to: node.to };
    }
    const here = /^\d?<<(-?)$/.exec(sign);
    if (here) return this.hereMark(from, here[1] === "-");
    const target = readWord(this.it);
    const extent = { from, to: this.it.at };
    if (target.parts.length === 0)
      return { kind: "unsupported", what: "A redirection to nowhere", ...extent };
    const descriptor = /^\d/.exec(sign)?.[0];
    const bare = sign.replace(/^\d/, "");
    if (bare === "<<<") return { kind: "here", body: withNewline(target), ...extent };
    if (bare === "<" && (descriptor ?? "0") === "0")
      return { kind: "input", source: target, ...extent };
    if (bare.startsWith("<")) return { kind: "ignored", ...extent };
    if (descriptor === "2" || bare === ">&") return { kind: "ignored", ...extent };
    return { kind: "output", append: bare.endsWith(">>"), target, ...extent };
  }

  private hereMark(from: number, tabs: boolean): Redirection {
    const mark = readWord(this.it);
    const parts: Part[] = [];
    const extent = { from: mark.to, to: mark.to };
    const literal = mark.parts.some((part) => part.quoted);
    this.waiting.push({ end: this.wordText(mark), literal, tabs, parts, extent });
    // The body is read at the end of this line; until then its parts are empty.
    return { kind: "here", body: { parts, ...extent }, from, to: this.it.at };
  }

  private hereDocument(here: HereDocument): void {
    const start = this.it.at;
    let line = start;
    const lines: Extent[] = [];
    for (;;) {
      if (line >= this.it.text.length) break;
      const to = this.it.endOfLine(line);
      let from = line;
      while (here.tabs && this.it.text[from] === "\t") from++;
      line = Math.min(to + 1, this.it.text.length);
      if (this.it.text.slice(from, to).replace(/\r$/, "") === here.end) break;
      lines.push({ from, to: line });
      if (to === this.it.text.length) break;
    }
    this.it.at = line;
    this.hereLines(here, lines);
  }

  private hereLines(here: HereDocument, lines: readonly Extent[]): void {
    const opened = this.it.open.length;
    const after = this.it.at;
    for (const [index, { from, to }] of lines.entries()) {
      // Without tabs to strip, the body is one stretch of text.
      const end = here.tabs ? to : lines.at(-1)!.to;
      if (here.literal) {
        const text = this.it.text.slice(from, end);
        here.parts.push({ kind: "text", text, quoted: true, from, to: end });
      } else {
        this.it.at = from;
        readQuoted(this.it, end, here.parts);
      }
      if (!here.tabs && index === 0) break;
    }
    this.it.at = after;
    this.it.open.length = opened;
  }

  private wordText(word: RawWord): string {
    return word.parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
  }

  private place(from: number, to: number): Span {
    return placeIn(this.script, from, to);
  }
}

function withNewline(word: RawWord): RawWord {
  const end = { kind: "text", text: "\n", quoted: true, from: word.to, to: word.to } as const;
  const parts = word.parts.map((part) => ({ ...part, quoted: true }));
  return { ...word, parts: [...parts, end] };
}
