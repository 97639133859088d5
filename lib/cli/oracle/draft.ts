import type { ProbeAsked, Scripted } from "#lib/net/cases/recorded.ts";
import { Chance } from "./chance.ts";

/** A network that was drawn, with what will be asked of it. */
export type Drawn = Scripted & {
  readonly seed: number;
  readonly family: string;
  readonly about: string;
  readonly hasMistake: boolean;
  readonly probes: readonly ProbeAsked[];
};

/** A node, or a namespace of one as `node/name`. */
type Where = string;

const MOST_PROBES = 26;

/** A network while it is being drawn. Whatever can be said in several spellings is said in one of them. */
export class Draft {
  readonly chance: Chance;
  readonly #nodes = new Map<string, string[]>();
  readonly #links: [string, string][] = [];
  readonly #services: {
    readonly at: Where;
    readonly proto: "tcp" | "udp";
    readonly port: number;
  }[] = [];
  readonly #addresses: { readonly at: Where; readonly ip: string }[] = [];
  readonly #asked: ProbeAsked[] = [];
  readonly #notes: string[] = [];
  #mistakes = 0;
  #net: number;

  constructor(chance: Chance) {
    this.chance = chance;
    this.#net = chance.between(0, 200);
  }

  node(name: string): string {
    this.#nodes.set(name, []);
    return name;
  }

  cable(a: string, b: string): void {
    this.#links.push([a, b]);
  }

  /** The first three numbers of a network of 256 addresses that nobody has had yet. */
  net(): string {
    const { chance } = this;
    this.#net = (this.#net + chance.between(1, 3)) % 250;
    return chance.pick([`10.${this.#net}.${chance.between(0, 9)}`, `172.${16 + (this.#net % 16)}.${this.#net}`, `192.168.${this.#net}`]); // prettier-ignore
  }

  /** Commands, in order, at a node or in a namespace of it. */
  says(at: Where, ...commands: readonly string[]): void {
    const [node = "", inner] = at.split("/");
    for (const command of commands) {
      const spelled = this.#spelled(command);
      this.#nodes.get(node)!.push(inner === undefined ? spelled : this.#within(inner, spelled));
    }
  }

  #within(inner: string, command: string): string {
    if (command.startsWith("ip ") && this.chance.is(50))
      return command.replace(/^ip /, `ip -n ${inner} `);
    const isPlain = !/[>|&;']/.test(command);
    return `ip netns exec ${inner} ${isPlain ? command : `sh -c "${command}"`}`;
  }

  // As administrators abbreviate; iproute2 takes the first word of its tables that fits.
  #spelled(command: string): string {
    const { chance } = this;
    const setting = /^sysctl -w (\S+)=(\S+)$/.exec(command);
    if (setting && chance.is(35)) return `echo ${setting[2]} > /proc/sys/${setting[1]!.replaceAll(".", "/")}`; // prettier-ignore
    if (!command.startsWith("ip ")) return command;
    return command
      .replace(/^ip link /, () => `ip ${chance.pick(["link", "link", "l"])} `)
      .replace(/^ip addr /, () => `ip ${chance.pick(["addr", "address", "a"])} `)
      .replace(/^ip route /, () => `ip ${chance.pick(["route", "ro", "r"])} `)
      .replace(/^ip rule /, () => `ip ${chance.pick(["rule", "ru"])} `)
      .replace(/^ip neigh /, () => `ip ${chance.pick(["neigh", "n", "neighbour"])} `)
      .replace(/ set dev /, () => chance.pick([" set dev ", " set "]))
      .replace(/ add default /, () =>
        chance.pick([" add default ", " add default ", " add 0.0.0.0/0 "]),
      );
  }

  up(at: Where, link: string): void {
    this.says(at, `ip link set dev ${link} up`);
  }

  /** Give a link an address and bring it up, in either order. */
  address(at: Where, link: string, ip: string, length: number): void {
    const add = `ip addr add ${ip}/${length} dev ${link}`;
    const up = `ip link set dev ${link} up`;
    this.says(at, ...(this.chance.is(50) ? [add, up] : [up, add]));
    this.owns(at, ip);
  }

  owns(at: Where, ip: string): void {
    this.#addresses.push({ at, ip });
  }

  route(at: Where, to: string, how: string): void {
    this.says(at, `ip route add ${to} ${how}`);
  }

  forwards(at: Where): void {
    this.says(at, "sysctl -w net.ipv4.ip_forward=1");
  }

  namespace(node: string, name: string): Where {
    this.says(node, `ip netns add ${name}`);
    const at = `${node}/${name}`;
    this.up(at, "lo");
    return at;
  }

  /** A veth with one end `inner` in a namespace and the other, `outer`, in its node. */
  veth(at: Where, outer: string, inner: string): void {
    const [node = "", name = ""] = at.split("/");
    if (this.chance.is(50)) {
      this.says(node, `ip link add ${outer} type veth peer name ${inner} netns ${name}`);
      return;
    }
    this.says(node, `ip link add ${outer} type veth peer name ${outer}p`, `ip link set dev ${outer}p netns ${name}`); // prettier-ignore
    this.says(at, `ip link set dev ${outer}p name ${inner}`);
  }

  serves(at: Where, ...what: readonly `${"tcp" | "udp"}/${number}`[]): void {
    for (const one of what) {
      const [proto = "tcp", port] = one.split("/");
      this.#services.push({ at, proto: proto as "tcp" | "udp", port: Number(port) });
    }
  }

  asks(...probes: readonly ProbeAsked[]): void {
    this.#asked.push(...probes);
  }

  notes(text: string): void {
    this.#notes.push(text);
  }

  /** A mistake that this network can have, made in `percent` of them. Whoever made it must say so with this. */
  errs(percent: number, text: string): boolean {
    if (!this.chance.is(percent)) return false;
    this.#mistakes++;
    this.notes(`mistake: ${text}`);
    return true;
  }

  drawn(seed: number, family: string): Drawn {
    const nodes = Object.fromEntries(this.#nodes);
    if (this.chance.is(this.#mistakes > 0 ? 20 : 55)) this.#damage(nodes);
    return {
      seed,
      family,
      about: [family, ...this.#notes].join("; "),
      hasMistake: this.#mistakes > 0,
      nodes,
      links: this.#links,
      services: this.#services.map(({ at, proto, port }) => `${at} ${proto}/${port}`),
      probes: this.#probes(),
    };
  }

  // What happens to people who type: a line left out, said twice, in the wrong place, or with a wrong number.
  #damage(nodes: Record<string, string[]>): void {
    const { chance } = this;
    const said = Object.keys(nodes).filter((name) => nodes[name]!.length > 1);
    if (said.length === 0) return;
    const name = chance.pick(said);
    const lines = nodes[name]!;
    const at = chance.between(0, lines.length - 1);
    const line = lines[at]!;
    const kind = chance.pick(["left out", "said twice", "too early", "wrong number", "wrong number", "wrong length", "taken down"]); // prettier-ignore
    const changed = this.#changed(kind, line);
    if (kind === "left out") lines.splice(at, 1);
    else if (kind === "said twice") lines.splice(chance.between(at, lines.length - 1) + 1, 0, line);
    else if (kind === "too early") lines.splice(chance.between(0, at), 0, ...lines.splice(at, 1));
    else if (changed === line) return;
    else if (kind === "taken down") lines.push(changed);
    else lines[at] = changed;
    this.#mistakes++;
    this.notes(`mistake: ${kind} at ${name}: ${line}`);
  }

  #changed(kind: string, line: string): string {
    const { chance } = this;
    if (kind === "wrong number")
      return line.replace(/(\d+\.\d+\.)(\d+)(\.\d+)/, (_, before: string, one: string, after: string) => `${before}${(Number(one) + chance.between(1, 3)) % 256}${after}`); // prettier-ignore
    if (kind === "wrong length")
      return line.replace(/\/(\d+)( |$)/, (_, length: string, after: string) => `/${Math.min(32, Math.max(0, Number(length) + chance.pick([-8, -1, 1, 6])))}${after}`); // prettier-ignore
    if (kind === "taken down") return line.replace(/^(.*set (?:dev )?\S+) up$/, "$1 down");
    return line;
  }

  // Of all who could ask, some; of all they could ask for, most of what is there and some of what is not.
  #probes(): ProbeAsked[] {
    const { chance } = this;
    const places = [...new Set(this.#addresses.map((one) => one.at))];
    if (places.length === 0) return this.#asked;
    const pairs = places.flatMap((from) => this.#addresses.map(({ ip }) => ({ from, to: ip })));
    const echoes = chance.some(pairs, 14).map(({ from, to }): ProbeAsked => ({ from, to, proto: "icmp", ...(chance.is(25) && { trace: true }) })); // prettier-ignore
    const served = places.flatMap((from) =>
      this.#services.flatMap(
        ({ at, proto, port }) =>
        this.#addresses.filter((one) => one.at === at).map(({ ip }): ProbeAsked => ({ from, to: ip, proto, port })), // prettier-ignore
      ),
    );
    const closed = chance.some(pairs, 2).map(({ from, to }): ProbeAsked => ({ from, to, proto: chance.pick(["tcp", "udp"]), port: 4444 })); // prettier-ignore
    const nobody = chance.some(pairs, 2).map(({ from, to }): ProbeAsked => ({ from, to: to.replace(/\d+$/, "77"), proto: "icmp" })); // prettier-ignore
    const far: ProbeAsked = {
      from: chance.pick(places),
      to: "198.51.100.7",
      proto: "icmp",
      trace: true,
    };
    const named = chance.some(this.#addresses, 2).map(({ at, ip }): ProbeAsked => ({ from: at, src: ip, to: chance.pick(this.#addresses).ip, proto: "icmp" })); // prettier-ignore
    const all = [
      ...this.#asked,
      ...echoes,
      ...chance.some(served, 8),
      ...closed,
      ...nobody,
      far,
      ...named,
    ];
    return all.slice(0, Math.max(MOST_PROBES, this.#asked.length));
  }
}
