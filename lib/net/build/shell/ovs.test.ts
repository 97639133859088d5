import { describe, expect, test } from "vitest";
import { numberPorts } from "../../model/linux/switches.ts";
import { buildLinux } from "./build.ts";

// Rules O1 to O9 of SPEC.md; the words were seen on Open vSwitch 3.1.

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

  test("O1 of several changes in one command none is kept when one is refused", () => {
    const { linux } = build(BR0, "ovs-vsctl add-port br0 p1 -- add-br br1 -- set port p1 tag=5 -- del-port p9"); // prettier-ignore
    expect([...linux.switches.keys()]).toEqual(["br0"]);
    expect([...linux.switches.get("br0")!.ports.keys()]).toEqual(["br0"]);
    expect(linux.root.links.has("br1")).toBe(false);
  });
});

describe("numbers of ports", () => {
  test.each([
    ["O2 one after the other", [...BOTH, "ovs-vsctl add-port br0 p2"], { p1: 1, p2: 2 }],
    ["O2 a number is not given again", [...BOTH, "ovs-vsctl del-port p1", "ovs-vsctl add-port br0 p2"], { p2: 2 }],
    ["O2 the number asked for", [BR0, "ovs-vsctl add-port br0 p1 -- set interface p1 ofport_request=7"], { p1: 7 }],
    ["O2 whoever had it by chance makes way", [...BOTH, "ovs-vsctl add-port br0 p2", "ovs-vsctl set interface p2 ofport_request=1"], { p1: 3, p2: 1 }],
    ["O2 one that is not there has none", [BR0, "ovs-vsctl add-port br0 nope"], { nope: null }],
    ["O2 it gets one when its link comes", [BR0, "ovs-vsctl add-port br0 v1", "ip link add v1 type veth peer name v2"], { v1: 1 }],
  ])("%s", (_name, lines, numbers) => {
    const { linux } = build(...lines);
    const it = linux.switches.get("br0")!;
    numberPorts(it, linux);
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
    ["O3 a new bridge is a plain switch", [], ["0 normal"]],
    ["O3 a secure one is empty", ["ovs-vsctl set-fail-mode br0 secure"], []],
    ["O3 another fail mode throws flows away", [flow("ip,actions=drop"), "ovs-vsctl set-fail-mode br0 secure"], []],
    ["O3 the same again does not", [flow("ip,actions=drop"), "ovs-vsctl del-fail-mode br0"], ["0 normal", "32768 drop"]],
    ["O3 and back", ["ovs-vsctl set-fail-mode br0 secure", flow("ip,actions=drop"), "ovs-vsctl set bridge br0 fail_mode=standalone"], ["0 normal"]],
    ["O6 the same flow again takes its place", [flow("ip,actions=drop"), flow("ip,actions=flood")], ["0 normal", "32768 flood"]],
    ["O7 all flows go", ["ovs-ofctl del-flows br0"], []],
    ["O7 those that are within what was said", [flow("ip,nw_src=10.1.0.0/16,actions=drop"), flow("ip,nw_src=11.0.0.0/8,actions=drop"), "ovs-ofctl del-flows br0 ip,nw_src=10.0.0.0/8"], ["0 normal", "32768 drop"]],
    ["O7 strictly only the one", [flow("priority=5,ip,actions=drop"), flow("priority=6,ip,actions=flood"), "ovs-ofctl --strict del-flows br0 priority=5,ip"], ["0 normal", "6 flood"]],
    ["O7 those that send to a port", ["ovs-vsctl add-port br0 p1", flow("ip,actions=output:1"), "ovs-ofctl del-flows br0 out_port=1"], ["0 normal"]],
    ["O8 changed are those within", [flow("priority=5,tcp,actions=drop"), "ovs-ofctl mod-flows br0 ip,actions=flood"], ["0 normal", "5 flood"]],
    ["O8 a change that fits none adds", ["ovs-ofctl mod-flows br0 arp,actions=flood"], ["0 normal", "32768 flood"]],
  ])("%s", (_name, lines, flows) => {
    expect(flowsOf(...lines)).toEqual(flows);
  }); // prettier-ignore

  test.each([
    ["O9 two of one priority that fit the same", [flow("ip,nw_src=10.0.0.0/8,actions=drop"), flow("tcp,tp_dst=80,actions=flood")], 2],
    ["O9 not if both do the same", [flow("ip,nw_src=10.0.0.0/8,actions=drop"), flow("tcp,tp_dst=80,actions=drop")], 0],
    ["O9 nor if nothing fits both", [flow("udp,actions=drop"), flow("tcp,tp_dst=80,actions=flood")], 0],
    ["O9 nor for different ports", [flow("in_port=1,ip,actions=drop"), flow("in_port=2,actions=flood")], 0],
    ["O9 nor in another table", [flow("table=1,ip,actions=drop"), flow("ip,actions=flood")], 0],
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
