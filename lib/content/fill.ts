import { addressIn, formatIp, formatPrefix, maskOf } from "#lib/net/model/prefix.ts";
import type { Ip, Prefix } from "#lib/net/model/prefix.ts";
import type { Problem } from "./content-error.ts";

/** What was drawn for a variable. */
export type Value =
  | { readonly kind: "subnet"; readonly prefix: Prefix }
  | { readonly kind: "address"; readonly ip: Ip }
  | { readonly kind: "text"; readonly text: string };

export type Values = ReadonlyMap<string, Value>;

/** A text with its `{{…}}` filled in, and the way back from its offsets to those the author wrote. */
export type Filled = { readonly text: string; readonly originOf: (offset: number) => number };

type Piece = { readonly from: number; readonly to: number; readonly origin: number };

/** Fill the forms of `text` with `values`. A form that says nothing is reported and stays as it is. */
export function fill(
  text: string,
  values: Values,
  report: (offset: number, message: string) => void,
  skip: (offset: number) => boolean = () => false,
): Filled {
  return replaceForms(text, (inner, offset) => {
    if (skip(offset)) return null;
    const made = makeForm(inner, values);
    if (typeof made === "string") return made;
    report(offset, made.problem);
    return null;
  });
}

/** The text with a word of the same length in place of every form: it reads as YAML, and every column stays. */
export function maskForms(text: string): Filled {
  return replaceForms(text, (inner) => "x".repeat(inner.length + 4));
}

/** The form inside each `{{…}}` of `text`, with its place. */
export function formsIn(text: string): readonly { inner: string; offset: number }[] {
  return [...text.matchAll(FORM)].map((match) => ({
    inner: (match[1] ?? "").trim(),
    offset: match.index,
  }));
}

/** Where `offset` of `text` stands. */
export function problemAt(file: string, text: string, offset: number, message: string): Problem {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return { file, line: before.split("\n").length, column: offset - start + 1, message };
}

const FORM = /\{\{([^{}\n]*)\}\}/g;

function replaceForms(
  text: string,
  replace: (inner: string, offset: number) => string | null,
): Filled {
  const pieces: Piece[] = [];
  let out = "";
  let read = 0;
  for (const match of text.matchAll(FORM)) {
    const made = replace(match[1] ?? "", match.index);
    if (made === null) continue;
    out += text.slice(read, match.index);
    pieces.push({ from: out.length, to: out.length + made.length, origin: match.index });
    out += made;
    read = match.index + match[0].length;
    pieces.push({ from: out.length, to: Infinity, origin: read });
  }
  return { text: out + text.slice(read), originOf: (offset) => originIn(pieces, offset) };
}

/** Inside a filled form there are no columns to point at, so its start stands for all of it. */
function originIn(pieces: readonly Piece[], offset: number): number {
  const piece = pieces.findLast((it) => it.from <= offset && offset < it.to);
  if (!piece) return offset;
  return piece.to === Infinity ? piece.origin + (offset - piece.from) : piece.origin;
}

function makeForm(inner: string, values: Values): string | { problem: string } {
  const [, name = "", part] = /^\s*([A-Za-z][\w-]*)(?:\.([^\s]+))?\s*$/.exec(inner) ?? [];
  const value = values.get(name);
  if (!value) return { problem: noSuchVariable(inner.trim(), name, [...values.keys()]) };
  switch (value.kind) {
    case "subnet":
      return subnetForm(name, part, value.prefix);
    case "address":
      return part === undefined ? formatIp(value.ip) : noPart(name, part, "an address");
    case "text":
      return part === undefined ? value.text : noPart(name, part, "one value");
  }
}

function subnetForm(
  name: string,
  part: string | undefined,
  prefix: Prefix,
): string | { problem: string } {
  switch (part) {
    case undefined:
    case "prefix":
      return formatPrefix(prefix);
    case "net":
      return formatIp(prefix.first);
    case "mask":
      return formatIp(maskOf(prefix.length));
    case "wildcard":
      return formatIp((~maskOf(prefix.length) >>> 0) as Ip);
    case "length":
      return String(prefix.length);
  }
  const [, host = "", , length] = /^(\d{1,10})(\/(\d{1,2}))?$/.exec(part) ?? [];
  if (!host || Number(length ?? 0) > 32) return { problem: noForm(name, part) };
  const ip = addressIn(prefix, Number(host));
  if (ip === null) {
    return { problem: `A /${prefix.length} has no address number ${host}. Try {{${name}.1}}.` };
  }
  return length === undefined ? formatIp(ip) : `${formatIp(ip)}/${Number(length)}`;
}

function noForm(name: string, part: string): string {
  return (
    `{{${name}.${part}}} is no form of a subnet. There are {{${name}.1}}, {{${name}.1/24}}, ` +
    `{{${name}.net}}, {{${name}.mask}}, {{${name}.wildcard}}, {{${name}.prefix}} and {{${name}.length}}.`
  );
}

function noPart(name: string, part: string, what: string): { problem: string } {
  return { problem: `${name} is ${what} and has no part "${part}". Write {{${name}}}.` };
}

function noSuchVariable(form: string, name: string, known: readonly string[]): string {
  if (!name)
    return `{{${form}}} is no form. Write {{name}} or {{name.part}}, such as {{lan.1/24}}.`;
  if (known.length === 0) return `There is no variable "${name}": this lab has no variables.`;
  return `There is no variable "${name}". The lab has ${known.join(", ")}.`;
}
