// VNET/P: two hosts give their virtual machines one Ethernet between them. Each frame of a machine goes in a UDP datagram to the
// host of its destination; routes and links are changed by VNET's commands while frames pass:
//
//   sluice ctl left write vnet.control ADD any 02:00:00:00:00:09 link 1 interface any
//   sluice ctl left write links.control ADD 192.0.2.3 9000 udp
//
// A link is a TCP connection where both hosts say so: links :: VnetLinks(192.0.2.1, 192.0.2.2 9000 tcp). With STREAMS 4 up to four
// links can be, those included that are added later.
//   sluice ctl left read vnet.control

network left_lan, right_lan;        // where each host's machines are
network wire;                       // what lies between the hosts

// The IPv4 network under the links: input 0 takes packets for other hosts, output 0 gives those for this one; port 1 is the NIC.
// Only what is too long, or a fragment, takes the longer way.
elementclass Underlay { $address, $ether |
  input -> fits :: CheckLength(1500) -> querier :: ARPQuerier($address, $ether) -> [1] output;
  fits[1] -> IPFragmenter(1500) -> querier;
  input[1] -> sort :: Classifier(12/0800 20/0000%3fff, 12/0800, 12/0806 20/0001, 12/0806 20/0002, -);
  sort[0] -> CheckIPHeader(14) -> whole :: Strip(14) -> output;
  sort[1] -> CheckIPHeader(14) -> IPReassembler -> whole;
  sort[2] -> ARPResponder($address $ether) -> [1] output;
  sort[3] -> [1] querier;
  sort[4] -> Discard;
}

vm left {
  vnet :: VnetRouter(1, any any link 0 interface any, any any interface 0 link any, LINKS 8);
  links :: VnetLinks(192.0.2.1, 192.0.2.2);
  under :: Underlay(192.0.2.1, 02:00:00:00:02:01);

  FromDevice(left_lan, PROMISC true) -> vnet -> ToDevice(left_lan);
  vnet[1] -> links -> under -> [1] links[1] -> [1] vnet;
  FromDevice(wire, PROMISC true) -> [1] under[1] -> ToDevice(wire);
}

vm right {
  vnet :: VnetRouter(1, any any link 0 interface any, any any interface 0 link any, LINKS 8);
  links :: VnetLinks(192.0.2.2, 192.0.2.1);
  under :: Underlay(192.0.2.2, 02:00:00:00:02:02);

  FromDevice(right_lan, PROMISC true) -> vnet -> ToDevice(right_lan);
  vnet[1] -> links -> under -> [1] links[1] -> [1] vnet;
  FromDevice(wire, PROMISC true) -> [1] under[1] -> ToDevice(wire);
}

chain left_lan <-> left <-> wire <-> right <-> right_lan;
