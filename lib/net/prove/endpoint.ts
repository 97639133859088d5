import type { Device, Iface } from "../model/device.ts";
import type { Network } from "../model/network.ts";
import type { EndpointName } from "../model/objective.ts";
import { isLoopback, type Ip } from "../model/prefix.ts";

/** A named place in a network that is there: a device, one of its tables, or one of its ports. */
export type Endpoint =
  | { readonly kind: "device"; readonly name: EndpointName; readonly device: Device }
  | {
      readonly kind: "table";
      readonly name: EndpointName;
      readonly device: Device;
      readonly table: string;
    }
  | {
      readonly kind: "port";
      readonly name: EndpointName;
      readonly device: Device;
      readonly iface: string;
    };

/** An endpoint's name that leads nowhere, and what is missing there. */
export type Missing = {
  readonly kind: "missing";
  readonly name: EndpointName;
  readonly what: string;
};

/** The endpoints that `name` means. `*` stands for any name of a device. Empty only for a pattern that fits none. */
export function endpointsNamed(network: Network, name: EndpointName): (Endpoint | Missing)[] {
  const [, place = name, sign, rest = ""] = /^([^@:]+)([@:])(.*)$/.exec(name) ?? [];
  // A path may begin at any step of where a thing runs; `*` stands for one step.
  const pattern = new RegExp(`(^|/)${place.split("*").map(escape).join("[^/]*")}$`);
  const devices = [...network.devices.values()].filter(
    (device) => pattern.test(device.name) || device.alsoCalled?.some((one) => pattern.test(one)),
  );
  if (devices.length === 0) return [{ kind: "missing", name, what: whatIsMissing(network, place) }];
  return devices.map((device): Endpoint | Missing => {
    const full = sign ? `${device.name}${sign}${rest}` : device.name;
    if (!sign) return { kind: "device", name: full, device };
    if (sign === "@") {
      if (device.tables.some((table) => table.name === rest))
        return { kind: "table", name: full, device, table: rest };
      return { kind: "missing", name: full, what: `${device.name} has no VRF ${rest}` };
    }
    const iface = device.ifaces.find((one) => one.name === rest || one.short === rest);
    if (iface) return { kind: "port", name: full, device, iface: iface.name };
    return { kind: "missing", name: full, what: `${device.name} has no port ${rest}` };
  });
}

/** The routing table that an endpoint's own packets are looked up in. */
export function tableOf(endpoint: Endpoint): string | null {
  if (endpoint.kind === "table") return endpoint.table;
  if (endpoint.kind === "port")
    return endpoint.device.ifaces.find((one) => one.name === endpoint.iface)!.table;
  return null;
}

/** The addresses that an endpoint answers at, its ports' first. */
export function addressesOf(endpoint: Endpoint): Ip[] {
  const { device } = endpoint;
  const ifaces =
    endpoint.kind === "port"
      ? device.ifaces.filter((iface) => iface.name === endpoint.iface)
      : endpoint.kind === "table"
        ? ifacesOf(device, endpoint.table)
        : device.ifaces.toSorted((a, b) => Number(b.isPort) - Number(a.isPort));
  const own = ifaces.flatMap((iface) => iface.addresses.map(({ ip }) => ip));
  return [...own.filter((ip) => !isLoopback(ip)), ...device.owns.map((prefix) => prefix.first)];
}

/** The interfaces bound to one table of a device. */
export function ifacesOf(device: Device, table: string | null): Iface[] {
  return device.ifaces.filter((iface) => iface.table === table);
}

/** Whether `at` is the endpoint: the same address may stand in two tables of one device, and only the one meant will do. */
export function isAt(target: Endpoint, at: { device: string; table: string | null }): boolean {
  return (
    at.device === target.device.name && (target.kind === "device" || at.table === tableOf(target))
  );
}

function whatIsMissing({ devices }: Network, place: string): string {
  const steps = place.split("/");
  const idle = [...devices.values()]
    .flatMap((device) => device.idle ?? [])
    .find((one) => steps.includes(one));
  return idle === undefined ? `there is no ${place}` : `the VM ${idle} is not running`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
