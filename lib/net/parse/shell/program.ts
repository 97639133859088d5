/** One command of a program: its words, its help, whether it is simulated. Editors and the console read the same entry. */
export type ShellCommand = {
  readonly words: string;
  readonly help: string;
  readonly state: "simulated" | "inert" | "unsimulated";
};

/** A command that does here what it does on a real system. */
export function simulated(words: string, help: string): ShellCommand {
  return { words, help, state: "simulated" };
}

/** A command that shows, or changes nothing about packets. */
export function inert(words: string, help: string): ShellCommand {
  return { words, help, state: "inert" };
}

/** A command that could matter to packets and is not simulated; whatever depends on it stays open. */
export function unsimulated(words: string, help: string): ShellCommand {
  return { words, help, state: "unsimulated" };
}

/**
 * The first of `options` that begins with `word`, as iproute2 matches its words: in the order of its own tables,
 * so `ip a` is address, `ip r` route, and `ip l s` set.
 */
export function beginning<O extends string>(word: string, options: readonly O[]): O | null {
  return options.find((option) => option.startsWith(word) && word !== "") ?? null;
}
