// From a lab to one learner's lab: every value drawn, every text filled. Pure: it runs the same everywhere.

import type { Claim, Objective } from "#lib/net/model/objective.ts";
import type { NodeSpec, ServiceSpec, Topology } from "#lib/net/model/topology.ts";
import type { Files } from "#lib/net/source/span.ts";
import { problemsOfLab, topsOf } from "./check-lab.ts";
import { ContentError, fileProblem, sortProblems } from "./content-error.ts";
import type { Problem } from "./content-error.ts";
import { fill, maskForms, problemAt } from "./fill.ts";
import type { Values } from "./fill.ts";
import type { Expectation, FileRule, Lab, LabInstance } from "./lab.ts";
import { pathProblem, ruleFor } from "./lab-paths.ts";
import { kindsOf, labSchema, outlineSchema } from "./schema.ts";
import type { LabOutline, LabYaml, NodeYaml, ObjectiveYaml } from "./schema.ts";
import { drawVariables, formatValue, pinProblem, variablesOf } from "./variables.ts";
import type { Variables } from "./variables.ts";
import { checkYaml, commentsIn, readYaml } from "./yaml-text.ts";
import type { YamlText } from "./yaml-text.ts";

/** Values that a lesson's example fixes, by the variable's name: `{ lan: "192.168.1.0/24" }`. */
export type Pinned = Readonly<Record<string, string>>;

const NOTHING_PINNED: Pinned = {};
const YAML_FILE = "lab.yaml";

/**
 * A lab from the texts of its folder; throws `ContentError` with every mistake in them. Drawing it afterwards
 * fails only when the values of a seed find no room.
 */
export function labOf(it: { id: string; hash: string; yaml: string; start: Files }): Lab {
  const outline = outlineOf(it.yaml);
  const lab: Lab = {
    ...it,
    title: outline.lab.title,
    minutes: outline.lab.minutes,
    variables: outline.variables,
    files: rulesOf(outline.lab),
    harmless: outline.lab.harmless,
    tests: Object.fromEntries(
      Object.entries(outline.lab.tests).map(([name, test]) => [name, expectationOf(test)]),
    ),
  };
  drawLab(lab, 0);
  return lab;
}

/** The lab of one learner. The same lab, seed and pinned values give the same bytes everywhere. */
export function drawLab(lab: Lab, seed: number, pinned: Pinned = NOTHING_PINNED): LabInstance {
  const values = drawn(lab, seed, pinned);
  const { yaml, filled } = drawnYaml(lab, values);
  const files = fillFiles(lab.start, values, "start/");
  const problems = problemsOfLab(filled, files, yaml);
  if (problems.length > 0) throw new ContentError(sortProblems(problems));
  const objectives = filled.objectives.map((it) => objectiveOf(it, filled.objectives));
  return {
    lab: lab.id,
    hash: lab.hash,
    seed,
    title: filled.title,
    minutes: filled.minutes,
    topology: topologyOf(filled),
    files,
    rules: lab.files,
    objectives,
    hints: filled.hints,
    hidden: hiddenOf(objectives),
  };
}

/** What may be sent to a browser: the same lab without its hidden objectives, and without hints about them. */
export function publicOf(instance: LabInstance): LabInstance {
  const objectives = instance.objectives.filter((it) => !it.hidden);
  const shown = new Set(objectives.map((it) => it.id));
  return {
    ...instance,
    objectives,
    hints: instance.hints.filter((it) => shown.has(it.for)),
    hidden: hiddenOf(instance.objectives),
  };
}

/** Fill the forms in other files of a lab's folder, such as an answer's. `folder` is for the words of an error. */
export function drawText(lab: Lab, seed: number, files: Files, folder = ""): Files {
  return fillFiles(files, drawn(lab, seed, NOTHING_PINNED), folder);
}

/** The values that a seed gives, in words. */
export function valuesOf(lab: Lab, seed: number): Readonly<Record<string, string>> {
  const values = drawn(lab, seed, NOTHING_PINNED);
  return Object.fromEntries([...values].map(([name, value]) => [name, formatValue(value)]));
}

/** What is wrong with the values that a lesson's example pins, by variable. */
export function pinProblems(
  lab: Lab,
  pinned: Pinned,
): readonly { readonly name: string; readonly message: string }[] {
  return Object.entries(pinned).flatMap(([name, text]) => {
    const message = pinProblem(lab.variables, name, text);
    return message ? [{ name, message }] : [];
  });
}

/** What is wrong with the files of an answer kept in a lab's folder: they must be a learner's to write, and say something. */
export function problemsOfAnswer(lab: Lab, name: string, files: Files): readonly Problem[] {
  const values = drawn(lab, 0, NOTHING_PINNED);
  const tops = topsOf(drawnYaml(lab, values).filled, lab.start);
  return Object.entries(files).flatMap(([path, text]) => {
    const file = `${name}/${path}`;
    const inStart = Object.hasOwn(lab.start, path);
    const problem = pathProblem(path, tops);
    if (problem) return [fileProblem(file, problem)];
    if (!ruleFor(lab.files, path, inStart)) {
      const message = `A learner may not write ${path}. Allow it under "files" in lab.yaml, or leave it out.`;
      return [fileProblem(file, message)];
    }
    if (inStart && lab.start[path] === text) {
      return [
        fileProblem(file, `This file equals the one in start/. An answer holds only what differs.`),
      ];
    }
    return problemsOfForms(text, values, file);
  });
}

type Outline = {
  readonly lab: LabOutline;
  readonly variables: Variables;
  readonly literals: string;
};

