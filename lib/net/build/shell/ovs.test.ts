import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../../prove/decide.ts";
import { network } from "../../testing.ts";
import { buildLinux } from "./build.ts";

// Rules OV1 to OV9 of SPEC.md; the words were seen on Open vSwitch 3.1.

const ports = ["p1", "p2", "p3"].map((name, at) => ({ name, mac: `02:00:00:00:0${at + 1}:01` }));

function build(...lines: string[]) {
  let next = 0x10;
  const text = lines.join("\n");
  const mac = () => `02:00:00:00:${(next++).toString(16)}:01`;
  const built = buildLinux({ ports, runs: [] }, [{ path: "s1/host.sh", text }], mac);
  const said = built.diagnostics.map(
    ({ severity, message, span }) =>
      `${severity} ${text.slice(0, span.from).split("\n").length}: ${message}`,
  );
  return { linux: built.linux, said, taints: built.linux.root.taints };
}

const BR0 = "ovs-vsctl add-br br0";
const BOTH = ["ovs-vsctl add-br br0", "ovs-vsctl add-port br0 p1"];

describe("what is refused, in the words of the program, and changes nothing", () => {
  test.each([
    [[BR0, BR0], "ovs-vsctl: cannot create a bridge named br0 because a bridge named br0 already exists"],
    [["ovs-vsctl add-port br9 p1"], "ovs-vsctl: no bridge named br9"],
    [[...BOTH, "ovs-vsctl add-port br0 p1"], "ovs-vsctl: cannot create a port named p1 because a port named p1 already exists on bridge br0"],
    [[BR0, "ovs-vsctl add-port br0 br0"], "ovs-vsctl: cannot create a port named br0 because a bridge named br0 already exists"],
    [[...BOTH, "ovs-vsctl add-br p1"], "ovs-vsctl: cannot create a bridge named p1 because a port named p1 already exists on bridge br0"],
    [[...BOTH, "ovs-vsctl add-br br1", "ovs-vsctl del-port br1 p1"], "ovs-vsctl: bridge br1 does not have a port p1"],
    [[...BOTH, "ovs-vsctl add-br br1", "ovs-vsctl --may-exist add-port br1 p1"], 'ovs-vsctl: "--may-exist add-port br1 p1" but p1 is actually attached to bridge br0'],
    [["ovs-vsctl del-br br9"], "ovs-vsctl: no bridge named br9"],
    [[BR0, "ovs-vsctl del-port p9"], "ovs-vsctl: no port named p9"],
    [[BR0, "ovs-vsctl set port p9 tag=3"], 'ovs-vsctl: no row "p9" in table Port'],
    [[BR0, "ovs-vsctl set bridge br9 fail_mode=secure"], 'ovs-vsctl: no row "br9" in table Bridge'],
    [[BR0, "ovs-vsctl set interface p9 type=internal"], 'ovs-vsctl: no row "p9" in table Interface'],
    [["ovs-ofctl add-flow br9 actions=drop"], "ovs-ofctl: br9 is not a bridge or a socket"],
    [[...BOTH, "ovs-ofctl add-flow br0 in_port=p1,actions=output:nope"], "ovs-ofctl: nope: output to unknown port"],
    [[...BOTH, "ovs-ofctl add-flow br0 in_port=nope,actions=drop"], "ovs-ofctl: nope: invalid or unknown port for in_port"],
  ])("%j", (lines, words) => {
    const { said, linux, taints } = build(...lines);
    expect(said).toEqual([expect.stringContaining(`error ${lines.length}: ${words}`)]);
    expect(taints).toEqual([]);
    const without = build(...lines.slice(0, -1)).linux;
    const shape = (one: typeof linux) => JSON.stringify([...one.switches].map(([name, it]) => [name, [...it.ports.keys()], [...it.flows]])); // prettier-ignore
    expect(shape(linux)).toBe(shape(without));
  }); // prettier-ignore

  test("OV1 of several changes in one command none is kept when one is refused", () => {
    const { linux } = build(BR0, "ovs-vsctl add-port br0 p1 -- add-br br1 -- set port p1 tag=5 -- del-port p9"); // prettier-ignore
    expect([...linux.switches.keys()]).toEqual(["br0"]);
    expect([...linux.switches.get("br0")!.ports.keys()]).toEqual(["br0"]);
    expect(linux.root.links.has("br1")).toBe(false);
  });
});

describe("numbers of ports", () => {
  test.each([
    ["OV2 one after the other", [...BOTH, "ovs-vsctl add-port br0 p2"], { p1: 1, p2: 2 }],
    ["OV2 a number is not given again", [...BOTH, "ovs-vsctl del-port p1", "ovs-vsctl add-port br0 p2"], { p2: 2 }],
    ["OV2 the number asked for", [BR0, "ovs-vsctl add-port br0 p1 -- set interface p1 ofport_request=7"], { p1: 7 }],
    ["OV2 whoever had it by chance makes way", [...BOTH, "ovs-vsctl add-port br0 p2", "ovs-vsctl set interface p2 ofport_request=1"], { p1: 3, p2: 1 }],
    ["OV2 one that is not there has none", [BR0, "ovs-vsctl add-port br0 nope"], { nope: null }],
    ["OV2 it gets one when its link comes", [BR0, "ovs-vsctl add-port br0 v1", "ip link add v1 type veth peer name v2"], { v1: 1 }],
  ])("%s", (_name, lines, numbers) => {
    const { linux } = build(...lines);
    const it = linux.switches.get("br0")!;
    const seen = [...it.ports.values()].flatMap((port) => port.interfaces).filter(({ name }) => name !== "br0"); // prettier-ignore
    expect(Object.fromEntries(seen.map(({ name, number }) => [name, number]))).toEqual(numbers);
  }); // prettier-ignore
});

