"use server";

import { revalidatePath } from "next/cache";
import { headers } from "next/headers";
import { z } from "zod";
import { liveDb } from "#db/live.ts";
import { textsOf } from "#lib/auth/form.ts";
import { baseUrlOf } from "#lib/auth/origin.ts";
import { changeRole } from "#lib/auth/people.ts";
import { makeResetLink } from "#lib/auth/reset.ts";
import { requireAdmin } from "#lib/auth/viewer.ts";
import { env } from "#lib/cli/env.ts";

export type ResetLinkState = {
  readonly userId: string | null;
  /** Shown once: only its hash is kept. */
  readonly link: string | null;
  readonly expiresAt: Date | null;
  readonly message: string | null;
};

export type RoleState = { readonly userId: string | null; readonly message: string | null };

const NOBODY = "This person has no account any more. Load the page again.";

/** Field: userId. */
export async function makeResetLinkAction(
  _: ResetLinkState,
  form: FormData,
): Promise<ResetLinkState> {
  await requireAdmin();
  const userId = textsOf(form).userId ?? "";
  const made = await makeResetLink(liveDb(), { userId, now: new Date() });
  if (!made) return { userId, link: null, expiresAt: null, message: NOBODY };
  const base = baseUrlOf(await headers(), env.BASE_URL);
  return {
    userId,
    link: `${base}/reset/${made.token}`,
    expiresAt: made.expiresAt,
    message: null,
  };
}

const roleForm = z.object({ userId: z.string(), role: z.enum(["learner", "teacher", "admin"]) });

/** Fields: userId, role. */
export async function changeRoleAction(_: RoleState, form: FormData): Promise<RoleState> {
  await requireAdmin();
  const { userId, role } = roleForm.parse(textsOf(form));
  const outcome = await changeRole(liveDb(), { userId, role, now: new Date() });
  revalidatePath("/admin/people");
  switch (outcome) {
    case "changed":
      return { userId, message: null };
    case "unknown-person":
      return { userId, message: NOBODY };
    case "last-administrator":
      return {
        userId,
        message: "This is the last administrator. Make somebody else one first.",
      };
  }
}
