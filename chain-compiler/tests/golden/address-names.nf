// Names of addresses and ports, in their scopes and with their suffixes.
network lan, wan;
vm address_names {
  AddressInfo(me 10.0.0.1/8 02:00:00:00:00:01, you me:bcast 02:00:00:00:00:02);
  PortInfo(web 8080/tcp www-alt, other 99);
  FromDevice(lan) -> EtherEncap(0x0800, me, you:eth) -> UDPIPEncap(me, web, you, other)
    -> IPFilter(allow dst host you:ip && src net me:ipnet, allow src me && udp dst port other, deny all) -> ToDevice(wan);
  FromDevice(wan) -> { AddressInfo(me 192.0.2.7);
    input -> SetIPAddress(me) -> { input -> SetIPAddress(me) -> output } -> Print("me:ip") -> output } -> SetIPAddress(me:gw)
    -> SetIPAddress(you) -> ToDevice(lan);
}
chain lan <-> address_names <-> wan;
