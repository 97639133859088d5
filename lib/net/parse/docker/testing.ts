import { formatIp, formatPrefix } from "../../model/prefix.ts";
import type { ContainerAsked, NetworkAsked, PortAsked } from "./asked.ts";

/** A network that was asked for, in plain words. */
export function showNetwork(it: NetworkAsked): string {
  return [
    `network ${it.name}: ${it.driver}`,
    it.internal ? "internal" : "",
    it.attachable ? "attachable" : "",
    ...it.subnets.map(({ subnet, range, gateway, reserved }) =>
      [
        subnet ? formatPrefix(subnet) : "any subnet",
        range ? `from ${formatPrefix(range)}` : "",
        gateway === null ? "" : `gateway ${formatIp(gateway)}`,
        reserved.length > 0 ? `without ${reserved.map(formatIp).join(" ")}` : "",
      ]
        .filter(Boolean)
        .join(" "),
    ),
    ...it.options.map(({ key, value }) => `${key}=${value}`),
  ]
    .filter(Boolean)
    .join(", ");
}

/** A container that was asked for, in plain words. */
export function showContainer(it: ContainerAsked): string {
  return [
    `container ${it.name}`,
    it.alsoCalled.length > 0 ? `also ${it.alsoCalled.join(" ")}` : "",
    ...placeOf(it),
    ...it.ports.map(showPort),
    it.publishesAll ? "publishes all" : "",
    it.expose.length > 0
      ? `listens ${it.expose.map(({ proto, first, last }) => `${proto}/${range(first, last)}`).join(" ")}`
      : "",
    it.capabilities.size > 0 ? `may ${[...it.capabilities].join(" ")}` : "",
    it.privileged ? "may everything" : "",
    ...it.sysctls.map(({ key, value }) => `${key}=${value}`),
    it.program.length > 0 ? `runs ${it.program.map(({ text }) => text).join(" ")}` : "",
    ...it.hosts.map(({ name, ip }) => `knows ${name} ${formatIp(ip)}`),
  ]
    .filter(Boolean)
    .join(", ");
}

function placeOf({ place }: ContainerAsked): string[] {
  switch (place.kind) {
    case "host":
    case "none":
      return [`network mode ${place.kind}`];
    case "container":
      return [`in the network of ${place.name}`];
    case "networks":
      return place.networks.map((one) =>
        [
          `in ${one.network}`,
          one.ip === null ? "" : formatIp(one.ip),
          one.mac ?? "",
          one.aliases.length > 0 ? `as ${one.aliases.join(" ")}` : "",
          one.priority === 0 ? "" : `priority ${one.priority}`,
          one.gatewayPriority === 0 ? "" : `gateway priority ${one.gatewayPriority}`,
        ]
          .filter(Boolean)
          .join(" "),
      );
  }
}

function showPort({ host, published, proto, first, last }: PortAsked): string {
  const at = host === null ? "" : `${formatIp(host)}:`;
  const outside = published ? range(published.first, published.last) : "any";
  return `publishes ${at}${outside} to ${proto}/${range(first, last)}`;
}

function range(first: number, last: number): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
