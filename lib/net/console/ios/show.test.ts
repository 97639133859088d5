import { expect, test } from "vitest";
import { network } from "../../testing.ts";
import { showIos } from "./show.ts";

const built = network(
  {
    "r1.ios": `ip vrf A
interface Gi0/1
 ip address 10.0.0.2 255.255.255.0
 standby 1 ip 10.0.0.1
 standby 1 priority 120
interface Gi0/2
 ip address 192.168.1.1 255.255.255.252
interface Gi0/3
 ip vrf forwarding A
 ip address 172.16.0.1 255.255.0.0
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
ip route 0.0.0.0 0.0.0.0 192.168.1.2
ip route 203.0.113.0 255.255.255.0 192.168.1.2 50
ip route 203.0.113.0 255.255.255.0 10.0.0.3 50
ip route 198.51.100.0 255.255.255.0 Null0
access-list 10 permit 10.0.0.0 0.0.0.255
ip access-list extended WEB
 permit tcp any any eq www`,
    "r2.ios": `interface Gi0/1
 ip address 10.0.0.3 255.255.255.0
 standby 1 ip 10.0.0.1
 standby 1 preempt`,
    h: "ip link set eth0 up",
    g: "ip link set eth0 up",
  },
  ["r1:Gi0/1 - r2:Gi0/1", "r1:Gi0/2 - h:eth0", "r1:Gi0/3 - g:eth0"],
);

function show(node: string, command: string): string | null {
  const device = built.network.devices.get(node)!;
  return showIos({ compiled: built, device, state: built.consoles.get(node)! }, command.split(" "));
}

test("show ip route, as the device groups it; a gateway that it stands for is no row", () => {
  expect(show("r1", "sh ip ro"))
    .toBe(`Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area
       * - candidate default

Gateway of last resort is 192.168.1.2 to network 0.0.0.0

S*    0.0.0.0/0 [1/0] via 192.168.1.2
      10.0.0.0/8 is variably subnetted, 3 subnets, 2 masks
C        10.0.0.0/24 is directly connected, GigabitEthernet0/1
L        10.0.0.2/32 is directly connected, GigabitEthernet0/1
C        10.255.0.1/32 is directly connected, Loopback0
      192.168.1.0/24 is variably subnetted, 2 subnets, 2 masks
C        192.168.1.0/30 is directly connected, GigabitEthernet0/2
L        192.168.1.1/32 is directly connected, GigabitEthernet0/2
S     198.51.100.0/24 is directly connected, Null0
S     203.0.113.0/24 [50/0] via 192.168.1.2
                     [50/0] via 10.0.0.3
`);
});

test("show ip route of a VRF", () => {
  expect(show("r1", "show ip route vrf A")).toContain(`Routing Table: A
`);
  expect(show("r1", "show ip route vrf A")).toContain(
    "C        172.16.0.0/16 is directly connected, GigabitEthernet0/3\n",
  );
  expect(show("r1", "show ip route vrf B")).toBe("% IP routing table vrf B does not exist\n");
});

test("show ip interface brief", () => {
  expect(show("r1", "show ip int br")!.split("\n").slice(1, 3)).toEqual([
    "GigabitEthernet0/1     10.0.0.2        YES NVRAM  up                    up",
    "GigabitEthernet0/2     192.168.1.1     YES NVRAM  up                    up",
  ]);
});

test("show access-lists", () => {
  expect(show("r1", "show access-lists")).toBe(`Standard IP access list 10
    10 permit 10.0.0.0 0.0.0.255
Extended IP access list WEB
    10 permit tcp any any eq www
`);
  expect(show("r1", "show access-lists WEB")).toMatch(/^Extended IP access list WEB\n/);
  expect(show("r1", "show access-lists NONE")).toBe("");
});

test("show standby brief", () => {
  expect(show("r1", "show standby brief")).toContain(
    "Gi0/1       1    120   Active  local           10.0.0.1\n",
  );
  expect(show("r2", "show standby brief")).toContain(
    "Gi0/1       1    100 P Standby 10.0.0.2        10.0.0.1\n",
  );
});

test("what is not shown is known to be so", () => {
  expect(show("r1", "show clock")).toBeNull();
});
