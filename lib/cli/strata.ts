import { ContentError } from "#lib/content/content-error.ts";
import { BadCall, WRONG, type Command } from "./call.ts";
import { checkCommand } from "./commands/check.ts";
import { diffCommand } from "./commands/diff.ts";
import { gradeCommand } from "./commands/grade.ts";
import { matrixCommand } from "./commands/matrix.ts";
import { probeCommand } from "./commands/probe.ts";
import { proveCommand } from "./commands/prove.ts";
import { showCommand } from "./commands/show.ts";
import { traceCommand } from "./commands/trace.ts";

const commands: Readonly<Record<string, Command>> = {
  grade: gradeCommand,
  probe: probeCommand,
  trace: traceCommand,
  prove: proveCommand,
  matrix: matrixCommand,
  diff: diffCommand,
  show: showCommand,
  check: checkCommand,
};

process.exitCode = await main(process.argv.slice(2));

/** Standard output carries the answer and nothing else; what is wrong with a call goes to standard error. */
async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args.filter((arg) => arg !== "--json");
  if (name === "help" || name === "--help" || rest.includes("--help")) {
    process.stdout.write(`${help()}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const wrong = name ? `There is no command "${name}".` : "Say what to do.";
    process.stderr.write(`${wrong}\n${help()}\n`);
    return WRONG;
  }
  try {
    const answer = await command.run(rest);
    process.stdout.write(
      `${args.includes("--json") ? JSON.stringify(answer.json) : answer.text}\n`,
    );
    return answer.status;
  } catch (problem) {
    if (problem instanceof BadCall)
      process.stderr.write(`${problem.message}\nUsage: strata ${command.usage}\n`);
    else if (problem instanceof ContentError) process.stderr.write(`${problem.message}\n`);
    else throw problem;
    return WRONG;
  }
}

function help(): string {
  const width = Math.max(...Object.values(commands).map((one) => one.usage.length)) + 2;
  const lines = Object.values(commands).map(
    (one) => `  strata ${one.usage.padEnd(width)}${one.help}`,
  );
  return [
    "Usage:",
    ...lines,
    "With --json the answer is one object. Exit status: 0 yes, 1 no, 2 the call or the lab is wrong, 3 undecided.",
  ].join("\n");
}
