# h2 is the other end. Its address is {{lan.2/24}}.
