// A firewall between two networks that knows connections: the lan may open them for the web, for names and for pings; from the wan only
// what belongs to one comes in. The rules are data, and can be replaced while frames pass, without losing a connection:
//
//   sluice run examples/firewall-stateful.nf --detach --tap lan=tap0 --tap wan=tap1
//   sluice ctl fw write out.rules @examples/firewall-stateful.rules

network lan;
network wan;

vm fw {
  ct :: ConnTrack(FLOWS 65536);

  FromDevice(lan) -> lan_kind :: Classifier(12/0800, 12/86dd, -);
  lan_kind[0] -> CheckIPHeader(14) -> [0] ct;
  lan_kind[1] -> CheckIP6Header(OFFSET 14) -> [0] ct;
  lan_kind[2] -> to_wan :: ToDevice(wan);     // ARP

  FromDevice(wan) -> wan_kind :: Classifier(12/0800, 12/86dd, -);
  wan_kind[0] -> CheckIPHeader(14) -> [1] ct;
  wan_kind[1] -> CheckIP6Header(OFFSET 14) -> [1] ct;
  wan_kind[2] -> to_lan :: ToDevice(lan);

  ct[0] -> out :: StatefulFilter(ct,
      deny  state invalid,
      allow state established|related,
      allow state untracked,                  // neighbours of IPv6
      allow state new && tcp dst port 80 or 443,
      allow state new && udp dst port 53,
      allow state new && icmp type echo,
      deny  all,
      CAPACITY 1048576) -> to_wan;
  ct[1] -> in :: StatefulFilter(ct,
      deny  state invalid,
      allow state established|related|untracked,
      deny  all,
      CAPACITY 1048576) -> to_lan;
}

chain lan <-> fw <-> wan;
