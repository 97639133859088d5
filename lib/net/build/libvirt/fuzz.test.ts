import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Built } from "../../network.ts";
import { domainElements, networkElements } from "../../parse/libvirt/known.ts";
import { MAX_FILE } from "../../source/text.ts";
import { inNetwork, lab, vm } from "./testing.ts";

// Whatever stands in an XML file: no crash, no hang, and every remark stands somewhere in a file.

const NETWORK = `<network><name>blue</name><forward mode='nat' dev='eno1'><nat><address start='192.0.2.7' end='192.0.2.8'/></nat></forward>
<bridge name='br7' stp='on'/><mac address='52:54:00:00:00:01'/><mtu size='1400'/>
<ip address='10.0.0.1' netmask='255.255.255.0'><dhcp><range start='10.0.0.2' end='10.0.0.9'/><host mac='52:54:00:00:00:05' ip='10.0.0.5'/></dhcp></ip>
<route address='10.9.0.0' prefix='16' gateway='10.0.0.4'/><portgroup name='p' default='yes'/><port isolated='yes'/></network>`;
const SWITCH = `<network><name>ovs</name><forward mode='bridge'/><bridge name='br0'/><virtualport type='openvswitch'/>
<portgroup name='p' default='yes'><vlan trunk='yes'><tag id='5' nativeMode='tagged'/><tag id='6'/></vlan></portgroup></network>`;
const DOMAIN = vm(
  "web",
  inNetwork("blue", "<mac address='52:54:00:00:00:05'/><target dev='web0'/><link state='up'/>"),
  "<interface type='direct'><source dev='eno1' mode='vepa'/></interface>",
  "<interface type='bridge'><source bridge='br7'/><vlan><tag id='5'/></vlan></interface>",
);
const SCRIPT = `virsh net-define networks/blue.xml
virsh net-start blue
virsh define domains/web.xml && virsh start web
virsh attach-interface web bridge br7 --target x0 --live
virsh domif-setlink web 52:54:00:00:00:05 down
virsh net-destroy blue`;

function build(network: string, domain: string, script = ""): { built: Built; wrong: string[] } {
  const files: Record<string, string> = {
    "hv1/host.sh": script,
    "hv1/networks/blue.xml": network,
    "hv1/domains/web.xml": domain,
    "vms/web/host.sh": "ip link set eth0 up",
  };
  const built = lab(files, ["hv1:eno1 - pc:eth0"]);
  const wrong = built.diagnostics.flatMap(({ span: { file, from, to }, code, message }) => {
    const isInside = from >= 0 && from <= to && to <= (files[file]?.length ?? -1);
    const reads = !/undefined|NaN|\[object/.test(message);
    return isInside && reads ? [] : [`${code} at ${file} ${from}-${to}: ${message}`];
  });
  return { built, wrong };
}

const texts = [NETWORK, SWITCH, DOMAIN];
const names = [...networkElements, ...domainElements].map(({ path }) => path.split("/").at(-1)!);
const attributes = [...networkElements, ...domainElements].flatMap((one) =>
  one.attributes.split(" ").filter(Boolean),
);
const values = ["", "nat", "bridge", "network", "direct", "passthrough", "10.0.0.1", "255.0.255.0", "24", "-1", "5000", "yes", "blue", "br7", "eno1", "web", "openvswitch", "52:54:00:00:00:01", "&#0;", "😀"]; // prettier-ignore

const tree = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.constantFrom(...attributes), fc.constantFrom(...values)), {
        maxLength: 3,
      }),
      fc.array(fc.oneof({ maxDepth: 4 }, fc.constantFrom(...values), tie("element")), {
        maxLength: 4,
      }),
    )
    .map(([name, all, inside]) => {
      const said = [...new Map(all)].map(([key, value]) => ` ${key}='${value}'`).join("");
      return `<${name}${said}>${inside.join("")}</${name}>`;
    }),
})).element;

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.tuple(fc.constantFrom(...texts), fc.nat(900)).map(([text, at]) => text.slice(0, at)),
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.nat(900),
      fc.nat(9),
      fc.string({ unit: "binary", maxLength: 6 }),
    )
    .map(([text, at, length, more]) => text.slice(0, at) + more + text.slice(at + length)),
  fc
    .tuple(fc.constantFrom(...texts), fc.infiniteStream(fc.nat()))
    .map(([text, order]) => shuffled(text.split(/(?=<)/), order).join("")),
  tree.map((inside) => `<network><name>blue</name>${inside}</network>`),
  tree.map((inside) => `<domain type='kvm'><name>web</name><memory>1</memory><os><type>hvm</type></os><devices>${inside}</devices></domain>`), // prettier-ignore
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.constantFrom(...texts),
      fc.constantFrom(...values),
      fc.nat(40),
    )
    .map(([text, , value, at]) => {
      const all = text.split(/(?<==')[^']*(?=')/);
      return all.map((part, index) => (index === at % all.length ? part + value : part)).join("");
    }),
);

function shuffled(parts: string[], order: Iterator<number>): string[] {
  return parts
    .map((part) => ({ part, at: order.next().value as number }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ part }) => part);
}

