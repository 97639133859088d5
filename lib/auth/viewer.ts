import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import type { Role } from "#db/schema.ts";
import type { Auth } from "./auth.ts";
import { liveAuth } from "./live.ts";
import { localPath, PATH_HEADER } from "./origin.ts";

/** Who is asking. */
export type Viewer = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
};

/** Who sent `headers`, or `null` for somebody who is not signed in. */
export async function viewerIn(auth: Auth, headers: Headers): Promise<Viewer | null> {
  return viewerFrom(auth, headers, { disableRefresh: true });
}

/** The same where a cookie can be set: there, using the product makes the session last. */
export async function viewerStaying(auth: Auth, headers: Headers): Promise<Viewer | null> {
  return viewerFrom(auth, headers, {});
}

async function viewerFrom(auth: Auth, headers: Headers, query: { disableRefresh?: boolean }) {
  const found = await auth.api.getSession({ headers, query });
  if (!found) return null;
  const { id, name, email, role } = found.user;
  return { id, name, email, role: roleOf(role) };
}

/** Whether somebody may see what authors see: sources, and what is wrong with them. */
export function mayTeach(viewer: Viewer | null): boolean {
  return viewer?.role === "teacher" || viewer?.role === "admin";
}

function roleOf(role: string | null | undefined): Role {
  return role === "admin" || role === "teacher" ? role : "learner";
}

/** Who asks for this page, or `null` for a visitor. */
export async function viewerOf(): Promise<Viewer | null> {
  return viewerIn(liveAuth(), await headers());
}

/** Who calls this action, or `null`; calling it keeps them signed in. */
export async function callerOf(): Promise<Viewer | null> {
  return viewerStaying(liveAuth(), await headers());
}

/** Who asks for this page; a visitor goes to sign in, and comes back. */
export async function requireViewer(): Promise<Viewer> {
  const viewer = await viewerOf();
  if (viewer) return viewer;
  const here = localPath((await headers()).get(PATH_HEADER));
  redirect(here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`);
}

/** Who asks, when that is an administrator; for others the page does not exist. */
export async function requireAdmin(): Promise<Viewer> {
  const viewer = await requireViewer();
  if (viewer.role !== "admin") notFound();
  return viewer;
}
