import { reading, Refused } from "../arguments.ts";
import { partOf, type ShellWord } from "../placed.ts";
import type { IptablesChange, IptablesCommand, IptablesRestore, IptablesTable } from "./command.ts";
import { readCommand, tableNamed } from "./line.ts";

type Table = {
  table: IptablesTable;
  at: ShellWord;
  chains: { name: string; policy: "accept" | "drop" | null }[];
  commands: { command: IptablesChange; at: ShellWord }[];
};

/** Read `iptables-restore`: what it does comes from its input, table by table. */
export function parseRestore(
  words: readonly ShellWord[],
  version: string,
  input: ShellWord | null,
  read: (file: string) => ShellWord | null,
): IptablesCommand {
  let flush = true;
  let test = false;
  let only: string | null = null;
  let file: ShellWord | null = null;
  for (let at = 1; at < words.length; at++) {
    const { text } = words[at]!;
    if (text === "-n" || text === "--noflush") flush = false;
    else if (text === "-t" || text === "--test") test = true;
    else if (text === "-T" || text === "--table") only = words[++at]?.text ?? null;
    else if (text === "-w" || text === "--wait")
      at += /^\d+$/.test(words[at + 1]?.text ?? "") ? 1 : 0;
    else if (text === "-h" || text === "--help" || text === "-V") return { kind: "inert" };
    else if (!text.startsWith("-")) file = words[at]!;
  }
  const text = file ? read(file.text) : input;
  if (!text) {
    const what = `${words[0]!.text} ${file ? `from ${file.text}` : "without input"}`;
    return { kind: "unsimulated", what, dev: null };
  }
  return reading(() => {
    const tables = readTables(text, version)
      .filter((one) => only === null || one.table === only)
      .map(({ table, chains, commands }) => ({ table, chains, commands }));
    return test
      ? { kind: "inert" }
      : ({ kind: "restore", flush, tables } satisfies IptablesRestore);
  });
}

function readTables(text: ShellWord, version: string): Table[] {
  const done: Table[] = [];
  let open: Table | null = null;
  let number = 0;
  for (const match of text.text.matchAll(/([^\n]*)(?:\n|$)/g)) {
    number++;
    const line = partOf(text, match.index, match.index + match[1]!.length);
    const said = line.text.trim();
    if (said === "" || said.startsWith("#")) continue;
    if (said === "COMMIT" && open) {
      done.push(open);
      open = null;
    } else if (said.startsWith("*") && !open) open = begin(line, said, version);
    else if (!open) throw failed(number, line, version);
    else if (said.startsWith(":")) declare(open, line, said, version);
    else if (said.startsWith("-")) {
      const command = readLine(text, match.index, line, open, version, number);
      if (command) open.commands.push({ command, at: line });
    } else throw failed(number, line, version);
  }
  // What is not committed is not carried out, and the program complains.
  if (open) throw new Refused(`${version}: COMMIT expected at line ${number}`, open.at);
  return done;
}

function failed(number: number, at: ShellWord, version: string): Refused {
  return new Refused(`${version.split(" ")[0]}: line ${number} failed`, at);
}

function begin(line: ShellWord, said: string, version: string): Table {
  const name = said.slice(1).trim();
  const table = tableNamed(name);
  if (!table) throw new Refused(`${version}: table '${name}' does not exist`, line);
  return { table, at: line, chains: [], commands: [] };
}

function declare(open: Table, line: ShellWord, said: string, version: string): void {
  const [name = "", policy = ""] = said.slice(1).split(/\s+/);
  if (!["ACCEPT", "DROP", "-"].includes(policy))
    throw new Refused(
      `${version}: Can't set policy \`${policy}' on \`${name}': Bad policy name`,
      line,
    );
  open.chains.push({ name, policy: policy === "-" ? null : policy === "DROP" ? "drop" : "accept" });
}

function readLine(
  text: ShellWord,
  from: number,
  line: ShellWord,
  open: Table,
  version: string,
  number: number,
): IptablesChange | null {
  const words = wordsOf(text, from, from + line.text.length);
  try {
    const command = readCommand([line, ...words], version, open.table);
    return command.kind === "inert" ? null : command;
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    throw new Refused(`${problem.said}\nError occurred at line: ${number}`, problem.at);
  }
}

// The program cuts its lines itself: blanks, double or single quotes, and a backslash before any character.
function wordsOf(text: ShellWord, from: number, to: number): ShellWord[] {
  const words: ShellWord[] = [];
  for (const match of text.text
    .slice(from, to)
    .matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    const part = partOf(text, from + match.index, from + match.index + match[0].length);
    const plain = match[0].replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, a, b, c) =>
      String(a ?? b ?? c).replace(/\\(.)/g, "$1"),
    );
    // A counter before the rule, as `-c` prints it.
    if (words.length === 0 && /^\[\d+:\d+\]$/.test(plain)) continue;
    words.push({ ...part, text: plain });
  }
  return words;
}
