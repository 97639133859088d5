# h1 is one end of the cable. Give its port eth0 the address {{lan.1/24}}, and switch the port on.
