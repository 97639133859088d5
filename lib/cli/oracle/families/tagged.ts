import type { Draft } from "../draft.ts";

/** VRF devices on one router: customers, addresses used twice, leaks by outgoing interface, the missing last route. */
export function vrfs(draft: Draft): void {
  const { chance } = draft;
  draft.node("pe");
  draft.forwards("pe");
  if (chance.is(60))
    draft.says(
      "pe",
      "sysctl -w net.ipv4.tcp_l3mdev_accept=1",
      "sysctl -w net.ipv4.udp_l3mdev_accept=1",
    );
  const same = [draft.net(), draft.net()] as const;
  const overlaps = chance.is(35);
  const names = ["red", "blue", "green"].slice(0, chance.between(2, 3));
  const nets = names.map(() => (overlaps ? same : ([draft.net(), draft.net()] as const)));
  names.forEach((name, at) => {
    draft.says("pe", `ip link add ${name} type vrf table ${10 * (at + 1)}`);
    if (!draft.errs(4, `${name} stays down`)) draft.up("pe", name);
    if (!draft.errs(20, `${name} has no unreachable default`)) draft.says("pe", `ip route add unreachable default metric 4278198272 ${chance.pick([`vrf ${name}`, `table ${10 * (at + 1)}`])}`); // prettier-ignore
    nets[at]!.forEach((net, side) => customer(draft, name, side, net));
  });
  if (chance.is(50) && !overlaps) {
    const [a = "", b = ""] = chance.shuffled(names);
    const [netA, netB] = [nets[names.indexOf(a)]![0], nets[names.indexOf(b)]![1]];
    draft.notes(`leak ${a} <-> ${b}`);
    draft.says(
      "pe",
      `ip route add ${netB}.0/24 dev ${b} vrf ${a}`.replace(
        `dev ${b}`,
        chance.pick([`dev ${b}`, `dev ${b}1`]),
      ),
    );
    if (!draft.errs(30, "the leak goes one way only"))
      draft.says("pe", `ip route add ${netA}.0/24 dev ${a}0 vrf ${b}`);
  }
  if (chance.is(30)) draft.address("pe", "lo", "192.0.2.1", 32);
  draft.serves("pe", "tcp/179");
}

function customer(draft: Draft, vrf: string, side: number, net: string): void {
  const { chance } = draft;
  const host = draft.node(`${vrf}-${side}`);
  const port = `${vrf}${side}`;
  draft.cable(`pe:${port}`, `${host}:eth0`);
  const early = chance.is(40);
  if (early) draft.address("pe", port, `${net}.1`, 24);
  if (!draft.errs(5, `${port} is in no VRF`))
    draft.says("pe", `ip link set dev ${port} ${chance.pick(["master", "vrf"])} ${vrf}`);
  if (!early) draft.address("pe", port, `${net}.1`, 24);
  draft.address(host, "eth0", `${net}.10`, 24);
  draft.route(host, "default", `via ${net}.1`);
  draft.serves(host, "tcp/80", "udp/53");
}

