network lan, wan;
vm fw { input -> output }
vm ids { input -> output }
chain web: lan -> fw -> ids -> wan;
chain bulk: lan -> fw -> wan;
