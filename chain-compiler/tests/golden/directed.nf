// Web traffic passes one of two inspectors, all other traffic goes straight through the firewall.
network lan, wan;

vm fw { input -> CheckIPHeader(14) -> filter :: IPFilter(deny src net 10.66.0.0/16, allow all) -> output }
vm ids(replicas 2 to 3, stateful, memory 16M) { input -> up :: Counter -> output; input[1] -> down :: Counter -> [1] output }

service inspect = ids;
chain web: lan -> fw -> inspect -> wan;
chain bulk: lan -> fw -> wan;
director at fw(flows 1000) { tcp port 80: web; default: bulk; }
