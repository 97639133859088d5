import type { DockerCommand } from "../../parse/shell/docker/command.ts";
import type { ShellWord } from "../../parse/shell/placed.ts";
import type { SimpleCommand } from "../../parse/shell/run.ts";
import { diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "../shell/build.ts";
import { composeDown, composeUp } from "./compose.ts";
import type { Container, Docker } from "./docker.ts";
import { inside } from "./inside.ts";

export const NO_DOCKER =
  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
export const NO_DOCKER_HINT = "Docker runs where the lab says so (runs: [docker])";

const DAEMON = "Error response from daemon: ";

/** Carry out one `docker` command. */
export function runDocker(
  session: Session,
  where: Where,
  command: SimpleCommand,
  it: DockerCommand,
): boolean {
  const { span } = command;
  if (it.kind === "refused") return session.refuse(it.said, it.at.span);
  if (it.kind === "inert") return true;
  const { docker } = session;
  if (!docker) return session.refuse(NO_DOCKER, span, NO_DOCKER_HINT);
  if (it.kind === "unsimulated") {
    if (it.what === "docker swarm") docker.inSwarm = true;
    return session.unsimulated(it.what, span, where);
  }
  return new DockerRun(session, docker, command).carryOut(it);
}

type Carried = Exclude<DockerCommand, { kind: "refused" | "inert" | "unsimulated" }>;

class DockerRun {
  private readonly session: Session;
  private readonly docker: Docker;
  private readonly command: SimpleCommand;
  private readonly span: Span;

  constructor(session: Session, docker: Docker, command: SimpleCommand) {
    this.session = session;
    this.docker = docker;
    this.command = command;
    this.span = command.span;
  }

  carryOut(it: Carried): boolean {
    const { docker, span } = this;
    switch (it.kind) {
      case "network-create":
        return this.settle(docker.addNetwork(it.asked));
      case "network-remove":
        return it.names
          .map((name) => this.settle(docker.removeNetwork(name.text, span), name.span))
          .every(Boolean);
      case "network-connect":
        return this.on(it.container, (one) => docker.connect(one, it.attachment));
      case "network-disconnect":
        return this.on(it.container, (one) => docker.disconnect(one, it.network, span));
      case "container-create":
        return this.create(it);
      case "container-start":
        return this.each(it.names, (one) => docker.start(one, span));
      case "container-stop":
        return this.each(it.names, (one) => {
          docker.stop(one, span);
          return null;
        });
      case "container-restart":
        return this.each(it.names, (one) => {
          docker.stop(one, span);
          return docker.start(one, span);
        });
      case "container-remove":
        return this.each(it.names, (one) => {
          if (one.running && !it.force)
            return `cannot remove container "${one.asked.name}": container is running: stop the container before removing or force remove`;
          docker.remove(one, span);
          return null;
        });
      case "exec":
        return this.exec(it);
      case "compose":
        return this.compose(it);
    }
  }

  private create({ asked, starts, isUnnamed }: Carried & { kind: "container-create" }): boolean {
    const name = isUnnamed ? this.freeName(asked.name) : asked.name;
    const refusal = this.docker.create({ ...asked, name });
    if (refusal) return this.settle(refusal);
    const said = `Docker makes a name up for what has none; here this container is called ${name}.`;
    if (isUnnamed) this.session.note(diagnostic("shell-note", this.span, { said }));
    return !starts || this.settle(this.docker.start(this.docker.find(name)!, this.span));
  }

  private freeName(name: string): string {
    if (!this.docker.find(name)) return name;
    for (let at = 2; ; at++) if (!this.docker.find(`${name}.${at}`)) return `${name}.${at}`;
  }

  private exec({ container, words, privileged }: Carried & { kind: "exec" }): boolean {
    const { session } = this;
    const one = this.docker.find(container.text);
    if (!one) return this.settle(`No such container: ${container.text}`, container.span);
    const { asked, running } = one;
    if (!running) return this.settle(`container ${asked.name} is not running`);
    const all = privileged || asked.privileged;
    return this.command.exec(words, inside(session, asked, running.namespace, all));
  }

  private compose({ verb, file: name }: Carried & { kind: "compose" }): boolean {
    const { session, docker, span } = this;
    const file = session.composeFile(name?.text ?? null);
    if (!file)
      return session.refuse(
        name
          ? `open ${name.text}: no such file or directory`
          : "no configuration file provided: not found",
        name?.span ?? span,
      );
    if (verb === "down") {
      composeDown(docker, file, span);
      return true;
    }
    return composeUp(session, docker, file);
  }

  private each(names: readonly ShellWord[], act: (one: Container) => string | null): boolean {
    return names.map((name) => this.on(name, act)).every(Boolean);
  }

  private on(name: ShellWord, act: (one: Container) => string | null): boolean {
    const container = this.docker.find(name.text);
    if (!container) return this.settle(`No such container: ${name.text}`, name.span);
    return this.settle(act(container));
  }

  private settle(refusal: string | null, at = this.span): boolean {
    return refusal === null || this.session.refuse(`${DAEMON}${refusal}`, at, "");
  }
}
