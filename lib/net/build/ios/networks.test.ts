import { describe, expect, test } from "vitest";
import { explainVerdict } from "../../explain/verdict.ts";
import type { Claim, Threat } from "../../model/objective.ts";
import { buildNetwork } from "../../network.ts";
import { decide } from "../../prove/decide.ts";
import { drawn, ip, lineAt } from "../../testing.ts";

/*
 * Whole networks with switches. A row is what is changed in the text of one of them, the claim, and the answer: "holds"
 * or "fails", then why in words, then the lines behind that.
 */

type Nodes = Readonly<Record<string, string>>;
type Row = readonly [string, Nodes, Claim, readonly (string | RegExp)[]];

const ping = (from: string, to: string): Claim => ({ kind: "reach", from: [from], to: [to], proto: "icmp", port: null, address: null }); // prettier-ignore
const apart = (from: string, to: string, threat: Threat = "attacker"): Claim => ({ kind: "isolate", from: [from], to: [to], threat, both: false }); // prettier-ignore

const host = (address: string, gateway?: string) =>
  [
    `ip addr add ${address}/24 dev eth0`,
    "ip link set eth0 up",
    ...(gateway ? [`ip route add default via ${gateway}`] : []),
  ].join("\n");

const ports = (of: Readonly<Record<string, string>>, lines = "") =>
  [lines, ...Object.entries(of).map(([port, text]) => `interface ${port}\n${text}`)].join("\n");
const access = (vlan: number) => ` switchport mode access\n switchport access vlan ${vlan}`;
const TRUNK = " switchport mode trunk";

function answer(nodes: Nodes, cables: readonly string[], claim: Claim): string[] {
  const { topology, files } = drawn(nodes, cables);
  const built = buildNetwork(topology, files);
  const errors = built.diagnostics.filter(({ severity }) => severity !== "info");
  const verdict = decide(built, claim);
  const { text, lines } = explainVerdict(built, claim, verdict);
  const why = verdict.state === "holds" ? [] : [text];
  return [
    ...errors.map(({ message }) => message),
    verdict.state,
    ...why,
    ...lines.map((span) => `${span.file.split("/")[0]}: ${lineAt(files, span)}`),
  ];
}

function fits(line: string, expected: string | RegExp | undefined): boolean {
  return expected instanceof RegExp ? expected.test(line) : line === expected;
}

function rows(network: Nodes, cables: readonly string[], all: readonly Row[]): void {
  test.each(all.map((row) => [...row] as const))("%s", (_title, changed, claim, expected) => {
    const said = answer({ ...network, ...changed }, cables, claim);
    const agreed = said.map((line, at) => (fits(line, expected[at]) ? String(expected[at]) : line));
    expect(agreed).toEqual(expected.map(String));
  });
}

