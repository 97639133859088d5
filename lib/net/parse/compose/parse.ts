import { diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { notText } from "../../source/text.ts";
import type { NetworkAsked } from "../docker/asked.ts";
import { parseYaml, type YamlNode } from "../yaml.ts";
import type { ComposeFile } from "./file.ts";
import { FILE_KEYS } from "./keys.ts";
import { networkOf, type NamedNetwork } from "./network.ts";
import { ComposeReader, isNothing } from "./reader.ts";
import { readService, type ServiceRead } from "./service.ts";

/** More of a file is not read. In UTF-16 units. */
const MAX_COMPOSE = 400_000;

const NAMES = /^(docker-compose|compose)\.ya?ml$/;

/** Whether compose takes a file of this path for its own, by name. */
export function isComposeFile(path: string): boolean {
  return NAMES.test(path.split("/").at(-1)!);
}

/**
 * Read a compose file as Docker Compose 2 does. Never fails; one error, and nothing of the file is started. The project
 * is called like the folder that the file is in.
 */
export function parseCompose(file: string, text: string): ComposeFile {
  const reader = new ComposeReader();
  const project = projectOf(file.split("/").at(-2) ?? "");
  const empty = {
    file,
    project,
    networks: [],
    external: [],
    services: [],
    unsimulated: [],
    refused: true,
  };
  if (text.length > MAX_COMPOSE) {
    const at = { file, from: MAX_COMPOSE, to: text.length };
    const unsimulated = [{ what: "a compose file this long", because: at }];
    return {
      ...empty,
      unsimulated,
      diagnostics: [diagnostic("file-too-long", at, { limit: MAX_COMPOSE })],
    };
  }
  const strange = notText(text);
  if (strange !== -1) {
    const at = { file, from: strange, to: strange + 1 };
    reader.refuse("yaml: control characters are not allowed", at);
    return { ...empty, diagnostics: reader.diagnostics };
  }
  const { root, problems } = parseYaml(file, text);
  for (const { said, at } of problems) reader.refuse(said, at);
  if (!root || isNothing(root)) {
    if (problems.length === 0)
      reader.refuse("empty compose file", { file, from: 0, to: text.length });
    return { ...empty, diagnostics: reader.diagnostics };
  }
  const read = new FileRead(reader, project).read(root);
  const { diagnostics, unsimulated } = reader;
  if (reader.failed) return { ...empty, diagnostics };
  return { file, ...read, unsimulated, refused: false, diagnostics };
}

// Compose takes a folder's name in small letters, and leaves out what a name may not have.
function projectOf(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, "")
      .replace(/^[_-]+/, "") || "default"
  );
}

class FileRead {
  private readonly reader: ComposeReader;
  private project: string;

  constructor(reader: ComposeReader, project: string) {
    this.reader = reader;
    this.project = project;
  }

  read(root: YamlNode) {
    const entries = this.reader.known(root, "(root)", FILE_KEYS);
    const under = (key: string) => entries.find((entry) => entry.key === key)?.value;
    const name = under("name");
    if (name) this.rename(name);
    const networks = this.networks(under("networks"), root.at);
    const services = under("services");
    const read = (services ? this.reader.map(services, "services") : []).flatMap(
      ({ key, at, value }) => this.service(key, at, value, networks) ?? [],
    );
    if (services && read.length === 0 && !this.reader.failed)
      this.reader.refuse("no service selected", services.at);
    if (!services) this.reader.refuse("no services in this file", { ...root.at, to: root.at.from });
    const started = inOrder(read, this.reader).filter(({ profiles }) => !profiles);
    this.checkPlaces(read);
    const used = new Set(
      started
        .flatMap(({ containers }) =>
          containers.flatMap(({ place }) => (place.kind === "networks" ? place.networks : [])),
        )
        .map(({ network }) => network),
    );
    const asked = [...networks.values()];
    return {
      project: this.project,
      // Compose makes only those that a service is in.
      networks: asked.flatMap(({ asked: one }) => (one && used.has(one.name) ? [one] : [])),
      external: asked.flatMap(({ name: own, asked: one, because }) =>
        one || !used.has(own) ? [] : [{ name: own, because }],
      ),
      services: started,
    };
  }

  private rename(node: YamlNode): void {
    const text = this.reader.text(node, "name");
    if (text === null || text === "") return;
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(text))
      this.reader.refuse(
        `invalid project name "${text}": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number`,
        node.at,
      );
    else this.project = text;
  }

  // Each by its name in the file; `default` is there without being said.
  private networks(node: YamlNode | undefined, root: Span): Map<string, NamedNetwork> {
    const found = new Map<string, NamedNetwork>();
    for (const { key, at, value } of node ? this.reader.map(node, "networks") : [])
      found.set(key, networkOf(this.reader, this.project, key, at, value));
    if (!found.has("default")) {
      const because = { ...root, to: root.from };
      const asked: NetworkAsked = {
        name: `${this.project}_default`,
        driver: "bridge",
        internal: false,
        attachable: false,
        subnets: [],
        options: [],
        because,
      };
      found.set("default", { name: asked.name, asked, because });
    }
    return found;
  }

  private service(
    name: string,
    at: Span,
    node: YamlNode,
    networks: ReadonlyMap<string, NamedNetwork>,
  ): ServiceRead | null {
    if (!/^[a-zA-Z0-9._-]+$/.test(name))
      return this.reader.refuse(`services additional properties '${name}' not allowed`, at);
    return readService(this.reader, { project: this.project, name, at, networks }, node);
  }

  private checkPlaces(services: readonly ServiceRead[]): void {
    const names = new Set(services.map(({ name }) => name));
    for (const { name, dependsOn, at } of services)
      for (const other of dependsOn)
        if (!names.has(other))
          this.reader.refuse(
            `service "${name}" depends on undefined service "${other}": invalid compose project`,
            at,
          );
  }
}

// Those that others depend on come first, else as they stand in the file.
function inOrder(services: readonly ServiceRead[], reader: ComposeReader): ServiceRead[] {
  const byName = new Map(services.map((one) => [one.name, one]));
  const done = new Set<string>();
  const order: ServiceRead[] = [];
  for (const first of services) {
    const stack: { one: ServiceRead; rest: string[] }[] = [
      { one: first, rest: [...first.dependsOn] },
    ];
    const open = new Set([first.name]);
    if (done.has(first.name)) continue;
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const name = top.rest.shift();
      if (name === undefined) {
        stack.pop();
        open.delete(top.one.name);
        if (!done.has(top.one.name)) order.push(top.one);
        done.add(top.one.name);
        continue;
      }
      const next = byName.get(name);
      if (open.has(name)) {
        const circle = [...open, name].join(" -> ");
        reader.refuse(`dependency cycle detected: ${circle}`, top.one.at);
        return [...services];
      }
      if (!next || done.has(name)) continue;
      open.add(name);
      stack.push({ one: next, rest: [...next.dependsOn] });
    }
  }
  return order;
}
