import { describe, expect, test } from "vitest";
import { drawLab } from "./draw.ts";
import { labFrom, mistakesIn, YAML } from "./test-lab.ts";

test("a lab without mistakes has none", () => {
  expect(mistakesIn(YAML)).toBe("");
});

// In the lab of test-lab.ts one thing is replaced by another. Each mistake is said at its line and column.
const noVms = "hv1/domains/*.xml: { create: true }";

describe("mistakes in lab.yaml", () => {
  test.each([
    [
      "title: Two",
      "titel: Two",
      '1:1: "title" is missing.\nlab.yaml:1:1: There is no key "titel" here. Did you mean "title"?',
    ],
    ["title: Two sites", "title: 7", '1:8: "title" should be text, and is 7.'],
    ["minutes: 20", "minutes: soon", '2:10: "minutes" should be a number, and is "soon".'],
    ["minutes: 20", "minutes: 0", '2:10: "minutes" should be at least 1, and is 0.'],
    ["minutes: 20", "minutes: 2.5", '2:10: "minutes" should be a whole number, and is 2.5.'],
    [
      "kind: router",
      "kind: routr",
      '4:17: A node\'s "kind" is router, switch, server, host, outside or controller.',
    ],
    [
      "kind: host,",
      "knd: host,",
      '5:7: A node\'s "kind" is router, switch, server, host, outside or controller.',
    ],
    ["os: linux,", "os: ios,", '5:25: "os" should be "linux", and is "ios".'],
    ["a1: {", "a 1: {", "5:3: A name is letters, digits, - and _, and starts with a letter."],
    [
      "a1: {",
      "vms: {",
      "5:3: The names networks, domains and vms are folders of a lab. Try another name.",
    ],
    [
      "vms: { web:",
      "vms: { a1:",
      '8:8: "a1" is already the name of one of the nodes. Nodes, VMs and clusters share their names.',
    ],
    [
      "ports: [eth0]",
      "ports: eth0",
      '5:39: Ports are a list, [eth0], or a map: { eth0: { mac: "52:54:00:00:00:01" } }.',
    ],
    ["ports: [eth0]", "ports: [eth0, eth0]", "5:46: a1 has the port eth0 twice."],
    ["52:54:00:00:00:AB", "52:54:00", '6:63: A MAC is six bytes in quotes: "52:54:00:00:00:01".'],
    [
      "52:54:00:00:00:AB",
      "53:54:00:00:00:AB",
      "6:63: This MAC is a group address: its first byte is odd.",
    ],
    [
      "[docker]",
      "[dokcer]",
      '8:22: "runs" should be "docker" or "libvirt" or "ovs", and is "dokcer".',
    ],
    [
      "{{up.1/30}}",
      "203.0.113.1",
      '7:48: "203.0.113.1" has no length. Write it as 203.0.113.1/24.',
    ],
    [
      "[0.0.0.0/0]",
      "[10.0.0.1/8]",
      '7:70: "10.0.0.1/8" has host bits set. The network is 10.0.0.0/8.',
    ],
    ["a1:eth0]", "a9:eth0]", '10:31: There is no node "a9". Did you mean "a1"?'],
    ["a1:eth0]", "a1:eth1]", '10:31: a1 has no port "eth1". Did you mean "eth0"?'],
    ["hv1:eno1]", "a1:eth0]", "11:31: a1:eth0 already has the cable of link 1. A port takes one."],
    [
      "1, a1:eth0]",
      "1]",
      "10:5: A link is a list of its two ends: [edge:GigabitEthernet0/1, a1:eth0].",
    ],
    [
      "edge/startup.ios:",
      "edge/start.ios:",
      "13:3: No file of start/ is named edge/start.ios, so there is nothing to edit. Add it, or write { create: true }.",
    ],
    [
      "edge/startup.ios:",
      "../startup.ios:",
      "13:3: A file is named by its path in start/, such as edge/startup.ios; * stands for part of one step.",
    ],
    [
      "edge/startup.ios:",
      "egde/startup.ios:",
      '13:3: There is no node "egde" for this file. The lab has edge, a1, hv1, inet.',
    ],
    [
      "edge/startup.ios:",
      "edge/startup.cfg:",
      '13:3: The ending of "edge/startup.cfg" is no language of a lab: .ios, .sh, .xml or .yaml.',
    ],
    [
      "{ edit: true }",
      "{}",
      "13:21: Say what the learner may do with it: { edit: true } or { create: true }.",
    ],
    ["{ create: true }", "{ create: yes }", '14:32: "create" should be true, and is "yes".'],
    ["tcp/80", "tcp/99999", '16:15: "tcp/99999" has no port from 1 to 65535.'],
    ["[tcp/80, udp/53]", "[80]", '16:15: "web/nginx" should be text, and is 80.'],
    [
      "prefix: 24 }",
      "prefix: 4 }",
      "18:8: A /4 does not fit into 10.0.0.0/8. Try a longer prefix.",
    ],
    [
      "subnet: 10.0.0.0/8",
      "subnet: 10.0.0.1/8",
      '18:8: "10.0.0.1/8" has host bits set. The network is 10.0.0.0/8.',
    ],
    [
      "subnet: 10.0.0.0/8",
      "subnet: 127.0.0.0/8",
      "18:8: No host can have an address of 127.0.0.0/8. Try 10.0.0.0/8.",
    ],
    [
      "lan: {",
      "lan: { kind: x,",
      '18:10: There is no key "kind" here. The keys here are subnet, prefix, same.',
    ],
    [
      "prefix: 30 }",
      "prefix: 30, same: lan }",
      '19:7: "lan" is drawn as a /24 of 10.0.0.0/8, and this equals it. Write { same: lan }.',
    ],
    [
      "{ subnet: 203.0.113.0/24, prefix: 30 }",
      "{ same: up }",
      '19:7: "same" names "up", which is no other subnet that is drawn. Name one that has subnet and prefix.',
    ],
    [
      "{ subnet: 10.0.0.0/8, prefix: 24 }",
      "{ vlan: [100, 5000] }",
      "18:8: A vlan is from 1 to 4094, the first number not above the last; this is [100, 5000].",
    ],
    ["id: apart", "id: works", '25:9: Another objective is already called "works".'],
    ["id: apart", "id: Apart!", "25:9: An id is lower-case words and digits joined by hyphens."],
    [
      "    points: 4\n",
      "",
      '25:5: "points" is missing. Say what it earns; 0 for a control, which already holds in the start.',
    ],
    ["points: 4", "points: 1.5", '27:13: "points" should be a whole number, and is 1.5.'],
    ["points: 4", "points: -1", '27:13: "points" should be at least 0, and is -1.'],
    ["from: a1,", "from: [],", '24:20: "from" is empty.'],
    [
      "from: a1,",
      "from: edge/x,",
      "24:20: edge is a router: nothing runs inside it. Its VRFs are edge@VRF.",
    ],
    [
      "from: a1,",
      'from: "edge:GigabitEthernet0/7",',
      '24:20: edge has no port "GigabitEthernet0/7". Did you mean "GigabitEthernet0/1"?',
    ],
    ["from: a1,", 'from: "inet@A",', "24:20: inet has no VRFs."],
    ["from: a1,", 'from: "inet/x",', "24:20: Nothing runs inside inet."],
    [
      "from: a1,",
      'from: "a b",',
      "24:20: An endpoint has no spaces: node, node@VRF, node:port or node/inner.",
    ],
    [
      "from: a1,",
      'from: "/a1",',
      '24:20: "/a1" is no endpoint. Write node, node@VRF, node:port or node/inner.',
    ],
    [
      "to: web/nginx, proto: tcp, port: 80",
      "to: web/nginx, proto: tcp",
      "24:46: A tcp packet goes to a port. Add it, as in port: 80.",
    ],
    [
      "proto: tcp,",
      "proto: icmp,",
      "24:58: icmp has no ports. Leave the port out, or ask tcp or udp.",
    ],
    ["port: 80 }", "port: 0 }", '24:57: "port" should be at least 1, and is 0.'],
    ["port: 80 }", 'port: "http" }', "24:57: This should be a whole number from 1 to 65535."],
    [
      "proto: tcp,",
      "proto: sctp,",
      '24:46: "proto" should be "icmp" or "tcp" or "udp", and is "sctp".',
    ],
    [
      "threat: attacker",
      "threat: alien",
      '28:47: "threat" should be "host" or "attacker", and is "alien".',
    ],
    [
      "needs: [works]",
      "needs: [work]",
      '29:13: There is no objective "work". Did you mean "works"?',
    ],
    [
      "needs: [works]",
      "needs: [secret]",
      '29:13: "apart" is shown, and "secret" is hidden: what is shown cannot rest on it.',
    ],
    ["needs: [works]", "needs: [apart]", '29:12: "apart" needs itself.'],
    ["isolate:", "isolat:", '28:5: There is no key "isolat" here. Did you mean "isolate"?'],
    [
      "    isolate: { from: [inet], to: web, threat: attacker, both: true }\n",
      "",
      '25:5: "apart" asks nothing. It needs one of reach, isolate, only, path, routes, maps, qos, survives, clean, check.',
    ],
    [
      "    needs: [works]",
      "    clean: {}",
      '29:5: "apart" asks isolate and clean. An objective asks one thing: make two of it.',
    ],
    [
      "[192.0.2.0/24]",
      "[192.0.2.1/24]",
      '34:89: "192.0.2.1/24" has host bits set. The network is 192.0.2.0/24.',
    ],
    [
      "Look at {{lan.1}}.",
      "Look at {{lna.1}}.",
      '36:43: There is no variable "lna". The lab has up, lan.',
    ],
    [
      "Look at {{lan.1}}.",
      "Look at {{lan.300}}.",
      "36:43: A /24 has no address number 300. Try {{lan.1}}.",
    ],
    [
      "Look at {{lan.1}}.",
      "Look at {{1}}.",
      "36:43: {{1}} is no form. Write {{name}} or {{name.part}}, such as {{lan.1/24}}.",
    ],
    ["for: works", "for: wrks", '36:12: There is no objective "wrks". Did you mean "works"?'],
    ["after: 1", "after: -1", '36:26: "after" should be at least 0, and is -1.'],
    [
      "fails: [works]",
      "fails: [nothing]",
      '40:22: There is no objective "nothing". There are works, apart, secret.',
    ],
    [
      "score: 0 }",
      "score: 110% }",
      "39:19: A score is points, or a part of all of them, such as 100%.",
    ],
    ["score: 0 }", "score: 8 }", "39:19: All objectives together are 7 points."],
    ["wrong/x:", "wrong/X y:", "40:3: A test names start, solution, also/<name> or wrong/<name>."],
    [
      "minutes: 20",
      "minutes: 20\nminutes: 30",
      "3:1: This is not YAML as expected: Map keys must be unique.",
    ],
    [
      "minutes: 20",
      "minutes: !!js/function 20",
      "2:10: This is not YAML as expected: Unresolved tag: tag:yaml.org,2002:js/function.",
    ],
    [
      "minutes: 20",
      "minutes: *x",
      "2:10: *x stands for nothing: there is no &x before it. Text with a star goes into quotes.",
    ],
  ])("%j → %j", (from, to, expected) => {
    expect(YAML).toContain(from);
    expect(mistakesIn(YAML.replace(from, to))).toBe(`lab.yaml:${expected}`);
  });

  test("a VM is a name that files define, or could", () => {
    const without = YAML.replace(noVms, "").replace("vms: { web: { runs: [docker] } }", "");
    const unknown = 'There is no node, VM or cluster "web". There are edge, a1, hv1, inet.';
    expect(mistakesIn(without)).toBe(
      `lab.yaml:16:3: ${unknown}\nlab.yaml:24:28: ${unknown}\nlab.yaml:28:34: ${unknown}`,
    );
    const start = { "hv1/domains/web.xml": "<domain/>\n", "edge/startup.ios": "\n" };
    expect(() => labFrom(without, start)).not.toThrow();
    expect(mistakesIn(YAML.replace("vms: { web: { runs: [docker] } }", ""))).toBe("");
  });

  test("a circle of needs is said at each of its objectives", () => {
    const circle = YAML.replace(
      "proto: tcp, port: 80 }",
      "proto: tcp, port: 80 }\n    needs: [apart]",
    );
    expect(mistakesIn(circle)).toBe(
      'lab.yaml:25:12: "works" needs itself, by way of apart.\n' +
        'lab.yaml:30:12: "apart" needs itself, by way of works.',
    );
  });

  test("all mistakes are said at once", () => {
    const both = YAML.replace("minutes: 20", "minutes: x").replace("score: 0 }", "score: x }");
    expect(mistakesIn(both).split("\n")).toHaveLength(2);
  });

  test("a file of the start that belongs to nobody", () => {
    const start = { "edge/startup.ios": "\n", "egde/x.ios": "\n", "note.txt": "" };
    expect(() => labFrom(YAML, start)).toThrow(
      'start/egde/x.ios:1:1: There is no node "egde" for this file. The lab has edge, a1, hv1, inet.\n' +
        "start/note.txt:1:1: A file stands in the folder of its node: edge/startup.ios.",
    );
  });

  test("a form in a file of the start", () => {
    const start = { "edge/startup.ios": "hostname edge\n ip address {{lan.one}} x\n" };
    expect(() => labFrom(YAML, start)).toThrow(
      /^start\/edge\/startup\.ios:2:13: \{\{lan\.one\}\} is no form/,
    );
  });

  test("aliases are text that is read twice, within bounds", () => {
    const alias = YAML.replace("[tcp/80, udp/53]", "&web [tcp/80]").replace(
      "variables:",
      "  hv1/x: *web\nvariables:",
    );
    expect(drawLab(labFrom(alias), 1).topology.services).toEqual([
      { at: "web/nginx", proto: "tcp", port: 80 },
      { at: "hv1/x", proto: "tcp", port: 80 },
    ]);
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [to, from] of ["ba", "cb", "dc", "ed", "fe"]) {
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(", ")}]`);
    }
    expect(mistakesIn(`${YAML}${bomb.join("\n")}\n`)).toMatch(
      /lab\.yaml:1:1: This YAML cannot be read/,
    );
  });
});

test("every kind of objective has its shape; those that are not decided yet say which they are", () => {
  const forms = {
    only: [
      "{ among: [a1, web], allow: [{ from: a1, to: web, proto: tcp, port: 80 }] }",
      {
        kind: "only",
        among: ["a1", "web"],
        allow: [{ from: "a1", to: "web", proto: "tcp", port: 80 }],
      },
    ],
    path: [
      "{ from: a1, to: web, proto: udp, port: 53, through: edge, avoids: [inet] }",
      {
        kind: "path",
        from: ["a1"],
        to: ["web"],
        proto: "udp",
        port: 53,
        through: ["edge"],
        avoids: ["inet"],
      },
    ],
    maps: [
      '{ nic: web:eth0, port: "hv1:eno1", vlan: 7 }',
      { kind: "maps", nic: "web:eth0", port: "hv1:eno1", vlan: 7 },
    ],
    survives: [
      "{ objectives: [works], down: [hv1, 'edge:GigabitEthernet0/1'] }",
      {
        kind: "survives",
        claims: [{ claim: { kind: "reach" } }],
        down: ["hv1", "edge:GigabitEthernet0/1"],
        together: false,
      },
    ],
    qos: [
      "{ from: a1, to: web, proto: icmp, at: [{ place: hv1, class: voice, dscp: 46 }], share: { port: 'hv1:eno1', class: voice, min: 20%, load: 100% } }",
      { kind: "undecidable", form: "qos" },
    ],
    clean: ["", { kind: "undecidable", form: "clean" }],
    check: ["{ file: checks/own.js }", { kind: "undecidable", form: "check" }],
  } as const;
  for (const [form, [shape, meant]] of Object.entries(forms)) {
    const yaml = YAML.replace(
      "isolate: { from: [inet], to: web, threat: attacker, both: true }",
      `${form}: ${shape}`,
    ).replace("variables:", "variables:\n  v: { vlan: any }");
    const claim = drawLab(labFrom(yaml), 3).objectives[1]?.claim;
    expect(claim).toMatchObject(meant);
  }
});

test("what a lab becomes", () => {
  const instance = drawLab(labFrom(YAML), 3);
  const hv1 = instance.topology.nodes[2];
  expect(hv1?.ports).toEqual([
    { name: "eno1", mac: "52:54:00:00:00:ab" },
    { name: "eno2", mac: null },
  ]);
  expect(hv1).toMatchObject({ kind: "server", os: "linux", runs: ["libvirt"], outside: null });
  expect(instance.topology.nodes[3]?.outside?.address.length).toBe(30);
  expect(instance.topology.links[1]).toEqual({
    a: { node: "edge", port: "GigabitEthernet0/2" },
    b: { node: "hv1", port: "eno1" },
  });
  expect(instance.rules).toEqual([
    { pattern: "edge/startup.ios", may: "edit" },
    { pattern: "hv1/domains/*.xml", may: "create" },
  ]);
  expect(instance.objectives[0]?.claim).toEqual({
    kind: "reach",
    from: ["a1"],
    to: ["web/nginx"],
    proto: "tcp",
    port: 80,
    address: null,
  });
  expect(instance.objectives[1]).toMatchObject({ needs: ["works"], hidden: false });
});
