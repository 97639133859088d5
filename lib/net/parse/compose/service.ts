import { parseIp } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type {
  AttachmentAsked,
  ContainerAsked,
  Exposed,
  PlaceAsked,
  PortAsked,
} from "../docker/asked.ts";
import { isProto, parseExposed, parsePort, portRange } from "../docker/ports.ts";
import { changingProgram, programWords } from "../docker/program.ts";
import { macOf } from "../shell/arguments.ts";
import type { YamlEntry, YamlNode } from "../yaml.ts";
import type { ComposeService } from "./file.ts";
import { ATTACHMENT_KEYS, PORT_KEYS, SERVICE_KEYS } from "./keys.ts";
import type { NamedNetwork } from "./network.ts";
import { isNothing, type ComposeReader } from "./reader.ts";

export type ServiceRead = ComposeService & { readonly at: Span; readonly profiles: boolean };

type About = {
  readonly project: string;
  readonly name: string;
  readonly at: Span;
  readonly networks: ReadonlyMap<string, NamedNetwork>;
};

/** No file starts more containers of one service than this. */
const MOST_REPLICAS = 100;

/** Read one entry of `services`. */
export function readService(
  reader: ComposeReader,
  about: About,
  node: YamlNode,
): ServiceRead | null {
  const path = `services.${about.name}`;
  if (node.kind !== "map") return reader.refuse(`${path} must be a mapping`, node.at);
  return new ServiceReader(reader, about, path, reader.known(node, path, SERVICE_KEYS)).read();
}

class ServiceReader {
  private readonly reader: ComposeReader;
  private readonly about: About;
  private readonly path: string;
  private readonly entries: readonly YamlEntry[];

  constructor(reader: ComposeReader, about: About, path: string, entries: readonly YamlEntry[]) {
    this.reader = reader;
    this.about = about;
    this.path = path;
    this.entries = entries;
  }

  read(): ServiceRead {
    const { name, at } = this.about;
    if (!this.under("image") && !this.under("build"))
      this.reader.refuse(
        `service "${name}" has neither an image nor a build context specified: invalid compose project`,
        at,
      );
    this.said("image");
    const containers = this.containers();
    return { name, at, containers, dependsOn: this.dependsOn(), profiles: this.hasProfiles() };
  }

  private under(key: string): YamlNode | undefined {
    const value = this.entries.find((entry) => entry.key === key)?.value;
    return value && !isNothing(value) ? value : undefined;
  }

  private said(key: string): string | null {
    const node = this.under(key);
    return node ? this.reader.text(node, `${this.path}.${key}`) : null;
  }

  private hasProfiles(): boolean {
    const node = this.under("profiles");
    if (!node || this.reader.texts(node, `${this.path}.profiles`).length === 0) return false;
    this.reader.note(
      `${this.about.name} has profiles, so "docker compose up" does not start it unless one of them is asked for.`,
      node.at,
    );
    return true;
  }

  // The entrypoint, then the command: a text is cut into words, a list is words already.
  private program(): ContainerAsked["program"] {
    const words = ["entrypoint", "command"].flatMap((key) => {
      const node = this.under(key);
      if (!node) return [];
      const said = this.reader
        .texts(node, `${this.path}.${key}`)
        .map(({ text, at }) => ({ text, span: at }));
      return node.kind === "scalar" ? said.flatMap(programWords) : said;
    });
    return changingProgram(words);
  }

  private containers(): ContainerAsked[] {
    const { name, project, at } = this.about;
    const count = this.replicas();
    const own = this.said("container_name");
    if (own !== null && count > 1)
      this.reader.refuse(
        `services.${name}: can't set container_name and ${name} as container name must be unique: invalid compose project`,
        at,
      );
    const place = this.place(own);
    const ports = this.ports();
    const common = {
      ports,
      publishesAll: false,
      expose: [
        ...this.exposed(),
        ...ports.map(({ proto, first, last }) => ({ proto, first, last })),
      ],
      capabilities: new Set(
        this.texts("cap_add").map(({ text }) => text.replace(/^CAP_/i, "").toUpperCase()),
      ),
      privileged: this.holds("privileged"),
      sysctls: this.pairs("sysctls").map(({ key, value, at: because }) => ({
        key,
        value,
        because,
      })),
      program: this.program(),
      hosts: this.hosts(),
      because: at,
    };
    return Array.from({ length: count }, (_, index): ContainerAsked => ({
      ...common,
      name: count > 1 ? `${name}.${index + 1}` : name,
      alsoCalled: own === null ? [`${project}-${name}-${index + 1}`] : [own],
      place,
    }));
  }

