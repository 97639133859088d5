import type { Span } from "../../source/span.ts";
import type { NetworkAsked, SubnetAsked } from "../docker/asked.ts";
import type { YamlNode } from "../yaml.ts";
import { IPAM_KEYS, NETWORK_KEYS, SUBNET_KEYS } from "./keys.ts";
import { isNothing, type ComposeReader } from "./reader.ts";

/** A network of a compose file under its own name; `asked` is `null` where it must be there already. */
export type NamedNetwork = {
  readonly name: string;
  readonly asked: NetworkAsked | null;
  readonly because: Span;
};

/** Read one entry of `networks`. */
export function networkOf(
  reader: ComposeReader,
  project: string,
  key: string,
  at: Span,
  node: YamlNode,
): NamedNetwork {
  const path = `networks.${key}`;
  const entries = isNothing(node) ? [] : reader.known(node, path, NETWORK_KEYS);
  const under = (name: string) => entries.find((entry) => entry.key === name)?.value;
  const said = (name: string) => {
    const value = under(name);
    return value ? reader.text(value, `${path}.${name}`) : null;
  };
  const holds = (name: string) => {
    const value = under(name);
    return value !== undefined && reader.boolean(value, `${path}.${name}`);
  };
  const name = said("name");
  const external = under("external");
  if (external && (external.kind === "map" || reader.boolean(external, `${path}.external`))) {
    const old =
      external.kind === "map" ? external.entries.find((entry) => entry.key === "name") : null;
    const other = old ? reader.text(old.value, `${path}.external.name`) : null;
    return { name: name ?? other ?? key, asked: null, because: at };
  }
  const options = under("driver_opts");
  const asked: NetworkAsked = {
    name: name ?? `${project}_${key}`,
    driver: said("driver") ?? "bridge",
    internal: holds("internal"),
    attachable: holds("attachable"),
    subnets: subnetsOf(reader, path, under("ipam")),
    options: options
      ? reader
          .pairs(options, `${path}.driver_opts`)
          .map(({ key: option, value, at: because }) => ({ key: option, value, because }))
      : [],
    because: at,
  };
  return { name: asked.name, asked, because: at };
}

function subnetsOf(reader: ComposeReader, path: string, ipam: YamlNode | undefined): SubnetAsked[] {
  if (!ipam) return [];
  const config = reader.known(ipam, `${path}.ipam`, IPAM_KEYS).find(({ key }) => key === "config");
  if (!config) return [];
  return reader.list(config.value, `${path}.ipam.config`).flatMap((item, at) => {
    const where = `${path}.ipam.config.${at}`;
    const entries = reader.known(item, where, SUBNET_KEYS);
    const under = (name: string) => entries.find((entry) => entry.key === name)?.value;
    const [subnet, range, gateway] = [under("subnet"), under("ip_range"), under("gateway")];
    const first = subnet ? reader.prefix(subnet, `${where}.subnet`) : null;
    // A subnet of IPv6 stands beside one of IPv4, and is left aside.
    if (subnet && first === null) return [];
    const reserved = under("aux_addresses");
    return [
      {
        subnet: first,
        range: range ? reader.prefix(range, `${where}.ip_range`) : null,
        gateway: gateway ? reader.ip(gateway, `${where}.gateway`) : null,
        reserved: reserved
          ? reader
              .map(reserved, `${where}.aux_addresses`)
              .flatMap(({ key, value }) => reader.ip(value, `${where}.aux_addresses.${key}`) ?? [])
          : [],
        because: item.at,
      },
    ];
  });
}
