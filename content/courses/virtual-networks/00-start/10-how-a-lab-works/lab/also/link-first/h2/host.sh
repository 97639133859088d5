ip link set dev eth0 up
ip address add {{lan.2/24}} dev eth0
