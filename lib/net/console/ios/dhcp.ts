import type { IosDhcp } from "../../model/ios-dhcp.ts";
import { formatIp, maskOf } from "../../model/prefix.ts";

/** What is handed out, as a running configuration has it. */
export function dhcpLines({ pools, excluded }: IosDhcp): string[] {
  return [
    ...[...excluded.values()].map(([low, high]) =>
      ["ip dhcp excluded-address", formatIp(low), ...(low === high ? [] : [formatIp(high)])].join(
        " ",
      ),
    ),
    ...[...pools.values()].flatMap(({ name, network, host, mac, router }) => [
      `ip dhcp pool ${name}`,
      ...(network
        ? [` network ${formatIp(network.first)} ${formatIp(maskOf(network.length))}`]
        : []),
      ...(host ? [` host ${formatIp(host.ip)} ${formatIp(maskOf(host.length))}`] : []),
      ...(mac === null ? [] : [` hardware-address ${dotted(mac)}`]),
      ...(router === null ? [] : [` default-router ${formatIp(router)}`]),
    ]),
  ];
}

function dotted(mac: string): string {
  return (mac.replaceAll(":", "").match(/.{4}/g) ?? []).join(".");
}
