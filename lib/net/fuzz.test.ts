import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answers, cables, hosts } from "./golden.ts";
import { buildNetwork } from "./network.ts";
import { shellCommands } from "./parse/shell/programs.ts";
import { iosCommands } from "./parse/ios/parse.ts";
import { decide } from "./prove/decide.ts";
import { MAX_FILE } from "./source/text.ts";
import { drawn } from "./testing.ts";

// Whatever a learner types: no crash, no hang, and every remark stands somewhere in a file.

function build(texts: { router?: string; host?: string }) {
  const { topology, files } = drawn(
    { ...hosts, "edge.ios": texts.router ?? answers.solution, b1: texts.host ?? hosts["b1"]! },
    cables,
  );
  return { files, built: buildNetwork(topology, files) };
}

// What is wrong with the outcome of some texts, and the outcome as text.
function check(texts: { router?: string; host?: string }): { wrong: string[]; outcome: string } {
  const { files, built } = build(texts);
  const wrong = built.diagnostics.flatMap(({ span: { file, from, to }, code, message }) => {
    const isInside = from >= 0 && from <= to && to <= (files[file]?.length ?? -1);
    const reads = !/undefined|NaN|\[object/.test(message);
    return isInside && reads ? [] : [`${code} at ${file} ${from}-${to}: ${message}`];
  });
  const verdicts = [decide(built, apart), decide(built, works)];
  if (verdicts.some(({ why }) => why.kind === "disagreement")) wrong.push("a disagreement");
  const states = verdicts.map((one) => one.state);
  return { wrong, outcome: JSON.stringify([built.diagnostics, [...built.network.places], states]) };
}

const apart = {
  kind: "isolate",
  from: ["a1"],
  to: ["b1"],
  threat: "attacker",
  both: true,
} as const;
const works = { kind: "reach", from: ["b1"], to: ["b2"], proto: "icmp", port: null, address: null } as const; // prettier-ignore

const configs = Object.values(answers);
const scripts = [
  ...Object.values(hosts),
  "sysctl -w net.ipv4.ip_forward=1\nip route add blackhole 10.0.0.0/8\n",
];

const keywords = (tables: readonly { readonly words: string }[]) =>
  [...new Set(tables.flatMap(({ words }) => words.split(/[^\w/.-]+/)))].filter(Boolean);
const values = ["192.168.7.1", "255.255.255.0", "10.0.0.0/8", "eth0", "Gi0/1", "Gi0/3", "CUSTOMER_A", "1:1", "200", "-1", "default", "'", '"', "\\", "#", "!", "no", "exit", "\u0000", "😀", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1"]; // prettier-ignore
const iosWords = keywords(iosCommands.map(({ syntax }) => ({ words: syntax })));
const shellWords = keywords([...shellCommands, { words: "sysctl -w echo net.ipv4.ip_forward=1 > /proc/sys/net/ipv4/conf/all/rp_filter && || ; onlink metric src nexthop blackhole" }]); // prettier-ignore

const lines = (words: readonly string[]) =>
  fc
    .array(
      fc.array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...values)), {
        minLength: 1,
        maxLength: 7,
      }),
      { maxLength: 25 },
    )
    .map((all) => all.map((line) => line.join(" ")).join("\n"));

const shuffled = (texts: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...texts), fc.constantFrom(...texts), fc.infiniteStream(fc.nat()))
    .map(([one, other, order]) => {
      const all = [...one.split("\n"), ...other.split("\n")];
      const keyed = all.map((line) => ({ line, at: order.next().value as number }));
      return keyed
        .toSorted((a, b) => a.at - b.at)
        .map(({ line }) => line)
        .join("\n");
    });

const truncated = (texts: readonly string[]) =>
  fc.tuple(fc.constantFrom(...texts), fc.nat(1_000)).map(([text, at]) => text.slice(0, at));

const damaged = (texts: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.nat(1_000),
      fc.nat(5),
      fc.string({ unit: "binary", maxLength: 6 }),
    )
    .map(([text, at, length, more]) => text.slice(0, at) + more + text.slice(at + length));

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => new TextDecoder().decode(bytes)),
);

