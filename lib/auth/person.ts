import { z } from "zod";

const name = z
  .string("Write your name.")
  .trim()
  .min(1, "Write your name.")
  .max(100, "That name is too long: at most 100 characters.");

/** E-mail addresses are compared in lower case, here and wherever one is looked up. */
const email = z
  .string("Write your e-mail address.")
  .trim()
  .toLowerCase()
  .max(254, "That is too long for an e-mail address.")
  .pipe(z.email("This is not an e-mail address; one looks like ada@example.org."));

export const newPassword = z
  .string("Choose a password.")
  .min(8, "Choose a password of at least 8 characters; a few words are easy to remember.")
  .max(128, "That password is too long: at most 128 characters.");

/** What somebody types to get an account. */
export const newPerson = z.object({ name, email, password: newPassword });
export type NewPerson = z.infer<typeof newPerson>;

/** What somebody types to sign in. Any password may be tried. */
export const credentials = z.object({
  email,
  password: z.string().min(1, "Write your password.").max(128, "That is not the password."),
});
