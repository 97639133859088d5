#!/usr/bin/env python3
"""
Brings networks up on the kernel it runs on, probes them, and says what it saw. One network is one line of JSON on
standard input, its answer one line on standard output:

    {"id", "nodes": {name: [command]}, "links": [[end, end]], "services": ["place proto/port"], "probes": [{...}]}
    {"id", "seconds": [up, probed], "refused": {name: [words]}, "saw": [{...}]}        (or {"id", "problem"})

With `--up-only` networks are brought up and not probed, and standard output says how long that took.

Each node is a process in a network namespace and a mount namespace of its own, so that `ip netns` is local to it, and
everything is gone when the process is. All probes of a network are sent at once, twice: the first time makes everybody
known to everybody, the second is what counts. A raw socket in every place sees what is delivered there; a probe is told
by its source port, or its identifier. Who does not answer ARP is given up on after 0.6 seconds instead of 3.
"""

import ctypes
import errno
import json
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
PATIENCE = 1.1
HOPS = 10
UNREACHABLE = {0: "net-unreachable", 1: "host-unreachable", 3: "port-unreachable", 9: "host-prohibited",
               10: "host-prohibited", 13: "host-prohibited"}

SETTINGS = ["net.ipv4.ip_forward=0", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000",
            "net.ipv4.icmp_msgs_burst=100000", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
            "net.bridge.bridge-nf-call-iptables=0",
            *(f"net.ipv4.conf.{name}.{key}=0" for name in ("all", "default")
              for key in ("rp_filter", "proxy_arp", "arp_ignore", "promote_secondaries", "accept_local",
                          "accept_redirects", "send_redirects"))]

# Told to go on by a line on its standard input; each command ends with a line that says how it went.
NODE = r"""
mkdir -p /run/netns; mount -t tmpfs none /run/netns || exit 1
command -v sysctl > /dev/null || sysctl() { for it in "$@"; do case "$it" in -*) ;; *=*) local key="${it%%=*}"
printf '%s\n' "${it#*=}" > "/proc/sys/${key//.//}" || return 1 ;; esac; done; }
for it in $STRATA_SETTINGS; do key="${it%%=*}"
[ -w "/proc/sys/${key//.//}" ] && echo "${it#*=}" > "/proc/sys/${key//.//}"; done 2>/dev/null
ip link set lo up
echo ready; read -r go
for command in "$@"; do eval "$command" > /dev/null; printf '\001%s\n' "$?" >&2; done
echo done; read -r end
"""


