import type { Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { ShellWord } from "./placed.ts";

/*
 * What a script says, before anything is expanded. Offsets count in the text of the script; `placeIn(script.text, …)`
 * tells where that is in a file, because `sh -c '…'` is a script inside a word.
 */

export type ShellFile = {
  readonly text: ShellWord;
  readonly statements: readonly Chain[];
  readonly diagnostics: readonly Diagnostic[];
  /** What was not read because there is too much of it. */
  readonly cut: Span | null;
};

/** `a && b || c` */
export type Chain = {
  readonly first: Pipeline;
  readonly rest: readonly {
    readonly when: "success" | "failure";
    readonly pipeline: Pipeline;
  }[];
};

/** `! a | b` */
export type Pipeline = { readonly not: boolean; readonly commands: readonly ShellNode[] };

export type ShellNode = Extent &
  (
    | {
        readonly kind: "simple";
        readonly assignments: readonly Assignment[];
        readonly words: readonly RawWord[];
        readonly redirections: readonly Redirection[];
      }
    | {
        readonly kind: "group";
        /** `( … )`: what it sets ends with it. */
        readonly subshell: boolean;
        readonly body: readonly Chain[];
        readonly redirections: readonly Redirection[];
      }
    | {
        readonly kind: "for";
        readonly name: string;
        readonly values: readonly RawWord[];
        readonly body: readonly Chain[];
        readonly redirections: readonly Redirection[];
      }
    | {
        readonly kind: "if";
        readonly branches: readonly {
          readonly condition: readonly Chain[];
          readonly body: readonly Chain[];
        }[];
        readonly otherwise: readonly Chain[];
      }
    /** Part of the shell's language, and not simulated; `said` when a diagnostic names it already. */
    | { readonly kind: "unsupported"; readonly what: string; readonly said: boolean }
  );

export type Extent = { readonly from: number; readonly to: number };

export type Assignment = Extent & { readonly name: string; readonly value: RawWord };

export type Redirection = Extent &
  (
    | { readonly kind: "output"; readonly append: boolean; readonly target: RawWord }
    /** Error output, or one output joined to another: no program here depends on it. */
    | { readonly kind: "ignored" }
    | { readonly kind: "input"; readonly source: RawWord }
    | { readonly kind: "here"; readonly body: RawWord }
    | { readonly kind: "unsupported"; readonly what: string }
  );

/** A word as written: pieces of text, and what is replaced when it runs. */
export type RawWord = Extent & { readonly parts: readonly Part[] };

export type Part = Extent & { readonly quoted: boolean } & (
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "variable"; readonly name: string; readonly otherwise: Otherwise | null }
    | { readonly kind: "arithmetic"; readonly text: string }
    /** `$(seq 1 3)`: the only program whose output the shell itself can know, besides `echo`. */
    | { readonly kind: "output-of"; readonly words: readonly RawWord[] }
    | { readonly kind: "unsupported"; readonly what: string }
  );

/** `${a:-x}`: x instead of what is not set (or, with the colon, empty); `=` also keeps it, `+` turns it round. */
export type Otherwise = {
  readonly sign: "-" | "=" | "+";
  readonly ifEmpty: boolean;
  readonly word: RawWord;
};
