// Names without the address that is wanted, or out of their scope.
network lan;
vm fw {
  AddressInfo(me 10.0.0.1, x, y 300.0.0.1);
  PortInfo(p 99999);
  FromDevice(lan) -> SetIPAddress(me:eth) -> SetIPAddress(nobody) -> EtherEncap(0x800, me, me) -> SetIPAddress(eth0:ip)
    -> { AddressInfo(inner 10.0.0.7); input -> output } -> SetIPAddress(inner) -> Discard;
  ScheduleInfo(a b); StaticThreadSched(a b);
}
chain lan <-> fw;
