const DAY = 24 * 60 * 60;

/** How long a browser stays signed in, in seconds; using the product counts from the start again, once a day. */
export const SESSION = { expiresIn: 30 * DAY, updateAge: DAY } as const;
