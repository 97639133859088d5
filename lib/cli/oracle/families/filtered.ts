import type { Draft } from "../draft.ts";

// A LAN, a zone of servers and the world around one firewall; addresses by zone.
function zones(draft: Draft): { readonly lan: string; readonly dmz: string; readonly wan: string } {
  const { chance } = draft;
  const [lan, dmz, wan] = [draft.net(), draft.net(), draft.net()];
  for (const name of ["pc", "web", "inet", "fw"]) draft.node(name);
  draft.cable("pc:eth0", "fw:lan0");
  draft.cable("web:eth0", "fw:dmz0");
  draft.cable("inet:eth0", "fw:wan0");
  if (!draft.errs(6, "the firewall does not forward")) draft.forwards("fw");
  for (const [name, port, net] of [
    ["pc", "lan0", lan],
    ["web", "dmz0", dmz],
    ["inet", "wan0", wan],
  ] as const) {
    draft.address("fw", port, `${net}.1`, 24);
    draft.address(name, "eth0", `${net}.10`, 24);
    if (name !== "inet" || chance.is(60)) draft.route(name, "default", `via ${net}.1`);
    draft.serves(name, "tcp/80", "tcp/22", "udp/53");
  }
  draft.serves("fw", "tcp/22", "udp/53");
  return { lan, dmz, wan };
}

type Zones = ReturnType<typeof zones>;

function matchOf(draft: Draft, nets: Zones, chain: string): string {
  const { chance } = draft;
  const net = chance.pick([nets.lan, nets.dmz, nets.wan]);
  const ports = ["lan0", "dmz0", "wan0"];
  const parts = [
    chance.is(45) ? chance.pick([`-s ${net}.0/24`, `-d ${net}.0/24`, `-s ${net}.10`, `-d ${net}.10`, `! -s ${net}.0/24`, `-d ${net}.1`]) : "", // prettier-ignore
    chain !== "OUTPUT" && chance.is(40)
      ? `${chance.is(15) ? "! " : ""}-i ${chance.pick(ports)}`
      : "",
    (chain === "FORWARD" || chain === "OUTPUT") && chance.is(25) ? `-o ${chance.pick(ports)}` : "",
    chance.is(55) ? chance.pick(["-p icmp", "-p tcp", "-p udp", "-p tcp --dport 80", "-p tcp --dport 22", "-p udp --dport 53", "-p tcp -m multiport --dports 22,80", "-p tcp --syn", "-p icmp --icmp-type echo-request", "-p tcp --dport 20:79", "-p tcp ! --dport 80"]) : "", // prettier-ignore
    chance.is(30) ? `-m conntrack --ctstate ${chance.pick(["NEW", "ESTABLISHED,RELATED", "ESTABLISHED", "NEW,ESTABLISHED", "INVALID"])}` : "", // prettier-ignore
    chance.is(7) ? `-m mark --mark ${chance.pick(["1", "0x2"])}` : "",
    chance.is(5) ? `-m addrtype --dst-type ${chance.pick(["LOCAL", "UNICAST"])}` : "",
  ];
  return parts.filter((one) => one !== "").join(" ");
}

