import {
  formatPrefix,
  networkOf,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
  type Ip,
  type Prefix,
} from "../../../model/prefix.ts";
import type { Span } from "../../../source/span.ts";
import type {
  AttachmentAsked,
  ContainerAsked,
  NetworkAsked,
  PlaceAsked,
  PortAsked,
} from "../../docker/asked.ts";
import { parseExposed, parsePort } from "../../docker/ports.ts";
import { changingProgram } from "../../docker/program.ts";
import { isIpv6, macOf, reading, Refused, Unsimulated } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import type { DockerCommand } from "./command.ts";
import { readFlags, type FlagsRead, type FlagTable } from "./flags.ts";

/** Read a `docker` command (28), or `docker-compose`. `span` is the whole command's. */
export function parseDocker(words: readonly ShellWord[], span: Span): DockerCommand {
  return reading((): DockerCommand => {
    if (words[0]!.text.endsWith("docker-compose")) return compose(words.slice(1));
    const { rest } = readFlags(words.slice(1), GLOBAL, true);
    return command(rest, words[0]!, span);
  });
}

const GLOBAL: FlagTable = {
  values: "config context host log-level tlscacert tlscert tlskey",
  switches: "debug tls tlsverify version help",
  short: { c: "context", H: "host", l: "log-level", D: "debug", v: "version" },
};

const INERT = new Set(
  (
    "ps images image pull push build buildx builder inspect logs top stats version info events history search login logout " +
    "tag save load import export diff port attach wait rename cp commit context system volume trust manifest plugin " +
    "scout help checkpoint update rmi"
  ).split(" "),
);

function command(words: readonly ShellWord[], program: ShellWord, span: Span): DockerCommand {
  const [first, ...rest] = words;
  if (!first) return { kind: "inert" };
  switch (first.text) {
    case "container":
      return rest[0] ? inContainer(rest[0], rest.slice(1), span) : { kind: "inert" };
    case "network":
      return rest[0] ? inNetwork(rest[0], rest.slice(1), span) : { kind: "inert" };
    case "compose":
      return compose(rest);
    case "swarm":
    case "service":
    case "stack":
    case "node":
    case "config":
    case "secret":
      return { kind: "unsimulated", what: `docker ${first.text}`, dev: null };
  }
  if (first.text !== "ls" && first.text !== "list" && first.text !== "prune") {
    const known = containerCommand(first, rest, span);
    if (known) return known;
  }
  if (INERT.has(first.text)) return { kind: "inert" };
  throw new Refused(
    `docker: unknown command: docker ${first.text}\n\nRun 'docker --help' for more information`,
    first,
  );
}

function inContainer(verb: ShellWord, rest: readonly ShellWord[], span: Span): DockerCommand {
  const known = containerCommand(verb, rest, span);
  if (known) return known;
  if (
    /^(ls|list|ps|inspect|logs|top|stats|port|diff|wait|attach|cp|commit|export|rename|update)$/.test(
      verb.text,
    )
  )
    return { kind: "inert" };
  if (verb.text === "prune")
    return { kind: "unsimulated", what: "docker container prune", dev: null };
  throw new Refused(
    `docker: unknown command: docker container ${verb.text}\n\nRun 'docker container --help' for more information`,
    verb,
  );
}

function containerCommand(
  verb: ShellWord,
  rest: readonly ShellWord[],
  span: Span,
): DockerCommand | null {
  switch (verb.text) {
    case "run":
      return container(verb, rest, span, true);
    case "create":
      return container(verb, rest, span, false);
    case "exec":
      return exec(verb, rest);
    case "start":
      return named("container-start", verb, rest, {
        values: "detach-keys checkpoint checkpoint-dir",
        switches: "attach interactive",
        short: { a: "attach", i: "interactive" },
      });
    case "stop":
    case "kill":
      return named("container-stop", verb, rest, {
        values: "time timeout signal",
        switches: "",
        short: { t: "time", s: "signal" },
      });
    case "restart":
      return named("container-restart", verb, rest, {
        values: "time timeout signal",
        switches: "",
        short: { t: "time", s: "signal" },
      });
    case "rm":
    case "remove":
      return named("container-remove", verb, rest, {
        values: "",
        switches: "force volumes link",
        short: { f: "force", v: "volumes", l: "link" },
      });
    case "pause":
    case "unpause":
      return { kind: "unsimulated", what: `docker ${verb.text}`, dev: null };
  }
  return null;
}

