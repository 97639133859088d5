import type { Match } from "../../model/packet-filter.ts";
import { maskOf, parseIp } from "../../model/prefix.ts";
import {
  integerIn,
  macNumber,
  macOf,
  reading,
  Refused,
  type RefusedCommand,
  type UnsimulatedCommand,
} from "./arguments.ts";
import { protocolNumber } from "./ip/words.ts";
import { icmpType } from "./iptables/matches.ts";
import type { ShellWord } from "./placed.ts";
import { inert, simulated, unsimulated, type ShellCommand } from "./program.ts";
import {
  field,
  maskedAddress,
  portNumber,
  single,
  type ParsedAction,
  type ParsedMatch,
  type ParsedRule,
} from "./rule.ts";

export type EbtablesTable = "filter" | "nat" | "broute";

/** What one `ebtables` command asks for. Interfaces are ports of the bridge, `--logical-…` the bridge itself. */
export type EbtablesCommand =
  EbtablesChange | { readonly kind: "inert" } | UnsimulatedCommand | RefusedCommand;

export type EbtablesChange = { readonly table: EbtablesTable } & (
  | { readonly kind: "append" | "delete"; readonly chain: string; readonly rule: ParsedRule }
  | {
      readonly kind: "insert";
      readonly chain: string;
      readonly position: number;
      readonly rule: ParsedRule;
    }
  /** From `position` to `last`, counted from 1. */
  | {
      readonly kind: "delete-at";
      readonly chain: string;
      readonly position: number;
      readonly last: number;
    }
  | {
      readonly kind: "new-chain";
      readonly chain: string;
      /** What happens at its end; a new chain accepts. */
      readonly policy: EbtablesPolicy;
    }
  | { readonly kind: "delete-chain" | "flush"; readonly chain: string | null }
  | { readonly kind: "rename-chain"; readonly chain: string; readonly to: string }
  | { readonly kind: "policy"; readonly chain: string; readonly policy: EbtablesPolicy }
);

export type EbtablesPolicy = "accept" | "drop" | "return";

/** What `ebtables` can be asked here. */
export const ebtablesCommands: readonly ShellCommand[] = [
  simulated("ebtables -A CHAIN RULE", "Add a rule at the end"),
  simulated("ebtables -I CHAIN [NUMBER] RULE", "Add a rule before others"),
  simulated("ebtables -D CHAIN RULE", "Remove a rule"),
  simulated("ebtables -P CHAIN ACCEPT|DROP", "What happens at the end of a chain"),
  simulated("ebtables -N CHAIN", "Make a chain"),
  simulated("ebtables -X [CHAIN]", "Remove a chain"),
  simulated("ebtables -F [CHAIN]", "Remove all rules"),
  inert("ebtables -L", "List rules"),
  unsimulated(
    "ebtables -t nat -A PREROUTING -j snat|dnat|redirect|arpreply",
    "Change MAC addresses",
  ),
  unsimulated("ebtables -t broute -A BROUTING -j DROP", "Route rather than bridge"),
];

const VERSION = "ebtables v1.8.9 (nf_tables)";

/** Read an `ebtables` command. */
export function parseEbtables(words: readonly ShellWord[]): EbtablesCommand {
  const program = words[0]?.text ?? "";
  if (program.endsWith("-save")) return { kind: "inert" };
  if (program.endsWith("-restore")) return { kind: "unsimulated", what: program, dev: null };
  return reading(() => new Reader(words).read());
}

const BUILT_IN: Readonly<Record<EbtablesTable, readonly string[]>> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "OUTPUT", "POSTROUTING"],
  broute: ["BROUTING"],
};

const LONG: Readonly<Record<string, string>> = {
  "--append": "-A", "--insert": "-I", "--delete": "-D", "--policy": "-P", "--new-chain": "-N", "--delete-chain": "-X",
  "--flush": "-F", "--list": "-L", "--zero": "-Z", "--rename-chain": "-E", "--table": "-t", "--protocol": "-p",
  "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i", "--in-if": "-i",
  "--out-interface": "-o", "--out-if": "-o", "--jump": "-j", "--init-table": "-F", "--version": "-V", "--help": "-h",
  "--ip-source": "--ip-src", "--ip-destination": "--ip-dst", "--ip-protocol": "--ip-proto",
  "--ip-source-port": "--ip-sport", "--ip-destination-port": "--ip-dport", "--arp-opcode": "--arp-op",
}; // prettier-ignore

