import { describe, expect, test } from "vitest";
import { network } from "../testing.ts";
import { decide } from "./decide.ts";

/*
 * P4 for packet filters: h1 - r - h2, and r is told to drop what h1 sends, by something about it. What a rule asks is
 * either simulated, and then the ping is lost, or it leaves the claim open. It is never taken for a rule that fits nothing.
 */

const host = (net: number) =>
  `ip addr add 10.0.${net}.2/24 dev eth0\nip link set eth0 up\nip route add default via 10.0.${net}.1`;
const router = `sysctl -w net.ipv4.ip_forward=1
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up`;

function verdict(lines: string): string {
  const built = network({ h1: host(1), r: `${router}\n${lines}`, h2: host(2) }, ["h1:eth0 - r:eth0", "r:eth1 - h2:eth0"]); // prettier-ignore
  return decide(built, {
    kind: "reach",
    from: ["h1"],
    to: ["h2"],
    proto: "icmp",
    port: null,
    address: null,
  }).state;
}

test("without a filter it arrives", () => {
  expect(verdict("")).toBe("holds");
});

describe("iptables", () => {
  test.each([
    "-s 10.0.1.2",
    "-s 10.0.1.2/255.0.255.255",
    "! -s 10.0.2.2",
    "-i eth0 -o eth1",
    "-p icmp",
    "-p icmp --icmp-type 8",
    "-p icmp --icmp-type 8/0",
    "-p icmp --icmp-type echo-request",
    "-p icmp ! --icmp-type 0",
    "-m mac --mac-source 02:00:00:00:01:01",
    "-m mac ! --mac-source 02:00:00:00:09:09",
    "-m length --length 0:65535",
    "-m ttl --ttl-gt 0",
    "-m dscp --dscp 0",
    "-m tos --tos 0",
    "-m pkttype --pkt-type unicast",
    "-m limit --limit 1/s",
    "-m statistic --mode nth --every 1 --packet 0",
    "-m time --timestart 00:00",
    "-m u32 --u32 0=0",
    "-m addrtype --dst-type UNICAST",
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctdir ORIGINAL",
    "-m conntrack --ctproto icmp",
    "-m state --state NEW",
    "-m mark --mark 0",
    "-m mark --mark 0/0xff",
    "-m mark ! --mark 1",
    "-m connmark --mark 0",
    "-m iprange --src-range 10.0.1.1-10.0.1.9",
    "-m comment --comment x",
    "-m recent --name seen --set",
    "-m physdev ! --physdev-is-bridged",
    "-m rpfilter",
    "-m set --match-set x src",
    "-m bpf --bytecode 1",
  ])("-A FORWARD %s -j DROP", (match) => {
    expect(verdict(`iptables -A FORWARD ${match} -j DROP`)).not.toBe("holds");
  });
});

describe("nft", () => {
  const table = (family: string, chain: string, rules: string) =>
    `nft add table ${family} t\nnft 'add chain ${family} t c { ${chain} }'\n${rules
      .split("\n")
      .map((rule) => `nft '${rule.startsWith("add") ? rule : `add rule ${family} t c ${rule}`}'`)
      .join("\n")}`;
  const forward = "type filter hook forward priority 0;";

  test.each([
    "ip saddr 10.0.1.2",
    "ip saddr != 10.0.2.2",
    "ip saddr & 255.0.255.255 == 10.0.1.2",
    "ip saddr { 10.0.1.2, 10.0.3.0/24 }",
    "ip saddr . ip daddr { 10.0.1.2 . 10.0.2.2 }",
    "ip saddr . ip daddr != { 10.0.1.9 . 10.0.2.2 }",
    "ip protocol icmp",
    "ip version 4",
    "ip hdrlength 5",
    "ip ttl gt 0",
    "ip length gt 0",
    "ip dscp 0",
    "ip id 0-65535",
    "icmp type echo-request",
    "icmp type != echo-reply",
    "icmp code 0",
    "ether saddr 02:00:00:00:01:01",
    "ether type ip",
    "meta protocol ip",
    "meta nfproto ipv4",
    "meta l4proto icmp",
    "meta length gt 0",
    "meta pkttype unicast",
    "meta mark 0",
    "meta mark and 0xff == 0",
    "meta priority 0",
    "meta skuid 0",
    "meta iiftype ether",
    'meta hour "00:00"-"23:59"',
    "iif eth0",
    "iifname eth0 oifname eth1",
    'iifname "eth*"',
    "iifname . ip saddr { eth0 . 10.0.1.2 }",
    "ct state new",
    "ct state != established",
    "ct direction original",
    "ct status dnat",
    "ct mark 0",
    "fib saddr type unicast",
    "fib saddr . iif oif eth0",
    "rt classid 0",
    "limit rate over 1/hour",
    "numgen inc mod 1 0",
    "@nh,72,8 1",
  ])("%s drop", (match) => {
    expect(verdict(table("inet", forward, `${match} drop`))).not.toBe("holds");
  });

  test.each([
    ["a set of pairs", "add set inet t s { type ipv4_addr . ipv4_addr; }\nadd element inet t s { 10.0.1.2 . 10.0.2.2 }\nip saddr . ip daddr @s drop"],
    ["a pair that is not in a set", "add set inet t s { type ipv4_addr . ipv4_addr; }\nadd element inet t s { 10.0.1.9 . 10.0.2.2 }\nip saddr . ip daddr != @s drop"],
    ["an address that is not in a set", "add set inet t s { type ipv4_addr; }\nadd element inet t s { 10.0.1.9 }\nip saddr != @s drop"],
    ["a verdict map", "ip saddr vmap { 10.0.1.2 : drop }"],
    ["a verdict map of pairs", "ip saddr . ip daddr vmap { 10.0.1.2 . 10.0.2.2 : drop }"],
    ["a named verdict map", "add map inet t m { type ipv4_addr : verdict; }\nadd element inet t m { 10.0.1.2 : drop }\nip saddr vmap @m"],
  ])("%s", (_name, rules) => {
    expect(verdict(table("inet", forward, rules))).not.toBe("holds");
  }); // prettier-ignore

  test.each([
    ["netdev", "type filter hook ingress device eth0 priority 0; policy drop;"],
    ["inet", "type filter hook ingress device eth0 priority 0; policy drop;"],
    ["arp", "type filter hook input priority 0; policy drop;"],
    ["arp", "type filter hook output priority 0; policy drop;"],
  ])("family %s: chain %s", (family, chain) => {
    expect(
      verdict(`nft add table ${family} t\nnft 'add chain ${family} t c { ${chain} }'`),
    ).not.toBe("holds");
  });

  test("what is filtered of IPv6 changes nothing here", () => {
    const drop = "type filter hook forward priority 0; policy drop;";
    expect(verdict(`nft add table ip6 t\nnft 'add chain ip6 t c { ${drop} }'`)).toBe("holds");
    expect(verdict("ip6tables -P FORWARD DROP")).toBe("holds");
  });
});
