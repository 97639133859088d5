ip addr add {{lan.1/24}} dev eth0
ip link set eth0 up
