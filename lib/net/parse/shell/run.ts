import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { expand, expandText, Unsupported, type Surroundings } from "./expand.ts";
import { joined, placeIn, type ShellWord } from "./placed.ts";
import { printed } from "./print.ts";
import { parseScript } from "./statements.ts";
import type { Chain, Pipeline, Redirection, ShellFile, ShellNode } from "./syntax.ts";

/** One command as a program is given it: everything expanded. */
export type SimpleCommand = {
  /** The program and its arguments; never empty. */
  readonly words: readonly ShellWord[];
  readonly span: Span;
  /** What it reads on its standard input, from a here-document, a file written before, or a pipe. */
  readonly input: ShellWord | null;
  readonly output: Output | null;
  /** What the script itself wrote to a file before, such as rules to load. */
  readonly read: (file: string) => ShellWord | null;
  /** Carry out other words in this command's place, as `ip netns exec` does; whether they succeeded. */
  readonly exec: (words: readonly ShellWord[], run: Run) => boolean;
};

/** `> FILE`, or what `tee FILE` does. `text` is what is written, where the shell knows it. */
export type Output = {
  readonly file: ShellWord;
  readonly append: boolean;
  readonly text: string | null;
};

/** Carries out one command; whether it succeeded. */
export type Run = (command: SimpleCommand) => boolean;

export type ShellRun = {
  readonly diagnostics: readonly Diagnostic[];
  /** What was not carried out because the shell here does not know how. */
  readonly unsupported: readonly { readonly what: string; readonly span: Span }[];
};

/** No script carries out more commands than this. */
const MAX_COMMANDS = 100_000;
const MAX_TEXT = 10_000_000;
const MAX_DEPTH = 20;

/**
 * Carry out a script in order: variables, loops, `&&`, pipes and here-documents are the shell's own; every other
 * command is given to `run`. A write to a file is given to `run` as a command with an output.
 */
export function runShell(file: ShellFile, run: Run): ShellRun {
  const shared: Shared = {
    diagnostics: [...file.diagnostics],
    unsupported: file.cut ? [{ what: "The rest of a file that is too long", span: file.cut }] : [],
    said: new Set(),
    files: new Map(),
    commands: 0,
    budget: { left: MAX_TEXT },
    cut: false,
  };
  new Shell(file, shared, new Map(), 0).script({ input: null, output: null, run });
  const { diagnostics, unsupported } = shared;
  return { diagnostics, unsupported };
}

type Shared = {
  readonly diagnostics: Diagnostic[];
  readonly unsupported: { what: string; span: Span }[];
  readonly said: Set<string>;
  readonly files: Map<string, ShellWord>;
  commands: number;
  readonly budget: { left: number };
  cut: boolean;
};

// Where a command reads and writes, and who carries it out.
type Io = { readonly input: ShellWord | null; readonly output: Target | null; readonly run: Run };
type Target = { readonly file: ShellWord; readonly append: boolean; readonly run: Run };

// Programs that only show: after a pipe they change nothing.
const FILTERS = new Set(
  "grep egrep head tail less more wc sort uniq cat awk sed column jq cut tr xxd nl fmt".split(" "),
);

// Prefixes that carry out the rest as it is; their options that take a value.
const PREFIXES: Readonly<Record<string, string>> = {
  sudo: "ugUhprtCDT",
  command: "",
  env: "uCS",
  nohup: "",
  nice: "n",
  stdbuf: "ioe",
  builtin: "",
};

// They belong to the shell and concern no packet.
const INERT = new Set(
  "cd wait trap umask ulimit shopt alias unalias hash type jobs history pushd popd readonly".split(
    " ",
  ),
);

class Shell {
  private readonly file: ShellFile;
  private readonly shared: Shared;
  private variables: Map<string, string>;
  private readonly exported = new Set<string>();
  private readonly depth: number;
  private status = true;
  private stopsOnError = false;
  private stopped = false;
  // Inside a condition, or left of && and ||, a failure stops nothing.
  private guarded = 0;