describe("a router on a stick", () => {
  const router = (native = "") =>
    `interface Gi0/0.10\n encapsulation dot1Q 10${native}\n ip address 10.0.10.1 255.255.255.0\ninterface Gi0/0.20\n encapsulation dot1Q 20\n ip address 10.0.20.1 255.255.255.0`;
  const sw1 = (trunk = "") => ports({ "Gi0/1": TRUNK + trunk, "Gi0/2": access(10), "Gi0/3": access(20) }, "vlan 10,20"); // prettier-ignore
  const network = {
    "r.ios": router(),
    "sw1.switch": sw1(),
    h1: host("10.0.10.9", "10.0.10.1"),
    h2: host("10.0.20.9", "10.0.20.1"),
  };
  const cables = ["r:Gi0/0 - sw1:Gi0/1", "sw1:Gi0/2 - h1:eth0", "sw1:Gi0/3 - h2:eth0"];
  rows(network, cables, [
    ["SW6 routes between VLANs", {}, ping("h1", "h2"), ["holds"]],
    ["SW6 with one of them native at both ends", { "r.ios": router(" native"), "sw1.switch": sw1("\n switchport trunk native vlan 10") }, ping("h1", "h2"), ["holds"]],
    [
      "SW4 native at one end only goes astray",
      { "r.ios": router(" native") },
      ping("h1", "h2"),
      ["fails", /h1 asks for its next hop 10.0.10.1 on eth0, and nobody answers. r hears it, and its answer is lost: /, /.*/, /.*/],
    ],
    [
      "SW2 two ports that both only would trunk do not",
      { "sw1.switch": ports({ "Gi0/1": "", "Gi0/2": access(10), "Gi0/3": access(20) }, "vlan 10,20") },
      ping("h1", "h2"),
      ["fails", /sw1's GigabitEthernet0\/1 is an access port of VLAN 1, so it carries no frames of VLAN 10\./, "sw1: interface Gi0/1", "h1: ip route add default via 10.0.10.1"],
    ],
    [
      "SW2 a list of allowed VLANs leaves one out",
      { "sw1.switch": sw1("\n switchport trunk allowed vlan 10") },
      ping("h1", "h2"),
      ["fails", /asks for 10.0.20.9 on GigabitEthernet0\/0.20, and nobody answers. sw1's GigabitEthernet0\/1 does not carry VLAN 20: its list of allowed VLANs leaves it out\./, "sw1: switchport trunk allowed vlan 10", /ip address 10.0.20.1/],
    ],
  ]); // prettier-ignore
});

describe("a router whose ports are one", () => {
  const r = (at: number, mode: string) =>
    `interface Port-channel1.10\n${"interface Gi0/1\n channel-group 1 mode MODE\ninterface Gi0/2\n channel-group 1 mode MODE\n".replaceAll("MODE", mode)}interface Port-channel1\n ip address 10.0.0.${at} 255.255.255.0\ninterface Port-channel1.10\n encapsulation dot1Q 10\n ip address 10.0.10.${at} 255.255.255.0`; // prettier-ignore
  const network = { "a.ios": r(1, "active").replace(/.*\n/, ""), "b.ios": r(2, "passive").replace(/.*\n/, "") }; // prettier-ignore
  const cables = ["a:Gi0/1 - b:Gi0/1", "a:Gi0/2 - b:Gi0/2"];
  const to = (address: string): Claim => ({ ...ping("a", "b"), address: ip(address) }) as Claim;
  rows(network, cables, [
    ["SW10 reaches the other by them", {}, to("10.0.0.2"), ["holds"]],
    ["SW6 and in the VLAN of a subinterface of them", {}, to("10.0.10.2"), ["holds"]],
    ["SW10 not where neither begins", { "a.ios": r(1, "passive").replace(/.*\n/, "") }, to("10.0.0.2"), ["fails", /a's Port-channel1 is down: none of its ports is part of it/, /.*/]],
  ]); // prettier-ignore
});

describe("two switches", () => {
  const sw = (of: { vlans?: string; trunk?: string; vlan?: number; lines?: string }) =>
    ports(
      { "Gi0/1": `${TRUNK}${of.trunk ?? ""}`, "Gi0/2": access(of.vlan ?? 10), "Gi0/3": access(20) },
      `vlan ${of.vlans ?? "10,20"}\n${of.lines ?? ""}`,
    );
  const network = {
    "sw1.switch": sw({}),
    "sw2.switch": sw({}),
    h1: host("10.0.0.1"),
    h2: host("10.0.0.2"),
    h3: host("10.0.0.3"),
    h4: host("10.0.0.4"),
  };
  const cables = [
    "sw1:Gi0/1 - sw2:Gi0/1",
    "sw1:Gi0/2 - h1:eth0",
    "sw2:Gi0/2 - h2:eth0",
    "sw1:Gi0/3 - h3:eth0",
    "sw2:Gi0/3 - h4:eth0",
  ];
  const native = (vlan: number) => `\n switchport trunk native vlan ${vlan}`;
  rows(network, cables, [
    ["a VLAN reaches over the trunk", {}, ping("h1", "h2"), ["holds"]],
    ["and the other is apart from it", {}, apart("h1", "h4"), ["holds"]],
    [
      "ST4 ends with different native VLANs carry neither",
      { "sw1.switch": sw({ trunk: native(10) }), "sw2.switch": sw({ trunk: native(20) }) },
      ping("h1", "h2"),
      ["fails", /Spanning tree blocks sw1's GigabitEthernet0\/1 in VLAN 10: it and sw2:GigabitEthernet0\/1 take untagged frames for different VLANs, so both VLANs are blocked\./, "sw1: switchport trunk native vlan 10", "sw2: switchport trunk native vlan 20", "h1: ip addr add 10.0.0.1/24 dev eth0"],
    ],
    ["ST4 so nothing leaks", { "sw1.switch": sw({ trunk: native(10) }), "sw2.switch": sw({ trunk: native(20) }) }, apart("h1", "h4"), ["holds"]],
    [
      "SW4 without spanning tree it leaks from one into the other",
      { "sw1.switch": sw({ trunk: native(10), lines: "no spanning-tree vlan 1,10,20" }), "sw2.switch": sw({ trunk: native(20), lines: "no spanning-tree vlan 1,10,20" }) },
      apart("h1", "h4", "host"),
      ["fails", /h4/, "sw2: switchport trunk native vlan 20", "sw1: switchport access vlan 10", /h1: /],
    ],
    [
      "SW4 a frame with two tags crosses from the native VLAN",
      { "sw1.switch": sw({ trunk: native(10) }), "sw2.switch": sw({ trunk: native(10) }) },
      apart("h1", "h4"),
      ["fails", /h4/, "sw1: switchport access vlan 10"],
    ],
    ["SW4 one way, and not for a host that behaves", { "sw1.switch": sw({ trunk: native(10) }), "sw2.switch": sw({ trunk: native(10) }) }, apart("h1", "h4", "host"), ["holds"]],
    ["SW4 nor with a native VLAN that nobody is in", { "sw1.switch": sw({ trunk: native(99) }), "sw2.switch": sw({ trunk: native(99) }) }, apart("h1", "h4"), ["holds"]],
    ["P6 an attacker talks a port that would be a trunk into it", { "sw1.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": " switchport access vlan 10" }, "vlan 10,20") }, apart("h1", "h4"), ["fails", /seen at h4. sw1's GigabitEthernet0\/2 would be a trunk if it were asked to/, "sw1: interface Gi0/2"]],
    ["P6 not one that is told what it is", { "sw1.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": access(10) }, "vlan 10,20") }, apart("h1", "h4"), ["holds"]],
    ["P6 nor does a host that behaves", { "sw1.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": " switchport access vlan 10" }, "vlan 10,20") }, apart("h1", "h4", "host"), ["holds"]],
    ["a port as the one who must not see anything", {}, apart("h1", "sw2:GigabitEthernet0/3"), ["holds"]],
    ["a port that sees it", {}, apart("h1", "sw2:Gi0/2"), ["fails", /is seen at sw2:Gi0\/2/, "sw1: switchport access vlan 10"]],
    ["SW2 protected ports of one switch are apart", { "sw1.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": `${access(10)}\n switchport protected`, "Gi0/3": `${access(10)}\n switchport protected` }, "vlan 10,20") }, apart("h1", "h3"), ["holds"]],
    ["SW2 a trunk where the other end would, too", { "sw1.switch": ports({ "Gi0/1": " switchport mode dynamic desirable", "Gi0/2": access(10) }, "vlan 10"), "sw2.switch": ports({ "Gi0/1": "", "Gi0/2": access(10) }, "vlan 10") }, ping("h1", "h2"), ["holds"]],
    ["SW2 none where both only would", { "sw1.switch": ports({ "Gi0/1": "", "Gi0/2": access(10) }, "vlan 10"), "sw2.switch": ports({ "Gi0/1": "", "Gi0/2": access(10) }, "vlan 10") }, ping("h1", "h2"), ["fails", /access port of VLAN 1/, "sw1: interface Gi0/1", /.*/]],
    ["SW2 none of two domains", { "sw1.switch": ports({ "Gi0/1": " switchport mode dynamic desirable", "Gi0/2": access(10) }, "vlan 10\nvtp mode transparent\nvtp domain A"), "sw2.switch": ports({ "Gi0/1": "", "Gi0/2": access(10) }, "vlan 10\nvtp mode transparent\nvtp domain B") }, ping("h1", "h2"), ["fails", /access port of VLAN 1/, /.*/, /.*/]],
    ["P4 VLANs from elsewhere leave it open", { "sw2.switch": sw({ lines: "vtp domain LAB" }) }, ping("h1", "h2"), ["undecided", /vtp domain/, "sw2: vtp domain LAB"]],
    ["P4 and what is settled with an end that is open", { "sw1.switch": ports({ "Gi0/1": "", "Gi0/2": access(10), "Gi0/3": access(10) }, "vlan 10"), "sw2.switch": `${sw({})}\ninterface Gi0/1\n switchport port-security` }, ping("h1", "h2"), [/switchport port-security/, "undecided", /switchport port-security/, "sw2: switchport port-security"]],
    ["P4 and what a question comes to that nobody answers", { "sw2.switch": sw({ vlan: 20, lines: "ip arp inspection vlan 10" }) }, ping("h1", "h2"), [/ip arp inspection/, "undecided", /ip arp inspection/, "sw2: ip arp inspection vlan 10"]],
    ["P4 so does another kind of tree, also for the switches joined to it", { "sw2.switch": `${sw({})}\nspanning-tree mode mst` }, ping("h1", "h3"), [/spanning-tree mode mst/, "undecided", /spanning-tree mode mst/, "sw2: spanning-tree mode mst"]],
  ]); // prettier-ignore
});

