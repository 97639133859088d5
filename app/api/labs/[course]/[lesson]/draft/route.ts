import { saveFor, type SaveAnswer } from "#app/learn/door.ts";
import { callerOf } from "#lib/auth/viewer.ts";

/** What 1 MB of answer may grow to when it is written as JSON. */
const MOST_LENGTH = 8 * 1024 * 1024;

/** Keep what was typed, also from a page that is being closed: `{ files, baseRevision }` in, a `SaveAnswer` out. */
export async function POST(
  request: Request,
  { params }: RouteContext<"/api/labs/[course]/[lesson]/draft">,
): Promise<Response> {
  const answer = isTooLong(request)
    ? tooLong
    : await saveFor(await callerOf(), await params, await bodyOf(request));
  return Response.json(answer, { status: statusOf(answer) });
}

const tooLong: SaveAnswer = {
  kind: "refused",
  reason: "too-large",
  message: "This is more than 8 MB, and at most 1 MB is taken. Make it shorter.",
};

function isTooLong(request: Request): boolean {
  return Number(request.headers.get("content-length") ?? 0) > MOST_LENGTH;
}

async function bodyOf(request: Request): Promise<{ files: unknown; baseRevision: unknown }> {
  const nothing = { files: undefined, baseRevision: undefined };
  const body: unknown = await request.json().catch(() => null);
  return body !== null && typeof body === "object" ? { ...nothing, ...body } : nothing;
}

function statusOf(answer: SaveAnswer): number {
  if (answer.kind === "saved") return 200;
  if (answer.kind === "conflict") return 409;
  switch (answer.reason) {
    case "signed-out":
      return 401;
    case "not-found":
    case "not-opened":
      return 404;
    case "too-large":
      return 413;
    case "too-many":
      return 429;
    case "malformed":
      return 400;
  }
}
