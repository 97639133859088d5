import { expect, test } from "vitest";
import { buildNetwork } from "../../network.ts";
import { drawn, network } from "../../testing.ts";
import { ask, host, layout } from "./testing.ts";

const said = (script: string) =>
  host({ "host.sh": script }).diagnostics.map(({ message }) => message.replaceAll("\n", " "));

test("D2 D3 networks and containers by hand", () => {
  const built = host({
    "host.sh": `
docker network create front
docker network create --subnet 10.9.0.0/24 --ip-range 10.9.0.128/25 --gateway 10.9.0.254 back
docker run -d --name web --network front -p 8080:80 nginx
docker run -d --name db --network back --expose 5432 postgres
docker run -d --name app --network back --network name=front,gw-priority=1 --ip 10.9.0.9 app
docker run -d --name one alpine
docker run -d --name two alpine
docker rm -f one
docker run -d --name three alpine
docker network connect back web
docker create --name later --network front alpine
`,
  });
  expect(built.diagnostics).toEqual([]);
  expect(layout(built)).toEqual([
    "h1/web, eth0 172.18.0.2/16, eth1 10.9.0.129/24, via 10.9.0.254",
    "h1/db, eth0 10.9.0.128/24, via 10.9.0.254",
    "h1/app, eth0 10.9.0.9/24, eth1 172.18.0.3/16, via 172.18.0.1",
    "h1/two, eth0 172.17.0.3/16, via 172.17.0.1",
    "h1/three, eth0 172.17.0.2/16, via 172.17.0.1",
  ]);
  expect(ask(built, "h1/web", "h1/db", "tcp/5432")).toBe("h1/db from 10.9.0.129");
  // The ports went along with the default route.
  expect(ask(built, "lan", "10.0.1.1", "tcp/8080")).toBe("h1/web from 10.0.1.9");
});

test("D8 what is stopped publishes nothing, and leaves no rule behind", () => {
  const built = host({
    "host.sh":
      "docker run -d --name web -p 80:80 nginx\ndocker stop web\ndocker run -d --name other -p 80:80 nginx\ndocker rm -f other\ndocker network create net\ndocker network rm net\n",
  });
  const fresh = host({ "host.sh": "" });
  const rules = (it: typeof built) =>
    it.network.devices
      .get("h1")!
      .filters.map(({ name, chains }) => [
        name,
        ...[...chains.values()].map((chain) => [chain.name, chain.rules.length]),
      ]);
  expect(built.diagnostics).toEqual([]);
  expect(rules(built).filter(([name]) => name !== "raw")).toEqual(rules(fresh));
  expect(ask(built, "lan", "10.0.1.1", "tcp/80")).toBe("refused");
});

test("D16 a container changes its network only when it may", () => {
  const script = `
docker network create --subnet 10.9.0.0/24 net
docker run -d --name may --network net --cap-add NET_ADMIN alpine
docker run -d --name maynot --network net alpine
docker exec may ip addr add 10.9.0.77/24 dev eth0
docker exec maynot ip addr add 10.9.0.78/24 dev eth0
docker exec maynot ip addr
docker exec may sh -c 'ip link set eth0 down'
docker exec maynot iptables -P INPUT DROP
docker exec may sysctl -w net.ipv4.ip_forward=0
docker exec nobody ip addr
ip netns exec may ip addr
`;
  expect(said(script).map((it) => it.slice(0, 60))).toEqual([
    "RTNETLINK answers: Operation not permitted. A container chan",
    "iptables v1.8.9 (nf_tables): Could not fetch rule set genera",
    "sysctl: error setting key: Read-only file system. A containe",
    "Error response from daemon: No such container: nobody",
    'Cannot open network namespace "may": No such file or directo',
  ]);
  const built = host({ "host.sh": script });
  const may = built.network.devices.get("h1/may")!.ifaces.find(({ name }) => name === "eth0")!;
  expect([may.enabled, may.addresses.length]).toEqual([false, 2]);
});

