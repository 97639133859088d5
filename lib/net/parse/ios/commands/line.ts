import { inert, type Command } from "../command.ts";

/** Terminal lines: they move no packet, but they may refuse those who log in. */
export const lineCommands: readonly Command[] = [
  {
    mode: "config",
    syntax: "line { con | vty | aux | tty | console } <it:line>",
    help: "A terminal line",
    state: "inert",
    opens: "line",
    say: () => ({ kind: "inert" }),
  },
  {
    mode: "line",
    syntax: "access-class <list:word> { in | out } [<it:line>]",
    help: "Who may log in here",
    state: "inert",
    say: (it) => ({ kind: "access-class", list: { name: it.text("list"), at: it.at("list") } }),
  },
  ...[
    "login",
    "exec-timeout",
    "logging",
    "transport",
    "stopbits",
    "password",
    "privilege",
    "history",
    "length",
  ].map((word) => inert("line", `${word} [<it:line>]`, "How a terminal line behaves")),
];
