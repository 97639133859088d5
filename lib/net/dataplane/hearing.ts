import { OWN, type Device, type Iface, type Taint } from "../model/device.ts";
import { both } from "../model/flow-match.ts";
import {
  macNumber,
  placeAt,
  type Guard,
  type Place,
  type PlaceId,
  type ResolveRow,
} from "../model/network.ts";
import { lastOf, networkOf, type Ip, type Prefix } from "../model/prefix.ts";
import { heededPackets } from "./asking.ts";
import { effectiveFib, type Fib } from "./fib.ts";
import { looksIntoArp } from "./flow-tables.ts";
import { Floods, heardAt, type Talk } from "./learning.ts";
import { Answers } from "./neighbors.ts";
import type { Wiring } from "./wiring.ts";

/** Which interface's stack a place is. */
type Reaching = { readonly device: Device; readonly iface: Iface };
type Stacks = ReadonlyMap<PlaceId, Reaching>;

function stacksOf(devices: ReadonlyMap<string, Device>): Stacks {
  return new Map(
    [...devices.values()].flatMap((device) =>
      device.ifaces.map(
        (iface) => [placeAt.stack(device.name, iface.name), { device, iface }] as const,
      ),
    ),
  );
}

/** Who asked for an address of ours, and is known by that. */
type Speaker = { readonly ip: Ip; readonly row: Omit<ResolveRow, "guard"> };

/** Who hears whom ask for a neighbour, over cables, bridges and tunnels, and what is answered. */
export class Hearing {
  private readonly fibs: ReadonlyMap<string, readonly Fib[]>;
  private readonly wiring: Wiring;
  private readonly places: ReadonlyMap<PlaceId, Place>;
  private readonly hasDoubts: boolean;
  private readonly floods: Floods;
  private readonly stacks: Stacks;
  /** Every address that somebody may be asked for, where questions are told apart on their way. */
  private readonly targets: readonly Ip[] | null;
  private readonly answerers = new Map<PlaceId, Answers>();
  private readonly heard = new Map<PlaceId, readonly Answers[]>();
  private readonly circles = new Map<PlaceId, readonly string[] | null>();
  private readonly spoken = new Map<PlaceId, readonly Speaker[]>();
  private askers: Map<PlaceId, Reaching[]> | null = null;

  /** `places` are those of layer 2. */
  constructor(
    devices: ReadonlyMap<string, Device>,
    fibs: ReadonlyMap<string, readonly Fib[]>,
    wiring: Wiring,
    places: ReadonlyMap<PlaceId, Place>,
  ) {
    this.fibs = fibs;
    this.wiring = wiring;
    this.places = places;
    this.hasDoubts = [...places.values()].some((place) => place.doubt !== undefined);
    this.floods = new Floods(places);
    this.stacks = stacksOf(devices);
    const all = [...devices.values()];
    const isAsked = all.some(({ switches = [] }) => switches.some(looksIntoArp));
    this.targets = isAsked ? ownedBy(all) : null;
  }

  /** The devices that questions on an interface go round for ever, if they do. */
  circle({ name }: Device, iface: Iface): readonly string[] | null {
    const home = placeAt.stack(name, iface.name);
    const known = this.circles.get(home);
    if (known !== undefined) return known;
    const found = this.floods.circleFrom(name, iface);
    this.circles.set(home, found);
    return found;
  }

  /** Who answers for a next hop of packets that leave `device` by `iface`: whoever hears the question and can answer it,
   * if the answer comes back over layer 2, too. */
  answers(device: Device, iface: Iface, gateway: Ip | null, own: boolean): ResolveRow[] {
    if (!this.wiring.works(device.name, iface.name)) return [];
    const asked = this.targets
      ? this.askedApart(device, iface, gateway, own, this.targets)
      : this.hearers(device, iface).flatMap((answers) => {
          const heeds = (sender: Ip) => answers.heeds(sender);
          const guards = heededPackets(device, iface, gateway, own, heeds);
          return gateway === null
            ? answers.forNeighbors(guards)
            : answers.forGateway(gateway, guards);
        });
    return [
      ...writtenFor(device, iface, gateway),
      // N9: whose address it is answers at once, a proxy later.
      ...asked.filter((row) => !row.proxy),
      ...asked.filter((row) => row.proxy),
      ...this.overheard(device, iface, gateway),
    ];
  }

