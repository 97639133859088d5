// What a lesson may write besides Markdown: every component, its attributes, and what the component is then given.

import type { ComponentType, ReactNode } from "react";
import type { Proto } from "#lib/net/model/objective.ts";
import type { Files } from "#lib/net/source/span.ts";

/** What an attribute's value may be. `example` names the start or an example of the same lesson. */
export type AttributeKind =
  | { readonly kind: "text" }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  | { readonly kind: "texts"; readonly min: number }
  | { readonly kind: "word"; readonly among: readonly string[] }
  | { readonly kind: "example" };

export type AttributeRule = AttributeKind & { readonly required: boolean };

/** A component's attributes, and whether it holds text (`inline`), blocks, or nothing. */
export type ComponentRule = {
  readonly holds: "inline" | "blocks" | "nothing";
  readonly attributes: Readonly<Record<string, AttributeRule>>;
};

const text = { kind: "text", required: false } as const;
const needed = { kind: "text", required: true } as const;
const example = { kind: "example", required: false } as const;

/** The components of a lesson. Anything else in angle brackets is refused. */
export const LESSON_COMPONENTS = {
  /** The sentence or two under the title. */
  Lead: { holds: "blocks", attributes: {} },
  /** An aside. */
  Note: { holds: "blocks", attributes: { title: text } },
  /** The lab's network as it is drawn from its configuration. */
  Network: { holds: "nothing", attributes: { in: example, title: text } },
  /** One packet's way through that network, computed. */
  Walk: {
    holds: "nothing",
    attributes: {
      from: needed,
      to: needed,
      proto: { kind: "word", among: ["icmp", "tcp", "udp"], required: false },
      port: { kind: "number", min: 1, max: 65535, required: false },
      in: example,
      title: text,
    },
  },
  /** A quick question. `answer` is the number of the right option, counted from 1. */
  Quiz: {
    holds: "nothing",
    attributes: {
      question: needed,
      options: { kind: "texts", min: 2, required: true },
      answer: { kind: "number", min: 1, max: 9, required: true },
      why: needed,
    },
  },
  /** Words in the hue of the layer they belong to. */
  Vrf: { holds: "inline", attributes: {} },
  Phys: { holds: "inline", attributes: {} },
  Host: { holds: "inline", attributes: {} },
  Cont: { holds: "inline", attributes: {} },
  /** A term, where it is explained. */
  Term: {
    holds: "inline",
    attributes: {
      layer: { kind: "word", among: ["physical", "host", "container", "vrf"], required: false },
    },
  },
} as const satisfies Record<string, ComponentRule>;

export type LeadProps = { readonly children?: ReactNode };
export type NoteProps = { readonly title?: string; readonly children?: ReactNode };

/** `files` lie over the lab's start: those of the example that `in` names, none for the start itself. */
export type NetworkProps = { readonly title?: string; readonly files: Files };
export type WalkProps = {
  readonly from: string;
  readonly to: string;
  readonly proto?: Proto;
  readonly port?: number;
  readonly title?: string;
  readonly files: Files;
};

/** `answer` is the number of the right option, counted from 1. */
export type QuizProps = {
  readonly question: string;
  readonly options: readonly string[];
  readonly answer: number;
  readonly why: string;
};

export type HueProps = { readonly children?: ReactNode };
export type TermProps = {
  readonly layer?: "physical" | "host" | "container" | "vrf";
  readonly children?: ReactNode;
};

/** The components that a page hands to `renderLesson`. */
export type LessonComponents = {
  readonly Lead: ComponentType<LeadProps>;
  readonly Note: ComponentType<NoteProps>;
  readonly Network: ComponentType<NetworkProps>;
  readonly Walk: ComponentType<WalkProps>;
  readonly Quiz: ComponentType<QuizProps>;
  readonly Vrf: ComponentType<HueProps>;
  readonly Phys: ComponentType<HueProps>;
  readonly Host: ComponentType<HueProps>;
  readonly Cont: ComponentType<HueProps>;
  readonly Term: ComponentType<TermProps>;
};
