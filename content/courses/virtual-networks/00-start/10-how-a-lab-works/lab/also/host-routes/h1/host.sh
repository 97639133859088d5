ip link set eth0 up
ip addr add {{lan.1/32}} dev eth0
ip route add {{lan.2}} dev eth0
