// A VXLAN tunnel endpoint (VTEP): the hosts of network 42 at `lan` share one Ethernet with those behind other VTEPs, whoever
// makes these. 192.0.2.2 and 192.0.2.3 get what is for all (head-end replication); where each host is, is learned from its frames.

network lan;    // Ethernet frames of hosts in network 42
network wan;    // the underlay: IPv4 between VTEPs

vm vtep {
  // The VTEP has the underlay at its port 0, and the hosts at port 1.
  v :: VTEP(192.0.2.1, access 42 1, flood 42 192.0.2.2, flood 42 192.0.2.3);

  FromDevice(lan) -> [1] v [1] -> ToDevice(lan);

  // In the underlay it is a host itself: it answers ARP queries and pings, and asks for other VTEPs' Ethernet addresses.
  to_wan :: ToDevice(wan);
  arp :: ARPQuerier(192.0.2.1/24, 02:00:00:00:01:01);
  FromDevice(wan) -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  kind[0] -> ARPResponder(192.0.2.1 02:00:00:00:01:01) -> to_wan;
  kind[1] -> [1] arp;
  kind[2] -> Strip(14) -> CheckIPHeader -> to_us :: IPClassifier(dst udp port 4789, dst host 192.0.2.1 && icmp type echo, -);
  kind[3] -> Discard;

  to_us[0] -> v -> arp -> to_wan;
  to_us[1] -> ICMPPingResponder -> arp;
  to_us[2] -> Discard;
}

chain lan <-> vtep <-> wan;

// While it runs:
//   sluice ctl vtep read v.macs                                  which host is where
//   sluice ctl vtep read v.networks                              frames and bytes of each network; v.remotes, v.ports
//   sluice ctl vtep write v.flood_add '42 192.0.2.4'             one more VTEP
//   sluice ctl vtep write v.neighbor_add '42 10.42.0.9 02:00:00:00:42:09'   ARP and ND are answered here from now on
