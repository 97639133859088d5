import { describe, expect, test } from "vitest";
import { formatIp } from "../../model/prefix.ts";
import { buildNetwork, type Built } from "../../network.ts";
import { decide } from "../../prove/decide.ts";
import { endpointsNamed } from "../../prove/endpoint.ts";
import { pictureOf } from "../../explain/picture.ts";
import { buildLinux } from "../shell/build.ts";
import { asked, inNetwork, lab, vm } from "./testing.ts";

// Rule ids are those of lib/net/SPEC.md.

const NAT = `<network><name>blue</name><forward mode='nat'/>
<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.254'/></dhcp></ip></network>`;
const up = (address: string, gateway = "") =>
  `ip addr add ${address}/24 dev eth0\nip link set eth0 up\n${gateway && `ip route add default via ${gateway}`}`;

const said = ({ diagnostics }: Built) => diagnostics.map(({ message }) => message);
const links = (built: Built, device: string) =>
  built.network.devices
    .get(device)!
    .ifaces.filter(({ name }) => name !== "lo")
    .map(({ name, bridge, enabled }) =>
      [name, bridge && `on ${bridge.name}`, enabled ? "" : "down"].filter(Boolean).join(" "),
    );

/** Two guests of one network of the host, and a host outside. */
function twoGuests(network: string, more: Readonly<Record<string, string>> = {}): Built {
  return lab(
    {
      "hv1/host.sh": "ip addr add 192.0.2.1/24 dev eno1\nip link set eno1 up",
      "hv1/networks/blue.xml": network,
      "hv1/domains/web.xml": vm("web", inNetwork("blue")),
      "hv1/domains/db.xml": vm("db", inNetwork("blue")),
      "vms/web/host.sh": up("10.0.0.2", "10.0.0.1"),
      "vms/db/host.sh": up("10.0.0.3", "10.0.0.1"),
      "pc/host.sh": `${up("192.0.2.9")}ip route add 10.0.0.0/24 via 192.0.2.1`,
      ...more,
    },
    ["hv1:eno1 - pc:eth0"],
    ["web tcp/80", "pc tcp/80"],
  );
}

const OPEN = NAT.replace("nat", "open").replace(/<dhcp>.*<\/dhcp>/, "");

test.each([
  ["VM6 nat: guests go out under the host's address", "nat", "web", "192.0.2.9", "tcp/80", "reached pc as 192.0.2.1"],
  ["VM6 nat: nobody comes in", "nat", "pc", "10.0.0.2", "tcp/80", "port-unreachable"],
  ["VM6 nat: guests reach each other", "nat", "db", "10.0.0.2", "tcp/80", "reached hv1/web as 10.0.0.3"],
  ["VM6 nat: the host reaches its guests", "nat", "hv1", "10.0.0.2", "tcp/80", "reached hv1/web as 10.0.0.1"],
  ["VM6 nat: guests reach the host", "nat", "web", "192.0.2.1", "icmp", "reached hv1 as 10.0.0.2"],
  ["VM6 route: guests go out under their own address", "route", "web", "192.0.2.9", "tcp/80", "reached pc as 10.0.0.2"],
  ["VM6 route: and are reached", "route", "pc", "10.0.0.2", "tcp/80", "reached hv1/web as 192.0.2.9"],
  ["VM6 open: no rules, so the host routes", "open", "pc", "10.0.0.2", "tcp/80", "reached hv1/web as 192.0.2.9"],
  ["VM6 isolated: guests do not go out", "none", "web", "192.0.2.9", "icmp", "timeout"],
  ["VM6 isolated: nobody comes in", "none", "pc", "10.0.0.2", "icmp", "timeout"],
  ["VM6 isolated: guests reach each other", "none", "db", "10.0.0.2", "icmp", "reached hv1/web as 10.0.0.3"],
  ["VM6 isolated: guests reach the host, by any of its addresses", "none", "web", "192.0.2.1", "icmp", "reached hv1 as 10.0.0.2"],
  ["VM7 the host answers for names on the network's address", "nat", "web", "10.0.0.1", "udp/53", "reached hv1 as 10.0.0.2"],
  ["VM7 and on no other", "nat", "pc", "192.0.2.1", "udp/53", "port-unreachable"],
  ["VM7 it leases addresses where the XML has some", "nat", "web", "10.0.0.1", "udp/67", "reached hv1 as 10.0.0.2"],
  ["VM7 and not where it has none", "open", "web", "10.0.0.1", "udp/67", "port-unreachable"],
])("%s", (_rule, mode, from, to, service, outcome) => {
  const xml =
    mode === "none" ? NAT.replace("<forward mode='nat'/>", "") : mode === "open" ? OPEN : NAT.replace("nat", mode);
  const built = twoGuests(xml);
  expect(said(built)).toEqual([]);
  const name = built.network.devices.has(from) ? from : `hv1/${from}`;
  expect(asked(built, name, to, service)).toBe(outcome);
}); // prettier-ignore

test("VM6 an isolated network is no island: a host that routes for another reason refuses by rule", () => {
  const xml = NAT.replace("<forward mode='nat'/>", "");
  const built = twoGuests(xml, { "hv1/host.sh": "ip addr add 192.0.2.1/24 dev eno1\nip link set eno1 up\nsysctl -w net.ipv4.ip_forward=1" }); // prettier-ignore
  expect(asked(built, "hv1/web", "192.0.2.9")).toBe("port-unreachable");
  expect(asked(built, "pc", "10.0.0.2")).toBe("port-unreachable");
});

