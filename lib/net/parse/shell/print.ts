/** What `echo`, `printf` and `seq` print; `null` for other programs and for what is not simulated of these. */
export function printed(words: readonly string[]): string | null {
  const [program, ...args] = words;
  if (program === "echo") return echoed(args);
  if (program === "printf") return args[0] === undefined ? null : formatted(args[0], args.slice(1));
  if (program === "seq") return counted(args);
  return null;
}

function echoed(args: readonly string[]): string {
  let at = 0;
  let line = "\n";
  let escapes = false;
  while (/^-[neE]+$/.test(args[at] ?? "")) {
    if (args[at]!.includes("n")) line = "";
    if (args[at]!.includes("e")) escapes = true;
    at++;
  }
  const text = args.slice(at).join(" ");
  return (escapes ? unescaped(text) : text) + line;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (whole, c: string) => ESCAPES[c] ?? whole);
}

// A format is used again for as long as there are arguments.
function formatted(format: string, args: readonly string[]): string | null {
  if (/%(?!s|d|i|b|q|%)/.test(format)) return null;
  const plain = unescaped(format);
  const holes = plain.match(/%[sdibq]/g)?.length ?? 0;
  const times = holes === 0 ? 1 : Math.max(1, Math.ceil(args.length / holes));
  if (times * plain.length > 1_000_000) return null;
  let next = 0;
  return Array.from({ length: times }, () =>
    plain.replace(/%([sdibq%])/g, (_, c: string) => {
      if (c === "%") return "%";
      const arg = args[next++];
      return c === "d" || c === "i" ? (arg ?? "0") : c === "b" ? unescaped(arg ?? "") : (arg ?? "");
    }),
  ).join("");
}

function counted(args: readonly string[]): string | null {
  const equal = args.includes("-w");
  const numbers = args.filter((arg) => arg !== "-w");
  if (!numbers.every((arg) => /^-?\d{1,9}$/.test(arg))) return null;
  const [a, b, c] = numbers.map(Number);
  const [first, step, last] =
    c !== undefined ? [a!, b!, c] : b !== undefined ? [a!, 1, b] : [1, 1, a];
  if (last === undefined || step === 0 || numbers.length > 3) return null;
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > 10_000) return null;
  const values = Array.from({ length: count }, (_, index) => String(first + index * step));
  const width = equal ? Math.max(...values.map((value) => value.length)) : 0;
  return values.map((value) => `${value.padStart(width, "0")}\n`).join("");
}
