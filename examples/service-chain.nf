// A chain of services: a firewall, an inspector, and a pair of servers' guards that share the load. Each is a VM; whatever
// passes one goes on to the next, and back the same way.

network lan, wan;

vm fw {
  input -> CheckIPHeader(14) -> filter :: IPFilter(allow tcp or udp, deny all) -> output;
}

// Knows a request when it sees one.
vm ids {
  input -> MarkIPHeader(14) -> sort :: IPClassifier(tcp dst port 80, -);
  sort[0] -> requests :: Counter -> output;
  sort[1] -> output;
}

vm guard(replicas 2) {
  input -> up :: Counter -> output;
  input[1] -> down :: Counter -> [1] output;
}

chain browse: lan -> fw -> ids -> guard -> wan;
