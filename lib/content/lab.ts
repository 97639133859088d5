import type { Objective } from "#lib/net/model/objective.ts";
import type { Topology } from "#lib/net/model/topology.ts";
import type { Files } from "#lib/net/source/span.ts";

/** A lab as its folder describes it, before any value is drawn. Never sent to a browser: it knows the hidden objectives. */
export type Lab = {
  /** `<course>/<lesson>`, without order numbers. */
  readonly id: string;
  /** SHA-256 of every file of the lab's folder: what a verdict is about. */
  readonly hash: string;
  readonly title: string;
  readonly minutes: number;
  readonly variables: Readonly<Record<string, Variable>>;
  readonly files: readonly FileRule[];
  /** `lab.yaml` and the files of `start/` as the author wrote them, with `{{…}}` in place. */
  readonly yaml: string;
  readonly start: Files;
  readonly tests: Readonly<Record<string, Expectation>>;
  /** Lines of the solution that may be wrong without harm, as they are written there, and why. */
  readonly harmless: readonly Harmless[];
};

export type Harmless = { readonly file: string; readonly line: string; readonly why: string };

export type FileRule = { readonly pattern: string; readonly may: "edit" | "create" };

export type Hint = { readonly for: string; readonly after: number; readonly text: string };

export type Expectation =
  | { readonly kind: "score"; readonly score: number }
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "fails"; readonly fails: readonly string[] };

export type Variable =
  | {
      readonly kind: "subnet";
      readonly within: string;
      readonly prefix: number;
      readonly same: string | null;
    }
  | {
      readonly kind: "number";
      readonly of: "vlan" | "vni" | "asn" | "port";
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "address"; readonly within: string }
  | { readonly kind: "choice"; readonly among: readonly string[] };

/** One learner's lab: every value drawn, every file text. What is graded, on the server and in the browser. */
export type LabInstance = {
  readonly lab: string;
  readonly hash: string;
  readonly seed: number;
  readonly title: string;
  readonly minutes: number;
  readonly topology: Topology;
  readonly files: Files;
  readonly rules: readonly FileRule[];
  readonly objectives: readonly Objective[];
  readonly hints: readonly Hint[];
  /** How much is checked only on submit; zero where nothing is hidden. */
  readonly hidden: { readonly count: number; readonly points: number };
};
