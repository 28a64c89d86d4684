network lan, wan;

vm a(mtu 9000) { FromDevice(lan) -> ToDevice(b); FromDevice(b) -> ToDevice(lan) }
vm b { FromDevice(a) -> ToDevice(wan); FromDevice(wan) -> ToDevice(a) }
vm c(mtu 9000) { FromDevice(lan) -> ToDevice(wan) }

chain lan <-> a <-> b <-> wan;
chain lan <-> c <-> wan;
