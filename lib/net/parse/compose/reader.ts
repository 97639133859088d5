import {
  formatPrefix,
  networkOf,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
  type Ip,
  type Prefix,
} from "../../model/prefix.ts";
import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { YamlEntry, YamlNode } from "../yaml.ts";
import { interpolated } from "./interpolate.ts";

/** What a key of a file is to this engine: obeyed, without effect on packets, or known and not simulated. */
export type KeyState = "simulated" | "inert" | "unsimulated";

/** A key of compose files: its help, and whether it is simulated. Editors read the same entry. */
export type ComposeKey = {
  readonly key: string;
  readonly help: string;
  readonly state: KeyState;
};

export type Unsimulated = { readonly what: string; readonly because: Span };

/** No file is looked at in more places than this. */
const MOST_VALUES = 300_000;

/**
 * Reads values of a compose file, and keeps what compose would say of them: one error, and it starts nothing of the
 * file. `path` is where a value is, as compose names it: `services.web.ports.0`.
 */
export class ComposeReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly unsimulated: Unsimulated[] = [];
  private readonly unset = new Set<string>();
  private errors = 0;
  private read = 0;

  get failed(): boolean {
    return this.errors > 0;
  }

  refuse(said: string, at: Span, hint = ""): null {
    this.errors++;
    if (this.errors <= 50) this.diagnostics.push(diagnostic("compose-refused", at, { said, hint }));
    return null;
  }

  warn(said: string, at: Span): void {
    this.diagnostics.push(diagnostic("compose-warning", at, { said }));
  }

  note(said: string, at: Span): void {
    this.diagnostics.push(diagnostic("shell-note", at, { said }));
  }

  leaveOpen(what: string, because: Span): void {
    this.diagnostics.push(diagnostic("compose-unsimulated", because, { what }));
    this.unsimulated.push({ what, because });
  }

  /** The entries of a map whose keys are known; what is not simulated is noted, what nobody knows refused. */
  known(node: YamlNode, path: string, keys: ReadonlyMap<string, ComposeKey>): YamlEntry[] {
    return this.map(node, path).filter(({ key, at, value }) => {
      const known = keys.get(key);
      if (key.startsWith("x-")) return false;
      if (!known)
        return this.refuse(
          `${path} additional properties '${key}' not allowed`,
          at,
          like(key, keys),
        );
      if (known.state === "unsimulated" && !isNothing(value)) this.leaveOpen(key, at);
      return known.state === "simulated";
    });
  }

  // Aliases make much of a short text.
  private room(count: number, at: Span): boolean {
    this.read += count;
    if (this.read <= MOST_VALUES) return true;
    if (!this.failed) this.refuse("yaml: document contains excessive aliasing", at);
    return false;
  }

  map(node: YamlNode, path: string): readonly YamlEntry[] {
    if (node.kind === "map") return this.room(node.entries.length, node.at) ? node.entries : [];
    if (!isNothing(node)) this.refuse(`${path} must be a mapping`, node.at);
    return [];
  }

  list(node: YamlNode, path: string): readonly YamlNode[] {
    if (node.kind === "list") return this.room(node.items.length, node.at) ? node.items : [];
    if (!isNothing(node)) this.refuse(`${path} must be a array`, node.at);
    return [];
  }

  /** A scalar as text, its variables put in; `null` after a complaint, and for nothing. */
  text(node: YamlNode, path: string): string | null {
    if (node.kind !== "scalar") return this.refuse(`${path} must be a string`, node.at);
    if (node.value === null) return null;
    const read = interpolated(node.text);
    if ("problem" in read)
      return this.refuse(
        `invalid interpolation format for ${path}: "${node.text}". You may need to escape any $ with another $`,
        node.at,
      );
    for (const { name, said } of read.missing)
      this.refuse(`required variable ${name} is missing a value: ${said}`, node.at);
    for (const name of read.unset) {
      if (this.unset.has(name)) continue;
      this.unset.add(name);
      this.warn(`The "${name}" variable is not set. Defaulting to a blank string`, node.at);
    }
    return read.text;
  }

  boolean(node: YamlNode, path: string): boolean {
    const text = this.text(node, path);
    if (text === null) return false;
    if (/^(true|y|yes|on)$/i.test(text)) return true;
    if (!/^(false|n|no|off)$/i.test(text)) this.refuse(`${path} must be a boolean`, node.at);
    return false;
  }

  integer(node: YamlNode, path: string): number | null {
    const text = this.text(node, path);
    if (text === null) return null;
    return /^-?\d{1,9}$/.test(text)
      ? Number(text)
      : this.refuse(`${path} must be a integer`, node.at);
  }

  ip(node: YamlNode, path: string): Ip | null {
    const text = this.text(node, path);
    if (text === null || text === "") return null;
    return parseIp(text) ?? this.refuse(`invalid IP address: ${text}`, node.at);
  }

  /** `null` for a network of IPv6, which is known and not simulated. */
  prefix(node: YamlNode, path: string): Prefix | null {
    const text = this.text(node, path);
    if (text === null || /^[0-9a-f:]+\/\d+$/i.test(text)) return null;
    const prefix = parsePrefix(text);
    if (prefix) return prefix;
    const meant = parseInterfaceAddress(text);
    const should = meant ? `: it should be ${formatPrefix(networkOf(meant.ip, meant.length))}` : "";
    return this.refuse(`invalid network config: invalid subnet ${text}${should}`, node.at);
  }

  /** A list of texts, or one. */
  texts(node: YamlNode, path: string): { text: string; at: Span }[] {
    const items = node.kind === "scalar" && !isNothing(node) ? [node] : this.list(node, path);
    return items.flatMap((item, at) => {
      const text = this.text(item, `${path}.${at}`);
      return text === null ? [] : [{ text, at: item.at }];
    });
  }

  /** `KEY: value` as a map, or `KEY=value` in a list. */
  pairs(node: YamlNode, path: string): { key: string; value: string; at: Span }[] {
    if (node.kind !== "list")
      return this.map(node, path).map(({ key, at, value }) => ({
        key,
        value: this.text(value, `${path}.${key}`) ?? "",
        at,
      }));
    return this.texts(node, path).map(({ text, at }) => {
      const [key = "", ...value] = text.split("=");
      return { key, value: value.join("="), at };
    });
  }
}

export function isNothing(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function like(key: string, keys: ReadonlyMap<string, ComposeKey>): string {
  const near = [...keys.keys()].find((one) => distance(one, key) <= 2);
  return near ? `Did you mean "${near}"?` : "";
}

// How many letters must be put in, left out or changed; words are short, and far ones are not looked at.
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length]!;
}
