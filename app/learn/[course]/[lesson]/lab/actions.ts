"use server";

import type { Files } from "#lib/net/source/span.ts";
import { callerOf } from "#lib/auth/viewer.ts";
import {
  checkFor,
  startFor,
  submitFor,
  type LabRef,
  type Refusal,
  type SubmitAnswer,
} from "#app/learn/door.ts";

export async function submitAction(
  ref: LabRef,
  files: Files,
  idempotencyKey: string,
): Promise<SubmitAnswer> {
  return submitFor(await callerOf(), ref, { files, idempotencyKey });
}

/** Ask again for a submission that was still queued. */
export async function checkSubmissionAction(id: string): Promise<SubmitAnswer> {
  return checkFor(await callerOf(), id);
}

/** Begin the lab as its author has it now; load the page again afterwards. */
export async function startNewVersionAction(ref: LabRef): Promise<{ kind: "started" } | Refusal> {
  return startFor(await callerOf(), ref);
}
