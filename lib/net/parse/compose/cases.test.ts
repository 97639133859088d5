import path from "node:path";
import { expect, test } from "vitest";
import { casesIn, drawMarks } from "../testing.ts";
import { showContainer, showNetwork } from "../docker/testing.ts";
import { parseCompose } from "./parse.ts";

test.each(casesIn(path.join(import.meta.dirname, "cases")))(
  "$title",
  ({ input, marked, meaning }) => {
    const read = parseCompose("h1/compose.yaml", input);
    const remarks = read.diagnostics.toSorted((a, b) => a.span.from - b.span.from);
    expect(drawMarks(input, remarks)).toBe(marked);
    const said = remarks.map(({ message }) => `said: ${message.replaceAll("\n", " ")}`);
    const asked = [
      ...read.networks.map(showNetwork),
      ...read.external.map(({ name }) => `network ${name} must be there`),
      ...read.services.flatMap(({ name, containers, dependsOn }) => [
        ...containers.map(showContainer),
        ...(dependsOn.length > 0 ? [`${name} starts after ${dependsOn.join(" ")}`] : []),
      ]),
      ...read.unsimulated.map(({ what }) => `left open: ${what}`),
      ...(read.refused ? ["nothing is started"] : []),
    ];
    expect([...said, ...asked].join("\n")).toBe(meaning);
  },
);
