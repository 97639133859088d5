// What the values of `lab.yaml` must mean together. Every complaint stands where the author can put it right.

import { overlaps } from "#lib/net/model/prefix.ts";
import type { Files } from "#lib/net/source/span.ts";
import type { Problem } from "./content-error.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { EndpointParts } from "./endpoint.ts";
import { fileProblem } from "./content-error.ts";
import { matches, pathProblem } from "./lab-paths.ts";
import type { Tops } from "./lab-paths.ts";
import { kindsOf, OBJECTIVE_KINDS } from "./schema.ts";
import type { LabYaml, NodeYaml, ObjectiveKind, ObjectiveYaml } from "./schema.ts";
import type { Path, YamlText } from "./yaml-text.ts";
import { nearest } from "./zod-words.ts";

type Report = (path: Path, message: string, part?: "key" | "value") => void;

/** Every problem of a lab whose shape is right, with `start` for what its files already make. */
export function problemsOfLab(lab: LabYaml, start: Files, yaml: YamlText): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message, part) =>
    void problems.push(yaml.problem(path, message, part));
  const places = new Places(lab, start);
  checkNames(lab, report);
  checkPorts(lab, report);
  checkLinks(lab, report);
  checkClusters(lab, places, report);
  checkRules(lab, start, places, report);
  checkObjectives(lab, places, report);
  for (const at of Object.keys(lab.services))
    checkEndpoint(at, ["services", at], places, report, "key");
  checkHints(lab, report);
  checkTests(lab, report);
  for (const path of Object.keys(start)) {
    const problem = pathProblem(path, places.tops);
    if (problem) problems.push(fileProblem(`start/${path}`, problem));
  }
  return problems;
}

/** The folders that a lab's files may stand in. */
export function topsOf(lab: LabYaml, start: Files): Tops {
  return new Places(lab, start).tops;
}

/** What an endpoint can begin with: what the author drew, and what files make or could make. */
class Places {
  readonly nodes: ReadonlyMap<string, NodeYaml>;
  readonly names: ReadonlySet<string>;
  readonly tops: Tops;
  readonly #vms: ReadonlySet<string>;
  readonly #files: readonly string[];
  readonly #patterns: readonly string[];

