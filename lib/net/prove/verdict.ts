import type { Compiled } from "../dataplane/compile.ts";
import type { Taint } from "../model/device.ts";
import type { Threat } from "../model/objective.ts";
import type { Conversation } from "../trace/conversation.ts";
import type { Trace } from "../trace/trace.ts";
import type { Missing } from "./endpoint.ts";

/** An answer to a claim, with what shows it. Each has a `state`; `blocked` is decided where the controls are known. */
export type Verdict =
  | { readonly state: "holds"; readonly why: Holding }
  | { readonly state: "fails"; readonly why: Failing }
  | { readonly state: "undecided"; readonly why: Undecided };

export type Holding =
  | { readonly kind: "answered"; readonly pairs: number; readonly shown: Conversation }
  | {
      readonly kind: "isolated";
      readonly threat: Threat;
      readonly senders: readonly string[];
      readonly targets: readonly string[];
      /** How many places the senders' packets come to. */
      readonly places: number;
    }
  | { readonly kind: "table-as-claimed" }
  | {
      readonly kind: "only-allowed";
      readonly among: readonly string[];
      readonly flows: number;
      readonly places: number;
    }
  | { readonly kind: "path-as-claimed"; readonly pairs: number }
  | { readonly kind: "mapped"; readonly nic: string; readonly port: string; readonly vlan: number }
  | { readonly kind: "survived"; readonly tried: readonly string[] };

export type Failing =
  /** The question or its answer is lost on this way. */
  | {
      readonly kind: "unanswered";
      readonly from: string;
      readonly to: string;
      readonly shown: Conversation;
    }
  /** A packet arrives that must not. */
  | {
      readonly kind: "leak";
      readonly from: string;
      readonly to: string;
      readonly threat: Threat;
      readonly shown: Trace;
    }
  | { readonly kind: "no-address"; readonly from: string; readonly to: string; readonly at: string }
  | { readonly kind: "missing"; readonly missing: Missing }
  | {
      readonly kind: "table-differs";
      readonly at: string;
      readonly lacks: readonly string[];
      readonly has: readonly string[];
    }
  /** It arrives by a way that leaves a named place out, or by one that it should not take. */
  | ({
      readonly kind: "other-path";
      readonly from: string;
      readonly to: string;
      readonly shown: Trace;
    } & ({ readonly misses: string } | { readonly meets: string }))
  | {
      readonly kind: "mapped-elsewhere";
      readonly nic: string;
      readonly port: string;
      readonly vlan: number;
      readonly vlans: readonly number[];
    }
  /** With this down, that does not hold any more. */
  | {
      readonly kind: "broken-by";
      readonly down: readonly string[];
      readonly title: string;
      readonly why: Failing;
      readonly compiled: Compiled;
    };

export type Undecided =
  | { readonly kind: "taint"; readonly device: string; readonly taint: Taint }
  | { readonly kind: "too-complex" }
  | { readonly kind: "not-decided-here"; readonly form: string }
  /** Single packets are followed through this, all packets are not yet. */
  | { readonly kind: "not-proved"; readonly what: string }
  /** Sets of packets and the single packet disagree: a defect of the engine, never a verdict. */
  | { readonly kind: "disagreement" };
