import { formatIp } from "../../../model/prefix.ts";
import { showContainer, showNetwork } from "../../docker/testing.ts";
import type { DockerCommand } from "./command.ts";

/** One `docker` command in plain words. */
export function showDocker(it: DockerCommand): string {
  switch (it.kind) {
    case "network-create":
      return `create ${showNetwork(it.asked)}`;
    case "network-connect": {
      const { network, ip, aliases, gatewayPriority } = it.attachment;
      return [
        `connect ${it.container.text} to ${network}`,
        ip === null ? "" : formatIp(ip),
        aliases.length > 0 ? `as ${aliases.join(" ")}` : "",
        gatewayPriority === 0 ? "" : `gateway priority ${gatewayPriority}`,
      ]
        .filter(Boolean)
        .join(" ");
    }
    case "network-disconnect":
      return `disconnect ${it.container.text} from ${it.network}`;
    case "container-create":
      return `${it.starts ? "run" : "create"} ${it.isUnnamed ? "unnamed " : ""}${showContainer(it.asked)}`;
    case "network-remove":
    case "container-start":
    case "container-stop":
    case "container-restart":
    case "container-remove": {
      const force = "force" in it && it.force ? "force " : "";
      return `${force}${it.kind} ${it.names.map(({ text }) => text).join(" ")}`;
    }
    case "exec":
      return `in ${it.container.text}: ${it.words.map(({ text }) => text).join(" ")}`;
    case "compose":
      return `compose ${it.verb}${it.file ? ` ${it.file.text}` : ""}`;
    case "inert":
      return "shows";
    case "unsimulated":
      return `not simulated: ${it.what}`;
    case "refused":
      return `refused: ${it.said.replaceAll("\n", " ")}`;
  }
}
