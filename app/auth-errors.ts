import { isAPIError } from "better-auth/api";

/** A sentence for whoever sent a form to sign in or up, when it is their turn to do something; other errors go on. */
export function sentenceOf(error: unknown): string {
  // Not `instanceof`: sign-in was set up by the start-up code, whose bundle has its own class of that name.
  if (!isAPIError(error)) throw error;
  switch (error.body?.code) {
    case "INVALID_EMAIL_OR_PASSWORD":
      return "There is no account with this e-mail address and password. Check both; capitals count in the password.";
    case "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL":
    case "FAILED_TO_CREATE_USER":
      return "There is an account with this e-mail address already. Sign in with it, or ask an administrator for a link to set a new password.";
    case "TOO_MANY_PASSWORDS":
    case "TOO_MANY_SIGN_UPS":
    case "BAD_PERSON":
      return error.message;
    default:
      throw error;
  }
}
