ip addr add {{lan.2/24}} dev eth0
ip link set eth0 up