  constructor(file: ShellFile, shared: Shared, variables: Map<string, string>, depth: number) {
    this.file = file;
    this.shared = shared;
    this.variables = variables;
    this.depth = depth;
  }

  script(io: Io): boolean {
    this.chains(this.file.statements, io);
    return this.status;
  }

  private get halted(): boolean {
    return this.stopped || this.shared.cut;
  }

  private chains(chains: readonly Chain[], io: Io): void {
    for (const chain of chains) {
      if (this.halted) return;
      this.chain(chain, io);
    }
  }

  private chain({ first, rest }: Chain, io: Io): void {
    const parts = [{ when: null, pipeline: first }, ...rest];
    for (const [index, { when, pipeline }] of parts.entries()) {
      if (this.halted) return;
      if (when !== null && (when === "success") !== this.status) continue;
      const last = index === parts.length - 1;
      this.pipeline(pipeline, io, last && !pipeline.not, rest.length > 0);
    }
  }

  private pipeline(it: Pipeline, io: Io, counts: boolean, chained: boolean): void {
    if (!counts) this.guarded++;
    const [only, ...more] = it.commands;
    this.status = more.length === 0 ? this.node(only!, io) : this.pipe(it.commands, io, chained);
    if (!counts) this.guarded--;
    if (it.not) this.status = !this.status;
    if (this.status || !counts || !this.stopsOnError || this.guarded > 0 || this.stopped) return;
    this.stopped = true;
    const span = this.place(it.commands.at(-1)!);
    this.shared.diagnostics.push(diagnostic("shell-stopped", span, {}));
  }

  // Only text that the shell knows goes through a pipe; and what only shows may read anything.
  private pipe(nodes: readonly ShellNode[], io: Io, chained: boolean): boolean {
    let input = io.input;
    for (const [index, node] of nodes.entries()) {
      if (index === nodes.length - 1) return this.node(node, { ...io, input });
      const text = this.producedBy(node, { ...io, input });
      if (text) {
        input = text;
        continue;
      }
      const shows = nodes.slice(index + 1).every((one) => this.isFilter(one));
      if (!shows || chained)
        return this.refuse("A pipe", { from: nodes[0]!.from, to: nodes.at(-1)!.to });
      this.node(node, { ...io, input });
      return true;
    }
    return true;
  }

  private isFilter(node: ShellNode): boolean {
    const part = node.kind === "simple" ? node.words[0]?.parts[0] : undefined;
    return part?.kind === "text" && FILTERS.has(part.text);
  }

  // What a command prints, when the shell can know it.
  private producedBy(node: ShellNode, io: Io): ShellWord | null {
    if (node.kind !== "simple" || node.assignments.length > 0) return null;
    try {
      const words = node.words.flatMap((word) => expand(word, this.around));
      const mine = this.redirected(node.redirections, io);
      const rest = withoutPrefix(words);
      if (!rest[0] || (mine.output !== null && rest[0].text !== "tee")) return null;
      if (rest[0].text === "tee") {
        if (!mine.input) return null;
        this.invoke(words, { ...mine, output: null }, this.place(node), true);
        return mine.input;
      }
      return this.textOf(rest, mine, this.place(node));
    } catch (problem) {
      if (problem instanceof Unsupported) return null;
      throw problem;
    }
  }

  private textOf(words: readonly ShellWord[], io: Io, span: Span): ShellWord | null {
    if (words[0]!.text === "cat") {
      const files = words.slice(1).filter((word) => word.text !== "-");
      if (files.length === 0) return io.input;
      const texts = files.map((word) => this.shared.files.get(word.text));
      return texts.every((text) => text !== undefined) ? joined(span, texts) : null;
    }
    const text = printed(words.map((word) => word.text));
    if (text === null) return null;
    // Text that is handed on as it is written keeps its place.
    const last = words.at(-1)!;
    const verbatim =
      words.length > 1 && text.startsWith(last.text) && text.length - last.text.length < 2;
    return verbatim
      ? joined(span, [last, text.slice(last.text.length)])
      : { text, span, pieces: [] };
  }

