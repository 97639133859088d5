import { freshGateway, type IosGateway } from "../../model/ios-gateways.ts";
import type { IosIface, IosState } from "../../model/ios.ts";
import { formatIp } from "../../model/prefix.ts";
import type { GatewaySaid, GatewaySetting } from "../../parse/ios/gateway-said.ts";
import type { Statement } from "../../parse/ios/statement.ts";
import type { Span } from "../../source/span.ts";
import type { Remarks } from "./remarks.ts";

type Said<K extends GatewaySaid["kind"]> = Extract<Statement, { kind: K }>;

/** The largest group of HSRP version 1. */
const LARGEST_OLD_GROUP = 255;

/** Carries out what is said of gateways that several routers stand for. */
export class Gateways {
  private readonly state: IosState;
  private readonly remarks: Remarks;

  constructor(state: IosState, remarks: Remarks) {
    this.state = state;
    this.remarks = remarks;
  }

  carryOut(it: Said<GatewaySaid["kind"]>, iface: IosIface | null): void {
    switch (it.kind) {
      case "track-object":
        if (it.no || !it.iface) this.state.tracked.delete(it.number);
        else this.state.tracked.set(it.number, { iface: it.iface.name, because: it.span });
        return;
      case "gateway-version":
        return iface ? this.setVersion(it, iface) : undefined;
      case "gateway":
        return iface ? this.setGateway(it, iface) : undefined;
    }
  }

  private setVersion(it: Said<"gateway-version">, { services }: IosIface): void {
    const large = [...services.gateways.values()].find(
      (one) => one.protocol === "hsrp" && one.number > LARGEST_OLD_GROUP,
    );
    if (it.version === 1 && large) return this.tooLarge(large.number, it.span);
    services.hsrpVersion = it.version;
  }

  private tooLarge(group: number, span: Span): void {
    this.remarks.say("ios-standby-group", span, { group });
  }

  private setGateway(it: Said<"gateway">, iface: IosIface): void {
    const { gateways, hsrpVersion } = iface.services;
    if (it.protocol === "hsrp" && hsrpVersion === 1 && it.number > LARGEST_OLD_GROUP)
      return this.tooLarge(it.number, it.at);
    const key = `${it.protocol} ${it.number}`;
    const known = gateways.get(key);
    if (it.no && !known) return;
    const gateway = known ?? freshGateway(it.protocol, it.number, it.span);
    if (!it.no && this.refuses(it, iface)) return;
    if (it.no) takeBack(gateway, it.sets);
    else set(gateway, it.sets, it.span);
    if (isFresh(gateway)) gateways.delete(key);
    else gateways.set(key, gateway);
  }

  // Only a router of VRRP may have the address of the gateway itself.
  private refuses({ protocol, sets, at }: Said<"gateway">, iface: IosIface): boolean {
    if (protocol !== "hsrp" || sets.what !== "ip" || sets.ip === null) return false;
    if (!iface.addresses.find(sets.ip)) return false;
    this.remarks.say("ios-standby-own", at, { ip: formatIp(sets.ip), iface: iface.name });
    return true;
  }
}

function set(gateway: IosGateway, sets: GatewaySetting, because: Span): void {
  switch (sets.what) {
    case "ip": {
      const { ip, secondary } = sets;
      const others = (gateway.ips ?? []).filter((one) =>
        secondary ? one.ip !== ip : one.secondary,
      );
      gateway.ips = ip === null ? others : [...others, { ip, secondary, because }];
      gateway.because = because;
      return;
    }
    case "priority":
      gateway.priority = sets.value;
      return;
    case "preempt":
      gateway.preempts = true;
      return;
    case "authentication":
      gateway.authentication = plainText(sets.text);
      return;
    case "track":
      gateway.tracks.set(JSON.stringify(sets.watched), sets);
      return;
  }
}

function takeBack(gateway: IosGateway, sets: GatewaySetting): void {
  const { protocol, number, because } = gateway;
  const fresh = freshGateway(protocol, number, because);
  switch (sets.what) {
    case "ip": {
      const left = sets.ip === null ? [] : (gateway.ips ?? []).filter(({ ip }) => ip !== sets.ip);
      gateway.ips = left.length > 0 ? left : null;
      return;
    }
    case "priority":
      gateway.priority = fresh.priority;
      return;
    case "preempt":
      gateway.preempts = false;
      return;
    case "authentication":
      gateway.authentication = "";
      return;
    case "track":
      gateway.tracks.delete(JSON.stringify(sets.watched));
      return;
  }
}

// `authentication text X` and `authentication X` are the same, and `cisco` is what nobody says (RFC 2281 §5.1).
function plainText(said: string): string {
  const text = said.replace(/^text\s+/, "");
  return text === "cisco" ? "" : text;
}

function isFresh({
  ips,
  priority,
  preempts,
  authentication,
  tracks,
  protocol,
}: IosGateway): boolean {
  const isPlain = preempts === (protocol === "vrrp") && authentication === "";
  return ips === null && priority === 100 && isPlain && tracks.size === 0;
}
