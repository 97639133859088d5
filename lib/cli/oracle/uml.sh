#!/bin/bash
# The first program of a user-mode Linux whose root is the host's own (hostfs): it runs the networks of a file through
# namespaces.py on this other kernel, and turns the machine off. What it needs to know stands on the kernel's command line.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
for word in $(cat /proc/cmdline); do
  case "$word" in strata_*=*) declare "$word" ;; esac
done
# The kernel loads its own modules, which are not where modprobe looks.
mkdir -p /run/modules/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" /run/modules/lib/modules/
printf '#!/bin/sh\nexec modprobe -d /run/modules "$@"\n' > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
for module in vrf 8021q bridge br_netfilter veth vxlan ipvlan macvlan dummy; do /run/modprobe -q "$module"; done
sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=100000 2> /dev/null
ip link set lo up
python3 "$strata_here/namespaces.py" < "$strata_work/asked" > "$strata_work/answered" 2> "$strata_work/said"
sync
echo o > /proc/sysrq-trigger
sleep 5
