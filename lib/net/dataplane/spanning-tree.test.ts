import { describe, expect, test } from "vitest";
import { network } from "../testing.ts";
import type { Built } from "../network.ts";
import { costOf, settleTrees, type TreeBridge } from "./spanning-tree.ts";

// Rules ST1 to ST7 of SPEC.md.

/** What is blocked: `sw3 Gi0/2: 1`, the VLANs after the port. */
function blocked({ network: { devices } }: Built): string[] {
  return [...devices.values()].flatMap((device) =>
    device.ifaces.flatMap(({ short, bridge }) => {
      const vlans = [...(bridge?.port.blocked?.keys() ?? [])].toSorted((a, b) => a - b);
      return vlans.length > 0 ? [`${device.name} ${short}: ${vlans.join(" ")}`] : [];
    }),
  );
}

/** A trunk on each of the ports, and lines for the whole switch. */
function trunks(count: number, lines = "", ports: Readonly<Record<number, string>> = {}): string {
  const each = Array.from({ length: count }, (_, at) => at + 1).map(
    (port) => `interface Gi0/${port}\n switchport mode trunk\n${ports[port] ?? ""}`,
  );
  return [lines, ...each].join("\n");
}

const triangle = ["a:Gi0/1 - b:Gi0/1", "b:Gi0/2 - c:Gi0/1", "c:Gi0/2 - a:Gi0/2"];

describe("a triangle of equal switches", () => {
  const plain = trunks(2);
  // a's lowest address is that of the first cable, so it is the root.
  test.each([
    ["ST1 the lowest address becomes the root", plain, plain, plain, ["c Gi0/1: 1"]],
    ["ST1 the lowest priority does before that", plain, plain, trunks(2, "spanning-tree vlan 1 priority 4096"), ["b Gi0/1: 1"]],
    ["ST1 `root primary` is such a priority", plain, trunks(2, "spanning-tree vlan 1 root primary"), plain, ["c Gi0/2: 1"]],
    ["ST2 the dearer way is blocked", plain, trunks(2, "", { 1: " spanning-tree cost 100" }), plain, ["b Gi0/1: 1"]],
    ["ST2 a slower port costs more", plain, trunks(2, "", { 1: " speed 10" }), plain, ["b Gi0/1: 1"]],
    ["ST2 and makes the cable slow for the other end, too", trunks(2, "", { 1: " speed 10" }), plain, plain, ["b Gi0/1: 1"]],
    ["ST5 ports without spanning tree are not in the tree", plain, trunks(2, "", { 2: " spanning-tree bpdufilter enable" }), plain, []],
    ["ST6 VLANs without a tree are not blocked", trunks(2, "no spanning-tree vlan 1"), trunks(2, "no spanning-tree vlan 1"), trunks(2, "no spanning-tree vlan 1"), []],
    ["a port that is down needs no blocking", plain, trunks(2, "", { 2: " shutdown" }), plain, []],
  ])("%s", (_rule, a, b, c, expected) => {
    expect(blocked(network({ "a.switch": a, "b.switch": b, "c.switch": c }, triangle))).toEqual(expected); // prettier-ignore
  }); // prettier-ignore

  test("ST3 each VLAN has a root of its own", () => {
    const own = (vlan: number) =>
      trunks(2, `vlan 10,20,30\nspanning-tree vlan ${vlan} root primary`);
    const built = network({ "a.switch": own(10), "b.switch": own(20), "c.switch": own(30) }, triangle); // prettier-ignore
    expect(blocked(built)).toEqual(["b Gi0/1: 30", "c Gi0/1: 1 10", "c Gi0/2: 20"]);
  });
});

