AddressInfo@1 :: AddressInfo(me 10.0.0.1/8 02:00:00:00:00:01, you me:bcast 02:00:00:00:00:02);
PortInfo@2 :: PortInfo(web 8080/tcp www-alt, other 99);
FromDevice@3 :: FromDevice(lan);
EtherEncap@4 :: EtherEncap(0x0800, me, you:eth);
UDPIPEncap@5 :: UDPIPEncap(me, web, you, other);
IPFilter@6 :: IPFilter(allow dst host you:ip && src net me:ipnet, allow src me && udp dst port other, deny all);
ToDevice@7 :: ToDevice(wan);
FromDevice@8 :: FromDevice(wan);
@9/AddressInfo@1 :: AddressInfo(me 192.0.2.7);
@9/SetIPAddress@2 :: SetIPAddress(me);
@9/@3/SetIPAddress@1 :: SetIPAddress(me);
@9/Print@4 :: Print("me:ip");
SetIPAddress@10 :: SetIPAddress(me:gw);
SetIPAddress@11 :: SetIPAddress(you);
ToDevice@12 :: ToDevice(lan);

FromDevice@3 -> EtherEncap@4
    -> UDPIPEncap@5
    -> IPFilter@6
    -> ToDevice@7;
FromDevice@8 -> @9/SetIPAddress@2
    -> @9/@3/SetIPAddress@1
    -> @9/Print@4
    -> SetIPAddress@10
    -> SetIPAddress@11
    -> ToDevice@12;
