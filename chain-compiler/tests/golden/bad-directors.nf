network lan, wan, dmz;
vm fw { input -> output }
vm ids { input -> output }
chain web: lan -> fw -> ids -> wan;
chain bulk: lan -> fw -> wan;
chain back: dmz -> ids -> wan;
director at fw { tcp port http80: web; default: bulk; default: web; udp: bulk2; }
director at fw { }
director at fe { default: web; }
