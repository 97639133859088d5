import { Refused, type Arguments } from "../arguments.ts";
import type { IpCommand } from "./command.ts";
import { unsimulated, verbOf } from "./words.ts";

const VERBS = [
  "list", "show", "lst", "list-id", "add", "set", "attach", "delete", "identify", "pids", "exec", "monitor", "help",
] as const; // prettier-ignore

/** `ip netns …` */
export function readNamespace(it: Arguments, all: boolean): IpCommand {
  const verb = verbOf(it, "netns", VERBS, "list");
  switch (verb) {
    case "add":
      return { kind: "namespace-add", name: nameOf(it) };
    case "delete":
      if (all) return unsimulated("ip -all netns delete");
      return { kind: "namespace-delete", name: nameOf(it) };
    case "exec": {
      const name = all ? null : nameOf(it);
      if (it.done) it.refuse("No command specified");
      return { kind: "namespace-exec", name, words: it.rest() };
    }
    case "attach":
      return unsimulated("ip netns attach");
    default:
      return { kind: "inert" };
  }
}

function nameOf(it: Arguments): string {
  const word = it.peek();
  if (!word) return it.refuse("No netns name specified");
  it.next();
  const { text } = word;
  if (text === "" || text.includes("/") || text === "." || text === "..")
    throw new Refused(`Invalid netns name "${text}"`, word);
  return text;
}

/** `ip vrf …` */
export function readVrf(it: Arguments): IpCommand {
  const verb = verbOf(
    it,
    "vrf",
    ["show", "list", "identify", "pids", "exec", "help"] as const,
    "show",
  );
  if (verb !== "exec") return { kind: "inert" };
  if (it.done) it.refuse("No VRF name specified");
  const vrf = it.next().text;
  if (it.done) it.refuse("No command specified");
  return { kind: "vrf-exec", vrf, words: it.rest() };
}
