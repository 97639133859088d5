import { formatIp, formatPrefix, networkOf } from "../../model/prefix.ts";
import type { NetworkDefinition } from "../../parse/libvirt/network.ts";
import { parseIptables } from "../../parse/shell/iptables/parse.ts";
import type { Span } from "../../source/span.ts";
import type { Session } from "../shell/build.ts";
import { runIptables } from "../shell/filters.ts";

/** A rule of libvirt's: its table and chain, and the rest as `iptables` takes it. */
type Line = { readonly table: string; readonly chain: string; readonly rule: string; readonly because: Span }; // prettier-ignore

const CHAINS = [
  ["filter", "INPUT", "LIBVIRT_INP"],
  ["filter", "OUTPUT", "LIBVIRT_OUT"],
  ["filter", "FORWARD", "LIBVIRT_FWO"],
  ["filter", "FORWARD", "LIBVIRT_FWI"],
  ["filter", "FORWARD", "LIBVIRT_FWX"],
  ["nat", "POSTROUTING", "LIBVIRT_PRT"],
  ["mangle", "POSTROUTING", "LIBVIRT_PRT"],
] as const;

/** Make libvirt's chains, which the built-in ones jump to first of all (V5). They stay when all networks are gone. */
export function makeChains(session: Session, because: Span): void {
  for (const [table, parent, chain] of CHAINS) {
    iptables(session, `-t ${table} -N ${chain}`, because);
    iptables(session, `-t ${table} -I ${parent} -j ${chain}`, because);
  }
}

/** Put the rules of a network that starts before those of the networks that run already (V5, V6). */
export function addRules(session: Session, network: NetworkDefinition, bridge: string): void {
  for (const group of rulesOf(network, bridge))
    for (const { table, chain, rule, because } of group.toReversed())
      iptables(session, `-t ${table} -I ${chain} ${rule}`, because);
}

/** Take them away again, as far as they are still there. */
export function removeRules(session: Session, network: NetworkDefinition, bridge: string): void {
  for (const { table, chain, rule, because } of rulesOf(network, bridge).flat())
    iptables(session, `-t ${table} -D ${chain} ${rule}`, because);
}

// libvirt calls iptables, too; what that refuses (a rule that a script has flushed) it reads over.
function iptables(session: Session, line: string, span: Span): void {
  const words = ["iptables", ...line.split(" ")].map((text) => ({ text, span }));
  // What it asks of the session beside, the session answers.
  const quiet: Session = Object.assign(Object.create(session) as Session, { refuse: () => false });
  const where = { namespace: session.linux.root, vrf: null };
  runIptables(
    quiet,
    where,
    span,
    parseIptables(words, null, () => null),
  );
}

// Groups of rules in the order in which libvirt adds them; each comes before those that were added earlier.
function rulesOf(network: NetworkDefinition, bridge: string): Line[][] {
  const { forward } = network;
  if (forward.mode === "open") return [];
  const perAddress = forward.mode === "nat" || forward.mode === "route";
  return [general(network, bridge), ...(perAddress ? addressRules(network, bridge) : [])];
}

// The host's own servers, guests among each other, and nothing else.
function general({ forward: { span }, addresses }: NetworkDefinition, bridge: string): Line[] {
  const server = (chain: string, way: string, port: number) =>
    ["udp", "tcp"].map((proto) =>
      line("filter", chain, `${way} ${bridge} -p ${proto} -m ${proto} --dport ${port} -j ACCEPT`),
    );
  const line = (table: string, chain: string, rule: string) => ({ table, chain, rule, because: span }); // prettier-ignore
  const refuse = "-j REJECT --reject-with icmp-port-unreachable";
  return [
    ...server("LIBVIRT_INP", "-i", 53),
    ...server("LIBVIRT_INP", "-i", 67),
    ...server("LIBVIRT_OUT", "-o", 53),
    ...server("LIBVIRT_OUT", "-o", 68),
    line("filter", "LIBVIRT_FWX", `-i ${bridge} -o ${bridge} -j ACCEPT`),
    line("filter", "LIBVIRT_FWO", `-i ${bridge} ${refuse}`),
    line("filter", "LIBVIRT_FWI", `-o ${bridge} ${refuse}`),
    ...(addresses.some(({ leases }) => leases)
      ? [line("mangle", "LIBVIRT_PRT", `-o ${bridge} -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill`)] // prettier-ignore
      : []),
  ];
}

function addressRules(network: NetworkDefinition, bridge: string): Line[][] {
  const { forward } = network;
  const [dev] = forward.devs;
  const [into, out] = dev === undefined ? ["", ""] : [`-i ${dev} `, `-o ${dev} `];
  const answers = forward.mode === "nat" ? "-m conntrack --ctstate RELATED,ESTABLISHED " : "";
  return network.addresses.flatMap(({ ip, length, span: because }): Line[][] => {
    if (length === null) return [];
    const net = formatPrefix(networkOf(ip, length));
    const line = (table: string, chain: string, rule: string) => ({ table, chain, rule, because });
    return [
      [
        line("filter", "LIBVIRT_FWO", `-s ${net} -i ${bridge} ${out}-j ACCEPT`),
        line("filter", "LIBVIRT_FWI", `-d ${net} ${into}-o ${bridge} ${answers}-j ACCEPT`),
        ...(forward.mode === "nat" ? translations(network, net, out) : []).map((rule) =>
          line("nat", "LIBVIRT_PRT", rule),
        ),
      ],
    ];
  });
}

function translations(
  { forward: { addresses, ports } }: NetworkDefinition,
  net: string,
  out: string,
): string[] {
  const [low, high] = ports ?? [1024, 65_535];
  const source = addresses && [...new Set(addresses.map(formatIp))].join("-");
  const whole = source === null ? "MASQUERADE" : `SNAT --to-source ${source}`;
  const limited =
    source === null ? `${whole} --to-ports ${low}-${high}` : `${whole}:${low}-${high}`;
  return [
    `-s ${net} -d 224.0.0.0/24 ${out}-j RETURN`,
    `-s ${net} -d 255.255.255.255/32 ${out}-j RETURN`,
    `-s ${net} ! -d ${net} ${out}-p tcp -j ${limited}`,
    `-s ${net} ! -d ${net} ${out}-p udp -j ${limited}`,
    `-s ${net} ! -d ${net} ${out}-j ${whole}`,
  ];
}