test.each([
  [
    "D13",
    "docker run -d --name aa -p 80:80 x\ndocker run -d --name bb -p 80:81 x",
    "Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint bb",
  ],
  [
    "D13 an address of another",
    "docker run -d --name aa -p 10.7.7.7:80:80 x",
    "Error response from daemon: failed to set up container networking",
  ],
  [
    "D2",
    "docker network create --subnet 10.9.0.0/16 aa\ndocker network create --subnet 10.9.1.0/24 bb",
    "Error response from daemon: invalid pool request: Pool overlaps with other one on this address space",
  ],
  [
    "D2",
    "docker network create aa\ndocker network create aa",
    "Error response from daemon: network with name aa already exists",
  ],
  [
    "D2",
    "docker network create --subnet 10.9.0.0/24 --gateway 10.8.0.1 aa",
    "Error response from daemon: invalid network config: no matching subnet for gateway 10.8.0.1",
  ],
  [
    "D2",
    "docker network create -d overlay aa",
    "Error response from daemon: This node is not a swarm manager.",
  ],
  [
    "D2",
    "docker network create -d weave aa",
    "Error response from daemon: could not find plugin weave",
  ],
  [
    "D2",
    "docker network rm bridge",
    "Error response from daemon: bridge is a pre-defined network and cannot be removed",
  ],
  [
    "D2",
    "docker network create aa\ndocker run -d --name cc --network aa x\ndocker network rm aa",
    "Error response from daemon: error while removing network: network aa has active endpoints",
  ],
  [
    "D3",
    "docker run -d --name aa x\ndocker run -d --name aa x",
    'Error response from daemon: Conflict. The container name "/aa" is already in use',
  ],
  [
    "D3",
    "docker run -d --name aa --network nets x",
    "Error response from daemon: network nets not found",
  ],
  [
    "D3",
    "docker network create aa\ndocker run -d --name cc --network aa --ip 172.18.0.9 x",
    "Error response from daemon: invalid config for network aa: invalid endpoint settings: user specified IP address",
  ],
  [
    "D3",
    "docker network create --subnet 10.9.0.0/24 aa\ndocker run -d --name cc --network aa --ip 10.9.0.1 x",
    "Error response from daemon: failed to set up container networking: Address already in use",
  ],
  [
    "D3",
    "docker network create --subnet 10.9.0.0/24 aa\ndocker run -d --name cc --network aa --ip 10.8.0.1 x",
    "Error response from daemon: invalid config for network aa: invalid endpoint settings: no configured subnet contains IP address 10.8.0.1",
  ],
  [
    "D3",
    "docker run -d --name aa x\ndocker rm aa",
    'Error response from daemon: cannot remove container "aa": container is running',
  ],
  [
    "D17",
    "docker network create -d macvlan -o parent=eth7 aa",
    "Error response from daemon: invalid subinterface vlan name eth7",
  ],
  [
    "D18",
    "docker run -d --name aa --network container:bb x",
    "Error response from daemon: No such container: bb",
  ],
  ["D20", "docker compose up -d", "no configuration file provided: not found"],
])("%s refused: %s", (_rule, script, words) => {
  expect(said(script)[0]).toContain(words);
});

test.each([
  [
    "D13 apart by address",
    "docker run -d --name aa -p 10.0.1.1:80:80 x\ndocker run -d --name bb -p 10.0.2.1:80:81 x",
  ],
  [
    "D13 apart by protocol",
    "docker run -d --name aa -p 80:80 x\ndocker run -d --name bb -p 80:81/udp x",
  ],
  [
    "D13 the next port of a range",
    "docker run -d --name aa -p 80-81:80 x\ndocker run -d --name bb -p 80-81:80 x",
  ],
])("%s", (_rule, script) => {
  expect(said(script)).toEqual([]);
});

test("D16 what a container runs may change its network", () => {
  const built = host({
    "compose.yaml": `
services:
  router:
    image: alpine
    cap_add: [NET_ADMIN]
    networks: [left, right]
    command: sh -c "ip addr add 10.7.7.7/32 dev lo && ip link set eth0 up; exec nginx -g 'daemon off;'; ./serve"
  pc:
    image: alpine
    cap_add: [NET_ADMIN]
    networks: [left]
    command: ["sh", "-c", "ip route replace default via 172.18.0.2; sleep infinity"]
  weak:
    image: alpine
    networks: [left]
    command: ip route del default
networks: { left: {}, right: {} }
`,
    "host.sh": "docker run -d --name by-hand --cap-add NET_ADMIN alpine ip link set eth0 down\n",
  });
  expect(built.diagnostics.map(({ message }) => message.split(".")[0])).toEqual([
    "RTNETLINK answers: Operation not permitted",
  ]);
  expect(ask(built, "h1/pc", "10.7.7.7")).toBe("h1/router from 172.18.0.3");
  expect(ask(built, "h1", "h1/by-hand")).toBe("timeout");
});

test("D2 in a swarm, nothing is claimed of overlays", () => {
  const built = host({ "host.sh": "docker swarm init\ndocker network create -d overlay aa\n" });
  expect(built.diagnostics.map(({ code }) => code)).toEqual([
    "unsimulated",
    "unsimulated",
    "shell-refused",
  ]);
  expect(built.network.devices.get("h1")!.taints).toHaveLength(2);
});

test("D17 containers on the parent's wire, and not with their host", () => {
  const built = host({
    "compose.yaml": `
services:
  a: { image: x, networks: { lan: { ipv4_address: 10.0.1.50 } }, expose: [80] }
  b: { image: x, networks: { lan: { ipv4_address: 10.0.1.51 } } }
  tagged: { image: x, networks: [vlan] }
networks:
  lan:
    driver: macvlan
    driver_opts: { parent: eth0 }
    ipam: { config: [{ subnet: 10.0.1.0/24, gateway: 10.0.1.1, ip_range: 10.0.1.128/25 }] }
  vlan:
    driver: ipvlan
    driver_opts: { parent: eth0.50 }
    ipam: { config: [{ subnet: 10.50.0.0/24 }] }
`,
  });
  expect(built.diagnostics).toEqual([]);
  expect(layout(built)).toEqual([
    "h1/a, eth0 10.0.1.50/24, via 10.0.1.1",
    "h1/b, eth0 10.0.1.51/24, via 10.0.1.1",
    "h1/tagged, eth0 10.50.0.2/24, via 10.50.0.1",
  ]);
  const names = built.network.devices.get("h1")!.ifaces.map(({ name }) => name);
  expect(names).toContain("eth0.50");
  expect(ask(built, "lan", "10.0.1.50", "tcp/80")).toBe("h1/a from 10.0.1.9");
  expect(ask(built, "h1/b", "10.0.1.50", "tcp/80")).toBe("h1/a from 10.0.1.51");
  expect(ask(built, "h1", "10.0.1.50")).toBe("timeout");
  expect(ask(built, "h1/a", "10.0.1.1")).toBe("timeout");
});

