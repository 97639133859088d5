import type { Device, Iface } from "../model/device.ts";
import { leaseKey, type LeaseAnswer, type Leases } from "../model/lease.ts";
import { placeAt, type Network } from "../model/network.ts";
import { addressIn, contains, lastOf, type Ip, type Prefix } from "../model/prefix.ts";
import { Floods } from "./learning.ts";

type Server = { readonly device: Device; readonly iface: Iface };
type Pool = NonNullable<Device["handsOut"]>["pools"][number];

/** No pool is looked through further than this. */
const MOST_ADDRESSES = 70_000;

/**
 * What every interface that asks for an address is answered, in the order of the devices: the first address of the
 * server's pool that is free (rules DH1 to DH5 of SPEC.md). `null` when nobody asks.
 */
export function leasesOf({ devices, places }: Network): Leases {
  const clients = [...devices.values()].flatMap((device) =>
    device.ifaces.flatMap((iface) => (iface.asksForAddress ? [{ device, iface }] : [])),
  );
  if (clients.length === 0) return null;
  const floods = new Floods(places);
  const stacks = new Map(
    [...devices.values()].flatMap((device) =>
      device.ifaces.map(
        (iface) => [placeAt.stack(device.name, iface.name), { device, iface }] as const,
      ),
    ),
  );
  const given = new Map<string, LeaseAnswer>();
  const taken = new Set<Ip>();
  for (const client of clients) {
    const reached = heardBy(client);
    const answer = answerFor(client, reached, taken, heardBy);
    if (answer.kind === "lease") taken.add(answer.ip);
    given.set(leaseKey(client.device.name, client.iface.name), answer);
  }
  return given;

  // Who hears what is sent to everyone from an interface, and is heard there in turn.
  function heardBy({ device, iface }: Server): Server[] {
    const home = placeAt.stack(device.name, iface.name);
    const heard = new Set(untagged(device, iface).flatMap((place) => stacks.get(place) ?? []));
    return [...heard].filter(
      (one) => one.iface !== iface && untagged(one.device, one.iface).includes(home),
    );
  }

  function untagged(device: Device, iface: Iface): string[] {
    return floods
      .from(device.name, iface)
      .filter(({ frame }) => frame.tag === 0)
      .map(({ place }) => place);
  }
}

function answerFor(
  { iface }: Server,
  reached: readonly Server[],
  taken: ReadonlySet<Ip>,
  heardBy: (server: Server) => Server[],
): LeaseAnswer {
  const offers = reached.flatMap((server) => {
    const pool = poolFor(server, iface.mac);
    return pool ? [{ server, pool }] : [];
  });
  const [offer] = offers;
  if (!offer) return unanswered(reached);
  if (offers.some(({ server }) => server.device !== offer.server.device))
    return { kind: "open", why: "two servers that answer" };
  if (offer.server.iface.table !== null) return { kind: "open", why: "a server in a VRF" };
  const { pool, server } = offer;
  const length = pool.network.length;
  const router = pool.router;
  if (pool.only) return { kind: "lease", ip: pool.only.ip, length, router };
  // DH3: what a neighbour has already is not given away; the server asks before it offers.
  const inUse = new Set([
    ...taken,
    ...[server, ...heardBy(server)].flatMap((one) =>
      one.iface === iface || one.iface.asksForAddress
        ? []
        : one.iface.addresses.map(({ ip }) => ip),
    ),
  ]);
  const ip = firstFree(server.device, pool.network, inUse);
  return ip === null ? { kind: "nobody" } : { kind: "lease", ip, length, router };
}

// DH2: an address of one's own goes before one that is free for all.
function poolFor({ device, iface }: Server, mac: string): Pool | null {
  const pools = (device.handsOut?.pools ?? []).filter(({ network }) =>
    iface.addresses.some(({ ip, secondary }) => !secondary && contains(network, ip)),
  );
  return (
    pools.find(({ only }) => only?.mac === mac) ?? pools.find(({ only }) => only === null) ?? null
  );
}

// DH4: silence is certain only where all who heard the question are understood.
function unanswered(reached: readonly Server[]): LeaseAnswer {
  const doubtful = reached.find(({ device, iface }) =>
    device.taints.some((taint) => taint.iface === null || taint.iface === iface.name),
  );
  return doubtful
    ? { kind: "open", why: `${doubtful.device.name}, which may answer` }
    : { kind: "nobody" };
}

function firstFree(device: Device, network: Prefix, inUse: ReadonlySet<Ip>): Ip | null {
  const { excluded, pools } = device.handsOut!;
  const reserved = new Set(pools.flatMap(({ only }) => (only ? [only.ip] : [])));
  const last = lastOf(network);
  for (let offset = 1; offset < MOST_ADDRESSES; offset++) {
    const ip = addressIn(network, offset);
    if (ip === null || ip >= last) return null;
    const isOut = excluded.some(([low, high]) => ip >= low && ip <= high);
    if (!isOut && !inUse.has(ip) && !reserved.has(ip)) return ip;
  }
  return null;
}
