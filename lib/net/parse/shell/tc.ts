import {
  Arguments,
  reading,
  Refused,
  Unsimulated,
  type RefusedCommand,
  type UnsimulatedCommand,
} from "./arguments.ts";
import type { ShellWord } from "./placed.ts";
import { beginning, type ShellCommand } from "./program.ts";

/** What one `tc` command asks for, as far as packets come through or do not. */
export type TcCommand =
  | {
      readonly kind: "queue-set";
      readonly how: "add" | "replace" | "change";
      readonly dev: string;
      /** Where it hangs: at the way out of its link, at the way in, or below another queue. */
      readonly at: "root" | "ingress" | "below";
      readonly queue: Queue;
      /** It was given a handle. */
      readonly named: boolean;
    }
  | {
      readonly kind: "queue-delete";
      readonly dev: string;
      readonly at: "root" | "ingress" | "below";
    }
  /** Classes and rules that put packets into them: nothing is lost by those. */
  | { readonly kind: "sorts"; readonly dev: string }
  | { readonly kind: "in-namespace"; readonly name: string; readonly command: TcCommand }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** `loses`: how many of a hundred packets. */
export type Queue = { readonly name: string; readonly loses: number };

/** What `tc` can be asked here. */
export const tcCommands: readonly ShellCommand[] = [
  { words: "tc qdisc add dev LINK root tbf", help: "Queues and rates", state: "simulated" },
  { words: "tc qdisc add dev LINK root netem loss 100%", help: "Lose packets", state: "simulated" },
  { words: "tc qdisc replace dev LINK root fq_codel", help: "Another queue", state: "simulated" },
  { words: "tc qdisc del dev LINK root", help: "The usual queue again", state: "simulated" },
  { words: "tc qdisc show", help: "List queues", state: "inert" },
  { words: "tc class add dev LINK parent 1: classid 1:1 htb", help: "A share of a rate", state: "simulated" },
  { words: "tc filter add dev LINK parent 1: u32 flowid 1:1", help: "Which class", state: "simulated" },
  { words: "tc filter add dev LINK ingress flower action drop", help: "Drop, change or send elsewhere", state: "unsimulated" },
]; // prettier-ignore

// They delay and choose an order; what they have no room for is load, which is not looked at.
const SHAPES = new Set(
  `pfifo bfifo pfifo_fast pfifo_head_drop fq fq_codel fq_pie codel sfq sfb pie tbf htb hfsc prio mq mqprio multiq
  noqueue cake red gred choke drr qfq ets hhf etf taprio cbs cbq skbprio clsact ingress`.split(
    /\s+/,
  ),
);

/** Read a `tc` command of iproute2 6.1. */
export function parseTc(words: readonly ShellWord[]): TcCommand {
  const [program, ...rest] = words;
  if (!program) return { kind: "inert" };
  return reading(() => readOptions(new Arguments(program, rest, "Command line is not complete.")));
}

function readOptions(it: Arguments): TcCommand {
  let namespace: string | null = null;
  while (it.peek()?.text.startsWith("-")) {
    const option = it.next().text.replace(/^--?/, "");
    if (/^b(atch)?$/.test(option)) throw new Unsimulated("tc -batch");
    if (option !== "" && "netns".startsWith(option)) namespace = it.next().text;
  }
  if (namespace === null) return readObject(it);
  return { kind: "in-namespace", name: namespace, command: reading(() => readObject(it)) };
}

function readObject(it: Arguments): TcCommand {
  if (it.done) return { kind: "inert" };
  const word = it.next();
  const object = beginning(word.text, ["qdisc", "class", "filter", "chain", "actions", "monitor", "exec", "help"]); // prettier-ignore
  switch (object) {
    case "qdisc":
      return readQueue(it, verbOf(it, object));
    case "class":
    case "filter":
      return readSorting(it, object, verbOf(it, object));
    case "chain":
    case "actions":
    case "exec":
      if (verbOf(it, object) === "show") return { kind: "inert" };
      throw new Unsimulated(`tc ${object}`);
    case null:
      throw new Refused(`Object "${word.text}" is unknown, try "tc help".`, word);
    default:
      return { kind: "inert" };
  }
}

const VERBS = ["add", "change", "replace", "link", "delete", "show", "list", "lst", "get", "ls", "flush", "help", "bpf"]; // prettier-ignore