  /** Why questions of an interface, or the answers, may fare otherwise than is known. */
  doubt({ name }: Device, iface: Iface): Taint | undefined {
    if (!this.hasDoubts) return undefined;
    const way = this.floods.from(name, iface);
    const ends = way.flatMap(({ place }) => this.stacks.get(place) ?? []);
    const back = ends.flatMap((end) => this.floods.from(end.device.name, end.iface));
    for (const { place } of [...way, ...back]) {
      const doubt = this.places.get(place)?.doubt;
      if (doubt) return doubt;
    }
    return undefined;
  }

  // Each question for itself: who asks for whom decides how far it goes.
  private askedApart(
    device: Device,
    iface: Iface,
    gateway: Ip | null,
    own: boolean,
    targets: readonly Ip[],
  ): ResolveRow[] {
    const senders = new Set([0 as Ip, ...ownedBy([device])]);
    return (gateway === null ? targets : [gateway]).flatMap((target) =>
      [...senders].flatMap((sender) => {
        // Who would never ask for it in that name needs no hearer.
        const asks = (heeds: (one: Ip) => boolean) =>
          heededPackets(device, iface, gateway, own, (one) => one === sender && heeds(one)).flatMap(
            (guard): Guard[] => {
              const narrowed = gateway === null ? both(guard, { dst: [[target, target]] }) : guard;
              return narrowed ? [narrowed] : [];
            },
          );
        if (asks(() => true).length === 0) return [];
        return this.hearersOf(device, iface, { sender, target }).flatMap((answers) => {
          const guards = asks((one) => answers.heeds(one));
          return gateway === null
            ? answers.forNeighbors(guards)
            : answers.forGateway(gateway, guards);
        });
      }),
    );
  }

  private hearersOf(asker: Device, iface: Iface, talk: Talk): readonly Answers[] {
    const home = placeAt.stack(asker.name, iface.name);
    const back = { dmac: macNumber(iface.mac), dst: talk.sender, src: talk.target };
    return this.floods.asking(asker.name, iface, talk).flatMap(({ place, frame }): Answers[] => {
      const at = this.stacks.get(place);
      if (!at || place === home || frame.tag !== 0) return [];
      const comesBack = this.floods.reaches(at.device.name, at.iface, back, home);
      return comesBack ? [this.answersAt(place, at)] : [];
    });
  }

  private answersAt(place: PlaceId, { device, iface }: { device: Device; iface: Iface }): Answers {
    const known = this.answerers.get(place);
    if (known) return known;
    const context = { vrf: iface.table, from: iface.name };
    const runs = effectiveFib(device, this.fibs.get(device.name)!, context);
    const answers = new Answers({ device, iface, runs });
    this.answerers.set(place, answers);
    return answers;
  }

  // N6: whoever asks for an address of the interface is known to it from then on, even where its own questions are
  // not heard. Every device is taken to have spoken once.
  private overheard(device: Device, iface: Iface, gateway: Ip | null): ResolveRow[] {
    return this.speakers(device, iface).flatMap(({ ip, row }): ResolveRow[] => {
      if (gateway !== null && gateway !== ip) return [];
      return [{ ...row, guard: gateway === null ? { dst: [[ip, ip]] } : {} }];
    });
  }

