// An intrusion prevention system between two networks: what the rules drop goes no further, nor does the rest of its connection.
// Rules are Suricata's; a file of them stands as well (IDS(/etc/rules/local.rules, MODE ips)). Both directions pass the one IDS,
// which must see both to follow a connection; the paint says which way a frame goes.
//
//   sluice run examples/ips.nf --replay lan=examples/captures/http_browsing.pcap --capture wan=wan.pcap

network lan;
network wan;

vm ips {
  FromDevice(lan) -> Paint(0) -> kind :: Classifier(12/0800, 12/86dd, -);
  FromDevice(wan) -> Paint(1) -> kind;

  kind[0] -> CheckIPHeader(14) -> ids :: IDS(
    drop http any any -> any any (msg:"a path that nobody should ask for"; flow:to_server; http.method; content:"GET"; http.uri; content:"/46"; startswith; classtype:policy-violation; sid:1000001; rev:1;),
    reject tcp any any -> any 23 (msg:"telnet"; flow:to_server; sid:1000002; rev:1;),
    alert dns any any -> any any (msg:"a name that tells something"; dns.query; content:"exfil."; nocase; sid:1000003; rev:1;),
    MODE ips, HOME_NET 21.0.0.0/8);
  kind[1] -> CheckIP6Header(OFFSET 14) -> ids;
  kind[2] -> ways :: PaintSwitch;             // ARP

  ids[0] -> ways;
  ids[1] -> stopped :: Counter -> Discard;
  ids[2] -> back :: PaintSwitch;              // resets
  back[0] -> to_lan :: ToDevice(lan);
  back[1] -> to_wan :: ToDevice(wan);
  ways[0] -> to_wan;
  ways[1] -> to_lan;
}

chain lan <-> ips <-> wan;
