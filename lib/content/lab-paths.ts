import type { FileRule } from "./lab.ts";

/** Whether `pattern` names `path`; `*` stands for part of one step, and for no leading dot. */
export function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const steps = path.split("/");
  return (
    wanted.length === steps.length &&
    steps.every((step, index) => matchesStep(wanted[index] ?? "", step))
  );
}

/** The first rule that lets a learner write `path`: edit what is in the start, create what is not. */
export function ruleFor(
  rules: readonly FileRule[],
  path: string,
  inStart: boolean,
): FileRule | undefined {
  return rules.find((rule) => (rule.may === "create" || inStart) && matches(rule.pattern, path));
}

/** What is wrong with the path of a lab's file, or `null`: it begins with a node, and its ending says a language. */
export function pathProblem(path: string, tops: Tops): string | null {
  const [top = "", second = ""] = path.split("/");
  if (!path.includes("/")) return `A file stands in the folder of its node: ${tops.example}.`;
  if (!/\.(ios|sh|xml|yaml|yml)$/.test(path)) {
    return `The ending of "${path}" is no language of a lab: .ios, .sh, .xml or .yaml.`;
  }
  if (top === "vms") {
    return tops.isVm(second) ? null : `There is no VM "${second}" that this file could belong to.`;
  }
  if (tops.names.has(top)) return null;
  return `There is no node "${top}" for this file. The lab has ${[...tops.names].join(", ")}.`;
}

/** The folders that files may stand in. */
export type Tops = {
  readonly names: ReadonlySet<string>;
  readonly isVm: (name: string) => boolean;
  readonly example: string;
};

function matchesStep(pattern: string, step: string): boolean {
  if (!pattern.includes("*")) return pattern === step;
  // What a learner may name is kept to what is a plain file name on every system.
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/.test(step)) return false;
  return matchesFrom(pattern.split("*"), step);
}

/** Whether `step` is the pieces in order with anything between: leftmost is enough, so this takes no backtracking. */
function matchesFrom(pieces: readonly string[], step: string): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!step.startsWith(first) || !step.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const next = step.indexOf(piece, at);
    if (next === -1) return false;
    at = next + piece.length;
  }
  return at <= step.length - last.length;
}
