import type { Listener } from "../../model/device.ts";
import type { LinuxLink, MacvlanMode } from "../../model/linux/link.ts";
import { setMtu } from "../../model/linux/mtu.ts";
import type { Namespace, Refusal } from "../../model/linux/namespace.ts";
import type { LinuxNode } from "../../model/linux/node.ts";
import { MAIN } from "../../model/linux/rules.ts";
import { contains, EVERYWHERE, formatIp, type Ip, type Prefix } from "../../model/prefix.ts";
import type {
  AttachmentAsked,
  ContainerAsked,
  NetworkAsked,
  PortAsked,
} from "../../parse/docker/asked.ts";
import { parseIptables } from "../../parse/shell/iptables/parse.ts";
import { parseSysctl } from "../../parse/shell/sysctl.ts";
import type { Span } from "../../source/span.ts";
import { runIptables } from "../shell/filters.ts";
import type { Session, Where } from "../shell/build.ts";
import { runSysctl } from "../shell/sysctl.ts";
import { runProgram } from "./inside.ts";
import {
  FOUNDATION,
  rulesOfEndpoint,
  rulesOfNetwork,
  rulesOfPort,
  type Publication,
} from "./chains.ts";
import {
  digestOf,
  freeAddress,
  planNetwork,
  strangeOptions,
  type BridgeNetwork,
  type DockerNetwork,
} from "./network.ts";

/** No host here starts more containers than this, or has more ports that are published or listened on. */
const MOST_CONTAINERS = 100;
const MOST_PORTS = 500;
const MOST_LISTENERS = 20_000;

/** A container as Docker keeps it. What it has of the network is there while it runs. */
export type Container = {
  readonly asked: ContainerAsked;
  readonly attachments: AttachmentAsked[];
  running: Running | null;
};

type Running = {
  readonly namespace: Namespace;
  /** Whether the namespace is its own, or another's that it shares. */
  readonly isOwn: boolean;
  readonly endpoints: Map<string, Endpoint>;
  readonly listens: Listener[];
  /** What to give to iptables when it stops, with the rules' own commands. */
  publishing: { readonly network: DockerNetwork; readonly ports: readonly Publication[] } | null;
};

type Endpoint = {
  readonly network: DockerNetwork;
  readonly link: LinuxLink;
  readonly ip: Ip;
  readonly attachment: AttachmentAsked;
};

/**
 * Docker 28 on one Linux system (rules D1 to D20): it makes bridges, pairs of links, routes and rules as an
 * administrator could, and refuses in its own words.
 */
export class Docker {
  readonly containers = new Map<string, Container>();
  private readonly session: Session;
  private readonly linux: LinuxNode;
  private readonly networks = new Map<string, DockerNetwork>();
  private started = 0;
  private listening = 0;
  private published = 0;
  /** There was no room for more, and it was said. */
  isFull = false;
  /** The host was put into a swarm, which is not simulated. */
  inSwarm = false;

  /** Start it: forwarding, the chains, and the network `bridge`. */
  constructor(session: Session, because: Span) {
    this.session = session;
    this.linux = session.linux;
    const { root } = this.linux;
    root.forwards = { on: true, because };
    root.filtersBridged = { on: true, because };
    for (const command of FOUNDATION) this.iptables(command, because);
    const bridge = {
      name: "bridge",
      driver: "bridge",
      internal: false,
      attachable: false,
      subnets: [],
    };
    const options = [{ key: "com.docker.network.bridge.name", value: "docker0", because }];
    this.addNetwork({ ...bridge, options, because });
  }

  // ---- networks

  /** Make a network; what keeps Docker from it, in its words. */
  addNetwork(asked: NetworkAsked): Refusal {
    const { because, name } = asked;
    if (this.networks.has(name) || name === "host" || name === "none")
      return `network with name ${name} already exists`;
    if (asked.driver === "overlay" && this.inSwarm) {
      this.session.unsimulated("an overlay network", because, this.home);
      return `network ${name} is not simulated`;
    }
    const planned = planNetwork(asked, [...this.networks.values()], this.busy());
    if (typeof planned === "string") return planned;
    if (planned.kind === "unsimulated") {
      this.session.unsimulated(planned.what, because, this.home);
      return `network ${name} is not simulated`;
    }
    for (const { key, because: at } of strangeOptions(asked))
      this.session.unsimulated(key, at, this.home);
    const made = { ...planned, because };
    const refusal = made.kind === "bridge" ? this.addBridge(made) : this.findParent(made);
    if (refusal) return refusal;
    this.networks.set(
      name,
      made.kind === "bridge" ? { ...made, resolves: name !== "bridge" } : made,
    );
    return null;
  }

