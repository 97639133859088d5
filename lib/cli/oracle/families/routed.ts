import type { Draft } from "../draft.ts";

/** One LAN whose hosts disagree about it: masks, second addresses, /32, onlink, proxy ARP, who answers ARP for what. */
export function addressing(draft: Draft): void {
  const { chance } = draft;
  const lan = draft.net();
  const far = draft.net();
  const count = chance.between(3, 5);
  lanSwitch(draft, count + 1);
  draft.node("gw");
  draft.cable("gw:eth0", `sw:p${count + 1}`);
  draft.address("gw", "eth0", `${lan}.1`, chance.pick([24, 24, 25, 30]));
  if (!draft.errs(15, "the router does not forward")) draft.forwards("gw");
  if (chance.is(40))
    draft.says("gw", `sysctl -w net.ipv4.conf.${chance.pick(["eth0", "all"])}.proxy_arp=1`);
  draft.node("far");
  draft.cable("gw:eth1", "far:eth0");
  draft.address("gw", "eth1", `${far}.1`, 24);
  draft.address("far", "eth0", `${far}.10`, 24);
  draft.route("far", "default", `via ${far}.1`);
  draft.serves("far", "tcp/80", "udp/53");
  for (let at = 1; at <= count; at++) lanHost(draft, `h${at}`, at, lan, far);
}

function lanSwitch(draft: Draft, ports: number): void {
  draft.node("sw");
  draft.says("sw", "ip link add br0 type bridge");
  draft.up("sw", "br0");
  for (let at = 1; at <= ports; at++)
    draft.says("sw", `ip link set dev p${at} master br0`, `ip link set dev p${at} up`);
}

function lanHost(draft: Draft, name: string, at: number, lan: string, far: string): void {
  const { chance } = draft;
  const ip = `${lan}.${chance.pick([2, 9, 40, 130, 200]) + at}`;
  const kind = chance.pick([
    "plain",
    "plain",
    "wide",
    "narrow",
    "alone",
    "second",
    "onlink",
    "other",
    "private",
  ]);
  draft.node(name);
  draft.notes(`${name}: ${kind}`);
  draft.cable(`${name}:eth0`, `sw:p${at}`);
  const length = { wide: 16, narrow: 28, alone: 32, onlink: 32 }[kind] ?? 24;
  if (kind === "other") draft.address(name, "eth0", `${far}.${60 + at}`, 24);
  else draft.address(name, "eth0", ip, length);
  if (kind === "second")
    draft.address(name, "eth0", `${ip.replace(/\d+$/, String(220 + at))}`, chance.pick([24, 25]));
  if (kind === "private") draft.says(name, "sysctl -w net.ipv4.conf.all.arp_ignore=1", `ip addr add 192.0.2.${at}/32 dev lo`); // prettier-ignore
  if (kind === "alone") draft.route(name, `${lan}.0/24`, "dev eth0");
  if (kind === "onlink") draft.route(name, "default", `via ${lan}.1 dev eth0 onlink`);
  else if (kind !== "wide" && chance.is(80)) draft.route(name, "default", `via ${lan}.1`);
  if (chance.is(15)) draft.says(name, `ip neigh add ${lan}.${chance.pick([1, 50, 77])} lladdr 02:00:00:00:00:0${chance.between(1, 5)} dev eth0`); // prettier-ignore
  draft.serves(name, "tcp/80");
}

/** Routers in a row: longest prefix, metrics, routes that refuse, circles, settings of the reverse path. */
export function chain(draft: Draft): void {
  const { chance } = draft;
  const routers = chance.between(2, 4);
  const left = draft.net();
  const right = draft.net();
  const core = draft.net();
  draft.node("h1");
  for (let at = 1; at <= routers; at++) draft.node(`r${at}`);
  draft.node("h2");
  draft.cable("h1:eth0", "r1:left");
  for (let at = 1; at < routers; at++) draft.cable(`r${at}:right`, `r${at + 1}:left`);
  draft.cable(`r${routers}:right`, "h2:eth0");
  const wire = (at: number, end: 1 | 2) => `${core}.${at * 4 + end}`;
  for (let at = 1; at <= routers; at++) {
    const name = `r${at}`;
    if (!draft.errs(6, `${name} does not forward`)) draft.forwards(name);
    draft.address(name, "left", at === 1 ? `${left}.1` : wire(at - 1, 2), at === 1 ? 24 : 30);
    draft.address(
      name,
      "right",
      at === routers ? `${right}.1` : wire(at, 1),
      at === routers ? 24 : 30,
    );
    const back = at === 1 ? null : wire(at - 1, 1);
    const on = at === routers ? null : wire(at, 2);
    if (on && !draft.errs(7, `${name} has no way on`))
      draft.route(name, chance.pick([`${right}.0/24`, "default"]), `via ${on}`);
    if (back && !draft.errs(7, `${name} has no way back`))
      draft.route(name, `${left}.0/24`, `via ${back}`);
    oddRoutes(draft, name, [left, right, core], back, on);
  }
  for (const [name, net] of [
    ["h1", left],
    ["h2", right],
  ] as const) {
    draft.address(name, "eth0", `${net}.10`, 24);
    if (chance.is(30)) draft.address(name, "lo", `192.0.2.${name.slice(1)}`, 32);
    draft.route(name, "default", `via ${net}.1`);
    draft.serves(name, "tcp/80", "udp/53");
  }
}