  private replicas(): number {
    const scale = this.under("scale");
    const deploy = this.under("deploy");
    const replicas =
      deploy?.kind === "map"
        ? deploy.entries.find(({ key }) => key === "replicas")?.value
        : undefined;
    const asked = replicas
      ? this.reader.integer(replicas, `${this.path}.deploy.replicas`)
      : scale
        ? this.reader.integer(scale, `${this.path}.scale`)
        : 1;
    if (asked !== null && asked <= MOST_REPLICAS && asked >= 0) return asked;
    if (asked !== null)
      this.reader.leaveOpen(`${asked} containers of one service`, (replicas ?? scale)!.at);
    return asked !== null && asked < 0 ? 0 : 1;
  }

  private place(own: string | null): PlaceAsked {
    const mode = this.said("network_mode");
    const networks = this.under("networks");
    const { name } = this.about;
    if (mode !== null && networks) {
      this.reader.refuse(
        `service ${name} declares mutually exclusive \`network_mode\` and \`networks\`: invalid compose project`,
        this.under("network_mode")!.at,
      );
      return { kind: "none" };
    }
    if (mode !== null) return this.placeByMode(mode);
    const all = this.attachments(networks, own);
    if (this.under("mac_address") && all[0])
      all[0] = { ...all[0], mac: this.mac(this.under("mac_address")!) };
    return { kind: "networks", networks: all };
  }

  private placeByMode(mode: string): PlaceAsked {
    const { at } = this.under("network_mode")!;
    if (mode === "host" || mode === "none") return { kind: mode };
    const [, kind, other] = /^(service|container):(.+)$/.exec(mode) ?? [];
    if (kind) return { kind: "container", name: other! };
    const network = mode === "bridge" || mode === "default" ? "bridge" : mode;
    return { kind: "networks", networks: [{ ...ALONE, network, because: at }] };
  }

  private attachments(node: YamlNode | undefined, own: string | null): AttachmentAsked[] {
    const { name, at } = this.about;
    const aliases = [name, ...(own === null ? [] : [own]), ...this.linkNames()];
    if (!node)
      return [{ ...ALONE, network: this.networkNamed("default", at), aliases, because: at }];
    if (node.kind === "list")
      return this.reader.texts(node, `${this.path}.networks`).map(({ text, at: because }) => ({
        ...ALONE,
        network: this.networkNamed(text, because),
        aliases,
        because,
      }));
    return this.reader.map(node, `${this.path}.networks`).map(({ key, at: because, value }) => {
      const network = this.networkNamed(key, because);
      return { ...ALONE, network, because, ...this.attachment(key, value, aliases) };
    });
  }

  private attachment(
    key: string,
    value: YamlNode,
    aliases: readonly string[],
  ): Partial<AttachmentAsked> {
    if (isNothing(value)) return { aliases };
    const path = `${this.path}.networks.${key}`;
    const entries = this.reader.known(value, path, ATTACHMENT_KEYS);
    const under = (name: string) => entries.find((entry) => entry.key === name)?.value;
    const number = (name: string) => {
      const node = under(name);
      return (node && this.reader.integer(node, `${path}.${name}`)) ?? 0;
    };
    const [ip, mac, more] = [under("ipv4_address"), under("mac_address"), under("aliases")];
    return {
      ip: ip ? this.reader.ip(ip, `${path}.ipv4_address`) : null,
      mac: mac ? this.mac(mac) : null,
      aliases: [
        ...aliases,
        ...(more ? this.reader.texts(more, `${path}.aliases`).map(({ text }) => text) : []),
      ],
      priority: number("priority"),
      gatewayPriority: number("gw_priority"),
    };
  }

  private networkNamed(key: string, at: Span): string {
    const known = this.about.networks.get(key);
    if (!known)
      this.reader.refuse(
        `service "${this.about.name}" refers to undefined network ${key}: invalid compose project`,
        at,
      );
    return known?.name ?? key;
  }

