#!/usr/bin/env python3
"""
Sets networks up on the kernel of this machine, and writes down what it does. By hand, as root, on Linux with iproute2:

    python3 lib/net/cases/record.py networks lib/net/cases/wrong-masks.json ...
    python3 lib/net/cases/record.py commands lib/net/build/shell/cases/kernel.txt ...

`networks`: a file says nodes with their commands, cables, services and probes. Each node is a network namespace of its
own, each cable a veth pair; the commands run in order, in bash. Then every probe is sent, and `saw` says what came of
it; `refused` says which commands failed, and how. The probes are real packets: an ICMP echo, a TCP connection, a UDP
datagram that a service sends back. A raw socket in every node sees what is delivered there, so `at`, `src_seen` and
`ttl_seen` are the receiver's own words. `trace` sends echoes with 1, 2, 3 ... hops to live.

A node whose commands begin with `ovs-` has an Open vSwitch of its own, which switches in userspace: its bridges must
be made with `-- set bridge NAME datapath_type=netdev`.

`commands`: a file of cases, each `# title`, commands, `==>`. Every case runs in a fresh namespace with two ports, eth0
and eth1, whose other ends are up; lines that begin with `! ` (what was refused) and what follows `==>` (the addresses
and routes in the end) are written anew. The words are those of `ip -4 addr` and `ip route`.

A node starts as a plain host: lo up, ports down, no forwarding, no reverse path check, no limit on ICMP errors.
"""

import ctypes
import errno
import fcntl
import json
import os
import platform
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)
PATIENCE = 4.0  # Three ARP questions, one second apart, and their error.
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
# A prohibition has three codes, which say the same to a sender; a route's is 13.
UNREACHABLE = {0: "net-unreachable", 1: "host-unreachable", 3: "port-unreachable", 9: "host-prohibited",
               10: "host-prohibited", 13: "host-prohibited"}

# The commands of a case may use sysctl, which not every machine has.
SYSCTL = r"""command -v sysctl > /dev/null || sysctl() { for it in "$@"; do case "$it" in -*) ;; *=*) local key="${it%%=*}"
printf '%s\n' "${it#*=}" > "/proc/sys/${key//.//}" || return 1 ;; esac; done; }
"""
FRESH = ["net.ipv4.ip_forward=0", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=10000",
         "net.ipv6.conf.all.disable_ipv6=1",
         *(f"net.ipv4.conf.{name}.{key}=0" for name in ("all", "default")
           for key in ("rp_filter", "proxy_arp", "arp_ignore", "promote_secondaries", "accept_local"))]


