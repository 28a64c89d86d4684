// A firewall between two networks. From the lan only its own addresses may leave, for the web and for names; what comes
// back passes as it is (a stateful firewall is another example's business).
//
//   sluice run examples/firewall.nf --replay lan=examples/captures/http_browsing.pcap --capture wan=wan.pcap

network lan;
network wan;

vm fw {
  FromDevice(lan)
    -> arrived :: Counter
    -> ip :: Classifier(12/0800, 12/0806, -);

  ip[0] -> Strip(14)
    -> check :: CheckIPHeader
    -> filter :: IPFilter(
         deny  !src net 21.0.0.0/8,          // BCP 38: no forged sources
         allow tcp && dst port 80 or 443,
         allow udp && dst port 53,
         deny  all)
    -> Unstrip(14)
    -> to_wan :: ToDevice(wan);
  ip[1] -> to_wan;                           // ARP
  ip[2] -> other :: Discard;

  FromDevice(wan) -> ToDevice(lan);
}

chain lan <-> fw <-> wan;
