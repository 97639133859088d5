import { overlay } from "#lib/content/answer.ts";
import { drawLab, drawText } from "#lib/content/draw.ts";
import type { Expectation, Lab, LabInstance } from "#lib/content/lab.ts";
import type { Objective } from "#lib/net/model/objective.ts";
import { buildNetwork, type Down } from "#lib/net/network.ts";
import type { Files } from "#lib/net/source/span.ts";
import { controlsOf, lacksControl } from "./controls.ts";
import { grade, gradeBuilt } from "./grade.ts";
import type { Report } from "./report.ts";

/** Something that keeps a lab from being published: about which part, on which seed, and what is wrong. */
export type Unready = {
  readonly about: string;
  readonly seed: number | null;
  readonly message: string;
};

/** What was tried, and everything that speaks against publishing; none means ready. */
export type Readiness = {
  readonly tried: { readonly answers: number; readonly seeds: number; readonly dead: number };
  readonly problems: readonly Unready[];
};

/**
 * Whether a lab is ready to publish: every answer in its folder earns what the lab says, on every seed; what holds in
 * the start carries no points; every claim that a dead network would satisfy has a live control, and a network that
 * is dead, wholly or in one node, earns nothing by it.
 */
export function readinessOf(
  lab: Lab,
  answers: Readonly<Record<string, Files>>,
  seeds: readonly number[],
): Readiness {
  const problems: Unready[] = [];
  let dead = 0;
  problems.push(...staticProblems(drawLab(lab, seeds[0] ?? 1)));
  for (const seed of seeds) {
    const instance = drawLab(lab, seed);
    const all: Record<string, Files> = { start: {}, ...answers };
    for (const [name, files] of Object.entries(all)) {
      const answer = drawText(lab, seed, files, `${name}/`);
      const report = grade(instance, answer);
      const complain = (message: string) => problems.push({ about: name, seed, message });
      const expected = lab.tests[name];
      const differs = expected && differenceFrom(expected, report);
      if (differs) complain(differs);
      if (name === "start") startProblems(report).forEach(complain);
      if (isWhole(expected)) refusedLines(report).forEach(complain);
      for (const variant of deadVariants(instance, answer)) {
        dead++;
        deadProblems(instance, variant).forEach(complain);
      }
    }
  }
  const tried = { answers: Object.keys(answers).length + 1, seeds: seeds.length, dead };
  return { tried, problems };
}

function staticProblems(instance: LabInstance): Unready[] {
  const { objectives } = instance;
  const say = (about: string, message: string) => ({ about, seed: null, message });
  return objectives.flatMap((one) => [
    ...(lacksControl(one, objectives)
      ? [
          say(
            one.id,
            "A dead network would satisfy this, and no reach objective shows that both its ends live. Add one, or say which it `needs`.",
          ),
        ]
      : []),
    ...(one.claim.kind === "undecidable"
      ? [
          say(
            one.id,
            `This version does not decide "${one.claim.form}" yet, so nobody could earn these points.`,
          ),
        ]
      : []),
  ]);
}

function startProblems({ objectives }: Report): string[] {
  return objectives
    .filter((one) => one.state === "holds" && one.points > 0)
    .map(
      (one) =>
        `"${one.id}" holds before the learner has done anything: give it 0 points, so that it is a control.`,
    );
}

function isWhole(expected: Expectation | undefined): boolean {
  return expected?.kind === "percent" && expected.percent === 100;
}

/** In an answer that is right, and in the files it rests on, a device refuses nothing. */
function refusedLines({ diagnostics }: Report): string[] {
  return diagnostics
    .filter((it) => it.severity === "error")
    .map((it) => `${it.file}:${it.line}:${it.column}: ${it.message}`);
}

function differenceFrom(expected: Expectation, report: Report): string | null {
  const { earned, max } = report.score;
  switch (expected.kind) {
    case "score":
      return earned === expected.score
        ? null
        : `It earns ${earned} points, and the lab says ${expected.score}. ${summary(report)}`;
    case "percent":
      return earned * 100 === expected.percent * max
        ? null
        : `It earns ${earned} of ${max} points, and the lab says ${expected.percent}%. ${summary(report)}`;
    case "fails": {
      const fails = report.objectives.filter((one) => one.state === "fails").map((one) => one.id);
      const open = report.objectives
        .filter((one) => one.state === "undecided")
        .map((one) => one.id);
      const same =
        fails.length === expected.fails.length && fails.every((id) => expected.fails.includes(id));
      if (same && open.length === 0) return null;
      return `${fails.join(", ") || "Nothing"} ${fails.length > 1 ? "fail" : "fails"}, and the lab says ${expected.fails.join(", ")}. ${summary(report)}`;
    }
  }
}

function summary({ objectives }: Report): string {
  return `(${objectives.map((one) => `${one.id}: ${one.state}`).join(", ")})`;
}

// ---- a dead network earns nothing

type Variant = { readonly what: string; readonly dead: readonly string[]; readonly report: Report };

function* deadVariants(instance: LabInstance, answer: Files): Generator<Variant> {
  const it = overlay(instance, answer);
  const nodes = instance.topology.nodes.map((node) => node.name);
  const gradeWith = (files: Files, down: Down) =>
    gradeBuilt(instance, { ...it, files }, buildNetwork(instance.topology, files, down));
  const empty = Object.fromEntries(Object.keys(it.files).map((file) => [file, ""]));
  yield {
    what: "all files empty",
    dead: nodes,
    report: gradeWith(empty, { nodes: [], links: [] }),
  };
  const links = instance.topology.links.map((_, index) => index);
  yield { what: "every port down", dead: nodes, report: gradeWith(it.files, { nodes: [], links }) };
  for (const node of nodes)
    yield {
      what: `${node} dead`,
      dead: [node],
      report: gradeWith(it.files, { nodes: [node], links: [] }),
    };
}

function deadProblems(instance: LabInstance, { what, dead, report }: Variant): string[] {
  const states = new Map(report.objectives.map((one) => [one.id, one.state]));
  return instance.objectives.flatMap((one) => {
    if (states.get(one.id) !== "holds") return [];
    const controls = controlsOf(one, instance.objectives);
    const idle = controls.find((control) => states.get(control.id) !== "holds");
    const hasDeadEnd = endsOf(one).some((end) => dead.includes(end));
    if (!idle && !hasDeadEnd) return [];
    const why = idle
      ? `, though its control "${idle.id}" does not hold.`
      : `. Name a reach objective that would fail then in its \`needs\`.`;
    return [`With ${what}, "${one.id}" still earns its points${why}`];
  });
}

function endsOf({ claim }: Objective): string[] {
  const ends =
    claim.kind === "only" ? claim.among : "from" in claim ? [...claim.from, ...claim.to] : [];
  return ends.map((end) => end.split(/[@:/]/)[0]!);
}
