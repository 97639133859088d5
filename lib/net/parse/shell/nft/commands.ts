import { inert, simulated, unsimulated, type ShellCommand } from "../program.ts";

const rule = (words: string, help: string): ShellCommand =>
  simulated(`nft add rule inet NAME NAME ${words}`, help);
const beyond = (words: string, help: string): ShellCommand =>
  unsimulated(`nft add rule inet NAME NAME ${words}`, help);

/** What `nft` can be asked here; rules are shown as they are added. */
export const nftCommands: readonly ShellCommand[] = [
  simulated("nft add table inet NAME", "Make a table"),
  simulated("nft delete table inet NAME", "Remove a table"),
  simulated(
    "nft add chain inet NAME NAME '{ type filter hook forward priority 0; policy drop; }'",
    "Make a chain where packets pass",
  ),
  simulated("nft add chain inet NAME NAME", "Make a chain to jump to"),
  simulated("nft delete chain inet NAME NAME", "Remove a chain"),
  simulated("nft insert rule inet NAME NAME accept", "A rule before others"),
  simulated("nft replace rule inet NAME NAME handle NUMBER drop", "Another rule in its place"),
  simulated("nft delete rule inet NAME NAME handle NUMBER", "Remove a rule"),
  simulated("nft flush chain inet NAME NAME", "Remove all rules of a chain"),
  simulated("nft flush table inet NAME", "Remove all rules of a table"),
  simulated("nft flush ruleset", "Remove everything"),
  simulated("nft add set inet NAME NAME '{ type ipv4_addr; flags interval; }'", "A named set"),
  simulated("nft add map inet NAME NAME '{ type inet_service : verdict; }'", "A map to verdicts"),
  simulated("nft add element inet NAME NAME '{ ADDRESS }'", "Add to a set"),
  simulated("nft delete element inet NAME NAME '{ ADDRESS }'", "Take from a set"),
  inert("nft list ruleset", "List everything"),
  inert("nft -c add table ip NAME", "Only check"),
  unsimulated("nft -f FILE", "A file, if the script wrote it"),
  rule("ip saddr PREFIX ip daddr ADDRESS accept", "By addresses"),
  rule("tcp dport '{ PORT, PORT }' accept", "By ports"),
  rule("meta l4proto '{ tcp, udp }' th dport PORT accept", "By ports of either"),
  rule("iifname LINK oifname LINK accept", "By links"),
  rule("ct state established,related accept", "By the state of its connection"),
  rule("ct status dnat accept", "By what was done to its connection"),
  rule("icmp type echo-request accept", "By ICMP's type"),
  rule("meta mark NUMBER accept", "By mark"),
  rule("tcp flags '& (syn|ack) == syn' accept", "By TCP's flags"),
  rule("ip saddr @NAME drop", "By a named set"),
  rule("ip saddr . tcp dport '{ ADDRESS . PORT }' accept", "By several fields together"),
  rule("tcp dport vmap '{ PORT : accept, PORT : drop }'", "A verdict for each value"),
  rule("fib daddr type local accept", "By what kind of address it is"),
  rule("ether saddr MAC accept", "By MAC address"),
  rule("vlan id VLAN accept", "By VLAN"),
  rule("ip dscp ef accept", "By DSCP"),
  rule("counter log prefix '\"TEXT\"' drop", "Count and note"),
  rule("reject with icmp type host-unreachable", "Refuse, and say so"),
  rule("jump NAME", "Go through another chain"),
  rule("meta mark set NUMBER", "Mark packets"),
  rule("ct mark set mark", "Keep the mark with the connection"),
  rule("notrack", "Leave it out of connection tracking"),
  simulated(
    "nft add rule ip NAME NAME oifname LINK masquerade",
    "The link's own address as source",
  ),
  simulated("nft add rule ip NAME NAME snat to ADDRESS", "Another source"),
  simulated("nft add rule ip NAME NAME tcp dport PORT dnat to ADDRESS:PORT", "Another destination"),
  simulated(
    "nft add rule ip NAME NAME tcp dport PORT redirect to :PORT",
    "To a port of this system",
  ),
  beyond("limit rate 5/second accept", "Only so many"),
  beyond("meta skuid NUMBER accept", "By who sent it"),
  beyond("meta pkttype broadcast drop", "By how it was addressed"),
  beyond("queue", "Let a program decide"),
];
