import { explainUndecided } from "#lib/net/explain/verdict.ts";
import { endpointsNamed, type Endpoint } from "#lib/net/prove/endpoint.ts";
import { matrixOf } from "#lib/net/prove/matrix.ts";
import { readCall, UNDECIDED, YES, type Command } from "../call.ts";
import { buildLab, labOptions } from "../lab.ts";

export const matrixCommand: Command = {
  usage: "matrix LAB [--answer DIR] [--seed N]",
  help: "Every endpoint against every endpoint",
  async run(args) {
    const { positionals, values } = readCall(args, 1, labOptions);
    const { built } = await buildLab(positionals[0]!, values);
    const endpoints = [...built.network.devices.values()]
      .flatMap(({ name, tables }) =>
        tables.map((table) => (table.name === null ? name : `${name}@${table.name}`)),
      )
      .flatMap((name) => endpointsNamed(built.network, name))
      .filter((one): one is Endpoint => one.kind !== "missing");
    const pairs = matrixOf(built, endpoints).map(({ undecided, ...pair }) => ({
      ...pair,
      ...(undecided && { undecided: explainUndecided(undecided).text }),
    }));
    const names = endpoints.map((one) => one.name);
    const open = pairs.some((pair) => pair.undecided !== undefined);
    return {
      json: { endpoints: names, pairs },
      text: table(names, pairs),
      status: open ? UNDECIDED : YES,
    };
  },
};

type Row = { from: string; to: string; allowed: readonly unknown[]; undecided?: string };

function table(names: readonly string[], pairs: readonly Row[]): string {
  const width = Math.max(4, ...names.map((name) => name.length)) + 2;
  const cell = (from: string, to: string) => {
    const pair = pairs.find((one) => one.from === from && one.to === to);
    if (!pair) return "";
    return pair.undecided !== undefined ? "?" : pair.allowed.length > 0 ? "yes" : "-";
  };
  return [
    "".padEnd(width) + names.map((name) => name.padEnd(width)).join(""),
    ...names.map(
      (from) => from.padEnd(width) + names.map((to) => cell(from, to).padEnd(width)).join(""),
    ),
  ]
    .map((line) => line.trimEnd())
    .join("\n");
}
