import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SERVICE_KEYS, NETWORK_KEYS, ATTACHMENT_KEYS } from "../../parse/compose/keys.ts";
import { dockerCommands } from "../../parse/shell/docker/commands.ts";
import { host } from "./testing.ts";

// Whatever is in a compose file or behind `docker`: no crash, no hang, and every remark stands somewhere in a file.

const FILE = `name: shop
x-common: &common
  image: nginx:\${TAG:-1}
  sysctls: { net.ipv4.ip_forward: 1 }
services:
  web:
    <<: *common
    ports: ["8080:80", "127.0.0.1:53:53/udp", { target: 90, published: "90" }]
    networks:
      front: { ipv4_address: 10.9.0.9, aliases: [www], priority: 3 }
      back:
  app: { <<: *common, depends_on: [web], networks: [back], expose: [3000-3002] }
  side: { image: x, network_mode: "service:app", cap_add: [NET_ADMIN] }
  lan: { image: x, networks: [wire], deploy: { replicas: 2 } }
networks:
  front:
    driver_opts: { com.docker.network.bridge.enable_icc: "false" }
    ipam: { config: [{ subnet: 10.9.0.0/24, gateway: 10.9.0.1 }] }
  back: { internal: true }
  wire: { driver: macvlan, driver_opts: { parent: eth1.7 } }
`;

const SCRIPT = `docker network create --subnet 10.8.0.0/24 net
docker run -d --name one --network net -p 81:81 --cap-add NET_ADMIN x
docker exec one sh -c 'ip addr add 10.8.0.77/24 dev eth0; ip link set eth0 down'
docker network connect bridge one
docker compose up -d
docker exec web ip addr
docker network disconnect net one
docker stop one; docker start one; docker rm -f one
docker compose down
iptables -F; iptables -X; iptables -t nat -F
docker run -d --name two -p 82:82 x
ip link del docker0
docker run -d --name three x
docker rm -f two
`;

function wrongIn(compose: string, script: string): string[] {
  const files: Record<string, string> = { "compose.yaml": compose, "host.sh": script };
  return host(files).diagnostics.flatMap(({ span: { file, from, to }, code, message }) => {
    const text = files[file.replace("h1/", "")];
    const isInside =
      from >= 0 && from <= to && to <= (text?.length ?? (file === "lab.yaml" ? 0 : -1));
    // Compose itself calls what is not there undefined.
    const reads = !/(?<!refers to |depends on )undefined|NaN|\[object/.test(message);
    return isInside && reads ? [] : [`${code} at ${file} ${from}-${to}: ${message}`];
  });
}

const truncated = (text: string) => fc.nat(text.length).map((at) => text.slice(0, at));
const shuffled = (text: string) =>
  fc.shuffledSubarray(text.split("\n"), { minLength: 1 }).map((lines) => lines.join("\n"));
const damaged = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(5), fc.string({ unit: "binary", maxLength: 6 }))
    .map(([at, length, more]) => text.slice(0, at) + more + text.slice(at + length));
const anything = fc.string({ unit: "binary", maxLength: 300 });
const values = ["10.9.0.0/24", "10.9.0.9", "80:80", "*a", "&a", "[", "{", "|", "host", "web", "eth0", "true", "null", "-1", "$" + "{", "~", "!!map", '"', "0x7f", "1e999"]; // prettier-ignore
const words = dockerCommands.flatMap(({ words: all }) => all.split(/[^\w/.-]+/)).filter(Boolean);
const command = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...values)), { maxLength: 8 })
  .map((all) => `docker ${all.join(" ")}`);
const keys = [...SERVICE_KEYS.keys(), ...NETWORK_KEYS.keys(), ...ATTACHMENT_KEYS.keys()];
const value: fc.Memo<unknown> = fc.memo((depth) =>
  depth <= 1
    ? fc.constantFrom(...values)
    : fc.oneof(
        fc.constantFrom(...values),
        fc.array(value(depth - 1), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), value(depth - 1), { maxKeys: 4 }),
      ),
);
const structured = fc
  .record({
    services: fc.dictionary(fc.constantFrom("web", "app"), value(4), { maxKeys: 2 }),
    networks: fc.dictionary(fc.constantFrom("front", "default"), value(4), { maxKeys: 2 }),
  })
  .map((it) => JSON.stringify(it));

describe.each([
  ["any bytes", anything, anything],
  ["texts that end early", truncated(FILE), truncated(SCRIPT)],
  ["lines in another order", shuffled(FILE), shuffled(SCRIPT)],
  ["texts with damage", damaged(FILE), damaged(SCRIPT)],
  [
    "words of the language",
    structured,
    fc.array(command, { maxLength: 12 }).map((all) => all.join("\n")),
  ],
])("%s", (_name, compose, script) => {
  test("make a network, or remarks with a place", () => {
    fc.assert(
      fc.property(compose, script, (one, other) => {
        expect(wrongIn(one, other)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

// The reader of YAML calls itself for each level, and aliases multiply: neither gets far.
test.each([
  ["brackets", "services: " + "[".repeat(10_000), /max depth/],
  ["maps", "services: " + "{a: ".repeat(10_000), /max depth/],
  ["dashes", "- ".repeat(10_000), /max depth/],
  ["questions", "? ".repeat(10_000), /max depth/],
  [
    "indentation",
    Array.from({ length: 700 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
    /max depth/,
  ],
  ["an anchor in itself", "services: &a\n  web: *a\n", /contains itself/],
  [
    "variables in variables",
    `services: { a: { image: "${"${A:-".repeat(40)}x" } }`,
    /invalid interpolation|max depth/,
  ],
  [
    "a laughter",
    [...Array(12).keys()]
      .map(
        (at) =>
          `x-${at}: &a${at} [${Array.from({ length: 9 }, () => (at === 0 ? "x" : `*a${at - 1}`)).join()}]`,
      )
      .join("\n") + "\nservices: *a11\n",
    /must be a mapping/,
  ],
])("too much of %s is refused", (_name, text, said) => {
  const { diagnostics } = host({ "compose.yaml": text });
  expect(diagnostics.map(({ message }) => message).join()).toMatch(said);
  expect(wrongIn(text, "")).toEqual([]);
});

test("10,000 services are too many, and that leaves the host open", () => {
  const services = Array.from({ length: 10_000 }, (_, at) => `  s${at}: {image: x}`).join("\n");
  const built = host({ "compose.yaml": `services:\n${services}\n` });
  expect(built.diagnostics.length).toBeLessThan(5);
  expect(built.network.devices.get("h1")!.taints.map(({ what }) => what)).toEqual([
    "So many containers",
  ]);
}, 60_000);
