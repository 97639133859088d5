import type { State } from "#lib/net/model/objective.ts";
import type { TextRange } from "#lib/net/source/span.ts";

/** What an answer earned, objective by objective, and why. Plain data: stored, sent and printed as it stands. */
export type Report = {
  readonly lab: string;
  readonly seed: number;
  readonly engine: string;
  readonly score: { readonly earned: number; readonly max: number };
  readonly objectives: readonly ObjectiveReport[];
  readonly diagnostics: readonly DiagnosticReport[];
};

export type ObjectiveReport = {
  readonly id: string;
  readonly title: string;
  readonly hidden: boolean;
  readonly state: State;
  readonly points: number;
  readonly earned: number;
  /** One to three sentences for a learner: what happened, where, what to look at. */
  readonly text: string;
  /** The lines behind the decision, the deciding one first; empty when nothing is written where it should be. */
  readonly because: readonly TextRange[];
  /** The packet that shows a failed objective. */
  readonly witness?: Witness;
  readonly walk?: Walk;
};

export type Witness = {
  readonly from: string;
  readonly to: string;
  readonly proto: string;
  readonly src: string;
  readonly dst: string;
  readonly port?: number;
};

/** A packet's way, stop by stop, and the answer's way back when there was one. */
export type Walk = {
  /** How it ended: `delivered`, or the kind of drop, such as `no-route`. */
  readonly outcome: string;
  readonly text: string;
  readonly hops: readonly WalkHop[];
  readonly back: {
    readonly outcome: string;
    readonly text: string;
    readonly hops: readonly WalkHop[];
  } | null;
};

export type WalkHop = {
  /** The device, as the lab names it. */
  readonly at: string;
  /** The routing table it was looked up in, when that is not the only one: a VRF's name. */
  readonly table: string | null;
  readonly in: string | null;
  readonly out: string | null;
  readonly text: string;
  /** As it left, or where it ended. */
  readonly header: Header;
  /** As it came, where more than its hops to live are different. */
  readonly before?: Header;
  /** The tunnel that it left by. */
  readonly tunnel?: { readonly vni: number; readonly port: number };
  /** What filters and translations decided, in their order. */
  readonly decisions?: readonly {
    readonly text: string;
    readonly because: readonly TextRange[];
  }[];
  readonly because: readonly TextRange[];
};

/** What does not carry a tag, a label, a class or a mark does not say so. */
export type Header = {
  readonly src: string;
  readonly dst: string;
  readonly ttl: number;
  readonly proto: string;
  readonly port: number | null;
  /** The VLANs of its tags, the outer one first. */
  readonly vlans?: readonly number[];
  readonly labels?: readonly number[];
  readonly dscp?: number;
  readonly mark?: number;
};

export type DiagnosticReport = TextRange & {
  readonly severity: "error" | "warning" | "info";
  readonly code: string;
  readonly message: string;
};
