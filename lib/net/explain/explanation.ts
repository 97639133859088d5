import type { Span } from "../source/span.ts";

/** A sentence or three for a learner, and the lines of their files that they are about, the deciding one first. */
export type Explanation = { readonly text: string; readonly lines: readonly Span[] };
