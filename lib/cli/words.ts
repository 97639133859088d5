import type { DiagnosticReport, Header, Report, Walk } from "#lib/grading/report.ts";
import type { TextRange } from "#lib/net/source/span.ts";

/** A report in words, for a terminal. */
export function reportInWords(report: Report): string {
  const { earned, max } = report.score;
  const objectives = report.objectives.flatMap((one) => [
    `  ${one.state.padEnd(9)} ${`${one.earned}/${one.points}`.padStart(5)}  ${one.title} (${one.id})`,
    `${" ".repeat(19)}${one.text}`,
    ...one.because.map((range) => `${" ".repeat(19)}${where(range)}`),
  ]);
  return [
    `${report.lab}, seed ${report.seed}: ${earned} of ${max} points`,
    ...objectives,
    ...remarks(report.diagnostics),
  ].join("\n");
}

/** A walk in words: numbered stops, then those of the answer. */
export function walkInWords(walk: Walk): string {
  const way = (hops: Walk["hops"]) =>
    hops.flatMap((hop, at) => [
      `${String(at + 1).padStart(3)}  ${hop.at}${hop.table === null ? "" : ` ${hop.table}`}: ${hop.text}`,
      ...(hop.before ? [`     as ${headerInWords(hop.before)}`] : []),
      ...(hop.decisions ?? []).flatMap((one) => [
        `     ${one.text}`,
        ...one.because.map((range) => `       ${where(range)}`),
      ]),
      `     ${headerInWords(hop.header)}${hop.tunnel ? `, in a tunnel with VNI ${hop.tunnel.vni} to port ${hop.tunnel.port}` : ""}`,
      ...hop.because.map((range) => `     ${where(range)}`),
    ]);
  return [...way(walk.hops), ...(walk.back ? ["The answer:", ...way(walk.back.hops)] : [])].join(
    "\n",
  );
}

function headerInWords({ src, dst, proto, port, ttl, vlans, labels, dscp, mark }: Header): string {
  return [
    `${src} to ${dst}`,
    `${proto}${port === null ? "" : ` port ${port}`}`,
    `ttl ${ttl}`,
    ...(vlans ? [`VLAN ${vlans.join(", in it ")}`] : []),
    ...(labels ? [`label ${labels.join("/")}`] : []),
    ...(dscp === undefined ? [] : [`class ${dscp}`]),
    ...(mark === undefined ? [] : [`mark ${mark}`]),
  ].join(", ");
}

export function remarks(diagnostics: readonly DiagnosticReport[]): string[] {
  return diagnostics.map((it) => `${where(it)}: ${it.severity}: ${it.message}`);
}

export function where(range: TextRange): string {
  return `${range.file}:${range.line}:${range.column}`;
}
