import { drawLab } from "#lib/content/draw.ts";
import type { Lab } from "#lib/content/lab.ts";
import { examine, walkBetween } from "#lib/grading/examine.ts";
import type { Figures } from "./lesson-components.tsx";

/** A lesson's figures, computed from its lab with the values that the lesson fixes for its examples. */
export function figuresOf(lab: Lab, example: Readonly<Record<string, string>>): Figures {
  const instance = drawLab(lab, 0, example);
  return {
    picture: (files) => examine(instance, files).picture,
    walk: (files, packet) => ({
      picture: examine(instance, files).picture,
      walk: walkBetween(instance, files, packet),
    }),
  };
}