describe("two cables between two switches", () => {
  const cables = ["a:Gi0/1 - b:Gi0/1", "a:Gi0/2 - b:Gi0/2"];
  const plain = trunks(2);
  test.each([
    ["ST2 of equal ways the sender's lower port wins", plain, plain, ["b Gi0/2: 1"]],
    ["ST2 whose priority is lower, before the number", trunks(2, "", { 2: " spanning-tree port-priority 64" }), plain, ["b Gi0/1: 1"]],
    ["ST2 in the VLANs that it is lower in", trunks(2, "vlan 10", { 2: " spanning-tree vlan 10 port-priority 64" }), trunks(2, "vlan 10"), ["b Gi0/1: 10", "b Gi0/2: 1"]],
    ["ST2 the receiver's priority decides nothing here", plain, trunks(2, "", { 2: " spanning-tree port-priority 64" }), ["b Gi0/2: 1"]],
    ["ST2 its cost does", plain, trunks(2, "", { 1: " spanning-tree vlan 1 cost 9" }), ["b Gi0/1: 1"]],
    ["ST3 a cable that does not carry a VLAN is not in its tree", trunks(2, "vlan 10", { 1: " switchport trunk allowed vlan 1" }), trunks(2, "vlan 10", { 1: " switchport trunk allowed vlan 1" }), ["b Gi0/2: 1"]],
    ["ST4 ends with different native VLANs block both", trunks(2, "vlan 10,20", { 1: " switchport trunk native vlan 10", 2: " shutdown" }), trunks(2, "vlan 10,20", { 1: " switchport trunk native vlan 20" }), ["a Gi0/1: 10 20", "b Gi0/1: 10 20"]],
    ["ST4 an access port that hears a trunk is blocked", trunks(2, "", { 2: " shutdown" }), "interface Gi0/1\n switchport mode access", ["b Gi0/1: 1"]],
    ["ST4 access ports of different VLANs are one tree", "vlan 10\ninterface Gi0/1\n switchport mode access\n switchport access vlan 10\ninterface Gi0/2\n switchport mode access\n switchport access vlan 10", "vlan 20\ninterface Gi0/1\n switchport mode access\n switchport access vlan 20\ninterface Gi0/2\n switchport mode access\n switchport access vlan 20", ["b Gi0/2: 20"]],
  ])("%s", (_rule, a, b, expected) => {
    expect(blocked(network({ "a.switch": a, "b.switch": b }, cables))).toEqual(expected);
  }); // prettier-ignore

  test("ST2 a cable from a switch to itself", () => {
    expect(blocked(network({ "a.switch": trunks(2) }, ["a:Gi0/1 - a:Gi0/2"]))).toEqual(["a Gi0/2: 1"]); // prettier-ignore
  });
});

describe("bridges in between that speak no spanning tree", () => {
  const between = (more = "") =>
    `ip link add br0 type bridge ${more}\nip link set br0 up\nfor i in eth0 eth1; do ip link set $i master br0 up; done`;
  const cables = ["a:Gi0/1 - b:Gi0/1", "a:Gi0/2 - m:eth0", "m:eth1 - b:Gi0/2"];

  test("ST5 pass its messages on, so that the circle is seen", () => {
    const built = network({ "a.switch": trunks(2), m: between(), "b.switch": trunks(2) }, cables);
    expect(blocked(built)).toEqual(["b Gi0/2: 1"]);
  });

  test("ST5 tagged ones, too, and those of one VLAN only where they filter", () => {
    const vlans = "vlan 10,20";
    const only = `${between("vlan_filtering 1")}\nbridge vlan add vid 10 dev eth0\nbridge vlan add vid 10 dev eth1`;
    const all = network({ "a.switch": trunks(2, vlans), m: between(), "b.switch": trunks(2, vlans) }, cables); // prettier-ignore
    const some = network({ "a.switch": trunks(2, vlans), m: only, "b.switch": trunks(2, vlans) }, cables); // prettier-ignore
    expect(blocked(all)).toEqual(["b Gi0/2: 1 10 20"]);
    expect(blocked(some)).toEqual(["b Gi0/2: 1 10"]);
  });

  test("ST5 but a switch of flows keeps them, and the circle stays", () => {
    const flows =
      "ovs-vsctl add-br br0 -- add-port br0 eth0 -- add-port br0 eth1\nfor i in eth0 eth1; do ip link set $i up; done";
    const built = network({ "a.switch": trunks(2), m: flows, "b.switch": trunks(2) }, cables);
    expect(built.diagnostics).toEqual([]);
    expect(blocked(built)).toEqual([]);
  });

  test("ST5 so is a switch without a tree for the VLAN", () => {
    const without = trunks(2, "no spanning-tree vlan 1");
    const built = network({ "a.switch": trunks(2), "m.switch": without, "b.switch": trunks(2) }, [
      "a:Gi0/1 - b:Gi0/1",
      "a:Gi0/2 - m:Gi0/1",
      "m:Gi0/2 - b:Gi0/2",
    ]);
    expect(blocked(built)).toEqual(["b Gi0/2: 1"]);
  });

  test("ST5 several on one stretch: one leads, the others learn from it", () => {
    const hub = "ip link add br0 type bridge\nip link set br0 up\nfor i in eth0 eth1 eth2; do ip link set $i master br0 up; done"; // prettier-ignore
    const built = network(
      { "a.switch": trunks(2), "b.switch": trunks(2), "c.switch": trunks(2), hub },
      ["a:Gi0/1 - hub:eth0", "b:Gi0/1 - hub:eth1", "c:Gi0/1 - hub:eth2", "b:Gi0/2 - c:Gi0/2"],
    );
    expect(blocked(built)).toEqual(["c Gi0/2: 1"]);
  });
});