function verbOf(it: Arguments, object: string): "add" | "change" | "replace" | "delete" | "show" {
  const word = it.peek();
  if (!word) return "show";
  it.next();
  switch (beginning(word.text, VERBS)) {
    case "add":
      return "add";
    case "change":
      return "change";
    case "replace":
    case "link":
      return "replace";
    case "delete":
    case "flush":
      return "delete";
    case null:
      throw new Refused(`Command "${word.text}" is unknown, try "tc ${object} help".`, word);
    default:
      return "show";
  }
}

function readQueue(it: Arguments, how: ReturnType<typeof verbOf>): TcCommand {
  if (how === "show") return { kind: "inert" };
  let dev: string | null = null;
  let at: "root" | "ingress" | "below" | null = null;
  let queue: Queue | null = null;
  let named = false;
  while (!it.done && !queue) {
    const word = it.next();
    if (word.text === "dev") dev = it.next().text;
    else if (word.text === "root") at = "root";
    else if (word.text === "parent") at = it.next().text.startsWith("ffff:") ? "ingress" : "below";
    else if (word.text === "handle") named = it.next().text !== "";
    else if (word.text === "estimator") it.next();
    else if (word.text === "ingress" || word.text === "clsact") {
      at = "ingress";
      queue = { name: word.text, loses: 0 };
      it.rest();
    } else queue = queueOf(word, it, dev);
  }
  if (dev === null) throw new Refused("RTNETLINK answers: No such device", it.last());
  if (how === "delete") return { kind: "queue-delete", dev, at: at ?? "root" };
  if (!queue) throw new Unsimulated(`tc qdisc ${how} without a kind`, dev);
  return { kind: "queue-set", how, dev, at: at ?? "root", queue, named };
}

function queueOf(kind: ShellWord, it: Arguments, dev: string | null): Queue {
  const rest = it.rest();
  if (SHAPES.has(kind.text)) return { name: kind.text, loses: 0 };
  if (kind.text === "blackhole") return { name: "blackhole", loses: 100 };
  if (kind.text === "netem") return { name: "netem", loses: lossOf(rest, dev) };
  if (kind.text === "plug") throw new Unsimulated(`tc qdisc … ${kind.text}`, dev);
  throw new Refused("Error: Specified qdisc kind is unknown.", kind);
}

// `loss 10%`, `loss random 10% 25%`; the other models of loss are not read.
function lossOf(words: readonly ShellWord[], dev: string | null): number {
  const at = words.findIndex(({ text }) => text === "loss" || text === "drop");
  if (words.some(({ text }) => /^(corrupt|state|gemodel|ecn)$/.test(text)))
    throw new Unsimulated("tc qdisc … netem beyond delay and loss", dev);
  if (at === -1) return 0;
  const word = words[at + (words[at + 1]?.text === "random" ? 2 : 1)];
  const share = /^(\d{1,3}(?:\.\d{1,9})?)%?$/.exec(word?.text ?? "")?.[1];
  if (!word || share === undefined || Number(share) > 100)
    throw new Refused(`Unknown loss parameter: ${word?.text ?? ""}`, word ?? words[at]!);
  return Number(share);
}

function readSorting(it: Arguments, object: string, how: ReturnType<typeof verbOf>): TcCommand {
  if (how === "show") return { kind: "inert" };
  const words = it.rest();
  const dev = words[words.findIndex(({ text }) => text === "dev") + 1];
  if (!dev || dev === words[0]) throw new Unsimulated(`tc ${object} without a link`);
  // A limit to a rate is load, too; whatever else is done to a packet may lose, change or move it.
  const acts = words.some(({ text }, at) => {
    const next = words[at + 1]?.text ?? "";
    if (text === "action") return !/^(police|ok|pass|pipe|continue)$/.test(next);
    return /^(bpf|ematch|mirred|skbedit|pedit|vlan_action)$/.test(text);
  });
  const limits = words.some(({ text }) => text === "police" || text === "mtu");
  const cuts = limits && words.some(({ text }) => text === "mtu");
  if ((acts || cuts) && how !== "delete") throw new Unsimulated(`tc ${object} … action`, dev.text);
  return { kind: "sorts", dev: dev.text };
}
