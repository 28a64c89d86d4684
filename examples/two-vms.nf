// Two functions, two VMs, one chain: what the firewall lets through is painted and counted by a second VM.

network lan;
network wan;

vm fw {
  FromDevice(lan) -> check :: CheckIPHeader(14) -> filter :: IPFilter(allow tcp, deny all) -> ToDevice(meter);
  FromDevice(meter) -> ToDevice(lan);
}

vm meter {
  FromDevice(fw) -> up :: Counter -> queue :: Queue(200) -> ToDevice(wan);
  FromDevice(wan) -> down :: Counter -> ToDevice(fw);
}

chain lan <-> fw <-> meter <-> wan;
