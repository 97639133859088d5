import { grade } from "#lib/grading/grade.ts";
import type { Report } from "#lib/grading/report.ts";
import { NO, readCall, UNDECIDED, YES, type Command } from "../call.ts";
import { labOptions, openLab } from "../lab.ts";
import { reportInWords } from "../words.ts";

export const gradeCommand: Command = {
  usage: "grade LAB [--answer DIR] [--seed N]",
  help: "What an answer earns, objective by objective, and why",
  async run(args) {
    const { positionals, values } = readCall(args, 1, labOptions);
    const { instance, answer } = await openLab(positionals[0]!, values);
    const report = grade(instance, answer);
    return { json: report, text: reportInWords(report), status: statusOf(report) };
  },
};

function statusOf({ score, objectives }: Report): number {
  if (score.earned === score.max) return YES;
  const lost = objectives.filter((one) => one.earned < one.points);
  return lost.every((one) => one.state === "undecided") ? UNDECIDED : NO;
}
