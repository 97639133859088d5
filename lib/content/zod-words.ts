import { z } from "zod";

/** A schema's complaint in an author's words, at the value or the key that `path` leads to. */
export type Complaint = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly part: "key" | "value";
};

type Issue = z.core.$ZodIssue;

/** An object that knows exactly these keys, and names them when it meets another. */
export function keyed<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known.join(", ") : undefined),
  });
}

/** What a schema's issue means, in plain words: what is wrong, and what to try. */
export function wordsOf(issue: Issue): readonly Complaint[] {
  const { path } = issue;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: unknownKey(key, issue.message.split(", ")),
        part: "key",
      }));
    case "invalid_union":
      return unionWords(issue);
    case "invalid_key":
      return issue.issues.map((inner) => ({ path, message: sentenceOf(inner), part: "key" }));
    default:
      return [{ path, message: sentenceOf(issue), part: "value" }];
  }
}

/** The known word that `word` was probably meant to be, or `null`. */
export function nearest(word: string, known: readonly string[]): string | null {
  const near = known
    .map((it) => ({ it, away: distance(word.toLowerCase(), it.toLowerCase()) }))
    .filter(({ it, away }) => away <= Math.ceil(it.length / 3))
    .sort((a, b) => a.away - b.away)[0];
  return near?.it ?? null;
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const hint = meant ? `Did you mean "${meant}"?` : `The keys here are ${known.join(", ")}.`;
  return `There is no key "${key}" here. ${hint}`;
}

/** Of the forms a value may have, the one whose complaint lies deepest is the one the author was writing. */
function unionWords(issue: Extract<Issue, { code: "invalid_union" }>): readonly Complaint[] {
  const meant = issue.errors.find((issues) => issues.every((it) => !isWrongType(it)));
  const whole = own(issue) && meant?.some((it) => it.path.length === 0 && isBland(it));
  if (!meant || whole) return [{ path: issue.path, message: sentenceOf(issue), part: "value" }];
  return meant.flatMap((inner) =>
    wordsOf({ ...inner, path: [...issue.path, ...inner.path] } as Issue),
  );
}

/** Whether an issue says less than the words for all the forms together. */
function isBland(issue: Issue): boolean {
  return issue.code !== "unrecognized_keys" && issue.code !== "invalid_union" && !own(issue);
}

function isWrongType(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === "invalid_type";
}

function sentenceOf(issue: Issue): string {
  const name = issue.path.findLast((step) => typeof step === "string");
  const what = name === undefined ? "This" : `"${String(name)}"`;
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? (own(issue) ?? `${what} is missing.`)
        : `${what} should be ${typeWords(issue.expected)}, and is ${found(issue.input)}.`;
    case "invalid_value":
      return `${what} should be ${issue.values.map(quoted).join(" or ")}, and is ${found(issue.input)}.`;
    case "too_small":
      return (
        own(issue) ??
        (issue.origin === "number" || issue.origin === "int"
          ? `${what} should be at least ${issue.minimum}, and is ${found(issue.input)}.`
          : `${what} is empty.`)
      );
    case "too_big":
      return (
        own(issue) ??
        (issue.origin === "number" || issue.origin === "int"
          ? `${what} should be at most ${issue.maximum}, and is ${found(issue.input)}.`
          : `${what} is too long: at most ${issue.maximum}.`)
      );
    case "invalid_union":
      return own(issue) ?? `${what} has none of the forms it may have.`;
    default:
      return issue.message;
  }
}

function quoted(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** Zod's own sentences all begin with one of a few words; anything else was written for the place. */
function own(issue: Issue): string | undefined {
  return /^(Invalid|Too (small|big))/.test(issue.message) ? undefined : issue.message;
}

function typeWords(expected: string): string {
  const words: Record<string, string> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list, as in [a, b]",
    tuple: "a list, as in [a, b]",
    record: "a map, as in { key: value }",
    object: "a map, as in { key: value }",
  };
  return Object.hasOwn(words, expected) ? (words[expected] ?? expected) : expected;
}

function found(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? `"${value.slice(0, 40)}"` : String(value);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
