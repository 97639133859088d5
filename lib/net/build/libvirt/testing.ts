import type { NodeSpec, PortRef, Topology } from "../../model/topology.ts";
import { parseIp } from "../../model/prefix.ts";
import { buildNetwork, type Built } from "../../network.ts";
import { probe } from "../../trace/probe.ts";

/**
 * A network of Linux machines for a test, all of which run libvirt, and `both` runs Docker, too; so do machines with a
 * compose file. Files are as in a lab; a cable is `hv1:eno1 - pc:eth0`, and the ports of nodes are those that cables
 * name.
 */
export function lab(
  files: Readonly<Record<string, string>>,
  cables: readonly string[] = [],
  services: readonly string[] = [],
): Built {
  const links = cables.map((cable) => {
    const [a = "", b = ""] = cable.split(" - ");
    return { a: portRef(a), b: portRef(b) };
  });
  const ends = links.flatMap(({ a, b }) => [a, b]);
  const names = new Set([
    ...Object.keys(files).map((path) => path.split("/")[0]!),
    ...ends.map(({ node }) => node),
  ]);
  names.delete("vms");
  const topology: Topology = {
    nodes: [...names].map((name): NodeSpec => ({
      name,
      kind: "server",
      os: "linux",
      ports: ends
        .filter(({ node }) => node === name)
        .map(({ port }) => ({ name: port, mac: null })),
      runs: name === "both" ? ["docker", "libvirt"] : ["libvirt"],
      outside: null,
    })),
    links,
    services: services.map((text) => {
      const [at = "", proto = "", port = ""] = text.split(/[ /](?=tcp|udp|\d+$)/);
      return { at, proto: proto as "tcp" | "udp", port: Number(port) };
    }),
    vms: { nested: { runs: ["libvirt"] }, ...dockers(files) },
  };
  return buildNetwork(topology, files);
}

function dockers(files: Readonly<Record<string, string>>): NonNullable<Topology["vms"]> {
  const vms = Object.keys(files).flatMap(
    (path) => /^vms\/([^/]+)\/compose\.yaml$/.exec(path)?.[1] ?? [],
  );
  return Object.fromEntries(vms.map((name) => [name, { runs: ["docker"] }]));
}

function portRef(text: string): PortRef {
  const [node = "", port = ""] = text.split(":");
  return { node, port };
}

/** What becomes of a question: `reached hv1/web`, as from another address where that differs, or the error. */
export function asked(built: Built, from: string, to: string, service = "icmp"): string {
  const [proto = "", port = null] = service.split("/");
  const said = probe(built, {
    device: from,
    table: null,
    to: parseIp(to)!,
    proto: proto as "icmp" | "tcp" | "udp",
    port: port === null ? null : Number(port),
    source: null,
    iface: null,
  });
  if (!said.reachable) return said.error ?? "nothing";
  return `reached ${said.at} as ${said.src_seen}`;
}

/** A virtual machine's XML with these `<interface>`s. */
export function vm(name: string, ...interfaces: readonly string[]): string {
  return `<domain type='kvm'><name>${name}</name><memory unit='MiB'>512</memory>
<os><type arch='x86_64'>hvm</type></os>
<devices>
${interfaces.join("\n")}
</devices></domain>`;
}

/** A card in a libvirt network. */
export function inNetwork(network: string, more = ""): string {
  return `<interface type='network'><source network='${network}'/>${more}</interface>`;
}