describe("two switches with two cables in different VLANs", () => {
  // From h1 in VLAN 10 over the trunk, back by the other cable into VLAN 1, and over the trunk again.
  const network = {
    "a.switch": ports({ "Gi0/1": access(1), "Gi0/2": TRUNK, "Gi0/3": access(10) }, "vlan 10"),
    "b.switch": ports({ "Gi0/1": access(10), "Gi0/2": TRUNK, "Gi0/3": access(1) }, "vlan 10"),
    h1: host("10.0.0.1"),
    h2: host("10.0.0.2"),
  };
  const cables = ["a:Gi0/1 - b:Gi0/1", "a:Gi0/2 - b:Gi0/2", "a:Gi0/3 - h1:eth0", "b:Gi0/3 - h2:eth0"]; // prettier-ignore
  rows(network, cables, [
    ["P2 a frame passes one cable twice, and that is no circle", {}, ping("h1", "h2"), ["holds"]],
    ["P7 and is found again when it leaks", {}, apart("h2", "h1", "host"), ["fails", /arrives at h1/, /.*/, /.*/, /.*/]],
  ]); // prettier-ignore
});

describe("a switch on the way", () => {
  const end = ports({ "Gi0/1": TRUNK, "Gi0/2": access(30) }, "vlan 30");
  const network = {
    "sw1.switch": end,
    "transit.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": TRUNK }, "vlan 30"),
    "sw3.switch": end,
    h1: host("10.0.0.1"),
    h2: host("10.0.0.2"),
  };
  const cables = ["h1:eth0 - sw1:Gi0/2", "sw1:Gi0/1 - transit:Gi0/1", "transit:Gi0/2 - sw3:Gi0/1", "sw3:Gi0/2 - h2:eth0"]; // prettier-ignore
  rows(network, cables, [
    ["SW3 that has the VLAN carries it", {}, ping("h1", "h2"), ["holds"]],
    [
      "SW3 that lacks it breaks it, silently",
      { "transit.switch": ports({ "Gi0/1": TRUNK, "Gi0/2": TRUNK }) },
      ping("h1", "h2"),
      ["fails", "From h1 to h2: h1 asks for 10.0.0.2 on eth0, and nobody answers. VLAN 30 does not exist on transit, so transit's GigabitEthernet0/1 carries none of its frames.", "transit: interface Gi0/1", "h1: ip addr add 10.0.0.1/24 dev eth0"],
    ],
  ]); // prettier-ignore
});

