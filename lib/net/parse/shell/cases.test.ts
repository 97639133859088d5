import path from "node:path";
import { expect, test } from "vitest";
import { formatIp, formatPrefix } from "../../model/prefix.ts";
import type { Word } from "../../source/text.ts";
import { casesIn, drawMarks } from "../testing.ts";
import { ipCommands, parseIpCommand, type IpCommand } from "./ip.ts";
import { parseShell, type Command } from "./lex.ts";

const cases = casesIn(path.join(import.meta.dirname, "cases"));

test.each(cases)("$title", ({ input, marked, meaning }) => {
  const { commands, diagnostics, unsupported } = parseShell("h1/host.sh", input);
  expect(drawMarks(input, diagnostics)).toBe(marked);
  const open = unsupported.map(({ what }) => `left open: ${what}`);
  expect([...commands.map(format), ...open].join("\n")).toBe(meaning);
});

test("every ip command of the table is read, in the state that the table says", () => {
  for (const { words, state } of ipCommands) {
    const line = words
      .replace("ADDRESS/LENGTH", "10.0.0.1/24")
      .replace("PREFIX", "10.0.0.0/24")
      .replace("GATEWAY", "10.0.0.1")
      .replace("BYTES", "1400")
      .replace("MAC", "02:00:00:00:00:01");
    const { kind } = parseIpCommand(wordsOf(line).slice(1));
    const told = kind === "show" ? "inert" : kind === "unsimulated" ? kind : "simulated";
    expect([line, kind === "refused" ? kind : told]).toEqual([line, state]);
  }
});

function wordsOf(line: string): readonly Word[] {
  return parseShell("h1/host.sh", line).commands[0]!.words;
}

function format({ words, output, when }: Command): string {
  const chain = { always: "", success: "&& ", failure: "|| " }[when];
  const to = output ? ` > ${output.text}` : "";
  if (words[0]!.text === "ip") return `${chain}${formatIpCommand(parseIpCommand(words.slice(1)))}`;
  return `${chain}${words.map((word) => `[${word.text}]`).join(" ")}${to}`;
}

function formatIpCommand(it: IpCommand): string {
  switch (it.kind) {
    case "address-add":
      return `${it.replace ? "replace" : "add"} address ${formatIp(it.ip)}/${it.length} on ${it.dev}`;
    case "address-delete":
      return `delete address ${formatIp(it.ip)}/${it.length ?? "any"} on ${it.dev}`;
    case "address-flush":
      return `flush addresses of ${it.dev}`;
    case "link-set":
      return `set link ${it.dev} ${it.changes.map((one) => Object.values(one).join("=")).join(" ")}`;
    case "route-add": {
      const { to, type, hops, metric, source } = it.asked;
      const ways = hops.map(
        ({ link, gateway, onlink }) =>
          `via ${gateway === null ? "nobody" : formatIp(gateway)} on ${link ?? "any"}${onlink ? " onlink" : ""}`,
      );
      return [
        `${it.how} ${type} route ${formatPrefix(to)}`,
        ...ways,
        metric === 0 ? "" : `metric ${metric}`,
        source === null ? "" : `from ${formatIp(source)}`,
      ]
        .filter(Boolean)
        .join(", ");
    }
    case "route-delete":
      return [
        `delete ${it.type ?? "any"} route ${formatPrefix(it.to)}`,
        it.gateway === null ? "" : `via ${formatIp(it.gateway)}`,
        it.link === null ? "" : `on ${it.link}`,
        it.metric === null ? "" : `metric ${it.metric}`,
      ]
        .filter(Boolean)
        .join(", ");
    case "route-flush":
      return `flush routes ${it.to ? `${it.how} ${formatPrefix(it.to)}` : ""}${it.link ? ` on ${it.link}` : ""}`;
    case "show":
      return "shows";
    case "unsimulated":
      return `not simulated: ${it.what}${it.dev ? ` on ${it.dev}` : ""}`;
    case "refused":
      return `refused at ${it.at.text}: ${it.said}`;
  }
}
