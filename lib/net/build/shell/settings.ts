// The kernel's settings under /proc/sys/net/ipv4, as Linux 6 has them (ip-sysctl.rst).

const OF_LINKS = new Set(
  `accept_local accept_redirects accept_source_route arp_accept arp_announce arp_evict_nocarrier arp_filter arp_ignore
  arp_notify bc_forwarding bootp_relay disable_policy disable_xfrm drop_gratuitous_arp drop_unicast_in_l2_multicast
  force_igmp_version forwarding igmpv2_unsolicited_report_interval igmpv3_unsolicited_report_interval
  ignore_routes_with_linkdown log_martians mc_forwarding medium_id promote_secondaries proxy_arp proxy_arp_pvlan
  route_localnet rp_filter secure_redirects send_redirects shared_media src_valid_mark tag`.split(
    /\s+/,
  ),
);

const OF_ALL = new Set(
  `fib_multipath_hash_fields fib_multipath_hash_policy fib_multipath_use_neigh fib_notify_on_flag_change fib_sync_mem
  fwmark_reflect icmp_echo_enable_probe icmp_echo_ignore_all icmp_echo_ignore_broadcasts icmp_errors_use_inbound_ifaddr
  icmp_ignore_bogus_error_responses icmp_msgs_burst icmp_msgs_per_sec icmp_ratelimit icmp_ratemask ip_default_ttl
  ip_dynaddr ip_early_demux ip_forward ip_forward_update_priority ip_forward_use_pmtu ip_local_port_range
  ip_local_reserved_ports ip_no_pmtu_disc ip_nonlocal_bind ip_unprivileged_port_start nexthop_compat_mode
  ping_group_range raw_l3mdev_accept xfrm4_gc_thresh`.split(/\s+/),
);

// They tune, log, or concern redirects, which only spare a hop.
const WITHOUT_EFFECT =
  /^(tcp_(?!l3mdev)\w+|udp_(?!l3mdev)\w+|ipfrag_\w+|igmp\w*|inet_peer_\w+|neigh\.\S+|route\.\S+|icmp_(msgs_\w+|ratelimit|ratemask|ignore_bogus_error_responses)|ip_(early_demux|local_\w+|no_pmtu_disc|unprivileged_port_start|dynaddr)|fib_multipath_\w+|fib_notify\w+|fib_sync_mem|ping_group_range)$/;
const WITHOUT_EFFECT_ON_LINKS =
  /^(log_martians|accept_redirects|secure_redirects|send_redirects|shared_media|arp_notify|accept_source_route|igmp\w+|force_igmp_version|bootp_relay|tag|mc_forwarding)$/;

const OFF_AT_FIRST = new Set(
  "accept_local arp_accept arp_announce arp_filter proxy_arp_pvlan route_localnet src_valid_mark bc_forwarding".split(
    " ",
  ),
);

export type Setting =
  | { readonly kind: "forwarding" }
  /** Of one link, or of `all`. */
  | {
      readonly kind: "rp_filter" | "proxy_arp" | "arp_ignore" | "ignore_routes_with_linkdown";
      readonly link: string;
    }
  /** Whether one link passes packets on: as all do, or else not simulated. */
  | { readonly kind: "link-forwarding"; readonly link: string }
  /** 0, as it is from the beginning, changes nothing; the rest is not simulated. */
  | { readonly kind: "off-only"; readonly link: string | null }
  | { readonly kind: "heard-in-vrfs"; readonly proto: "tcp" | "udp" }
  /** How many labels there is room for, and whether a link takes packets with labels. */
  | { readonly kind: "label-room" }
  | { readonly kind: "takes-labels"; readonly link: string }
  /** bridge-nf-call-iptables. */
  | { readonly kind: "filters-bridged" }
  | { readonly kind: "inert" }
  | { readonly kind: "unsimulated"; readonly link: string | null }
  | { readonly kind: "missing" };

/** What the setting `name` (`net.ipv4.ip_forward`) is on a system with these links. */
export function settingNamed(name: string, links: ReadonlyMap<string, unknown>): Setting {
  const labelled = /^net\.mpls\.conf\.(.+)\.input$/.exec(name)?.[1];
  if (labelled !== undefined)
    return links.has(labelled) ? { kind: "takes-labels", link: labelled } : { kind: "missing" };
  const key = /^net\.ipv4\.(.+)$/.exec(name)?.[1];
  if (key === undefined) return settingElsewhere(name);
  const [, link, own] = /^conf\.(.+)\.([^.]+)$/.exec(key) ?? [];
  if (link === undefined || own === undefined) return settingOfAll(key);
  const isThere = link === "all" || link === "default" || links.has(link);
  if (!isThere || !OF_LINKS.has(own)) return { kind: "missing" };
  if (link === "default" || WITHOUT_EFFECT_ON_LINKS.test(own)) return { kind: "inert" }; // Links made later.
  if (
    own === "rp_filter" ||
    own === "proxy_arp" ||
    own === "arp_ignore" ||
    own === "ignore_routes_with_linkdown"
  )
    return { kind: own, link };
  if (own === "forwarding" && link !== "all") return { kind: "link-forwarding", link };
  if (OFF_AT_FIRST.has(own)) return { kind: "off-only", link: link === "all" ? null : link };
  if (own === "forwarding" && link === "all") return { kind: "forwarding" };
  return { kind: "unsimulated", link: link === "all" ? null : link };
}

function settingOfAll(key: string): Setting {
  if (key === "ip_forward") return { kind: "forwarding" };
  if (key === "tcp_l3mdev_accept") return { kind: "heard-in-vrfs", proto: "tcp" };
  if (key === "udp_l3mdev_accept") return { kind: "heard-in-vrfs", proto: "udp" };
  if (WITHOUT_EFFECT.test(key)) return { kind: "inert" };
  return OF_ALL.has(key) ? { kind: "unsimulated", link: null } : { kind: "missing" };
}

function settingElsewhere(name: string): Setting {
  if (/^(kernel|vm|fs|user|debug|dev|net\.(ipv6|core|unix|mptcp))\./.test(name))
    return { kind: "inert" };
  if (name === "net.mpls.platform_labels") return { kind: "label-room" };
  if (name === "net.bridge.bridge-nf-call-iptables") return { kind: "filters-bridged" };
  if (/^net\.(bridge|netfilter|mpls|nf_conntrack)/.test(name))
    return { kind: "unsimulated", link: null };
  return { kind: "missing" };
}
