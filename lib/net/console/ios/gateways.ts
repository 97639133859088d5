import { freshGateway, type IosGateway } from "../../model/ios-gateways.ts";
import type { IfaceServices } from "../../model/ios-services.ts";
import { formatIp } from "../../model/prefix.ts";

/** The gateways of an interface as a running configuration has them. */
export function gatewayLines({ gateways, hsrpVersion }: IfaceServices): string[] {
  const version = hsrpVersion === 2 ? ["standby version 2"] : [];
  return [...version, ...[...gateways.values()].flatMap(linesOf)];
}

function linesOf(gateway: IosGateway): string[] {
  const { protocol, number, ips, priority, preempts, authentication, tracks, because } = gateway;
  const begin = `${protocol === "hsrp" ? "standby" : "vrrp"} ${number}`;
  const fresh = freshGateway(protocol, number, because);
  const addresses = (ips ?? []).toSorted((a, b) => Number(a.secondary) - Number(b.secondary));
  return [
    ...(ips?.length === 0 ? [`${begin} ip`] : []),
    ...addresses.map(
      (one) => `${begin} ip ${formatIp(one.ip)}${one.secondary ? " secondary" : ""}`,
    ),
    ...(priority === fresh.priority ? [] : [`${begin} priority ${priority}`]),
    ...(preempts === fresh.preempts ? [] : [`${preempts ? "" : "no "}${begin} preempt`]),
    ...(authentication === "" ? [] : [`${begin} authentication ${authentication}`]),
    ...[...tracks.values()].map(({ watched, by }) => {
      if ("iface" in watched) return `${begin} track ${watched.iface} ${by}`;
      return `${begin} track ${watched.object} ${by === null ? "shutdown" : `decrement ${by}`}`;
    }),
  ];
}
