import type { Device } from "../../model/device.ts";
import type { IosPool } from "../../model/ios-dhcp.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import { formatIp, networkOf } from "../../model/prefix.ts";
import type { DhcpSaid } from "../../parse/ios/dhcp-said.ts";
import type { Statement } from "../../parse/ios/statement.ts";
import type { Remarks } from "./remarks.ts";

type Said = Extract<Statement, { kind: DhcpSaid["kind"] }>;

/** No device here has more pools and excluded ranges. */
const LIMIT = 2_000;

/** Carries out what is said of addresses that are handed out; the client's part is the interface's own. */
export class AddressPools {
  private readonly state: IosState;
  private readonly remarks: Remarks;
  private pool: IosPool | null = null;
  private isFull = false;

  constructor(state: IosState, remarks: Remarks) {
    this.state = state;
    this.remarks = remarks;
  }

  carryOut(it: Said, iface: IosIface | null): void {
    const { dhcp } = this.state;
    const { pool } = this;
    switch (it.kind) {
      case "dhcp-service":
        dhcp.on = !it.no;
        return;
      case "dhcp-pool":
        return this.open(it);
      case "dhcp-excluded": {
        const key = `${it.low} ${it.high}`;
        if (it.no) dhcp.excluded.delete(key);
        else if (this.hasRoom(it)) dhcp.excluded.set(key, [it.low, it.high]);
        return;
      }
      case "dhcp-network":
        if (!pool) return;
        if (!it.no && it.length === null)
          return this.remarks.say("ios-dhcp-mask", it.at, { ip: formatIp(it.ip) });
        pool.network = it.no ? null : networkOf(it.ip, it.length!);
        return;
      case "dhcp-host":
        if (pool) pool.host = it.no || it.length === null ? null : { ip: it.ip, length: it.length };
        return;
      case "dhcp-mac":
        if (pool) pool.mac = it.no ? null : it.mac;
        return;
      case "dhcp-router":
        if (pool) pool.router = it.no ? null : it.ip;
        return;
      case "dhcp-client":
        if (iface) iface.services.asks = it.no ? null : it.span;
        return;
    }
  }

  private open(it: Extract<Said, { kind: "dhcp-pool" }>): void {
    const { pools } = this.state.dhcp;
    this.pool = null;
    if (it.no) return void pools.delete(it.name);
    const known = pools.get(it.name);
    if (!known && !this.hasRoom(it)) return;
    this.pool = known ?? {
      name: it.name,
      network: null,
      host: null,
      mac: null,
      router: null,
      because: it.span,
    };
    pools.set(it.name, this.pool);
  }

  private hasRoom(it: Said): boolean {
    const { pools, excluded } = this.state.dhcp;
    if (pools.size + excluded.size < LIMIT) return true;
    if (this.isFull) return false;
    this.isFull = true;
    const what = "address pools and excluded ranges";
    this.remarks.say("too-many", it.span, { what, limit: LIMIT });
    this.remarks.taint(null, { what: `more than ${LIMIT} ${what}`, span: it.span });
    return false;
  }
}

/** What a device hands out; absent when nothing. */
export function handedOut({ dhcp }: IosState): Pick<Device, "handsOut"> {
  if (!dhcp.on || dhcp.pools.size === 0) return {};
  const pools = [...dhcp.pools.values()].flatMap(({ network, host, mac, router, because }) => {
    const of = host ? networkOf(host.ip, host.length) : network;
    if (!of || (host && mac === null)) return [];
    return [{ network: of, only: host && { ip: host.ip, mac: mac! }, router, because }];
  });
  return { handsOut: { pools, excluded: [...dhcp.excluded.values()] } };
}
