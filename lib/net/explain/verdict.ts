import type { Compiled } from "../dataplane/compile.ts";
import type { Claim, Threat } from "../model/objective.ts";
import { placeAt } from "../model/network.ts";
import { formatIp, type Ip } from "../model/prefix.ts";
import type { Failing, Holding, Undecided, Verdict } from "../prove/verdict.ts";
import { acceptedAt, type Conversation } from "../trace/conversation.ts";
import type { Trace } from "../trace/trace.ts";
import type { Span } from "../source/span.ts";
import { explainDrop, PROTOCOLS } from "./drop.ts";
import type { Explanation } from "./explanation.ts";
import { chosenLast, hopsOf } from "./walk.ts";

/** Why a claim has the verdict it has, and the lines behind that. */
export function explainVerdict(compiled: Compiled, claim: Claim, verdict: Verdict): Explanation {
  switch (verdict.state) {
    case "holds":
      return { text: explainHolding(claim, verdict.why), lines: [] };
    case "fails":
      return explainFailing(compiled, verdict.why);
    case "undecided":
      return explainUndecided(verdict.why);
  }
}

function explainHolding(claim: Claim, why: Holding): string {
  switch (why.kind) {
    case "answered": {
      const port =
        claim.kind === "reach" && claim.proto !== "icmp" ? ", from every source port" : "";
      return why.pairs > 1
        ? `All ${why.pairs} pairs: it arrives, and the answer comes back${port}.`
        : `It arrives, and the answer comes back${port}.`;
    }
    case "isolated":
      return `Proved over all IPv4 packets: ${SENDS[why.threat]} ${listOf(why.senders)} can send comes to ${why.places} places, and ${listOf(why.targets)} ${why.targets.length > 1 ? "are" : "is"} not among them${claim.kind === "isolate" && claim.both ? "; nor the other way" : ""}.`;
    case "table-as-claimed":
      return "The table is as it should be.";
    case "only-allowed":
      return `The ${why.flows} allowed ${why.flows === 1 ? "flow works" : "flows work"}. Proved over all IPv4 packets: nothing else that ${listOf(why.among)} can send to each other arrives, at any of ${why.places} places, but the answers.`;
    case "path-as-claimed":
      return "Every packet of it takes the way that is asked for, on every equal path, from every source port.";
    case "mapped":
      return `What leaves ${why.nic} comes in at ${why.port} in VLAN ${why.vlan}, and in no other.`;
    case "survived":
      return `It still holds with ${why.tried.join(", and with ")} down.`;
  }
}

const SENDS: Readonly<Record<Threat, string>> = {
  host: "every packet that",
  attacker: "every frame, forged ones too, that",
};

function explainFailing(compiled: Compiled, why: Failing): Explanation {
  switch (why.kind) {
    case "unanswered":
      return explainUnanswered(compiled, why.from, why.to, why.shown);
    case "leak":
      return explainLeak(compiled, why);
    case "no-address": {
      const device = compiled.network.devices.get(why.at)!;
      const lost = device.ifaces.flatMap((iface) => iface.losses).map((loss) => loss.because);
      const spoken = device.ifaces.flatMap((iface) => (iface.because ? [iface.because] : []));
      return {
        text: `${why.to} has no address to be reached at.`,
        lines: lost.length > 0 ? lost.slice(-1) : spoken.slice(0, 1),
      };
    }
    case "missing":
      return { text: `There is no ${why.missing.name}: ${why.missing.what}.`, lines: [] };
    case "table-differs":
      return {
        text: [
          why.lacks.length > 0 ? `The table of ${why.at} lacks ${listOf(why.lacks)}.` : "",
          why.has.length > 0
            ? `The table of ${why.at} has ${listOf(why.has)}, and should not.`
            : "",
        ]
          .filter(Boolean)
          .join(" "),
        lines: [],
      };
    case "other-path": {
      const what = "misses" in why ? `does not pass ${why.misses}` : `passes ${why.meets}`;
      return {
        text: `From ${why.from} to ${why.to} there is a way that ${what}.`,
        lines: linesOf(compiled, why.shown),
      };
    }
    case "mapped-elsewhere":
      return {
        text:
          why.vlans.length === 0
            ? `Nothing that leaves ${why.nic} comes in at ${why.port}.`
            : `What leaves ${why.nic} comes in at ${why.port} in VLAN ${why.vlans.join(", ")}, not only in VLAN ${why.vlan}.`,
        lines: [],
      };
    case "broken-by": {
      const { text, lines } = explainFailing(why.compiled, why.why);
      return {
        text: `With ${why.down.join(" and ")} down, “${why.title}” does not hold. ${text}`,
        lines,
      };
    }
  }
}