const ETHERTYPES: Readonly<Record<string, number>> = {
  ipv4: 0x800, ip: 0x800, ip4: 0x800, arp: 0x806, rarp: 0x8035, ipv6: 0x86dd, ip6: 0x86dd, "802_1q": 0x8100,
  "8021q": 0x8100, "802_1ad": 0x88a8, "8021ad": 0x88a8, mpls_uc: 0x8847, mpls: 0x8847, pppoe: 0x8864, lldp: 0x88cc,
}; // prettier-ignore

const LENGTH_FRAMES = -1;
const ALL_BITS = 2 ** 48 - 1;

const MACS: Readonly<Record<string, readonly [value: number, mask: number]>> = {
  unicast: [0, 0x010000000000],
  multicast: [0x010000000000, 0x010000000000],
  broadcast: [ALL_BITS, ALL_BITS],
  bga: [0x0180c2000000, ALL_BITS],
};

const TARGETS: Readonly<Record<string, ParsedAction>> = {
  ACCEPT: { kind: "accept" },
  DROP: { kind: "drop" },
  CONTINUE: { kind: "continue" },
  RETURN: { kind: "return" },
  snat: { kind: "unsimulated", what: "ebtables -j snat" },
  dnat: { kind: "unsimulated", what: "ebtables -j dnat" },
  redirect: { kind: "unsimulated", what: "ebtables -j redirect" },
  arpreply: { kind: "unsimulated", what: "ebtables -j arpreply" },
  mark: { kind: "unsimulated", what: "ebtables -j mark" },
};

// Options known to the program that narrow a rule in ways that are not simulated, or only note something.
const BEYOND =
  /^--(among-.*|limit.*|pkttype-type|802_3-.*|stp-.*|ip6-.*|vlan-prio|vlan-encap|ip-tos|arp-htype|arp-ptype|arp-gratuitous|string.*|ip-igmp-type)$/;
const NOTES = /^--(log|nflog|ulog)(-.*)?$/;
const TARGET_OPTIONS =
  /^--(to-source|to-destination|to-src|to-dst|snat-target|snat-arp|dnat-target|redirect-target|arpreply-mac|arpreply-target|mark-target)$/;
const NO_VALUE = new Set([
  "--log",
  "--arp-gratuitous",
  "--snat-arp",
  "--log-ip",
  "--log-arp",
  "--log-ip6",
  "--nflog",
  "--ulog",
]);
const SHOWS = new Set(["-L", "-Z", "-V", "-h", "--Ln", "--Lc", "--Lx", "--Lmac2"]);
const QUIET = new Set(["--concurrent", "--noflush", "-M"]);

class Reader {
  private at = 1;
  private readonly words: readonly ShellWord[];
  private table: EbtablesTable = "filter";
  private verb: { letter: string; chain: ShellWord | null; number: ShellWord | null } | null = null;
  private ethertype: { value: number; not: boolean } | null = null;
  private protocol: number | null = null;
  private readonly matches: ParsedMatch[] = [];
  private action: ParsedAction | null = null;
  private policy: EbtablesPolicy = "accept";
  private shows = false;
  private readonly needs = new Set<number>();

  constructor(words: readonly ShellWord[]) {
    this.words = words;
  }

  read(): EbtablesCommand {
    let not = false;
    while (this.at < this.words.length) {
      const word = this.words[this.at++]!;
      if (word.text === "!") {
        not = true;
        continue;
      }
      const option = LONG[word.text] ?? word.text;
      if (!option.startsWith("-")) this.refuse(`Bad argument : '${word.text}'`, word);
      this.option(option, word, not);
      not = false;
    }
    return this.finish();
  }

  private refuse(said: string, at: ShellWord): never {
    throw new Refused(`${VERSION}: ${said}`, at);
  }

  private value(option: ShellWord): ShellWord {
    const word = this.words[this.at++];
    return word ?? this.refuse(`option "${option.text}" requires an argument`, option);
  }

  // A value, before which a `!` may stand.
  private turned(option: ShellWord, not: boolean): [word: ShellWord, not: boolean] {
    if (this.words[this.at]?.text !== "!") return [this.value(option), not];
    this.at++;
    return [this.value(option), !not];
  }