describe("flows", () => {
  const flowsOf = (...lines: string[]) =>
    [
      ...build(BR0, ...lines)
        .linux.switches.get("br0")!
        .flows.values(),
    ].map(
      ({ priority, actions }) => `${priority} ${actions.map((one) => one.kind).join() || "drop"}`,
    );
  const flow = (text: string) => `ovs-ofctl add-flow br0 '${text}'`;

  test.each([
    ["OV3 a new bridge is a plain switch", [], ["0 normal"]],
    ["OV3 a secure one is empty", ["ovs-vsctl set-fail-mode br0 secure"], []],
    ["OV3 another fail mode throws flows away", [flow("ip,actions=drop"), "ovs-vsctl set-fail-mode br0 secure"], []],
    ["OV3 the same again does not", [flow("ip,actions=drop"), "ovs-vsctl del-fail-mode br0"], ["0 normal", "32768 drop"]],
    ["OV3 and back", ["ovs-vsctl set-fail-mode br0 secure", flow("ip,actions=drop"), "ovs-vsctl set bridge br0 fail_mode=standalone"], ["0 normal"]],
    ["OV6 the same flow again takes its place", [flow("ip,actions=drop"), flow("ip,actions=flood")], ["0 normal", "32768 flood"]],
    ["OV7 all flows go", ["ovs-ofctl del-flows br0"], []],
    ["OV7 those that are within what was said", [flow("ip,nw_src=10.1.0.0/16,actions=drop"), flow("ip,nw_src=11.0.0.0/8,actions=drop"), "ovs-ofctl del-flows br0 ip,nw_src=10.0.0.0/8"], ["0 normal", "32768 drop"]],
    ["OV7 strictly only the one", [flow("priority=5,ip,actions=drop"), flow("priority=6,ip,actions=flood"), "ovs-ofctl --strict del-flows br0 priority=5,ip"], ["0 normal", "6 flood"]],
    ["OV7 those that send to a port", ["ovs-vsctl add-port br0 p1", flow("ip,actions=output:1"), "ovs-ofctl del-flows br0 out_port=1"], ["0 normal"]],
    ["OV8 changed are those within", [flow("priority=5,tcp,actions=drop"), "ovs-ofctl mod-flows br0 ip,actions=flood"], ["0 normal", "5 flood"]],
    ["OV8 a change that fits none adds", ["ovs-ofctl mod-flows br0 arp,actions=flood"], ["0 normal", "32768 flood"]],
  ])("%s", (_name, lines, flows) => {
    expect(flowsOf(...lines)).toEqual(flows);
  }); // prettier-ignore

  test.each([
    ["OV9 two of one priority that fit the same", [flow("ip,nw_src=10.0.0.0/8,actions=drop"), flow("tcp,tp_dst=80,actions=flood")], 2],
    ["OV9 not if both do the same", [flow("ip,nw_src=10.0.0.0/8,actions=drop"), flow("tcp,tp_dst=80,actions=drop")], 0],
    ["OV9 nor if nothing fits both", [flow("udp,actions=drop"), flow("tcp,tp_dst=80,actions=flood")], 0],
    ["OV9 nor for different ports", [flow("in_port=1,ip,actions=drop"), flow("in_port=2,actions=flood")], 0],
    ["OV9 nor in another table", [flow("table=1,ip,actions=drop"), flow("ip,actions=flood")], 0],
  ])("%s", (_name, lines, count) => {
    const { said } = build(BR0, ...lines);
    expect(said.filter((one) => one.includes("has the priority")).length).toBe(count);
  }); // prettier-ignore
});

describe("what is not simulated leaves the machine open, or the flow", () => {
  test.each([
    ["ovs-vsctl set-controller br0 tcp:10.0.0.1", "ovs-vsctl set-controller"],
    ["ovs-vsctl set bridge br0 stp_enable=true", "ovs-vsctl stp_enable"],
    ["ovs-vsctl add-port br0 g -- set interface g type=gre options:remote_ip=10.0.0.1", "a port of type gre"],
    ["ovs-vsctl add-port br0 x -- set interface x type=vxlan options:remote_ip=flow", "options:remote_ip=flow"],
    ["ovs-vsctl add-bond br0 b p1 p2", "which link of a bond carries"],
    ["ovs-ofctl add-flow br0 'actions=learn(table=1),NORMAL'", "ovs-ofctl learn"],
    ["ovs-ofctl add-flow br0 'nw_ttl=3,ip,dl_vlan_pcp=3,actions=drop'", null],
    ["ovs-ofctl add-flow br0 'dl_vlan_pcp=3,actions=drop'", "the priority of a VLAN tag"],
    ["ovs-ofctl add-flow br0 'arp,arp_tha=02:00:00:00:00:01,actions=drop'", "arp-tha"],
  ])("%s", (line, what) => {
    const { said, taints } = build(BR0, line);
    expect(said.filter((one) => one.startsWith("warning 2:")).length).toBe(1);
    expect(taints.map((one) => one.what)).toEqual(what === null ? [] : [what]);
  }); // prettier-ignore

  test("of ports that came together nobody knows the numbers", () => {
    const { taints } = build(`${BR0} -- add-port br0 p1 -- add-port br0 p2`, "ovs-ofctl add-flow br0 in_port=1,actions=output:2"); // prettier-ignore
    expect(taints.length).toBe(1);
  });
});

