import type { Draft } from "../draft.ts";

/** Bridges in a row with hosts on them; ports that do not flood or learn, entries by hand, filters for frames. */
export function bridges(draft: Draft): void {
  const { chance } = draft;
  const count = chance.between(1, 3);
  const [lan, other] = [draft.net(), draft.net()];
  const hosts: string[] = [];
  for (let sw = 1; sw <= count; sw++) {
    draft.node(`sw${sw}`);
    draft.says(`sw${sw}`, "ip link add br0 type bridge");
    draft.up(`sw${sw}`, "br0");
  }
  const port = (sw: string, name: string) => {
    if (!draft.errs(3, `${sw} ${name} is in no bridge`))
      draft.says(sw, `ip link set dev ${name} master br0`);
    draft.up(sw, name);
  };
  for (let sw = 1; sw < count; sw++) {
    draft.cable(`sw${sw}:t${sw}`, `sw${sw + 1}:u${sw + 1}`);
    port(`sw${sw}`, `t${sw}`);
    port(`sw${sw + 1}`, `u${sw + 1}`);
  }
  for (let sw = 1; sw <= count; sw++)
    for (let at = 1; at <= chance.between(count === 1 ? 3 : 1, 3); at++) {
      const name = `h${sw}${at}`;
      const net = chance.is(75) ? lan : other;
      hosts.push(name);
      draft.node(name);
      draft.cable(`${name}:eth0`, `sw${sw}:p${at}`);
      port(`sw${sw}`, `p${at}`);
      draft.address(name, "eth0", `${net}.${sw * 10 + at}`, 24);
      if (chance.is(60)) draft.route(name, "default", `via ${net}.1`);
      draft.serves(name, "tcp/80", "udp/53");
    }
  if (chance.is(50)) {
    draft.node("gw");
    draft.cable("gw:eth0", "sw1:gw");
    port("sw1", "gw");
    draft.forwards("gw");
    draft.address("gw", "eth0", `${lan}.1`, 24);
    draft.address("gw", "eth0", `${other}.1`, 24);
  }
  for (let sw = 1; sw <= count; sw++) switchSettings(draft, `sw${sw}`, lan);
  if (chance.is(40)) draft.address("sw1", "br0", `${lan}.99`, 24);
}

