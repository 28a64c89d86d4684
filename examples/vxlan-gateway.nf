// A VXLAN gateway: VLANs of a switch become VXLAN networks, here over IPv6. VLAN 101 of the trunk is network 5101, and so on to 200
// and 5200; VLAN 7 is network 42; frames without a tag are network 1.

network trunk;  // 802.1Q-tagged frames
network wan;    // the underlay: IPv6 between VTEPs

vm gateway {
  // Tags are taken out of frames on their way in, and put in on their way back. What is
  // for all of a network goes to 2001:db8::2.
  v :: VTEP(2001:db8::1,
    access 5101-5200 1 101-200, flood 5101-5200 2001:db8::2,
    access 42 1 7, flood 42 2001:db8::2,
    access 1 1, flood 1 2001:db8::2);

  FromDevice(trunk) -> [1] v [1] -> ToDevice(trunk);

  // In the underlay it is a host itself, as in vtep.nf: neighbor discovery and pings.
  to_wan :: ToDevice(wan);
  nd :: IP6NDSolicitor(2001:db8::1, 02:00:00:00:01:01);
  FromDevice(wan) -> kind :: Classifier(12/86dd 20/3aff 54/87, 12/86dd 20/3aff 54/88, 12/86dd 20/11, -);
  kind[0] -> IP6NDAdvertiser(2001:db8::1 02:00:00:00:01:01) -> to_wan;
  kind[1] -> [1] nd;
  kind[2] -> Strip(14) -> CheckIP6Header -> to_us :: Classifier(42/12b5, -);    // UDP to port 4789
  kind[3] -> Discard;

  to_us[0] -> v -> nd -> to_wan;
  to_us[1] -> Discard;
}

chain trunk <-> gateway <-> wan;