  private mac(node: YamlNode): string | null {
    const text = this.reader.text(node, `${this.path}.mac_address`);
    return text === null
      ? null
      : (macOf(text) ?? this.reader.refuse(`invalid MAC address: ${text}`, node.at));
  }

  // `links: [db:database]` gives the other one a name here; it is known by its own as well.
  private linkNames(): string[] {
    const node = this.under("links");
    if (
      node &&
      this.reader.texts(node, `${this.path}.links`).some(({ text }) => text.includes(":"))
    )
      this.reader.leaveOpen("links with another name", node.at);
    return [];
  }

  private dependsOn(): string[] {
    const node = this.under("depends_on");
    const mode = /^service:(.+)$/.exec(this.said("network_mode") ?? "")?.[1];
    const named = !node
      ? []
      : node.kind === "map"
        ? node.entries.map(({ key }) => key)
        : this.reader.texts(node, `${this.path}.depends_on`).map(({ text }) => text);
    const links = this.texts("links").map(({ text }) => text.split(":")[0]!);
    return [...new Set([...named, ...links, ...(mode === undefined ? [] : [mode])])];
  }

  private ports(): PortAsked[] {
    const node = this.under("ports");
    if (!node) return [];
    return this.reader.list(node, `${this.path}.ports`).flatMap((item, at) => {
      const path = `${this.path}.ports.${at}`;
      return (item.kind === "map" ? this.longPort(item, path) : this.shortPort(item, path)) ?? [];
    });
  }

  private shortPort(node: YamlNode, path: string): PortAsked | null {
    const text = this.reader.text(node, path);
    if (text === null) return null;
    const read = parsePort(text, node.at);
    return typeof read === "string" ? this.reader.refuse(read, node.at) : read;
  }

  private longPort(node: YamlNode, path: string): PortAsked | null {
    const entries = this.reader.known(node, path, PORT_KEYS);
    const text = (key: string) => {
      const value = entries.find((entry) => entry.key === key)?.value;
      return value ? (this.reader.text(value, `${path}.${key}`) ?? "") : "";
    };
    const target = portRange(text("target"));
    if (!target) return this.reader.refuse(`invalid containerPort: ${text("target")}`, node.at);
    const published = text("published") === "" ? null : portRange(text("published"));
    if (text("published") !== "" && !published)
      return this.reader.refuse(`invalid hostPort: ${text("published")}`, node.at);
    const proto = text("protocol") || "tcp";
    if (!isProto(proto)) return this.reader.refuse(`invalid proto: ${proto}`, node.at);
    const host = text("host_ip") === "" ? null : parseIp(text("host_ip"));
    if (text("host_ip").includes(":")) return null;
    if (text("host_ip") !== "" && host === null)
      return this.reader.refuse(`invalid IP address: ${text("host_ip")}`, node.at);
    return { host, published, proto, ...target, because: node.at };
  }

  private exposed(): Exposed[] {
    return this.texts("expose").flatMap(({ text, at }) => {
      const read = parseExposed(text);
      return typeof read === "string" ? (this.reader.refuse(read, at) ?? []) : [read];
    });
  }

  private hosts(): ContainerAsked["hosts"] {
    const node = this.under("extra_hosts");
    if (!node) return [];
    const named =
      node.kind === "map"
        ? this.reader.pairs(node, `${this.path}.extra_hosts`)
        : this.texts("extra_hosts").map(({ text, at }) => {
            const [, key = "", value = ""] = /^([^=:]+)[=:](.*)$/.exec(text) ?? [];
            return { key, value, at };
          });
    return named.flatMap(({ key, value }) => {
      const ip = parseIp(value);
      return ip === null ? [] : [{ name: key, ip }];
    });
  }

  private texts(key: string): { text: string; at: Span }[] {
    const node = this.under(key);
    return node ? this.reader.texts(node, `${this.path}.${key}`) : [];
  }

  private pairs(key: string): { key: string; value: string; at: Span }[] {
    const node = this.under(key);
    return node ? this.reader.pairs(node, `${this.path}.${key}`) : [];
  }

  private holds(key: string): boolean {
    const node = this.under(key);
    return node !== undefined && this.reader.boolean(node, `${this.path}.${key}`);
  }
}

const ALONE = { ip: null, mac: null, aliases: [], priority: 0, gatewayPriority: 0 } as const;
