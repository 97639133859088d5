import type { LabInstance } from "#lib/content/lab.ts";
import type { Report } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import type { Files } from "#lib/net/source/span.ts";

/** What goes to the worker, and what comes back. */
export type GradeRequest =
  | { readonly kind: "lab"; readonly instance: LabInstance }
  | { readonly kind: "files"; readonly turn: number; readonly files: Files };

export type GradeAnswer =
  | {
      readonly kind: "examined";
      readonly turn: number;
      readonly report: Report;
      readonly picture: Picture;
    }
  | { readonly kind: "broke"; readonly turn: number; readonly message: string };

/** As much of a `Worker` as is used. */
export type GradeWorker = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

export type LiveView = {
  readonly report: Report | null;
  readonly picture: Picture | null;
  readonly state: "ready" | "computing" | "stopped";
};

export type LiveGrader = {
  view(): LiveView;
  subscribe(listener: () => void): () => void;
  grade(files: Files): void;
  dispose(): void;
};

const SLOW = 300;
const STUCK = 10_000;

/**
 * Grades while one types, in a worker. Only the newest text counts: what is typed during a run waits in one place and
 * replaces what waited there before. A run that takes too long is stopped, and the next edit starts afresh.
 */
export function liveGrader(instance: LabInstance, start: () => GradeWorker): LiveGrader {
  let view: LiveView = { report: null, picture: null, state: "computing" };
  let worker: GradeWorker | null = null;
  let running: number | null = null;
  let waiting: Files | null = null;
  let turn = 0;
  let slow: ReturnType<typeof setTimeout> | null = null;
  let stuck: ReturnType<typeof setTimeout> | null = null;
  const listeners = new Set<() => void>();

  const show = (change: Partial<LiveView>) => {
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  };
  const stopClocks = () => {
    if (slow) clearTimeout(slow);
    if (stuck) clearTimeout(stuck);
  };
  const stop = () => {
    stopClocks();
    worker?.terminate();
    worker = null;
    running = null;
  };
  const giveUp = () => {
    stop();
    if (waiting) next();
    else show({ state: "stopped" });
  };

  const hired = (): GradeWorker => {
    const made = start();
    made.postMessage({ kind: "lab", instance } satisfies GradeRequest);
    made.onmessage = ({ data }: MessageEvent<GradeAnswer>) => {
      if (data.turn !== running) return;
      stopClocks();
      running = null;
      if (data.kind === "broke") {
        if (!waiting) show({ state: "stopped" });
      } else {
        show({ report: data.report, picture: data.picture, state: "ready" });
      }
      if (waiting) next();
    };
    made.onerror = giveUp;
    return made;
  };

  const next = () => {
    const files = waiting!;
    waiting = null;
    worker ??= hired();
    running = ++turn;
    worker.postMessage({ kind: "files", turn, files } satisfies GradeRequest);
    slow = setTimeout(() => show({ state: "computing" }), SLOW);
    stuck = setTimeout(giveUp, STUCK);
  };

  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    grade(files) {
      waiting = files;
      if (running === null) next();
    },
    dispose() {
      waiting = null;
      listeners.clear();
      stop();
    },
  };
}