const lines = fc
  .tuple(fc.shuffledSubarray(SCRIPT.split("\n")), fc.shuffledSubarray(SCRIPT.split("\n")))
  .map((all) => all.flat().join("\n"));

test("any text makes a network, or remarks with a place", () => {
  fc.assert(
    fc.property(anything, anything, lines, (network, domain, script) => {
      expect(build(network, domain, script).wrong).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);

test("and the same every time", () => {
  const print = ({ built }: { built: Built }) =>
    JSON.stringify([built.diagnostics, [...built.network.places]]);
  fc.assert(
    fc.property(anything, anything, lines, (network, domain, script) => {
      expect(print(build(network, domain, script))).toBe(print(build(network, domain, script)));
    }),
    { numRuns: 30 },
  );
}, 60_000);

describe("however large", () => {
  const many = (count: number, part: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => part(at)).join("");
  const entities = many(9, (at) => `<!ENTITY l${at + 1} '${`&l${at};`.repeat(10)}'>`);

  test.each([
    ["10,000 deep", "<network>".repeat(10_000), DOMAIN],
    ["10,000 deep and closed", NETWORK.replace("</network>", `${"<a>".repeat(10_000)}${"</a>".repeat(10_000)}</network>`), DOMAIN],
    ["an attribute of a megabyte", `<network><name a='${"x".repeat(MAX_FILE - 100)}'>blue</name></network>`, DOMAIN],
    ["a name of a megabyte", `<network><name>${"x".repeat(MAX_FILE - 100)}</name></network>`, DOMAIN],
    ["more than a megabyte", `<network><name>${"x".repeat(MAX_FILE)}</name></network>`, DOMAIN],
    ["a bomb of entities", `<!DOCTYPE network [<!ENTITY l0 'lol'>${entities}]><network><name>&l9;</name></network>`, DOMAIN],
    ["an entity from outside", "<!DOCTYPE network SYSTEM 'file:///etc/passwd'><network><name>a</name></network>", DOMAIN],
    ["an attribute that never ends", `<network a='${"<a b='c'".repeat(50_000)}`, DOMAIN],
    ["50,000 elements that nobody knows", `<network><name>blue</name>${"<a/>".repeat(50_000)}</network>`, DOMAIN],
    ["texts with entities everywhere", `<network><name>blue</name>${"<title>a&amp;b</title>".repeat(40_000)}</network>`, DOMAIN],
    ["10,000 addresses", `<network><name>blue</name>${many(10_000, (at) => `<ip address='10.${at >> 8}.${at & 255}.1' prefix='24'/>`)}</network>`, DOMAIN],
    ["500 cards", NETWORK, vm("web", ...Array.from({ length: 500 }, () => inNetwork("blue")))],
    ["10,000 cards in nothing", NETWORK, vm("web", ...Array.from({ length: 10_000 }, () => "<interface type='user'/>"))],
  ])("%s", (_name, network, domain) => {
    const before = performance.now();
    expect(build(network, domain).wrong).toEqual([]);
    expect((performance.now() - before) / 1000).toBeLessThan(20);
  }, 60_000); // prettier-ignore
});
