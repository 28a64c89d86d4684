network lan, wan, dmz;

vm fw { input -> output }
vm ids(replicas 0) { input -> output }
vm av(replicas 3 to 2, fast) { input -> output }
vm twin(replicas 2) { input -> output }
vm twin_1 { FromDevice(lan) -> Discard }
vm both { input -> output }
vm alone(stateful, mtu 1400) { input -> output }

service inspect = ids, nobody;
service fw = av;
service idle = lan, ids;

chain first: lan -> fw -> wn;
chain first: lan -> inspect -> wan;
chain again: lan -> fw -> twin -> fw -> wan;
chain loop: lan -> fw -> lan;
chain empty: lan -> wan;
chain middle: lan -> fw -> dmz -> twin -> wan;
chain ends: fw -> twin -> wan;
chain speed(fast): lan -> both -> wan;
chain lan <-> both;
chain lan <-> twin_1;
