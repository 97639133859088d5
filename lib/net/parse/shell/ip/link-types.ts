import { parseIp, type Ip } from "../../../model/prefix.ts";
import { integerIn, Refused, type Arguments } from "../arguments.ts";
import type { ShellWord } from "../placed.ts";
import { beginning } from "../program.ts";
import type {
  BridgePortChange,
  BridgeSettings,
  LinkType,
  MacvlanMode,
  VxlanType,
} from "./command.ts";
import { freshWords, readLinkWords, type LinkWords } from "./link-words.ts";
import {
  address,
  begins,
  garbage,
  numberIn,
  onOff,
  tableNumber,
  twice,
  U32,
  unsimulated,
  wrong,
} from "./words.ts";

// Kinds that a kernel may know, and that are not simulated.
const UNSIMULATED = new Set(
  "gre gretap ipip sit ip6gre ip6gretap ip6tnl ip6erspan erspan vti vti6 geneve ifb macsec team hsr nlmon vcan vxcan can bareudp gtp lowpan ipoib rmnet xfrm wireguard netdevsim amt batadv netkit virt_wifi wwan veth_pair".split(
    " ",
  ),
);

/** What follows `type` in `ip link add`. */
export function readType(type: ShellWord, it: Arguments, asked: LinkWords): LinkType {
  switch (type.text) {
    case "dummy":
    case "ifb":
      if (!it.done) it.refuse("RTNETLINK answers: Operation not supported", it.next());
      return { kind: type.text };
    case "bridge":
      return { kind: "bridge", settings: readBridge(it) };
    case "veth":
      return readVeth(it);
    case "vlan":
      return readVlan(it);
    case "vxlan":
      return readVxlan(it);
    case "macvlan":
    case "macvtap":
      return { kind: type.text, mode: readMacvlan(it, type.text) };
    case "ipvlan":
    case "ipvtap":
      return { kind: type.text, mode: readIpvlan(it, type.text) };
    case "vrf":
      return readVrf(it);
    case "bond":
      return readBond(it);
    case "tun":
    case "tap":
      throw new Refused("Error: tun/tap creation via rtnetlink is not supported.", type);
  }
  if (UNSIMULATED.has(type.text)) return unsimulated(`ip link add … type ${type.text}`, asked.name);
  throw new Refused("Error: Unknown device type.", type);
}

function unknownOption(kind: string, what: "command" | "option", word: ShellWord): never {
  throw new Refused(`${kind}: unknown ${what} "${word.text}"?`, word);
}

function readVeth(it: Arguments): LinkType {
  const peer = freshWords();
  if (!it.done) {
    const word = it.next();
    if (word.text !== "peer")
      it.refuse("Usage: ip link <options> type veth [peer <options>]", word);
    readLinkWords(it, peer, true);
    if (peer.type) twice("type", peer.type);
  }
  const { name, namespace, changes } = peer;
  if (peer.beyond !== null) return unsimulated(`ip link add … peer … ${peer.beyond}`);
  return { kind: "veth", peer: { name, namespace, changes } };
}

const VLAN_SWITCHES = ["reorder_hdr", "gvrp", "mvrp", "loose_binding", "bridge_binding"];

function readVlan(it: Arguments): LinkType {
  let id: number | null = null;
  let protocol: "802.1q" | "802.1ad" = "802.1q";
  while (!it.done) {
    const word = it.next();
    if (begins(word, "protocol")) protocol = vlanProtocol(it.next());
    else if (begins(word, "id")) id = vlanId(it.next());
    else if (beginning(word.text, VLAN_SWITCHES))
      onOff(beginning(word.text, VLAN_SWITCHES)!, it.next());
    else if (begins(word, "ingress-qos-map", "egress-qos-map")) {
      if (it.done || !/^\d+:\d+$/.test(it.next().text)) wrong(it.last(), "invalid qos-map");
      while (/^\d+:\d+$/.test(it.peek()?.text ?? "")) it.next();
    } else unknownOption("vlan", "command", word);
  }
  if (id === null) return it.refuse("Error: 8021q: VLAN properties not specified.");
  return { kind: "vlan", id, protocol };
}

