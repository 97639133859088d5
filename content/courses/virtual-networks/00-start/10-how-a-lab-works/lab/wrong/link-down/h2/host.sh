ip addr add {{lan.2/24}} dev eth0
