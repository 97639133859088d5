/** Whose rows are meant: whoever is signed in is one. */
export type Learner = { readonly id: string };
