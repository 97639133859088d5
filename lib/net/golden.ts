// The lab that the engine was first made for, with its variables drawn: two customers with the same addresses on one
// router, the right answer in two spellings, and wrong ones.

/** Hosts, as nodes of `network` in testing.ts. */
export const hosts: Readonly<Record<string, string>> = {
  a1: `ip addr add 192.168.7.10/24 dev eth0
ip link set eth0 up
ip route add default via 192.168.7.1
`,
  a2: `ip addr add 192.168.131.10/24 dev eth0
ip link set eth0 up
ip route add default via 192.168.131.1
`,
  b1: `ip addr add 192.168.7.10/24 dev eth0
ip link set eth0 up
ip route add default via 192.168.7.1
`,
  b2: `ip addr add 192.168.131.10/24 dev eth0
ip link set eth0 up
ip route add default via 192.168.131.1
`,
};

export const cables = [
  "edge:GigabitEthernet0/1 - a1:eth0",
  "edge:GigabitEthernet0/2 - a2:eth0",
  "edge:GigabitEthernet0/3 - b1:eth0",
  "edge:GigabitEthernet0/4 - b2:eth0",
];

/** What the router may be told, by the name of the answer. */
export const answers = {
  start: `hostname edge
!
! Customer A is on the first two ports, customer B on the last two.
! Both use 192.168.7.0 and 192.168.131.0, mask 255.255.255.0; the router is .1 everywhere.
!
interface GigabitEthernet0/1
 description customer A, left
!
interface GigabitEthernet0/2
 description customer A, right
!
interface GigabitEthernet0/3
 description customer B, left
!
interface GigabitEthernet0/4
 description customer B, right
!
end
`,
  solution: `hostname edge
!
ip vrf CUSTOMER_A
 rd 100:1
!
ip vrf CUSTOMER_B
 rd 100:2
!
interface GigabitEthernet0/1
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.131.1 255.255.255.0
!
end
`,
  "vrf-definition": `hostname edge
!
vrf definition BLUE
 rd 65000:10
 address-family ipv4
 exit-address-family
!
vrf definition GREEN
 rd 65000:20
 address-family ipv4
 exit-address-family
!
interface GigabitEthernet0/1
 vrf forwarding BLUE
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 vrf forwarding BLUE
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 vrf forwarding GREEN
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 vrf forwarding GREEN
 ip address 192.168.131.1 255.255.255.0
!
end
`,
  "address-first": `hostname edge
!
ip vrf CUSTOMER_A
 rd 100:1
!
ip vrf CUSTOMER_B
 rd 100:2
!
interface GigabitEthernet0/1
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 ip address 192.168.131.1 255.255.255.0
 ip vrf forwarding CUSTOMER_B
!
end
`,
  "no-vrf": `hostname edge
!
interface GigabitEthernet0/1
 no shutdown
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 no shutdown
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 no shutdown
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 no shutdown
 ip address 192.168.131.1 255.255.255.0
!
end
`,
  "one-port-astray": `hostname edge
!
ip vrf CUSTOMER_A
 rd 100:1
!
ip vrf CUSTOMER_B
 rd 100:2
!
interface GigabitEthernet0/1
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 no shutdown
 ip address 192.168.131.1 255.255.255.0
!
end
`,
  "same-vrf": `hostname edge
!
ip vrf CUSTOMER_A
 rd 100:1
!
interface GigabitEthernet0/1
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
end
`,
  "stray-route": `hostname edge
!
ip vrf CUSTOMER_A
 rd 100:1
!
ip vrf CUSTOMER_B
 rd 100:2
!
interface GigabitEthernet0/1
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/2
 ip vrf forwarding CUSTOMER_A
 ip address 192.168.131.1 255.255.255.0
!
interface GigabitEthernet0/3
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.7.1 255.255.255.0
!
interface GigabitEthernet0/4
 ip vrf forwarding CUSTOMER_B
 ip address 192.168.131.1 255.255.255.0
!
ip route vrf CUSTOMER_A 198.51.100.0 255.255.255.0 GigabitEthernet0/3 192.168.7.10
!
end
`,
} as const;