describe("a switch that routes", () => {
  const core = (more = "ip routing", vlans = "vlan 10,20") =>
    ports({ "Gi0/1": access(10), "Gi0/2": access(20), Vlan10: " ip address 10.0.10.1 255.255.255.0", Vlan20: " ip address 10.0.20.1 255.255.255.0" }, `${vlans}\n${more}`); // prettier-ignore
  const network = {
    "core.switch": core(),
    h1: host("10.0.10.9", "10.0.10.1"),
    h2: host("10.0.20.9", "10.0.20.1"),
  };
  const cables = ["core:Gi0/1 - h1:eth0", "core:Gi0/2 - h2:eth0"];
  rows(network, cables, [
    ["SW8 between the interfaces of its VLANs", {}, ping("h1", "h2"), ["holds"]],
    ["SW9 not until it is told to", { "core.switch": core("") }, ping("h1", "h2"), ["fails", /core passes no packets on/]],
    ["SW9 though it answers for itself", { "core.switch": core("") }, { ...ping("h1", "core"), address: null } as Claim, ["holds"]],
    ["SW8 an interface without a VLAN is down", { "core.switch": `${core()}\nno vlan 20` }, ping("h1", "h2"), ["fails", /core has no route that covers 10.0.20.9.* core's Vl20 has 10.0.20.0\/24, but core's Vlan20 is down: its VLAN does not exist on core\./, "core: interface Vlan20"]],
    ["SW8 so is one whose VLAN no live port carries", { h2: "true" }, ping("h1", "h2"), ["fails", /h2 has no address/]],
    ["SW8 and its address answers nobody", { h2: "true" }, { ...ping("h1", "core"), address: ip("10.0.20.1") } as Claim, ["fails", /core's Vlan20 is down: no live port of core carries its VLAN/, "core: interface Vlan20"]],
  ]); // prettier-ignore
});

describe("a switch that is asked from elsewhere", () => {
  const sw = (more: string) => ports({ "Gi0/1": "", Vlan1: " ip address 10.0.0.5 255.255.255.0" }, more); // prettier-ignore
  const router = (more = "") => `interface Gi0/0\n ip address 10.0.0.1 255.255.255.0\n${more}\ninterface Gi0/1\n ip address 10.1.0.1 255.255.255.0`; // prettier-ignore
  const network = {
    "sw1.switch": sw("ip default-gateway 10.0.0.1"),
    "r.ios": router(),
    pc: host("10.1.0.9", "10.1.0.1"),
  };
  const cables = ["sw1:Gi0/1 - r:Gi0/0", "r:Gi0/1 - pc:eth0"];
  rows(network, cables, [
    ["SW9 answers by its default gateway", {}, ping("pc", "sw1"), ["holds"]],
    ["SW9 without one, by whoever answers for others", { "sw1.switch": sw("") }, ping("pc", "sw1"), ["holds"]],
    ["SW9 and not where nobody does", { "sw1.switch": sw(""), "r.ios": router(" no ip proxy-arp") }, ping("pc", "sw1"), ["fails", /sw1 asks for 10.1.0.9 on Vlan1, and nobody answers/, /ip address 10.0.0.5/]],
    ["SW9 its routes count for nothing", { "sw1.switch": sw("ip default-gateway 10.0.0.9\nip route 0.0.0.0 0.0.0.0 10.0.0.1") }, ping("pc", "sw1"), ["fails", /sw1 asks for its next hop 10.0.0.9/, "sw1: ip default-gateway 10.0.0.9"]],
  ]); // prettier-ignore
});

describe("two switches with two cables that are one", () => {
  const sw = (mode: string, more = "") =>
    ports({ "Gi0/1": `${TRUNK}\n channel-group 1 mode ${mode}`, "Gi0/2": `${TRUNK}\n channel-group 1 mode ${mode}`, "Gi0/3": access(10) }, "vlan 10") + `\n${more}`; // prettier-ignore
  const network = {
    "sw1.switch": sw("active"),
    "sw2.switch": sw("passive"),
    h1: host("10.0.0.1"),
    h2: host("10.0.0.2"),
  };
  const cables = ["sw1:Gi0/1 - sw2:Gi0/1", "sw1:Gi0/2 - sw2:Gi0/2", "sw1:Gi0/3 - h1:eth0", "sw2:Gi0/3 - h2:eth0"]; // prettier-ignore
  const suspended = ["fails", /asks for 10.0.0.2 on eth0, and nobody answers. sw1's GigabitEthernet0\/1 is suspended: the other end does not make a bundle with it/, /channel-group/, /.*/]; // prettier-ignore
  rows(network, cables, [
    ["SW10 active and passive", {}, ping("h1", "h2"), ["holds"]],
    ["SW10 on and on", { "sw1.switch": sw("on"), "sw2.switch": sw("on") }, ping("h1", "h2"), ["holds"]],
    ["SW10 desirable and auto", { "sw1.switch": sw("desirable"), "sw2.switch": sw("auto") }, ping("h1", "h2"), ["holds"]],
    ["SW10 with one port down the other carries all", { "sw1.switch": sw("active", "interface Gi0/1\n shutdown") }, ping("h1", "h2"), ["holds"]],
    ["SW10 two passive ends never begin", { "sw1.switch": sw("passive") }, ping("h1", "h2"), suspended],
    ["SW10 one end asks, the other does not", { "sw2.switch": sw("on") }, ping("h1", "h2"), suspended],
    ["SW10 two auto ends are two cables, one of them blocked", { "sw1.switch": sw("auto"), "sw2.switch": sw("auto") }, ping("h1", "h2"), ["holds"]],
    ["SW10 a port set up otherwise is left out", { "sw1.switch": sw("active", "interface Gi0/1\n switchport trunk native vlan 5") }, ping("h1", "h2"), ["holds"]],
    ["SW10 what crosses it can be seen at either port", {}, apart("h1", "sw2:Gi0/2", "host"), ["fails", /sw2:Gi0\/2/, "sw1: switchport access vlan 10", /h1: /]],
  ]); // prettier-ignore
});

describe("a ring of four", () => {
  const sw = (at: number, more = "") =>
    ports({ "Gi0/1": TRUNK, "Gi0/2": TRUNK, ...(at % 2 === 1 && { "Gi0/3": access(10) }) }, `vlan 10\n${more}`); // prettier-ignore
  const all = (more: string) => Object.fromEntries([1, 2, 3, 4].map((at) => [`s${at}.switch`, sw(at, more)])); // prettier-ignore
  const network = { ...all(""), h1: host("10.0.0.1"), h3: host("10.0.0.3") };
  const cables = ["s1:Gi0/1 - s2:Gi0/2", "s2:Gi0/1 - s3:Gi0/2", "s3:Gi0/1 - s4:Gi0/2", "s4:Gi0/1 - s1:Gi0/2", "s1:Gi0/3 - h1:eth0", "s3:Gi0/3 - h3:eth0"]; // prettier-ignore
  rows(network, cables, [
    ["ST2 carries frames one way round", {}, ping("h1", "h3"), ["holds"]],
    ["ST2 and the other way once a cable is out", { "s2.switch": `${sw(2)}\ninterface Gi0/1\n shutdown` }, ping("h1", "h3"), ["holds"]],
    ["ST6 without spanning tree it is a circle, and found", all("no spanning-tree vlan 1,10"), ping("h1", "h3"), ["fails", /It goes in a circle: /]],
    ["ST6 and where frames circle, isolation is not to be had from it", all("no spanning-tree vlan 1,10"), apart("h1", "h3", "host"), ["fails", /arrives at h3/, /.*/, /.*/]],
  ]); // prettier-ignore
});

describe("a switch and a bridge of a system that speaks no spanning tree", () => {
  const bridge = (vlan: number) => [
    "ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0",
    "ip link set br0 up",
    "for i in eth0 eth1 eth2; do ip link set $i master br0 up; done",
    `bridge vlan add vid ${vlan} dev eth0 pvid untagged`,
    `bridge vlan add vid ${vlan === 10 ? 20 : 10} dev eth0`,
    "bridge vlan add vid 10 dev eth1 pvid untagged",
    "bridge vlan add vid 20 dev eth2 pvid untagged",
  ].join("\n"); // prettier-ignore
  const network = {
    "sw1.switch": ports({ "Gi0/1": `${TRUNK}\n switchport trunk native vlan 10`, "Gi0/2": access(10) }, "vlan 10,20"), // prettier-ignore
    br: bridge(10),
    h1: host("10.0.0.1"),
    h2: host("10.0.0.2"),
    h3: host("10.0.0.3"),
  };
  const cables = ["sw1:Gi0/1 - br:eth0", "sw1:Gi0/2 - h1:eth0", "br:eth1 - h2:eth0", "br:eth2 - h3:eth0"]; // prettier-ignore
  rows(network, cables, [
    ["the same native VLAN", {}, ping("h1", "h2"), ["holds"]],
    ["SW4 another native VLAN leaks", { br: bridge(20) }, apart("h1", "h3", "host"), ["fails", /h3/, "br: bridge vlan add vid 20 dev eth0 pvid untagged", "sw1: switchport access vlan 10", /h1: /]],
    ["ST5 that speaks one it is left open", { br: `${bridge(10)}\nip link set br0 type bridge stp_state 1` }, ping("h1", "h2"), [/not simulated/, "undecided", /on sw1, "Spanning tree on a Linux bridge on br" is not simulated/, "br: ip link set br0 type bridge stp_state 1"]],
    ["SW4 and loses its own", { br: bridge(20) }, ping("h1", "h2"), ["fails", /.*/]],
  ]); // prettier-ignore
});
