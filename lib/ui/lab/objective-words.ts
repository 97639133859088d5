import type { ObjectiveReport } from "#lib/grading/report.ts";

/** What the walk of a failed objective shows. */
export function walkTitle({ walk }: ObjectiveReport): string {
  const arrived =
    walk?.outcome === "delivered" && (walk.back?.outcome ?? "delivered") === "delivered";
  return arrived ? "The packet that gets through" : "The packet that is lost";
}

/** The packet itself, in one line. */
export function witnessText({ witness }: ObjectiveReport): string | null {
  if (!witness) return null;
  const port = witness.port === undefined ? "" : ` port ${witness.port}`;
  return `From ${witness.from} to ${witness.to}, ${witness.proto}${port}: ${witness.src} to ${witness.dst}.`;
}