  hasNetwork(name: string): boolean {
    return this.networks.has(name) || name === "host" || name === "none";
  }

  removeNetwork(name: string, because: Span): Refusal {
    const network = this.networks.get(name);
    if (!network) return `network ${name} not found`;
    if (name === "bridge") return `bridge is a pre-defined network and cannot be removed`;
    const user = [...this.containers.values()].find((one) => one.running?.endpoints.has(name));
    if (user)
      return `error while removing network: network ${name} has active endpoints (name:"${user.asked.name}")`;
    this.networks.delete(name);
    if (network.kind !== "bridge") return null;
    for (const rule of rulesOfNetwork(network)) this.takeBack(rule, because);
    const link = this.linux.root.links.get(network.bridge);
    if (link) this.linux.deleteLink(link, because);
    return null;
  }

  private addBridge(network: BridgeNetwork): Refusal {
    const { linux } = this;
    const { bridge, because } = network;
    const kind = { kind: "bridge" as const, vlanAware: false, defaultPvid: 1, fixed: [] };
    const known = linux.root.links.get(bridge);
    if (known && known.kind.kind !== "bridge") return `interface ${bridge} is not a bridge`;
    const refusal = known ? null : linux.addLink(linux.root, bridge, kind, null, because);
    if (refusal) return `failed to create bridge interface ${bridge}: ${refusal}`;
    const link = linux.root.links.get(bridge)!;
    if (network.gateway !== null)
      linux.root.addAddress(link, network.gateway, network.subnet.length, because);
    this.fit(link, network);
    linux.setUp(link, true, because);
    for (const rule of rulesOfNetwork(network)) this.iptables(rule, because);
    return null;
  }

  // `eth0.50` is made when it is not there (macvlan and ipvlan drivers); a parent nobody names is a link to nowhere.
  private findParent(network: Exclude<DockerNetwork, BridgeNetwork>): Refusal {
    const { linux } = this;
    const { parent, because } = network;
    if (linux.root.links.has(parent)) return null;
    const [, below, vlan] = /^(.+)\.(\d{1,4})$/.exec(parent) ?? [];
    if (parent.startsWith("dm-")) {
      linux.addLink(linux.root, parent, { kind: "dummy" }, null, because);
    } else {
      const on = below === undefined ? undefined : linux.root.links.get(below);
      const id = Number(vlan);
      if (!on || id < 1 || id > 4094)
        return `invalid subinterface vlan name ${parent}, example formatting is eth0.10`;
      linux.addLink(linux.root, parent, { kind: "vlan", parent: on, id }, null, because);
    }
    const link = linux.root.links.get(parent);
    if (link) linux.setUp(link, true, because);
    return null;
  }

  // What the host reaches without a gateway is not given to a network that nobody chose a subnet for.
  private busy(): Prefix[] {
    return this.linux.root
      .table(MAIN)
      .all()
      .flatMap(({ to, hops }) => (hops.some((hop) => hop.gateway === null) ? [to] : []));
  }

  // ---- containers

  find(name: string): Container | undefined {
    return (
      this.containers.get(name) ??
      [...this.containers.values()].find(({ asked }) => asked.alsoCalled.includes(name))
    );
  }

  /** Make a container without starting it. */
  create(asked: ContainerAsked): Refusal {
    const taken = [asked.name, ...asked.alsoCalled].find((name) => this.find(name));
    if (taken !== undefined)
      return `Conflict. The container name "/${taken}" is already in use by container "${digestOf(taken)}". You have to remove (or rename) that container to be able to reuse that name.`;
    if (this.linux.namespaces.has(asked.name)) {
      this.session.unsimulated(
        `a container called like the namespace ${asked.name}`,
        asked.because,
        this.home,
      );
      return `the name ${asked.name} is a namespace's here`;
    }
    const attachments = asked.place.kind === "networks" ? [...asked.place.networks] : [];
    const strange = attachments.find(({ network }) => !this.hasNetwork(network));
    if (strange) return `network ${strange.network} not found`;
    const bad = this.badAttachment(attachments);
    if (bad) return bad;
    this.containers.set(asked.name, { asked, attachments, running: null });
    return null;
  }

