// A VXLAN IP gateway: networks 10 and 20, whose hosts are at `lan` (20 with VLAN tag 20) and behind another VTEP, 192.0.2.2. A router with one Ethernet
// address in both (anycast: other gateways may have the same) routes between them and to the outside, IPv4 and IPv6.

network lan;      // hosts
network wan;      // the underlay: IPv4 between VTEPs
network internet; // the outside: two routers of equal cost

vm gateway {
  v :: VTEP(192.0.2.1,
    access 10 1, access 20 1 20, flood 10 192.0.2.2, flood 20 192.0.2.2,
    TRUNK 2, GATEWAY 02:00:00:00:00:fe,                         // the router is at port 2, in all networks
    route main 0.0.0.0/0 203.0.113.1, route main 0.0.0.0/0 203.0.113.2);

  r :: VNIRouter(v, 02:00:00:00:00:fe,
    10 10.0.10.254/24, 10 2001:db8:10::fe/64,
    20 10.0.20.254/24, 20 2001:db8:20::fe/64);

  FromDevice(lan) -> [1] v [1] -> ToDevice(lan);
  v[2] -> r -> [2] v;

  // The underlay, as in vtep.nf.
  to_wan :: ToDevice(wan);
  arp :: ARPQuerier(192.0.2.1/24, 02:00:00:00:01:01);
  FromDevice(wan) -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  kind[0] -> ARPResponder(192.0.2.1 02:00:00:00:01:01) -> to_wan;
  kind[1] -> [1] arp;
  kind[2] -> Strip(14) -> CheckIPHeader -> tunnels :: IPClassifier(dst udp port 4789, -);
  kind[3] -> Discard;
  tunnels[0] -> v -> arp -> to_wan;
  tunnels[1] -> Discard;

  // The outside: the routers there are asked for by ARP, and find this one by it.
  to_internet :: ToDevice(internet);
  far :: ARPQuerier(203.0.113.254/24, 02:00:00:00:02:01);
  FromDevice(internet) -> sort :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  sort[0] -> ARPResponder(203.0.113.254 02:00:00:00:02:01) -> to_internet;
  sort[1] -> [1] far;
  sort[2] -> Strip(14) -> CheckIPHeader -> [1] r [1] -> far -> to_internet;
  sort[3] -> Discard;
}

chain lan <-> gateway;
chain wan <-> gateway;
chain internet <-> gateway;
