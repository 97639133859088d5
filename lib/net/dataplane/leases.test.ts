import { expect, test } from "vitest";
import { formatIp } from "../model/prefix.ts";
import { ip, network } from "../testing.ts";
import { probe } from "../trace/probe.ts";

// Rules DH1 to DH5 of SPEC.md: pc and pc2 ask on a switch (a Linux bridge) where r1 hands out addresses.

const sw = "ip link add br0 type bridge\nip link set br0 up\nfor p in p1 p2 p3 p4; do ip link set $p master br0; ip link set $p up; done"; // prettier-ignore
const cables = ["pc:eth0 - sw:p1", "pc2:eth0 - sw:p2", "sw:p3 - r1:Gi0/1", "sw:p4 - r2:Gi0/1", "r1:Gi0/2 - far:eth0"]; // prettier-ignore
const pool = "ip dhcp pool LAN\n network 10.0.0.0 255.255.255.0\n default-router 10.0.0.1";
const excluded = "ip dhcp excluded-address 10.0.0.1 10.0.0.9";

function lab({ r1 = "", r2 = "", pc = "dhclient eth0", pc2 = "", inside = "", middle = sw } = {}) {
  return network(
    {
      pc,
      pc2,
      sw: middle,
      far: "ip addr add 192.0.2.2/24 dev eth0\nip link set eth0 up\nip route add default via 192.0.2.1",
      "r1.ios": `interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n${inside}\ninterface Gi0/2\n ip address 192.0.2.1 255.255.255.0\n${r1}`, // prettier-ignore
      "r2.ios": r2,
    },
    cables,
  );
}

// What a device has on its first interface with anything, whom it sends the rest to, and what is open about it.
function has(built: ReturnType<typeof lab>, name: string): string {
  const { ifaces, routes, taints } = built.network.devices.get(name)!;
  const addresses = ifaces
    .filter((iface) => !iface.ownsNetworks)
    .flatMap((iface) => iface.addresses.map(({ ip: one, length }) => `${formatIp(one)}/${length}`));
  const ways = routes.flatMap(({ gateway }) => (gateway === null ? [] : [`via ${formatIp(gateway)}`])); // prettier-ignore
  return [...addresses, ...ways, ...taints.map(({ what }) => `open: ${what}`)].join(" ");
}

test.each([
  ["DH3 the first address that is free", { r1: `${pool}\n${excluded}` }, "pc", "10.0.0.10/24 via 10.0.0.1"],
  ["DH3 not the router's own", { r1: pool }, "pc", "10.0.0.2/24 via 10.0.0.1"],
  ["DH3 nor one that a neighbour has", { r1: pool, pc2: "ip addr add 10.0.0.2/24 dev eth0\nip link set eth0 up" }, "pc", "10.0.0.3/24 via 10.0.0.1"],
  ["DH3 one after the other", { r1: pool, pc2: "udhcpc -i eth0" }, "pc2", "10.0.0.3/24 via 10.0.0.1"],
  ["DH2 an address of one's own", { r1: `${pool}\nip dhcp pool PC\n host 10.0.0.77 255.255.255.0\n hardware-address 0200.0000.0101\n default-router 10.0.0.1` }, "pc", "10.0.0.77/24 via 10.0.0.1"],
  ["DH2 which others do not get", { r1: `${pool}\nip dhcp pool X\n host 10.0.0.2 255.255.255.0\n hardware-address 0200.0000.9999` }, "pc", "10.0.0.3/24 via 10.0.0.1"],
  ["DH1 nothing from a pool for another network", { r1: pool.replace("10.0.0.0", "10.7.0.0") }, "pc", ""],
  ["DH1 nothing where the service is off", { r1: `${pool}\nno service dhcp` }, "pc", ""],
  ["DH1 nothing where the server is not heard", { r1: pool, middle: sw.replace("p1 p2 p3 p4", "p1 p2 p4") }, "pc", ""],
  ["DH3 nothing when none is left", { r1: `${pool}\nip dhcp excluded-address 10.0.0.1 10.0.0.254` }, "pc", ""],
  ["DH4 two servers", { r1: pool, r2: `interface Gi0/1\n ip address 10.0.0.200 255.255.255.0\n${pool}` }, "pc", "open: two servers that answer, when asked for an address"],
  ["DH4 somebody who may answer", { r2: "interface Gi0/1\n ip address 10.0.0.200 255.255.255.0\n ip helper-address 192.0.2.9" }, "pc", "open: r2, which may answer, when asked for an address"],
  ["DH5 a router that asks", { r1: pool, pc: "", r2: "interface Gi0/1\n ip address dhcp" }, "r2", "10.0.0.2/24 via 10.0.0.1"],
  ["DH5 inside a namespace", { r1: pool, pc: "ip netns add n\nip link set eth0 netns n\nip netns exec n dhclient eth0" }, "pc/n", "10.0.0.2/24 via 10.0.0.1"],
  ["DH4 questions that a list may keep out", { r1: `${pool}\naccess-list 101 permit tcp any any`, inside: " ip access-group 101 in", pc: "" }, "r1", "10.0.0.1/24 192.0.2.1/24 open: an access list that may keep out those who ask for addresses"],
  ["DH4 questions that a list lets in", { r1: `${pool}\naccess-list 101 permit udp any any eq bootps`, inside: " ip access-group 101 in", pc: "" }, "r1", "10.0.0.1/24 192.0.2.1/24"],
])("%s", (_rule, config, name, expected) => {
  expect(has(lab(config), name)).toBe(expected);
}); // prettier-ignore

test("DH5 what was given works at once, and nobody is told when all is well", () => {
  const built = lab({ r1: pool, pc: "dhclient eth0\nip route show" });
  expect(built.diagnostics).toEqual([]);
  const asked = { device: "pc", table: null, to: ip("192.0.2.2"), proto: "icmp", port: null } as const; // prettier-ignore
  expect(probe(built, asked)).toMatchObject({ reachable: true, at: "far", src_seen: "10.0.0.2" });
});

test("DH5 who is not answered hears it", () => {
  const built = lab({ r2: "interface Gi0/1\n ip address dhcp" });
  expect(built.diagnostics.map(({ code }) => code).toSorted()).toEqual(["ios-dhcp-nobody", "shell-refused"]); // prettier-ignore
});