  private badAttachment(attachments: readonly AttachmentAsked[]): Refusal {
    for (const { network: name, ip } of attachments) {
      const network = this.networks.get(name);
      if (ip === null || !network) continue;
      const begin = `invalid config for network ${name}: invalid endpoint settings: `;
      if (!network.hasOwnSubnet)
        return `${begin}user specified IP address is supported only when connecting to networks with user configured subnets`;
      if (!contains(network.subnet, ip))
        return `${begin}no configured subnet contains IP address ${formatIp(ip)}`;
    }
    return null;
  }

  /** Start a container: its namespace, its links, and its published ports. */
  start(container: Container, because: Span): Refusal {
    if (container.running) return null;
    const { asked } = container;
    if (this.started >= MOST_CONTAINERS) return this.tooMany("containers", because);
    this.started++;
    const shared = this.sharedPlace(asked);
    if (typeof shared === "string") return shared;
    const namespace = shared ?? this.linux.addContainer(asked.name, asked.because);
    const running: Running = {
      namespace,
      isOwn: shared === null,
      endpoints: new Map(),
      listens: [],
      publishing: null,
    };
    container.running = running;
    namespace.alsoCalled.push(...(shared ? [asked.name] : []), ...asked.alsoCalled);
    this.listen(asked, running, because);
    this.setSysctls(asked, running, because);
    const refusal = this.connectAll(container, running) ?? this.publish(container, running);
    if (refusal) {
      this.stop(container, because);
      return `failed to set up container networking: ${refusal}`;
    }
    runProgram(this.session, asked, namespace);
    return null;
  }

  private listen({ expose }: ContainerAsked, running: Running, because: Span): void {
    const { namespace } = running;
    for (const { proto, first, last } of expose) {
      if (proto === "sctp") continue;
      this.listening += last - first + 1;
      if (this.listening > MOST_LISTENERS) return void this.tooMany("exposed ports", because);
      for (let port = first; port <= last; port++) running.listens.push({ proto, port });
    }
    namespace.listens.push(...running.listens);
  }

  // Said once; what is left out may matter to anyone.
  private tooMany(what: string, because: Span): string {
    if (!this.isFull) this.session.unsimulated(`So many ${what}`, because, this.home);
    this.isFull = true;
    return `too many ${what} on this host`;
  }

  // The namespace of another, when it is not to have one of its own.
  private sharedPlace({ place }: ContainerAsked): Namespace | string | null {
    if (place.kind === "host") return this.linux.root;
    const hostNetwork =
      place.kind === "networks" && place.networks.some(({ network }) => network === "host");
    if (hostNetwork) return this.linux.root;
    if (place.kind !== "container") return null;
    const other = this.find(place.name) ?? this.find(`${place.name}.1`);
    if (!other) return `No such container: ${place.name}`;
    return (
      other.running?.namespace ??
      `cannot join network of a non running container: ${digestOf(place.name)}`
    );
  }

  stop(container: Container, because: Span): void {
    const { running, asked } = container;
    if (!running) return;
    container.running = null;
    this.unpublish(running, because);
    for (const endpoint of running.endpoints.values()) this.release(endpoint, because);
    if (running.isOwn) this.linux.endNamespace(running.namespace, because);
    else {
      const { alsoCalled } = running.namespace;
      alsoCalled.splice(alsoCalled.indexOf(asked.name), 1 + asked.alsoCalled.length);
      const { listens } = running.namespace;
      const gone = new Set(running.listens);
      listens.splice(0, listens.length, ...listens.filter((one) => !gone.has(one)));
    }
  }

  remove(container: Container, because: Span): void {
    this.stop(container, because);
    this.containers.delete(container.asked.name);
  }

