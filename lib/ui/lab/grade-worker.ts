import type { LabInstance } from "#lib/content/lab.ts";
import { examine } from "#lib/grading/examine.ts";
import type { GradeAnswer, GradeRequest } from "./live-grader.ts";

let instance: LabInstance | null = null;

self.onmessage = ({ data }: MessageEvent<GradeRequest>) => {
  if (data.kind === "lab") {
    instance = data.instance;
  } else if (instance) {
    self.postMessage(answerTo(instance, data));
  }
};

function answerTo(
  lab: LabInstance,
  { turn, files }: Extract<GradeRequest, { kind: "files" }>,
): GradeAnswer {
  try {
    return { kind: "examined", turn, ...examine(lab, files) };
  } catch (error) {
    console.error(error);
    return { kind: "broke", turn, message: String(error) };
  }
}