  private option(option: string, word: ShellWord, not: boolean): void {
    if (/^-[ADINXFPE]$/.test(option)) return this.command(option[1]!, word);
    if (SHOWS.has(option)) {
      this.shows = true;
      return this.skip();
    }
    if (QUIET.has(option)) return;
    if (option === "-t") return this.readTable(this.value(word));
    if (option === "-j") return this.readTarget(this.value(word));
    if (NOTES.test(option)) {
      if (!NO_VALUE.has(option)) this.value(word);
      return;
    }
    if (TARGET_OPTIONS.test(option) || /^--mark-(set|or|and|xor)$/.test(option)) return this.skip();
    if (BEYOND.test(option) || option === "--mark") {
      if (!NO_VALUE.has(option)) this.turned(word, not);
      this.matches.push({ kind: "unsimulated", what: `ebtables ${option}` });
      return;
    }
    this.match(option, word, not);
  }

  private skip(): void {
    while (this.at < this.words.length && !/^[-!]/.test(this.words[this.at]!.text)) this.at++;
  }

  private command(letter: string, word: ShellWord): void {
    if (this.verb?.letter === "N" && letter === "P") {
      this.policy = this.readPolicy(this.value(word));
      return;
    }
    if (this.verb) this.refuse("Multiple commands are not allowed", word);
    const needsChain = !"XF".includes(letter);
    const next = this.words[this.at];
    if (!next && needsChain) this.refuse("Unknown argument: '(null)'", word);
    const chain = next && (needsChain || !next.text.startsWith("-")) ? this.value(word) : null;
    const second = this.words[this.at];
    const takes =
      second &&
      ("PE".includes(letter) || ("ID".includes(letter) && /^\d+(:\d+)?$/.test(second.text)));
    this.verb = { letter, chain, number: takes ? this.value(word) : null };
  }

  private match(option: string, word: ShellWord, not: boolean): void {
    switch (option) {
      case "-p":
        return this.readEthertype(...this.turned(word, not));
      case "-s":
      case "-d":
        return this.readMac(option === "-s" ? "smac" : "dmac", ...this.turned(word, not));
      case "-i":
      case "-o":
      case "--logical-in":
      case "--logical-out":
        return this.readInterface(option, ...this.turned(word, not));
      case "--ip-src":
      case "--ip-dst":
        return this.readAddress(option === "--ip-src" ? "src" : "dst", ...this.turned(word, not));
      case "--ip-proto": {
        const [value, turned] = this.turned(word, not);
        this.needs.add(0x800);
        this.protocol =
          protocolNumber(value.text) ??
          this.refuse(`unknown protocol "${value.text}" specified`, value);
        this.matches.push(single("proto", this.protocol, turned));
        return;
      }
      case "--ip-sport":
      case "--ip-dport":
        return this.readPorts(
          option === "--ip-sport" ? "sport" : "dport",
          ...this.turned(word, not),
        );
      case "--ip-icmp-type":
        return this.readIcmp(...this.turned(word, not));
      case "--arp-op":
        return this.readArpOp(...this.turned(word, not));
      case "--arp-ip-src":
      case "--arp-ip-dst":
        return this.readArpAddress(option, ...this.turned(word, not));
      case "--arp-mac-src":
      case "--arp-mac-dst":
        this.turned(word, not);
        this.needs.add(0x806);
        this.matches.push({ kind: "unsimulated", what: `ebtables ${option}` });
        return;
      case "--vlan-id":
        return this.readVlan(...this.turned(word, not));
    }
    this.refuse(`Unknown argument: '${word.text}'`, word);
  }

  private readTable(word: ShellWord): void {
    if (word.text === "broute") this.table = "broute";
    else if (word.text === "filter" || word.text === "nat") this.table = word.text;
    else this.refuse(`table '${word.text}' does not exist`, word);
  }

  private readTarget(word: ShellWord): void {
    if (this.action) this.refuse("Multiple use of same option not allowed", word);
    const { text } = word;
    this.action = Object.hasOwn(TARGETS, text) ? TARGETS[text]! : { kind: "jump", chain: text };
  }

