import fc from "fast-check";
import { expect, test } from "vitest";
import { parseProgram } from "./programs.ts";
import { runShell } from "./run.ts";
import { parseShell } from "./statements.ts";
import { told } from "./testing.ts";

const WORDS = (
  "ip link add set route rule addr netns exec vrf dev via table type bridge veth peer name vlan id vxlan master up 10.0.0.1 " +
  "10.0.0.0/8 eth0 default -n -6 -f mpls bridge fdb sysctl -w net.ipv4.ip_forward=1 iptables -A -D -t nat FORWARD -p tcp --dport " +
  "80 -m multiport conntrack --ctstate NEW -j ACCEPT DNAT --to-destination ! ebtables --ip-src ARP nft table inet chain { } ; { 80, 443 } " +
  "ct state established ip saddr @x vmap : accept ovs-vsctl -- add-port tag=5 ovs-ofctl add-flow actions=ct(commit) in_port=1,ip " +
  "resubmit(,1) $x ${x:-y} $((1+1)) $(seq 1 3) `a` ' \" \\ && || | & ( ) for in do done if then fi while <<EOF EOF > < >> 2>&1 " +
  "# \n \t {1..3} {a,b} sh -c sudo echo tee /proc/sys/net/ipv4/ip_forward [[ case esac function f() set -e exit * \0 é"
).split(" ");

/** Whether reading it ends, with every remark inside of the text. */
function readsAnything(text: string): boolean {
  const { diagnostics, unsupported } = told(text);
  return [...diagnostics, ...unsupported].every(
    ({ span }) => 0 <= span.from && span.from <= span.to && span.to <= text.length,
  );
}

test("no text throws, and every remark lies inside of it", () => {
  expect(() =>
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), readsAnything), {
      numRuns: 500,
    }),
  ).not.toThrow();
});

test("no heap of words throws", () => {
  const heap = fc
    .array(fc.constantFrom(...WORDS), { maxLength: 40 })
    .map((words) => words.join(" "));
  expect(() => fc.assert(fc.property(heap, readsAnything), { numRuns: 1500 })).not.toThrow();
});

test.each([
  "nft -f - <<'EOF'\n",
  "iptables-restore <<'EOF'\n",
  "ovs-ofctl add-flows br0 - <<'EOF'\n",
])("no heap of words after %j throws", (head) => {
  const heap = fc
    .array(fc.constantFrom(...WORDS), { maxLength: 60 })
    .map((words) => `${head}${words.join(" ").replaceAll("EOF", "E")}\nEOF\n`);
  expect(() => fc.assert(fc.property(heap, readsAnything), { numRuns: 500 })).not.toThrow();
});

const MILLION = 1_000_000;

test.each([
  "ip addr add 10.0.0.1/24 dev eth0\n",
  "$((",
  "${",
  "${a:-",
  "$(",
  "`",
  "'",
  '"',
  "(",
  "{ ",
  "[[ ",
  "((",
  "if ",
  "for i in a; do ",
  "f() {",
  "<<EOF\n",
  "\\\n",
  "a=$a$a;",
  "{a,{",
  "{a,b}",
  "echo x | ",
  "nft add rule ip x y tcp dport { 1, 2 } accept\n",
  "iptables -A INPUT -s 1.1.1.1 -j ACCEPT\n",
  "true && ",
  "sh -c 'x';",
  "case ",
  "! ",
  "\0",
])("a million characters of %j are read in time", (part) => {
  const text = part.repeat(Math.ceil(MILLION / part.length)).slice(0, MILLION);
  const start = performance.now();
  runShell(
    parseShell("h1/host.sh", text),
    (command) => parseProgram(command).program !== "unknown",
  );
  // A second is promised; a busy machine is given a little more.
  expect(performance.now() - start).toBeLessThan(5000);
});

test.each([
  ["nft -f - <<'EOF'\n", "table ip x { chain y { tcp dport vmap { 1 : accept, 2 : drop } } }\n"],
  ["nft -f - <<'EOF'\ndefine a = {1,2}\n", "define a = { $a, $a }\n"],
  ["nft -f - <<'EOF'\n", "{"],
  ["nft -f - <<'EOF'\n", "add element ip x y { 1.1.1.1, 2.2.2.2 }\n"],
  ["iptables-restore <<'EOF'\n*filter\n", "-A INPUT -p tcp --dport 80 -j ACCEPT\n"],
  ["ovs-ofctl add-flows br0 - <<'EOF'\n", "ip,actions=clone(clone("],
  ["ovs-ofctl add-flows br0 - <<'EOF'\n", "tcp,tp_dst=80,actions=ct(commit),output:1\n"],
])("a million characters after %j of %j are read in time", (head, part) => {
  const text = head + part.repeat(Math.ceil(MILLION / part.length)).slice(0, MILLION);
  const start = performance.now();
  runShell(
    parseShell("h1/host.sh", text),
    (command) => parseProgram(command).program !== "unknown",
  );
  expect(performance.now() - start).toBeLessThan(5000);
});

test("a script that carries out too many commands is cut", () => {
  const { diagnostics } = runShell(
    parseShell(
      "h1/host.sh",
      "for i in {1..1000}; do for j in {1..1000}; do ip link; done; done\nip addr",
    ),
    () => true,
  );
  expect(diagnostics.map((one) => one.code)).toEqual(["too-many"]);
});

test("text that doubles is cut", () => {
  const doubling = `a=xxxxxxxxxx\n${"a=$a$a\n".repeat(100)}`;
  const { unsupported } = runShell(parseShell("h1/host.sh", doubling), () => true);
  expect(unsupported[0]?.what).toBe("Text this long");
});

test("a command inside quotes points into them, and one of a here-document into its line", () => {
  const text =
    "sh -c 'ip link set eth9 sideways up'\nnft -f - <<E\ntable ip x {\n  chain y { bogus }\n}\nE\n";
  const marks = told(text).diagnostics.map(({ span }) => text.slice(span.from, span.to));
  expect(marks).toEqual(["sideways", "bogus"]);
});
