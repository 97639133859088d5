// The figures of a lesson as its text asks for them, each with its place.

import type { Root } from "mdast";
import { visit } from "unist-util-visit";
import type { Files } from "#lib/net/source/span.ts";
import type { NetworkProps, WalkProps } from "./lesson-components.ts";

/** A figure, and where in the lesson it is asked for. `files` lie over the lab's start. */
export type Figure = {
  readonly line: number;
  readonly column: number;
  readonly files: Files;
  /** The packet whose walk is shown, unless only the network is. */
  readonly packet: Omit<WalkProps, "files" | "title"> | null;
};

/** Every figure of a lesson, in order. The tree is one that `checkLesson` found nothing wrong with. */
export function figuresIn(tree: Root): readonly Figure[] {
  const figures: Figure[] = [];
  visit(tree, ["mdxJsxFlowElement", "mdxJsxTextElement"], (node) => {
    if (node.type !== "mdxJsxFlowElement" && node.type !== "mdxJsxTextElement") return;
    if (node.name !== "Network" && node.name !== "Walk") return;
    const { line = 1, column = 1 } = node.position?.start ?? {};
    const props = Object.fromEntries(node.attributes.flatMap(literalOf));
    const { files, ...packet } = props as NetworkProps & WalkProps;
    figures.push({ line, column, files, packet: node.name === "Walk" ? packet : null });
  });
  return figures;
}

type Attribute = Extract<
  ReturnType<Root["children"]["find"]>,
  { type: "mdxJsxFlowElement" }
>["attributes"][number];

/** An attribute's name and value, which `checkLesson` made a literal. */
function literalOf(it: Attribute): readonly (readonly [string, unknown])[] {
  if (it.type !== "mdxJsxAttribute" || !it.value || typeof it.value === "string") return [];
  const [statement] = it.value.data?.estree?.body ?? [];
  if (statement?.type !== "ExpressionStatement" || statement.expression.type !== "Literal")
    return [];
  return [[it.name, statement.expression.value]];
}
