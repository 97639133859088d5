import type { Flow } from "../../../model/openflow.ts";
import { reading, Refused, type RefusedCommand, type UnsimulatedCommand } from "../arguments.ts";
import { partOf, type ShellWord } from "../placed.ts";
import type { ShellCommand } from "../program.ts";
import { flowOf, readFlow, type FlowText } from "./flow.ts";

/** What one `ovs-ofctl` command asks of a switch. */
export type OfctlCommand =
  | { readonly kind: "add-flows"; readonly bridge: string; readonly flows: readonly Flow[] }
  | {
      readonly kind: "mod-flows";
      readonly bridge: string;
      /** With `--strict`: only the flow with just this match and priority. */
      readonly strict: boolean;
      /** New actions for those that fit; when none does, it is added. */
      readonly flow: FlowText;
    }
  | {
      readonly kind: "del-flows";
      readonly bridge: string;
      readonly strict: boolean;
      /** `null`: every flow. */
      readonly match: FlowText | null;
    }
  | { readonly kind: "replace-flows"; readonly bridge: string; readonly flows: readonly Flow[] }
  /** `add-flows` with lines that delete or change, too: in order. */
  | { readonly kind: "mixed"; readonly commands: readonly OfctlCommand[] }
  | { readonly kind: "inert" }
  | UnsimulatedCommand
  | RefusedCommand;

/** What `ovs-ofctl` can be asked here. */
export const ofctlCommands: readonly ShellCommand[] = [
  { words: "ovs-ofctl add-flow BRIDGE FLOW", help: "Add a flow", state: "simulated" },
  { words: "ovs-ofctl add-flows BRIDGE FILE", help: "Add the flows of a file", state: "simulated" },
  {
    words: "ovs-ofctl mod-flows BRIDGE FLOW",
    help: "Change the actions of flows",
    state: "simulated",
  },
  { words: "ovs-ofctl del-flows BRIDGE [MATCH]", help: "Remove flows", state: "simulated" },
  {
    words: "ovs-ofctl replace-flows BRIDGE FILE",
    help: "Have just the flows of a file",
    state: "simulated",
  },
  { words: "ovs-ofctl dump-flows BRIDGE", help: "List flows", state: "inert" },
  {
    words: "ovs-ofctl mod-port BRIDGE PORT ACTION",
    help: "Settings of a port",
    state: "unsimulated",
  },
  { words: "ovs-ofctl add-group BRIDGE GROUP", help: "Choose among actions", state: "unsimulated" },
];

const VALUED = new Set([
  "-O",
  "--protocols",
  "-t",
  "--timeout",
  "-F",
  "--flow-format",
  "-m",
  "--sort",
  "--rsort",
]);
const SHOWS = new Set(
  "show dump-desc dump-tables dump-table-features dump-ports dump-ports-desc dump-flows dump-aggregate dump-groups dump-group-stats dump-meters meter-stats snoop monitor ping probe benchmark queue-stats queue-get-config get-frags diff-flows parse-flow parse-flows check-vlan dump-tlv-map dump-ipfix-bridge ofp-print ofp-parse help".split(
    " ",
  ),
);
const BEYOND = new Set(
  "add-group add-groups mod-group del-groups insert-buckets remove-buckets add-meter mod-meter del-meter del-meters mod-port mod-table set-frags bundle packet-out add-tlv-map del-tlv-map ct-flush".split(
    " ",
  ),
);

/** Read an `ovs-ofctl` command of Open vSwitch 3.1; flows may come from `input` or a file that the script wrote. */
export function parseOfctl(
  words: readonly ShellWord[],
  input: ShellWord | null = null,
  read: (file: string) => ShellWord | null = () => null,
): OfctlCommand {
  return reading(() => readCall(words, input, read));
}

function refuse(said: string, at: ShellWord): never {
  throw new Refused(`ovs-ofctl: ${said}`, at);
}

