network lan, wan;
vm fw { input -> output }
vm ids { input -> output }
chain web: lan -> fw -> ids -> wan;
chain bulk: lan -> fw -> wan;
director at fw { tcp port http80 : web; icmp typ 3 : bulk; default: bulk; }
