import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import type { Drawn } from "./oracle/draft.ts";
import { drawn, FAMILIES, NOT_DRAWN, type Family } from "./oracle/families.ts";
import { judge, type Disagreement, type Judgement } from "./oracle/judge.ts";
import {
  hostKernel,
  lacks,
  missingHere,
  umlKernel,
  type Kernel,
  type Measured,
} from "./oracle/kernels.ts";
import { shrunken } from "./oracle/shrink.ts";

/*
 * Draws networks, brings each up on a real kernel, probes it, and compares what it saw with what the engine says. By
 * hand, as root, on Linux: `npm run oracle -- --networks 1000 --seed 1 --family chain --keep DIR`. The network of a
 * seed is always the same. A disagreement counts when it is seen twice; it is then shown with as few commands as
 * still show it, and written to DIR in the form of `lib/net/cases`.
 */

const { values } = parseArgs({
  options: {
    networks: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    family: { type: "string" },
    keep: { type: "string" },
    workers: { type: "string", default: "8" },
    boots: { type: "string", default: "2" },
    whole: { type: "boolean", default: false },
  },
});

const missing = missingHere();
if (missing) {
  console.error(missing);
  process.exit(1);
}

const skipped = [...NOT_DRAWN];
const wanted = FAMILIES.filter(({ name }) => values.family === undefined || name === values.family);
if (wanted.length === 0) {
  console.error(
    `No family is called ${values.family}: ${FAMILIES.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(1);
}
const families = wanted.filter((family) => {
  const why = lacks(family.kernel, family.needs);
  if (why) skipped.push([family.name, why]);
  return !why;
});

const first = Number(values.seed);
const count = Number(values.networks);
const kernels: Record<Family["kernel"], Kernel> = { host: hostKernel(Number(values.workers)), uml: umlKernel(Number(values.boots)) }; // prettier-ignore
const tally = new Map<string, Tally>();
const taints = new Map<string, number>();
let wrong = 0;

type Tally = { networks: number; mistakes: number; probes: number; negative: number; undecided: number; claims: number; open: number; disagree: number; flaky: number; failed: number }; // prettier-ignore

const began = Date.now();
console.log(`seeds ${first} to ${first + count - 1}`);
const drawings = different(count);
await Promise.all(
  (["host", "uml"] as const).map((which) => {
    const mine = drawings.filter(({ family }) => family.kernel === which);
    return Promise.all(lanes(mine, which === "host" ? Number(values.workers) : 8 * Number(values.boots)).map((lane) => follow(lane, kernels[which]))); // prettier-ignore
  }),
);
for (const kernel of Object.values(kernels)) kernel.close();
printTally();
process.exitCode = wrong > 0 ? 1 : 0;

type Drawing = { readonly family: Family; readonly network: Drawn };

function different(wantedCount: number): Drawing[] {
  const seen = new Set<string>();
  return Array.from({ length: wantedCount }, (_, at) => drawn(first + at, families)).filter(
    ({ network }) => {
      const text = JSON.stringify([network.nodes, network.links]);
      return !seen.has(text) && seen.add(text);
    },
  );
}

function lanes<T>(list: readonly T[], width: number): T[][] {
  return Array.from({ length: width }, (_, lane) => list.filter((_one, at) => at % width === lane));
}

async function follow(lane: readonly Drawing[], kernel: Kernel): Promise<void> {
  for (const { family, network } of lane) {
    const sum = (tally.get(family.name) ?? { networks: 0, mistakes: 0, probes: 0, negative: 0, undecided: 0, claims: 0, open: 0, disagree: 0, flaky: 0, failed: 0 }); // prettier-ignore
    tally.set(family.name, sum);
    try {
      const measured = await kernel.measure(network);
      const said = judge(network, measured);
      count_(sum, network, said);
      if (said.disagreements.length > 0)
        await pursue(network, kernel, measured, said.disagreements, sum);
    } catch (problem) {
      sum.failed++;
      console.log(`seed ${network.seed} (${family.name}): ${(problem as Error).stack}`);
    }
  }
}

function count_(sum: Tally, network: Drawn, said: Judgement): void {
  sum.networks++;
  if (network.hasMistake) sum.mistakes++;
  sum.probes += said.compared;
  sum.negative += said.negative;
  sum.undecided += said.undecided.length;
  sum.claims += said.claims;
  sum.open += said.openClaims;
  for (const what of said.undecided) taints.set(what, (taints.get(what) ?? 0) + 1);
}

// Once is chance: only what a second measurement shows again is the engine's.
async function pursue(
  network: Drawn,
  kernel: Kernel,
  measured: Measured,
  all: readonly Disagreement[],
  sum: Tally,
): Promise<void> {
  const again = await kernel.measure(network);
  const twice = judge(network, again).disagreements.filter((one) => all.some(({ about, theirs }) => about === one.about && theirs === one.theirs)); // prettier-ignore
  if (twice.length === 0) {
    sum.flaky++;
    return;
  }
  sum.disagree++;
  wrong++;
  const [shown] = twice;
  const least = values.whole ? network : await shrunken(network, shown!.about, kernel);
  const seen = values.whole ? measured : await kernel.measure(least);
  const now =
    judge(least, seen).disagreements.find(({ about }) => about === shown!.about) ?? shown!;
  console.log(
    `\nseed ${network.seed} (${network.about})\n  ${twice.length} disagreements, the first: ${shown!.about}`,
  );
  console.log(`  engine: ${now.ours}\n  kernel: ${now.theirs}`);
  for (const [name, commands] of Object.entries(least.nodes)) for (const line of commands) console.log(`    ${name.padEnd(8)} ${line}`); // prettier-ignore
  console.log(`    ${least.links.map((ends) => ends.join(" - ")).join(", ")}`);
  if (values.keep !== undefined) await keep(values.keep, least, seen);
}

async function keep(folder: string, network: Drawn, { refused, saw }: Measured): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { about, nodes, links, services, probes } = network;
  const list = probes.map((one, at) => `  ${JSON.stringify({ ...one, saw: saw[at] })}`).join(",\n");
  const fields = Object.entries({ about, kernel: "Linux", nodes, links, services, refused }).map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`); // prettier-ignore
  await writeFile(
    path.join(folder, `${network.family}-${network.seed}.json`),
    `{\n${fields.join("")} "probes": [\n${list}\n ]\n}\n`,
  );
}

