import { Refused, type Arguments } from "../arguments.ts";
import type { IpCommand } from "./command.ts";
import { begins, garbage, ifname, verbOf } from "./words.ts";

/** `ip tuntap …`: a device that nothing holds open, so it has no carrier. */
export function readTuntap(it: Arguments): IpCommand {
  const verb = verbOf(
    it,
    "tuntap",
    ["add", "delete", "show", "list", "lst", "help"] as const,
    "show",
  );
  if (verb !== "add" && verb !== "delete") return { kind: "inert" };
  let name: string | null = null;
  let mode: "tun" | "tap" | null = null;
  while (!it.done) {
    const word = it.next();
    if (word.text === "mode") {
      const value = it.next();
      if (begins(value, "tun")) mode = "tun";
      else if (begins(value, "tap")) mode = "tap";
      else throw new Refused(`Unknown tunnel mode "${value.text}"`, value);
    } else if (["user", "group"].includes(word.text)) it.next();
    else if (["pi", "one_queue", "vnet_hdr", "multi_queue"].includes(word.text)) continue;
    else {
      const value = word.text === "dev" || word.text === "name" ? it.next() : word;
      if (name !== null) garbage("name", value);
      name = ifname(value, "name");
    }
  }
  if (mode === null) return it.refuse("You failed to specify a tunnel mode");
  if (verb === "delete")
    return name === null ? { kind: "inert" } : { kind: "link-delete", dev: name };
  return {
    kind: "link-add",
    name,
    parent: null,
    namespace: null,
    type: { kind: mode },
    changes: [],
  };
}
