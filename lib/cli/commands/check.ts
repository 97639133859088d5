import { relative } from "node:path";
import { labsUnder, loadLabFolder } from "#lib/content/load.ts";
import { readinessOf, type Readiness } from "#lib/grading/readiness.ts";
import { BadCall, NO, readCall, wholeNumber, YES, type Command } from "../call.ts";

const SEEDS = 3;
const MOST_SEEDS = 10_000;

export const checkCommand: Command = {
  usage: "check PATH [--seeds N]",
  help: "Is this content ready to publish? A lab, a lesson, a course or all of it",
  async run(args) {
    const { positionals, values } = readCall(args, 1, {
      seeds: { type: "string" },
      mutants: { type: "boolean" },
    });
    if (values.mutants) throw new BadCall("--mutants is not in this version yet.");
    const count = wholeNumber("seeds", values.seeds, SEEDS);
    if (count < 1 || count > MOST_SEEDS) throw new BadCall(`--seeds is from 1 to ${MOST_SEEDS}.`);
    const path = positionals[0]!;
    const seeds = Array.from({ length: count }, (_, at) => at + 1);
    const folders = await labsUnder(path);
    if (folders.length === 0)
      throw new BadCall(`${path}: there is no lab in this folder: none holds lab.yaml.`);
    const labs = [];
    for (const folder of folders) {
      const { lab, answers } = await loadLabFolder(folder);
      labs.push({
        lab: lab.id,
        path: relative(".", folder) || ".",
        ...readinessOf(lab, answers, seeds),
      });
    }
    const ready = labs.every((one) => one.problems.length === 0);
    return { json: { ready, labs }, text: labs.map(inWords).join("\n"), status: ready ? YES : NO };
  },
};

function inWords(lab: Readiness & { readonly lab: string; readonly path: string }): string {
  const { answers, seeds, dead } = lab.tried;
  const tried = `${answers} answers on ${seeds} seeds, ${dead} dead networks`;
  if (lab.problems.length === 0) return `${lab.path}: ready (${tried})`;
  const lines = lab.problems.map(
    ({ about, seed, message }) => `  ${about}${seed === null ? "" : `, seed ${seed}`}: ${message}`,
  );
  return [`${lab.path}: not ready (${tried})`, ...lines].join("\n");
}