/** Bridges that know VLANs: access ports, trunks with lists and native VLANs, and a router on a stick. */
export function trunks(draft: Draft): void {
  const { chance } = draft;
  const count = chance.between(1, 3);
  const [v1, v2] = [chance.between(2, 1999), chance.between(2000, 4000)];
  const nets = new Map([
    [v1, draft.net()],
    [v2, draft.net()],
  ]);
  const native = chance.is(40);
  for (let sw = 1; sw <= count; sw++) {
    draft.node(`sw${sw}`);
    const filters = !draft.errs(4, `sw${sw} does not filter VLANs`);
    draft.says(
      `sw${sw}`,
      `ip link add br0 type bridge${filters ? " vlan_filtering 1" : ""}`,
      "ip link set dev br0 up",
    );
  }
  const trunk = (sw: string, port: string) => {
    draft.says(sw, `ip link set dev ${port} master br0`, `ip link set dev ${port} up`);
    for (const vlan of [v1, v2])
      if (!draft.errs(5, `${sw} ${port} lacks VLAN ${vlan}`)) draft.says(sw, `bridge vlan add ${chance.pick([`dev ${port} vid ${vlan}`, `vid ${vlan} dev ${port}`])}${native && vlan === v1 && !draft.errs(8, `native VLAN of ${sw} ${port}`) ? " pvid untagged" : ""}`); // prettier-ignore
    if (chance.is(60)) draft.says(sw, `bridge vlan del dev ${port} vid 1`);
  };
  for (let sw = 1; sw < count; sw++) {
    draft.cable(`sw${sw}:t${sw}`, `sw${sw + 1}:u${sw + 1}`);
    trunk(`sw${sw}`, `t${sw}`);
    trunk(`sw${sw + 1}`, `u${sw + 1}`);
  }
  for (let sw = 1; sw <= count; sw++)
    for (let at = 1; at <= chance.between(1, 3); at++)
      vlanHost(draft, `sw${sw}`, at, chance.pick([v1, v2]), nets);
  if (chance.is(60)) {
    draft.node("gw");
    draft.cable("gw:eth0", "sw1:gw");
    trunk("sw1", "gw");
    stick(draft, [...nets], native ? v1 : 0);
  } else if (chance.is(50))
    for (const [vlan, net] of nets) {
      draft.says(
        "sw1",
        `bridge vlan add dev br0 vid ${vlan} self`,
        `ip link add link br0 name br0.${vlan} type vlan id ${vlan}`,
      );
      draft.address("sw1", `br0.${vlan}`, `${net}.1`, 24);
    }
}

function vlanHost(
  draft: Draft,
  sw: string,
  at: number,
  vlan: number,
  nets: ReadonlyMap<number, string>,
): void {
  const { chance } = draft;
  const name = draft.node(`${sw.replace("sw", "h")}${at}`);
  const ip = `${nets.get(vlan)!}.${Number(sw.slice(2)) * 10 + at}`;
  draft.cable(`${name}:eth0`, `${sw}:p${at}`);
  draft.says(sw, `ip link set dev p${at} master br0`, `ip link set dev p${at} up`);
  if (chance.is(20)) {
    draft.notes(`${name} tags`);
    draft.says(sw, `bridge vlan add dev p${at} vid ${vlan}`);
    draft.says(
      name,
      `ip link add link eth0 name eth0.${vlan} type vlan id ${vlan}`,
      "ip link set dev eth0 up",
    );
    draft.address(name, `eth0.${vlan}`, ip, 24);
  } else {
    if (!draft.errs(5, `${name} is in no VLAN`))
      draft.says(sw, `bridge vlan add dev p${at} vid ${vlan} pvid untagged`);
    if (chance.is(50)) draft.says(sw, `bridge vlan del dev p${at} vid 1`);
    draft.address(name, "eth0", ip, 24);
  }
  draft.route(name, "default", `via ${nets.get(vlan)!}.1`);
  draft.serves(name, "tcp/80");
}

function stick(draft: Draft, nets: readonly (readonly [number, string])[], native: number): void {
  if (!draft.errs(8, "gw does not forward")) draft.forwards("gw");
  draft.up("gw", "eth0");
  for (const [vlan, net] of nets) {
    if (vlan === native) {
      draft.address("gw", "eth0", `${net}.1`, 24);
      continue;
    }
    const tag = draft.errs(6, `gw tags ${vlan} otherwise`) ? vlan + 1 : vlan;
    draft.says("gw", `ip link add link eth0 name eth0.${vlan} type vlan id ${tag}`);
    draft.address("gw", `eth0.${vlan}`, `${net}.1`, 24);
  }
}

