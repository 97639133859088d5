import { keyOfStatic, type StaticNat } from "../../model/ios-nat.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import { contains, formatIp, networkOf } from "../../model/prefix.ts";
import type { NatSaid } from "../../parse/ios/nat-said.ts";
import type { Statement } from "../../parse/ios/statement.ts";
import type { Remarks } from "./remarks.ts";

/** No device here has more translations and pools. */
const LIMIT = 10_000;

type Said<K extends NatSaid["kind"]> = Extract<Statement, { kind: K }>;

/** Carries out what is said of address translation. */
export class Translations {
  private readonly state: IosState;
  private readonly remarks: Remarks;
  private isFull = false;
  /** The static translations of each address, inside and outside. */
  private readonly locals = new Map<string, StaticNat[]>();

  constructor(state: IosState, remarks: Remarks) {
    this.state = state;
    this.remarks = remarks;
  }

  carryOut(it: Said<NatSaid["kind"]>, iface: IosIface | null): void {
    switch (it.kind) {
      case "nat-side":
        if (iface && (!it.no || iface.services.nat?.side === it.side))
          iface.services.nat = it.no ? null : { side: it.side, because: it.span };
        return;
      case "nat-pool":
        return it.no ? this.removePool(it) : this.addPool(it);
      case "nat-static":
        return it.no ? this.removeStatic(it) : this.addStatic(it);
      case "nat-dynamic": {
        const { dynamics } = this.state.nat;
        if (it.no) dynamics.delete(it.entry.list);
        else if (this.hasRoom(it)) dynamics.set(it.entry.list, { ...it.entry, because: it.span });
        return;
      }
    }
  }

  private hasRoom(it: Statement): boolean {
    const { pools, statics, dynamics } = this.state.nat;
    if (pools.size + statics.size + dynamics.size < LIMIT) return true;
    if (this.isFull) return false;
    this.isFull = true;
    const what = "translations and pools";
    this.remarks.say("too-many", it.span, { what, limit: LIMIT });
    this.remarks.taint(null, { what: `more than ${LIMIT} ${what}`, span: it.span });
    return false;
  }

  private addPool(it: Said<"nat-pool">): void {
    const { first, last, length, name } = it.pool;
    const isOneNetwork = length !== null && contains(networkOf(first, length), last);
    if (!isOneNetwork || last < first)
      return this.remarks.say("ios-nat-pool", it.at, {
        pool: name,
        first: formatIp(first),
        last: formatIp(last),
      });
    if (this.hasRoom(it)) this.state.nat.pools.set(name, { ...it.pool, length, because: it.span });
  }

  private removePool(it: Said<"nat-pool">): void {
    const { pools, dynamics } = this.state.nat;
    const isUsed = ({ name }: { name: string }) =>
      [...dynamics.values()].some(({ by }) => "pool" in by && by.pool === name);
    if (isUsed(it.pool))
      return this.remarks.say("ios-nat-pool-used", it.span, { pool: it.pool.name });
    pools.delete(it.pool.name);
  }

  private addStatic(it: Said<"nat-static">): void {
    const { statics } = this.state.nat;
    const entry: StaticNat = { ...it.entry, because: it.span };
    const key = keyOfStatic(entry);
    if (statics.has(key)) return void statics.set(key, entry);
    const similar = this.endsOf(entry)
      .flatMap((end) => this.locals.get(end) ?? [])
      .find((one) => !one.extendable || !entry.extendable);
    if (similar)
      return this.remarks.say("ios-nat-similar", it.at, {
        local: formatIp(similar.local),
        global:
          typeof similar.global === "number" ? formatIp(similar.global) : similar.global.iface,
      });
    if (!this.hasRoom(it)) return;
    statics.set(key, entry);
    for (const end of this.endsOf(entry))
      this.locals.set(end, [...(this.locals.get(end) ?? []), entry]);
  }

  private removeStatic(it: Said<"nat-static">): void {
    const { statics } = this.state.nat;
    const gone = statics.get(keyOfStatic(it.entry));
    if (!gone) return;
    statics.delete(keyOfStatic(it.entry));
    for (const end of this.endsOf(gone))
      this.locals.set(
        end,
        (this.locals.get(end) ?? []).filter((one) => keyOfStatic(one) !== keyOfStatic(gone)),
      );
  }

  // What may be translated once only: an address, or a port of it; several locals may share a global one by ports.
  private endsOf({ local, global, ports, length }: StaticNat): string[] {
    const mine = `${length} ${local} ${ports?.proto} ${ports?.local}`;
    const theirs = `${length} ${JSON.stringify(global)} ${ports?.proto} ${ports?.global}`;
    return [`local ${mine}`, `global ${theirs}`];
  }
}
