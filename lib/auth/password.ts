import { hashPassword as hash, verifyPassword as verify } from "better-auth/crypto";

// Each takes a tenth of a second of a thread that reading files shares (there are four). A whole class signing in
// must not keep everybody else from their lesson.
const AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

/** The text to keep in place of a password. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password));
}

/** Whether `hash` was made of `password`. */
export function verifyPassword(it: { hash: string; password: string }): Promise<boolean> {
  return inTurn(() => verify(it));
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running < AT_ONCE) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    // The place is handed over, so nobody who comes now can take it first.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