/** Servers the old way: one bridge for each VLAN over interfaces of the uplink, containers on the bridges. */
export function vlanBridges(draft: Draft): void {
  const { chance } = draft;
  const vlans = [chance.between(2, 1999), chance.between(2000, 4000)];
  const same = draft.net();
  const nets = vlans.map(() => (chance.is(30) ? same : draft.net()));
  for (const host of ["h1", "h2"]) draft.node(host);
  draft.cable("h1:eth0", "h2:eth0");
  for (const [index, host] of ["h1", "h2"].entries()) {
    draft.up(host, "eth0");
    vlans.forEach((vlan, at) => {
      const id = draft.errs(5, `${host} uses another VLAN`) ? vlan + 1 : vlan;
      draft.says(host, `ip link add link eth0 name eth0.${vlan} type vlan id ${id}`, `ip link add br${vlan} type bridge`, `ip link set dev eth0.${vlan} master br${vlan}`, `ip link set dev br${vlan} up`); // prettier-ignore
      if (!draft.errs(4, `${host} leaves eth0.${vlan} down`)) draft.up(host, `eth0.${vlan}`);
      const inner = draft.namespace(host, `c${at + 1}`);
      draft.veth(inner, `v${at + 1}`, "eth0");
      draft.says(
        host,
        `ip link set dev v${at + 1} master br${vlan}`,
        `ip link set dev v${at + 1} up`,
      );
      draft.address(inner, "eth0", `${nets[at]}.${10 + index}`, 24);
      if (chance.is(50)) draft.route(inner, "default", `via ${nets[at]}.1`);
      draft.serves(inner, "tcp/80");
      if (index === 0 && chance.is(40)) draft.address(host, `br${vlan}`, `${nets[at]}.1`, 24);
    });
  }
  if (chance.is(40)) draft.forwards("h1");
}

/** Containers on ipvlan beside other hosts. */
export function ipvlans(draft: Draft): void {
  const { chance } = draft;
  const [lan, inside] = [draft.net(), draft.net()];
  for (const name of ["h1", "pc"]) draft.node(name);
  draft.cable("h1:eth0", "pc:eth0");
  draft.address("h1", "eth0", `${lan}.20`, 24);
  draft.address("pc", "eth0", `${lan}.30`, 24);
  if (chance.is(50)) draft.route("pc", `${inside}.0/24`, `via ${lan}.20`);
  for (let at = 1; at <= chance.between(1, 3); at++) {
    const inner = draft.namespace("h1", `c${at}`);
    draft.says(
      "h1",
      `ip link add link eth0 name iv${at} type ipvlan mode l2`,
      `ip link set dev iv${at} netns c${at}`,
    );
    draft.address(inner, `iv${at}`, `${chance.is(80) ? lan : inside}.${50 + at}`, 24);
    if (chance.is(60)) draft.route(inner, "default", `via ${lan}.30`);
    draft.serves(inner, "tcp/80");
  }
  draft.serves("pc", "tcp/80", "udp/53");
}

/** A bridge for each VRF with the gateway on it, stretched to another leaf by VXLAN; tenants may overlap. */
export function tenantOverlays(draft: Draft): void {
  const { chance } = draft;
  const under = draft.net();
  const same = draft.net();
  const overlaps = chance.is(40);
  const tenants = ["red", "blue"].map((name, at) => ({
    name,
    at: at + 1,
    net: overlaps ? same : draft.net(),
  }));
  for (const leaf of ["leaf1", "leaf2"]) draft.node(leaf);
  draft.cable("leaf1:core", "leaf2:core");
  for (const [index, leaf] of ["leaf1", "leaf2"].entries()) {
    draft.forwards(leaf);
    draft.address(leaf, "core", `${under}.${index + 1}`, 30);
    for (const { name, at, net } of tenants) {
      draft.says(
        leaf,
        `ip link add ${name} type vrf table ${at * 10}`,
        `ip link set dev ${name} up`,
      );
      draft.says(leaf, `ip route add unreachable default metric 4278198272 table ${at * 10}`);
      draft.says(leaf, `ip link add br${at} type bridge`);
      if (!draft.errs(5, `br${at} of ${leaf} is in no VRF`))
        draft.says(leaf, `ip link set dev br${at} master ${name}`);
      draft.address(leaf, `br${at}`, `${net}.1`, 24);
      const vni = draft.errs(5, `${leaf} uses another VNI`) ? 900 + at : 100 + at;
      draft.says(leaf, `ip link add vx${at} type vxlan id ${vni} local ${under}.${index + 1} remote ${under}.${2 - index} dstport 4789`, `ip link set dev vx${at} master br${at}`, `ip link set dev vx${at} up`); // prettier-ignore
      const host = draft.node(`${name}${index + 1}`);
      draft.cable(`${leaf}:p${at}`, `${host}:eth0`);
      draft.says(leaf, `ip link set dev p${at} master br${at}`, `ip link set dev p${at} up`);
      draft.address(host, "eth0", `${net}.${10 + index}`, 24);
      draft.route(host, "default", `via ${net}.1`);
      draft.serves(host, "tcp/80");
    }
  }
}
