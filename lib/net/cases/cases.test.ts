import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parseIp } from "../model/prefix.ts";
import type { Built } from "../network.ts";
import { decide } from "../prove/decide.ts";
import { probe, type ProbeResult } from "../trace/probe.ts";
import { builtFrom, certain, questionOf, type ProbeAsked, type Scripted } from "./recorded.ts";

// Networks that were set up on a real Linux kernel and probed there; how they are recorded is told in record.py.

type Probe = ProbeAsked & { readonly saw: ProbeResult };

type Recorded = Scripted & {
  readonly about: string;
  readonly kernel: string;
  readonly refused: Readonly<Record<string, readonly string[]>>;
  readonly probes: readonly Probe[];
};

const folder = import.meta.dirname;
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({ name: path.basename(file, ".json"), ...read(file) }));

function read(file: string): Recorded {
  return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Recorded;
}

function ask(built: Built, one: Probe): ProbeResult {
  return probe(built, questionOf(one), one.trace);
}

test("there are cases, and a good part of their probes does not get through", () => {
  const probes = cases.flatMap((it) => it.probes);
  expect(cases.length).toBeGreaterThanOrEqual(16);
  expect(probes.filter((it) => !it.saw.reachable).length / probes.length).toBeGreaterThan(0.3);
});

test.each(cases)("$name, as it was on $kernel", (it) => {
  const built = builtFrom(it);
  const asked = (one: Probe) => `${one.from} ${one.proto} ${one.to} ${one.port ?? ""}`;
  const ours = it.probes.map((one) => ({ ask: asked(one), saw: certain(ask(built, one)) }));
  const theirs = it.probes.map((one) => ({ ask: asked(one), saw: certain(one.saw) }));
  expect(ours).toEqual(theirs);
});

test.each(cases)("$name: the same commands are refused in the same words", (it) => {
  const built = builtFrom(it);
  const ours = built.diagnostics.flatMap(({ span, severity, message }) =>
    severity === "error" ? [`${span.file.split("/")[0]}: ${message}`] : [],
  );
  const theirs = Object.entries(it.refused).flatMap(([node, said]) =>
    said.map((words) => `${node}: ${words}`),
  );
  expect(ours.length).toBe(theirs.length);
  ours.forEach((message, at) => expect(message).toContain(theirs[at]));
});

// What packets did that were sent: the one from anywhere that matters here, and whether it came through.
test.each(cases)("$name: nothing is proved that was seen to be otherwise", (it) => {
  const built = builtFrom(it);
  const devices = [...built.network.devices.values()];
  const ownerOf = (to: string) =>
    devices.find(({ ifaces }) =>
      ifaces.some(({ addresses }) => addresses.some(({ ip }) => ip === parseIp(to))),
    )?.name;
  for (const { from, to, proto, port, src, dev, saw } of it.probes) {
    const at = saw.at ?? saw.delivered?.at ?? ownerOf(to);
    if (!at || at === from || src !== undefined || dev !== undefined) continue;
    const sides = { from: [from], to: [at] };
    const address = parseIp(to);
    const reach = decide(built, { kind: "reach", ...sides, proto, port: port ?? null, address });
    const isolate = decide(built, { kind: "isolate", ...sides, threat: "host", both: false });
    const asked = `${from} ${proto} ${to} ${port ?? ""}`;
    expect([asked, reach.state]).not.toEqual([asked, saw.reachable ? "fails" : "holds"]);
    const arrived = saw.reachable || saw.delivered !== undefined;
    expect([asked, arrived, isolate.state]).not.toEqual([asked, true, "holds"]);
    expect([reach.why.kind, isolate.why.kind]).not.toContain("disagreement");
  }
});