function named(
  kind: "container-start" | "container-stop" | "container-restart" | "container-remove",
  verb: ShellWord,
  words: readonly ShellWord[],
  table: FlagTable,
): DockerCommand {
  const { flags, rest } = readFlags(words, table, false);
  if (rest.length === 0)
    throw new Refused(`docker: 'docker ${verb.text}' requires at least 1 argument`, verb);
  return { kind, names: rest, force: flags.some(({ name }) => name === "force") };
}

const EXEC: FlagTable = {
  values: "detach-keys env env-file user workdir",
  switches: "detach interactive privileged tty",
  short: { d: "detach", e: "env", i: "interactive", t: "tty", u: "user", w: "workdir" },
};

function exec(verb: ShellWord, words: readonly ShellWord[]): DockerCommand {
  const { flags, rest } = readFlags(words, EXEC, true);
  const [target, ...inner] = rest;
  if (!target || inner.length === 0)
    throw new Refused("docker: 'docker exec' requires at least 2 arguments", target ?? verb);
  return {
    kind: "exec",
    container: target,
    words: inner,
    privileged: flags.some(({ name, value }) => name === "privileged" && value.text !== "false"),
  };
}

// ---- containers

const RUN: FlagTable = {
  values:
    "name network net ip mac-address publish expose cap-add sysctl network-alias net-alias add-host hostname " +
    "restart env env-file volume label label-file user workdir entrypoint memory cpus cpu-shares cpuset-cpus cpu-period " +
    "cpu-quota ulimit tmpfs mount device log-driver log-opt platform pull runtime shm-size stop-signal stop-timeout " +
    "security-opt pids-limit pid ipc uts userns health-cmd health-interval health-retries health-timeout " +
    "health-start-period group-add cidfile attach annotation detach-keys domainname gpus isolation memory-reservation " +
    "memory-swap memory-swappiness oom-score-adj storage-opt volume-driver volumes-from cgroup-parent cgroupns cap-drop " +
    "blkio-weight dns-option dns-opt ip6 link-local-ip device-cgroup-rule kernel-memory",
  switches:
    "detach interactive tty rm privileged publish-all init read-only no-healthcheck oom-kill-disable quiet sig-proxy " +
    "disable-content-trust use-api-socket help",
  unsimulated: "link dns dns-search",
  short: {
    d: "detach", i: "interactive", t: "tty", p: "publish", P: "publish-all", e: "env", v: "volume", l: "label",
    u: "user", w: "workdir", h: "hostname", m: "memory", a: "attach", c: "cpu-shares", q: "quiet",
  },
}; // prettier-ignore