  private node(node: ShellNode, io: Io): boolean {
    if (++this.shared.commands > MAX_COMMANDS) return this.cutOff(this.place(node));
    try {
      return this.carryOut(node, io);
    } catch (problem) {
      if (!(problem instanceof Unsupported)) throw problem;
      return this.refuse(problem.what, problem);
    }
  }

  private carryOut(node: ShellNode, io: Io): boolean {
    switch (node.kind) {
      case "unsupported":
        return this.refuse(node.what, node, node.said);
      case "simple":
        return this.simple(node, io);
      case "if":
        return this.condition(node, io);
      case "for": {
        const mine = this.redirected(node.redirections, io);
        for (const value of node.values.flatMap((word) => expand(word, this.around))) {
          if (this.halted) break;
          if (++this.shared.commands > MAX_COMMANDS) return this.cutOff(this.place(node));
          this.variables.set(node.name, value.text);
          this.chains(node.body, mine);
        }
        return this.status;
      }
      case "group": {
        const mine = this.redirected(node.redirections, io);
        if (!node.subshell) {
          this.chains(node.body, mine);
          return this.status;
        }
        const before = this.variables;
        this.variables = new Map(before);
        this.chains(node.body, mine);
        this.variables = before;
        this.stopped = false;
        return this.status;
      }
    }
  }

  // Only a condition that the shell itself can answer decides; any other is beyond what is simulated.
  private condition(node: ShellNode & { kind: "if" }, io: Io): boolean {
    for (const { condition, body } of node.branches) {
      if (!condition.every(isPlain)) return this.refuse('"if" with a condition like this', node);
      this.guarded++;
      this.chains(condition, io);
      this.guarded--;
      if (this.halted) return this.status;
      if (!this.status) continue;
      this.chains(body, io);
      return this.status;
    }
    this.status = true;
    this.chains(node.otherwise, io);
    return this.status;
  }

  private simple(node: ShellNode & { kind: "simple" }, io: Io): boolean {
    const words = node.words.flatMap((word) => expand(word, this.around));
    const values = node.assignments.map(({ name, value }) => ({
      name,
      value: expandText(value, this.around).text,
    }));
    const mine = this.redirected(node.redirections, io);
    // Before a command, an assignment is for that command alone.
    if (words.length === 0) for (const { name, value } of values) this.variables.set(name, value);
    if (words.length === 0) return true;
    return this.invoke(words, mine, this.place(node), true);
  }

  private redirected(redirections: readonly Redirection[], io: Io): Io {
    let { input, output } = io;
    for (const it of redirections) {
      if (it.kind === "unsupported") throw new Unsupported(it.what, it);
      if (it.kind === "here") input = expandText(it.body, this.around);
      else if (it.kind === "input") {
        const file = this.single(it.source);
        input = this.shared.files.get(file.text) ?? null;
        if (!input && file.text !== "/dev/null")
          throw new Unsupported(`Reading from ${file.text}`, it);
      } else if (it.kind === "output")
        output = { file: this.single(it.target), append: it.append, run: io.run };
    }
    return { input, output, run: io.run };
  }

  private single(raw: Parameters<typeof expandText>[0]): ShellWord {
    const [word, ...more] = expand(raw, this.around);
    if (!word || more.length > 0) throw new Unsupported("An ambiguous redirection", raw);
    return word;
  }

