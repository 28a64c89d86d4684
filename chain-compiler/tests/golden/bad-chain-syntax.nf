network lan, wan;
vm fw { input -> output }
service x fw;
chain a lan -> fw -> wan;
chain b: lan <-> fw <-> wan;
chain c(: lan -> fw;
director fw { default: a; }
director at fw { tcp port 80 web; : ; default a }
director at fw(size 3) { default: d; }
chain d: lan -> fw -> wan;
servise y = fw;
