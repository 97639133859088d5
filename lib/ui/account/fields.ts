/** One line of a form about somebody's account. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly autoComplete: string;
  readonly hint?: string;
};

export const NAME: Field = { name: "name", label: "Name", type: "text", autoComplete: "name" };
export const EMAIL: Field = {
  name: "email",
  label: "E-mail address",
  type: "email",
  autoComplete: "email",
};
export const PASSWORD: Field = {
  name: "password",
  label: "Password",
  type: "password",
  autoComplete: "current-password",
};
export const NEW_PASSWORD: Field = {
  ...PASSWORD,
  autoComplete: "new-password",
  hint: "At least 8 characters.",
};