  private readPolicy(word: ShellWord): EbtablesPolicy {
    const { text } = word;
    if (text === "ACCEPT" || text === "DROP" || text === "RETURN")
      return text.toLowerCase() as EbtablesPolicy;
    return this.refuse(`Unknown policy '${text}'`, word);
  }

  private readEthertype(word: ShellWord, not: boolean): void {
    const name = word.text.toLowerCase();
    if (name === "length") {
      this.ethertype = { value: LENGTH_FRAMES, not };
      this.matches.push({ kind: "unsimulated", what: "ebtables -p LENGTH" });
      return;
    }
    const value = Object.hasOwn(ETHERTYPES, name) ? ETHERTYPES[name]! : this.hexadecimal(word.text);
    if (value === null)
      return this.refuse(
        `Problem with the specified Ethernet protocol '${word.text}', perhaps /etc/ethertypes is missing`,
        word,
      );
    if (value < 0x600) this.refuse("Sorry, protocols have values above or equal to 0x0600", word);
    this.ethertype = { value, not };
    // A tag is what a frame carries, whatever is inside.
    this.matches.push(single("ethertype", value, not));
  }

  // The program reads its numbers as hexadecimal, with or without 0x.
  private hexadecimal(text: string): number | null {
    const digits = /^(?:0x)?([0-9a-f]{1,4})$/i.exec(text)?.[1];
    return digits === undefined ? null : parseInt(digits, 16);
  }

  private readMac(side: "smac" | "dmac", word: ShellWord, not: boolean): void {
    const name = word.text.toLowerCase();
    if (Object.hasOwn(MACS, name)) {
      const [value, mask] = MACS[name]!;
      this.matches.push(field(side, [[value, value]], not, mask === ALL_BITS ? undefined : mask));
      return;
    }
    const [address = "", bits] = word.text.split("/");
    const [mac, mask] = [macOf(address), bits === undefined ? null : macOf(bits)];
    if (mac === null || (bits !== undefined && mask === null))
      this.refuse(
        `Problem with specified ${side === "smac" ? "source" : "destination"} mac '${word.text}'`,
        word,
      );
    const value = macNumber(mac!);
    if (mask === null) this.matches.push(single(side, value, not));
    else this.matches.push(maskedMac(side, value, macNumber(mask), not));
  }

  private readInterface(option: string, word: ShellWord, not: boolean): void {
    const direction = option === "-i" || option === "--logical-in" ? "in" : "out";
    const port = !option.startsWith("--logical");
    this.matches.push({ kind: "iface", direction, port, not, names: [word.text] });
  }

  private readAddress(which: "src" | "dst", word: ShellWord, not: boolean): void {
    this.needs.add(0x800);
    const found = this.address(which, word, not);
    if (found) this.matches.push(found);
  }

  private address(which: "src" | "dst", word: ShellWord, not: boolean): Match | null {
    const [name = "", bits] = word.text.split("/");
    const ip = parseIp(name) ?? this.refuse(`host/network \`${name}' not found`, word);
    const length = bits === undefined ? 32 : integerIn(bits, 0, 32);
    const mask = length === null ? parseIp(bits!) : maskOf(length);
    if (mask === null) return this.refuse(`invalid mask \`${bits}' specified`, word);
    return maskedAddress(which, ip, mask, not);
  }

  private readPorts(side: "sport" | "dport", word: ShellWord, not: boolean): void {
    this.needs.add(0x800);
    const [low = "", high = low] = word.text.split(":");
    const [first, last] = [portNumber(low), portNumber(high)];
    if (first === null || last === null)
      this.refuse(`invalid port/service \`${first === null ? low : high}' specified`, word);
    if (first! > last!) this.refuse("invalid portrange (min > max)", word);
    this.matches.push(field(side, [[first!, last!]], not));
    // Ports are only there once the protocol says so.
    if (this.protocol === null || ![6, 17, 33, 132].includes(this.protocol)) this.needs.add(-2);
  }

  private readIcmp(word: ShellWord, not: boolean): void {
    this.needs.add(0x800);
    const [type, code] =
      icmpType(word.text) ?? this.refuse(`Unknown ICMP type '${word.text}'`, word);
    this.matches.push(single("icmp-type", type, not));
    if (code !== null) this.matches.push(single("icmp-code", code, not));
  }

