ip addr add {{lan.3/24}} dev eth0
ip link set eth0 up
