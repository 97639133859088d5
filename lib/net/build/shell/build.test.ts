import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Namespace } from "../../model/linux/namespace.ts";
import type { LinuxRoute } from "../../model/linux/routes.ts";
import { MAIN } from "../../model/linux/rules.ts";
import { formatIp, formatPrefix } from "../../model/prefix.ts";
import { casesIn } from "../../parse/testing.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { buildLinux } from "./build.ts";

const ports = [
  { name: "eth0", mac: "02:00:00:00:01:01" },
  { name: "eth1", mac: "02:00:00:00:02:01" },
];

function build(text: string) {
  const { linux, diagnostics } = buildLinux(
    { ports, runs: [] },
    [{ path: "h1/host.sh", text }],
    () => "02:00:00:00:09:01",
  );
  return { state: linux.root, diagnostics };
}

// What a kernel did, written down by lib/net/cases/record.py (rules L1 to L14): `! ` is what it refused and how.
describe("as a kernel does", () => {
  test.each(casesIn(path.join(import.meta.dirname, "cases")))("$title", ({ input, meaning }) => {
    const lines = input.split("\n");
    const text = lines.map((line) => (line.startsWith("! ") ? "" : line)).join("\n");
    const { state, diagnostics } = build(text);
    expect(withRefusals(text, diagnostics)).toEqual(lines.filter((line) => line !== ""));
    expect(leftBehind(state).join("\n")).toBe(meaning);
  });
});

function withRefusals(text: string, diagnostics: readonly Diagnostic[]): string[] {
  let from = 0;
  return text.split("\n").flatMap((line) => {
    const to = from + line.length;
    const said = diagnostics
      .filter(({ span, code }) => span.from >= from && span.from <= to && code === "shell-refused")
      .map(({ message }) => `! ${message}`);
    from = to + 1;
    return line === "" ? [] : [line, ...said.map((words) => withoutHint(words))];
  });
}

// A hint follows the kernel's words.
function withoutHint(message: string): string {
  return message.replace(
    /(\.)?\. (A gateway must|Bring the|The same is|The network has|It does not|Its links).*$/,
    "$1",
  );
}

/** The addresses and the main table, as `ip -4 addr` and `ip route` print them. */
function leftBehind(state: Namespace): string[] {
  const addresses = [...state.links.values()].flatMap((link) =>
    link.addresses
      .all()
      .map(
        ({ ip, length, secondary }) =>
          `${link.name} ${formatIp(ip)}/${length}${secondary ? " secondary" : ""}`,
      ),
  );
  const routes = state
    .table(MAIN)
    .all()
    .toSorted((a, b) => a.to.first - b.to.first || b.to.length - a.to.length)
    .map(formatRoute);
  return [...addresses.filter((line) => line !== "lo 127.0.0.1/8"), ...routes];
}