def enter(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Nodes:
    """The places of one network: every node, and every namespace that its commands made."""

    def __init__(self, network):
        self.network = network
        self.running = {}
        self.fds = {}
        self.refused = {}

    def __enter__(self):
        env = {**os.environ, "STRATA_SETTINGS": " ".join(SETTINGS), "LC_ALL": "C"}
        for name, commands in self.network["nodes"].items():
            self.running[name] = subprocess.Popen(
                ["unshare", "--net", "--mount", "bash", "-c", NODE, "bash", *commands], env=env, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for one in self.running.values():
            if one.stdout.readline() != "ready\n":
                raise RuntimeError("a namespace cannot be made: " + one.stderr.read().strip())
        self.cables()
        # One after the other, as whoever typed it would have done.
        for name, one in self.running.items():
            one.stdin.write("go\n")
            one.stdin.flush()
        for name, one in self.running.items():
            said = refusals(one, len(self.network["nodes"][name]))
            if said:
                self.refused[name] = said
            self.fds[name] = os.open(f"/proc/{one.pid}/ns/net", os.O_RDONLY)
            inside = f"/proc/{one.pid}/root/run/netns"
            for inner in sorted(os.listdir(inside)):
                self.fds[f"{name}/{inner}"] = os.open(f"{inside}/{inner}", os.O_RDONLY)
        return self

    def cables(self):
        def end(number, at, text):
            node, port = text.split(":")
            return (f"name {port} address 02:00:00:{number >> 8:02x}:{number & 255:02x}:{at:02x} "
                    f"netns {self.running[node].pid}")
        lines = [f"link add {end(number, 1, a)} type veth peer {end(number, 2, b)}\n"
                 for number, (a, b) in enumerate(self.network["links"], 1)]
        subprocess.run(["ip", "-batch", "-"], input="".join(lines), text=True, check=True, capture_output=True)

    def __exit__(self, *_):
        enter(HOME)
        for fd in self.fds.values():
            os.close(fd)
        for one in self.running.values():
            one.kill()
        for one in self.running.values():
            one.communicate()

    def socket(self, place, *kind):
        enter(self.fds[place])
        try:
            return socket.socket(*kind)
        finally:
            enter(HOME)

    def hurry(self):
        """Shorten the wait for neighbours, and let ICMP errors be as many as they are."""
        for fd in self.fds.values():
            enter(fd)
            write("/proc/sys/net/ipv4/icmp_ratelimit", 0)
            base = "/proc/sys/net/ipv4/neigh"
            for name in os.listdir(base):
                write(f"{base}/{name}/retrans_time_ms", 200)
            for name in os.listdir("/proc/sys/net/ipv4/conf"):
                write(f"/proc/sys/net/ipv4/conf/{name}/accept_redirects", 0)
        enter(HOME)


def write(path, value):
    try:
        with open(path, "w") as file:
            file.write(str(value))
    except OSError:
        pass


def refusals(node, commands):
    """The words of each command that failed; a usage is told by its first line."""
    said, words = [], []
    while commands:
        line = node.stderr.readline()
        if not line:
            raise RuntimeError("a node ended before its commands did")
        if line.startswith("\001"):
            if line.strip() != "\0010":
                said.append((words or ["it failed"])[0])
            words, commands = [], commands - 1
        else:
            line = re.sub(r"^(bash|environment)?: line \d+: ", "", line.rstrip())
            if line and not line.startswith(("Warning:", " ")):
                words.append(line)
    return said


class Network:
    """The sockets of one network, and what they have seen."""

    def __init__(self, nodes, services):
        self.nodes = nodes
        self.watch = selectors.DefaultSelector()
        self.sockets = []
        self.waiting = {}
        self.services = services
        for place in nodes.fds:
            for proto, number in PROTOCOLS.items():
                made = nodes.socket(place, socket.AF_INET, socket.SOCK_RAW, number)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
                self.add(made, lambda made=made, place=place, proto=proto: self.seen(made, place, proto))
        for text in services:
            self.serve(*text.split())

    def add(self, made, what, events=selectors.EVENT_READ):
        made.setblocking(False)
        self.sockets.append(made)
        self.watch.register(made, events, what)

    def serve(self, place, what):
        proto, port = what.split("/")
        if place not in self.nodes.fds:
            return
        kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
        made = self.nodes.socket(place, socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if proto == "udp":
            made.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        made.bind(("0.0.0.0", int(port)))
        if proto == "tcp":
            made.listen(200)
        self.add(made, lambda: self.accept(made) if proto == "tcp" else self.reply(made))

    def accept(self, made):
        while True:
            made.accept()[0].close()

    def reply(self, made):
        """From the address that was asked, by whatever way leads back."""
        while True:
            data, extra, _, peer = made.recvmsg(2000, 200)
            local = next(info[4:8] for _, kind, info in extra if kind == 8)
            try:
                made.sendmsg([data], [(socket.IPPROTO_IP, 8, struct.pack("=i4s4s", 0, local, bytes(4)))], 0, peer)
            except BlockingIOError:
                raise
            except OSError:
                pass

    def seen(self, made, place, proto):
        while True:
            packet = made.recv(4000)
            header = (packet[0] & 15) * 4
            body = packet[header:]
            if proto == "icmp" and len(body) >= 8 and body[0] != 8:
                self.heard(place, packet, body)
                continue
            key = struct.unpack("!H", body[4:6] if proto == "icmp" else body[:2])[0]
            one = self.waiting.get(key)
            if one and one["ask"]["proto"] == proto:
                heeded = proto == "icmp" or f"{place} {proto}/{struct.unpack('!H', body[2:4])[0]}" in self.services
                one.setdefault("seen", {"at": place, "src": socket.inet_ntoa(packet[12:16]), "ttl": packet[8],
                                        "heeded": heeded})

    def heard(self, place, packet, body):
        if body[0] == 0:
            one = self.waiting.get(struct.unpack("!H", body[4:6])[0])
            if one and one["ask"]["proto"] == "icmp" and place == one["ask"]["from"]:
                one.setdefault("heard", {"answered": True, "ttl": packet[8]})
            return
        if body[0] not in (3, 11) or len(body) < 36:
            return
        quoted = body[8:]
        inner = quoted[(quoted[0] & 15) * 4:]
        proto = {number: name for name, number in PROTOCOLS.items()}.get(quoted[9])
        one = self.waiting.get(struct.unpack("!H", inner[4:6] if proto == "icmp" else inner[:2])[0])
        if not one or one["ask"]["proto"] != proto or place != one["ask"]["from"]:
            return
        # Its own system's complaint that no neighbour answers comes when it has lost its patience.
        if packet[12:16] == packet[16:20]:
            one.setdefault("own", "host-unreachable")
            return
        error = "ttl-exceeded" if body[0] == 11 else UNREACHABLE.get(body[1], f"unreachable-{body[1]}")
        one.setdefault("heard", {"error": error, "icmp_from": socket.inet_ntoa(packet[12:16])})

    def send(self, key, ask, ttl=None):
        one = self.waiting[key] = {"ask": ask}
        try:
            {"icmp": self.echo, "tcp": self.connect, "udp": self.datagram}[ask["proto"]](one, key, ask, ttl)
        except OSError as problem:
            one["heard"] = {"error": f"local:{errno.errorcode[problem.errno]}"}

    def prepared(self, ask, kind, proto, port, ttl):
        if ask["from"] not in self.nodes.fds:
            raise OSError(errno.ENOENT, "no such place")
        made = self.nodes.socket(ask["from"], socket.AF_INET, kind, proto)
        self.sockets.append(made)
        made.setblocking(False)
        if ttl is not None:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        if "dev" in ask:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, ask["dev"].encode() + b"\0")
        made.bind((ask.get("src", "0.0.0.0"), port))
        return made

    def echo(self, _, key, ask, ttl):
        made = self.prepared(ask, socket.SOCK_RAW, 1, 0, ttl)
        total = sum(struct.unpack("!7H", struct.pack("!BBHHH", 8, 0, 0, key, 1) + b"strata"))
        total = (total & 0xFFFF) + (total >> 16)
        made.sendto(struct.pack("!BBHHH", 8, 0, ~total & 0xFFFF, key, 1) + b"strata", (ask["to"], 0))

    def connect(self, one, key, ask, ttl):
        made = self.prepared(ask, socket.SOCK_STREAM, 0, key, ttl)
        # A connection that is closed leaves no state behind that a later probe could meet.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            made.connect((ask["to"], ask["port"]))
        except BlockingIOError:
            pass
        self.watch.register(made, selectors.EVENT_WRITE, lambda: self.connected(made, one))

    def connected(self, made, one):
        self.watch.unregister(made)
        problem = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        names = {errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "host-unreachable",
                 errno.ENETUNREACH: "net-unreachable"}
        said = names.get(problem, errno.errorcode.get(problem, "?"))
        one.setdefault("heard", {"answered": True} if problem == 0 else {"error": said})

    def datagram(self, one, key, ask, ttl):
        made = self.prepared(ask, socket.SOCK_DGRAM, 0, key, ttl)
        made.connect((ask["to"], ask["port"]))
        made.send(b"strata")
        self.watch.register(made, selectors.EVENT_READ, lambda: self.datagram_back(made, one))

    @staticmethod
    def datagram_back(made, one):
        try:
            made.recv(2000)
            one.setdefault("heard", {"answered": True})
        except ConnectionRefusedError:
            one.setdefault("heard", {"error": "port-unreachable"})
        except BlockingIOError:
            pass
        except OSError as problem:
            names = {errno.EHOSTUNREACH: "host-unreachable", errno.ENETUNREACH: "net-unreachable"}
            one.setdefault("heard", {"error": names.get(problem.errno, errno.errorcode[problem.errno])})

    def listen(self, patience):
        """Until all that was sent has been answered, and a little longer for what was only delivered."""
        until = time.time() + patience
        while time.time() < until:
            for key, _ in self.watch.select(0.02):
                try:
                    key.data()
                except BlockingIOError:
                    pass
                except OSError:
                    pass
            if all("heard" in one for one in self.waiting.values()):
                until = min(until, time.time() + 0.03)

    def round(self, first, asks, traces=True):
        self.waiting = {}
        keys, key = [], first
        for ask in asks:
            keys.append(key)
            self.send(key, ask)
            key += 1
            if traces and ask.get("trace"):
                for ttl in range(1, HOPS + 1):
                    self.send(key, {**ask, "proto": "icmp"}, ttl)
                    key += 1
        self.listen(PATIENCE)
        return traces and [outcome(ask, self.waiting, key) for ask, key in zip(asks, keys)]

    def close(self):
        self.watch.close()
        for made in self.sockets:
            made.close()


def outcome(ask, waiting, key):
    result = result_of(ask, waiting[key])
    return {**result, "trace": trace(ask, waiting, key)} if ask.get("trace") else result


def result_of(ask, one):
    heard, seen = one.get("heard", {"error": one.get("own", "timeout")}), one.get("seen")
    if heard.get("answered") and seen:
        ttl = heard.get("ttl")
        return {"reachable": True, "at": seen["at"], "src_seen": seen["src"], "ttl_seen": seen["ttl"],
                "fwd_routers": 64 - seen["ttl"],
                **({"reply_ttl": ttl, "ret_routers": 64 - ttl} if ttl is not None else {})}
    if heard.get("answered"):
        return {"reachable": True}
    refused = heard["error"] in ("refused", "port-unreachable")
    # That a connection was asked for is seen by nobody until it is answered, nor is what nobody waits for.
    delivered = {} if seen is None or refused or ask["proto"] == "tcp" or not seen["heeded"] else {
        "delivered": {"at": seen["at"], "src": seen["src"], "ttl": seen["ttl"]}}
    return {"reachable": False, **delivered, **heard}


def trace(ask, waiting, key):
    hops = []
    for ttl in range(1, HOPS + 1):
        saw = result_of({**ask, "proto": "icmp"}, waiting[key + ttl])
        error = saw.get("error", "")
        if saw["reachable"]:
            hops.append(ask["to"])
            break
        if error.startswith("local:"):
            return hops + ["*"]
        if saw.get("icmp_from") and error != "ttl-exceeded":
            hops.append(f"{saw['icmp_from']}!{error}")
            break
        hops.append(saw.get("icmp_from", "*"))
    last = max((at for at, hop in enumerate(hops) if hop != "*"), default=-1)
    return hops[:last + 2]


def measured(network, up_only):
    started = time.time()
    with Nodes(network) as nodes:
        up = time.time()
        answer = {"id": network["id"], "refused": nodes.refused}
        if not up_only:
            nodes.hurry()
            net = Network(nodes, network["services"])
            time.sleep(0.05)
            net.round(20000, network["probes"], traces=False)
            answer["saw"] = net.round(30000, network["probes"])
            net.close()
        return {**answer, "seconds": [up - started, time.time() - up]}


def main():
    up_only = "--up-only" in sys.argv
    for line in sys.stdin:
        network = json.loads(line)
        try:
            answer = measured(network, up_only)
        except Exception as problem:  # What went wrong is told; the next network is another one.
            answer = {"id": network["id"], "problem": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
