import type { IfaceAddress } from "./device.ts";
import { lastOf, networkOf, type Ip, type Prefix } from "./prefix.ts";

/** The addresses of one interface: a primary one and any number of secondary ones. */
export class IosAddresses {
  private primary: IfaceAddress | null = null;
  private readonly secondaries = new Map<Ip, IfaceAddress>();

  get size(): number {
    return (this.primary ? 1 : 0) + this.secondaries.size;
  }

  all(): IfaceAddress[] {
    return [...(this.primary ? [this.primary] : []), ...this.secondaries.values()];
  }

  /** The addresses that give way to `address`: the primary one to another, and any to itself. */
  replacedBy({ ip, secondary }: Pick<IfaceAddress, "ip" | "secondary">): IfaceAddress[] {
    const same = this.secondaries.get(ip);
    const first = this.primary && (!secondary || this.primary.ip === ip) ? [this.primary] : [];
    return [...first, ...(same ? [same] : [])];
  }

  add(address: IfaceAddress): void {
    for (const one of this.replacedBy(address)) this.remove(one);
    if (address.secondary) this.secondaries.set(address.ip, address);
    else this.primary = address;
  }

  find(ip: Ip): IfaceAddress | null {
    return this.primary?.ip === ip ? this.primary : (this.secondaries.get(ip) ?? null);
  }

  remove(address: IfaceAddress): void {
    if (this.primary === address) this.primary = null;
    else this.secondaries.delete(address.ip);
  }
}

/** Which interfaces have which networks in one table, to ask what a new network would overlap. */
export class TableNetworks<I> {
  private readonly byPrefix = new Map<number, Map<I, number>>();
  private readonly byIp = new Map<Ip, Map<I, number>>();
  // The prefixes that are there, by their first address and then their length.
  private readonly sorted: Prefix[] = [];

  count(owner: I, { ip, length }: Pick<IfaceAddress, "ip" | "length">, by: 1 | -1): void {
    const net = networkOf(ip, length);
    tally(this.byIp, ip, owner, by);
    const was = this.byPrefix.has(keyOf(net));
    tally(this.byPrefix, keyOf(net), owner, by);
    const is = this.byPrefix.has(keyOf(net));
    if (was !== is) this.sorted.splice(this.placeOf(net), is ? 0 : 1, ...(is ? [net] : []));
  }

  /** Who has the address itself. */
  ownersOf(ip: Ip): Iterable<I> {
    return this.byIp.get(ip)?.keys() ?? [];
  }

  /** Every network that shares an address with `net`, with who has it how often. */
  *overlapping(net: Prefix): Generator<{ net: Prefix; owners: ReadonlyMap<I, number> }> {
    for (let length = 0; length < net.length; length++) {
      const outer = networkOf(net.first, length);
      const owners = this.byPrefix.get(keyOf(outer));
      if (owners) yield { net: outer, owners };
    }
    const last = lastOf(net);
    for (let at = this.placeOf(net); at < this.sorted.length; at++) {
      const inner = this.sorted[at]!;
      if (inner.first > last) return;
      yield { net: inner, owners: this.byPrefix.get(keyOf(inner))! };
    }
  }

  // Where `net` stands, or would.
  private placeOf(net: Prefix): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { first, length } = this.sorted[middle]!;
      if (first < net.first || (first === net.first && length < net.length)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function tally<K, I>(counts: Map<K, Map<I, number>>, key: K, owner: I, by: 1 | -1): void {
  const owners = counts.get(key) ?? new Map<I, number>();
  const now = (owners.get(owner) ?? 0) + by;
  if (now > 0) owners.set(owner, now);
  else owners.delete(owner);
  if (owners.size > 0) counts.set(key, owners);
  else counts.delete(key);
}

function keyOf({ first, length }: Prefix): number {
  return length * 2 ** 32 + first;
}