function formatRoute({ to, type, hops, metric, source, proto }: LinuxRoute): string {
  const [only] = hops;
  const isDirect = hops.length === 1 && only!.gateway === null;
  const prefix = to.length === 32 ? formatIp(to.first) : formatPrefix(to);
  return [
    type === "unicast" ? "" : type,
    to.length === 0 ? "default" : prefix,
    ...(hops.length === 1 ? [formatHop(only!)] : []),
    proto === "kernel" ? "proto kernel" : "",
    isDirect ? "scope link" : "",
    source === null ? "" : `src ${formatIp(source)}`,
    metric === 0 ? "" : `metric ${metric}`,
    ...(hops.length > 1 ? hops.map((hop) => `nexthop ${formatHop(hop)}`) : []),
    only?.onlink ? "onlink" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function formatHop({ gateway, link, isDead }: LinuxRoute["hops"][number]): string {
  const via = gateway === null ? "" : `via ${formatIp(gateway)} `;
  return `${via}dev ${link}${isDead ? " dead" : ""}`;
}

const taints = (text: string) => build(text).state.taints.map(({ what }) => what);

test.each([
  [
    "L12 what is not simulated leaves the system open",
    "tc filter add dev eth0 ingress flower action drop",
    ["tc filter … action"],
  ],
  ["Q1 a queue that shapes leaves nothing open", "tc qdisc add dev eth0 root fq", []],
  ["L15 a setting that is turned off", "sysctl -w net.ipv4.conf.all.arp_filter=0", []],
  [
    "L16 a link that is not simulated is there, and open, as are its ports",
    "ip link add bond0 type bond mode 4; ip link set eth1 master bond0; ip addr add 10.7.0.1/24 dev bond0",
    ["ip link add … type bond", "A port of bond0"],
  ],
  [
    "L16 a tunnel",
    "ip link add gre1 type gre remote 10.0.0.2; ip link set gre1 up; ip route add 10.8.0.0/24 dev gre1",
    ["ip link add … type gre"],
  ],
  ["S4 a link that carries less than any", "ip link set eth0 mtu 60", []],
  ["L12 and so does what nobody knows", "frobnicate --now", ["frobnicate"]],
  ["L12 and what the shell here does not know", "for i in 1 2", ['"for" without "done"']],
  ["L12 a condition", "[ -e x ] && ip link set eth0 up", ['"["']],
  [
    "L12 a setting that is not simulated",
    "sysctl -w net.ipv4.conf.all.arp_announce=1",
    ["net.ipv4.conf.all.arp_announce"],
  ],
  ["L12 on one link where it says which", "ip link set eth0 arp off", ["arp off"]],
  [
    "L12 what only shows leaves nothing open",
    "ip a; ip route get 10.0.0.1; ping -c1 10.0.0.1; sysctl -a",
    [],
  ],
  [
    "L12 nor does IPv6",
    "ip -6 addr add 2001:db8::1/64 dev eth0; sysctl -w net.ipv6.conf.all.forwarding=1",
    [],
  ],
  ["L12 nor what is refused", "ip addr add 10.0.0.300/24 dev eth0", []],
])("%s: %s", (_rule, text, expected) => {
  expect(taints(text)).toEqual(expected);
});

test.each([
  "ip link add bond0 type bond mode 4; ip link set eth1 master bond0; ip addr add 10.7.0.1/24 dev bond0; ip link set bond0 up",
  "ip link add gre1 type gre remote 10.0.0.2; ip link set gre1 up; ip route add 10.8.0.0/24 dev gre1",
])("L16 nothing is refused for want of a link that is not simulated: %s", (text) => {
  expect(build(text).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});

test.each([
  ["L11 echo and sysctl set the same", "echo 1 > /proc/sys/net/ipv4/ip_forward", true],
  ["L11", "sysctl -w net.ipv4.ip_forward=1", true],
  ["L11", "sysctl -q net/ipv4/ip_forward=1", true],
  ["L11", "sysctl net.ipv4.conf.all.forwarding=1", true],
  ["L11 the last one counts", "sysctl net.ipv4.ip_forward=1 net.ipv4.ip_forward=0", false],
  ["L11 the value of another stream is none", "echo 1>/proc/sys/net/ipv4/ip_forward", false],
  ["L11 a word is none", "sysctl -w net.ipv4.ip_forward=yes", false],
  ["L13 a script ends at exit", "exit 0\nsysctl -w net.ipv4.ip_forward=1", false],
  ["L13 and after set -e at a failure", "set -e\nfalse\nsysctl -w net.ipv4.ip_forward=1", false],
  [
    "L13 unless something looks at it",
    "set -e\nfalse || true\nsysctl -w net.ipv4.ip_forward=1",
    true,
  ],
  ["L13 or the first part of &&", "set -e\nfalse && true\nsysctl -w net.ipv4.ip_forward=1", true],
  ["L13 set +e takes it back", "set -e; set +e\nfalse\nsysctl -w net.ipv4.ip_forward=1", true],
])("%s: %s", (_rule, text, expected) => {
  expect(build(text).state.forwards.on).toBe(expected);
});

test("a script that stops says so, where it leaves something out", () => {
  const { diagnostics } = build("set -e\nip link set eth9 up\nip link set eth0 up\n");
  expect(diagnostics.map(({ code }) => code)).toEqual(["shell-refused", "shell-stopped"]);
});
