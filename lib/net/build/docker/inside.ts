import type { Namespace } from "../../model/linux/namespace.ts";
import type { ContainerAsked } from "../../parse/docker/asked.ts";
import { parseProgram, type ProgramCall } from "../../parse/shell/programs.ts";
import type { Run } from "../../parse/shell/run.ts";
import { parseScript } from "../../parse/shell/statements.ts";
import type { Session } from "../shell/build.ts";

/** How commands are carried out inside a container: in its network, and as far as it may change it. */
export function inside(
  session: Session,
  asked: ContainerAsked,
  namespace: Namespace,
  privileged = asked.privileged,
): Run {
  const { capabilities } = asked;
  const may = privileged
    ? "all"
    : capabilities.has("NET_ADMIN") || capabilities.has("ALL")
      ? "network"
      : "nothing";
  return (command) => {
    const refusal = may === "all" ? null : deniedBy(may, parseProgram(command));
    if (refusal) return session.refuse(refusal, command.span, DENIED_HINT);
    return session.run(command, { namespace, vrf: null });
  };
}

/** Let a container run its own program, when that may change its network. */
export function runProgram(session: Session, asked: ContainerAsked, namespace: Namespace): void {
  const [first] = asked.program;
  if (!first) return;
  // `exec` only leaves no shell behind.
  const words = asked.program.map((word) =>
    word.text.replace(/(^|[;&|\n]\s*)exec\s+(?=[\w./])/g, "$1"),
  );
  const text = words.map(quoted).join(" ");
  const script = parseScript({ text, span: asked.program.at(-1)!.span, pieces: [] });
  const run = inside(session, asked, namespace);
  const serves: Run = (command) => isServer(parseProgram(command)) || run(command);
  session.carryOut(script, { namespace, vrf: null }, serves);
}

// What a container is there for is no more doubted behind a command than in its image.
function isServer(call: ProgramCall): boolean {
  if (call.program === "unknown") return true;
  return call.program === "unsimulated" && SERVERS.has(call.name);
}

const SERVERS = new Set("nginx haproxy python python3 perl ruby node".split(" "));

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const DENIED_HINT = "A container changes its network only with the capability NET_ADMIN";

/** Why a program inside a container may not do what it is asked, in the words it would have; `null` when it may. */
function deniedBy(may: "network" | "nothing", call: ProgramCall): string | null {
  const kind = "command" in call ? call.command.kind : "";
  if (/^(inert|refused|unsimulated)$/.test(kind)) return null;
  // Whatever a container may do, its settings are mounted for reading only.
  if (call.program === "sysctl") return "sysctl: error setting key: Read-only file system";
  if (call.program === "write" && call.setting)
    return `sh: can't create ${call.output.file.text}: Read-only file system`;
  if (kind.startsWith("namespace-"))
    return "mount --make-shared /var/run/netns failed: Operation not permitted";
  if (may === "network") return null;
  switch (call.program) {
    case "ip":
    case "bridge":
      return "RTNETLINK answers: Operation not permitted";
    case "iptables":
    case "ebtables":
      return `${call.program} v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)`;
    case "nft":
      return "Error: Could not process rule: Operation not permitted";
    default:
      return null;
  }
}
