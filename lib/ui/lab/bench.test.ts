import { describe, expect, test } from "vitest";
import type { LabInstance } from "#lib/content/lab.ts";
import type { Report } from "#lib/grading/report.ts";
import type { State } from "#lib/net/model/objective.ts";
import {
  type PastSubmission,
  changedFiles,
  editableFiles,
  flipsBetween,
  hintsFor,
  shownObjective,
} from "./bench.ts";
import { treeOf } from "./file-tree.ts";

describe("files of a lab", () => {
  test("are the learner's where a rule says so, with the start where nothing was typed", () => {
    const rules = [
      { pattern: "edge/startup.ios", may: "edit" },
      { pattern: "hv1/domains/*.xml", may: "create" },
    ];
    const files = { "edge/startup.ios": "start", "a1/host.sh": "ip link" };
    const instance = { rules, files } as unknown as LabInstance;
    expect(editableFiles(instance, {})).toEqual({ "edge/startup.ios": "start" });
    const draft = { "edge/startup.ios": "mine", "hv1/domains/x.xml": "<d/>", "a1/host.sh": "no" };
    expect(editableFiles(instance, draft)).toEqual({
      "edge/startup.ios": "mine",
      "hv1/domains/x.xml": "<d/>",
    });
    const unchanged = { "edge/startup.ios": "start", "hv1/domains/x.xml": "<d/>" };
    expect(changedFiles(instance, unchanged)).toEqual({ "hv1/domains/x.xml": "<d/>" });
  });

  test("stand in a tree that is shaped like the network", () => {
    const nodes = [
      { name: "edge", kind: "router" },
      { name: "hv1", kind: "server" },
    ] as unknown as Parameters<typeof treeOf>[1]["nodes"];
    const paths = [
      "vms/web/compose.yaml",
      "hv1/networks/blue.xml",
      "hv1/host.sh",
      "edge/startup.ios",
      "vms/web/host.sh",
    ];
    const shown = treeOf(paths, { nodes }).map(
      (row) => `${"  ".repeat(row.depth)}${row.name} ${row.layer}`,
    );
    expect(shown).toEqual([
      "edge physical",
      "  startup.ios physical",
      "hv1 host",
      "  host.sh host",
      "  networks host",
      "    blue.xml host",
      "vms host",
      "  web host",
      "    compose.yaml container",
      "    host.sh host",
    ]);
  });
});

describe("objectives", () => {
  const hints = [
    { for: "apart", after: 2, text: "second" },
    { for: "apart", after: 1, text: "first" },
  ];

  test("hints open with the submissions in which the objective failed, not with others", () => {
    const failed = submission({ apart: "fails" });
    const other = submission({ apart: "blocked" });
    expect(hintsFor("apart", hints, [])).toMatchObject([
      { open: false, triesLeft: 1 },
      { open: false, triesLeft: 2 },
    ]);
    expect(hintsFor("apart", hints, [failed, other])).toMatchObject([
      { open: true, hint: { text: "first" } },
      { open: false, triesLeft: 1 },
    ]);
  });

  test("the first that fails is shown until another is chosen", () => {
    const report = reportOf({ a: "holds", b: "fails", c: "fails" });
    expect(shownObjective(report, null)?.id).toBe("b");
    expect(shownObjective(report, "c")?.id).toBe("c");
    expect(shownObjective(reportOf({ a: "holds" }), "gone")).toBeUndefined();
  });

  test("only what flipped is said aloud", () => {
    const before = reportOf({ a: "fails", b: "blocked" });
    const after = reportOf({ a: "holds", b: "blocked" });
    expect(flipsBetween(before, after)).toEqual(["Objective a: now holds."]);
    expect(flipsBetween(null, after)).toEqual([]);
  });
});

function reportOf(states: Record<string, State>): Report {
  const objectives = Object.entries(states).map(([id, state]) => ({
    id,
    title: `Objective ${id}`,
    state,
  }));
  return { objectives } as unknown as Report;
}

function submission(states: Record<string, State>): PastSubmission {
  return { report: reportOf(states) } as PastSubmission;
}