describe.each([
  ["any bytes", anything, anything],
  ["lines in another order", shuffled(configs), shuffled(scripts)],
  ["texts that end early", truncated(configs), truncated(scripts)],
  ["texts with damage", damaged(configs), damaged(scripts)],
  ["words of the language", lines(iosWords), lines(shellWords)],
])("%s", (_name, router, host) => {
  test("make a network, or remarks with a place", () => {
    fc.assert(
      fc.property(router, host, (one, other) => {
        expect(check({ router: one, host: other }).wrong).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test("make the same every time", () => {
    fc.assert(
      fc.property(router, host, (one, other) => {
        const texts = { router: one, host: other };
        expect(check(texts).outcome).toBe(check(texts).outcome);
      }),
      { numRuns: 15 },
    );
  });
});

test("the language of another device is one remark and changes nothing", () => {
  const { topology, files } = drawn({ ...hosts, "edge.ios": answers.solution }, cables);
  const built = buildNetwork(topology, { ...files, "a1/startup.ios": "hostname a1", "x/y.ios": "", "edge/readme.txt": "hi" }); // prettier-ignore
  expect(built.diagnostics.map(({ code, span }) => `${code} ${span.file}`).toSorted()).toEqual([
    "unknown-file edge/readme.txt",
    "unknown-file x/y.ios",
    "wrong-language a1/startup.ios",
  ]);
});

describe("a megabyte of anything is read in a second", () => {
  // A quiet machine needs less than one; a busy one is given more.
  const PATIENCE = 20;
  const many = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at)).join("\n");
  const host = (at: number) => `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
  const net = (at: number) => `${10 + ((at >> 16) & 63)}.${(at >> 8) & 255}.${at & 255}.0`;
  const port = "interface Gi0/1\n ip address 192.0.2.1 255.255.255.0\n";
  const link = "ip addr add 192.0.2.2/24 dev eth0\nip link set eth0 up\n";

  test.each([
    ["25,000 routes", port + many(25_000, (at) => `ip route ${net(at)} 255.255.255.0 192.0.2.2`)],
    ["25,000 ways to one network", port + many(25_000, (at) => `ip route 10.0.0.0 255.0.0.0 172.16.${at >> 8}.${at & 255}`)], // prettier-ignore
    ["a chain that leads nowhere", port + many(20_000, (at) => `ip route ${host(at)} 255.255.255.255 ${host(at + 1)}`)], // prettier-ignore
    [
      "10,000 interfaces",
      many(18_000, (at) => `interface Lo${at}\n ip address ${host(at)} 255.255.255.255`),
    ],
    ["VRFs", many(20_000, (at) => `ip vrf V${at}\n rd 1:${at}`)],
    ["5,000 entries", port + many(5_000, (at) => `access-list 101 permit tcp host ${host(at)} any eq ${at}`) + "\ninterface Gi0/1\n ip access-group 101 in"], // prettier-ignore
    ["numbers that change", `${many(5_000, (at) => `access-list 10 permit ${host(at)}`)}\n${many(5_000, (at) => `ip access-list resequence 10 ${at + 1} 5`)}`], // prettier-ignore
    ["groups in groups", many(8_000, (at) => `object-group network G${at}\n group-object G${at - 1}\n host 10.0.0.1`)], // prettier-ignore
    ["translations", `${port} ip nat outside\ninterface Gi0/2\n ip nat inside\n${many(5_000, (at) => `ip nat inside source static ${host(at)} 203.0.${(at >> 8) & 255}.${at & 255}`)}`], // prettier-ignore
    ["gateways", port + many(10_000, (at) => ` standby ${at % 256} ip 192.0.2.${at % 200}`)],
    ["pools of addresses", many(8_000, (at) => `ip dhcp pool P${at}\n network ${net(at)} /24`)],
    ["mistakes", many(90_000, (at) => `hostnme ${at}`)],
    ["one word again and again", "ip\n".repeat(333_333)],
    ["one line", "a".repeat(MAX_FILE)],
    ["one line of words", `ip route ${"a ".repeat(490_000)}`],
    ["an open banner", `banner motd $\n${"x\n".repeat(490_000)}`],
    ["nothing but line ends", "\n".repeat(MAX_FILE)],
  ])("IOS: %s", (_name, router) => {
    expect(seconds({ router })).toBeLessThan(PATIENCE);
  });

  test.each([
    [
      "26,000 networks",
      link + many(26_000, (at) => `ip addr add ${net(at).replace(/0$/, "1")}/24 dev eth0`),
    ],
    ["addresses that come and go", link + many(16_000, (at) => `ip a a ${host(at)}/32 dev eth0\nip a d ${host(at)}/32 dev eth0`)], // prettier-ignore
    ["25,000 routes", link + many(25_000, (at) => `ip route add ${net(at)}/24 via 192.0.2.1`)],
    [
      "20,000 metrics",
      link + many(20_000, (at) => `ip route add 10.0.0.0/8 via 192.0.2.1 metric ${at}`),
    ],
    ["a link that flaps", link + many(11_000, (at) => `ip route add ${net(at)}/24 via 192.0.2.1\nip l s eth0 down\nip l s eth0 up`)], // prettier-ignore
    [
      "next hops of one route",
      `${link}ip route add 10.0.0.0/8 ${"nexthop via 192.0.2.1 ".repeat(45_000)}`,
    ],
    ["an open quote", `echo "${"x\n".repeat(499_000)}`],
    ["one line", "a".repeat(MAX_FILE)],
    ["words", "a ".repeat(500_000)],
    ["semicolons", ";".repeat(MAX_FILE)],
    ["continued lines", "\\\n".repeat(500_000)],
  ])("shell: %s", (_name, host) => {
    expect(seconds({ host })).toBeLessThan(PATIENCE);
  });

  function seconds(texts: { router?: string; host?: string }): number {
    const from = performance.now();
    decide(build(texts).built, works);
    return (performance.now() - from) / 1_000;
  }
});

test("what lies beyond a megabyte is left out, said, and leaves the device open", () => {
  const router = `${answers.solution}\n${"!\n".repeat(600_000)}`;
  const { built } = build({ router });
  expect(built.diagnostics.map(({ code }) => code)).toEqual(["file-too-long"]);
  expect(decide(built, works).state).toBe("undecided");
});
