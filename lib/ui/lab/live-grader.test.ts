import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LabInstance } from "#lib/content/lab.ts";
import type { Report } from "#lib/grading/report.ts";
import {
  type GradeAnswer,
  type GradeRequest,
  type GradeWorker,
  liveGrader,
} from "./live-grader.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first text is graded, and shown when the answer comes", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "one" });
  workers[0]!.answer("one");
  expect(grader.view()).toMatchObject({ state: "ready", report: { lab: "one" } });
});

test("of what is typed during a run only the newest is graded", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "1" });
  grader.grade({ f: "12" });
  grader.grade({ f: "123" });
  workers[0]!.answer("1");
  expect(workers[0]!.texts()).toEqual(["1", "123"]);
});

test("a run of more than 300 ms says that it computes", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "1" });
  workers[0]!.answer("1");
  grader.grade({ f: "2" });
  vi.advanceTimersByTime(299);
  expect(grader.view().state).toBe("ready");
  vi.advanceTimersByTime(2);
  expect(grader.view().state).toBe("computing");
});

test("a run of ten seconds is ended, and the next edit gets a fresh worker", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "slow" });
  vi.advanceTimersByTime(10_000);
  expect(workers[0]!.ended).toBe(true);
  expect(grader.view().state).toBe("stopped");
  grader.grade({ f: "quick" });
  workers[0]!.answer("too late");
  workers[1]!.answer("quick");
  expect(grader.view()).toMatchObject({ state: "ready", report: { lab: "quick" } });
});

test("what waited while a worker was stuck is graded without another edit", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "slow" });
  grader.grade({ f: "newer" });
  vi.advanceTimersByTime(10_000);
  expect(workers[1]!.texts()).toEqual(["newer"]);
});

test("a worker that breaks is said to have stopped, and is tried again on the next edit", () => {
  const { grader, workers } = bench();
  grader.grade({ f: "1" });
  workers[0]!.onerror!({});
  expect(grader.view().state).toBe("stopped");
  grader.grade({ f: "2" });
  expect(workers).toHaveLength(2);
});

class FakeWorker {
  onmessage: ((event: { data: GradeAnswer }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  ended = false;
  requests: GradeRequest[] = [];

  postMessage(request: GradeRequest) {
    this.requests.push(request);
  }

  terminate() {
    this.ended = true;
  }

  texts() {
    return this.requests.flatMap((it) => (it.kind === "files" ? [it.files["f"]] : []));
  }

  answer(lab: string) {
    const last = this.requests[this.requests.length - 1]!;
    const turn = last.kind === "files" ? last.turn : 0;
    const report = { lab } as Report;
    this.onmessage!({
      data: { kind: "examined", turn, report, picture: { boxes: [], cables: [] } },
    });
  }
}

function bench() {
  const workers: FakeWorker[] = [];
  const grader = liveGrader({} as LabInstance, () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as GradeWorker;
  });
  return { grader, workers };
}
