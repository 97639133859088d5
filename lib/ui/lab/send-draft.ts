import type { LabInstance } from "#lib/content/lab.ts";
import type { Files } from "#lib/net/source/span.ts";
import { type LabRef, type Refusal, changedFiles, editableFiles } from "./bench.ts";
import type { SaveAnswer } from "./draft-keeper.ts";

/** What the server says to a save; the address is `POST /api/labs/<course>/<lesson>/draft`. */
type Reply =
  | { readonly kind: "saved"; readonly revision: number }
  | {
      readonly kind: "conflict";
      readonly revision: number;
      readonly files: Files;
      readonly labHash: string;
    }
  | Refusal;

/** Browsers let requests outlive their page only up to 64 kB in all. */
const OUTLIVES = 60_000;

/**
 * Send a draft by plain HTTP rather than by an action: a page that was loaded before the server was updated can still
 * save, and a request may outlive the page that is being closed.
 */
export async function sendDraft(
  place: LabRef,
  instance: LabInstance,
  files: Files,
  baseRevision: number,
): Promise<SaveAnswer> {
  const body = JSON.stringify({ files: changedFiles(instance, files), baseRevision });
  const response = await fetch(`/api/labs/${place.course}/${place.lesson}/draft`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    keepalive: body.length < OUTLIVES,
  });
  const reply = (await response.json()) as Reply;
  switch (reply.kind) {
    case "saved":
      return reply;
    case "refused":
      return reply;
    case "conflict":
      return reply.labHash === instance.hash
        ? { ...reply, files: editableFiles(instance, reply.files) }
        : { kind: "refused", message: NEW_VERSION };
  }
}

const NEW_VERSION =
  "This lab was begun anew in another tab or on another device. Copy what you want to keep, then load the page again.";
