import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Ranges } from "#lib/grading/ranges.ts";
import { oneWay, witnessOf } from "#lib/grading/shown.ts";
import { explainUndecided } from "#lib/net/explain/verdict.ts";
import { differencesOf, type Difference } from "#lib/net/prove/diff.ts";
import { NO, readCall, UNDECIDED, YES, type Command } from "../call.ts";
import { buildLab, labOptions, type BuiltLab } from "../lab.ts";
import { walkInWords } from "../words.ts";

export const diffCommand: Command = {
  usage: "diff LAB A B [--seed N]",
  help: "Flows that two answers treat differently, a packet for each",
  async run(args) {
    const { seed } = labOptions;
    const { positionals, values } = readCall(args, 3, { seed });
    const [lab = "", ...answers] = positionals;
    const [a, b] = (await Promise.all(
      answers.map(async (answer) =>
        buildLab(lab, { ...values, answer: await folderOf(lab, answer) }),
      ),
    )) as [BuiltLab, BuiltLab];
    const { differences, open } = differencesOf(a.built, b.built);
    const sides = { first: { ...a, name: answers[0]! }, second: { ...b, name: answers[1]! } };
    const shown = differences.map((one) => inJson(one, sides));
    const undecided = open.map(({ from, to, why }) => ({
      from,
      to,
      text: explainUndecided(why).text,
    }));
    return {
      json: { same: shown.length + undecided.length === 0, differences: shown, undecided },
      text: inWords(shown, undecided),
      status: shown.length > 0 ? NO : undecided.length > 0 ? UNDECIDED : YES,
    };
  },
};

// An answer is a folder, or one of the lab's own: `solution`, `also/x`, `wrong/y`, `start`.
async function folderOf(lab: string, answer: string): Promise<string> {
  const found = await stat(answer).catch(() => null);
  if (found?.isDirectory()) return answer;
  const inLab = join(lab, answer);
  return (await stat(inLab).catch(() => null))?.isDirectory() ? inLab : answer;
}

type Sides = Readonly<Record<Difference["arrives"], BuiltLab & { readonly name: string }>>;

function inJson({ from, to, arrives, shown, other }: Difference, sides: Sides) {
  const [here, there] =
    arrives === "first" ? [sides.first, sides.second] : [sides.second, sides.first];
  const walk = (side: BuiltLab, way: typeof shown) => ({
    ...oneWay(side.built, way, new Ranges(side.overlay.files)),
    back: null,
  });
  return {
    from,
    to,
    arrives: here.name,
    lost: there.name,
    witness: witnessOf(from, to, shown),
    walk: walk(here, shown),
    otherwise: other && walk(there, other),
  };
}

type Shown = ReturnType<typeof inJson>;

function inWords(
  differences: readonly Shown[],
  undecided: readonly { from: string; to: string; text: string }[],
): string {
  const lines = differences.flatMap((one) => {
    const { src, dst, proto, port } = one.witness;
    const what = `${proto} ${src} to ${dst}${port === undefined ? "" : ` port ${port}`}`;
    return [
      `${one.from} to ${one.to}: ${what} arrives with ${one.arrives}, not with ${one.lost}`,
      walkInWords(one.walk),
      one.otherwise
        ? `With ${one.lost}: ${one.otherwise.text}`
        : `With ${one.lost} there is no ${one.from}.`,
    ];
  });
  const open = undecided.map(({ from, to, text }) => `${from} to ${to}: ${text}`);
  return [...lines, ...open].join("\n") || "No difference, over all IPv4 packets that hosts send.";
}
