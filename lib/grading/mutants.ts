import { overlay } from "#lib/content/answer.ts";
import { drawLab, drawText } from "#lib/content/draw.ts";
import type { Lab, LabInstance } from "#lib/content/lab.ts";
import { formatIp, parseIp, type Ip } from "#lib/net/model/prefix.ts";
import { buildNetwork } from "#lib/net/network.ts";
import { differencesOf, type Difference } from "#lib/net/prove/diff.ts";
import type { Files } from "#lib/net/source/span.ts";
import { grade } from "./grade.ts";

/** One small mistake in a right answer: a line of it that is gone or says something else. */
export type Mutant = {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly was: string;
  /** `null`: the line is gone. */
  readonly now: string | null;
};

/** A mutant that behaves differently in the network and would still earn everything. */
export type Survivor = Mutant & {
  readonly shown: Pick<Difference, "from" | "to">;
  /** The author's reason why that does no harm; `null` where there is none. */
  readonly harmless: string | null;
};

export type Strength = {
  readonly tried: number;
  /** How many of them earn less than everything: the grader tells them from the answer. */
  readonly caught: number;
  readonly survivors: readonly Survivor[];
};

/** How well a lab's objectives tell its reference solution from the same with one line wrong. */
export function strengthOf(lab: Lab, solution: Files, seed: number): Strength {
  const instance = drawLab(lab, seed);
  const answer = drawText(lab, seed, solution, "solution/");
  const right = builtWith(instance, answer);
  const survivors: Survivor[] = [];
  let tried = 0;
  let caught = 0;
  for (const mutant of mutantsOf(answer)) {
    tried++;
    const files = { ...answer, [mutant.file]: mutated(answer[mutant.file]!, mutant) };
    const { earned, max } = grade(instance, files).score;
    if (earned < max) {
      caught++;
      continue;
    }
    const [shown] = differencesOf(right, builtWith(instance, files)).differences;
    if (!shown) continue;
    const { from, to } = shown;
    survivors.push({ ...mutant, shown: { from, to }, harmless: reasonFor(lab, solution, mutant) });
  }
  return { tried, caught, survivors };
}

function builtWith(instance: LabInstance, answer: Files) {
  return buildNetwork(instance.topology, overlay(instance, answer).files);
}

// Filling a form never moves a line, so the author's line is the one of the same number.
function reasonFor(lab: Lab, solution: Files, { file, line }: Mutant): string | null {
  const written = solution[file]?.split("\n")[line - 1]?.trim();
  return lab.harmless.find((one) => one.file === file && one.line === written)?.why ?? null;
}

function mutated(text: string, { line, now }: Mutant): string {
  const lines = text.split("\n");
  lines.splice(line - 1, 1, ...(now === null ? [] : [now]));
  return lines.join("\n");
}

/** Every line of the files dropped once, and changed in each way that people mistype. */
export function mutantsOf(files: Files): Mutant[] {
  return Object.keys(files)
    .sort()
    .flatMap((file) => {
      const lines = files[file]!.split("\n");
      const names = namesIn(files[file]!);
      return lines.flatMap((was, at): Mutant[] => {
        if (!saysSomething(was)) return [];
        const changed = [...new Set(CHANGES.flatMap((change) => change(was, names)))];
        return [null, ...changed.filter((now) => now !== was)].map((now) => ({
          file,
          line: at + 1,
          was,
          now,
        }));
      });
    });
}

function saysSomething(line: string): boolean {
  return /\S/.test(line) && !/^\s*([!#]|\/\/|<!--|<\/)/.test(line);
}

type Change = (line: string, names: readonly string[]) => string[];

const OPPOSITES: readonly (readonly [string, string])[] = [
  ["permit", "deny"],
  ["ACCEPT", "DROP"],
  ["accept", "drop"],
  ["inside", "outside"],
  ["import", "export"],
  ["access", "trunk"],
];

/** Another address, another number of a VLAN, the opposite word, another network's name. */
const CHANGES: readonly Change[] = [
  (line) =>
    replaced(line, /\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (text) => {
      const ip = parseIp(text);
      return ip === null || ip >= 0xf0000000 || ip < 0x01000000 ? null : neighborOf(ip);
    }),
  (line) =>
    replaced(line, /(?<=\b(?:vlan|vid|tag|dot1[qQ]|vni|id)[ =:"']{1,3})\d{1,8}\b/gi, (text) =>
      String(Number(text) + 1),
    ),
  (line) =>
    OPPOSITES.flatMap(([one, other]) => [
      ...replaced(line, wordOf(one), () => other),
      ...replaced(line, wordOf(other), () => one),
    ]),
  (line, names) =>
    names.flatMap((name) =>
      replaced(
        line,
        new RegExp(`\\b${name}\\b`, "g"),
        () => names.find((one) => one !== name) ?? null,
      ),
    ),
];

function wordOf(text: string): RegExp {
  return new RegExp(`(?<![\\w-])${text}(?![\\w-])`, "g");
}

// Of a network, the next one; of a host, the one after it.
function neighborOf(ip: Ip): string {
  const step = ip % 256 === 0 ? 256 : ip % 256 >= 254 ? -1 : 1;
  return formatIp(((ip + step) >>> 0) as Ip);
}

// One line for each place that the pattern is found at.
function replaced(line: string, pattern: RegExp, by: (text: string) => string | null): string[] {
  return [...line.matchAll(pattern)].flatMap((match) => {
    const text = by(match[0]);
    if (text === null) return [];
    return [line.slice(0, match.index) + text + line.slice(match.index + match[0].length)];
  });
}

// Names of VRFs and networks: what is swapped for one another.
function namesIn(text: string): string[] {
  const found = text.matchAll(
    /\b(?:ip vrf|vrf definition|forwarding|type vrf|network=["']|<name>|docker network create(?: -\S+ \S+)*) ?([A-Za-z][\w-]*)/g,
  );
  return [...new Set([...found].map((match) => match[1]!))].filter((name) => name !== "forwarding");
}
