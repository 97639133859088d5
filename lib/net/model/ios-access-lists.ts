import type { Span } from "../source/span.ts";
import type { Ip } from "./prefix.ts";

/** What an entry says of one end of a packet's way: bits under a wildcard mask that need not be in a row. */
export type AccessEnd =
  | { readonly kind: "any" }
  | { readonly kind: "addresses"; readonly ip: Ip; readonly wildcard: Ip }
  | { readonly kind: "group"; readonly name: string };

export type PortTest = {
  readonly is: "eq" | "neq" | "gt" | "lt" | "range";
  readonly ports: readonly number[];
};

export type Service = {
  /** `null` is any protocol. */
  readonly proto: number | null;
  readonly source: PortTest | null;
  readonly destination: PortTest | null;
  readonly icmp: { readonly type: number; readonly code: number | null } | null;
  /** ACK or RST is set. */
  readonly established: boolean;
};

export type AccessEntry = {
  readonly permits: boolean;
  readonly service: Service | { readonly group: string };
  readonly source: AccessEnd;
  readonly destination: AccessEnd;
  /** What else it asks, in the words of its line, and is not simulated. */
  readonly asks: string | null;
  readonly logs: "log" | "log-input" | null;
  readonly because: Span;
};

export type AccessListType = "standard" | "extended";

/** Entries by their numbers, tried in that order. */
export class AccessList {
  readonly name: string;
  readonly type: AccessListType;
  readonly because: Span;
  private entries = new Map<number, AccessEntry>();
  private readonly known = new Map<string, number>();
  private last = 0;

  constructor(name: string, type: AccessListType, because: Span) {
    this.name = name;
    this.type = type;
    this.because = because;
  }

  get size(): number {
    return this.entries.size;
  }

  inOrder(): (readonly [sequence: number, entry: AccessEntry])[] {
    return [...this.entries].sort(([a], [b]) => a - b);
  }

  has(sequence: number): boolean {
    return this.entries.has(sequence);
  }

  /** The number that an entry gets which brings none: ten after the last. */
  get next(): number {
    return this.last + 10;
  }

  /** What is there already is not added once more, whatever its number. */
  add(sequence: number, entry: AccessEntry): void {
    const key = keyOf(entry);
    if (this.known.has(key)) return;
    this.known.set(key, sequence);
    this.entries.set(sequence, entry);
    this.last = Math.max(this.last, sequence);
  }

  /** The number of the entry that says the same, if there is one. */
  numberOf(entry: AccessEntry): number | null {
    return this.known.get(keyOf(entry)) ?? null;
  }

  /** The entry that had the number, which is gone now. */
  remove(sequence: number): AccessEntry | null {
    const entry = this.entries.get(sequence);
    if (!entry) return null;
    this.entries.delete(sequence);
    this.known.delete(keyOf(entry));
    if (sequence === this.last) {
      this.last = 0;
      for (const one of this.entries.keys()) this.last = Math.max(this.last, one);
    }
    return entry;
  }

  resequence(first: number, step: number): void {
    const known = [...this.known].sort(([, a], [, b]) => a - b);
    const entries = known.map(([, sequence]) => this.entries.get(sequence)!);
    this.entries = new Map(entries.map((entry, at) => [first + at * step, entry]));
    known.forEach(([key], at) => this.known.set(key, first + at * step));
    this.last = known.length > 0 ? first + (known.length - 1) * step : 0;
  }
}

function keyOf({ because: _, logs: __, ...said }: AccessEntry): string {
  return JSON.stringify(said);
}

/** A line of a group of addresses. */
export type NetworkMember =
  | { readonly kind: "any" }
  | { readonly kind: "range"; readonly low: Ip; readonly high: Ip }
  | { readonly kind: "group"; readonly name: string };

/** A line of a group of services: one of them, or another group. */
export type ServiceMember =
  | { readonly kind: "service"; readonly services: readonly Service[] }
  | { readonly kind: "group"; readonly name: string };

export type ObjectGroup =
  | {
      readonly kind: "network";
      readonly name: string;
      readonly members: Map<string, NetworkMember>;
      readonly because: Span;
    }
  | {
      readonly kind: "service";
      readonly name: string;
      readonly members: Map<string, ServiceMember>;
      readonly because: Span;
    };

/** Which list an interface was told to filter by. */
export type AppliedList = { readonly name: string; readonly because: Span };
