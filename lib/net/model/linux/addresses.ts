import type { Span } from "../../source/span.ts";
import { networkOf, type Ip, type Prefix } from "../prefix.ts";

export type LinuxAddress = {
  readonly ip: Ip;
  readonly length: number;
  /** Another address of the same network was there before. */
  readonly secondary: boolean;
  /** Without it, no route to its network comes with the address (`noprefixroute`). */
  readonly prefixRoute: boolean;
  readonly because: Span | null;
};

/** The addresses of one link, primary ones first, as the kernel keeps them (devinet.c). */
export class LinuxAddresses {
  private readonly primaries = new Map<string, LinuxAddress>();
  private readonly secondaries = new Map<string, LinuxAddress>();
  private readonly primaryOf = new Map<string, LinuxAddress>();
  private readonly secondariesOf = new Map<string, Set<LinuxAddress>>();
  private readonly byIp = new Map<Ip, LinuxAddress[]>();

  get size(): number {
    return this.primaries.size + this.secondaries.size;
  }

  all(): LinuxAddress[] {
    return [...this.primaries.values(), ...this.secondaries.values()];
  }

  first(): LinuxAddress | undefined {
    return this.primaries.values().next().value ?? this.secondaries.values().next().value;
  }

  /** The address as it came in, or `null` when it was there already. */
  add(ip: Ip, length: number, because: Span | null, prefixRoute = true): LinuxAddress | null {
    const key = keyOf(ip, length);
    if (this.primaries.has(key) || this.secondaries.has(key)) return null;
    const net = netKey(ip, length);
    const secondary = this.primaryOf.has(net);
    const address = { ip, length, secondary, prefixRoute, because };
    this.byIp.set(ip, [...(this.byIp.get(ip) ?? []), address]);
    if (!secondary) {
      this.primaries.set(key, address);
      this.primaryOf.set(net, address);
    } else {
      this.secondaries.set(key, address);
      const others = this.secondariesOf.get(net) ?? new Set();
      this.secondariesOf.set(net, others.add(address));
    }
    return address;
  }

  /** The address that was named; without a length, the first of that number. */
  find(ip: Ip, length: number | null): LinuxAddress | undefined {
    return this.byIp.get(ip)?.find((one) => length === null || one.length === length);
  }

  /** Take an address out; a primary one takes the secondary ones of its network along. What went. */
  remove(address: LinuxAddress): LinuxAddress[] {
    const net = netKey(address.ip, address.length);
    const others = address.secondary ? [] : [...(this.secondariesOf.get(net) ?? [])];
    for (const one of [address, ...others]) this.forget(one, net);
    return [address, ...others];
  }

  private forget(address: LinuxAddress, net: string): void {
    const { ip, length, secondary } = address;
    const left = this.byIp.get(ip)!.filter((one) => one !== address);
    if (left.length > 0) this.byIp.set(ip, left);
    else this.byIp.delete(ip);
    (secondary ? this.secondaries : this.primaries).delete(keyOf(ip, length));
    if (secondary) this.secondariesOf.get(net)!.delete(address);
    else this.primaryOf.delete(net);
  }
}

/** How often each network is among some addresses, to ask whether one of them covers an address. */
export class NetworkCounts {
  private readonly counts = new Map<string, number>();

  count(prefix: Prefix, by: 1 | -1): void {
    const key = keyOf(prefix.first, prefix.length);
    const now = (this.counts.get(key) ?? 0) + by;
    if (now === 0) this.counts.delete(key);
    else this.counts.set(key, now);
  }

  covers(ip: Ip): boolean {
    for (let length = 32; length >= 0; length--)
      if (this.counts.has(netKey(ip, length))) return true;
    return false;
  }
}

function keyOf(ip: Ip, length: number): string {
  return `${ip}/${length}`;
}

function netKey(ip: Ip, length: number): string {
  return keyOf(networkOf(ip, length).first, length);
}