test("VM6 what a nat network keeps out is proved, by the rule that keeps it out", () => {
  const built = twoGuests(NAT);
  const claim = {
    kind: "isolate",
    from: ["pc"],
    to: ["web"],
    threat: "host",
    both: false,
  } as const;
  expect(decide(built, claim).state).toBe("holds");
  expect(decide(twoGuests(NAT.replace("nat", "route")), claim).state).toBe("fails");
  const out = { kind: "reach", from: ["web"], to: ["pc"], proto: "tcp", port: 80, address: null } as const; // prettier-ignore
  expect(decide(built, out).state).toBe("holds");
});

// What libvirt 9.0 in Debian 12 made of these networks, as iptables-save printed it.
test("VM5 VM6 chains and rules are those that libvirt makes", () => {
  const files = [
    ["networks/a", "<network><name>a</name><forward mode='nat'/><bridge name='virbr5'/><ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>"],
    ["networks/b", "<network><name>b</name><ip address='10.1.1.1' prefix='24'/></network>"],
    ["networks/c", "<network><name>c</name><forward mode='route'/><ip address='10.2.2.1' prefix='24'/></network>"],
    ["networks/d", "<network><name>d</name><forward mode='open'/><ip address='10.3.3.1' prefix='24'/></network>"],
    ["networks/e", "<network><name>e</name></network>"],
    ["networks/f", "<network><name>f</name><forward mode='nat' dev='up0'><nat><address start='192.0.2.11' end='192.0.2.12'/><port start='1024' end='2000'/></nat></forward><ip address='10.4.4.1' prefix='24'/><ip address='10.4.5.1' netmask='255.255.255.0'/></network>"],
  ].map(([name = "", text = ""]) => ({ path: `hv1/${name}.xml`, text })); // prettier-ignore
  const ours = tablesOf(["libvirt"], files);
  const seen = tablesOf([], [{ path: "hv1/host.sh", text: `iptables-restore <<EOF\n${SEEN}EOF` }]);
  expect(ours).toEqual(seen);
});

