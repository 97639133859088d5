import { explainVerdict } from "#lib/net/explain/verdict.ts";
import { Ranges } from "#lib/grading/ranges.ts";
import { shownBy } from "#lib/grading/shown.ts";
import type { Claim, Threat } from "#lib/net/model/objective.ts";
import { decide } from "#lib/net/prove/decide.ts";
import { BadCall, NO, oneOf, readCall, UNDECIDED, YES, type Command } from "../call.ts";
import { buildLab, endpointCalled, labOptions } from "../lab.ts";
import { walkInWords, where } from "../words.ts";

export const proveCommand: Command = {
  usage: "prove LAB --from A --to B [--threat host|attacker] [--answer DIR] [--seed N]",
  help: "Whether nothing that A can send arrives at B, over all packets",
  async run(args) {
    const { positionals, values } = readCall(args, 1, {
      ...labOptions,
      from: { type: "string" },
      to: { type: "string" },
      threat: { type: "string" },
    });
    const { built, overlay } = await buildLab(positionals[0]!, values);
    if (values.from === undefined || values.to === undefined)
      throw new BadCall("It needs --from and --to: who sends, and where nothing may arrive.");
    endpointCalled(built, "from", values.from);
    endpointCalled(built, "to", values.to);
    const threat = oneOf<Threat>("threat", values.threat, ["host", "attacker"], "host");
    const claim: Claim = {
      kind: "isolate",
      from: [values.from],
      to: [values.to],
      threat,
      both: false,
    };
    const verdict = decide(built, claim);
    const ranges = new Ranges(overlay.files);
    const { text, lines } = explainVerdict(built, claim, verdict);
    const { witness, walk } = shownBy(built, verdict, ranges);
    const because = lines.map((span) => ranges.of(span));
    const json = {
      isolated: verdict.state === "holds",
      threat,
      ...(walk && { through: walk.hops.map((hop) => hop.at), walk }),
      ...(witness && { witness }),
      ...(verdict.state === "undecided" && { undecided: text }),
      text,
      because,
    };
    const words = [text, ...(walk ? [walkInWords(walk)] : []), ...because.map(where)].join("\n");
    const status = { holds: YES, fails: NO, undecided: UNDECIDED }[verdict.state];
    return { json, text: words, status };
  },
};