  // Words of a script, or (not `asShell`) those that a program such as `ip netns exec` starts another with.
  private invoke(words: readonly ShellWord[], io: Io, span: Span, asShell: boolean): boolean {
    const rest = withoutPrefix(words);
    const program = rest[0];
    if (!program) return true;
    if (asShell) {
      const done = this.builtin(rest, span);
      if (done !== null) return done;
    }
    switch (program.text.replace(/^(\/usr)?\/bin\//, "")) {
      case "true":
      case ":":
        return true;
      case "false":
        return false;
      case "sh":
      case "bash":
      case "dash":
        return this.nested(rest, io, span);
      case "tee":
        return this.tee(rest, io, span);
      case "echo":
      case "printf":
      case "seq":
      case "cat": {
        if (!io.output) return true;
        const text = this.textOf(rest, io, span);
        return this.write(rest, io.output, text, io, span);
      }
    }
    if (!io.output || io.output.file.text === "/dev/null")
      return this.hand(rest, { ...io, output: null }, span, null);
    const { file, append } = io.output;
    return this.hand(rest, io, span, { file, append, text: null });
  }

  private hand(words: readonly ShellWord[], io: Io, span: Span, output: Output | null): boolean {
    const read = (file: string) => this.shared.files.get(file) ?? null;
    const exec = (inner: readonly ShellWord[], run: Run) => {
      if (++this.shared.commands > MAX_COMMANDS) return this.cutOff(span);
      // Its output goes where the outer shell opened it: `ip netns exec a echo 1 > FILE` writes outside of a.
      return this.guardedInvoke(inner, { ...io, run }, span);
    };
    return io.run({ words, span, input: io.input, output, read, exec });
  }

  private guardedInvoke(words: readonly ShellWord[], io: Io, span: Span): boolean {
    try {
      return this.invoke(words, io, span, false);
    } catch (problem) {
      if (!(problem instanceof Unsupported)) throw problem;
      return this.refuse(problem.what, problem);
    }
  }

  private write(
    words: readonly ShellWord[],
    target: Target,
    text: ShellWord | null,
    io: Io,
    span: Span,
  ): boolean {
    const { file, append } = target;
    if (file.text === "/dev/null") return true;
    if (text && !/^\/(proc|sys|dev)\//.test(file.text)) this.keep(file.text, text, append);
    const output = { file, append, text: text?.text ?? null };
    return this.hand(words, { ...io, output: null, run: target.run }, span, output);
  }

  private keep(file: string, text: ShellWord, append: boolean): void {
    const before = append ? this.shared.files.get(file) : undefined;
    this.shared.budget.left -= text.text.length;
    if (this.shared.budget.left < 0) return;
    this.shared.files.set(file, before ? joined(text.span, [before, text]) : text);
  }

  private tee(words: readonly ShellWord[], io: Io, span: Span): boolean {
    const append = words.some((word) => word.text === "-a" || word.text === "--append");
    const files = words.slice(1).filter((word) => !word.text.startsWith("-"));
    const written = files.map((file) =>
      this.write(words, { file, append, run: io.run }, io.input, io, span),
    );
    return written.every(Boolean);
  }

  private nested(words: readonly ShellWord[], io: Io, span: Span): boolean {
    if (this.depth >= MAX_DEPTH) return this.refuseAt("Nesting this deep", span);
    const options = words.slice(1).findIndex((word) => !/^-[a-z]+$/.test(word.text));
    const flags = words.slice(1, options === -1 ? undefined : options + 1).map((word) => word.text);
    const first = options === -1 ? null : words[options + 1]!;
    const takesText = flags.some((flag) => flag.includes("c"));
    const script = takesText ? first : first ? this.shared.files.get(first.text) : io.input;
    if (!script) {
      if (!first && !takesText) return true;
      return this.refuseAt(first ? `Running ${first.text}` : "This shell", span);
    }
    const file = parseScript(script);
    this.shared.diagnostics.push(...file.diagnostics);
    const exported = new Map([...this.variables].filter(([name]) => this.exported.has(name)));
    const shell = new Shell(file, this.shared, exported, this.depth + 1);
    shell.stopsOnError = flags.some((flag) => flag.includes("e"));
    return shell.script({ ...io, input: takesText || first ? io.input : null });
  }

  // Commands of the shell itself; `null` for all others.
  private builtin(words: readonly ShellWord[], span: Span): boolean | null {
    const [program, ...args] = words;
    const name = program!.text;
    if (INERT.has(name)) return true;
    switch (name) {
      case "exit":
      case "return":
        this.stopped = true;
        return args[0] ? args[0].text === "0" : this.status;
      case "set":
        return this.set(args, span);
      case "export":
      case "declare":
      case "local":
        for (const { text } of args) this.variable(text, name === "export");
        return true;
      case "unset":
        for (const { text } of args) this.variables.delete(text);
        return true;
      case "eval":
      case "source":
      case ".":
      case "exec":
      case "break":
      case "continue":
      case "shift":
      case "read":
      case "let":
      case "test":
      case "[":
        return this.refuseAt(`"${name}"`, span);
    }
    return null;
  }

  private variable(text: string, exported: boolean): void {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=([^]*))?$/.exec(text) ?? [];
    if (name === undefined) return;
    if (value !== undefined) this.variables.set(name, value);
    if (exported) this.exported.add(name);
  }

  private set(args: readonly ShellWord[], span: Span): boolean {
    for (const [index, { text }] of args.entries()) {
      if (text === "--" || !/^[-+]/.test(text)) {
        if (/^[-+]\w*o$/.test(args[index - 1]?.text ?? "")) {
          if (text === "errexit") this.stopsOnError = args[index - 1]!.text.startsWith("-");
          continue;
        }
        return this.refuseAt('"set" with arguments', span);
      }
      if (text.includes("e")) this.stopsOnError = text.startsWith("-");
    }
    return true;
  }

  private get around(): Surroundings {
    const { variables, status } = this;
    return { script: this.file.text, variables, status, budget: this.shared.budget };
  }

  private place({ from, to }: { from: number; to: number }): Span {
    return placeIn(this.file.text, from, to);
  }

  private refuse(what: string, at: { from: number; to: number }, said = false): boolean {
    return this.refuseAt(what, this.place(at), said);
  }

  // Said once for each place, however often a loop passes it.
  private refuseAt(what: string, span: Span, said = false): boolean {
    const key = `${span.from} ${what}`;
    if (this.shared.said.has(key)) return false;
    this.shared.said.add(key);
    this.shared.unsupported.push({ what, span });
    if (!said) this.shared.diagnostics.push(diagnostic("shell-unsupported", span, { what }));
    return false;
  }

  private cutOff(span: Span): boolean {
    if (!this.shared.cut) {
      const it = { what: "commands in a script", limit: MAX_COMMANDS };
      this.shared.diagnostics.push(diagnostic("too-many", span, it));
      this.shared.unsupported.push({ what: "A script this long", span });
    }
    this.shared.cut = true;
    return false;
  }
}

/** The words after `sudo`, `env A=b` and the like. */
function withoutPrefix(words: readonly ShellWord[]): readonly ShellWord[] {
  let at = 0;
  for (;;) {
    const options = PREFIXES[words[at]?.text ?? ""];
    if (options === undefined || !Object.hasOwn(PREFIXES, words[at]!.text)) return words.slice(at);
    const prefix = words[at]!.text;
    at++;
    while (
      words[at] &&
      (words[at]!.text.startsWith("-") || (prefix === "env" && /^\w+=/.test(words[at]!.text)))
    ) {
      const option = words[at]!.text;
      at++;
      if (/^-\w$/.test(option) && options.includes(option[1]!)) at++;
      if (option === "--") break;
    }
  }
}

// Only `true`, `false` and `:`, with `!`, `&&` and `||`.
function isPlain({ first, rest }: Chain): boolean {
  return [first, ...rest.map((one) => one.pipeline)].every(
    ({ commands: [only, ...more] }) =>
      more.length === 0 &&
      only?.kind === "simple" &&
      only.words.length === 1 &&
      /^(true|false|:)$/.test(
        only.words[0]!.parts.map((part) => (part.kind === "text" ? part.text : "?")).join(""),
      ),
  );
}
