import { labOf } from "#lib/content/draw.ts";
import type { Lab } from "#lib/content/lab.ts";
import type { Outcome } from "#lib/grading/pool.ts";
import type { Report } from "#lib/grading/report.ts";
import type { Db } from "#db/open.ts";
import { user } from "#db/schema.ts";
import type { Learner } from "./learner.ts";

const YAML = `
title: Two hosts on a cable
minutes: 5
nodes:
  h1: { kind: host, os: linux, ports: [eth0] }
  h2: { kind: host, os: linux, ports: [eth0] }
links: [[h1:eth0, h2:eth0]]
variables:
  lan: { subnet: 10.0.0.0/8, prefix: 24 }
files:
  h1/host.sh: { edit: true }
objectives:
  - { id: near, title: The hosts reach each other, points: 1, reach: { from: h1, to: h2, proto: icmp } }
  - { id: back, title: And back, points: 3, hidden: true, reach: { from: h2, to: h1, proto: icmp } }
tests: { start: { score: 0 }, solution: { score: 100% } }
`;

/** A lab for the tests of this folder; another `hash` is a version that its author made later. */
export function testLab(hash = "version-1"): Lab {
  const start = {
    "h1/host.sh": `# ${hash}: give h1 the address {{lan.1/24}}\n`,
    "h2/host.sh": "ip addr add {{lan.2/24}} dev eth0\nip link set eth0 up\n",
  };
  return labOf({ id: "course/lesson", hash, yaml: YAML, start });
}

/** A learner with a row. */
export async function addLearner(db: Db, id: string): Promise<Learner> {
  const at = new Date(0);
  await db
    .insert(user)
    .values({ id, name: id, email: `${id}@example.org`, createdAt: at, updatedAt: at });
  return { id };
}

/** What a grader answers that found these states for the visible and the hidden objective. */
export function outcome(near: "holds" | "fails", back: "holds" | "fails"): Outcome {
  const states = { near, back } as const;
  const points = { near: 1, back: 3 } as const;
  const objectives = (["near", "back"] as const).map((id) => ({
    id,
    title: `Title of ${id}`,
    hidden: id === "back",
    state: states[id],
    points: points[id],
    earned: states[id] === "holds" ? points[id] : 0,
    text: `What happened to ${id}.`,
    because: [{ file: "h1/host.sh", line: 1, column: 1, endLine: 1, endColumn: 5 }],
    witness: { from: "h1", to: "h2", proto: "icmp", src: "10.0.0.1", dst: "10.0.0.2" },
    walk: { outcome: "no-route", text: `The walk of ${id}.`, hops: [], back: null },
  }));
  const earned = objectives.reduce((sum, it) => sum + it.earned, 0);
  const report: Report = {
    lab: "course/lesson",
    seed: 1,
    engine: "test",
    score: { earned, max: 4 },
    objectives,
    diagnostics: [],
  };
  return { kind: "graded", report };
}