function explainUnanswered(
  compiled: Compiled,
  from: string,
  to: string,
  shown: Conversation,
): Explanation {
  const { forward, back } = shown;
  if (forward.fate.kind !== "delivered") {
    const { text, lines } = explainDrop(compiled, forward.fate, forward.last, chosenLast(forward));
    return { text: `From ${from} to ${to}: ${text}`, lines };
  }
  const device = acceptedAt(forward)!.device;
  if (!back || back.fate.kind === "delivered")
    return {
      text: `${from} is answered by ${device}, not by ${to}.`,
      lines: [...chosenLast(forward), ...linesOf(compiled, forward)],
    };
  const { text, lines } = explainDrop(compiled, back.fate, back.last, chosenLast(back));
  return { text: `It arrives at ${device}, but the answer is lost. ${text}`, lines };
}

function explainLeak(
  compiled: Compiled,
  { from, to, threat, shown }: Failing & { kind: "leak" },
): Explanation {
  const { last } = shown;
  const port = last.proto === 1 ? "" : ` port ${last.dport}`;
  const what =
    last.ethertype === 0x0800
      ? `${PROTOCOLS[last.proto] ?? `protocol ${last.proto}`} packet from ${formatIp(last.src as Ip)} to ${formatIp(last.dst as Ip)}${port}`
      : "frame";
  const forged = threat === "attacker" && !isOwnSource(compiled, shown) ? ", forged," : "";
  const end = threat === "attacker" ? `is seen at ${to}` : `arrives at ${to}`;
  const article = /^[AEIO]/.test(what) ? "an" : "a";
  return {
    text: `A packet gets through: sent by ${from}, ${article} ${what}${forged} ${end}. ${talkedInto(shown)}Its answer may be lost, but that one arrives is enough.`,
    lines: linesOf(compiled, shown),
  };
}

function talkedInto({ stops }: Trace): string {
  const { id, device, iface } = stops[0]!.place;
  if (iface === null || id !== placeAt.asTrunk(device, iface)) return "";
  return `${device}'s ${iface} would be a trunk if it were asked to, and is asked. `;
}

function isOwnSource(compiled: Compiled, shown: Trace): boolean {
  const sender = compiled.network.devices.get(shown.stops[0]!.place.device);
  return (
    sender?.ifaces.some((iface) => iface.addresses.some(({ ip }) => ip === shown.last.src)) ?? false
  );
}

// The deciding line of a leak is the last device's that chose the way; those before it follow.
function linesOf(compiled: Compiled, shown: Trace): Span[] {
  const hops = hopsOf(compiled, shown);
  const seen = new Set<string>();
  return hops
    .slice(1)
    .reverse()
    .concat(hops.slice(0, 1))
    .flatMap((hop) => [...hop.because])
    .filter((span) => {
      const key = `${span.file}:${span.from}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, 3);
}

export function explainUndecided(why: Undecided): Explanation {
  switch (why.kind) {
    case "taint":
      return {
        text: `Not decided: on ${why.device}, "${why.taint.what}" is not simulated, and this depends on it.`,
        lines: why.taint.because.file === "lab.yaml" ? [] : [why.taint.because],
      };
    case "too-complex":
      return {
        text: "Not decided: there are too many kinds of packets to tell apart here.",
        lines: [],
      };
    case "not-decided-here":
      return {
        text: `Not decided: "${why.form}" is a kind of objective that this version does not decide yet.`,
        lines: [],
      };
    case "not-proved":
      return {
        text: `Not decided: this depends on ${why.what}, which this version follows one by one but does not prove yet.`,
        lines: [],
      };
    case "disagreement":
      return {
        text: "Not decided: two ways of computing this disagree, which is a fault of ours and not of your network. Please report it.",
        lines: [],
      };
  }
}

function listOf(names: readonly string[]): string {
  return names.length > 1
    ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
    : (names[0] ?? "nobody");
}
