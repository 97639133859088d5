ip link set eth0 up
ip addr add {{lan.2/32}} dev eth0
ip route add {{lan.1}} dev eth0