function container(
  verb: ShellWord,
  words: readonly ShellWord[],
  span: Span,
  starts: boolean,
): DockerCommand {
  const read = readFlags(words, RUN, true);
  const [image, ...program] = read.rest;
  if (!image) throw new Refused(`docker: 'docker ${verb.text}' requires at least 1 argument`, verb);
  const said = flagReader(read);
  const name = said.last("name");
  if (name && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name.text))
    throw new Refused(
      `docker: Error response from daemon: Invalid container name (${name.text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      name,
    );
  const ports = said.all("publish").flatMap((word) => portOf(word) ?? []);
  const asked: ContainerAsked = {
    name: name?.text ?? (image.text.split("/").at(-1)!.split(/[:@]/)[0] || "container"),
    alsoCalled: [],
    place: placeOf(said, span),
    ports,
    publishesAll: said.holds("publish-all"),
    expose: [
      ...said.all("expose").map((word) => {
        const exposed = parseExposed(word.text);
        if (typeof exposed === "string") throw new Refused(`docker: ${exposed}`, word);
        return exposed;
      }),
      ...ports.map(({ proto, first, last }) => ({ proto, first, last })),
    ],
    capabilities: new Set(
      said.all("cap-add").map(({ text }) => text.replace(/^CAP_/i, "").toUpperCase()),
    ),
    privileged: said.holds("privileged"),
    sysctls: said.all("sysctl").map((word) => {
      const [key = "", ...value] = word.text.split("=");
      return { key, value: value.join("="), because: word.span };
    }),
    program: changingProgram([...said.all("entrypoint"), ...program]),
    hosts: said.all("add-host").flatMap(({ text }) => {
      const [, host = "", address = ""] = /^([^:=]+)[:=](.*)$/.exec(text) ?? [];
      const ip = parseIp(address);
      return ip === null ? [] : [{ name: host, ip }];
    }),
    because: span,
  };
  return { kind: "container-create", asked, starts, isUnnamed: !name };
}

function portOf(word: ShellWord): PortAsked | null {
  const read = parsePort(word.text, word.span);
  if (typeof read === "string") throw new Refused(`docker: ${read}`, word);
  return read;
}

type Said = ReturnType<typeof flagReader>;

function flagReader({ flags }: FlagsRead) {
  const all = (...names: string[]) =>
    flags.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  return {
    all,
    last: (...names: string[]) => all(...names).at(-1),
    holds: (name: string) => ["true", "1"].includes(all(name).at(-1)?.text ?? ""),
  };
}

function placeOf(said: Said, span: Span): PlaceAsked {
  const networks = said.all("network", "net");
  const first = networks[0];
  const mode = first?.text ?? "bridge";
  const other = /^container:(.+)$/.exec(mode)?.[1];
  if (networks.length < 2) {
    if (mode === "host" || mode === "none") return { kind: mode };
    if (other !== undefined) return { kind: "container", name: other };
  }
  const ip = said.last("ip");
  const mac = said.last("mac-address");
  const aliases = said.all("network-alias", "net-alias").map(({ text }) => text);
  const all = first ? networks : [{ text: "bridge", span }];
  return {
    kind: "networks",
    networks: all.map((word, at): AttachmentAsked => ({
      ...attachmentOf(word),
      ...(at === 0 && ip && { ip: addressOf(ip, "docker: invalid IPv4 address: ") }),
      ...(at === 0 && mac && { mac: macAddress(mac) }),
      ...(at === 0 && aliases.length > 0 && { aliases }),
      // In their order, whatever they are called.
      priority: all.length - at,
    })),
  };
}

// `name=net,ip=10.0.0.2,alias=a,gw-priority=1`, or just the network's name.
function attachmentOf(word: ShellWord): AttachmentAsked {
  const plain: AttachmentAsked = {
    network: word.text === "default" ? "bridge" : word.text,
    ip: null,
    mac: null,
    aliases: [],
    priority: 0,
    gatewayPriority: 0,
    because: word.span,
  };
  if (!word.text.includes("=")) return plain;
  const aliases: string[] = [];
  let made = { ...plain, network: "" };
  for (const part of word.text.split(",")) {
    const [key = "", value = ""] = part.split("=");
    const place = { ...word, text: value };
    if (key === "name") made = { ...made, network: value };
    else if (key === "alias") aliases.push(value);
    else if (key === "ip")
      made = { ...made, ip: addressOf(place, "docker: invalid IPv4 address: ") };
    else if (key === "mac-address") made = { ...made, mac: macAddress(place) };
    else if (key === "gw-priority" && /^-?\d{1,9}$/.test(value))
      made = { ...made, gatewayPriority: Number(value) };
    else if (key === "driver-opt") throw new Unsimulated("--network driver-opt");
    else if (key !== "ip6" && key !== "link-local-ip")
      throw new Refused(`docker: invalid field key ${key}`, word);
  }
  return { ...made, aliases };
}

function addressOf(word: ShellWord, said: string): Ip {
  const ip = parseIp(word.text);
  if (ip === null) throw new Refused(`${said}${word.text}`, word);
  return ip;
}

function macAddress(word: ShellWord): string {
  const mac = macOf(word.text);
  if (mac === null) throw new Refused(`docker: ${word.text} is not a valid mac address`, word);
  return mac;
}

// ---- networks

const CREATE: FlagTable = {
  values:
    "driver subnet gateway ip-range aux-address opt label ipam-driver ipam-opt scope config-from",
  switches: "internal attachable ipv6 ipv4 config-only",
  unsimulated: "",
  short: { d: "driver", o: "opt" },
};
const CONNECT: FlagTable = {
  values: "ip ip6 alias link link-local-ip driver-opt gw-priority",
  switches: "",
  short: {},
};

function inNetwork(verb: ShellWord, words: readonly ShellWord[], span: Span): DockerCommand {
  switch (verb.text) {
    case "create":
      return createNetwork(verb, words, span);
    case "connect":
      return connect(verb, words, span);
    case "disconnect": {
      const { rest } = readFlags(
        words,
        { values: "", switches: "force", short: { f: "force" } },
        false,
      );
      const [network, target] = rest;
      if (!network || !target || rest.length > 2)
        throw new Refused("docker: 'docker network disconnect' requires 2 arguments", verb);
      return { kind: "network-disconnect", container: target, network: network.text };
    }
    case "rm":
    case "remove": {
      const { rest } = readFlags(
        words,
        { values: "", switches: "force", short: { f: "force" } },
        false,
      );
      if (rest.length === 0)
        throw new Refused("docker: 'docker network rm' requires at least 1 argument", verb);
      return { kind: "network-remove", names: rest };
    }
    case "prune":
      return { kind: "unsimulated", what: "docker network prune", dev: null };
    case "ls":
    case "list":
    case "inspect":
      return { kind: "inert" };
  }
  throw new Refused(
    `docker: unknown command: docker network ${verb.text}\n\nRun 'docker network --help' for more information`,
    verb,
  );
}

function createNetwork(verb: ShellWord, words: readonly ShellWord[], span: Span): DockerCommand {
  const read = readFlags(words, CREATE, false);
  const [name, more] = read.rest;
  if (!name || more)
    throw new Refused("docker: 'docker network create' requires 1 argument", more ?? verb);
  const said = flagReader(read);
  for (const flag of ["ipam-driver", "config-from", "config-only", "ipv4"])
    if (said.last(flag)) throw new Unsimulated(`docker network create --${flag}`);
  const subnets = said.all("subnet").filter(({ text }) => !isIpv6(text));
  const [gateways, ranges] = [said.all("gateway"), said.all("ip-range")].map((all) =>
    all.filter(({ text }) => !isIpv6(text)),
  );
  const reserved = said.all("aux-address").flatMap((word) => {
    const text = word.text.split("=").at(-1)!;
    return isIpv6(text) ? [] : [addressOf({ ...word, text }, "invalid auxiliary address ")];
  });
  const count = Math.max(
    subnets.length,
    gateways!.length > 0 || ranges!.length > 0 || reserved.length > 0 ? 1 : 0,
  );
  const asked: NetworkAsked = {
    name: name.text,
    driver: said.last("driver")?.text ?? "bridge",
    internal: said.holds("internal"),
    attachable: said.holds("attachable"),
    subnets: Array.from({ length: count }, (_, at) => ({
      subnet: prefixOf(subnets[at], "invalid subnet "),
      range: prefixOf(ranges![at], "invalid ip-range "),
      gateway: gateways![at] ? addressOf(gateways![at]!, "invalid gateway address: ") : null,
      reserved: at === 0 ? reserved : [],
      because: (subnets[at] ?? name).span,
    })),
    options: said.all("opt").map((word) => {
      const [key = "", ...value] = word.text.split("=");
      return { key, value: value.join("="), because: word.span };
    }),
    because: span,
  };
  return { kind: "network-create", asked };
}

function prefixOf(word: ShellWord | undefined, said: string): Prefix | null {
  if (!word) return null;
  const prefix = parsePrefix(word.text);
  if (prefix) return prefix;
  const meant = parseInterfaceAddress(word.text);
  const should = meant ? `: it should be ${formatPrefix(networkOf(meant.ip, meant.length))}` : "";
  throw new Refused(
    `Error response from daemon: invalid network config: ${said}${word.text}${should}`,
    word,
  );
}

function connect(verb: ShellWord, words: readonly ShellWord[], span: Span): DockerCommand {
  const read = readFlags(words, CONNECT, false);
  const [network, target] = read.rest;
  if (!network || !target || read.rest.length > 2)
    throw new Refused("docker: 'docker network connect' requires 2 arguments", verb);
  const said = flagReader(read);
  for (const flag of ["link", "driver-opt"])
    if (said.last(flag)) throw new Unsimulated(`docker network connect --${flag}`);
  const ip = said.last("ip");
  const priority = said.last("gw-priority")?.text ?? "0";
  return {
    kind: "network-connect",
    container: target,
    attachment: {
      network: network.text,
      ip: ip ? addressOf(ip, "invalid IPv4 address: ") : null,
      mac: null,
      aliases: said.all("alias").map(({ text }) => text),
      priority: 0,
      gatewayPriority: /^-?\d{1,9}$/.test(priority) ? Number(priority) : 0,
      because: span,
    },
  };
}

// ---- compose

const COMPOSE: FlagTable = {
  values: "file project-directory project-name profile env-file ansi parallel progress",
  switches: "all-resources compatibility dry-run verbose version",
  short: { f: "file", p: "project-name", v: "version" },
};
const UP: FlagTable = {
  values: "timeout pull scale wait-timeout attach no-attach exit-code-from rmi",
  switches:
    "detach build force-recreate no-recreate no-start no-build no-deps remove-orphans wait quiet-pull volumes yes " +
    "always-recreate-deps renew-anon-volumes abort-on-container-exit menu watch timestamps no-color no-log-prefix quiet-build",
  short: { d: "detach", t: "timeout", v: "volumes", V: "renew-anon-volumes", y: "yes", w: "watch" },
};

function compose(words: readonly ShellWord[]): DockerCommand {
  const before = readFlags(words, COMPOSE, true);
  const said = flagReader(before);
  const [verb, ...rest] = before.rest;
  if (!verb) return { kind: "inert" };
  if (
    !/^(up|down|start|stop|restart|create|rm|kill|run|exec|scale|pause|unpause|watch)$/.test(
      verb.text,
    )
  ) {
    if (
      /^(ps|ls|logs|config|images|pull|push|build|top|events|port|version|cp|attach|stats|volumes|wait|convert|viz|help|bridge|publish|export|commit)$/.test(
        verb.text,
      )
    )
      return { kind: "inert" };
    throw new Refused(`unknown docker command: "compose ${verb.text}"`, verb);
  }
  if (verb.text !== "up" && verb.text !== "down")
    return { kind: "unsimulated", what: `docker compose ${verb.text}`, dev: null };
  for (const flag of ["project-name", "project-directory", "profile", "env-file", "dry-run"])
    if (said.last(flag)) throw new Unsimulated(`docker compose --${flag}`);
  const after = readFlags(rest, UP, false);
  const beyond = after.flags.find(({ name }) => /^(scale|no-start|no-deps)$/.test(name));
  if (beyond) throw new Unsimulated(`docker compose ${verb.text} --${beyond.name}`);
  if (after.rest.length > 0)
    throw new Unsimulated(`docker compose ${verb.text} with names of services`);
  const files = said.all("file");
  if (files.length > 1) throw new Unsimulated("several compose files at once");
  return { kind: "compose", verb: verb.text, file: files[0] ?? null };
}