/** The parts of `lab.yaml` that hold no variables, read with a plain word in place of every form. */
function outlineOf(text: string): Outline {
  const yaml = readYaml(YAML_FILE, text, maskForms(text));
  const lab = checkYaml(yaml, outlineSchema);
  const problems: Problem[] = [];
  const variables = variablesOf(lab.variables, (name, message) =>
    problems.push(yaml.problem(["variables", name], message)),
  );
  if (problems.length > 0) throw new ContentError(problems);
  const { variables: _pools, ...rest } = lab;
  return { lab, variables, literals: JSON.stringify(rest) };
}

/** A lab never changes, so what its text says is read once for each. */
const literalsOf = new WeakMap<Lab, string>();

function drawn(lab: Lab, seed: number, pinned: Pinned): Values {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed is a whole number from 0 on, and this is ${seed}`);
  }
  const literals = literalsOf.get(lab) ?? outlineOf(lab.yaml).literals;
  literalsOf.set(lab, literals);
  const start = Object.values(lab.start);
  const unplaced: { name: string; message: string }[] = [];
  const values = drawVariables(
    lab.variables,
    seed,
    { literals: [literals, ...start], forms: [lab.yaml, ...start] },
    pinned,
    (name, message) => unplaced.push({ name, message }),
  );
  if (unplaced.length === 0) return values;
  const yaml = readYaml(YAML_FILE, lab.yaml, maskForms(lab.yaml));
  throw new ContentError(
    unplaced.map(({ name, message }) => yaml.problem(["variables", name], message)),
  );
}

function drawnYaml(lab: Lab, values: Values): { yaml: YamlText; filled: LabYaml } {
  const problems: Problem[] = [];
  const text = fill(
    lab.yaml,
    values,
    (offset, message) => problems.push(problemAt(YAML_FILE, lab.yaml, offset, message)),
    commentsIn(maskForms(lab.yaml).text),
  );
  if (problems.length > 0) throw new ContentError(problems);
  const yaml = readYaml(YAML_FILE, lab.yaml, text);
  return { yaml, filled: checkYaml(yaml, labSchema) };
}

function fillFiles(files: Files, values: Values, folder: string): Files {
  const problems = Object.entries(files).flatMap(([path, text]) =>
    problemsOfForms(text, values, folder + path),
  );
  if (problems.length > 0) throw new ContentError(problems);
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, fill(text, values, () => {}).text]),
  );
}

function problemsOfForms(text: string, values: Values, file: string): readonly Problem[] {
  const problems: Problem[] = [];
  fill(text, values, (offset, message) => problems.push(problemAt(file, text, offset, message)));
  return problems;
}

function rulesOf(lab: LabOutline): readonly FileRule[] {
  return Object.entries(lab.files).flatMap(([pattern, rule]) => [
    ...(rule.edit ? [{ pattern, may: "edit" } as const] : []),
    ...(rule.create ? [{ pattern, may: "create" } as const] : []),
  ]);
}

function expectationOf(test: LabOutline["tests"][string]): Expectation {
  if ("fails" in test) return { kind: "fails", fails: test.fails };
  if (typeof test.score === "number") return { kind: "score", score: test.score };
  return { kind: "percent", percent: Number(test.score.slice(0, -1)) };
}

function topologyOf(lab: LabYaml): Topology {
  return {
    nodes: Object.entries(lab.nodes).map(([name, node]) => nodeOf(name, node)),
    links: lab.links.map(([a, b]) => ({ a, b })),
    vms: lab.vms,
    services: Object.entries(lab.services).flatMap(([at, listeners]) =>
      listeners.map((it): ServiceSpec => ({ at, proto: it.proto, port: it.port })),
    ),
  };
}

function nodeOf(name: string, node: NodeYaml): NodeSpec {
  return {
    name,
    kind: node.kind,
    os: "os" in node ? node.os : null,
    ports: node.ports ?? [],
    runs: "runs" in node ? node.runs : [],
    outside:
      node.kind === "outside"
        ? { address: node.address, owns: node.owns, knows: node.knows }
        : null,
  };
}

function objectiveOf(it: ObjectiveYaml, all: readonly ObjectiveYaml[]): Objective {
  const { id, title, points, hidden } = it;
  return { id, title, points, hidden, needs: it.needs ?? [], claim: claimOf(it, all) };
}

function claimOf(it: ObjectiveYaml, all: readonly ObjectiveYaml[]): Claim {
  if (it.reach) {
    const { from, to, proto, port, address } = it.reach;
    return { kind: "reach", from, to, proto, port: port ?? null, address: address ?? null };
  }
  if (it.isolate) return { kind: "isolate", ...it.isolate };
  if (it.routes) {
    const has = it.routes.has.map(({ prefix, via }) => ({ prefix, via: via ?? null }));
    return { kind: "routes", at: it.routes.at, has, lacks: it.routes.lacks };
  }
  if (it.only) {
    const { among, allow } = it.only;
    return { kind: "only", among, allow: allow.map((one) => ({ ...one, port: one.port ?? null })) };
  }
  if (it.path) {
    const { from, to, proto, port = null, through = [], avoids = [] } = it.path;
    return { kind: "path", from, to, proto, port, through, avoids };
  }
  if (it.maps) return { kind: "maps", ...it.maps };
  if (it.survives) {
    const { objectives, down, together } = it.survives;
    const claims = all
      .filter(({ id, survives }) => objectives.includes(id) && !survives)
      .map((one) => ({ title: one.title, claim: claimOf(one, all) }));
    return { kind: "survives", claims, down, together };
  }
  return { kind: "undecidable", form: kindsOf(it)[0] ?? "nothing" };
}

function hiddenOf(objectives: readonly Objective[]): LabInstance["hidden"] {
  const hidden = objectives.filter((it) => it.hidden);
  return { count: hidden.length, points: hidden.reduce((sum, it) => sum + it.points, 0) };
}
