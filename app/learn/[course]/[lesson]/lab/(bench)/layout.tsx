import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { requireViewer } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";
import { attempt } from "#lib/content/content-error.ts";
import { loadLab } from "#lib/content/load.ts";

/** Comes before the page begins to be sent, while a visitor can still be redirected and a wrong address is a 404. */
export default async function BeforeBench({
  params,
  children,
}: {
  params: Promise<{ course: string; lesson: string }>;
  children: ReactNode;
}) {
  await requireViewer();
  const { course, lesson } = await params;
  const lab = await attempt(() => loadLab(env.CONTENT_DIR, course, lesson));
  if ("value" in lab && !lab.value) notFound();
  return children;
}
