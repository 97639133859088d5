import { dhclientCommands, parseDhclient, type DhclientCommand } from "./dhclient.ts";
import { bridgeCommands, parseBridge, type BridgeCommand } from "./bridge.ts";
import type { DockerCommand } from "./docker/command.ts";
import { dockerCommands } from "./docker/commands.ts";
import { parseDocker } from "./docker/parse.ts";
import { ebtablesCommands, parseEbtables, type EbtablesCommand } from "./ebtables.ts";
import type { IpCommand } from "./ip/command.ts";
import { ipCommands } from "./ip/commands.ts";
import { parseIp } from "./ip/parse.ts";
import type { IptablesCommand } from "./iptables/command.ts";
import { iptablesCommands } from "./iptables/commands.ts";
import { parseIptables } from "./iptables/parse.ts";
import type { NftCommand } from "./nft/command.ts";
import { nftCommands } from "./nft/commands.ts";
import { parseNft } from "./nft/parse.ts";
import { ofctlCommands, parseOfctl, type OfctlCommand } from "./ovs/ofctl.ts";
import { parseVsctl, vsctlCommands, type VsctlCommand } from "./ovs/vsctl.ts";
import type { ShellWord } from "./placed.ts";
import { inert, unsimulated, type ShellCommand } from "./program.ts";
import type { Output, SimpleCommand } from "./run.ts";
import {
  parseSysctl,
  sysctlCommands,
  sysctlOfFile,
  type SysctlCommand,
  type SysctlSetting,
} from "./sysctl.ts";
import { parseTc, tcCommands, type TcCommand } from "./tc.ts";
import { parseVirsh, virshCommands, type VirshCommand } from "./virsh.ts";

/** A command of a script, read by the program that it names. */
export type ProgramCall =
  | { readonly program: "ip"; readonly command: IpCommand }
  | { readonly program: "bridge"; readonly command: BridgeCommand }
  | { readonly program: "sysctl"; readonly command: SysctlCommand }
  | { readonly program: "iptables"; readonly command: IptablesCommand }
  | { readonly program: "ebtables"; readonly command: EbtablesCommand }
  | { readonly program: "nft"; readonly command: NftCommand }
  | { readonly program: "docker"; readonly command: DockerCommand }
  | { readonly program: "tc"; readonly command: TcCommand }
  | { readonly program: "ovs-vsctl"; readonly command: VsctlCommand }
  | { readonly program: "ovs-ofctl"; readonly command: OfctlCommand }
  | { readonly program: "dhclient"; readonly command: DhclientCommand }
  | { readonly program: "virsh"; readonly command: VirshCommand }
  /** `echo 1 > FILE`: a kernel parameter, or another file. */
  | {
      readonly program: "write";
      readonly setting: SysctlSetting | null;
      readonly output: Output;
    }
  /** Shows, waits or prints; it succeeds. */
  | { readonly program: "inert"; readonly name: string }
  /** A real program that may change the network, and is not simulated. */
  | { readonly program: "unsimulated"; readonly name: string; readonly what: string }
  | { readonly program: "unknown"; readonly name: ShellWord };

/** Every command that is known, with its help and whether it is simulated. */
export const shellCommands: readonly ShellCommand[] = [
  ...ipCommands,
  ...bridgeCommands,
  ...sysctlCommands,
  ...iptablesCommands,
  ...ebtablesCommands,
  ...nftCommands,
  ...vsctlCommands,
  ...ofctlCommands,
  ...dockerCommands,
  ...tcCommands,
  ...virshCommands,
  ...dhclientCommands,
  inert("ping ADDRESS", "Ask a host"),
  unsimulated("brctl addbr NAME", "Bridges, the old way"),
  unsimulated("ifconfig LINK up", "Links, the old way"),
  unsimulated("route add default gw ADDRESS", "Routes, the old way"),
  unsimulated("ipset create NAME hash:ip", "Sets of addresses for iptables"),
];

// They show, wait or print; or start something that does not change how packets go.
const INERT = new Set(
  (
    "ping ping6 fping traceroute tracepath mtr arping sleep ss netstat ls uname hostname date tcpdump tshark dig host nslookup " +
    "curl wget nc ncat netcat socat iperf iperf3 modprobe lsmod insmod whoami id pwd uptime free df ps top which mkdir chmod " +
    "chown touch test [ clear lspci lldpctl watch grep egrep head tail less more wc sort uniq awk sed column jq cut tr find " +
    "stat file readlink basename dirname env printenv logger ovs-appctl ovs-dpctl ovsdb-client ovs-pki conntrack getent man " +
    "killall kill pgrep pidof apt apt-get dnf yum apk ssh scp timeout time service-status vi vim nano"
  ).split(" "),
);

const UNSIMULATED = new Set(
  (
    "podman virt-install qemu-system-x86_64 brctl vconfig ethtool arp ifconfig route iwconfig iw " +
    "systemctl service netplan ifup ifdown ifquery unshare nsenter kubectl ipset arptables nmcli networkctl " +
    "dnsmasq haproxy nginx python python3 perl ruby node vtysh frr birdc bird gobgp wg wg-quick openvpn ipsec swanctl tunctl teamd teamnl " +
    "firewall-cmd ufw shorewall ovs-docker ovs-vlan-test ovsdb-tool ovn-nbctl ovn-sbctl lxc incus rm mv cp ln xargs source devlink " +
    "dcb rdma tipc mii-tool macchanger pppd pppoe rdisc ebtables-restore ebtables-legacy-restore arptables-restore fw_setenv ndctl"
  ).split(" "),
);

/** The programs that are known by their names alone. */
export const programsByName: readonly ShellCommand[] = [
  ...[...INERT].map((name) => inert(name, "Shows, waits or prints")),
  ...[...UNSIMULATED].map((name) => unsimulated(name, "May change how packets go")),
];

/** Read a command by what its first word names. A command with an output of known text is a write to that file. */
export function parseProgram(command: SimpleCommand): ProgramCall {
  const { words, input, read, output } = command;
  if (output && output.text !== null)
    return { program: "write", setting: sysctlOfFile(output.file, output.text), output };
  const name = words[0]!.text.replace(/^(?:\/usr)?(?:\/local)?\/s?bin\//, "");
  switch (name) {
    case "ip":
      return { program: "ip", command: parseIp(words) };
    case "bridge":
      return { program: "bridge", command: parseBridge(words) };
    case "sysctl":
      return { program: "sysctl", command: parseSysctl(words, read) };
    case "nft":
      return { program: "nft", command: parseNft(words, input, read) };
    case "ovs-vsctl":
      return { program: "ovs-vsctl", command: parseVsctl(words) };
    case "ovs-ofctl":
      return { program: "ovs-ofctl", command: parseOfctl(words, input, read) };
    case "docker":
    case "docker-compose":
      return { program: "docker", command: parseDocker(words, command.span) };
    case "dhclient":
    case "udhcpc":
    case "dhcpcd":
      return { program: "dhclient", command: parseDhclient(words) };
    case "virsh":
      return { program: "virsh", command: parseVirsh(command) };
    case "tc":
      return { program: "tc", command: parseTc(words) };
  }
  if (/^ip6?tables(-nft|-legacy)?(-save|-restore)?$/.test(name))
    return { program: "iptables", command: parseIptables(words, input, read) };
  if (/^ebtables(-nft|-legacy)?(-save)?$/.test(name))
    return { program: "ebtables", command: parseEbtables(words) };
  if (INERT.has(name)) return { program: "inert", name };
  if (UNSIMULATED.has(name)) return { program: "unsimulated", name, what: name };
  return { program: "unknown", name: words[0]! };
}
