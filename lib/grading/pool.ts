import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Piscina } from "piscina";
import { MOST_BYTES } from "#lib/content/answer.ts";
import type { LabInstance } from "#lib/content/lab.ts";
import type { Files } from "#lib/net/source/span.ts";
import type { Report } from "./report.ts";

/** A verdict, or why there is none: `why` is a sentence for the learner, `detail` is for the log. */
export type Outcome =
  | { readonly kind: "graded"; readonly report: Report }
  | { readonly kind: "failed"; readonly why: string; readonly detail: string };

export type GradingPool = {
  /** Grade in a thread of its own, in the order of calls. Never throws: what stops a grader is an outcome. */
  readonly grade: (instance: LabInstance, files: Files) => Promise<Outcome>;
  readonly close: () => Promise<void>;
};

export type PoolLimits = {
  readonly threads: number;
  /** From when a thread is free for it, not from when it began to wait. */
  readonly seconds: number;
  readonly memoryMb: number;
  readonly inputBytes: number;
};

export const LIMITS: PoolLimits = {
  // One processor stays for pages.
  threads: Math.min(4, Math.max(1, availableParallelism() - 1)),
  seconds: 10,
  memoryMb: 256,
  inputBytes: MOST_BYTES,
};

const AGAIN = "Your answer is kept: submit it again in a moment.";

/** Threads that run `gradeAnswer` of the module at `worker`, an absolute path. */
export function makePool(worker: string, limits: PoolLimits = LIMITS): GradingPool {
  const pool = new Piscina({
    filename: worker,
    name: "gradeAnswer",
    minThreads: limits.threads,
    maxThreads: limits.threads,
    // Nothing of the server's environment is a grader's business, nor are options it was started with.
    env: {},
    execArgv: ["--disable-warning=ExperimentalWarning"],
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb, maxYoungGenerationSizeMb: 32 },
  });
  // A thread that dies between answers is replaced; the answer it was at hears of it by itself.
  pool.on("error", () => {});
  const turns = makeTurns(limits.threads);

  async function grade(instance: LabInstance, files: Files): Promise<Outcome> {
    if (bytesOf(files) > limits.inputBytes) return tooLarge(limits);
    await turns.wait();
    const deadline = AbortSignal.timeout(limits.seconds * 1000);
    try {
      const report: Report = await pool.run({ instance, files }, { signal: deadline });
      return { kind: "graded", report };
    } catch (error) {
      return deadline.aborted ? tooSlow(limits) : broken(error);
    } finally {
      turns.pass();
    }
  }

  return { grade, close: () => pool.destroy() };
}

/** Places for `count`, taken in order. The pool has a queue, too, but its clock would start in it. */
function makeTurns(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    wait: () =>
      new Promise<void>((resolve) => {
        if (free === 0) return void waiting.push(resolve);
        free--;
        resolve();
      }),
    pass: () => {
      const next = waiting.shift();
      if (next) next();
      else free++;
    },
  };
}

function bytesOf(files: Files): number {
  return Object.entries(files).reduce(
    (sum, [path, text]) => sum + Buffer.byteLength(path) + Buffer.byteLength(text),
    0,
  );
}

function tooLarge({ inputBytes }: PoolLimits): Outcome {
  const why = `This answer is larger than ${Math.round(inputBytes / 1024)} kB, which is more than can be graded. Remove what the lab does not need and submit again.`;
  return { kind: "failed", why, detail: "input too large" };
}

function tooSlow({ seconds }: PoolLimits): Outcome {
  const why = `This could not be graded within ${seconds} seconds, so there is no verdict. ${AGAIN}`;
  return { kind: "failed", why, detail: `no answer within ${seconds} s` };
}

function broken(error: unknown): Outcome {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if ((error as { code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY") {
    const why = `Grading this took more memory than there is for one answer, so there is no verdict. ${AGAIN}`;
    return { kind: "failed", why, detail };
  }
  const why = `The grader stopped on this answer, which is our mistake, so there is no verdict. ${AGAIN}`;
  return { kind: "failed", why, detail };
}

// Pages, actions and start-up code are bundled apart and share the process.
const shared = globalThis as { strataPool?: GradingPool };

/** This process's pool. */
export function livePool(): GradingPool {
  shared.strataPool ??= makePool(
    join(/* turbopackIgnore: true */ process.cwd(), "lib/grading/worker.ts"),
  );
  return shared.strataPool;
}
