import type { ObjectiveReport, Report } from "#lib/grading/report.ts";

/**
 * A report as its learner may see it: of hidden objectives only that they exist, whether they hold and what they
 * earned. Not their ids or order of names either, which authors choose to be telling.
 */
export function forLearner(report: Report): Report {
  let hidden = 0;
  const objectives = report.objectives.map((it) => (it.hidden ? veiled(it, ++hidden) : it));
  return { ...report, objectives };
}

function veiled({ state, points, earned }: ObjectiveReport, n: number): ObjectiveReport {
  return {
    id: `hidden-${n}`,
    title: "Hidden objective",
    hidden: true,
    state,
    points,
    earned,
    text: "",
    because: [],
  };
}
