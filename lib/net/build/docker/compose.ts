import type { ComposeFile } from "../../parse/compose/file.ts";
import type { Span } from "../../source/span.ts";
import type { Session } from "../shell/build.ts";
import type { Docker } from "./docker.ts";

const DAEMON = "Error response from daemon: ";

/**
 * `docker compose up`: make the networks of a file and start its containers. What Docker refuses is said where the file
 * asks for it; whoever depends on what did not start does not start, all others do.
 */
export function composeUp(session: Session, docker: Docker, file: ComposeFile): boolean {
  let succeeded = !file.refused;
  const refuse = (said: string, at: Span) => {
    succeeded = false;
    session.refuse(said, at, hintFor(said));
  };
  for (const { what, because } of file.unsimulated)
    session.taint(what, because, { namespace: session.linux.root, vrf: null });
  for (const { name, because } of file.external)
    if (!docker.hasNetwork(name))
      refuse(`network ${name} declared as external, but could not be found`, because);
  if (!succeeded) return false;
  for (const network of file.networks) {
    if (docker.hasNetwork(network.name)) continue;
    const refusal = docker.addNetwork(network);
    if (refusal)
      refuse(`failed to create network ${network.name}: ${DAEMON}${refusal}`, network.because);
  }
  const failed = new Set<string>();
  for (const { name, containers, dependsOn } of file.services) {
    if (dependsOn.some((other) => failed.has(other))) failed.add(name);
    else
      for (const asked of containers) {
        if (docker.isFull || docker.find(asked.name)) continue;
        const made = docker.create(asked);
        const refusal = made ?? docker.start(docker.find(asked.name)!, asked.because);
        if (refusal === null) continue;
        failed.add(name);
        refuse(`${DAEMON}${refusal}`, asked.because);
      }
  }
  return succeeded;
}

/** `docker compose down`: its containers and its networks are gone. */
export function composeDown(docker: Docker, file: ComposeFile, because: Span): void {
  for (const { containers } of file.services.toReversed())
    for (const { name } of containers.toReversed()) {
      const container = docker.containers.get(name);
      if (container) docker.remove(container, because);
    }
  for (const { name } of file.networks) docker.removeNetwork(name, because);
}

function hintFor(said: string): string {
  if (said.includes("already allocated")) return "Another container publishes the same port";
  if (said.includes("Address already in use"))
    return "Another container, or the gateway, has this address";
  return "";
}
