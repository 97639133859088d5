import type { MatchField, NamedSet, RuleAction } from "../../../model/packet-filter.ts";
import type { Range } from "../../../model/network.ts";
import { Refused } from "../arguments.ts";
import type { NftElement, NftElements } from "./command.ts";
import type { Tokens } from "./tokens.ts";
import { complaint, keyOfType, KNOWN_TYPES, rangeOf, typeOfField } from "./values.ts";

/** Read `{ KEY [: VALUE], … }`. */
export function readElements(it: Tokens): NftElements {
  const elements: NftElement[] = [];
  it.need("{");
  it.newlines();
  while (!it.is("}")) {
    elements.push(readElement(it));
    it.newlines();
    if (!it.take(",")) break;
    it.newlines();
  }
  it.need("}");
  return elements;
}

// Words after a key that say how long it stays, or note something.
const OPTIONS = new Set([
  "timeout",
  "expires",
  "comment",
  "counter",
  "limit",
  "ct",
  "packets",
  "bytes",
]);

function readElement(it: Tokens): NftElement {
  const first = it.at;
  const key = [readValue(it)];
  while (it.take(".")) key.push(readValue(it));
  while (OPTIONS.has(it.peek().text)) {
    it.next();
    while (!it.ended && !it.is(",") && !it.is(":") && !OPTIONS.has(it.peek().text)) it.next();
  }
  let value: string[] | null = null;
  if (it.take(":")) {
    value = [];
    while (!it.ended && !it.is(",")) value.push(it.next().text);
    if (value.length === 0) it.unexpected();
  }
  return { key, value, at: it.since(first) };
}

/** One value: a word, a string, `*`, or a range whose `-` stands alone. */
export function readValue(it: Tokens): string {
  const token = it.next();
  if (token.kind === "sign" && token.text !== "*") it.unexpected(token);
  if (token.kind === "newline") it.unexpected(token);
  if (!it.is("-")) return token.text;
  it.next();
  return `${token.text}-${it.name().text}`;
}

/** Elements as a set with these keys holds them. Throws what nft says of a value that does not fit. */
export function elementsOf(
  keys: readonly MatchField[],
  elements: NftElements,
): NamedSet["elements"] {
  return elements.map((element) => {
    if (element.key.length !== keys.length)
      throw new Refused("Error: Could not process rule: Invalid argument", element.at);
    const ranges = element.key.map((text, index) => rangeIn(keys[index]!, text, element));
    return { ranges, value: element.value ? verdictOf(element.value) : null };
  });
}

function rangeIn(key: MatchField, text: string, element: NftElement): Range {
  const type = typeOfField(key);
  const range = rangeOf(type, text);
  if (range) return range;
  throw new Refused(`Error: ${complaint(type, text)}`, element.at);
}

/** `accept`, `jump web`; what is no verdict is not simulated as a map's value. */
export function verdictOf(words: readonly string[]): RuleAction {
  const [verb = "", chain] = words;
  if (verb === "accept" || verb === "drop" || verb === "return" || verb === "continue")
    return { kind: verb };
  if ((verb === "jump" || verb === "goto") && chain !== undefined) return { kind: verb, chain };
  return { kind: "unsimulated", what: `A map to ${words.join(" ")}` };
}

export type SetDefinition = {
  readonly set: NamedSet;
  /** `flags interval`: it takes networks and ranges. */
  readonly interval: boolean;
  readonly unsimulated: string | null;
};

/** Read what stands between the braces of a set or map. */
export function readSet(it: Tokens, isMap: boolean, name: { from: number }): SetDefinition {
  let keys: MatchField[] | null = null;
  let unsimulated: string | null = null;
  let interval = false;
  let elements: NftElements = [];
  it.need("{");
  for (it.separators(); !it.is("}"); it.separators()) {
    const word = it.name();
    if (word.text === "type") {
      const types = readTypes(it);
      unsimulated ??= types.unsimulated;
      keys = types.keys;
      if (isMap) unsimulated ??= readMapped(it);
    } else if (word.text === "typeof") {
      unsimulated ??= "A set with typeof";
      keys = [];
      while (!it.ended) it.next();
    } else if (word.text === "elements") {
      it.need("=");
      elements = readElements(it);
    } else if (
      ![
        "flags",
        "timeout",
        "gc-interval",
        "size",
        "policy",
        "auto-merge",
        "comment",
        "counter",
      ].includes(word.text)
    )
      it.unexpected(word);
    while (!it.ended) interval = it.next().text === "interval" || interval;
  }
  it.need("}");
  if (!keys) it.refuse("set definition does not specify key", it.tokens[name.from]!);
  const held = unsimulated === null ? elementsOf(keys!, elements) : [];
  return { set: { keys: keys!, elements: held }, interval, unsimulated };
}

function readTypes(it: Tokens): { keys: MatchField[]; unsimulated: string | null } {
  const keys: MatchField[] = [];
  let unsimulated: string | null = null;
  do {
    const token = it.name();
    if (!KNOWN_TYPES.has(token.text)) it.refuse(`unknown datatype ${token.text}`, token);
    const key = keyOfType(token.text);
    if (key) keys.push(key[1]);
    else unsimulated ??= `A set of ${token.text}`;
  } while (it.take("."));
  return { keys, unsimulated };
}

function readMapped(it: Tokens): string | null {
  it.need(":");
  const token = it.name();
  if (!KNOWN_TYPES.has(token.text) && token.text !== "interval")
    it.refuse(`unknown datatype ${token.text}`, token);
  return token.text === "verdict" ? null : `A map to ${token.text}`;
}
