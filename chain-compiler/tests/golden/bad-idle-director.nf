network lan, wan;
vm fw { input -> output }
chain web: lan -> fw -> wan;
director at fw { default: web; }