function tablesOf(runs: readonly string[], files: readonly { path: string; text: string }[]) {
  const { linux, diagnostics } = buildLinux({ ports: [], runs }, files, () => "02:00:00:00:09:01");
  expect(diagnostics).toEqual([]);
  const plain = linux.root.filters.map(({ name, chains }) => ({
    name,
    chains: [...chains.values()]
      .map((chain) => ({
        name: chain.name,
        rules: chain.rules.map(({ matches, actions }) => JSON.stringify({ matches, actions })),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }));
  return plain.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const servers = ["virbr4", "virbr3", "virbr1", "virbr0", "virbr5"];
const SEEN = `*mangle
:LIBVIRT_PRT - [0:0]
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -o virbr5 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill
COMMIT
*filter
:LIBVIRT_FWI - [0:0]
:LIBVIRT_FWO - [0:0]
:LIBVIRT_FWX - [0:0]
:LIBVIRT_INP - [0:0]
:LIBVIRT_OUT - [0:0]
-A INPUT -j LIBVIRT_INP
-A FORWARD -j LIBVIRT_FWX
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A OUTPUT -j LIBVIRT_OUT
-A LIBVIRT_FWI -d 10.4.5.0/24 -i up0 -o virbr4 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -d 10.4.4.0/24 -i up0 -o virbr4 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o virbr4 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWI -o virbr3 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWI -d 10.2.2.0/24 -o virbr1 -j ACCEPT
-A LIBVIRT_FWI -o virbr1 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr5 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o virbr5 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 10.4.5.0/24 -i virbr4 -o up0 -j ACCEPT
-A LIBVIRT_FWO -s 10.4.4.0/24 -i virbr4 -o up0 -j ACCEPT
-A LIBVIRT_FWO -i virbr4 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -i virbr3 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 10.2.2.0/24 -i virbr1 -j ACCEPT
-A LIBVIRT_FWO -i virbr1 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr5 -j ACCEPT
-A LIBVIRT_FWO -i virbr5 -j REJECT --reject-with icmp-port-unreachable
${servers.map((name) => `-A LIBVIRT_FWX -i ${name} -o ${name} -j ACCEPT`).join("\n")}
${servers.flatMap((name) => ["53", "67"].flatMap((port) => ["udp", "tcp"].map((proto) => `-A LIBVIRT_INP -i ${name} -p ${proto} -m ${proto} --dport ${port} -j ACCEPT`))).join("\n")}
${servers.flatMap((name) => ["53", "68"].flatMap((port) => ["udp", "tcp"].map((proto) => `-A LIBVIRT_OUT -o ${name} -p ${proto} -m ${proto} --dport ${port} -j ACCEPT`))).join("\n")}
COMMIT
*nat
:LIBVIRT_PRT - [0:0]
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -s 10.4.5.0/24 -d 224.0.0.0/24 -o up0 -j RETURN
-A LIBVIRT_PRT -s 10.4.5.0/24 -d 255.255.255.255/32 -o up0 -j RETURN
-A LIBVIRT_PRT -s 10.4.5.0/24 ! -d 10.4.5.0/24 -o up0 -p tcp -j SNAT --to-source 192.0.2.11-192.0.2.12:1024-2000
-A LIBVIRT_PRT -s 10.4.5.0/24 ! -d 10.4.5.0/24 -o up0 -p udp -j SNAT --to-source 192.0.2.11-192.0.2.12:1024-2000
-A LIBVIRT_PRT -s 10.4.5.0/24 ! -d 10.4.5.0/24 -o up0 -j SNAT --to-source 192.0.2.11-192.0.2.12
-A LIBVIRT_PRT -s 10.4.4.0/24 -d 224.0.0.0/24 -o up0 -j RETURN
-A LIBVIRT_PRT -s 10.4.4.0/24 -d 255.255.255.255/32 -o up0 -j RETURN
-A LIBVIRT_PRT -s 10.4.4.0/24 ! -d 10.4.4.0/24 -o up0 -p tcp -j SNAT --to-source 192.0.2.11-192.0.2.12:1024-2000
-A LIBVIRT_PRT -s 10.4.4.0/24 ! -d 10.4.4.0/24 -o up0 -p udp -j SNAT --to-source 192.0.2.11-192.0.2.12:1024-2000
-A LIBVIRT_PRT -s 10.4.4.0/24 ! -d 10.4.4.0/24 -o up0 -j SNAT --to-source 192.0.2.11-192.0.2.12
-A LIBVIRT_PRT -s 192.168.122.0/24 -d 224.0.0.0/24 -j RETURN
-A LIBVIRT_PRT -s 192.168.122.0/24 -d 255.255.255.255/32 -j RETURN
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p tcp -j MASQUERADE --to-ports 1024-65535
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p udp -j MASQUERADE --to-ports 1024-65535
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
COMMIT
`;

describe("what cards are plugged into", () => {
  const BRIDGE =
    "ip link add br0 type bridge\nip link set br0 up\nip link set eno1 master br0 up\nip addr add 192.0.2.1/24 dev br0";
  const onBridge = "<interface type='bridge'><source bridge='br0'/></interface>";
  const shared = (mode: string) =>
    `<interface type='direct'><source dev='eno1' mode='${mode}'/></interface>`;
  const hosts = (script: string, card: string, more: Readonly<Record<string, string>> = {}) =>
    lab(
      {
        "hv1/host.sh": script,
        "hv1/domains/db.xml": vm("db", card),
        "hv1/domains/web.xml": vm("web", card),
        "vms/web/host.sh": up("192.0.2.2"),
        "vms/db/host.sh": up("192.0.2.3"),
        "pc/host.sh": up("192.0.2.9"),
        ...more,
      },
      ["hv1:eno1 - pc:eth0"],
    );

  test("VM8 on a bridge of the host guests are on the wire", () => {
    const built = hosts(BRIDGE, onBridge);
    expect(said(built)).toEqual([]);
    expect(asked(built, "hv1/web", "192.0.2.9")).toBe("reached pc as 192.0.2.2");
    expect(asked(built, "pc", "192.0.2.3")).toBe("reached hv1/db as 192.0.2.9");
    expect(asked(built, "hv1", "192.0.2.2")).toBe("reached hv1/web as 192.0.2.1");
    expect(links(built, "hv1")).toEqual(["eno1 on br0", "br0", "vnet0 on br0", "vnet1 on br0"]);
  });

  test("VM8 a network of forward mode bridge is the same", () => {
    const xml = "<network><name>wire</name><forward mode='bridge'/><bridge name='br0'/></network>";
    const built = hosts(BRIDGE, inNetwork("wire"), { "hv1/networks/wire.xml": xml });
    expect(said(built)).toEqual([]);
    expect(asked(built, "pc", "192.0.2.3")).toBe("reached hv1/db as 192.0.2.9");
  });

  test("VM8 isolated ports do not reach each other", () => {
    const card = onBridge.replace("/></", "/><port isolated='yes'/></");
    const built = hosts(BRIDGE, card);
    expect(asked(built, "hv1/web", "192.0.2.3")).toBe("timeout");
    expect(asked(built, "hv1/web", "192.0.2.9")).toBe("reached pc as 192.0.2.2");
  });

  const DIRECT = "ip addr add 192.0.2.1/24 dev eno1";

  test("VM10 guests that share a device are on the wire, and do not reach their host", () => {
    const built = hosts(DIRECT, shared("bridge"));
    expect(said(built)).toEqual([]);
    expect(asked(built, "hv1/web", "192.0.2.9")).toBe("reached pc as 192.0.2.2");
    expect(asked(built, "hv1/web", "192.0.2.3")).toBe("reached hv1/db as 192.0.2.2");
    expect(asked(built, "hv1/web", "192.0.2.1")).toBe("timeout");
    expect(asked(built, "hv1", "192.0.2.2")).toBe("timeout");
  });

  test.each(["private", "vepa"])("VM10 in mode %s they do not reach each other", (mode) => {
    const built = hosts(DIRECT, shared(mode));
    expect(asked(built, "hv1/web", "192.0.2.9")).toBe("reached pc as 192.0.2.2");
    expect(asked(built, "hv1/web", "192.0.2.3")).toBe("timeout");
  });

  test("VM10 a device that is handed on whole has one guest", () => {
    const built = hosts("", shared("passthrough"));
    expect(said(built)).toEqual([
      "error: Failed to start domain 'web'. error: error creating macvtap interface macvtap1@eno1 (02:00:00:00:03:01): Invalid argument",
      "The VM web is not running, so this file was not carried out.",
    ]);
    expect(asked(built, "pc", "192.0.2.3")).toBe("reached hv1/db as 192.0.2.9");
  });

  test("VM10 a network of devices gives each guest the one with the fewest", () => {
    const xml = "<network><name>pool</name><forward mode='bridge'><interface dev='eno1'/><interface dev='eno2'/></forward></network>"; // prettier-ignore
    const built = lab(
      {
        "hv1/networks/pool.xml": xml,
        "hv1/domains/a.xml": vm("a", inNetwork("pool")),
        "hv1/domains/b.xml": vm("b", inNetwork("pool")),
      },
      ["hv1:eno1 - s1:eth0", "hv1:eno2 - s2:eth0"],
    );
    const parentOf = (name: string) => built.network.devices.get(name)!.ifaces[1]!.layer;
    expect([parentOf("hv1/a"), parentOf("hv1/b")]).toMatchObject([
      { parent: { device: "hv1", iface: "eno1" } },
      { parent: { device: "hv1", iface: "eno2" } },
    ]);
  });

  test("VM10 while a cable is out, nothing passes", () => {
    const out = hosts(DIRECT, shared("bridge").replace("/></", "/><link state='down'/></"));
    expect(asked(out, "pc", "192.0.2.2")).toBe("timeout");
    const pulled = hosts(BRIDGE, onBridge.replace("/></", "/><link state='down'/></"));
    expect(asked(pulled, "pc", "192.0.2.2")).toBe("timeout");
  });

  test.each([
    ["VM11 hostdev", "<interface type='hostdev'/>", "A network card of type hostdev"],
    ["VM11 filters", onBridge.replace("/></", "/><filterref filter='clean-traffic'/></"), "<filterref> in <interface>"],
  ])("%s leaves the guest open", (_rule, card, what) => {
    const built = hosts(BRIDGE, card);
    expect(built.network.devices.get("hv1/web")!.taints).toMatchObject([{ iface: "eth0", what }]);
    const claim = { kind: "isolate", from: ["pc"], to: ["web"], threat: "host", both: false } as const;
    expect(decide(built, claim).state).toBe("undecided");
  }); // prettier-ignore

  test("VM11 a card of type user leaves its guest open as a sender; nobody comes in by it", () => {
    const built = hosts(BRIDGE, "<interface type='user'/>");
    const isolate = (from: string, to: string) =>
      decide(built, { kind: "isolate", from: [from], to: [to], threat: "host", both: false }).state;
    expect([isolate("web", "pc"), isolate("pc", "web")]).toEqual(["undecided", "holds"]);
  });

  test("VM11 a port of Open vSwitch leaves it open, too, or is simulated", () => {
    const card = onBridge.replace("/></", "/><virtualport type='openvswitch'/></");
    const built = hosts("ovs-vsctl add-br br0; ip link set br0 up", card);
    const open = built.network.devices.get("hv1")!.taints.length > 0;
    expect(open || asked(built, "hv1/web", "192.0.2.3").startsWith("reached")).toBe(true);
  });
});

describe("machines that do not start", () => {
  const start = (network: string, card: string, script = "") =>
    lab(
      {
        "hv1/host.sh": script,
        "hv1/domains/web.xml": vm("web", card),
        "hv1/networks/n.xml": network,
      },
      ["hv1:eno1 - pc:eth0"],
    );
  const bridge = (more = "", name = "br0") =>
    `<interface type='bridge'><source bridge='${name}'/>${more}</interface>`;

  // Seen with libvirt 9.0 in Debian 12.
  test.each([
    ["VM2 a network that is not there", inNetwork("nix"), "Network not found: no network with matching name 'nix'"],
    ["VM2 a bridge that is not there", bridge(), "Cannot get interface MTU on 'br0': No such device"],
    ["VM8 what is no bridge", bridge("", "eno1"), "Unable to add bridge eno1 port vnet0: Operation not supported"],
    ["VM8 a name that is taken", bridge("<target dev='eno1'/>", "br1"), "Requested operation is not valid: The eno1 interface already exists"],
    ["VM8 a name that is too long", bridge("<target dev='averyveryverylongname'/>", "br1"), "Network interface name 'averyveryverylongname' is too long: Numerical result out of range"],
    ["VM11 a VLAN on a Linux bridge", bridge("<mac address='52:54:00:00:00:01'/><vlan><tag id='5'/></vlan>", "br1"), "unsupported configuration: interface 52:54:00:00:00:01 - vlan tag not supported for this connection type. libvirt 10 gives VLANs only to ports of Open vSwitch (<virtualport type='openvswitch'/>); on a Linux bridge make a VLAN link and a bridge of its own"],
    ["VM10 a device that is not there", "<interface type='direct'><source dev='nix'/></interface>", "Unable to get index for interface nix: No such device"],
    ["VM8 a tap that is not there", "<interface type='ethernet'><target dev='tapx' managed='no'/></interface>", "internal error: target managed='no' but specified dev doesn't exist"],
    ["VM10 a port of a bridge", "<interface type='direct'><source dev='eno2'/><mac address='52:54:00:00:00:01'/></interface>", "error creating macvtap interface macvtap0@eno2 (52:54:00:00:00:01): Device or resource busy"],
    ["VM11 a VLAN on a card of type user", "<interface type='user'><vlan><tag id='5'/></vlan><mac address='52:54:00:00:00:01'/></interface>", "unsupported configuration: interface 52:54:00:00:00:01 - vlan tag not supported for this connection type. libvirt 10 gives VLANs only to ports of Open vSwitch (<virtualport type='openvswitch'/>); on a Linux bridge make a VLAN link and a bridge of its own"],
    ["VM10 a network of no devices", inNetwork("n"), "internal error: network 'n' uses a direct mode, but has no forward dev and no interface pool"],
  ])("%s", (_rule, card, words) => {
    const built = start("<network><name>n</name><forward mode='bridge'/></network>", card, "ip link add br1 type bridge\nip link set br1 up\nip link add eno2 type dummy\nip link set eno2 master br1"); // prettier-ignore
    expect(said(built)).toEqual([`error: Failed to start domain 'web'. error: ${words}`]);
    expect(links(built, "hv1")).toEqual(["eno1 down", "br1", "eno2 on br1 down"]);
    expect(endpointsNamed(built.network, "web")).toMatchObject([
      { kind: "missing", what: "the VM web is not running" },
    ]);
  }); // prettier-ignore

  test.each([
    ["VM3 a network that the host has", "<ip address='192.0.2.77' prefix='24'/>", "internal error: Network is already in use by interface eno1. The host has that network already; take another one"],
    ["VM3 a link that is there", "<bridge name='br1'/>", "error creating bridge interface br1: File exists"],
    ["VM3 a name that is too long", "<bridge name='thisnameistoolong'/>", "error creating bridge interface thisnameistoolong: Numerical result out of range"],
    ["VM3 a route that the host has", "<ip address='10.0.0.1' prefix='24'/><route address='192.0.2.0' prefix='24' gateway='10.0.0.2'/>", "internal error: Route address '192.0.2.0' conflicts with IP address for 'eno1'"],
    ["VM3 a mask with holes", "<ip address='10.0.0.1' netmask='255.0.255.0'/>", "internal error: bridge 'virbr0' has an invalid netmask or IP address"],
  ])("%s", (_rule, inside, words) => {
    const script = "ip link add br1 type bridge\nip addr add 192.0.2.1/24 dev eno1\nip link set eno1 up"; // prettier-ignore
    const built = start(`<network><name>n</name>${inside}</network>`, inNetwork("n"), script);
    expect(said(built)).toEqual([
      `error: Failed to start network n. error: ${words}`,
      "error: Failed to start domain 'web'. error: Requested operation is not valid: network 'n' is not active. Start the network first, or mark it autostart",
    ]);
    expect(links(built, "hv1")).toEqual(["eno1", "br1 down"]);
  }); // prettier-ignore

  test("VM9 a machine whose second card is refused leaves nothing behind", () => {
    const cards = `${bridge("", "br1")}${bridge("", "nix")}`;
    const built = start("<network><name>n</name></network>", cards, "ip link add br1 type bridge");
    expect(links(built, "hv1")).toEqual(["eno1 down", "br1 down", "virbr0"]);
  });
});

describe("virsh", () => {
  const run = (script: string) =>
    lab({
      "hv1/host.sh": script,
      "hv1/networks/blue.xml": NAT,
      "hv1/domains/web.xml": vm("web", inNetwork("blue", "<mac address='52:54:00:00:00:05'/>")),
    });

  test.each([
    ["VM1 files start by themselves, after the scripts", "", ["virbr0", "vnet0 on virbr0"]],
    ["VM1 unless they are not to", "virsh autostart web --disable", ["virbr0"]],
    ["VM1 networks, too", "virsh net-autostart --disable blue", []],
    ["VM1 what a script started does not start again", "virsh net-start blue; virsh start web", ["virbr0", "vnet0 on virbr0"]],
    ["VM1 what it stopped stays so", "virsh net-start blue; virsh start web; virsh destroy web", ["virbr0"]],
    ["VM1 a lab's file may be defined again", "virsh net-define networks/blue.xml && virsh net-start blue", ["virbr0", "vnet0 on virbr0"]],
    ["VM1 or created", "virsh net-create ./networks/blue.xml && virsh create domains/web.xml", ["virbr0", "vnet0 on virbr0"]],
    ["VM1 what is undefined does not start", "virsh undefine web; virsh net-undefine blue", []],
    ["VM4 a network that stops takes its bridge along, not the guests' taps", "virsh net-start blue; virsh start web; virsh net-destroy blue", ["vnet0"]],
    ["VM4 nor does it plug them in again", "virsh net-start blue; virsh start web; virsh net-destroy blue; virsh net-start blue", ["vnet0", "virbr0"]],
    ["VM9 numbers of taps are not given twice", "virsh net-start blue; virsh start web; virsh shutdown web; virsh start web", ["virbr0", "vnet1 on virbr0"]],
    ["VM12 a card more", "virsh net-start blue; virsh start web; virsh attach-interface web network blue --target web1", ["virbr0", "vnet0 on virbr0", "web1 on virbr0"]],
    ["VM12 for the next start", "virsh attach-interface --domain web --type network --source blue --config", ["virbr0", "vnet0 on virbr0", "vnet1 on virbr0"]],
    ["VM12 and one less", "virsh net-start blue; virsh start web; virsh detach-interface web network", ["virbr0"]],
    ["VM1 a network that a script writes", "virsh net-define /dev/stdin <<EOF\n<network><name>red</name><bridge name='red0'/></network>\nEOF\nvirsh net-start red", ["red0", "virbr0", "vnet0 on virbr0"]],
    ["VM1 or writes to a file", "echo \"<network><name>red</name><bridge name='red0'/></network>\" > red.xml\nvirsh net-create red.xml", ["red0", "virbr0", "vnet0 on virbr0"]],
  ])("%s", (_rule, script, expected) => {
    const built = run(script);
    expect(built.diagnostics.filter(({ code }) => code === "shell-refused")).toEqual([]);
    expect(links(built, "hv1")).toEqual(expected);
  }); // prettier-ignore

  // Seen with libvirt 9.0 in Debian 12.
  test.each([
    ["virsh net-start nix", "error: failed to get network 'nix'. error: Network not found: no network with matching name 'nix'"],
    ["virsh net-start blue; virsh net-start blue", "error: Failed to start network blue. error: Requested operation is not valid: network is already active"],
    ["virsh net-destroy blue", "error: Failed to destroy network blue. error: Requested operation is not valid: network 'blue' is not active. Start the network first, or mark it autostart"],
    ["virsh net-define nofile.xml", "error: Failed to open file 'nofile.xml': No such file or directory"],
    ["virsh net-frob", "error: unknown command: 'net-frob'"],
    ["virsh net-sta blue", "error: unknown command: 'net-sta'"],
    ["virsh net-start", "error: command 'net-start' requires <network> option"],
    ["virsh net-start --frob blue", "error: command 'net-start' doesn't support option --frob"],
    ["virsh net-start blue red", "error: unexpected data 'red'"],
    ["virsh --frob list", "error: unsupported option '--frob'. See --help."],
    ["virsh start nix", "error: failed to get domain 'nix'"],
    ["virsh start web", "error: Failed to start domain 'web'. error: Requested operation is not valid: network 'blue' is not active. Start the network first, or mark it autostart"],
    ["virsh net-start blue; virsh start web; virsh start web", "error: Domain is already active"],
    ["virsh destroy web", "error: Failed to destroy domain 'web'. error: Requested operation is not valid: domain is not running"],
    ["virsh attach-interface web frob x", "error: No support for frob in command 'attach-interface'"],
    ["virsh attach-interface web bridge br0 --mac zz", "error: XML error: unable to parse mac address 'zz'"],
    ["virsh detach-interface web bridge --config", "error: No interface found whose type is bridge. error: Failed to detach interface"],
    ["virsh domif-setlink web nix down", "error: interface 'nix' not found"],
    ["virsh domif-setlink web vnet0 sideways", "error: invalid link state 'sideways'"],
    ["virsh net-create /dev/stdin <<< \"<network><name>t</name></network>\"; virsh net-autostart t", "error: failed to mark network t as autostarted. error: Requested operation is not valid: cannot set autostart for transient network"],
    ["virsh net-define /dev/stdin <<< \"<network><name>blue</name></network>\"", "error: Failed to define network from /dev/stdin. error: operation failed: network 'blue' already exists with uuid 00000000-0000-4000-8000-000000000001. Undefine the old one first, or give the same <uuid>"],
  ])("%s", (script, words) => {
    expect(said(run(script))).toEqual([words]);
  }); // prettier-ignore

  test("a text that is refused is told where it stands, and so is the command", () => {
    const built = run("virsh net-define /dev/stdin <<EOF\n<network>\n</network>\nEOF\n");
    expect(built.diagnostics.map(({ message, span }) => [message, span.file, span.from])).toEqual([
      ["error: missing name information", "hv1/host.sh", 34],
      ["error: Failed to define network from /dev/stdin", "hv1/host.sh", 0],
    ]);
  });

  test("what a file says is told once, however often it is read", () => {
    const xml = NAT.replace("<ip ", "<frob/><bandwidth/><ip ");
    const built = lab({
      "hv1/host.sh": "virsh net-define networks/blue.xml; virsh net-start blue",
      "hv1/networks/blue.xml": xml,
      "hv1/networks/dtd.xml": "<!DOCTYPE network><network><name>a</name></network>",
    });
    expect(built.diagnostics.map(({ code }) => code)).toEqual([
      "libvirt-ignored",
      "unsimulated",
      "unsimulated",
    ]);
    expect(built.network.devices.get("hv1")!.taints).toMatchObject([
      { iface: null, what: "A document type in XML, with its entities," },
      { iface: "virbr0", what: "<bandwidth> in <network>" },
    ]);
  });

  test("domif-setlink pulls a cable, and puts it in again", () => {
    const script = "virsh net-start blue; virsh start web; virsh domif-setlink web vnet0 down";
    const cables = (built: Built) => built.network.cables.length;
    expect(cables(run(script))).toBe(0);
    expect(cables(run(`${script}; virsh domif-setlink web 52:54:00:00:00:05 up`))).toBe(1);
  });

  test("without libvirt there is nobody to ask", () => {
    const { diagnostics } = buildLinux(
      { ports: [], runs: [] },
      [{ path: "h1/host.sh", text: "virsh net-list --all" }],
      () => "02:00:00:00:09:01",
    );
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "error: failed to connect to the hypervisor. error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory. What runs on a machine stands in lab.yaml: runs: [libvirt]",
    ]);
  });
});

describe("machines in machines", () => {
  test("VM13 a guest has namespaces of its own", () => {
    const script = `${up("10.0.0.2", "10.0.0.1")}
sysctl -w net.ipv4.ip_forward=1
ip netns add red
ip link add v0 type veth peer name eth0 netns red
ip addr add 10.9.0.1/24 dev v0
ip link set v0 up
ip -n red addr add 10.9.0.2/24 dev eth0
ip -n red link set eth0 up
ip -n red route add default via 10.9.0.1
iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -o eth0 -j MASQUERADE`;
    const built = twoGuests(NAT, { "vms/web/host.sh": script });
    expect(said(built)).toEqual([]);
    expect(asked(built, "hv1/web/red", "10.0.0.3")).toBe("reached hv1/db as 10.0.0.2");
    expect(asked(built, "hv1/web/red", "192.0.2.9")).toBe("reached pc as 192.0.2.1");
    const [end] = endpointsNamed(built.network, "web/red");
    expect(end).toMatchObject({ kind: "device", name: "hv1/web/red" });
  });

  test("VM13 a card may move into a namespace of the guest", () => {
    const script = "ip netns add red\nip link set eth0 netns red\nip -n red addr add 10.0.0.2/24 dev eth0\nip -n red link set eth0 up"; // prettier-ignore
    const built = twoGuests(NAT, { "vms/web/host.sh": script });
    expect(asked(built, "hv1/db", "10.0.0.2")).toBe("reached hv1/web/red as 10.0.0.3");
  });

  test("VM13 two hosts over a trunk, a VLAN link and a bridge for each network", () => {
    const host = [10, 20]
      .map(
        (vlan) => `ip link add link eno1 name eno1.${vlan} type vlan id ${vlan}
ip link add br${vlan} type bridge
ip link set eno1.${vlan} master br${vlan}
ip link set eno1.${vlan} up
ip link set br${vlan} up`,
      )
      .join("\n");
    const card = (vlan: number) =>
      `<interface type='bridge'><source bridge='br${vlan}'/></interface>`;
    const trunk = `ip link set eno1 up\n${host}`;
    const built = lab(
      {
        "hv1/host.sh": trunk,
        "hv2/host.sh": trunk,
        "hv1/domains/a1.xml": vm("a1", card(10)),
        "hv1/domains/b1.xml": vm("b1", card(20)),
        "hv2/domains/a2.xml": vm("a2", card(10)),
        "hv2/domains/b2.xml": vm("b2", card(20)),
        "vms/a1/host.sh": up("10.0.0.1"),
        "vms/b1/host.sh": up("10.0.0.1"),
        "vms/a2/host.sh": up("10.0.0.2"),
        "vms/b2/host.sh": up("10.0.0.2"),
      },
      ["hv1:eno1 - hv2:eno1"],
    );
    expect(said(built)).toEqual([]);
    expect(asked(built, "hv1/a1", "10.0.0.2")).toBe("reached hv2/a2 as 10.0.0.1");
    expect(asked(built, "hv1/b1", "10.0.0.2")).toBe("reached hv2/b2 as 10.0.0.1");
    const apart = { kind: "isolate", from: ["a1"], to: ["b1", "b2"], threat: "attacker", both: true } as const; // prettier-ignore
    expect(decide(built, apart).state).toBe("holds");
    const reach = { kind: "reach", from: ["a1"], to: ["a2"], proto: "icmp", port: null, address: null } as const; // prettier-ignore
    expect(decide(built, reach).state).toBe("holds");
    const maps = { kind: "maps", nic: "a1:eth0", port: "hv2:eno1", vlan: 10 } as const;
    expect(decide(built, maps).state).toBe("holds");
    expect(decide(built, { ...maps, vlan: 20 }).state).toBe("fails");
  });

  const nested = {
    "vms/nested/networks/inner.xml": "<network><name>inner</name><forward mode='route'/><ip address='10.5.0.1' prefix='24'/></network>",
    "vms/nested/domains/app.xml": vm("app", inNetwork("inner")),
    "vms/nested/host.sh": up("10.0.0.4", "10.0.0.1"),
    "vms/app/host.sh": up("10.5.0.2", "10.5.0.1"),
    "hv1/domains/nested.xml": vm("nested", inNetwork("blue")),
  }; // prettier-ignore

  test("VM13 a machine in a machine, each with its own libvirt", () => {
    const built = twoGuests(NAT, nested);
    expect(said(built)).toEqual([]);
    expect([...built.network.devices.keys()]).toContain("hv1/nested/app");
    // Its address is none of blue's, so it stays with its own host.
    expect(asked(built, "hv1/nested/app", "10.0.0.4")).toBe("reached hv1/nested as 10.5.0.2");
    const top = pictureOf(built).boxes.find(({ name }) => name === "hv1")!;
    const tree = (box: typeof top): unknown => [box.name, box.inside.map(tree)];
    expect(tree(top)).toEqual([
      "hv1",
      [
        ["hv1/db", []],
        ["hv1/nested", [["hv1/nested/app", []]]],
        ["hv1/web", []],
      ],
    ]);
  });

  test("VM13 a machine does not run in itself", () => {
    const itself = { ...nested, "vms/nested/domains/nested.xml": vm("nested", inNetwork("inner")) };
    const built = twoGuests(NAT, itself);
    const remarks = built.diagnostics.map(({ code, span }) => `${code} ${span.file}`);
    expect(remarks).toEqual(["unsimulated vms/nested/domains/nested.xml"]);
    expect(built.network.devices.get("hv1/nested")!.taints).toHaveLength(1);
  });

  test("VM13 a machine and a namespace of one name leave the host open", () => {
    const built = twoGuests(NAT, { "hv1/host.sh": "ip netns add web" });
    expect(built.network.devices.get("hv1")!.taints).toMatchObject([
      { iface: null, what: "A VM with the name of the namespace web" },
    ]);
  });

  test("VM13 a node that is dead takes its machines along", () => {
    const files = {
      "hv1/networks/blue.xml": NAT,
      "hv1/domains/web.xml": vm("web", inNetwork("blue")),
      "hv1/domains/db.xml": vm("db", inNetwork("blue")),
      "vms/web/host.sh": up("10.0.0.2"),
      "vms/db/host.sh": up("10.0.0.3"),
    };
    const topology = lab(files).network.topology;
    const dead = buildNetwork(topology, files, { nodes: ["hv1"], links: [] });
    expect(asked(lab(files), "hv1/web", "10.0.0.3")).toBe("reached hv1/db as 10.0.0.2");
    expect(asked(dead, "hv1/web", "10.0.0.3")).toMatch(/^local/);
  });

  test("VM13 machines that are everywhere in each other end somewhere", () => {
    const names = Array.from({ length: 11 }, (_, at) => `nested${at}`);
    const files = Object.fromEntries(
      names.flatMap((name) => [
        [`hv1/domains/${name}.xml`, vm(name)],
        ...names.map((other) => [`vms/${name}/domains/${other}.xml`, vm(other)]),
      ]),
    );
    const vms = Object.fromEntries(names.map((name) => [name, { runs: ["libvirt"] }]));
    const { topology } = lab(files).network;
    const built = buildNetwork({ ...topology, vms }, files);
    expect(built.network.devices.size).toBe(1001);
    const open = [...built.network.devices.values()].flatMap(({ taints }) => taints);
    expect(open.some(({ what }) => what === "More than 1000 VMs")).toBe(true);
  }, 60_000);
});

describe("VM15 leases", () => {
  const ask = (network: string, mac: string, more: Readonly<Record<string, string>> = {}) => {
    const built = lab({
      "hv1/networks/a.xml": network,
      "hv1/domains/web.xml": vm("web", inNetwork("a", `<mac address='${mac}'/>`)),
      "vms/web/host.sh": "dhclient eth0",
      ...more,
    });
    const web = built.network.devices.get("hv1/web")!;
    const eth0 = web.ifaces.find(({ name }) => name === "eth0")!;
    const addresses = eth0.addresses.map((one) => `${formatIp(one.ip)}/${one.length}`);
    const routers = web.routes.flatMap(({ gateway }) => (gateway === null ? [] : `via ${formatIp(gateway)}`)); // prettier-ignore
    return [...addresses, ...routers, ...web.taints.map(({ what }) => `open: ${what}`)].join(" ");
  };
  const range = (first: string, last: string) => `<range start='${first}' end='${last}'/>`;
  const A = `<network><name>a</name><forward/><ip address='10.0.0.1' prefix='24'><dhcp>${range("10.0.0.2", "10.0.0.254")}
<host mac='52:54:00:00:00:05' name='x' ip='10.0.0.200'/><host name='db' ip='10.0.0.202'/></dhcp></ip></network>`;
  const B = `<network><name>a</name><ip address='10.1.0.1' prefix='24'><dhcp>${range("10.1.0.2", "10.1.0.9")}${range("10.1.0.20", "10.1.0.29")}</dhcp></ip></network>`;
  const C = "<network><name>a</name><forward mode='route'/><ip address='10.2.0.1' prefix='24'><dhcp><host mac='52:54:00:00:00:05' ip='10.2.0.7'/></dhcp></ip></network>"; // prettier-ignore
  const D = `<network><name>a</name><forward mode='open'/><ip address='192.168.5.1' prefix='24'><dhcp>${range("192.168.5.1", "192.168.5.2")}</dhcp></ip></network>`;

  // Seen with dnsmasq 2.89 as libvirt 9.0 started it.
  test.each([
    ["the MAC address decides on the place in a range", A, "52:54:00:00:00:01", "10.0.0.27/24 via 10.0.0.1"],
    ["the MAC address decides on the place in a range", A, "02:00:00:00:02:01", "10.0.0.52/24 via 10.0.0.1"],
    ["the MAC address decides on the place in a range", A, "02:00:00:00:03:01", "10.0.0.124/24 via 10.0.0.1"],
    ["the MAC address decides on the place in a range", A, "52:54:00:aa:bb:cc", "10.0.0.5/24 via 10.0.0.1"],
    ["a host has an address of its own", A, "52:54:00:00:00:05", "10.0.0.200/24 via 10.0.0.1"],
    ["an isolated network tells no router; the first range counts", B, "52:54:00:00:00:01", "10.1.0.5/24"],
    ["without a range only hosts are served", C, "52:54:00:00:00:05", "10.2.0.7/24 via 10.2.0.1"],
    ["without a range only hosts are served", C, "02:00:00:00:02:01", "open: A DHCP client"],
    ["the server's own address is not leased", D, "02:00:00:00:02:01", "192.168.5.2/24 via 192.168.5.1"],
  ])("%s: %#", (_rule, network, mac, expected) => {
    expect(ask(network, mac)).toBe(expected);
  }); // prettier-ignore

  const MAC = "52:54:00:00:00:01";

  test.each([
    ["libvirt's rules stand before what a script has written", "iptables -P INPUT DROP", "10.0.0.27/24 via 10.0.0.1"],
    ["unless they are gone, then nobody knows", "virsh net-start a; iptables -F; iptables -P INPUT DROP", "open: A DHCP client"],
    ["other filters may refuse", "nft 'add table inet f; add chain inet f in { type filter hook input priority 0; }; add rule inet f in udp dport 67 drop'", "open: A DHCP client"],
  ])("%s", (_rule, script, expected) => {
    expect(ask(A, MAC, { "hv1/host.sh": script })).toBe(expected);
  }); // prettier-ignore

  test("who asks later gets the next address that is free", () => {
    // Both begin at the same place of a range of two.
    const small = A.replace(range("10.0.0.2", "10.0.0.254"), range("10.0.0.2", "10.0.0.3"));
    const other = { "hv1/domains/app.xml": vm("app", inNetwork("a", "<mac address='52:54:00:00:00:03'/>")), "vms/app/host.sh": "dhclient eth0" }; // prettier-ignore
    expect(ask(small, MAC)).toBe("10.0.0.3/24 via 10.0.0.1");
    expect(ask(small, MAC, other)).toBe("10.0.0.2/24 via 10.0.0.1");
  });
});

test("files that nothing reads are told", () => {
  const built = lab({
    "hv1/host.sh": "",
    "hv1/other.xml": NAT,
    "hv1/domains/web.xml": vm("web", inNetwork("nix")),
    "vms/web/host.sh": "",
    "vms/ghost/host.sh": "",
  });
  const told = built.diagnostics.map(({ code, span }) => `${code} ${span.file}`);
  expect(told.toSorted()).toEqual([
    "libvirt-refused hv1/domains/web.xml",
    "unknown-file hv1/other.xml",
    "unknown-file vms/ghost/host.sh",
    "vm-not-running vms/web/host.sh",
  ]);
});
