import { expect, test } from "vitest";
import type { Built } from "../../network.ts";
import { decide } from "../../prove/decide.ts";
import { asked, inNetwork, lab, vm } from "./testing.ts";

// Containers in virtual machines in a server: rule ids are those of lib/net/SPEC.md.

const ON_BRIDGE = `<interface type='bridge'><source bridge='br0'/></interface>`;
const NAT = `<network><name>blue</name><forward mode='nat'/>
<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.254'/><host mac='52:54:00:00:00:02' ip='10.0.0.2'/></dhcp></ip></network>`;

const SHOP = `
services:
  shop: { image: nginx, ports: ["8080:80"], networks: [front, back] }
  store: { image: postgres, expose: [5432], networks: [back] }
networks:
  front:
  back: { internal: true }
`;

/** `web` is on the wire by br0, `db` in a nat network, and both run the same containers. */
function network(server: string): Built {
  return lab(
    {
      [`${server}/host.sh`]: `ip link add br0 type bridge
ip link set eno1 up master br0
ip link set br0 up
ip addr add 192.0.2.1/24 dev br0`,
      [`${server}/networks/blue.xml`]: NAT,
      [`${server}/domains/web.xml`]: vm("web", ON_BRIDGE),
      [`${server}/domains/db.xml`]: vm(
        "db",
        inNetwork("blue", "<mac address='52:54:00:00:00:02'/>"),
      ),
      "vms/web/host.sh": "ip addr add 192.0.2.2/24 dev eth0\nip link set eth0 up",
      "vms/web/compose.yaml": SHOP,
      "vms/db/host.sh": "dhclient eth0",
      "vms/db/compose.yaml": SHOP,
      "pc/host.sh": `ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ip route add 10.0.0.0/24 via 192.0.2.1
ip route add 172.16.0.0/12 via 192.0.2.2`,
    },
    [`${server}:eno1 - pc:eth0`],
    ["pc tcp/80"],
  );
}

const hv1 = network("hv1");

test.each([
  ["VM8 D8 a published port of a machine on the wire", "pc", "192.0.2.2", "tcp/8080", "reached hv1/web/shop as 192.0.2.9"],
  ["D8 and no other port", "pc", "192.0.2.2", "tcp/80", "refused"],
  ["D7 nobody comes to the container's own address", "pc", "172.18.0.2", "tcp/80", "timeout"],
  ["D11 a container goes out as its machine", "hv1/web/shop", "192.0.2.9", "tcp/80", "reached pc as 192.0.2.2"],
  ["D12 one that is inside only does not", "hv1/web/store", "192.0.2.9", "tcp/80", "local:ENETUNREACH"],
  ["VM6 behind nat, nobody comes to a published port", "pc", "10.0.0.2", "tcp/8080", "port-unreachable"],
  ["VM6 but the host does", "hv1", "10.0.0.2", "tcp/8080", "reached hv1/db/shop as 10.0.0.1"],
  ["VM6 D11 out from there, two translations follow each other", "hv1/db/shop", "192.0.2.9", "tcp/80", "reached pc as 192.0.2.1"],
  ["D8 from one machine's container to the other's published port", "hv1/db/shop", "192.0.2.2", "tcp/8080", "reached hv1/web/shop as 192.0.2.1"],
])("%s", (_rule, from, to, service, outcome) => {
  expect(hv1.diagnostics).toEqual([]);
  expect(asked(hv1, from, to, service)).toBe(outcome);
}); // prettier-ignore

const isolated = (built: Built, from: string, to: string) =>
  decide(built, { kind: "isolate", from: [from], to: [to], threat: "host", both: false }).state;

test("D7 D12 VM6 what containers keep out is proved through the machine and its server", () => {
  expect(isolated(hv1, "pc", "web/shop")).toBe("fails");
  expect(isolated(hv1, "pc", "web/store")).toBe("holds");
  expect(isolated(hv1, "pc", "db/shop")).toBe("holds");
  expect(isolated(hv1, "db/shop", "web/store")).toBe("holds");
});

test("D1 Docker on the server itself drops what its bridges carry for machines, and not what libvirt accepts", () => {
  const both = network("both");
  expect(both.diagnostics).toEqual([]);
  expect(asked(both, "pc", "192.0.2.2", "tcp/8080")).toBe("timeout");
  expect(asked(both, "both/db/shop", "192.0.2.9", "tcp/80")).toBe("reached pc as 192.0.2.1");
});

test("VM8 D21 what is said of lengths holds for all that it is said of, to the card in the machine and in the container", () => {
  const built = lab({
    "hv1/networks/blue.xml": NAT.replace("<ip ", "<mtu size='1400'/><ip "),
    "hv1/domains/db.xml": vm("db", inNetwork("blue")),
    "vms/db/compose.yaml": `services: { shop: { image: nginx } }
networks: { default: { driver_opts: { com.docker.network.driver.mtu: "1300" } } }`,
  });
  expect(built.diagnostics).toEqual([]);
  const lengths = [...built.network.devices.values()].flatMap(({ name, ifaces }) =>
    ifaces
      .filter((one) => /^(virbr|vnet|eth|br-|veth)/.test(one.name))
      .map((one) => `${name} ${one.name.replace(/^(br-|veth).+/, "$1")} ${one.mtu}`),
  );
  expect(lengths).toEqual([
    "hv1 virbr0 1400",
    "hv1 vnet0 1400",
    "hv1/db eth0 1400",
    "hv1/db br- 1300",
    "hv1/db veth 1300",
    "hv1/db/shop eth0 1300",
  ]);
});