  constructor(lab: LabYaml, start: Files) {
    this.nodes = new Map(Object.entries(lab.nodes));
    this.#files = Object.keys(start);
    this.#patterns = Object.keys(lab.files);
    this.#vms = new Set([...Object.keys(lab.vms), ...this.#files.flatMap(vmOfPath)]);
    this.names = new Set([...this.nodes.keys(), ...Object.keys(lab.clusters), ...this.#vms]);
    const folders = new Set([...this.nodes.keys(), ...Object.keys(lab.clusters)]);
    const router = [...this.nodes].find(([, node]) => node.kind === "router")?.[0];
    this.tops = {
      names: folders,
      isVm: (name) => this.hasVm(name),
      example: router ? `${router}/startup.ios` : `${[...folders][0] ?? "h1"}/host.sh`,
    };
  }

  hasVm(name: string): boolean {
    return this.#vms.has(name) || this.#patterns.some((it) => couldDefineVm(it, name));
  }

  has(name: string): boolean {
    return name === "*" || this.names.has(name) || this.hasVm(name);
  }

  /** Whether a file of the start or of the learner can put something on this node or into this VM. */
  isConfigured(name: string): boolean {
    const folders = [`${name}/`, `vms/${name}/`];
    return (
      !this.nodes.has(name) ||
      [...this.#files, ...this.#patterns].some(
        (path) => path.startsWith("*") || folders.some((it) => path.startsWith(it)),
      )
    );
  }
}

function vmOfPath(path: string): readonly string[] {
  const [, ofHost, ofFolder] = /^[^/]+\/domains\/([^/]+)\.xml$|^vms\/([^/]+)\//.exec(path) ?? [];
  return [ofHost, ofFolder].filter((it) => it !== undefined && !it.includes("*")) as string[];
}

function couldDefineVm(pattern: string, name: string): boolean {
  const [host = ""] = pattern.split("/");
  return matches(pattern, `${host === "*" ? "x" : host}/domains/${name}.xml`);
}

function checkNames(lab: LabYaml, report: Report): void {
  const seen = new Map<string, string>();
  const groups = { nodes: lab.nodes, vms: lab.vms, clusters: lab.clusters };
  for (const [group, members] of Object.entries(groups)) {
    for (const name of Object.keys(members)) {
      const other = seen.get(name);
      if (other) {
        const message = `"${name}" is already the name of one of the ${other}. Nodes, VMs and clusters share their names.`;
        report([group, name], message, "key");
      }
      seen.set(name, group);
    }
  }
  if (Object.keys(lab.nodes).length === 0) report(["nodes"], "The lab has no nodes. It needs one.");
}

function checkPorts(lab: LabYaml, report: Report): void {
  for (const [name, node] of Object.entries(lab.nodes)) {
    const seen = new Set<string>();
    portsOf(node).forEach((port, index) => {
      if (seen.has(port)) {
        report(["nodes", name, "ports", index], `${name} has the port ${port} twice.`);
      }
      seen.add(port);
    });
  }
}

function checkLinks(lab: LabYaml, report: Report): void {
  const used = new Map<string, number>();
  lab.links.forEach((ends, link) => {
    ends.forEach((end, index) => {
      const path = ["links", link, index];
      const node = Object.hasOwn(lab.nodes, end.node) ? lab.nodes[end.node] : undefined;
      if (!node) return report(path, noSuch("node", end.node, Object.keys(lab.nodes)));
      if (!portsOf(node).includes(end.port)) {
        return report(path, noSuchPort(end.node, end.port, portsOf(node)));
      }
      const name = `${end.node}:${end.port}`;
      const before = used.get(name);
      if (before !== undefined) {
        return report(
          path,
          `${name} already has the cable of link ${before + 1}. A port takes one.`,
        );
      }
      used.set(name, link);
    });
  });
}

function checkClusters(lab: LabYaml, places: Places, report: Report): void {
  for (const [name, cluster] of Object.entries(lab.clusters)) {
    cluster.nodes.forEach((node, index) => {
      if (places.has(node)) return;
      report(["clusters", name, "nodes", index], noSuch("node or VM", node, [...places.names]));
    });
    if (overlaps(cluster.pods, cluster.services)) {
      const message = `The addresses of pods and of services overlap. Give ${name} two networks.`;
      report(["clusters", name, "services"], message);
    }
  }
}

function checkRules(lab: LabYaml, start: Files, places: Places, report: Report): void {
  for (const [pattern, rule] of Object.entries(lab.files)) {
    const path = ["files", pattern];
    const problem = pattern.startsWith("*") ? null : pathProblem(pattern, starTops(places.tops));
    if (problem) report(path, problem, "key");
    else if (!rule.edit && !rule.create) {
      report(path, "Say what the learner may do with it: { edit: true } or { create: true }.");
    } else if (rule.edit && !Object.keys(start).some((file) => matches(pattern, file))) {
      const message = `No file of start/ is named ${pattern}, so there is nothing to edit. Add it, or write { create: true }.`;
      report(path, message, "key");
    }
  }
}

/** A pattern may name a VM by a star. */
function starTops(tops: Tops): Tops {
  return { ...tops, isVm: (name) => name.includes("*") || tops.isVm(name) };
}

function checkObjectives(lab: LabYaml, places: Places, report: Report): void {
  const byId = new Map(lab.objectives.map((it) => [it.id, it]));
  const seen = new Set<string>();
  lab.objectives.forEach((objective, index) => {
    const path = ["objectives", index];
    if (seen.has(objective.id)) {
      report([...path, "id"], `Another objective is already called "${objective.id}".`);
    }
    seen.add(objective.id);
    checkKind(objective, path, report);
    checkIds(objective.needs ?? [], [...path, "needs"], objective, byId, report);
    checkIds(
      objective.survives?.objectives ?? [],
      [...path, "survives", "objectives"],
      objective,
      byId,
      report,
    );
    checkFlows(objective, path, report);
    for (const { name, at } of endpointsOf(objective)) {
      checkEndpoint(name, [...path, ...at], places, report);
    }
  });
  // With one id for two objectives, who needs whom says nothing yet.
  if (seen.size === lab.objectives.length) checkCircles(lab, byId, report);
  const total = lab.objectives.reduce((sum, it) => sum + it.points, 0);
  if (total === 0)
    report(["objectives"], "Every objective has 0 points, so nothing can be earned.");
}

function checkKind(objective: ObjectiveYaml, path: Path, report: Report): void {
  const kinds = kindsOf(objective);
  if (kinds.length === 0) {
    report(path, `"${objective.id}" asks nothing. It needs one of ${OBJECTIVE_KINDS.join(", ")}.`);
  }
  if (kinds.length > 1) {
    const message = `"${objective.id}" asks ${kinds.join(" and ")}. An objective asks one thing: make two of it.`;
    report([...path, kinds[1] ?? ""], message, "key");
  }
  const { routes, path: way } = objective;
  if (routes && routes.has.length + routes.lacks.length === 0) {
    report([...path, "routes"], 'Say which routes: "has", "lacks" or both.', "key");
  }
  if (way && !way.through && !way.avoids) {
    report([...path, "path"], 'Say what the path goes "through" or "avoids".', "key");
  }
}

function checkIds(
  ids: readonly string[],
  path: Path,
  objective: ObjectiveYaml,
  byId: ReadonlyMap<string, ObjectiveYaml>,
  report: Report,
): void {
  ids.forEach((id, index) => {
    const needed = byId.get(id);
    if (!needed) return report([...path, index], noSuch("objective", id, [...byId.keys()]));
    if (needed.hidden && !objective.hidden) {
      report(
        [...path, index],
        `"${objective.id}" is shown, and "${id}" is hidden: what is shown cannot rest on it.`,
      );
    }
  });
}

function checkCircles(
  lab: LabYaml,
  byId: ReadonlyMap<string, ObjectiveYaml>,
  report: Report,
): void {
  const restsOn = (id: string): readonly string[] => {
    const it = byId.get(id);
    return [...(it?.needs ?? []), ...(it?.survives?.objectives ?? [])];
  };
  const reached = (from: string): ReadonlySet<string> => {
    const found = new Set<string>();
    const left = [from];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      for (const next of restsOn(id)) {
        if (!byId.has(next) || found.has(next)) continue;
        found.add(next);
        left.push(next);
      }
    }
    return found;
  };
  lab.objectives.forEach((it, index) => {
    if (!reached(it.id).has(it.id)) return;
    const part = it.needs ? "needs" : "survives";
    const way = restsOn(it.id).includes(it.id) ? "" : `, by way of ${restsOn(it.id).join(", ")}`;
    report(["objectives", index, part], `"${it.id}" needs itself${way}.`);
  });
}

function checkFlows(objective: ObjectiveYaml, path: Path, report: Report): void {
  for (const { flow, at } of flowsOf(objective)) {
    if (flow.proto === "icmp" && flow.port !== undefined) {
      report([...path, ...at, "port"], "icmp has no ports. Leave the port out, or ask tcp or udp.");
    }
    if (flow.proto !== "icmp" && flow.port === undefined) {
      report(
        [...path, ...at, "proto"],
        `A ${flow.proto} packet goes to a port. Add it, as in port: 80.`,
      );
    }
  }
}

type Flow = { readonly proto: string; readonly port?: number | undefined };

function flowsOf(it: ObjectiveYaml): readonly { flow: Flow; at: Path }[] {
  const single = (["reach", "path", "qos"] as const).flatMap((kind) => {
    const flow = it[kind];
    return flow ? [{ flow, at: [kind] }] : [];
  });
  const allowed = (it.only?.allow ?? []).map((flow, index) => ({
    flow,
    at: ["only", "allow", index],
  }));
  return [...single, ...allowed];
}

type NamedEndpoint = { readonly name: string; readonly at: Path };

/** Every endpoint an objective names, with where it names it. */
function endpointsOf(it: ObjectiveYaml): readonly NamedEndpoint[] {
  const one = (kind: ObjectiveKind, key: string, name: string | undefined): NamedEndpoint[] =>
    name === undefined ? [] : [{ name, at: [kind, key] }];
  const list = (
    kind: ObjectiveKind,
    key: string,
    names: readonly string[] | undefined,
  ): NamedEndpoint[] => (names ?? []).map((name, index) => ({ name, at: [kind, key, index] }));
  return [
    ...list("reach", "from", it.reach?.from),
    ...list("reach", "to", it.reach?.to),
    ...list("isolate", "from", it.isolate?.from),
    ...list("isolate", "to", it.isolate?.to),
    ...list("only", "among", it.only?.among),
    ...(it.only?.allow ?? []).flatMap((flow, index) => [
      { name: flow.from, at: ["only", "allow", index, "from"] },
      { name: flow.to, at: ["only", "allow", index, "to"] },
    ]),
    ...list("path", "from", it.path?.from),
    ...list("path", "to", it.path?.to),
    ...list("path", "through", it.path?.through),
    ...list("path", "avoids", it.path?.avoids),
    ...one("routes", "at", it.routes?.at),
    ...one("maps", "nic", it.maps?.nic),
    ...one("maps", "port", it.maps?.port),
    ...one("qos", "from", it.qos?.from),
    ...one("qos", "to", it.qos?.to),
    ...(it.qos?.at ?? []).map(({ place }, index) => ({
      name: place,
      at: ["qos", "at", index, "place"],
    })),
    ...(it.qos?.share ? [{ name: it.qos.share.port, at: ["qos", "share", "port"] }] : []),
    ...list("survives", "down", it.survives?.down),
    ...list("clean", "among", it.clean?.among),
  ];
}

function checkEndpoint(
  name: string,
  path: Path,
  places: Places,
  report: Report,
  part: "key" | "value" = "value",
): void {
  const parts = parseEndpoint(name);
  if (!parts) {
    return report(
      path,
      `"${name}" is no endpoint. Write node, node@VRF, node:port or node/inner.`,
      part,
    );
  }
  const first = parts.steps[0] ?? "";
  if (!places.has(first)) {
    return report(path, noSuch("node, VM or cluster", first, [...places.names]), part);
  }
  const node = places.nodes.get(first);
  const problem = node ? impossible(first, node, parts, places) : null;
  if (problem) report(path, problem, part);
}

/** Why nothing that anyone can write would make this place, or `null` when someone could. */
function impossible(
  name: string,
  node: NodeYaml,
  parts: EndpointParts,
  places: Places,
): string | null {
  const { steps, vrf, port } = parts;
  const isDevice = node.kind === "router" || node.kind === "switch";
  const canHave = (what: string): string | null =>
    places.isConfigured(name) ? null : `No file of the lab can put ${what} on ${name}.`;
  if (steps.length > 1) {
    if (isDevice)
      return `${name} is a ${node.kind}: nothing runs inside it. Its VRFs are ${name}@VRF.`;
    if (node.kind !== "host" && node.kind !== "server") return `Nothing runs inside ${name}.`;
    return canHave(`"${steps.slice(1).join("/")}"`);
  }
  if (vrf !== null) {
    const linux = node.kind === "host" || node.kind === "server";
    return isDevice || linux ? canHave("a VRF") : `${name} has no VRFs.`;
  }
  if (port === null || port.includes("*") || portsOf(node).includes(port)) return null;
  // A port that no configuration can make: of a device in a rack there are as many as the author drew.
  const [base = ""] = port.split(".");
  const isPhysical = /ethernet|^(gi|fa|te|eth?)\d/i.test(base) && isDevice;
  if (isPhysical && portsOf(node).includes(base) && base !== port) return canHave("a subinterface");
  if (isPhysical || node.kind === "outside" || node.kind === "controller") {
    return noSuchPort(name, port, portsOf(node));
  }
  return canHave(`the port ${port}`);
}

function checkHints(lab: LabYaml, report: Report): void {
  const ids = lab.objectives.map((it) => it.id);
  lab.hints.forEach((hint, index) => {
    if (ids.includes(hint.for)) return;
    report(["hints", index, "for"], noSuch("objective", hint.for, ids));
  });
}

function checkTests(lab: LabYaml, report: Report): void {
  const ids = lab.objectives.map((it) => it.id);
  const total = lab.objectives.reduce((sum, it) => sum + it.points, 0);
  for (const [name, test] of Object.entries(lab.tests)) {
    if ("score" in test) {
      if (typeof test.score === "number" && test.score > total) {
        report(["tests", name, "score"], `All objectives together are ${total} points.`);
      }
      continue;
    }
    test.fails.forEach((id, index) => {
      if (ids.includes(id)) return;
      report(["tests", name, "fails", index], noSuch("objective", id, ids));
    });
  }
}

function portsOf(node: NodeYaml): readonly string[] {
  return (node.ports ?? []).map((port) => port.name);
}

function noSuchPort(node: string, port: string, known: readonly string[]): string {
  const meant = nearest(port, known);
  const hint = meant ? `Did you mean "${meant}"?` : `Its ports are ${known.join(", ") || "none"}.`;
  return `${node} has no port "${port}". ${hint}`;
}

function noSuch(what: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant) return `There is no ${what} "${name}". Did you mean "${meant}"?`;
  return `There is no ${what} "${name}". There ${known.length === 1 ? "is" : "are"} ${known.join(", ") || "none"}.`;
}