function oddRoutes(
  draft: Draft,
  name: string,
  nets: readonly string[],
  back: string | null,
  on: string | null,
): void {
  const { chance } = draft;
  const to = () => `${chance.pick(nets)}.${chance.pick(["0/24", "0/25", "10/32", "8/29", "0/28"])}`;
  const via = chance.pick([back, on].filter((one) => one !== null));
  if (chance.is(15) && draft.errs(100, `${name} refuses something`)) draft.says(name, `ip route add ${chance.pick(["blackhole", "unreachable", "prohibit", "throw"])} ${to()}`); // prettier-ignore
  if (chance.is(15) && via && draft.errs(100, `${name} knows a better way`))
    draft.route(name, to(), `via ${via}`);
  if (chance.is(15) && via)
    draft.route(
      name,
      chance.pick(["default", to()]),
      `via ${via} metric ${chance.pick([50, 200])}`,
    );
  if (chance.is(10)) draft.says(name, `sysctl -w net.ipv4.conf.${chance.pick(["all", "left", "right"])}.rp_filter=${chance.between(1, 2)}`); // prettier-ignore
  if (chance.is(8)) draft.says(name, `ip route replace ${to()} via ${via ?? "192.0.2.9"}`);
  if (chance.is(6)) draft.says(name, `ip route del ${to()}`);
  if (chance.is(6)) draft.says(name, `ip route append ${to()} via ${via ?? "192.0.2.9"}`);
  if (chance.is(5)) draft.says(name, `ip link set dev ${chance.pick(["left", "right"])} down`, `ip link set dev ${chance.pick(["left", "right"])} up`); // prettier-ignore
  if (chance.is(6)) draft.says(name, `ip route flush ${to()}`);
}

/** Two ways between two hosts; what goes by one comes back by the other, and the reverse path is checked, or not. */
export function twoWays(draft: Draft): void {
  const { chance } = draft;
  const [here, there, upper, lower] = [draft.net(), draft.net(), draft.net(), draft.net()];
  for (const name of ["h1", "r1", "r2", "h2"]) draft.node(name);
  draft.cable("h1:eth0", "r1:lan");
  draft.cable("h2:eth0", "r2:lan");
  draft.cable("r1:up", "r2:up");
  draft.cable("r1:down", "r2:down");
  const [go, come] = chance.pick([
    [upper, lower],
    [lower, upper],
    [upper, upper],
  ] as const);
  draft.notes(go === come ? "one way" : "two ways");
  for (const [name, own, end, other, net] of [
    ["r1", here, 1, 2, go],
    ["r2", there, 2, 1, come],
  ] as const) {
    draft.forwards(name);
    draft.address(name, "lan", `${own}.1`, 24);
    draft.address(name, "up", `${upper}.${end}`, 30);
    draft.address(name, "down", `${lower}.${end}`, 30);
    draft.route(name, `${name === "r1" ? there : here}.0/24`, `via ${net}.${other}`);
    for (const key of ["all", "up", "down", "lan"])
      if (chance.is(35))
        draft.says(name, `sysctl -w net.ipv4.conf.${key}.rp_filter=${chance.between(0, 2)}`);
    if (chance.is(20))
      draft.says(name, `sysctl -w net.ipv4.conf.${chance.pick(["up", "lan"])}.forwarding=0`);
  }
  for (const [name, net] of [
    ["h1", here],
    ["h2", there],
  ] as const) {
    draft.address(name, "eth0", `${net}.10`, 24);
    if (!draft.errs(10, `${name} has no default route`))
      draft.route(name, "default", `via ${net}.1`);
    if (chance.is(30))
      draft.says(name, `sysctl -w net.ipv4.conf.all.rp_filter=${chance.between(1, 2)}`);
    draft.serves(name, "tcp/80", "udp/53");
  }
  draft.owns("r2", `${upper}.2`);
}