function printTally(): void {
  const keys = [
    "networks",
    "mistakes",
    "probes",
    "negative",
    "undecided",
    "claims",
    "open",
    "disagree",
    "flaky",
    "failed",
  ] as const;
  const row = (name: string, cells: readonly (string | number)[]) =>
    console.log(name.padEnd(17) + cells.map((cell) => String(cell).padStart(10)).join(""));
  console.log("");
  row("family", keys);
  for (const [name, sum] of [...tally].sort())
    row(
      name,
      keys.map((key) => sum[key]),
    );
  const all = Object.fromEntries(keys.map((key) => [key, [...tally.values()].reduce((sum, one) => sum + one[key], 0)])) as Tally; // prettier-ignore
  row(
    "all",
    keys.map((key) => all[key]),
  );
  const share = (part: number, whole: number) =>
    `${Math.round((100 * part) / Math.max(1, whole))} %`;
  console.log(`\n${share(all.mistakes, all.networks)} of the networks with a mistake (at least 50), ${share(all.negative, all.probes)} of the probes without an answer (at least 30)`); // prettier-ignore
  console.log(
    `${((Date.now() - began) / 1000).toFixed(0)} s; ${wrong} networks on which the engine and the kernel disagree`,
  );
  for (const [what, times] of [...taints].sort((a, b) => b[1] - a[1]))
    console.log(`undecided, ${times} probes: ${what}`);
  for (const [name, why] of skipped) console.log(`skipped ${name}: ${why}`);
  if (all.mistakes < 0.5 * all.networks || all.negative < 0.3 * all.probes || all.failed > 0)
    process.exitCode = 1;
}