def enter(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def shell(namespace, text):
    return subprocess.run(["ip", "netns", "exec", namespace, "bash", "-c", SYSCTL + text],
                          capture_output=True, text=True, env=VirtualSwitch.environment(namespace))


class VirtualSwitch:
    """Open vSwitch of one node: its database and its daemon, which switches in userspace."""

    @staticmethod
    def folder(namespace):
        return f"/tmp/{namespace}"

    @classmethod
    def environment(cls, namespace):
        folder = cls.folder(namespace)
        return {**os.environ, **{f"OVS_{name}DIR": folder for name in ("RUN", "LOG", "DB", "SYSCONF")}}

    @classmethod
    def start(cls, namespace):
        folder = cls.folder(namespace)
        os.makedirs(folder)
        daemon = f"--detach --no-chdir -vconsole:off --pidfile={folder}"
        for command in (f"ovsdb-tool create {folder}/conf.db /usr/share/openvswitch/vswitch.ovsschema",
                        f"ovsdb-server {folder}/conf.db --remote=punix:{folder}/db.sock {daemon}/ovsdb.pid",
                        "ovs-vsctl --no-wait init",
                        f"ovs-vswitchd unix:{folder}/db.sock {daemon}/ovs-vswitchd.pid"):
            done = shell(namespace, command)
            if done.returncode != 0:
                sys.exit(f"{command}: {done.stderr}")

    @classmethod
    def stop(cls, namespace):
        folder = cls.folder(namespace)
        for name in ("ovs-vswitchd", "ovsdb"):
            try:
                os.kill(int(open(f"{folder}/{name}.pid").read()), signal.SIGTERM)
            except (OSError, ValueError):
                pass
        shutil.rmtree(folder, ignore_errors=True)


class Nodes:
    """The namespaces of one network, made on entering and removed on leaving."""

    def __init__(self, names):
        self.full = {name: f"strata-{os.getpid()}-{name}" for name in names}
        self.fds = {}
        self.switches = []

    def switch(self, name):
        VirtualSwitch.start(self.full[name])
        self.switches.append(name)

    def __enter__(self):
        for name, full in self.full.items():
            subprocess.run(["ip", "netns", "add", full], check=True)
            self.fds[name] = os.open(f"/run/netns/{full}", os.O_RDONLY)
            quiet = " ".join(FRESH)
            shell(full, f"sysctl {quiet} 2>/dev/null; ip link set lo up")
        return self

    def __exit__(self, *_):
        enter(HOME)
        for name in self.switches:
            VirtualSwitch.stop(self.full[name])
        for name, full in self.full.items():
            os.close(self.fds.get(name, HOME)) if name in self.fds else None
            subprocess.run(["ip", "netns", "del", full])

    def cable(self, number, a, b):
        def end(at, name, port):
            mac = f"02:00:00:{number >> 8:02x}:{number & 255:02x}:{at:02x}"
            return ["name", port, "address", mac, "netns", self.full[name]]
        subprocess.run(["ip", "link", "add", *end(1, *a), "type", "veth", "peer", *end(2, *b)], check=True)
        for name, port in (a, b):
            self.without_offload(name, port)

    def without_offload(self, name, port):
        """Checksums are written by the sender (ETHTOOL_STXCSUM): a switch in userspace passes on what it reads."""
        with self.socket(name, socket.AF_INET, socket.SOCK_DGRAM) as made:
            value = ctypes.create_string_buffer(struct.pack("II", 0x17, 0))
            asked = struct.pack("16sP16x", port.encode(), ctypes.addressof(value))
            fcntl.ioctl(made, 0x8946, asked)

    def socket(self, name, *kind):
        enter(self.fds[name])
        try:
            return socket.socket(*kind)
        finally:
            enter(HOME)


# ---- what is delivered where

class Listeners:
    """A raw socket for each protocol in every node, and a server behind each service."""

    def __init__(self, nodes, services):
        self.raw = {}
        for name in nodes.full:
            for proto, number in PROTOCOLS.items():
                made = nodes.socket(name, socket.AF_INET, socket.SOCK_RAW, number)
                made.setblocking(False)
                self.raw[made] = (name, proto)
        self.servers = {}
        for text in services:
            name, what = text.split()
            proto, port = what.split("/")
            kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
            made = nodes.socket(name, socket.AF_INET, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Answers must come from the address that was asked.
            if proto == "udp":
                made.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
            made.bind(("0.0.0.0", int(port)))
            if proto == "tcp":
                made.listen(50)
            made.setblocking(False)
            self.servers[made] = proto

    def watched(self):
        return [*self.raw, *self.servers]

    def serve(self, made):
        try:
            if self.servers[made] == "tcp":
                made.accept()[0].close()
                return
            data, extra, _, peer = made.recvmsg(2000, 200)
            made.sendmsg([data], [(level, kind, info) for level, kind, info in extra if kind == 8], 0, peer)
        except OSError:
            pass

    def read(self, made):
        """What one packet was: where, protocol, its IP header and what follows."""
        try:
            packet = made.recv(4000)
        except OSError:
            return None
        name, proto = self.raw[made]
        length = (packet[0] & 15) * 4
        return {"at": name, "proto": proto, "ttl": packet[8], "src": socket.inet_ntoa(packet[12:16]),
                "dst": socket.inet_ntoa(packet[16:20]), "body": packet[length:]}

    def close(self):
        for made in self.watched():
            made.close()


# ---- probes

class Prober:
    def __init__(self, nodes, listeners):
        self.nodes = nodes
        self.listeners = listeners
        self.number = 4000

    def probe(self, ask, ttl=None, patience=PATIENCE):
        """Send one probe; what its receiver and its sender saw."""
        self.number += 1
        mark = 20000 + self.number % 20000
        sender = {"icmp": self.echo, "tcp": self.connection, "udp": self.datagram}[ask["proto"]]
        try:
            made = sender(ask, mark, ttl)
        except OSError as problem:
            return {"reachable": False, "error": f"local:{errno.errorcode[problem.errno]}"}
        return self.watch(ask, made, mark, time.time() + patience)

    def prepared(self, ask, kind, proto, mark, ttl):
        made = self.nodes.socket(ask["from"], socket.AF_INET, kind, proto)
        made.setblocking(False)
        if ttl is not None:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        if "dev" in ask:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, ask["dev"].encode() + b"\0")
        made.bind((ask.get("src", "0.0.0.0"), mark if proto != 1 else 0))
        return made

    def echo(self, ask, mark, ttl):
        made = self.prepared(ask, socket.SOCK_RAW, 1, mark, ttl)
        body = struct.pack("!BBHHH", 8, 0, 0, mark, 1) + b"strata"
        total = sum(struct.unpack("!7H", body))
        total = (total & 0xFFFF) + (total >> 16)
        made.sendto(struct.pack("!BBHHH", 8, 0, ~total & 0xFFFF, mark, 1) + b"strata", (ask["to"], 0))
        return made

    def connection(self, ask, mark, ttl):
        made = self.prepared(ask, socket.SOCK_STREAM, 0, mark, ttl)
        try:
            made.connect((ask["to"], ask["port"]))
        except BlockingIOError:
            pass
        return made

    def datagram(self, ask, mark, ttl):
        made = self.prepared(ask, socket.SOCK_DGRAM, 0, mark, ttl)
        made.connect((ask["to"], ask["port"]))
        made.send(b"strata")
        return made

    def watch(self, ask, made, mark, until):
        seen, heard = None, None
        while heard is None and time.time() < until:
            watched = self.listeners.watched()
            own = [made] if ask["proto"] != "icmp" else []
            wants = [made] if ask["proto"] == "tcp" else []
            ready, writable, _ = select.select(watched + own, wants, [], 0.05)
            for one in ready:
                if one in self.listeners.servers:
                    self.listeners.serve(one)
                elif one in self.listeners.raw:
                    packet = self.listeners.read(one)
                    if packet and self.is_question(packet, ask, mark) and seen is None:
                        seen = packet
                    elif packet and packet["at"] == ask["from"]:
                        heard = heard or self.answer(packet, ask, mark)
                elif ask["proto"] == "udp":
                    heard = heard or self.datagram_back(made)
            if writable and heard is None:
                heard = self.connected(made)
        # What is on its way to the receiver is still counted.
        seen = self.drain(ask, mark, seen)
        made.close()
        if ask["proto"] == "udp" and heard is None and seen is None:
            time.sleep(0.01)
        return self.outcome(ask, seen, heard or {"error": "timeout"})

    def drain(self, ask, mark, seen):
        while ready := select.select(list(self.listeners.raw), [], [], 0.05)[0]:
            for one in ready:
                packet = self.listeners.read(one)
                if seen is None and packet and self.is_question(packet, ask, mark):
                    seen = packet
        return seen

    @staticmethod
    def is_question(packet, ask, mark):
        body = packet["body"]
        # Its destination may have been translated: the number is what it is known by.
        if packet["proto"] != ask["proto"]:
            return False
        if ask["proto"] == "icmp":
            return body[0] == 8 and struct.unpack("!H", body[4:6])[0] == mark
        return struct.unpack("!HH", body[:4]) == (mark, ask["port"])

    @staticmethod
    def answer(packet, ask, mark):
        """What an ICMP packet that came back to the sender says about the probe."""
        body = packet["body"]
        if packet["proto"] != "icmp":
            return None
        if body[0] == 0 and ask["proto"] == "icmp" and struct.unpack("!H", body[4:6])[0] == mark:
            return {"answered": True, "ttl": packet["ttl"]}
        # Its own system's complaint that no neighbour answers comes later than a probe waits.
        if body[0] not in (3, 11) or packet["src"] == packet["dst"]:
            return None
        quoted = body[8:]
        inner = quoted[(quoted[0] & 15) * 4:]
        at = 4 if ask["proto"] == "icmp" else 0
        if struct.unpack("!H", inner[at:at + 2])[0] != mark:
            return None
        error = "ttl-exceeded" if body[0] == 11 else UNREACHABLE.get(body[1], f"unreachable-{body[1]}")
        return {"error": error, "icmp_from": packet["src"]}

    @staticmethod
    def connected(made):
        problem = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem == 0:
            return {"answered": True}
        names = {errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "host-unreachable",
                 errno.ENETUNREACH: "net-unreachable"}
        return {"error": names.get(problem, errno.errorcode[problem])}

    @staticmethod
    def datagram_back(made):
        try:
            return {"answered": True} if made.recv(2000) else None
        except ConnectionRefusedError:
            return {"error": "port-unreachable"}
        except OSError as problem:
            names = {errno.EHOSTUNREACH: "host-unreachable", errno.ENETUNREACH: "net-unreachable"}
            return {"error": names.get(problem.errno, errno.errorcode[problem.errno])}

    @staticmethod
    def outcome(ask, seen, heard):
        if heard.get("answered"):
            ttl = heard.get("ttl")
            return {"reachable": True, "at": seen["at"], "src_seen": seen["src"], "ttl_seen": seen["ttl"],
                    "fwd_routers": 64 - seen["ttl"],
                    **({"reply_ttl": ttl, "ret_routers": 64 - ttl} if ttl is not None else {})}
        refused = heard["error"] in ("refused", "port-unreachable")
        # That a connection was asked for is seen by nobody until it is answered.
        delivered = {} if seen is None or refused or ask["proto"] == "tcp" else {
            "delivered": {"at": seen["at"], "src": seen["src"], "ttl": seen["ttl"]}}
        return {"reachable": False, **delivered, **heard}

    def trace(self, ask):
        hops = []
        for ttl in range(1, 11):
            saw = self.probe({**ask, "proto": "icmp"}, ttl)
            error = saw.get("error", "")
            if saw["reachable"]:
                hops.append(ask["to"])
                break
            if error.startswith("local:"):
                break
            if error not in ("ttl-exceeded", "timeout"):
                hops.append(f"{saw['icmp_from']}!{error}")
                break
            hops.append(saw.get("icmp_from", "*"))
        last = max((at for at, hop in enumerate(hops) if hop != "*"), default=-1)
        return hops[:last + 2]


def record_network(path):
    case = json.load(open(path))
    with Nodes(case["nodes"]) as nodes:
        for number, ends in enumerate(case["links"], 1):
            nodes.cable(number, *(end.split(":") for end in ends))
        case["kernel"] = "Linux " + re.match(r"\d+\.\d+", platform.release())[0]
        case["refused"] = {}
        for name, commands in case["nodes"].items():
            if any(command.startswith("ovs-") for command in commands):
                nodes.switch(name)
                case["kernel"] = f"Open vSwitch {version('ovs-vswitchd')} on {case['kernel'].split(' on ')[-1]}"
            for command in commands:
                done = shell(nodes.full[name], command)
                # Open vSwitch warns of what it does all the same.
                said = refusals(done.stderr) if done.returncode != 0 or not command.startswith("ovs-") else []
                if said:
                    case["refused"].setdefault(name, []).extend(said)
        if nodes.switches:
            time.sleep(1)
        listeners = Listeners(nodes, case["services"])
        prober = Prober(nodes, listeners)
        time.sleep(0.2)
        for ask in case["probes"]:
            ask.pop("saw", None)
            saw = prober.probe(ask)
            if ask.get("trace"):
                saw["trace"] = prober.trace(ask)
            ask["saw"] = saw
        listeners.close()
    open(path, "w").write(written(case))
    print(path, sum(not ask["saw"]["reachable"] for ask in case["probes"]), "of", len(case["probes"]), "get no answer")


def version(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    return re.search(r"\d+\.\d+", said)[0]


def written(case):
    def value(key, it):
        if key == "probes":
            return "[\n" + ",\n".join("    " + json.dumps(ask) for ask in it) + "\n  ]"
        if key == "nodes":
            return "{\n" + ",\n".join(f"    {json.dumps(name)}: {json.dumps(said)}" for name, said in it.items()) + "\n  }"
        return json.dumps(it)
    order = ["about", "kernel", "nodes", "links", "services", "refused", "probes"]
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {value(key, case[key])}" for key in order) + "\n}\n"


# Newer kernels say these two in words of their own; the engine speaks like 6.1.
OLDER = {"Error: ipv4: Address already assigned.": "RTNETLINK answers: File exists",
         "Error: ipv4: Address not found.": "RTNETLINK answers: Cannot assign requested address"}


def refusals(text):
    # Where bash itself refuses, its name and line number are no part of it; of a usage the first line will do.
    lines = [re.sub(r"^(bash|environment): line \d+: ", "", line) for line in text.splitlines() if line]
    lines = [OLDER.get(line, line) for line in lines if not line.startswith(("Warning:", "Nothing to flush", " "))]
    return lines[:1] if lines and lines[0].startswith("Usage:") else lines


# ---- commands and what they leave behind

def record_commands(path):
    cases = []
    for part in re.split(r"(?:^|\n\n)# ", open(path).read())[1:]:
        title, _, rest = part.partition("\n")
        commands = [line for line in rest.split("==>")[0].splitlines() if line.strip() and not line.startswith("! ")]
        cases.append(f"# {title}\n\n" + "\n".join(run_commands(commands)))
    open(path, "w").write("\n\n".join(cases) + "\n")


def run_commands(commands):
    lines = []
    with Nodes(["here", "there"]) as nodes:
        for number in (1, 2):
            nodes.cable(number, ("here", f"eth{number - 1}"), ("there", f"eth{number - 1}"))
        shell(nodes.full["there"], "ip link set eth0 up; ip link set eth1 up")
        for command in commands:
            done = shell(nodes.full["here"], command)
            lines += [command, *(f"! {said}" for said in refusals(done.stderr))]
        time.sleep(0.02)
        return lines + ["==>"] + left_behind(nodes.full["here"])


def left_behind(namespace):
    addresses = shell(namespace, "ip -4 -o addr").stdout.splitlines()
    lines = []
    for line in addresses:
        _, dev, _, address, *more = line.split()
        if (dev, address) != ("lo", "127.0.0.1/8"):
            lines.append(f"{dev} {address}{' secondary' if 'secondary' in more else ''}")
    routes = shell(namespace, "ip route").stdout
    # How much of the traffic a next hop gets, and that its link is down, is said elsewhere or nowhere.
    routes = re.sub(r"\s+nexthop", " nexthop", re.sub(r" weight \d+| linkdown", "", routes))
    return lines + [line.rstrip() for line in routes.splitlines()]


if __name__ == "__main__":
    actions = {"networks": record_network, "commands": record_commands}
    if len(sys.argv) < 3 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    for argument in sys.argv[2:]:
        actions[sys.argv[1]](argument)
