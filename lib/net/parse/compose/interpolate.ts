/** A text with its variables put in: those that are not set, and those that must be. */
export type Interpolated =
  | {
      readonly text: string;
      readonly unset: readonly string[];
      readonly missing: readonly { readonly name: string; readonly said: string }[];
    }
  | { readonly problem: true };

const NAME = /^[A-Za-z_]\w*/;
const MOST_LEVELS = 10;

/**
 * Put variables into a text as compose does: `$X`, `${X}`, `${X:-otherwise}`, `${X:?message}`, `${X:+instead}`, `$$` for
 * a dollar. No variable is set in a lab, so what stands for an unset one is taken.
 */
export function interpolated(text: string, level = 0): Interpolated {
  if (!text.includes("$")) return { text, unset: [], missing: [] };
  if (level > MOST_LEVELS) return { problem: true };
  const unset: string[] = [];
  const missing: { name: string; said: string }[] = [];
  let out = "";
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    if (dollar === -1) {
      out += text.slice(at);
      break;
    }
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === "$") {
      out += "$";
      at = dollar + 2;
      continue;
    }
    if (next !== "{") {
      const name = NAME.exec(text.slice(dollar + 1, dollar + 200))?.[0];
      if (name === undefined) return { problem: true };
      unset.push(name);
      at = dollar + 1 + name.length;
      continue;
    }
    const end = closing(text, dollar + 2);
    if (end === -1) return { problem: true };
    const [, name = "", sign = "", word = ""] =
      /^([A-Za-z_]\w*)(?:(:?[-?+])([^]*))?$/.exec(text.slice(dollar + 2, end)) ?? [];
    if (name === "") return { problem: true };
    const inner = interpolated(word, level + 1);
    if ("problem" in inner) return inner;
    if (sign.endsWith("?")) missing.push({ name, said: inner.text });
    else if (sign.endsWith("-")) {
      out += inner.text;
      unset.push(...inner.unset);
    } else if (sign === "") unset.push(name);
    at = end + 1;
  }
  return { text: out, unset, missing };
}

// The brace that closes the one before `from`.
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith("${", at)) depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}
