import type { Ip } from "../../model/prefix.ts";
import type { Chain, FilterTable } from "../../model/packet-filter.ts";
import type { NetworkDefinition, NetworkLeases } from "../../parse/libvirt/network.ts";
import type { Lease } from "../shell/dhclient.ts";

/**
 * What dnsmasq grants a card of this MAC address in this network (VM15); `taken` are the addresses that it has granted to
 * others. `null` where it grants nothing, or it cannot be known.
 */
export function leaseIn(
  network: NetworkDefinition,
  machine: string,
  mac: string,
  taken: ReadonlySet<Ip>,
): Lease | null {
  const address = network.addresses.find(({ leases }) => leases);
  if (!address?.leases || address.length === null) return null;
  const { leases, ip: server, length } = address;
  // A host without a MAC address is told by the name that the client sends.
  if (leases.hosts.some((host) => host.mac === null && host.name === machine)) return null;
  const ip =
    leases.hosts.find((host) => host.mac === mac)?.ip ?? freeIn(leases, server, mac, taken);
  // Without a way out the router is not told (dhcp-option=3).
  return ip === null
    ? null
    : { ip, length, router: network.forward.mode === "none" ? null : server };
}

// dnsmasq, address_allocate: from a place that the MAC address decides on to the first free one.
function freeIn(
  { ranges, hosts }: NetworkLeases,
  server: Ip,
  mac: string,
  taken: ReadonlySet<Ip>,
): Ip | null {
  const reserved = new Set(hosts.map(({ ip }) => ip));
  for (const [low, high] of ranges) {
    const size = high - low + 1;
    const first = hashOf(mac) % size;
    for (let step = 0; step < Math.min(size, 65_536); step++) {
      const ip = (low + ((first + step) % size)) as Ip;
      const isEdge = ip >= 0xc0000000 && (ip % 256 === 0 || ip % 256 === 255);
      if (ip !== server && !taken.has(ip) && !reserved.has(ip) && !isEdge) return ip;
    }
  }
  return null;
}

// The SDBM hash of the six bytes.
function hashOf(mac: string): number {
  const hash = mac
    .split(":")
    .map((byte) => parseInt(byte, 16))
    .reduce((sum, byte) => (byte + (sum << 6) + (sum << 16) - sum) >>> 0, 0);
  return hash === 0 ? 1 : hash;
}

/**
 * Whether the host's filters certainly let a lease be asked for and granted on `bridge`: libvirt's own rules stand first
 * and are there, or nothing filters at all.
 */
export function mayLease(filters: readonly FilterTable[], bridge: string): boolean {
  return filters.every((table) =>
    [...table.chains.values()].every((chain) => isHarmless(table, chain, bridge)),
  );
}

function isHarmless(table: FilterTable, { base, rules }: Chain, bridge: string): boolean {
  if (!base || base.type === "nat" || base.hook === "forward") return true;
  const chains = rules.map(({ matches, actions }) => {
    const [action] = actions;
    return matches.length === 0 && action?.kind === "jump" ? action.chain : "";
  });
  if (base.policy === "accept" && chains.every((name) => name.startsWith("LIBVIRT_"))) return true;
  const own = /^LIBVIRT_(INP|OUT)$/.test(chains[0] ?? "") ? table.chains.get(chains[0]!) : null;
  return (
    own?.rules.some(({ matches }) =>
      matches.some((match) => match.kind === "iface" && match.names.includes(bridge)),
    ) ?? false
  );
}