  private setSysctls(
    { sysctls }: ContainerAsked,
    { namespace, isOwn }: Running,
    because: Span,
  ): void {
    for (const { key, value, because: at } of sysctls) {
      if (!isOwn) continue;
      const words = ["sysctl", "-w", `${key}=${value}`].map((text) => ({ text, span: at }));
      runSysctl(this.session, { namespace, vrf: null }, because, parseSysctl(words));
    }
  }

  // ---- a container's links

  private connectAll({ attachments }: Container, running: Running): Refusal {
    if (!running.isOwn) return null;
    // As labs have them: by priority, then by name.
    const order = attachments
      .filter(({ network }) => network !== "none")
      .toSorted((a, b) => b.priority - a.priority || (a.network < b.network ? -1 : 1));
    for (const attachment of order) {
      const refusal = this.attach(running, attachment);
      if (refusal) return refusal;
    }
    this.setGateway(running);
    return null;
  }

  /** `docker network connect`. */
  connect(container: Container, attachment: AttachmentAsked): Refusal {
    const { network } = attachment;
    if (!this.hasNetwork(network)) return `network ${network} not found`;
    if (container.attachments.some((one) => one.network === network))
      return `endpoint with name ${container.asked.name} already exists in network ${network}`;
    const { place } = container.asked;
    if (network === "host" || place.kind !== "networks")
      return "container cannot be connected to multiple networks with one of the networks in private (none) mode";
    const bad = this.badAttachment([attachment]);
    if (bad) return bad;
    const { running } = container;
    if (running) {
      const refusal = this.attach(running, attachment);
      if (refusal) return refusal;
    }
    container.attachments.push(attachment);
    if (!running) return null;
    this.moveGateway(container, running, attachment.because);
    return null;
  }

  /** `docker network disconnect`. */
  disconnect(container: Container, network: string, because: Span): Refusal {
    const at = container.attachments.findIndex((one) => one.network === network);
    if (at === -1)
      return `container ${digestOf(container.asked.name)} is not connected to network ${network}`;
    container.attachments.splice(at, 1);
    const { running } = container;
    const endpoint = running?.endpoints.get(network);
    if (!running || !endpoint) return null;
    this.unpublish(running, because);
    running.endpoints.delete(network);
    this.release(endpoint, because);
    this.moveGateway(container, running, because);
    return null;
  }

  // Where ports are published follows where the default route goes.
  private moveGateway(container: Container, running: Running, because: Span): void {
    this.unpublish(running, because);
    this.setGateway(running);
    const refusal = this.publish(container, running);
    if (refusal) this.session.refuse(`Error response from daemon: ${refusal}`, because);
  }

  private attach(running: Running, attachment: AttachmentAsked): Refusal {
    const network = this.networks.get(attachment.network);
    if (!network) return `network ${attachment.network} not found`;
    const { ip: wanted, because } = attachment;
    if (wanted !== null && network.taken.has(wanted)) return "Address already in use";
    const ip = wanted ?? freeAddress(network);
    if (ip === null)
      return `no available IPv4 addresses on this network's address pools: ${network.name}`;
    const name = freeName(running.namespace);
    const refusal = this.addLink(running.namespace, name, network, attachment);
    if (refusal) return refusal;
    const link = running.namespace.links.get(name)!;
    network.taken.set(ip, running.namespace.name);
    running.namespace.addAddress(link, ip, network.subnet.length, because);
    this.linux.setUp(link, true, because);
    if (network.kind === "bridge")
      for (const rule of rulesOfEndpoint(network, ip)) this.iptables(rule, because);
    running.endpoints.set(network.name, { network, link, ip, attachment });
    return null;
  }

