import { Refused } from "../arguments.ts";
import { partOf, placeIn, type ShellWord } from "../placed.ts";

/** A token of nft's language: a word, a quoted string, a sign, or the end of a line. */
export type Token = {
  readonly kind: "word" | "string" | "sign" | "newline" | "end";
  readonly text: string;
  readonly from: number;
  readonly to: number;
};

// Words hold what stands inside addresses, networks and ranges; a colon only those of MAC and IPv6 addresses.
const TOKEN =
  /(?<blank>(?:[ \t\r\f]|\\\r?\n)+|#[^\n]*)|(?<newline>\n)|"(?<string>[^"\n]*)"|(?<word>(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}(?![0-9a-fA-F:])|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,}(?:\/\d+)?|[A-Za-z0-9_](?:[A-Za-z0-9_.*/]|-(?=[A-Za-z0-9_])|\\.)*)|(?<sign>==|!=|<=|>=|<<|>>|[^])/y;

/** No text is cut into more tokens than this, its definitions put in. */
const MAX_TOKENS = 300_000;

/** Cut `text` into tokens and put in what its `define`s say. */
export function tokensOf(text: ShellWord): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const source = text.text;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(source)!.groups!;
    const to = TOKEN.lastIndex;
    if (groups["blank"] !== undefined) continue;
    const kind =
      groups["newline"] !== undefined
        ? "newline"
        : groups["string"] !== undefined
          ? "string"
          : groups["word"] !== undefined
            ? "word"
            : "sign";
    const said = groups["string"] ?? source.slice(at, to);
    tokens.push({ kind, text: said, from: at, to });
    if (tokens.length > MAX_TOKENS) break;
  }
  return defined(tokens, text);
}

// `define NAME = VALUE`, and `$NAME` for it from there on.
function defined(tokens: readonly Token[], text: ShellWord): Token[] {
  const made: Token[] = [];
  const values = new Map<string, readonly Token[]>();
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const next = tokens[at + 1];
    const starts = made.length === 0 || endsStatement(made.at(-1)!);
    if (starts && (token.text === "define" || token.text === "redefine") && next?.kind === "word") {
      const [value, end] = definition(tokens, at + 2, values);
      values.set(next.text, value);
      at = end - 1;
    } else if (token.text === "$" && next?.kind === "word") {
      const value = values.get(next.text);
      if (!value)
        throw new Refused(
          `Error: unknown identifier '${next.text}'`,
          partOf(text, next.from, next.to),
        );
      // What stands for it stands where it is used.
      made.push(...value.map((one) => ({ ...one, from: token.from, to: next.to })));
      at++;
    } else made.push(token);
    if (made.length > MAX_TOKENS) throw new Refused("Error: too much input", text);
  }
  const end = text.text.length;
  return [...made, { kind: "end", text: "", from: end, to: end }];
}

function definition(
  tokens: readonly Token[],
  from: number,
  values: ReadonlyMap<string, readonly Token[]>,
): [value: Token[], end: number] {
  const value: Token[] = [];
  let depth = 0;
  let at = tokens[from]?.text === "=" ? from + 1 : from;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (depth === 0 && endsStatement(token)) break;
    if (token.text === "{") depth++;
    if (token.text === "}") depth--;
    const inner = token.text === "$" ? values.get(tokens[at + 1]?.text ?? "") : undefined;
    if (inner) {
      value.push(...inner);
      at++;
    } else if (token.kind !== "newline") value.push(token);
    if (value.length > MAX_TOKENS / 10) break;
  }
  return [value, at];
}

function endsStatement(token: Token): boolean {
  return token.kind === "newline" || token.text === ";";
}

// Words of the language; everything else is a name to it.
const KEYWORDS = new Set(
  "table chain rule set map element add delete create insert replace flush list accept drop return continue jump goto reject queue log counter limit masquerade snat dnat redirect type hook priority policy ip ip6 inet arp bridge tcp udp th ct meta mark iif oif iifname oifname ether vlan icmp icmpv6 fib with to handle".split(
    " ",
  ),
);

/** Tokens read one by one. */
export class Tokens {
  at = 0;
  readonly tokens: readonly Token[];
  readonly text: ShellWord;
  /** The end of a command line is a line's end to nft, that of a file the end of the file. */
  readonly isFile: boolean;

  constructor(text: ShellWord, isFile: boolean) {
    this.tokens = tokensOf(text);
    this.text = text;
    this.isFile = isFile;
  }

  peek(ahead = 0): Token {
    return this.tokens[this.at + ahead] ?? this.tokens.at(-1)!;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind === "end") return this.unexpected();
    this.at++;
    return token;
  }

  is(text: string): boolean {
    const token = this.peek();
    return token.text === text && token.kind !== "string" && token.kind !== "end";
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  need(text: string): void {
    if (!this.take(text)) this.unexpected();
  }

  get done(): boolean {
    return this.peek().kind === "end";
  }

  /** At the end of a line, at `;` or at what closes a block. */
  get ended(): boolean {
    const token = this.peek();
    return token.kind === "newline" || token.kind === "end" || this.is(";") || this.is("}");
  }

  newlines(): void {
    while (this.peek().kind === "newline") this.at++;
  }

  /** Pass ends of lines and `;`. */
  separators(): void {
    while (this.peek().kind === "newline" || this.is(";")) this.at++;
  }

  /** A name or a string. */
  name(): Token {
    const token = this.peek();
    if (token.kind !== "word" && token.kind !== "string") return this.unexpected();
    this.at++;
    return token;
  }

  /** From the token at index `first` to the one read last, as a word. */
  since(first: number): ShellWord {
    const start = this.tokens[first] ?? this.tokens.at(-1)!;
    const end = this.tokens[Math.max(first, this.at - 1)] ?? start;
    return partOf(this.text, start.from, Math.max(start.to, end.to));
  }

  word(token: Token): ShellWord {
    const it = partOf(this.text, token.from, token.to);
    return token.kind === "end" || token.kind === "newline"
      ? this.atEnd()
      : { ...it, text: token.text };
  }

  // Where something is missing, the last thing that is there is shown.
  private atEnd(): ShellWord {
    const before = this.tokens[this.at - 1];
    if (!before) return this.text;
    const span = placeIn(this.text, before.from, before.to);
    return { text: this.text.text.slice(before.from, before.to), span };
  }

  refuse(said: string, at: Token | ShellWord): never {
    throw new Refused(`Error: ${said}`, "kind" in at ? this.word(at) : at);
  }

  unexpected(at: Token = this.peek(), expecting = ""): never {
    const what =
      at.kind === "end"
        ? this.isFile
          ? "end of file"
          : "newline"
        : at.kind === "newline"
          ? "newline"
          : at.kind === "string"
            ? "quoted string"
            : at.kind === "sign"
              ? `'${at.text}'`
              : /^\d+$/.test(at.text)
                ? "number"
                : KEYWORDS.has(at.text)
                  ? at.text
                  : "string";
    const tail = expecting === "" ? "" : `, expecting ${expecting}`;
    return this.refuse(`syntax error, unexpected ${what}${tail}`, at);
  }
}
