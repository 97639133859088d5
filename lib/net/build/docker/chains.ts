import { formatIp, formatPrefix, type Ip } from "../../model/prefix.ts";
import type { BridgeNetwork } from "./network.ts";

/*
 * The rules that Docker 28 gives to iptables, as its own commands. What the chains were before is told in SPEC.md (D5).
 */

/** Chains and jumps that are there while Docker runs, before any network. */
export const FOUNDATION: readonly string[] = [
  "-t filter -P FORWARD DROP",
  "-t nat -N DOCKER",
  "-t filter -N DOCKER",
  "-t filter -N DOCKER-FORWARD",
  "-t filter -N DOCKER-BRIDGE",
  "-t filter -N DOCKER-CT",
  "-t filter -N DOCKER-INTERNAL",
  "-t filter -N DOCKER-USER",
  "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
  "-t nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER ! --dst 127.0.0.0/8",
  "-t filter -I FORWARD -j DOCKER-FORWARD",
  "-t filter -I DOCKER-FORWARD -j DOCKER-BRIDGE",
  "-t filter -I DOCKER-FORWARD -j DOCKER-INTERNAL",
  "-t filter -I DOCKER-FORWARD -j DOCKER-CT",
  "-t filter -I FORWARD -j DOCKER-USER",
];

/** The rules of one bridge network. */
export function rulesOfNetwork(network: BridgeNetwork): string[] {
  const { bridge, subnet, mode, icc } = network;
  const prefix = formatPrefix(subnet);
  if (network.internal)
    return [
      `-t filter -I DOCKER-INTERNAL -i ${bridge} ! -d ${prefix} -j DROP`,
      `-t filter -I DOCKER-INTERNAL -o ${bridge} ! -s ${prefix} -j DROP`,
      `-t filter -A DOCKER-FORWARD -i ${bridge} -o ${bridge} -j ${icc ? "ACCEPT" : "DROP"}`,
    ];
  const source = network.sourceAddress;
  const translation = source === null ? "MASQUERADE" : `SNAT --to-source ${formatIp(source)}`;
  const routed = mode === "routed";
  return [
    ...(network.masquerades && !routed
      ? [`-t nat -I POSTROUTING -s ${prefix} ! -o ${bridge} -j ${translation}`]
      : []),
    ...(icc ? [] : [`-t filter -A DOCKER-FORWARD -i ${bridge} -o ${bridge} -j DROP`]),
    ...(routed ? [`-t filter -A DOCKER -o ${bridge} -p icmp -j ACCEPT`] : []),
    `-t filter -A DOCKER-FORWARD -i ${bridge} ${icc ? "" : `! -o ${bridge} `}-j ACCEPT`,
    `-t filter -A DOCKER ! -i ${bridge} -o ${bridge} -j ${mode === "nat-unprotected" ? "ACCEPT" : "DROP"}`,
    `-t filter -A DOCKER-CT -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-t filter -A DOCKER-BRIDGE -o ${bridge} -j DOCKER`,
  ];
}

/** The rule that keeps everyone but the bridge's own from a container's address. */
export function rulesOfEndpoint(network: BridgeNetwork, ip: Ip): string[] {
  if (network.internal || network.mode !== "nat") return [];
  return [`-t raw -A PREROUTING -d ${formatIp(ip)} ! -i ${network.bridge} -j DROP`];
}

/** A port of a container that is published; `host` is `null` for every address of the system. */
export type Publication = {
  readonly proto: string;
  readonly host: Ip | null;
  readonly hostPort: number;
  readonly ip: Ip;
  readonly port: number;
};

/** The rules of one published port. */
export function rulesOfPort(
  { bridge, mode }: BridgeNetwork,
  { proto, host, hostPort, ip, port }: Publication,
): string[] {
  const target = formatIp(ip);
  const open = `-t filter -I DOCKER ! -i ${bridge} -o ${bridge} -p ${proto} -d ${target} --dport ${port} -j ACCEPT`;
  if (mode === "routed") return [open];
  const at = host === null ? "0/0" : formatIp(host);
  const isLoopback = host !== null && host >>> 24 === 127;
  return [
    ...(isLoopback
      ? [`-t raw -A PREROUTING -p ${proto} -d ${at} --dport ${hostPort} ! -i lo -j DROP`]
      : []),
    `-t nat -A DOCKER -p ${proto} -d ${at} --dport ${hostPort} -j DNAT --to-destination ${target}:${port} ! -i ${bridge}`,
    ...(mode === "nat-unprotected" ? [] : [open]),
  ];
}