  private addLink(
    namespace: Namespace,
    name: string,
    network: DockerNetwork,
    { mac, because }: AttachmentAsked,
  ): Refusal {
    const { linux } = this;
    if (network.kind === "bridge") {
      const outside = `veth${digestOf(`${namespace.name} ${network.name}`).slice(0, 7)}`;
      const refusal = linux.addPair(
        { namespace: linux.root, name: outside, mac: null },
        { namespace, name, mac },
        because,
      );
      if (refusal)
        return `failed to add the host (${outside}) <=> sandbox (${name}) pair interfaces: ${refusal}`;
      const near = linux.root.links.get(outside)!;
      const bridge = linux.root.links.get(network.bridge);
      if (!bridge)
        return `failed to add interface ${outside} to sandbox: could not find bridge ${network.bridge}`;
      this.fit(near, network);
      this.fit(namespace.links.get(name)!, network);
      linux.enslave(near, bridge, because);
      linux.setUp(near, true, because);
      return null;
    }
    const parent = linux.root.links.get(network.parent);
    if (!parent) return `failed to create the ${network.kind} port: link not found`;
    const kind =
      network.kind === "macvlan"
        ? { kind: "macvlan" as const, parent, mode: network.mode as MacvlanMode }
        : { kind: "ipvlan" as const, parent, mode: "l2" as const };
    return linux.addLink(namespace, name, kind, mac, because);
  }

  private fit(link: LinuxLink, { mtu, because }: BridgeNetwork): void {
    if (mtu !== null) setMtu(this.linux.links(), link, mtu, because);
  }

  private release({ network, link, ip }: Endpoint, because: Span): void {
    network.taken.delete(ip);
    if (network.kind === "bridge")
      for (const rule of rulesOfEndpoint(network, ip)) this.takeBack(rule, because);
    this.linux.deleteLink(link, because);
  }

  // The network with the highest gw-priority; of equals one that leads out, then by name (libnetwork, Endpoint.Less).
  private gatewayOf({ endpoints }: Running): Endpoint | null {
    const order = [...endpoints.values()]
      .filter(({ network }) => !network.internal && network.gateway !== null)
      .toSorted(
        (a, b) =>
          b.attachment.gatewayPriority - a.attachment.gatewayPriority ||
          (a.network.name < b.network.name ? -1 : 1),
      );
    return order[0] ?? null;
  }

  private setGateway(running: Running): void {
    const { namespace } = running;
    const endpoint = this.gatewayOf(running);
    const before = namespace.table(MAIN);
    before.removeTo(EVERYWHERE, (route) => route.proto === "boot");
    if (!endpoint) return;
    const { network, link, attachment } = endpoint;
    const hop = { link: link.name, gateway: network.gateway, onlink: false };
    namespace.addRoute(
      "add",
      { table: MAIN, to: EVERYWHERE, type: "unicast", hops: [hop], metric: 0, source: null },
      attachment.because,
    );
  }

  // ---- published ports

  private publish({ asked }: Container, running: Running): Refusal {
    const endpoint = running.isOwn ? this.gatewayOf(running) : null;
    if (!endpoint || endpoint.network.kind !== "bridge") return null;
    const { network, ip } = endpoint;
    const ports: Publication[] = [];
    running.publishing = { network, ports };
    for (const port of [...asked.ports, ...(asked.publishesAll ? this.allPorts(asked) : [])]) {
      if (port.proto === "sctp") {
        this.session.unsimulated("published ports of SCTP", port.because, this.home);
        continue;
      }
      for (let at = 0; at <= port.last - port.first; at++) {
        if (++this.published > MOST_PORTS) return this.tooMany("published ports", port.because);
        const one = this.chosen(port, at, network, ip);
        if (typeof one === "string") {
          const digest = digestOf(asked.name);
          return `driver failed programming external connectivity on endpoint ${asked.name} (${digest}): ${one}`;
        }
        ports.push(one);
        for (const rule of rulesOfPort(network, one)) this.iptables(rule, port.because);
        if (network.mode !== "routed") this.relay(one, port.because);
      }
    }
    return null;
  }

  private allPorts({ expose, because }: ContainerAsked): PortAsked[] {
    return expose.map((one) => ({ ...one, host: null, published: null, because }));
  }

