import type { DynamicNat, IosNat, NatPool, StaticNat } from "../../model/ios-nat.ts";
import { formatIp, maskOf } from "../../model/prefix.ts";

/** Translations as a running configuration has them. */
export function natLines({ pools, statics, dynamics }: IosNat): string[] {
  return [
    ...[...pools.values()].map((pool) => `ip nat pool ${formatPool(pool)}`),
    ...[...dynamics.values()].map((one) => `ip nat inside source ${formatDynamic(one)}`),
    ...[...statics.values()].map((one) => `ip nat inside source ${formatStatic(one)}`),
  ];
}

function formatPool({ name, first, last, length }: NatPool): string {
  return `${name} ${formatIp(first)} ${formatIp(last)} netmask ${formatIp(maskOf(length))}`;
}

export function formatDynamic({ list, by, overload }: Omit<DynamicNat, "because">): string {
  const from = "pool" in by ? `pool ${by.pool}` : `interface ${by.iface}`;
  return `list ${list} ${from}${overload ? " overload" : ""}`;
}

export function formatStatic(it: Omit<StaticNat, "because">): string {
  const { local, ports, length } = it;
  const global =
    typeof it.global === "number" ? formatIp(it.global) : `interface ${it.global.iface}`;
  return [
    "static",
    ports ? ports.proto : length === null ? "" : "network",
    formatIp(local),
    ports ? String(ports.local) : "",
    global,
    ports ? String(ports.global) : length === null ? "" : `/${length}`,
    it.extendable ? "extendable" : "",
  ]
    .filter(Boolean)
    .join(" ");
}
