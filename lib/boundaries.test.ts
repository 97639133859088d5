import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

// Who may import whom. Imports point down: what is below knows nothing of what is above.

const root = path.resolve(import.meta.dirname, "..");
const skipped = /^(\..*|node_modules|public|data|content|docs|test-results)$/;
const files = filesIn("").filter((it) => /(?<!\.d)\.(ts|tsx|mjs)$/.test(it));

function filesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((it) => folder !== "" || !skipped.test(it.name))
    .flatMap((it) => {
      const name = path.posix.join(folder, it.name);
      return it.isDirectory() ? filesIn(name) : [name];
    });
}

type Import = { readonly file: string; readonly of: string; readonly isType: boolean };

const sources = new Map(files.map((it) => [it, readFileSync(path.join(root, it), "utf8")]));
const codes = new Map([...sources].map(([file, text]) => [file, withoutComments(text)]));
const imports = [...codes].flatMap(([file, code]) => importsOf(file, code));

function importsOf(file: string, code: string): Import[] {
  const statement =
    /(?:^|;)\s*(import|export)\b(\s+type\b)?(?:[\w\s{},*$]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
  const call = /\bimport\(\s*["']([^"'\n]+)["']/g;
  return [
    ...[...code.matchAll(statement)].map((it) => ({ file, of: it[3]!, isType: Boolean(it[2]) })),
    ...[...code.matchAll(call)].map((it) => ({ file, of: it[1]!, isType: false })),
  ];
}

/** Comments go, strings stay: a `//` inside a string is not a comment. */
function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[\s\S]*?\*\/|\/\/.*/g;
  return text.replace(token, (it) => (it.startsWith("/") ? " " : it));
}

const isTest = (file: string) => /\.test\.tsx?$|\/testing\.ts$/.test(file);
const isPackage = (of: string) => !/^[#.]/.test(of);
/** The first folder of the import table that a file, or what is imported, belongs to. */
const roomOf = (name: string) => /^#?(lib\/[^/]+|[^/]+)/.exec(name)?.[1] ?? name;
const within = (room: string) => (it: string) => it === room || it.startsWith(`${room}/`);
const show = (it: Import) => `${it.file} imports ${it.of}`;

const below: Record<string, readonly string[]> = {
  "lib/net": [],
  "lib/content": ["lib/net"],
  "lib/grading": ["lib/content", "lib/net"],
  db: [],
  "lib/courses": ["db", "lib/grading", "lib/content", "lib/net"],
  "lib/auth": ["db", "lib/grading", "lib/content", "lib/net"],
  "lib/ui": ["lib/grading", "lib/content", "lib/net"],
};

test("there is something to look at", () => {
  expect(files.length).toBeGreaterThan(0);
  expect(imports.length).toBeGreaterThan(0);
});

test.each(Object.entries(below))("%s imports only what is below it", (room, allowed) => {
  const strays = imports
    .filter((it) => within(room)(it.file) && it.of.startsWith("#"))
    .filter((it) => ![room, ...allowed].includes(roomOf(it.of)))
    .filter((it) => !(room === "db" && it.isType));
  expect(strays.map(show)).toEqual([]);
});

test("a # crosses a boundary, and a path that begins with a dot does not", () => {
  const strays = imports.filter(({ file, of }) => {
    if (of.startsWith("#")) return path.posix.dirname(of.slice(1)) === path.posix.dirname(file);
    if (!of.startsWith(".")) return false;
    return roomOf(path.posix.join(path.posix.dirname(file), of)) !== roomOf(file);
  });
  expect(strays.map(show)).toEqual([]);
});

const packages: readonly (readonly [room: string, what: string, forbidden: RegExp])[] = [
  ["lib/net", "nothing but its two readers", /^(?!(yaml|saxes)$)/],
  [
    "lib/content",
    "no rows and no requests",
    /^(drizzle-orm|better-sqlite3|better-auth|next)(\/|$)/,
  ],
  [
    "lib/grading",
    "no rows and no pages",
    /^(drizzle-orm|better-sqlite3|better-auth|next|react)(\/|$)/,
  ],
  ["db", "no pages", /^(next|react)(\/|$)/],
  ["lib/courses", "no pages", /^(next|react)(\/|$)/],
  ["lib/auth", "no pages", /^react(\/|$)/],
  ["lib/ui", "no rows", /^(drizzle-orm|better-sqlite3|better-auth)(\/|$)/],
  ["app", "no tables", /^(drizzle-orm|better-sqlite3)(\/|$)/],
  ["lib/cli", "no tables", /^(drizzle-orm|better-sqlite3)(\/|$)/],
];

test.each(packages)("of packages, %s has %s", (room, _what, forbidden) => {
  const strays = imports
    .filter((it) => within(room)(it.file) && !isTest(it.file) && isPackage(it.of))
    .filter((it) => forbidden.test(it.of));
  expect(strays.map(show)).toEqual([]);
});

test("pages and commands ask lib/courses, not the tables", () => {
  const strays = imports.filter(
    (it) => ["app", "lib/cli"].includes(roomOf(it.file)) && !it.isType && it.of === "#db/schema.ts",
  );
  expect(strays.map(show)).toEqual([]);
});

test("only lib/content/load.ts reads files, below the rows", () => {
  const strays = imports.filter(
    ({ file, of }) =>
      within("lib/content")(file) &&
      !isTest(file) &&
      file !== "lib/content/load.ts" &&
      of.startsWith("node:"),
  );
  expect(strays.map(show)).toEqual([]);
});

test("nothing that runs in the browser reaches Node, rows or the folder of courses", () => {
  const reached = new Map<string, string>();
  const visit = (file: string, from: string) => {
    if (reached.has(file)) return;
    reached.set(file, from);
    for (const it of imports)
      if (it.file === file && !it.isType && !isPackage(it.of)) visit(target(it), file);
  };
  for (const [file, code] of codes) if (/^\s*["']use client["']/.test(code)) visit(file, "");
  const strays = imports.filter(
    ({ file, of, isType }) =>
      reached.has(file) &&
      !isType &&
      !/^\s*["']use server["']/.test(codes.get(file) ?? "") &&
      /^node:|^#db\/|^#lib\/content\/load\.ts$|^(better-sqlite3|drizzle-orm|piscina|pino)$/.test(
        of,
      ),
  );
  expect(strays.map((it) => `${show(it)} (reached from ${reached.get(it.file)})`)).toEqual([]);
});

function target({ file, of }: Import): string {
  if (of.startsWith("#")) return of.slice(1);
  return path.posix.join(path.posix.dirname(file), of);
}

test("the engine has no clock and no chance", () => {
  const strays = [...codes].filter(
    ([file, code]) =>
      within("lib/net")(file) && !isTest(file) && /\bDate\b|\bMath\.random\b/.test(code),
  );
  expect(strays.map(([file]) => file)).toEqual([]);
});

test("grading is told the time", () => {
  const strays = [...codes].filter(
    ([file, code]) =>
      within("lib/grading")(file) && !isTest(file) && /\bDate\.now\b|\bnew Date\(\s*\)/.test(code),
  );
  expect(strays.map(([file]) => file)).toEqual([]);
});

test("one name has one address: nothing is re-exported, no folder has an index", () => {
  const again = [...codes].flatMap(([file, code]) =>
    [...code.matchAll(/^\s*export\b[\w\s{},*$]*?\bfrom\s*["'].*$/gm)].map(
      (it) => `${file}: ${it[0].trim()}`,
    ),
  );
  expect(again).toEqual([]);
  expect(files.filter((it) => /(^|\/)index\.(ts|tsx|mjs)$/.test(it))).toEqual([]);
});

const particular =
  /^(alpine|arista|bird|cisco|debian|docker|eos|frr|huawei|ios|iosxe|iproute|iptables|iptables6|juniper|junos|kubernetes|kvm|libvirt|linux|mikrotik|netfilter|nexus|nft|nftables|nxos|openvswitch|openwrt|ovs|quagga|qemu|ubuntu|vyos)$/;

test.each(["dataplane", "trace", "prove"])(
  "lib/net/%s names no vendor and no language",
  (folder) => {
    const strays = [...sources]
      .filter(([file]) => within(`lib/net/${folder}`)(file) && !isTest(file))
      .flatMap(([file, text]) =>
        text.split("\n").flatMap((line, at) =>
          // `parseIos` names it as much as `ios` does.
          (line.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [])
            .filter((word) => particular.test(word.toLowerCase()))
            .map((word) => `${file}:${at + 1} says ${word}`),
        ),
      );
    expect(strays).toEqual([]);
  },
);

test("a test stands where it is run", () => {
  const strays = files.filter(
    (it) => (/\.spec\.tsx?$/.test(it) && !within("e2e")(it)) || (isTest(it) && within("e2e")(it)),
  );
  expect(strays).toEqual([]);
});