  // One port of a range; of a range for a single port the first that is free, and any when none is named.
  private chosen(
    port: PortAsked,
    at: number,
    network: BridgeNetwork,
    ip: Ip,
  ): Publication | string {
    const { published, proto, first, last } = port;
    const host = port.host === null || port.host === 0 ? network.publishesAt : port.host;
    const publication = (hostPort: number) => ({ proto, host, hostPort, ip, port: first + at });
    if (network.mode === "routed") return publication(0);
    if (host !== null && !this.linux.root.isLocal(host))
      return `listen ${proto} ${formatIp(host)}:${published?.first ?? 0}: bind: cannot assign requested address`;
    const isRange = published !== null && last === first && published.last > published.first;
    const [low, high] = isRange
      ? [published.first, published.last]
      : published === null || published.first === 0
        ? EPHEMERAL
        : [published.first + at, published.first + at];
    for (let hostPort = low; hostPort <= high; hostPort++)
      if (!this.isTaken(proto, host, hostPort)) return publication(hostPort);
    return `Bind for ${host === null ? "0.0.0.0" : formatIp(host)}:${low} failed: port is already allocated`;
  }

  private isTaken(proto: string, host: Ip | null, port: number): boolean {
    return this.linux.root.relays.some(
      (one) =>
        one.proto === proto &&
        one.port === port &&
        (host === null || one.address === null || one.address === host),
    );
  }

  // The program that takes connections for the container where no rule changes their destination.
  private relay({ proto, host, hostPort, ip, port }: Publication, because: Span): void {
    if (proto === "sctp") return;
    this.linux.root.relays.push({
      proto: proto as "tcp" | "udp",
      address: host,
      port: hostPort,
      to: ip,
      toPort: port,
      because,
    });
  }

  private unpublish(running: Running, because: Span): void {
    const { publishing } = running;
    running.publishing = null;
    if (publishing?.network.kind !== "bridge") return;
    const { relays } = this.linux.root;
    for (const one of publishing.ports) {
      for (const rule of rulesOfPort(publishing.network, one)) this.takeBack(rule, because);
      const at = relays.findIndex(
        ({ port, to, toPort }) => port === one.hostPort && to === one.ip && toPort === one.port,
      );
      if (at !== -1) relays.splice(at, 1);
    }
  }

  // ---- names

  /** Who knows whom by name: in networks that someone made all that are there, in the first one nobody. */
  settleNames(): void {
    const byNetwork = new Map<string, Map<string, Ip[]>>();
    for (const { asked, running } of this.containers.values())
      for (const { network, ip, attachment } of running?.endpoints.values() ?? []) {
        const names = byNetwork.get(network.name) ?? new Map<string, Ip[]>();
        byNetwork.set(network.name, names);
        for (const name of new Set([asked.name, ...asked.alsoCalled, ...attachment.aliases]))
          names.set(name, [...(names.get(name) ?? []), ip]);
      }
    for (const { asked, running } of this.containers.values()) {
      if (!running?.isOwn) continue;
      const known = new Map<string, readonly Ip[]>(asked.hosts.map(({ name, ip }) => [name, [ip]]));
      for (const { network } of running.endpoints.values())
        if (network.name !== "bridge")
          for (const [name, ips] of byNetwork.get(network.name) ?? [])
            if (!known.has(name)) known.set(name, ips);
      running.namespace.names = known;
    }
  }

  // ----

  private get home(): Where {
    return { namespace: this.linux.root, vrf: null };
  }

  private iptables(command: string, because: Span): void {
    const words = `iptables ${command}`.split(/\s+/).map((text) => ({ text, span: because }));
    runIptables(this.session, this.home, because, parseIptables(words));
  }

  // The same rule without its place; one that someone removed by hand is gone already.
  private takeBack(command: string, because: Span): void {
    const words = `iptables ${command.replace(/ -[AI] /, " -D ")}`
      .split(/\s+/)
      .map((text) => ({ text, span: because }));
    runIptables({ ...QUIET, linux: this.linux }, this.home, because, parseIptables(words));
  }
}

/** Hears nothing of what goes wrong. */
const QUIET: Omit<Session, "linux"> = {
  docker: null,
  refuse: () => false,
  unsimulated: () => true,
  taint: () => undefined,
  run: () => true,
  composeFile: () => null,
  lease: () => undefined,
  carryOut: () => undefined,
  note: () => undefined,
};

/** Ports that Linux gives out when nobody names one (ip_local_port_range). */
const EPHEMERAL = [32_768, 60_999] as const;

function freeName({ links }: Namespace): string {
  for (let at = 0; ; at++) if (!links.has(`eth${at}`)) return `eth${at}`;
}