function readCall(
  words: readonly ShellWord[],
  input: ShellWord | null,
  read: (file: string) => ShellWord | null,
): OfctlCommand {
  const args: ShellWord[] = [];
  let strict = false;
  let versions = "OpenFlow10";
  for (let at = 1; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (text === "-") args.push(word);
    else if (!text.startsWith("-") || (args.length > 1 && !/^--?[a-zA-Z]/.test(text)))
      args.push(word);
    else if (text === "--strict") strict = true;
    else if (text === "-O" || text === "--protocols") versions = words[++at]?.text ?? "";
    else if (/^-O.|^--protocols=/.test(text)) versions = text.replace(/^-O|^--protocols=/, "");
    else if (VALUED.has(text)) at++;
    else if (!/^(-[OtFvm]\S+|--?[a-z][\w-]*(=.*)?|-[hV])$/.test(text))
      refuse(`unrecognized option '${text}'`, word);
    else if (text === "--bundle") continue;
  }
  const [name, bridge, third, ...more] = args;
  for (const version of versions.split(/[,\s]+/))
    if (!/^(OpenFlow1[0-5]|1\.[0-5]|)$/i.test(version))
      refuse(`Unknown OpenFlow version: "${version}"`, words[0]!);
  const old = !/1\.?[1-5]/.test(versions);
  if (!name) return refuse("missing command name; use --help for help", words[0]!);
  if (SHOWS.has(name.text)) return { kind: "inert" };
  if (BEYOND.has(name.text))
    return { kind: "unsimulated", what: `ovs-ofctl ${name.text}`, dev: null };
  switch (name.text) {
    case "add-flow":
    case "add-flows":
    case "replace-flows":
    case "mod-flows": {
      if (!bridge || !third)
        return refuse(`'${name.text}' command requires at least 2 arguments`, name);
      if (more.length > 0)
        return refuse(`'${name.text}' command takes at most 2 arguments`, more[0]!);
      return checked(change(name.text, bridge, third, strict, input, read), old, third);
    }
    case "del-flows": {
      if (!bridge) return refuse("'del-flows' command requires at least 1 arguments", name);
      if (more.length > 0) return refuse("'del-flows' command takes at most 2 arguments", more[0]!);
      const match = third ? readFlow(third, "match", strict) : null;
      return { kind: "del-flows", bridge: bridge.text, strict, match };
    }
  }
  return refuse(`unknown command '${name.text}'; use --help for help`, name);
}

// OpenFlow 1.0 has no action that pushes a tag.
function checked(command: OfctlCommand, old: boolean, at: ShellWord): OfctlCommand {
  const lists =
    command.kind === "add-flows" || command.kind === "replace-flows"
      ? command.flows.map((flow) => flow.actions)
      : command.kind === "mod-flows"
        ? [command.flow.actions]
        : [];
  if (old && lists.some((list) => list.some((action) => action.kind === "push-vlan")))
    refuse(
      "none of the usable flow formats (OXM,OpenFlow11) is among the allowed flow formats (OpenFlow10,NXM)",
      at,
    );
  return command;
}

function change(
  name: "add-flow" | "add-flows" | "replace-flows" | "mod-flows",
  bridge: ShellWord,
  text: ShellWord,
  strict: boolean,
  input: ShellWord | null,
  read: (file: string) => ShellWord | null,
): OfctlCommand {
  const from = text.text === "-" ? input : read(text.text);
  if (name === "add-flow" && text.text !== "-")
    return { kind: "add-flows", bridge: bridge.text, flows: [flowOf(readFlow(text, "actions"))] };
  if (name === "mod-flows" && text.text !== "-")
    return { kind: "mod-flows", bridge: bridge.text, strict, flow: readFlow(text, "actions") };
  if (!from) return { kind: "unsimulated", what: `ovs-ofctl ${name} from ${text.text}`, dev: null };
  const lines = linesOf(from).map((line) => readLine(line, bridge.text, strict));
  if (lines.every((one) => one.kind === "add-flows")) {
    const flows = lines.flatMap((one) => one.flows);
    return {
      kind: name === "replace-flows" ? "replace-flows" : "add-flows",
      bridge: bridge.text,
      flows,
    };
  }
  return { kind: "mixed", commands: lines };
}

function linesOf(text: ShellWord): ShellWord[] {
  return [...text.text.matchAll(/[^\n]+/g)].flatMap((match) => {
    const comment = match[0].indexOf("#");
    const length = comment === -1 ? match[0].length : comment;
    const line = partOf(text, match.index, match.index + length);
    return line.text.trim() === "" ? [] : [line];
  });
}

// A line may say what is to be done: `delete table=1`, `modify …`; without, it adds.
function readLine(
  line: ShellWord,
  bridge: string,
  strict: boolean,
): Extract<OfctlCommand, { kind: "add-flows" | "mod-flows" | "del-flows" }> {
  const verb = /^\s*(add|delete|delete_strict|modify|modify_strict)\s+/.exec(line.text);
  const text = verb ? partOf(line, verb[0].length, line.text.length) : line;
  const only = strict || (verb?.[1]?.endsWith("_strict") ?? false);
  if (verb?.[1]?.startsWith("delete"))
    return { kind: "del-flows", bridge, strict: only, match: readFlow(text, "match", only) };
  if (verb?.[1]?.startsWith("modify"))
    return { kind: "mod-flows", bridge, strict: only, flow: readFlow(text, "actions") };
  return { kind: "add-flows", bridge, flows: [flowOf(readFlow(text, "actions"))] };
}
