import { isIpv6 } from "../shell/arguments.ts";
import { parseIp } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import type { Exposed, PortAsked, PortProto } from "./asked.ts";

type Range = { readonly first: number; readonly last: number };

/**
 * `[HOST:][PUBLISHED:]PORT[/PROTOCOL]`, each a port or a range. Text is why Docker refuses it, in its words; `null` is a
 * port of IPv6 alone, which no packet here can ask for.
 */
export function parsePort(text: string, because: Span): PortAsked | string | null {
  const [ports = "", protocol = "tcp", ...rest] = text.split("/");
  const proto = protocol.toLowerCase();
  if (rest.length > 0 || !isProto(proto)) return `invalid proto: ${[protocol, ...rest].join("/")}`;
  const parts = partsOf(ports);
  if (!parts) return `invalid publish opts format (should be name=value but got '${text}')`;
  const { host, published, port } = parts;
  const target = portRange(port);
  if (port === "") return `no port specified: ${text}<empty>`;
  if (!target) return `invalid containerPort: ${port}`;
  const outside = published === "" ? null : portRange(published);
  if (published !== "" && !outside) return `invalid hostPort: ${published}`;
  if (outside && lengthOf(outside) !== lengthOf(target) && lengthOf(target) !== 1)
    return `invalid ranges specified for container and host Ports: ${port} and ${published}`;
  if (host !== "" && isIpv6(host.replace(/^\[|\]$/g, ""))) return null;
  const address = host === "" ? null : parseIp(host);
  if (host !== "" && address === null) return `invalid IP address: ${host}`;
  return { host: address, published: outside, proto, ...target, because };
}

/** `80`, `8000-8010`, `53/udp`: what a container listens on; text is why not. */
export function parseExposed(text: string): Exposed | string {
  const [ports = "", protocol = "tcp", ...rest] = text.split("/");
  const proto = protocol.toLowerCase();
  if (rest.length > 0 || !isProto(proto)) return `invalid proto: ${[protocol, ...rest].join("/")}`;
  const range = portRange(ports);
  return range ? { proto, ...range } : `invalid containerPort: ${ports}`;
}

export function isProto(text: string): text is PortProto {
  return text === "tcp" || text === "udp" || text === "sctp";
}

/** `8080` or `8080-8090`. */
export function portRange(text: string): Range | null {
  const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (low === undefined) return null;
  const first = Number(low);
  const last = high === undefined ? first : Number(high);
  return last < first || last > 0xffff || (first === 0 && last !== 0) ? null : { first, last };
}

function partsOf(text: string): { host: string; published: string; port: string } | null {
  const bracket = /^(\[[^\]]*\]):(?:([^:]*):)?([^:]*)$/.exec(text);
  if (bracket) return { host: bracket[1]!, published: bracket[2] ?? "", port: bracket[3]! };
  const parts = text.split(":");
  const [port = "", published = ""] = parts.toReversed();
  const host = parts.slice(0, -2).join(":");
  return parts.length > 3 && !isIpv6(host) ? null : { host, published, port };
}

function lengthOf({ first, last }: Range): number {
  return last - first + 1;
}
