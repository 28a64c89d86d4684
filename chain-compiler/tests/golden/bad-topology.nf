network lan, wan, dmz(mtu 1500);
network a/b;
vm fw { FromDevice(lan) -> Discard; }
vm ids { }
chain lan <-> wan;
chain lan <-> fw <-> wan;
chain lan <-> fw;
chain fw <-> fw;
chain ids <-> fw <-> ids;
chain fw <-> lann;