describe("guarded ports", () => {
  const down = (built: Built) =>
    [...built.network.devices.values()].flatMap((device) =>
      device.ifaces.flatMap(({ short, stopped }) =>
        stopped ? [`${device.name} ${short}: ${stopped.why}`] : [],
      ),
    );
  const access = "interface Gi0/1\n switchport mode access\n";
  test.each([
    ["ST7 one that hears a switch is disabled", `${access} spanning-tree bpduguard enable`, access, ["a Gi0/1: guarded"]],
    ["ST7 also one that leads to hosts, where those are guarded", `spanning-tree portfast bpduguard default\n${access} spanning-tree portfast`, access, ["a Gi0/1: guarded"]],
    ["ST7 and where all access ports do", `spanning-tree portfast bpduguard default\nspanning-tree portfast default\n${access}`, access, ["a Gi0/1: guarded"]],
    ["ST7 unless its own text says otherwise", `spanning-tree portfast bpduguard default\n${access} spanning-tree portfast\n spanning-tree bpduguard disable`, access, []],
    ["ST7 and one that hears nothing is not", `${access} spanning-tree bpduguard enable`, `${access} spanning-tree bpdufilter enable`, []],
    ["ST7 trunks lead to hosts only when that is said of trunks", `spanning-tree portfast bpduguard default\n${trunks(1)} spanning-tree portfast`, trunks(1), []],
  ])("%s", (_rule, a, b, expected) => {
    expect(down(network({ "a.switch": a, "b.switch": b }, ["a:Gi0/1 - b:Gi0/1"]))).toEqual(expected); // prettier-ignore
  }); // prettier-ignore
});

describe("rings", () => {
  const ring = (count: number, lines = "") => {
    const nodes = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`s${at}.switch`, trunks(2, lines)]),
    );
    const cables = Array.from(
      { length: count },
      (_, at) => `s${at}:Gi0/1 - s${(at + 1) % count}:Gi0/2`,
    );
    return network(nodes, cables);
  };

  test("ST2 of four: the port opposite the root", () => {
    expect(blocked(ring(4))).toEqual(["s2 Gi0/1: 1"]);
  });

  test("of two hundred block one port, in each of ten VLANs", () => {
    const built = ring(200, "vlan 2-10");
    expect(blocked(built)).toEqual(["s100 Gi0/1: 1 2 3 4 5 6 7 8 9 10"]);
  }, 60_000);
});

test("ST2 what ports cost", () => {
  const short = [10, 100, 1_000, 10_000, 200, 300, 400, 2_000].map((speed) => costOf(speed, false));
  expect(short).toEqual([100, 19, 4, 2, 12, 9, 8, 3]);
  expect([10, 100, 1_000, 10_000].map((speed) => costOf(speed, true))).toEqual([
    2_000_000, 200_000, 20_000, 2_000,
  ]);
});

test("ST1 bridges that hear nobody are roots of their own", () => {
  const bridges: TreeBridge[] = [
    { id: 7, ports: [{ id: 1, cost: 4, hears: [] }] },
    { id: 3, ports: [] },
  ];
  expect(settleTrees(bridges)).toEqual([
    { root: 0, roles: ["designated"] },
    { root: 1, roles: [] },
  ]);
});