const LINES = [
  "ovs-vsctl add-br br0", "ovs-vsctl --may-exist add-br br1 -- set bridge br1 fail_mode=secure", "ovs-vsctl add-br fake br0 7",
  "ovs-vsctl add-port br0 p1 tag=5", "ovs-vsctl add-port br0 p2", "ovs-vsctl add-port fake p3", "ovs-vsctl del-port p1",
  "ovs-vsctl add-port br0 a -- set interface a type=patch options:peer=b", "ovs-vsctl add-port br1 b -- set interface b type=patch options:peer=a",
  "ovs-vsctl add-port br1 in0 -- set interface in0 type=internal ofport_request=4", "ovs-vsctl set interface in0 type=patch options:peer=in0",
  "ovs-vsctl add-port br0 vx -- set interface vx type=vxlan options:remote_ip=10.0.0.2 options:key=99999999999",
  "ovs-vsctl set port p1 trunks=1-4094 vlan_mode=native-tagged tag=0", "ovs-vsctl add-bond br0 bond0 p1 p2", "ovs-vsctl del-br br0",
  "ovs-vsctl set interface p2 ofport_request=1", "ip link set p1 up", "ip link set p2 up", "ip link set br0 up", "ip link set in0 name in1",
  "ip netns add red", "ip link set in0 netns red", "ip link del br0", "ip link set br0 netns red", "ip addr add 10.0.0.9/24 dev br0",
  "ovs-ofctl add-flow br0 'table=0,priority=5,ip,nw_dst=10.0.0.0/8,actions=mod_vlan_vid:9,resubmit(,1),NORMAL'",
  "ovs-ofctl add-flow br0 'table=1,arp,actions=move:NXM_NX_REG1[0..7]->NXM_NX_REG2[8..15],load:7->NXM_NX_REG3[2..4],FLOOD'",
  "ovs-ofctl add-flow br0 'table=1,in_port=LOCAL,reg2=0x100/0xff00,actions=IN_PORT,clone(push_vlan:0x8100,output:2),exit'",
  "ovs-ofctl -O OpenFlow13 add-flow br0 'tcp,tcp_flags=+syn-ack,actions=ct(table=2,zone=3),dec_ttl,set_field:02:00:00:00:00:01->eth_dst,1'",
  "ovs-ofctl add-flow br0 'table=2,ct_state=+trk+new,ip,ct_zone=3,actions=ct(commit,zone=3),resubmit(,0)'",
  "ovs-ofctl del-flows br0 'cookie=0x5/-1'", "ovs-ofctl mod-flows br0 'ip,actions=all'", "ovs-ofctl del-flows br0",
]; // prettier-ignore

// Whatever order, and wherever it ends: a network, remarks with a place, and no disagreement.
test("random, shuffled and truncated commands make a network", () => {
  const host = "ip addr add 10.0.0.1/24 dev eth0\nip link set eth0 up";
  const commands = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...LINES) },
      fc.tuple(fc.constantFrom(...LINES), fc.nat(120)).map(([line, at]) => line.slice(0, at)),
      fc.tuple(fc.constantFrom(...LINES), fc.nat(90), fc.constantFrom("=", ",", "(", "->", "/", "0", "--", "'")).map(([line, at, more]) => line.slice(0, at) + more + line.slice(at + 1)),
    ),
    { maxLength: 30 },
  ); // prettier-ignore
  fc.assert(
    fc.property(commands, (lines) => {
      const text = ["ovs-vsctl add-br br0", ...lines].join("\n");
      const built = network({ s1: text, h1: host, h2: host.replace("0.0.1/", "0.0.2/") }, ["s1:p1 - h1:eth0", "s1:p2 - h2:eth0"]); // prettier-ignore
      for (const { span } of built.diagnostics)
        expect(span.from >= 0 && span.from <= span.to && span.to <= text.length).toBe(true);
      const sides = { from: ["h1"], to: ["h2"] };
      const claims = [
        decide(built, { kind: "reach", ...sides, proto: "icmp", port: null, address: null }),
        decide(built, { kind: "isolate", ...sides, threat: "attacker", both: true }),
      ];
      expect(claims.map(({ why }) => why.kind)).not.toContain("disagreement");
    }),
    { numRuns: 100 },
  );
}, 30_000);
