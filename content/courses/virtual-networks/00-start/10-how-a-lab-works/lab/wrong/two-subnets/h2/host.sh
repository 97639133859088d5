ip addr add {{elsewhere.2/24}} dev eth0
ip link set eth0 up