  private speakers({ name }: Device, iface: Iface): readonly Speaker[] {
    const home = placeAt.stack(name, iface.name);
    const known = this.spoken.get(home);
    if (known) return known;
    const own = iface.addresses.map(({ ip }) => ip).sort((a, b) => a - b);
    const speakers = this.reaching(home).flatMap(({ device, iface: there }): Speaker[] => {
      if (there === iface || there.addresses.length === 0) return [];
      const asks = this.asksBy(device, there);
      const speaks = there.addresses.filter(({ ip, length }) =>
        within(networkOf(ip, length), own).some((one) => one !== ip && asks(one)),
      );
      if (speaks.length === 0) return [];
      const answeredBy = { node: device.name, port: there.name };
      const row = { dmac: macNumber(there.mac), answeredBy, proxy: false };
      const told = speaks.filter(
        ({ ip }) =>
          !this.targets ||
          own.some((one) =>
            heardAt(this.floods.asking(device.name, there, { sender: ip, target: one }), home),
          ),
      );
      return told.map(({ ip, because }) => ({
        ip,
        row: { ...row, because: because ? [because] : [] },
      }));
    });
    this.spoken.set(home, speakers);
    return speakers;
  }

  // Whose questions come to an interface's stack: turned round once for all, since far more do not. Where questions are
  // told apart on their way, anybody's may.
  private reaching(home: PlaceId): readonly Reaching[] {
    const asking = () =>
      [...this.stacks.values()].filter(
        ({ iface }) => iface.isPort && iface.enabled && !iface.bridge,
      );
    if (this.targets) return asking();
    if (!this.askers) {
      this.askers = new Map();
      for (const one of asking()) {
        const heard = this.floods.from(one.device.name, one.iface);
        const places = heard.flatMap(({ place, frame }) => (frame.tag === 0 ? [place] : []));
        for (const place of new Set(places)) {
          const known = this.askers.get(place);
          if (known) known.push(one);
          else this.askers.set(place, [one]);
        }
      }
    }
    return this.askers.get(home) ?? [];
  }

  // Whom a device asks for on an interface when it sends to them: whom its tables do not send elsewhere.
  private asksBy(device: Device, iface: Iface): (ip: Ip) => boolean {
    const context = { vrf: iface.table, from: OWN };
    const runs = effectiveFib(device, this.fibs.get(device.name)!, context);
    return (ip) => {
      const run = runs[firstFrom(runs, ip, ({ high }) => high)];
      if (!run || run.low > ip || run.item.action.kind !== "send") return false;
      return run.item.action.ways.some((way) => way.iface === iface.name && way.gateway === null);
    };
  }

  private hearers({ name }: Device, iface: Iface): readonly Answers[] {
    const home = placeAt.stack(name, iface.name);
    const known = this.heard.get(home);
    if (known) return known;
    const asker = { dmac: macNumber(iface.mac), dst: iface.addresses[0]?.ip ?? 0 };
    const hearers = this.floods.from(name, iface).flatMap(({ place, frame }): Answers[] => {
      const at = this.stacks.get(place);
      if (!at || place === home || frame.tag !== 0) return [];
      const { device, iface: there } = at;
      const comesBack = this.floods.reaches(device.name, there, asker, home);
      if (!comesBack) return [];
      return [this.answersAt(place, at)];
    });
    this.heard.set(home, hearers);
    return hearers;
  }
}

function ownedBy(devices: readonly Device[]): Ip[] {
  const all = devices.flatMap(({ ifaces }) =>
    ifaces.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)),
  );
  return [...new Set(all)];
}

// N7: a neighbour that is written down is not asked for.
function writtenFor({ name }: Device, iface: Iface, gateway: Ip | null): ResolveRow[] {
  const answeredBy = { node: name, port: iface.name };
  return (iface.neighbors ?? []).flatMap(({ ip, mac, because }): ResolveRow[] => {
    if (gateway !== null && gateway !== ip) return [];
    const guard = gateway === null ? { dst: [[ip, ip] as const] } : {};
    return [{ guard, dmac: macNumber(mac), answeredBy, proxy: false, because: [because] }];
  });
}

// Those of `sorted` that are in the network.
function within(network: Prefix, sorted: readonly Ip[]): readonly Ip[] {
  const itself = (ip: Ip) => ip;
  const from = firstFrom(sorted, network.first, itself);
  return sorted.slice(from, firstFrom(sorted, lastOf(network) + 1, itself));
}

// Where the first of `sorted` stands whose value is `least` or more.
function firstFrom<T>(sorted: readonly T[], least: number, valueOf: (one: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(sorted[middle]!) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
