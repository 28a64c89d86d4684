// Two chains from one network to another: web traffic passes an inspector, all other traffic does not. Flows stay with their
// inspector when another joins: `sluice scale inspect 3` starts the third.

network lan, wan;

vm fw {
  input -> CheckIPHeader(14) -> filter :: IPFilter(allow tcp or udp, deny all) -> output;
}

vm ids(replicas 2 to 3, stateful) {
  input -> up :: Counter -> output;
  input[1] -> down :: Counter -> [1] output;
}

service inspect = ids;

chain web: lan -> fw -> inspect -> wan;
chain bulk: lan -> fw -> wan;

director at fw(flows 100000) { tcp port 80: web; default: bulk; }