function vlanProtocol(word: ShellWord): "802.1q" | "802.1ad" {
  const name = word.text.toLowerCase();
  if (name === "802.1q" || name === "802.1ad") return name;
  const number = integerIn(word.text, 0, 0xffff);
  if (number === 0x8100 || number === 0x88a8) return number === 0x8100 ? "802.1q" : "802.1ad";
  return wrong(word, "protocol is invalid");
}

function vlanId(word: ShellWord): number {
  const id = integerIn(word.text, 0, 0xffff) ?? wrong(word, "id is invalid");
  if (id > 4094) throw new Refused("Error: 8021q: Invalid VLAN id.", word);
  return id;
}

function readVrf(it: Arguments): LinkType {
  let table: number | null = null;
  while (!it.done) {
    const word = it.next();
    if (!begins(word, "table")) unknownOption("vrf", "option", word);
    table = tableNumber(it.next(), "invalid table ID");
  }
  if (table === null) return it.refuse("Error: VRF table id is missing.");
  return { kind: "vrf", table };
}

const MACVLAN_MODES = ["private", "vepa", "bridge", "passthru", "source"] as const;

function readMacvlan(it: Arguments, kind: string): MacvlanMode {
  let mode: MacvlanMode = "vepa";
  while (!it.done) {
    const word = it.next();
    if (begins(word, "mode")) {
      const value = it.next();
      mode =
        MACVLAN_MODES.find((one) => one === value.text) ??
        it.refuse(
          `Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "${value.text}"`,
          value,
        );
      if (mode === "passthru" && it.peek()?.text === "nopromisc") it.next();
    } else if (begins(word, "flag") || begins(word, "bcqueuelen")) it.next();
    else if (begins(word, "macaddr")) return unsimulated(`ip link add … ${kind} macaddr`);
    else unknownOption(kind, "option", word);
  }
  return mode;
}

function readIpvlan(it: Arguments, kind: string): "l2" | "l3" | "l3s" {
  let mode: "l2" | "l3" | "l3s" = "l3";
  while (!it.done) {
    const word = it.next();
    if (begins(word, "mode")) {
      const value = it.next();
      if (value.text !== "l2" && value.text !== "l3" && value.text !== "l3s")
        return it.refuse('Error: argument of "mode" must be either "l2", "l3" or "l3s"', value);
      mode = value.text;
    } else if (begins(word, "private", "vepa"))
      return unsimulated(`ip link add … ${kind} ${word.text}`);
    else if (!begins(word, "bridge")) unknownOption(kind, "option", word);
  }
  return mode;
}

const BOND_MODES = [
  "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
]; // prettier-ignore
const BOND_OPTIONS =
  "active_slave miimon updelay downdelay peer_notify_delay use_carrier arp_interval arp_validate arp_all_targets arp_ip_target ns_ip6_target primary primary_reselect fail_over_mac xmit_hash_policy resend_igmp num_grat_arp num_unsol_na all_slaves_active min_links lp_interval packets_per_slave tlb_dynamic_lb lacp_rate lacp_active ad_select ad_user_port_key ad_actor_sys_prio ad_actor_system arp_missed_max".split(
    " ",
  );

function readBond(it: Arguments): LinkType {
  let mode = "balance-rr";
  while (!it.done) {
    const word = it.next();
    if (begins(word, "mode")) {
      const value = it.next();
      mode =
        BOND_MODES[integerIn(value.text, 0, 6) ?? BOND_MODES.indexOf(value.text)] ??
        wrong(value, "invalid mode");
    } else if (word.text === "clear_active_slave") continue;
    else if (beginning(word.text, BOND_OPTIONS)) it.next();
    else unknownOption("bond", "command", word);
  }
  return { kind: "bond", mode };
}

// ---- vxlan

const SWITCHES = new Set(
  "proxy rsc l2miss l3miss udpcsum udp6zerocsumtx udp6zerocsumrx remcsumtx remcsumrx".split(" "),
);