test("D18 the host's network, none, and another's", () => {
  const built = host({
    "compose.yaml": `
services:
  onhost: { image: x, network_mode: host, expose: [8000], ports: ["1:1"] }
  alone: { image: x, network_mode: none }
  main: { image: x, ports: ["8080:80"] }
  sidecar: { image: x, network_mode: "service:main", expose: [9000] }
`,
  });
  expect(built.diagnostics).toEqual([]);
  expect([...built.network.devices.keys()]).toEqual(["h1", "h1/alone", "h1/main", "lan", "pc"]);
  expect(ask(built, "lan", "10.0.1.1", "tcp/8000")).toBe("h1 from 10.0.1.9");
  expect(built.network.devices.get("h1/alone")!.ifaces.map(({ name }) => name)).toEqual(["lo"]);
  expect(ask(built, "h1", "h1/main", "tcp/9000")).toBe("h1/main from 172.18.0.1");
  expect(built.network.devices.get("h1/main")!.alsoCalled).toEqual([
    "h1/h1-main-1",
    "h1/sidecar",
    "h1/h1-sidecar-1",
  ]);
  expect(built.network.devices.get("h1")!.alsoCalled).toEqual(["h1/onhost", "h1/h1-onhost-1"]);
});

test("D18 whoever shares the host's network takes its listeners along", () => {
  const script = "docker run -d --name srv --network host --expose 8000 x\n";
  const asked = (more: string) =>
    ask(host({ "host.sh": script + more }), "lan", "10.0.1.1", "tcp/8000");
  expect(asked("")).toBe("h1 from 10.0.1.9");
  expect(asked("docker stop srv\n")).toBe("refused");
});

test("D1 without Docker there is nobody to ask", () => {
  const built = network({ h1: "docker run -d --name web nginx\ndocker ps\n" }, []);
  expect(built.diagnostics.map(({ message }) => message)).toEqual([
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?. Docker runs where the lab says so (runs: [docker])",
  ]);
  const { topology, files } = drawn({ h1: "", "edge.ios": "" }, []);
  const compose = "services: { web: { image: x } }";
  const wrong = buildNetwork(topology, { ...files, "h1/compose.yaml": compose, "edge/compose.yaml": compose }); // prettier-ignore
  expect(wrong.diagnostics.map(({ code, span }) => `${code} ${span.file}`)).toEqual([
    "shell-refused h1/compose.yaml",
    "wrong-language edge/compose.yaml",
  ]);
});

test("D19 who knows whom by name", () => {
  const built = host({
    "compose.yaml": `
services:
  web: { image: x, networks: [front], extra_hosts: ["printer:10.0.1.9"], scale: 2 }
  app: { image: x, container_name: api, networks: { front: {}, back: { aliases: [logic] } } }
  db: { image: x, networks: [back] }
  old: { image: x, network_mode: bridge }
networks: { front: {}, back: {} }
`,
  });
  const known = (name: string) => [...built.network.devices.get(name)!.names!.keys()].toSorted();
  expect(known("h1/web.1")).toEqual([
    "api",
    "app",
    "h1-web-1",
    "h1-web-2",
    "printer",
    "web",
    "web.1",
    "web.2",
  ]);
  expect(known("h1/db")).toEqual(["api", "app", "db", "h1-db-1", "logic"]);
  expect(known("h1/old")).toEqual([]);
  expect(built.network.devices.get("h1/app")!.names!.get("web")).toHaveLength(2);
});

test("D20 a file that is refused starts nothing, and a script may start the others", () => {
  const bad = host({ "compose.yaml": "services:\n  web: { image: x }\n  db: { imag: y }\n" });
  expect(bad.diagnostics.map(({ code }) => code)).toEqual(["compose-refused", "compose-refused"]);
  expect([...bad.network.devices.keys()]).toEqual(["h1", "lan", "pc"]);
  const own = host({
    "app/compose.yaml": "services: { web: { image: x } }\n",
    "host.sh":
      "docker compose -f app/compose.yaml up -d\ndocker exec app-web-1 ip addr\ndocker compose -f app/compose.yaml down\n",
  });
  expect(own.diagnostics).toEqual([]);
  expect([...own.network.devices.keys()]).toEqual(["h1", "lan", "pc"]);
});