/** A firewall in iptables: rules drawn for every chain, chains of its own, policies, states, marks, and no tracking. */
export function iptablesRules(draft: Draft): void {
  const { chance } = draft;
  const nets = zones(draft);
  for (const chain of ["INPUT", "FORWARD", "OUTPUT"])
    if (chance.is(chain === "FORWARD" ? 50 : 20)) draft.says("fw", `iptables -P ${chain} DROP`);
  const own = chance.is(40);
  if (own) draft.says("fw", "iptables -N ZONE");
  if (chance.is(60))
    draft.says("fw", "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
  for (let left = chance.between(2, 7); left > 0; left--) {
    const chain = chance.pick([
      "FORWARD",
      "FORWARD",
      "FORWARD",
      "INPUT",
      "OUTPUT",
      ...(own ? ["ZONE", "ZONE"] : []),
    ]);
    const end = chance.pick(["ACCEPT", "ACCEPT", "DROP", "REJECT", "REJECT --reject-with icmp-host-prohibited", ...(own && chain !== "ZONE" ? ["ZONE", "ZONE"] : chain === "ZONE" ? ["RETURN"] : [])]); // prettier-ignore
    draft.says("fw", `iptables ${chance.pick(["-A", "-A", "-A", "-I"])} ${chain} ${matchOf(draft, nets, chain)} -j ${end}`.replaceAll("  ", " ")); // prettier-ignore
  }
  if (chance.is(25)) draft.says("fw", `iptables -t mangle -A ${chance.pick(["PREROUTING", "FORWARD"])} ${matchOf(draft, nets, "INPUT")} -j MARK --set-mark ${chance.between(1, 2)}`); // prettier-ignore
  if (chance.is(15)) draft.says("fw", `iptables -t raw -A PREROUTING ${matchOf(draft, nets, "INPUT").replace(/-m conntrack --ctstate \S+|-m mark --mark \S+/g, "")} -j NOTRACK`); // prettier-ignore
  if (chance.is(15)) draft.says("fw", `iptables -t mangle -A ${chance.pick(["PREROUTING", "POSTROUTING"])} -p ${chance.pick(["icmp", "tcp", "udp"])} -j DROP`); // prettier-ignore
  if (chance.is(15)) draft.says(chance.pick(["pc", "web"]), `iptables -A ${chance.pick(["INPUT", "OUTPUT"])} -p ${chance.pick(["icmp", "tcp --dport 80", "udp"])} -j ${chance.pick(["DROP", "REJECT"])}`); // prettier-ignore
  if (chance.is(35)) draft.says("fw", "iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE");
}

/** A firewall in nft: base chains at several hooks and priorities, sets, verdict maps, states, rejects, translation. */
export function nftRules(draft: Draft): void {
  const { chance } = draft;
  const nets = zones(draft);
  const family = chance.pick(["inet", "ip"]);
  draft.says("fw", `nft add table ${family} f`);
  const hasSet = chance.is(50);
  if (hasSet) draft.says("fw", `nft 'add set ${family} f friends { type ipv4_addr; ${chance.is(50) ? "flags interval; " : ""}}'`, `nft 'add element ${family} f friends { ${nets.lan}.10, ${chance.pick([nets.dmz, nets.wan])}.10 }'`); // prettier-ignore
  const chains = [["thru", "forward", 0], ...(chance.is(40) ? [["late", "forward", 10]] : []), ...(chance.is(50) ? [["in", "input", 0]] : []), ...(chance.is(20) ? [["out", "output", 0]] : []), ...(chance.is(20) ? [["pre", "prerouting", -150]] : [])] as const; // prettier-ignore
  for (const [name, hook, priority] of chains) {
    const policy = chance.is(40) ? "drop" : "accept";
    draft.says(
      "fw",
      `nft 'add chain ${family} f ${name} { type filter hook ${hook} priority ${priority}; policy ${policy}; }'`,
    );
    if (policy === "drop" && chance.is(60)) draft.says("fw", `nft 'add rule ${family} f ${name} ct state established,related accept'`); // prettier-ignore
    for (let left = chance.between(1, 3); left > 0; left--) draft.says("fw", `nft 'add rule ${family} f ${name} ${nftRule(draft, nets, String(hook), hasSet)}'`); // prettier-ignore
  }
  if (chance.is(45)) {
    draft.says(
      "fw",
      "nft add table ip n",
      "nft 'add chain ip n post { type nat hook postrouting priority 100; }'",
    );
    draft.says("fw", `nft 'add rule ip n post oifname "wan0" ${chance.pick(["masquerade", `snat to ${nets.wan}.1`, `ip saddr ${nets.lan}.0/24 masquerade`])}'`); // prettier-ignore
    if (chance.is(60)) draft.says("fw", "nft 'add chain ip n pre { type nat hook prerouting priority -100; }'", `nft 'add rule ip n pre iifname "wan0" tcp dport 8080 dnat to ${nets.dmz}.10:80'`); // prettier-ignore
    draft.asks({ from: "inet", to: `${nets.wan}.1`, proto: "tcp", port: 8080 });
  }
}

function nftRule(draft: Draft, nets: Zones, hook: string, hasSet: boolean): string {
  const { chance } = draft;
  const net = chance.pick([nets.lan, nets.dmz, nets.wan]);
  const ports = ["lan0", "dmz0", "wan0"];
  const verdict = chance.pick(["accept", "accept", "drop", "drop", ...(hook === "prerouting" ? [] : ["reject", "reject with icmp type host-prohibited"])]); // prettier-ignore
  if (hook === "forward" && chance.is(15)) return `iifname vmap { "lan0" : accept, "wan0" : drop }`;
  if (chance.is(10)) return `tcp dport vmap { 22 : drop, 80 : accept }`;
  const parts = [
    hook !== "output" && chance.is(40) ? `iifname ${chance.pick([`"${chance.pick(ports)}"`, `{ "lan0", "dmz0" }`, `!= "wan0"`])}` : "", // prettier-ignore
    hook === "forward" && chance.is(25) ? `oifname "${chance.pick(ports)}"` : "",
    chance.is(45) ? chance.pick([`ip saddr ${net}.0/24`, `ip daddr ${net}.10`, `ip daddr != ${net}.10`, ...(hasSet ? ["ip saddr @friends", "ip daddr @friends"] : [])]) : "", // prettier-ignore
    chance.is(50) ? chance.pick(["tcp dport 80", "tcp dport { 22, 80 }", "udp dport 53", "icmp type echo-request", "meta l4proto udp", "tcp dport 20-79", "meta l4proto { tcp, udp }", "ip protocol icmp"]) : "", // prettier-ignore
    chance.is(20)
      ? `ct state ${chance.pick(["new", "established", "invalid", "{ established, related }"])}`
      : "",
    chance.is(25) ? "counter" : "",
    verdict,
  ];
  return parts.filter((one) => one !== "").join(" ");
}

/** Translation of every kind: to one address, of whole networks, redirected, twice, back to where it came from. */
export function translations(draft: Draft): void {
  const { chance } = draft;
  const nets = zones(draft);
  for (const kind of chance.some(
    ["masquerade", "snat", "dnat", "dnat", "redirect", "netmap", "hairpin", "output", "inner"],
    chance.between(1, 4),
  )) {
    // prettier-ignore
    draft.notes(kind);
    const public_ = `${nets.wan}.${chance.pick([1, 1, 100])}`;
    if (kind === "masquerade")
      draft.says("fw", `iptables -t nat -A POSTROUTING ${chance.pick([`-s ${nets.lan}.0/24 `, ""])}-o wan0 -j MASQUERADE`); // prettier-ignore
    else if (kind === "snat")
      draft.says("fw", `iptables -t nat -A POSTROUTING -s ${chance.pick([nets.lan, nets.dmz])}.0/24 -o ${chance.pick(["wan0", "dmz0"])} -j SNAT --to-source ${nets.wan}.1`); // prettier-ignore
    else if (kind === "dnat") {
      draft.says("fw", `iptables -t nat -A PREROUTING ${chance.pick(["-i wan0 ", ""])}-d ${public_} -p tcp --dport 8080 -j DNAT --to-destination ${nets.dmz}.10:80`); // prettier-ignore
      if (public_.endsWith(".100") && chance.is(70))
        draft.says("fw", `ip addr add ${public_}/32 dev wan0`);
      for (const from of ["inet", "pc", "web", "fw"])
        draft.asks({ from, to: public_, proto: "tcp", port: 8080 });
    } else if (kind === "redirect") {
      draft.says(
        "fw",
        `iptables -t nat -A PREROUTING -i lan0 -p udp --dport 5353 -j REDIRECT --to-ports 53`,
      );
      draft.asks({ from: "pc", to: `${nets.wan}.10`, proto: "udp", port: 5353 }, { from: "pc", to: `${nets.lan}.1`, proto: "udp", port: 5353 }); // prettier-ignore
    } else if (kind === "netmap") {
      draft.says(
        "fw",
        `iptables -t nat -A PREROUTING -d 203.0.113.0/24 -j NETMAP --to ${nets.dmz}.0/24`,
      );
      if (chance.is(60))
        draft.says(
          "fw",
          `iptables -t nat -A POSTROUTING -s ${nets.lan}.0/24 -o dmz0 -j NETMAP --to 198.51.100.0/24`,
        );
      draft.asks({ from: "pc", to: "203.0.113.10", proto: "icmp", trace: true }, { from: "inet", to: "203.0.113.10", proto: "tcp", port: 80 }, { from: "pc", to: "203.0.113.10", proto: "udp", port: 53 }); // prettier-ignore
    } else if (kind === "hairpin")
      draft.says("fw", `iptables -t nat -A POSTROUTING -s ${nets.dmz}.0/24 -d ${nets.dmz}.10 -j MASQUERADE`); // prettier-ignore
    else if (kind === "output") {
      draft.says(
        "fw",
        `iptables -t nat -A OUTPUT -d 203.0.113.5 -j DNAT --to-destination ${nets.lan}.10`,
      );
      draft.asks(
        { from: "fw", to: "203.0.113.5", proto: "icmp" },
        { from: "fw", to: "203.0.113.5", proto: "tcp", port: 22 },
      );
    } else
      draft.says(
        "pc",
        `iptables -t nat -A OUTPUT -p tcp --dport 81 -j DNAT --to-destination ${nets.dmz}.10:80`,
      );
  }
  if (chance.is(35)) draft.says("fw", "iptables -P FORWARD DROP", "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", `iptables -A FORWARD ${chance.pick(["-i lan0", `-d ${nets.dmz}.10 -p tcp --dport 80`, `-d ${nets.wan}.1`, "-m conntrack --ctstate DNAT"])} -j ACCEPT`); // prettier-ignore
}

/** What Docker makes of a host: its chains, published ports, isolation between bridges, and FORWARD that drops. */
export function dockerChains(draft: Draft): void {
  const { chance } = draft;
  const [wire, one, two] = [draft.net(), draft.net(), draft.net()];
  for (const name of ["host", "client"]) draft.node(name);
  draft.cable("host:eth0", "client:eth0");
  draft.address("client", "eth0", `${wire}.30`, 24);
  draft.address("host", "eth0", `${wire}.20`, 24);
  if (!draft.errs(8, "the host does not forward")) draft.forwards("host");
  draft.says("host", `sysctl -w net.bridge.bridge-nf-call-iptables=${chance.is(85) ? 1 : 0}`);
  draft.says("host", "iptables -t nat -N DOCKER", "iptables -N DOCKER", "iptables -N DOCKER-USER", "iptables -P FORWARD DROP", "iptables -A FORWARD -j DOCKER-USER"); // prettier-ignore
  if (chance.is(60)) draft.says("host", "iptables -N DOCKER-ISOLATION-STAGE-1", "iptables -N DOCKER-ISOLATION-STAGE-2", "iptables -A FORWARD -j DOCKER-ISOLATION-STAGE-1", "iptables -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2", "iptables -A DOCKER-ISOLATION-STAGE-1 -i br-two ! -o br-two -j DOCKER-ISOLATION-STAGE-2", "iptables -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP", "iptables -A DOCKER-ISOLATION-STAGE-2 -o br-two -j DROP"); // prettier-ignore
  draft.says("host", "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER");
  if (chance.is(60))
    draft.says(
      "host",
      "iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
    );
  for (const [bridge, net, name] of [["docker0", one, "c"], ["br-two", two, "d"]] as const) dockerBridge(draft, bridge, net, name); // prettier-ignore
  if (chance.is(30)) draft.says("host", `iptables -I DOCKER-USER ${chance.pick([`-i eth0 -s ${wire}.30`, `-d ${one}.11`, "-p icmp", "-i eth0 -p tcp -m conntrack --ctorigdstport 8080"])} -j ${chance.pick(["DROP", "RETURN"])}`); // prettier-ignore
  const port = 8080;
  const at = draft.errs(10, "published on another address") ? `-d ${wire}.99 ` : "";
  draft.says(
    "host",
    `iptables -t nat -A DOCKER ${at}! -i docker0 -p tcp --dport ${port} -j DNAT --to-destination ${one}.11:80`,
  );
  draft.says(
    "host",
    `iptables -A DOCKER -d ${one}.11/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`,
  );
  for (const from of ["client", "host", "host/c1", "host/d1"])
    draft.asks({ from, to: `${wire}.20`, proto: "tcp", port });
  draft.serves("client", "tcp/80", "udp/53");
}

function dockerBridge(draft: Draft, bridge: string, net: string, name: string): void {
  const { chance } = draft;
  draft.says("host", `ip link add ${bridge} type bridge`);
  draft.address("host", bridge, `${net}.1`, 24);
  if (!draft.errs(8, `${bridge} is not masqueraded`)) draft.says("host", `iptables -t nat -A POSTROUTING -s ${net}.0/24 ! -o ${bridge} -j MASQUERADE`); // prettier-ignore
  draft.says("host", `iptables -A FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`, `iptables -A FORWARD -o ${bridge} -j DOCKER`, `iptables -A FORWARD -i ${bridge} ! -o ${bridge} -j ACCEPT`, `iptables -A FORWARD -i ${bridge} -o ${bridge} -j ${chance.pick(["ACCEPT", "ACCEPT", "DROP"])}`); // prettier-ignore
  for (let at = 1; at <= chance.between(1, 2); at++) {
    const inner = draft.namespace("host", `${name}${at}`);
    draft.veth(inner, `v${name}${at}`, "eth0");
    draft.says(
      "host",
      `ip link set dev v${name}${at} master ${bridge}`,
      `ip link set dev v${name}${at} up`,
    );
    draft.address(inner, "eth0", `${net}.${10 + at}`, 24);
    draft.route(inner, "default", `via ${net}.1`);
    draft.serves(inner, "tcp/80");
  }
}