function readVxlan(it: Arguments): VxlanType {
  const said = new Set<string>();
  const made: { -readonly [K in keyof VxlanType]: VxlanType[K] } = {
    kind: "vxlan",
    id: -1,
    port: 8472,
    remote: null,
    group: null,
    local: null,
    dev: null,
    learning: true,
    ttl: null,
  };
  let beyond: string | null = null;
  while (!it.done) {
    const word = it.next();
    if (begins(word, "id", "vni")) once(said, "id", it, (value) => (made.id = vni(value)));
    else if (begins(word, "group"))
      once(said, "group", it, (value) => (made.group = groupAddress(value, true)));
    else if (begins(word, "remote"))
      once(said, "remote", it, (value) => (made.remote = groupAddress(value, false)));
    else if (begins(word, "local")) once(said, "local", it, (value) => (made.local = local(value)));
    else if (begins(word, "dev")) once(said, "dev", it, (value) => (made.dev = value.text));
    else if (begins(word, "ttl", "hoplimit")) made.ttl = ttl(it.next());
    else if (begins(word, "dstport")) made.port = port(it.next()) || 8472;
    else if (word.text === "learning" || word.text === "nolearning")
      made.learning = word.text === "learning";
    else if (begins(word, "srcport", "port")) readRange(it);
    else if (begins(word, "tos", "dsfield", "df", "flowlabel", "ageing", "maxaddress")) it.next();
    else if (SWITCHES.has(word.text.replace(/^no/, ""))) beyond ??= minor(word);
    else if (["external", "gbp", "gpe", "vnifilter"].includes(word.text)) beyond ??= word.text;
    else if (word.text !== "noexternal" && word.text !== "novnifilter")
      unknownOption("vxlan", "command", word);
  }
  if (beyond === "external" && made.id !== -1)
    it.refuse("vxlan: both 'external' and vni cannot be specified");
  if (made.group !== null && made.dev === null)
    it.refuse("vxlan: 'group' requires 'dev' to be specified");
  if (made.id === -1 && beyond !== "external")
    it.refuse("Error: Required attributes not provided to perform the operation.");
  if (beyond !== null) return unsimulated(`ip link add … vxlan ${beyond}`);
  return made;
}

// The ports that it sends from: any may be.
function readRange(it: Arguments): void {
  numberIn(it.next(), 65_535, "min port");
  numberIn(it.next(), 65_535, "max port");
}

// `proxy`, `l2miss` and the like change who answers ARP; checksums do not matter here.
function minor(word: ShellWord): string | null {
  const matters = ["proxy", "rsc", "l2miss", "l3miss"].includes(word.text);
  return matters ? word.text : null;
}

function once(
  said: Set<string>,
  key: string,
  it: Arguments,
  read: (value: ShellWord) => void,
): void {
  const value = it.next();
  if (said.has(key)) garbage(key, value);
  said.add(key);
  read(value);
}

function vni(word: ShellWord): number {
  return integerIn(word.text, 0, 0xffffff) ?? wrong(word, "invalid id");
}

function port(word: ShellWord): number {
  return integerIn(word.text, 0, 0xffff) ?? wrong(word, "dst port");
}

function ttl(word: ShellWord): number | null {
  if (word.text === "inherit" || word.text === "auto") return null;
  const value = integerIn(word.text, 0, U32) ?? wrong(word, "invalid TTL");
  return value > 255 ? wrong(word, "TTL must be <= 255") : value;
}

function groupAddress(word: ShellWord, group: boolean): Ip {
  const key = group ? "group" : "remote";
  if (word.text === "any") return wrong(word, `invalid ${key} address`);
  const ip = address(word);
  const isGroup = ip >>> 28 === 14;
  return isGroup === group ? ip : wrong(word, `invalid ${key} address`);
}

function local(word: ShellWord): Ip | null {
  if (word.text === "any") return null;
  const ip = address(word);
  return ip >>> 28 === 14 || parseIp(word.text) === null
    ? wrong(word, "invalid local address")
    : ip;
}

// ---- bridge

// In iproute2's order, which decides what a beginning means. Most change how multicast is flooded or which timers
// run; packets here do not depend on those.
const BRIDGE_OPTIONS = [
  "forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "priority", "vlan_filtering", "vlan_protocol",
  "group_fwd_mask", "group_address", "no_linklocal_learn", "fdb_flush", "vlan_default_pvid", "vlan_stats_enabled",
  "vlan_stats_per_port", "mcast_router", "mcast_snooping", "mcast_vlan_snooping", "mcast_query_use_ifaddr",
  "mcast_querier", "mcast_hash_elasticity", "mcast_hash_max", "mcast_last_member_count",
  "mcast_startup_query_count", "mcast_last_member_interval", "mcast_membership_interval", "mcast_querier_interval",
  "mcast_query_interval", "mcast_query_response_interval", "mcast_startup_query_interval", "mcast_stats_enabled",
  "mcast_igmp_version", "mcast_mld_version", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables",
] as const; // prettier-ignore

