import { overlay, type Overlay } from "#lib/content/answer.ts";
import type { LabInstance } from "#lib/content/lab.ts";
import { explainVerdict } from "#lib/net/explain/verdict.ts";
import type { Objective, State } from "#lib/net/model/objective.ts";
import { buildNetwork, type Built } from "#lib/net/network.ts";
import { decide } from "#lib/net/prove/decide.ts";
import { decideSurvives } from "#lib/net/survive.ts";
import type { Verdict } from "#lib/net/prove/verdict.ts";
import type { Files } from "#lib/net/source/span.ts";
import { ENGINE } from "#lib/net/version.ts";
import { controlsOf } from "./controls.ts";
import { diagnosticReports, Ranges } from "./ranges.ts";
import type { DiagnosticReport, ObjectiveReport, Report } from "./report.ts";
import { shownBy } from "./shown.ts";

/** Grade `answer` against a lab. The same text always earns the same report, to the byte, wherever it is graded. */
export function grade(instance: LabInstance, answer: Files): Report {
  const it = overlay(instance, answer);
  return gradeBuilt(instance, it, buildNetwork(instance.topology, it.files));
}

/** Grade a network that is built already, from the files of an overlay. */
export function gradeBuilt(
  instance: LabInstance,
  { files, refused, tooMuch }: Overlay,
  built: Built,
): Report {
  const verdicts = new Map(
    instance.objectives.map((one) => [one.id, decided(instance, files, built, one)] as const),
  );
  const states = statesOf(instance.objectives, verdicts);
  const ranges = new Ranges(files);
  const objectives = instance.objectives.map((one) =>
    objectiveReport(
      one,
      states.get(one.id)!,
      verdicts.get(one.id)!,
      instance.objectives,
      built,
      ranges,
    ),
  );
  return {
    lab: instance.lab,
    seed: instance.seed,
    engine: ENGINE,
    score: {
      earned: objectives.reduce((sum, one) => sum + one.earned, 0),
      max: objectives.reduce((sum, one) => sum + one.points, 0),
    },
    objectives,
    diagnostics: [
      ...(tooMuch ? [aboutFile("", "answer-too-large", tooMuch)] : []),
      ...refused.map((file) => aboutFile(file, "file-refused", NOT_YOURS)),
      ...diagnosticReports(built.diagnostics, ranges),
    ],
  };
}

function decided(
  { topology }: LabInstance,
  files: Files,
  built: Built,
  { claim }: Objective,
): Verdict {
  return claim.kind === "survives" ? decideSurvives(topology, files, claim) : decide(built, claim);
}

/** The state of every objective, once its controls are looked at: a dead control blocks, an open one leaves open. */
function statesOf(
  objectives: readonly Objective[],
  verdicts: ReadonlyMap<string, Verdict>,
): Map<string, State> {
  const states = new Map<string, State>();
  const stateOf = (one: Objective, asking: readonly string[]): State => {
    const known = states.get(one.id);
    if (known) return known;
    const controls = controlsOf(one, objectives).filter((control) => !asking.includes(control.id));
    const below = controls.map((control) => stateOf(control, [...asking, one.id]));
    const own = verdicts.get(one.id)!.state;
    const state = below.some((it) => it === "fails" || it === "blocked")
      ? "blocked"
      : below.includes("undecided") && own === "holds"
        ? "undecided"
        : own;
    states.set(one.id, state);
    return state;
  };
  for (const one of objectives) stateOf(one, []);
  return states;
}

function objectiveReport(
  objective: Objective,
  state: State,
  verdict: Verdict,
  all: readonly Objective[],
  built: Built,
  ranges: Ranges,
): ObjectiveReport {
  const { id, title, hidden, points } = objective;
  const common = { id, title, hidden, state, points, earned: state === "holds" ? points : 0 };
  if (state === "blocked" || (state === "undecided" && verdict.state !== "undecided")) {
    const waits = controlsOf(objective, all).map((control) => `“${control.title}”`);
    const text =
      state === "blocked"
        ? `A dead network would satisfy this, so it counts only once ${waits.join(" and ")} ${waits.length > 1 ? "hold" : "holds"}.`
        : `Not decided: it counts only once ${waits.join(" and ")} ${waits.length > 1 ? "are" : "is"} decided.`;
    return { ...common, text, because: [] };
  }
  const { text, lines } = explainVerdict(built, objective.claim, verdict);
  return {
    ...common,
    text,
    because: lines.map((span) => ranges.of(span)),
    ...shownBy(built, verdict, ranges),
  };
}

const NOT_YOURS = "An answer to this lab may not change this file, so it was left out.";

function aboutFile(file: string, code: string, message: string): DiagnosticReport {
  const start = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  return { file, ...start, severity: "error", code, message };
}
