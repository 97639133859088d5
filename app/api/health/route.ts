import { liveDb } from "#db/live.ts";
import { countAdministrators } from "#lib/auth/people.ts";
import { log } from "#app/log.ts";

export const dynamic = "force-dynamic";

/** Whether the server can do its work: it answers, and its database does. */
export async function GET(): Promise<Response> {
  try {
    await countAdministrators(liveDb());
    return Response.json({ status: "ok" });
  } catch (error) {
    log.error(error, "The health check failed.");
    return Response.json({ status: "failing" }, { status: 503 });
  }
}
