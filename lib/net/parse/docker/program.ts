import type { Span } from "../../source/span.ts";

/** A word of what a container runs, and where it was said. */
export type ProgramWord = { readonly text: string; readonly span: Span };

const CHANGES = /(^|[\s/;&|"'])(ip|iptables|nft|sysctl|route|ifconfig|tc|brctl|bridge|ovs-\w+)\s/;

/** The words of a program, when it may change its network; none for all others, which only serve or wait. */
export function changingProgram(words: readonly ProgramWord[]): readonly ProgramWord[] {
  return CHANGES.test(`${words.map(({ text }) => text).join(" ")} `) ? words : [];
}

/** Cut a program into words as compose does: blanks, quotes and backslashes, and nothing else of a shell. */
export function programWords({ text, span }: ProgramWord): ProgramWord[] {
  return [...text.matchAll(/(?:"(?:\\[^]|[^"\\])*"|'[^']*'|\\[^]|[^\s"'\\])+/g)].map(([word]) => ({
    text: word.replace(/"((?:\\[^]|[^"\\])*)"|'([^']*)'|\\([^])/g, (_, a, b, c) =>
      String(a === undefined ? (b ?? c) : a.replace(/\\([^])/g, "$1")),
    ),
    span,
  }));
}