function switchSettings(draft: Draft, sw: string, lan: string): void {
  const { chance } = draft;
  const port = chance.pick(["p1", "p2", "gw"]);
  const mac = `02:00:00:00:00:0${chance.between(1, 7)}`;
  for (const kind of chance.some(
    ["flood", "isolated", "fdb", "ebtables", "ebtables", "nft", "iptables", "hairpin", "learning"],
    chance.between(0, 2),
  )) {
    // prettier-ignore
    draft.notes(`${sw}: ${kind}`);
    if (kind === "flood" || kind === "learning" || kind === "isolated" || kind === "hairpin")
      draft.says(
        sw,
        `bridge link set dev ${port} ${kind} ${kind === "flood" || kind === "learning" ? "off" : "on"}`,
      );
    else if (kind === "fdb") draft.says(sw, `bridge fdb add ${mac} dev ${port} master static`);
    else if (kind === "ebtables")
      for (let at = chance.between(1, 2); at > 0; at--) draft.says(sw, frameRule(draft, port, mac, lan)); // prettier-ignore
    else if (kind === "nft") {
      const match = chance.pick([`ip saddr ${lan}.11`, `ether saddr ${mac}`, `iifname "${port}"`, `iifname "${port}" oifname "p1"`, "ip protocol icmp", `ip daddr ${lan}.12 tcp dport 80`, "ether type arp", `tcp dport { 22, 80 }`]); // prettier-ignore
      draft.says(sw, "nft add table bridge f", `nft 'add chain bridge f c { type filter hook ${chance.pick(["forward", "prerouting", "input"])} priority 0; policy accept; }'`, `nft 'add rule bridge f c ${match} ${chance.pick(["drop", "drop", "accept", "counter drop"])}'`); // prettier-ignore
    } else {
      draft.says(sw, `sysctl -w net.bridge.bridge-nf-call-iptables=${chance.pick([1, 1, 0])}`);
      draft.says(sw, chance.pick(["iptables -P FORWARD DROP", `iptables -A FORWARD -m physdev --physdev-in ${port} -j DROP`, `iptables -A FORWARD -s ${lan}.11 -j REJECT`, "iptables -A FORWARD -p icmp -j DROP", `iptables -A FORWARD -i br0 -o br0 -p tcp --dport 80 -j DROP`])); // prettier-ignore
      if (chance.is(40))
        draft.says(sw, "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
    }
  }
}

function frameRule(draft: Draft, port: string, mac: string, lan: string): string {
  const { chance } = draft;
  const match = chance.pick([`-i ${port}`, `-o ${port}`, `-s ${mac}`, `-d ${mac}`, "-p ARP", `-p IPv4 --ip-src ${lan}.11`, `-p IPv4 --ip-dst ${lan}.12 --ip-proto icmp`, `-p IPv4 --ip-proto tcp --ip-dport 80`, `-p ARP --arp-ip-dst ${lan}.11`, `-i ${port} -s ! ${mac}`]); // prettier-ignore
  const [chain, end] = chance.pick([
    ["FORWARD", "DROP"],
    ["FORWARD", "ACCEPT"],
    ["INPUT", "DROP"],
    ["OUTPUT", "DROP"],
  ] as const);
  return /-o /.test(match) && chain === "INPUT"
    ? `ebtables -A FORWARD ${match} -j ${end}`
    : /-i /.test(match) && chain === "OUTPUT"
      ? `ebtables -A FORWARD ${match} -j ${end}`
      : `ebtables -A ${chain} ${match} -j ${end}`;
}

/** Hosts with containers on bridges of their own, a router or a switch between the hosts, with masquerade or without. */
export function containers(draft: Draft): void {
  const { chance } = draft;
  const wire = draft.net();
  const same = draft.net();
  const overlaps = draft.errs(12, "two hosts use the same addresses inside");
  const count = chance.between(1, 3);
  draft.node("gw");
  draft.says("gw", "ip link add br0 type bridge");
  draft.address("gw", "br0", `${wire}.1`, 24);
  const insides = Array.from({ length: count }, () => (overlaps ? same : draft.net()));
  for (let at = 1; at <= count; at++) {
    const host = draft.node(`h${at}`);
    draft.cable(`${host}:eth0`, `gw:p${at}`);
    draft.says("gw", `ip link set dev p${at} master br0`, `ip link set dev p${at} up`);
    draft.address(host, "eth0", `${wire}.${10 + at}`, 24);
    draft.route(host, "default", `via ${wire}.1`);
    containerHost(draft, host, insides[at - 1]!);
    insides.forEach((net, index) => {
      if (index + 1 !== at && chance.is(70))
        draft.route(host, `${net}.0/24`, `via ${wire}.${11 + index}`);
    });
  }
}

function containerHost(draft: Draft, host: string, net: string): void {
  const { chance } = draft;
  if (!draft.errs(12, `${host} does not forward`)) draft.forwards(host);
  draft.says(host, "ip link add name br1 type bridge");
  draft.address(host, "br1", `${net}.1`, 24);
  for (let at = 1; at <= chance.between(1, 2); at++) {
    const inner = draft.namespace(host, `c${at}`);
    draft.veth(inner, `v${at}`, "eth0");
    draft.says(host, `ip link set dev v${at} master br1`, `ip link set dev v${at} up`);
    draft.address(inner, "eth0", `${net}.${10 + at}`, 24);
    if (!draft.errs(6, `${inner} has no default route`))
      draft.route(inner, "default", `via ${net}.1`);
    draft.serves(inner, "tcp/80");
  }
  if (chance.is(40)) draft.says(host, `iptables -t nat -A POSTROUTING -s ${net}.0/24 ${chance.pick(["! -o br1", "-o eth0"])} -j MASQUERADE`); // prettier-ignore
  if (chance.is(25)) draft.says(host, "iptables -P FORWARD DROP", `iptables -A FORWARD -i br1 ${chance.pick(["-o eth0 ", ""])}-j ACCEPT`); // prettier-ignore
  if (chance.is(25))
    draft.says(host, "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
  if (chance.is(25)) draft.says(host, "sysctl -w net.bridge.bridge-nf-call-iptables=1");
}

/** Containers with MACs of their own on a port of the host (macvlan), beside other hosts of the LAN. */
export function macvlans(draft: Draft): void {
  const { chance } = draft;
  const lan = draft.net();
  const mode = chance.pick(["bridge", "bridge", "private", "vepa"]);
  draft.notes(mode);
  for (const name of ["h1", "sw", "pc"]) draft.node(name);
  draft.cable("h1:eth0", "sw:p1");
  draft.cable("pc:eth0", "sw:p2");
  draft.says("sw", "ip link add br0 type bridge", "ip link set dev br0 up");
  for (const port of ["p1", "p2"])
    draft.says("sw", `ip link set dev ${port} master br0`, `ip link set dev ${port} up`);
  if (mode !== "private" && chance.is(30)) draft.says("sw", "bridge link set dev p1 hairpin on");
  if (chance.is(70)) draft.address("h1", "eth0", `${lan}.20`, 24);
  else draft.up("h1", "eth0");
  draft.address("pc", "eth0", `${lan}.30`, 24);
  draft.address("sw", "br0", `${lan}.1`, 24);
  for (let at = 1; at <= chance.between(2, 3); at++) {
    const inner = draft.namespace("h1", `m${at}`);
    draft.says("h1", `ip link add link eth0 name mv${at} type macvlan mode ${chance.is(90) ? mode : "bridge"}`, `ip link set dev mv${at} netns m${at}`); // prettier-ignore
    if (draft.errs(8, `${inner} stays down`)) {
      draft.says(inner, `ip addr add ${lan}.${50 + at}/24 dev mv${at}`);
      draft.owns(inner, `${lan}.${50 + at}`);
    } else draft.address(inner, `mv${at}`, `${lan}.${50 + at}`, chance.pick([24, 24, 24, 28]));
    draft.route(inner, "default", `via ${lan}.1`);
    draft.serves(inner, "tcp/80");
  }
  if (chance.is(40)) {
    draft.says("h1", `ip link add link eth0 name shim type macvlan mode bridge`);
    draft.address("h1", "shim", `${lan}.21`, 32);
    draft.route("h1", `${lan}.51/32`, "dev shim");
  }
  draft.serves("pc", "tcp/80", "udp/53");
}

/** Overlays: VXLAN between hosts over a switched or routed underlay, with peers, identifiers or ports that differ. */
export function vxlans(draft: Draft): void {
  const { chance } = draft;
  const routed = chance.is(40);
  const count = chance.between(2, 3);
  const under = Array.from({ length: count }, () => draft.net());
  const lan = draft.net();
  draft.node("core");
  if (routed) draft.forwards("core");
  else draft.says("core", "ip link add br0 type bridge", "ip link set dev br0 up");
  const ip = (at: number) => (routed ? `${under[at - 1]}.2` : `${under[0]}.${at + 1}`);
  for (let at = 1; at <= count; at++) {
    const host = draft.node(`h${at}`);
    draft.cable(`${host}:eth0`, `core:p${at}`);
    if (routed) draft.address("core", `p${at}`, `${under[at - 1]}.1`, 24);
    else draft.says("core", `ip link set dev p${at} master br0`, `ip link set dev p${at} up`);
    draft.address(host, "eth0", ip(at), 24);
    if (routed && !draft.errs(6, `${host} has no default route`))
      draft.route(host, "default", `via ${under[at - 1]}.1`);
    overlay(
      draft,
      host,
      at,
      lan,
      Array.from({ length: count }, (_, index) => ip(index + 1)),
    );
  }
}

function overlay(
  draft: Draft,
  host: string,
  at: number,
  lan: string,
  ends: readonly string[],
): void {
  const { chance } = draft;
  const vni = draft.errs(7, `${host} uses another VNI`) ? 43 : 42;
  const port = draft.errs(5, `${host} uses another port`) ? 8472 : 4789;
  const local = ends[at - 1]!;
  const peers = ends.filter((one) => one !== local);
  const [first = ""] = peers;
  const remote = draft.errs(6, `${host} has a wrong remote`) ? first.replace(/\d+$/, "200") : first;
  const names = peers.length === 1 && chance.is(60);
  draft.says(host, `ip link add vx0 type vxlan id ${vni} ${names ? `remote ${remote} ` : ""}local ${local} dstport ${port}${chance.is(30) ? " dev eth0" : ""}`); // prettier-ignore
  if (!names)
    for (const peer of peers) if (!draft.errs(4, `${host} lacks a peer`)) draft.says(host, `bridge fdb append 00:00:00:00:00:00 dev vx0 dst ${peer}`); // prettier-ignore
  draft.says(
    host,
    "ip link add br0 type bridge",
    "ip link set dev vx0 master br0",
    "ip link set dev br0 up",
  );
  if (!draft.errs(4, `${host} leaves the tunnel down`)) draft.up(host, "vx0");
  for (let index = 1; index <= chance.between(1, 2); index++) {
    const inner = draft.namespace(host, `a${index}`);
    draft.veth(inner, `v${index}`, "eth0");
    draft.says(host, `ip link set dev v${index} master br0`, `ip link set dev v${index} up`);
    draft.address(inner, "eth0", `${lan}.${at * 10 + index}`, 24);
    draft.serves(inner, "tcp/80");
  }
  if (chance.is(25)) draft.address(host, "br0", `${lan}.${at * 10}`, 24);
}

/** Routing instances as namespaces: ports moved into one for each customer, and perhaps a leak by a veth. */
export function instances(draft: Draft): void {
  const { chance } = draft;
  draft.node("pe");
  const overlaps = chance.is(40);
  const [a, b] = [draft.net(), draft.net()];
  const names = ["red", "blue"];
  names.forEach((name, at) => {
    const [left, right] = overlaps ? [a, b] : [draft.net(), draft.net()];
    const inner = draft.namespace("pe", name);
    for (const [side, net] of [
      ["l", left],
      ["r", right],
    ] as const) {
      const host = draft.node(`${name}-${side}`);
      draft.cable(`pe:${name}${side}`, `${host}:eth0`);
      const stays = draft.errs(5, `pe leaves ${name}${side} where it was`);
      if (!stays) draft.says("pe", `ip link set dev ${name}${side} netns ${name}`);
      draft.address(stays ? "pe" : inner, `${name}${side}`, `${net}.1`, 24);
      draft.address(host, "eth0", `${net}.10`, 24);
      draft.route(host, "default", `via ${net}.1`);
      draft.serves(host, "tcp/80");
    }
    if (!draft.errs(12, `${name} does not forward`)) draft.forwards(inner);
    if (at === 1 && chance.is(50)) leak(draft, [a, b]);
  });
}

function leak(draft: Draft, nets: readonly [string, string]): void {
  const { chance } = draft;
  draft.notes("leak by a veth");
  draft.says("pe", "ip link add leak0 type veth peer name leak1", "ip link set dev leak0 netns red", "ip link set dev leak1 netns blue"); // prettier-ignore
  draft.address("pe/red", "leak0", "192.0.2.1", 30);
  draft.address("pe/blue", "leak1", "192.0.2.2", 30);
  draft.route("pe/red", chance.pick([`${nets[1]}.0/25`, "default"]), "via 192.0.2.2");
  if (!draft.errs(30, "the leak goes one way only")) draft.route("pe/blue", chance.pick([`${nets[0]}.0/25`, "default"]), "via 192.0.2.1"); // prettier-ignore
}