/** Policy routing: rules by source, destination, port, mark and interface, and tables that give way. */
export function policies(draft: Draft): void {
  const { chance } = draft;
  const [lan, one, two, far] = [draft.net(), draft.net(), draft.net(), draft.net()];
  for (const name of ["pc1", "pc2", "gw", "isp1", "isp2", "srv"]) draft.node(name);
  draft.cable("pc1:eth0", "gw:lan1");
  draft.cable("pc2:eth0", "gw:lan2");
  draft.cable("gw:wan1", "isp1:eth0");
  draft.cable("gw:wan2", "isp2:eth0");
  draft.cable("isp1:eth1", "srv:eth0");
  draft.cable("isp2:eth1", "srv:eth1");
  const other = draft.net();
  draft.forwards("gw");
  draft.address("gw", "lan1", `${lan}.1`, 24);
  draft.address("gw", "lan2", `${other}.1`, 24);
  draft.address("gw", "wan1", `${one}.1`, 30);
  draft.address("gw", "wan2", `${two}.1`, 30);
  for (const [at, net] of [
    [1, one],
    [2, two],
  ] as const) {
    const isp = `isp${at}`;
    draft.forwards(isp);
    draft.address(isp, "eth0", `${net}.2`, 30);
    draft.address(isp, "eth1", `${far}.${at * 64 + 1}`, 26);
    draft.address("srv", `eth${at - 1}`, `${far}.${at * 64 + 10}`, 26);
    draft.route(isp, `${lan}.0/24`, `via ${net}.1`);
    if (!draft.errs(8, `${isp} does not know the second LAN`))
      draft.route(isp, `${other}.0/24`, `via ${net}.1`);
    draft.route(isp, "default", `via ${far}.${at * 64 + 10}`);
  }
  draft.route("srv", "default", `via ${far}.65`);
  if (chance.is(50))
    draft.says(
      "srv",
      `ip rule add from ${far}.138 lookup 7`,
      `ip route add default via ${far}.129 table 7`,
    );
  if (chance.is(40)) draft.address("srv", "lo", "198.51.100.80", 32);
  draft.route("gw", "default", `via ${one}.2`);
  policyRules(draft, [lan, other, far], `${two}.2`);
  for (const [name, net] of [
    ["pc1", lan],
    ["pc2", other],
  ] as const) {
    draft.address(name, "eth0", `${net}.10`, 24);
    draft.route(name, "default", `via ${net}.1`);
    draft.serves(name, "tcp/80");
  }
  draft.serves("srv", "tcp/80", "tcp/443", "udp/53");
}

function policyRules(draft: Draft, nets: readonly string[], second: string): void {
  const { chance } = draft;
  const tables = chance.shuffled([100, 200, 300]).slice(0, 2);
  for (const table of tables) {
    draft.route("gw", "default", `via ${second} table ${table}`);
    if (chance.is(30)) draft.says("gw", `ip route add ${chance.pick(["throw", "blackhole", "prohibit"])} ${chance.pick(nets)}.0/24 table ${table}`); // prettier-ignore
  }
  const picks = chance.some(
    ["from", "to", "iif", "fwmark", "dport", "not", "blackhole"],
    chance.between(1, 4),
  );
  for (const kind of picks) {
    const table = chance.pick([...tables, ...tables, 77]);
    const end = `lookup ${table} pref ${chance.between(10, 40) * 100}`;
    const net = `${chance.pick(nets)}.${chance.pick(["0/24", "10", "10/32", "0/25"])}`;
    draft.notes(`rule: ${kind}`);
    if (kind === "from" || kind === "to") draft.says("gw", `ip rule add ${kind} ${net} ${end}`);
    else if (kind === "iif")
      draft.says("gw", `ip rule add iif ${chance.pick(["lan1", "lan2", "lo"])} ${end}`);
    else if (kind === "dport")
      draft.says("gw", `ip rule add ipproto tcp dport ${chance.pick([80, 443])} ${end}`);
    else if (kind === "not") draft.says("gw", `ip rule add not from ${net} ${end}`);
    else if (kind === "blackhole")
      draft.says("gw", `ip rule add from ${net} ${chance.pick(["blackhole", "prohibit", "unreachable"])} pref 5000`); // prettier-ignore
    else {
      draft.says("gw", `iptables -t mangle -A ${chance.pick(["PREROUTING", "OUTPUT", "PREROUTING"])} -p ${chance.pick(["tcp --dport 80", "udp", "icmp", "tcp"])} -j MARK --set-mark ${chance.pick(["1", "0x2"])}`); // prettier-ignore
      draft.says("gw", `ip rule add fwmark ${chance.pick(["1", "2", "0x2/0xf"])} ${end}`);
    }
  }
}
