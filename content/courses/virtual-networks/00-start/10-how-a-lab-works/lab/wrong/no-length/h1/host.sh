ip addr add {{lan.1}} dev eth0
ip link set eth0 up