  private readArpOp(word: ShellWord, not: boolean): void {
    this.needs.add(0x806);
    const names = ["request", "reply", "request_reverse", "reply_reverse"];
    const named = names.indexOf(word.text.toLowerCase());
    const value = named === -1 ? integerIn(word.text, 0, 65_535) : named + 1;
    if (value === null) this.refuse("Problem with specified ARP opcode", word);
    this.matches.push(single("arp-op", value!, not));
  }

  private readArpAddress(option: string, word: ShellWord, not: boolean): void {
    this.needs.add(0x806);
    const found = this.address("src", word, not);
    const which = option === "--arp-ip-src" ? "sender" : "target";
    if (found?.kind === "field" && found.mask === undefined)
      this.matches.push({ kind: "arp-address", which, not, ranges: found.ranges });
    else if (found) this.matches.push({ kind: "unsimulated", what: `ebtables ${option}` });
  }

  private readVlan(word: ShellWord, not: boolean): void {
    this.needs.add(0x8100);
    const id = integerIn(word.text, 0, 4094);
    if (id === null) this.refuse(`Invalid --vlan-id range ('${word.text}')`, word);
    this.matches.push(single("vlan", id!, not));
  }

  private finish(): EbtablesCommand {
    const { verb, table } = this;
    if (this.shows || !verb) return { kind: "inert" };
    if (table === "broute")
      return { kind: "unsimulated", what: "ebtables -t broute -A BROUTING -j DROP", dev: null };
    const chain = verb.chain?.text ?? null;
    switch (verb.letter) {
      case "A":
        return { kind: "append", table, chain: chain!, rule: this.rule(verb.chain!) };
      case "I": {
        const position = Number(verb.number?.text ?? 1);
        return { kind: "insert", table, chain: chain!, position, rule: this.rule(verb.chain!) };
      }
      case "D": {
        if (!verb.number)
          return { kind: "delete", table, chain: chain!, rule: this.rule(verb.chain!) };
        const [first, last = first] = verb.number.text.split(":").map(Number);
        return { kind: "delete-at", table, chain: chain!, position: first!, last: last! };
      }
      case "N":
        return { kind: "new-chain", table, chain: chain!, policy: this.policy };
      case "P":
        return { kind: "policy", table, chain: chain!, policy: this.policyOf(verb) };
      case "E":
        if (!verb.number) return this.refuse("No new chain name specified", verb.chain!);
        return { kind: "rename-chain", table, chain: chain!, to: verb.number.text };
      default:
        return { kind: verb.letter === "X" ? "delete-chain" : "flush", table, chain };
    }
  }

  private policyOf(verb: { chain: ShellWord | null; number: ShellWord | null }): EbtablesPolicy {
    if (!verb.number) return this.refuse("No policy specified", verb.chain!);
    const policy = this.readPolicy(verb.number);
    if (policy === "return" && BUILT_IN[this.table].includes(verb.chain!.text))
      this.refuse("Policy RETURN only allowed for user defined chains", verb.number);
    return policy;
  }

  private rule(chain: ShellWord): ParsedRule {
    const says = (direction: string) =>
      this.matches.some((match) => match.kind === "iface" && match.direction === direction);
    if (says("out") && ["INPUT", "PREROUTING", "BROUTING"].includes(chain.text))
      this.refuse("Use -o only in OUTPUT, FORWARD and POSTROUTING chains", chain);
    if (says("in") && ["OUTPUT", "POSTROUTING"].includes(chain.text))
      this.refuse("Use -i only in INPUT, FORWARD, PREROUTING and BROUTING chains", chain);
    // The kernel wants the protocol said before its fields are looked at.
    const said = this.ethertype && !this.ethertype.not ? this.ethertype.value : null;
    for (const need of this.needs)
      if (said !== need)
        this.refuse(` RULE_APPEND failed (Invalid argument): rule in chain ${chain.text}`, chain);
    return { matches: this.matches, actions: [this.action ?? { kind: "continue" }] };
  }
}

// A mask of leading ones is a range.
function maskedMac(side: "smac" | "dmac", value: number, mask: number, not: boolean): Match {
  const free = ALL_BITS - mask;
  const first = Number(BigInt(value) & BigInt(mask));
  if (Number.isInteger(Math.log2(free + 1))) return field(side, [[first, first + free]], not);
  return field(side, [[first, first]], not, mask);
}
