import type { Compiled } from "../dataplane/compile.ts";
import { placeAt, type Network, type PlaceId } from "../model/network.ts";
import type { Claim } from "../model/objective.ts";
import { acceptedAt, converse } from "../trace/conversation.ts";
import { addressesOf, isAt, type Endpoint } from "./endpoint.ts";
import { partiesOf } from "./parties.ts";
import { questionFrom, Talk } from "./reach.ts";
import type { Spread } from "./spread.ts";
import { taintOfPlaces } from "./taint.ts";
import type { Verdict } from "./verdict.ts";

type PathClaim = Claim & { readonly kind: "path" };

/** Whether every packet of the flow arrives, on every equal path by the named places in order, and by none of the others. */
export function decidePath(compiled: Compiled, claim: PathClaim): Verdict {
  const { parties, missing } = partiesOf(
    compiled,
    claim.from,
    claim.to,
    claim.through,
    claim.avoids,
  );
  if (missing) return missing;
  const [from = [], to = [], through = [], avoids = []] = parties;
  let pairs = 0;
  for (const sender of from)
    for (const target of to) {
      const verdict = onePath(compiled, claim, { sender, target, through, avoids });
      if (verdict) return verdict;
      pairs++;
    }
  return { state: "holds", why: { kind: "path-as-claimed", pairs } };
}

type Ends = {
  readonly sender: Endpoint;
  readonly target: Endpoint;
  readonly through: readonly Endpoint[];
  readonly avoids: readonly Endpoint[];
};

function onePath(
  compiled: Compiled,
  { proto, port }: PathClaim,
  { sender, target, through, avoids }: Ends,
): Verdict | null {
  const [address] = addressesOf(target);
  if (address === undefined)
    return {
      state: "fails",
      why: { kind: "no-address", from: sender.name, to: target.name, at: target.device.name },
    };
  const shown = converse(compiled, questionFrom(sender, address, proto, port));
  const open = taintOfPlaces(
    compiled,
    shown.forward.stops.map(({ place }) => place),
  );
  if (open) return open;
  const arrived = acceptedAt(shown.forward);
  if (!arrived || !isAt(target, arrived))
    return {
      state: "fails",
      why: { kind: "unanswered", from: sender.name, to: target.name, shown },
    };
  const talk = new Talk(compiled, shown);
  const leg = talk.there();
  if ("lost" in leg) return leg.lost;
  const stray = strayPath(compiled.network, leg.way, talk.ends, through, avoids);
  if (!stray) return null;
  const { forward } = talk.along(stray.places);
  return {
    state: "fails",
    why: { kind: "other-path", from: sender.name, to: target.name, ...stray.why, shown: forward },
  };
}

type Stray = {
  readonly places: readonly PlaceId[];
  readonly why: { readonly misses: string } | { readonly meets: string };
};

// A way to the goal that some packet takes although it should not.
function strayPath(
  network: Network,
  { next }: Spread,
  { start, goal }: { readonly start: PlaceId; readonly goal: PlaceId },
  through: readonly Endpoint[],
  avoids: readonly Endpoint[],
): Stray | null {
  const at = (endpoint: Endpoint) => (place: PlaceId) => isPlaceOf(network, endpoint, place);
  const arrives = (from: readonly PlaceId[], closed: (place: PlaceId) => boolean) =>
    wayAmong(next, from, (place) => place === goal, closed);
  for (const endpoint of avoids) {
    const there = wayAmong(next, [start], at(endpoint), () => false);
    const on = there && arrives([there.at(-1)!], () => false);
    if (on) return { places: [...there, ...on.slice(1)], why: { meets: endpoint.name } };
  }
  let from: readonly PlaceId[] = [start];
  let before: readonly PlaceId[] = [];
  for (const endpoint of through) {
    const isThere = at(endpoint);
    const around = arrives(from, isThere);
    if (around) return { places: [...before, ...around], why: { misses: endpoint.name } };
    before = [...before, ...(wayAmong(next, from, isThere, () => false) ?? [])];
    from = [...next.keys()].filter(isThere);
  }
  return null;
}

function isPlaceOf(network: Network, endpoint: Endpoint, id: PlaceId): boolean {
  const place = network.places.get(id)!;
  if (place.device !== endpoint.device.name) return false;
  if (endpoint.kind === "device") return true;
  if (endpoint.kind === "table") return place.table === endpoint.table;
  const { name } = endpoint.device;
  return [placeAt.arrive(name, endpoint.iface), placeAt.leave(name, endpoint.iface)].includes(id);
}

// The shortest way from one of `from` to a place that `ends` it, by none that is closed.
function wayAmong(
  next: Spread["next"],
  from: readonly PlaceId[],
  ends: (place: PlaceId) => boolean,
  closed: (place: PlaceId) => boolean,
): PlaceId[] | null {
  const parent = new Map<PlaceId, PlaceId | null>();
  const queue: PlaceId[] = [];
  for (const place of from) {
    parent.set(place, null);
    queue.push(place);
  }
  for (let at = 0; at < queue.length; at++) {
    const place = queue[at]!;
    if (ends(place)) return wayBack(parent, place);
    for (const one of next.get(place) ?? [])
      if (!parent.has(one) && !closed(one)) {
        parent.set(one, place);
        queue.push(one);
      }
  }
  return null;
}

function wayBack(parent: ReadonlyMap<PlaceId, PlaceId | null>, end: PlaceId): PlaceId[] {
  const way: PlaceId[] = [];
  for (let at: PlaceId | null = end; at !== null; at = parent.get(at) ?? null) way.unshift(at);
  return way;
}
