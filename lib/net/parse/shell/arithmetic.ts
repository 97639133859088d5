// Deeper brackets than these are not computed.
const MAX_DEPTH = 50;

const BINARY: readonly (readonly string[])[] = [
  ["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<=", ">=", "<", ">"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"],
]; // prettier-ignore

/** The value of `$((text))` in whole numbers of 64 bits, as a shell computes; `null` when it is not arithmetic. */
export function compute(text: string, valueOf: (name: string) => string): bigint | null {
  const tokens =
    text.match(/0[xX][0-9a-fA-F]+|\d+|\$?\w+|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||\S/g) ?? [];
  if (tokens.length > 1000) return null;
  if (tokens.length === 0) return 0n;
  const it = new Expression(tokens, valueOf);
  const value = it.ternary();
  return it.done ? value : null;
}

class Expression {
  private at = 0;
  private depth = 0;
  private readonly tokens: readonly string[];
  private readonly valueOf: (name: string) => string;

  constructor(tokens: readonly string[], valueOf: (name: string) => string) {
    this.tokens = tokens;
    this.valueOf = valueOf;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  ternary(): bigint | null {
    const condition = this.binary(0);
    if (this.tokens[this.at] !== "?") return condition;
    if (++this.depth > MAX_DEPTH) return null;
    this.at++;
    const yes = this.ternary();
    if (this.tokens[this.at++] !== ":") return null;
    const no = this.ternary();
    this.depth--;
    return condition === null ? null : condition !== 0n ? yes : no;
  }

  private binary(level: number): bigint | null {
    const signs = BINARY[level];
    if (!signs) return this.power();
    let left = this.binary(level + 1);
    while (left !== null && signs.includes(this.tokens[this.at] ?? "")) {
      const sign = this.tokens[this.at++]!;
      const right = this.binary(level + 1);
      left = right === null ? null : applied(sign, left, right);
    }
    return left;
  }

  private power(): bigint | null {
    const base = this.unary();
    if (this.tokens[this.at] !== "**") return base;
    if (++this.depth > MAX_DEPTH) return null;
    this.at++;
    const exponent = this.power();
    this.depth--;
    if (base === null || exponent === null || exponent < 0n || exponent > 64n) return null;
    return BigInt.asIntN(64, base ** exponent);
  }

  private unary(): bigint | null {
    const token = this.tokens[this.at++];
    if (token === undefined || this.depth > MAX_DEPTH) return null;
    if (/^[-+!~]$/.test(token)) {
      this.depth++;
      const value = this.unary();
      this.depth--;
      if (value === null) return null;
      return { "-": -value, "+": value, "!": value === 0n ? 1n : 0n, "~": ~value }[token]!;
    }
    if (token === "(") {
      this.depth++;
      const value = this.ternary();
      this.depth--;
      return this.tokens[this.at++] === ")" ? value : null;
    }
    if (/^\d/.test(token)) return numberOf(token);
    const name = /^\$?([A-Za-z_]\w*)$/.exec(token)?.[1];
    if (name === undefined) return null;
    const value = this.valueOf(name).trim();
    return value === "" ? 0n : numberOf(value);
  }
}

function numberOf(text: string): bigint | null {
  if (!/^-?(0[xX][0-9a-fA-F]{1,16}|\d{1,20})$/.test(text)) return null;
  const negative = text.startsWith("-");
  const digits = negative ? text.slice(1) : text;
  // A leading zero means octal, which has no 8 and no 9.
  if (/^0\d/.test(digits) && !/^[0-7]+$/.test(digits)) return null;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits);
  return BigInt.asIntN(64, negative ? -value : value);
}

function applied(sign: string, left: bigint, right: bigint): bigint | null {
  const truth = (value: boolean) => (value ? 1n : 0n);
  switch (sign) {
    case "||": return truth(left !== 0n || right !== 0n);
    case "&&": return truth(left !== 0n && right !== 0n);
    case "|": return left | right;
    case "^": return left ^ right;
    case "&": return left & right;
    case "==": return truth(left === right);
    case "!=": return truth(left !== right);
    case "<=": return truth(left <= right);
    case ">=": return truth(left >= right);
    case "<": return truth(left < right);
    case ">": return truth(left > right);
    case "<<": return right < 0n || right > 63n ? null : BigInt.asIntN(64, left << right);
    case ">>": return right < 0n || right > 63n ? null : left >> right;
    case "+": return BigInt.asIntN(64, left + right);
    case "-": return BigInt.asIntN(64, left - right);
    case "*": return BigInt.asIntN(64, left * right);
    case "/": return right === 0n ? null : left / right;
    default: return right === 0n ? null : left % right;
  } // prettier-ignore
}