/** The options after `type bridge`. */
export function readBridge(it: Arguments): BridgeSettings {
  const made: { -readonly [K in keyof BridgeSettings]: BridgeSettings[K] } = {};
  while (!it.done) {
    const word = it.next();
    const option = beginning(word.text, BRIDGE_OPTIONS);
    switch (option) {
      case null:
        return unknownOption("bridge", "command", word);
      case "fdb_flush":
        break;
      case "vlan_filtering":
        made.vlanAware = flag(it.next(), option);
        break;
      case "stp_state":
        made.stp = numberIn(it.next(), U32, "invalid stp_state") !== 0;
        break;
      case "vlan_default_pvid":
        made.defaultPvid = defaultPvid(it.next());
        break;
      case "ageing_time":
        made.ageing = numberIn(it.next(), U32, "invalid ageing_time");
        break;
      case "priority":
        made.priority = numberIn(it.next(), 65_535, "invalid priority");
        break;
      case "nf_call_iptables":
        made.filtersBridged = numberIn(it.next(), 255, "invalid nf_call_iptables") !== 0;
        break;
      case "group_address":
        return unsimulated("ip link … bridge group_address");
      case "vlan_protocol":
        if (vlanProtocol(it.next()) !== "802.1q")
          return unsimulated("ip link … bridge vlan_protocol");
        break;
      case "nf_call_arptables":
        if (numberIn(it.next(), 255, `invalid ${option}`) !== 0)
          return unsimulated("ip link … bridge nf_call_arptables");
        break;
      default:
        numberIn(it.next(), 2 ** 47, `invalid ${option}`);
    }
  }
  return made;
}

function flag(word: ShellWord, key: string): boolean {
  const value = numberIn(word, 255, `invalid ${key}`);
  if (value > 1) throw new Refused("RTNETLINK answers: Invalid argument", word);
  return value === 1;
}

function defaultPvid(word: ShellWord): number {
  const pvid = numberIn(word, 65_535, "invalid vlan_default_pvid");
  if (pvid > 4094) throw new Refused("RTNETLINK answers: Invalid argument", word);
  return pvid;
}

const PORT_SWITCHES: Readonly<Record<string, keyof BridgePortChange>> = {
  hairpin: "hairpin",
  isolated: "isolated",
  learning: "learning",
  flood: "flood",
  bcast_flood: "broadcastFlood",
  mcast_flood: "multicastFlood",
  locked: "locked",
  guard: "guard",
  root_block: "rootBlock",
  neigh_suppress: "neighborSuppression",
};
const PORT_MINOR = new Set(
  "fastleave mcast_router mcast_fast_leave mcast_to_unicast proxy_arp proxy_arp_wifi vlan_tunnel group_fwd_mask backup_port mab".split(
    " ",
  ),
);

/** The options after `type bridge_slave`. */
export function readBridgePort(it: Arguments): BridgePortChange {
  const made: Record<string, boolean | number> = {};
  while (!it.done) {
    const word = it.next();
    const key = Object.hasOwn(PORT_SWITCHES, word.text) ? PORT_SWITCHES[word.text]! : null;
    if (key) made[key] = onOff(word.text, it.next());
    else if (word.text === "state") made["state"] = numberIn(it.next(), 4, "state is invalid");
    else if (word.text === "cost") made["cost"] = numberIn(it.next(), U32, "cost is invalid");
    else if (word.text === "priority")
      made["priority"] = numberIn(it.next(), 65_535, "priority is invalid");
    else if (["vlan_tunnel", "backup_port", "proxy_arp"].includes(word.text))
      return unsimulated(`ip link … bridge_slave ${word.text}`);
    else if (PORT_MINOR.has(word.text)) it.next();
    else if (word.text !== "fdb_flush" && word.text !== "nobackup_port")
      unknownOption("bridge_slave", "option", word);
  }
  return made as BridgePortChange;
}
