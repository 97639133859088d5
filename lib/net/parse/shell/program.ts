/** One command of a program: its words, its help, whether it is simulated. Editors and the console read the same entry. */
export type ShellCommand = {
  readonly words: string;
  readonly help: string;
  readonly state: "simulated" | "inert" | "unsimulated";
};

/**
 * The first of `options` that begins with `word`, as iproute2 matches its words: in the order of its own tables,
 * so `ip a` is address, `ip r` route, and `ip l s` set.
 */
export function beginning<O extends string>(word: string, options: readonly O[]): O | null {
  return options.find((option) => option.startsWith(word) && word !== "") ?? null;
}
